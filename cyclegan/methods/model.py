"""The four networks of a CycleGAN and their objective.

G: X→Y and F: Y→X translate; D_X and D_Y judge. Knows the equations; knows no optimiser or data.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from ..core import losses
from ..core.config import Config
from ..core.networks import build_discriminator, build_generator

Way = Literal["xy", "yx"]
WAYS: tuple[Way, Way] = ("xy", "yx")
"""There and back from X, and from Y: the two halves of the objective."""


class Fakes(NamedTuple):
    """Generated images of one step, without gradient: what the discriminators learn from.

    (N, 3, H, W), or (N, 6, H, W) with the input first where the objective has a paired term;
    None of a way that was left out.
    """

    fake_x: Tensor | None = None
    fake_y: Tensor | None = None


class CycleGAN(nn.Module):
    """Networks and objective of one variant.

    config: architecture and weights of the terms. Without an adversarial term there are no
    discriminators (`D_X` and `D_Y` are None). `F` is None where a file that was read holds one
    direction only.
    """

    def __init__(self, config: Config):
        super().__init__()
        self.objective = config.objective
        self.G = build_generator(config.generator)
        self.F = build_generator(config.generator)
        judged = self.objective.gan > 0
        # With true pairs, a discriminator sees the input beside the output (Isola et al. 2017).
        channels = 6 if self.objective.paired else 3
        self.D_X = build_discriminator(config.discriminator, channels) if judged else None
        self.D_Y = build_discriminator(config.discriminator, channels) if judged else None

    @property
    def generators(self) -> nn.ModuleList:
        return nn.ModuleList([g for g in (self.G, self.F) if g is not None])

    @property
    def discriminators(self) -> nn.ModuleList:
        return nn.ModuleList([D for D in (self.D_X, self.D_Y) if D is not None])

    def generator_terms(
        self, x: Tensor, y: Tensor, progress: float = 0.0, ways: Sequence[Way] = WAYS
    ) -> tuple[dict[str, Tensor], Fakes]:
        """Forward pass of G and F: the weighted terms of equation 3 and the images made.

        x, y: (N, 3, H, W) in [-1, 1]; true pairs where the objective has a paired term.
        progress: share of the training that is done, in [0, 1], for terms that change with it.
        ways: "xy" for the terms that begin with G(x), "yx" for those that begin with F(y); the
        two share weights and nothing else, so that each may be computed on its own.
        The terms already carry their weights, so that their sum is the objective. Translation and
        identity share one pass, since instance norm treats every image on its own.
        """
        terms, fakes = {}, {}
        if "xy" in ways:
            made, fakes["fake_y"] = self._way(
                x, y, self.G, self.F, self.D_Y, self.D_X, self.objective.cycle_forward, progress
            )
            terms |= _named(made, "G", "cycle_forward")
        if "yx" in ways:
            made, fakes["fake_x"] = self._way(
                y, x, self.F, self.G, self.D_X, self.D_Y, self.objective.cycle_backward, progress
            )
            terms |= _named(made, "F", "cycle_backward")
        return terms, Fakes(**fakes)

    def _way(
        self,
        x: Tensor,
        y: Tensor,
        G: nn.Module,
        F: nn.Module,
        D_Y: nn.Module | None,
        D_X: nn.Module | None,
        weight: float,
        progress: float,
    ) -> tuple[dict[str, Tensor], Tensor]:
        """All that begins with G(x); of the other way, with the names of X and Y exchanged."""
        o = self.objective
        if o.identity:
            fake_y, same_y = G(torch.cat([x, y])).split([len(x), len(y)])
        else:
            fake_y = G(x)
        terms, quality = {}, 1.0
        if o.gan:
            # min over G of E[(D_Y(G(x)) − 1)²] (equation 1, least squares)
            scores = D_Y(self._judged(fake_y, given=x))
            terms["gan"] = o.gan * losses.adversarial(scores, True, o.adversarial)
            if o.cycle_quality:
                quality = losses.opinion(scores, o.adversarial)
        if weight:
            # λ E[‖F(G(x)) − x‖₁] (one half of equation 2)
            cycle = self._cycle(x, F(fake_y), D_X, progress)
            terms["cycle"] = weight * (1 - o.cycle_decay * progress) * quality * cycle
        if o.identity:
            # λ_id E[‖G(y) − y‖₁] (section 5.2)
            terms["identity"] = o.identity * losses.identity(y, same_y)
        if o.paired:
            # λ E[‖G(x) − y‖₁] on true pairs (Isola et al. 2017, equation 4)
            terms["paired"] = o.paired * losses.paired(y, fake_y)
        return terms, self._judged(fake_y, given=x).detach()

    def _judged(self, image: Tensor, given: Tensor) -> Tensor:
        """What a discriminator looks at: the image, with true pairs behind the input it is of."""
        return torch.cat([given, image], dim=1) if self.objective.paired else image

    def _cycle(self, original: Tensor, back: Tensor, D: nn.Module | None, progress: float):
        """‖F(G(x)) − x‖, a growing share γ of it on the discriminator's features (Wang, Lin)."""
        o = self.objective
        pixels = losses.cycle(original, back, o.cycle_norm)
        if not o.cycle_features:
            return pixels
        share = o.cycle_features * progress
        features = losses.cycle(D.features(original).detach(), D.features(back), o.cycle_norm)
        return share * features + (1 - share) * pixels

    def discriminator_terms(
        self, x: Tensor, y: Tensor, fakes: Fakes, ways: Sequence[Way] = WAYS
    ) -> dict[str, Tensor]:
        """What D_X and D_Y minimise on real images and (older) fakes of `generator_terms`.

        ways: "xy" for D_Y, which judges G(x), "yx" for D_X.
        """
        terms = {}
        if "yx" in ways:
            terms["D_X"] = self._judgement(self.D_X, self._judged(x, given=y), fakes.fake_x)
        if "xy" in ways:
            terms["D_Y"] = self._judgement(self.D_Y, self._judged(y, given=x), fakes.fake_y)
        return terms

    def _judgement(self, D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        real_scores, fake_scores = D(torch.cat([real, fake])).split([len(real), len(fake)])
        return losses.discriminator(real_scores, fake_scores, self.objective.adversarial)


def _named(terms: dict[str, Tensor], generator: str, cycle: str) -> dict[str, Tensor]:
    return {cycle if name == "cycle" else f"{name}_{generator}": t for name, t in terms.items()}
