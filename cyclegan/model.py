"""The four networks of a CycleGAN and their objective.

G: X→Y and F: Y→X translate; D_X and D_Y judge. Knows the equations; knows no optimiser or data.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from . import losses
from .config import Config
from .networks import build_discriminator, build_generator


class Fakes(NamedTuple):
    """Generated images of one step, without gradient: what the discriminators learn from.

    (N, 3, H, W), or (N, 6, H, W) with the input first where the objective has a paired term.
    """

    fake_x: Tensor
    fake_y: Tensor


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
        self, x: Tensor, y: Tensor, progress: float = 0.0
    ) -> tuple[dict[str, Tensor], Fakes]:
        """Forward pass of G and F: the weighted terms of equation 3 and the images made.

        x, y: (N, 3, H, W) in [-1, 1]; true pairs where the objective has a paired term.
        progress: share of the training that is done, in [0, 1], for terms that change with it.
        The terms already carry their weights, so that their sum is the objective. Translation and
        identity share one pass, since instance norm treats every image on its own.
        """
        o = self.objective
        if o.identity:
            fake_y, same_y = self.G(torch.cat([x, y])).split([len(x), len(y)])
            fake_x, same_x = self.F(torch.cat([y, x])).split([len(y), len(x)])
        else:
            fake_y, fake_x = self.G(x), self.F(y)

        terms, quality_x, quality_y = {}, 1.0, 1.0
        if o.gan:
            # min over G of E[(D_Y(G(x)) − 1)²], and likewise F (equation 1, least squares)
            scores_y = self.D_Y(self._judged(fake_y, given=x))
            scores_x = self.D_X(self._judged(fake_x, given=y))
            terms["gan_G"] = o.gan * losses.adversarial(scores_y, True, o.adversarial)
            terms["gan_F"] = o.gan * losses.adversarial(scores_x, True, o.adversarial)
            if o.cycle_quality:
                quality_y = losses.opinion(scores_y, o.adversarial)
                quality_x = losses.opinion(scores_x, o.adversarial)
        left = 1 - o.cycle_decay * progress
        if o.cycle_forward:
            # λ E[‖F(G(x)) − x‖₁] (equation 2, first half)
            cycle = self._cycle(x, self.F(fake_y), self.D_X, progress)
            terms["cycle_forward"] = o.cycle_forward * left * quality_y * cycle
        if o.cycle_backward:
            # λ E[‖G(F(y)) − y‖₁] (equation 2, second half)
            cycle = self._cycle(y, self.G(fake_x), self.D_Y, progress)
            terms["cycle_backward"] = o.cycle_backward * left * quality_x * cycle
        if o.identity:
            # λ_id E[‖G(y) − y‖₁] + λ_id E[‖F(x) − x‖₁] (section 5.2)
            terms["identity_G"] = o.identity * losses.identity(y, same_y)
            terms["identity_F"] = o.identity * losses.identity(x, same_x)
        if o.paired:
            # λ E[‖G(x) − y‖₁] on true pairs (Isola et al. 2017, equation 4), and likewise F
            terms["paired_G"] = o.paired * losses.paired(y, fake_y)
            terms["paired_F"] = o.paired * losses.paired(x, fake_x)
        return terms, Fakes(
            self._judged(fake_x, given=y).detach(), self._judged(fake_y, given=x).detach()
        )

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

    def discriminator_terms(self, x: Tensor, y: Tensor, fakes: Fakes) -> dict[str, Tensor]:
        """What D_X and D_Y minimise on real images and (older) fakes of `generator_terms`."""
        terms = {}
        for name, D, real, fake in (
            ("D_X", self.D_X, self._judged(x, given=y), fakes.fake_x),
            ("D_Y", self.D_Y, self._judged(y, given=x), fakes.fake_y),
        ):
            real_scores, fake_scores = D(torch.cat([real, fake])).split([len(real), len(fake)])
            terms[name] = losses.discriminator(real_scores, fake_scores, self.objective.adversarial)
        return terms
