"""The terms of the objective as pure functions of tensors.

Each returns a scalar, averaged over all elements. Knows nothing of networks or weights λ.
"""

import torch
from torch import Tensor
from torch.nn import functional


def adversarial(scores: Tensor, real: bool, kind: str = "least_squares") -> Tensor:
    """How far discriminator scores (any shape, unbounded) are from calling everything `real`.

    "least_squares" (paper, section 4, after Mao et al. 2017): E[(D − 1)²] for real, E[D²] for fake.
    "log" (equation 1): −E[log σ(D)] for real, −E[log(1 − σ(D))] for fake. For the generators both
    are used with `real=True` on fakes, which for "log" is the non-saturating form of
    Goodfellow et al. 2014: −E[log σ(D(G(x)))].
    """
    target = torch.full_like(scores, float(real))
    if kind == "least_squares":
        return functional.mse_loss(scores, target)
    return functional.binary_cross_entropy_with_logits(scores, target)


def accuracy(real_scores: Tensor, fake_scores: Tensor, kind: str = "least_squares") -> Tensor:
    """Share of discriminator scores on the right side of ½, in [0, 1], without gradient.

    Scores of the "log" kind are logits: σ(D) is above ½ where D is above 0.
    """
    half = 0.0 if kind == "log" else 0.5
    right = torch.cat(
        [real_scores.detach().flatten() > half, fake_scores.detach().flatten() < half]
    )
    return right.float().mean()


def cycle(
    original: Tensor, reconstruction: Tensor, norm: str = "l1", worth: Tensor | None = None
) -> Tensor:
    """One direction of equation 2: mean |F(G(x)) − x|, or its square for "l2" (DiscoGAN).

    worth: (N,), weighs the items of a batch, or (), all of them; None is 1.
    """
    distance = functional.l1_loss if norm == "l1" else functional.mse_loss
    if worth is None:
        return distance(reconstruction, original)
    each = distance(reconstruction, original, reduction="none").flatten(1).mean(1)
    return (worth * each).mean()


def identity(original: Tensor, same: Tensor) -> Tensor:
    """Mean |F(x) − x|: a generator leaves images of its own target domain alone (section 5.2)."""
    return functional.l1_loss(same, original)


def paired(truth: Tensor, made: Tensor) -> Tensor:
    """Mean |G(x) − y| on a true pair (pix2pix, Isola et al. 2017, equation 3)."""
    return functional.l1_loss(made, truth)


def opinions(scores: Tensor, kind: str = "least_squares") -> Tensor:
    """How real the discriminator calls each item, (N,) in [0, 1], without gradient."""
    scores = scores.detach()
    real = scores.sigmoid() if kind == "log" else scores
    return real.flatten(1).mean(1).clamp(0, 1)


def opinion(scores: Tensor, kind: str = "least_squares") -> Tensor:
    """How real the discriminator calls its input, in [0, 1], without gradient (Wang, Lin 2018).

    The bounds are ours: scores of least squares have none, and a weight below 0 would reward a bad
    reconstruction. So is the missing gradient, by which a generator would make its translations
    look generated, only to be let off the cycle.
    """
    scores = scores.detach()
    return (scores.sigmoid() if kind == "log" else scores).mean().clamp(0, 1)
