"""What the networks of CycleGAN minimise in one step, equation by equation."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...core import losses
from ...core.networks import is_over_batches
from ..method import Losses, Moment
from .objective import Objective


def translate(
    x: Tensor,
    y: Tensor,
    G: nn.Module,
    F: nn.Module,
    D_X: nn.Module | None,
    D_Y: nn.Module | None,
    o: Objective,
    weight: float,
) -> tuple[dict[str, Tensor], Tensor]:
    """All that begins with G(x); of the other way, with the names of X and Y exchanged.

    x, y: (N, C, H, W) in [-1, 1]. Returns the weighted terms, and G(x).
    """
    terms, worth = {}, None
    if o.identity:
        fake_y, same_y = of_each(G, x, y)
    else:
        fake_y = G(x)
    if o.gan:
        # min over G of E[(D_Y(G(x)) − 1)²] (equation 1, least squares)
        scores = D_Y(fake_y)
        terms["gan"] = o.gan * losses.adversarial(scores, True, o.adversarial)
        if o.cycle_quality == "translation":
            worth = losses.opinion(scores, o.adversarial)
    if weight:
        if o.cycle_quality == "original":
            worth = torch.stack([losses.opinion(scores, o.adversarial) for scores in D_X(x)])
        # λ E[‖F(G(x)) − x‖₁] (one half of equation 2)
        terms["cycle"] = weight * cycle(x, F(fake_y), D_X, o, worth)
    if o.identity:
        # λ_id E[‖G(y) − y‖₁] (section 5.2)
        terms["identity"] = o.identity * losses.identity(y, same_y)
    return terms, fake_y.detach()


def of_each(network: nn.Module, a: Tensor, b: Tensor) -> Sequence[Tensor]:
    """What a network makes of two batches: in one pass where it treats every image on its own, as
    with instance norm, and in two where its norm would mix them, as the original authors have it.
    """
    if is_over_batches(network):
        return network(a), network(b)
    return network(torch.cat([a, b])).split([len(a), len(b)])


def cycle(
    x: Tensor, cycled_x: Tensor, D_X: nn.Module | None, o: Objective, worth: Tensor | None
) -> Tensor:
    """‖F(G(x)) − x‖ with the remedies of Wang and Lin.

    worth: of each picture, (N,), or of the batch, (): D_X(x) in their equation; None is 1.
    """
    # E[D_X(x) (γ ‖f_{D_X}(F(G(x))) − f_{D_X}(x)‖₁ + (1 − γ) ‖F(G(x)) − x‖₁)]
    pixels = losses.cycle(x, cycled_x, o.cycle_norm, worth)
    if not o.cycle_features:
        return pixels
    share, f = o.cycle_features, D_X.features
    features = losses.cycle(f(x).detach(), f(cycled_x), o.cycle_norm, worth)
    return share * features + (1 - share) * pixels


def judge(name: str, D: nn.Module, real: Tensor, generated: Tensor, form: str) -> Losses:
    """What a discriminator minimises, ½ (real half + generated half), and what it thinks."""
    scores = of_each(D, real, generated)
    is_real = (True, False)
    halves = [losses.adversarial(s, r, form) for s, r in zip(scores, is_real, strict=True)]
    told = {
        f"{name}_real": halves[0].detach(),
        f"{name}_generated": halves[1].detach(),
        f"{name}_accuracy": losses.accuracy(*scores, form),
    }
    return Losses({name: (halves[0] + halves[1]) / 2}, told)


def from_x(model: nn.Module, m: Moment) -> Losses:
    o, nets = m.objective, (model.G, model.F, model.D_X, model.D_Y)
    terms, fake_y = translate(m.x, m.y, *nets, o, o.cycle_forward)
    return Losses(called(terms, "G", "cycle_forward"), made={"fake_y": fake_y})


def from_y(model: nn.Module, m: Moment) -> Losses:
    o, nets = m.objective, (model.F, model.G, model.D_Y, model.D_X)
    terms, fake_x = translate(m.y, m.x, *nets, o, o.cycle_backward)
    return Losses(called(terms, "F", "cycle_backward"), made={"fake_x": fake_x})


def judge_x(model: nn.Module, m: Moment) -> Losses:
    return judge("D_X", model.D_X, m.x, m.made["fake_x"], m.objective.adversarial)


def judge_y(model: nn.Module, m: Moment) -> Losses:
    return judge("D_Y", model.D_Y, m.y, m.made["fake_y"], m.objective.adversarial)


SIDES = {"x": ("D_X", "F"), "y": ("D_Y", "G")}
"""Whose judge and whose maker stand on which side."""


def on_reals(side: str, model: nn.Module, m: Moment) -> Losses:
    """E[(D(real) − 1)²] alone; the generators of the step before make what comes after it."""
    D, maker = SIDES[side]
    real, other = (m.x, m.y) if side == "x" else (m.y, m.x)
    scores = model[D](real)
    with torch.no_grad():
        made = {f"fake_{side}": model[maker](other), f"scores_{side}": scores.detach()}
    return Losses(
        {f"{D}_real": losses.adversarial(scores, True, m.objective.adversarial)}, made=made
    )


def on_generated(side: str, model: nn.Module, m: Moment) -> Losses:
    """E[D(generated)²] alone; the real half is told of as it was before its update."""
    (D, _), form = SIDES[side], m.objective.adversarial
    scores, on_reals = model[D](m.made[f"fake_{side}"]), m.made[f"scores_{side}"]
    term = losses.adversarial(scores, False, form)
    both = losses.adversarial(on_reals, True, form) + term.detach()
    told = {D: both / 2, f"{D}_accuracy": losses.accuracy(on_reals, scores, form)}
    return Losses({f"{D}_generated": term}, told)


def called(terms: dict[str, Tensor], generator: str, cycle: str = "") -> dict[str, Tensor]:
    """Terms of one way by the names in the log."""
    return {cycle if name == "cycle" else f"{name}_{generator}": t for name, t in terms.items()}
