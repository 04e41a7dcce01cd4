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
    """Generated images of one step, without gradient: what the discriminators learn from."""

    fake_x: Tensor
    fake_y: Tensor


class CycleGAN(nn.Module):
    """Networks and objective of one variant.

    config: architecture and weights of the terms. Without an adversarial term there are no
    discriminators (`D_X` and `D_Y` are None).
    """

    def __init__(self, config: Config):
        super().__init__()
        self.objective = config.objective
        self.G = build_generator(config.generator)
        self.F = build_generator(config.generator)
        judged = self.objective.gan > 0
        self.D_X = build_discriminator(config.discriminator) if judged else None
        self.D_Y = build_discriminator(config.discriminator) if judged else None

    @property
    def generators(self) -> nn.ModuleList:
        return nn.ModuleList([self.G, self.F])

    @property
    def discriminators(self) -> nn.ModuleList:
        return nn.ModuleList([D for D in (self.D_X, self.D_Y) if D is not None])

    def generator_terms(self, x: Tensor, y: Tensor) -> tuple[dict[str, Tensor], Fakes]:
        """Forward pass of G and F: the weighted terms of equation 3 and the images made.

        x, y: (N, 3, H, W) in [-1, 1]. The terms already carry their weights, so that their sum
        is the objective. Translation and identity share one pass, since instance norm treats
        every image on its own.
        """
        o = self.objective
        if o.identity:
            fake_y, same_y = self.G(torch.cat([x, y])).split([len(x), len(y)])
            fake_x, same_x = self.F(torch.cat([y, x])).split([len(y), len(x)])
        else:
            fake_y, fake_x = self.G(x), self.F(y)

        terms = {}
        if o.gan:
            # min over G of E[(D_Y(G(x)) − 1)²], and likewise F (equation 1, least squares)
            terms["gan_G"] = o.gan * losses.adversarial(self.D_Y(fake_y), True, o.adversarial)
            terms["gan_F"] = o.gan * losses.adversarial(self.D_X(fake_x), True, o.adversarial)
        if o.cycle_forward:
            # λ E[‖F(G(x)) − x‖₁] (equation 2, first half)
            cycled_x = self.F(fake_y)
            terms["cycle_forward"] = o.cycle_forward * losses.cycle(x, cycled_x, o.cycle_norm)
        if o.cycle_backward:
            # λ E[‖G(F(y)) − y‖₁] (equation 2, second half)
            cycled_y = self.G(fake_x)
            terms["cycle_backward"] = o.cycle_backward * losses.cycle(y, cycled_y, o.cycle_norm)
        if o.identity:
            # λ_id E[‖G(y) − y‖₁] + λ_id E[‖F(x) − x‖₁] (section 5.2)
            terms["identity_G"] = o.identity * losses.identity(y, same_y)
            terms["identity_F"] = o.identity * losses.identity(x, same_x)
        return terms, Fakes(fake_x.detach(), fake_y.detach())

    def discriminator_terms(self, x: Tensor, y: Tensor, fakes: Fakes) -> dict[str, Tensor]:
        """What D_X and D_Y minimise on real images and (older) fakes, all (N, 3, H, W)."""
        terms = {}
        for name, D, real, fake in (
            ("D_X", self.D_X, x, fakes.fake_x),
            ("D_Y", self.D_Y, y, fakes.fake_y),
        ):
            real_scores, fake_scores = D(torch.cat([real, fake])).split([len(real), len(fake)])
            terms[name] = losses.discriminator(real_scores, fake_scores, self.objective.adversarial)
        return terms
