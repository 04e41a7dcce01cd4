"""DCGAN (Radford et al. 2015, arXiv 1511.06434): pictures out of noise.

There is no x: G makes a picture of z, 100 random numbers, and D_Y is to tell it from real ones.
Nothing is translated, and nothing comes back. Of pictures of X, F makes them and D_X judges them.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from ...core.config import Config, Direction
from ...core.networks import initialise
from ..cyclegan.terms import opinions, weighed
from ..method import Contrast, Method, Player, View
from .networks import LATENT, Judge, Maker
from .objective import Objective
from .recipes import RECIPES
from .step import ROLES, judge_both, judge_first, make, seen


class DCGAN(Method):
    """Pictures of one side, out of noise."""

    key = "dcgan"
    name = "DCGAN"
    source = "Radford et al. 2015, arXiv 1511.06434"
    roles = ("G", "F", "D_X", "D_Y")
    averaged = ("G", "F")
    remembered = ("fake",)
    media = frozenset({"pictures"})
    pool = 0
    usual = "lesson"
    Objective = Objective
    recipes = RECIPES
    contrast = Contrast(
        "augmentation",
        {"none": "without augmentation", "diffaugment": "with DiffAugment"},
        pictures=100,
    )
    terms = (
        weighed("gan", "gan_G", "GAN term of G", "How far D_Y is from taking G(z).", "GAN(G, D_Y)"),
        weighed("gan", "gan_F", "GAN term of F", "How far D_X is from taking F(z).", "GAN(F, D_X)"),
        *opinions("D_X", "F(z)"),
        *opinions("D_Y", "G(z)"),
    )

    def networks(self, config: Config) -> dict[str, nn.Module]:
        """One generator and one discriminator, of the side that is learned."""
        o, g, d = config.objective, config.generator, config.discriminator
        channels, size = getattr(config.channels, o.side), config.image_size
        maker, judge = ROLES[o.side]
        found = {
            maker: Maker(size, g.width, channels, g.upsampling, g.norm, o.classes),
            judge: Judge(size, d.width, channels + o.classes, d.norm),
        }
        drawn = config.training.initialisation
        return {role: initialise(network, drawn) for role, network in found.items()}

    def describe(self, config: Config) -> str:
        return config.generator.words

    def players(self, objective: Objective) -> tuple[Player, ...]:
        maker, judge = ROLES[objective.side]
        return Player((maker,), (make,)), Player((judge,), (judge_both,))

    def players_in_turn(self, objective: Objective) -> tuple[Player, ...]:
        """D first, then G against what it has become (Goodfellow et al. 2014, algorithm 1)."""
        maker, judge = ROLES[objective.side]
        return Player((judge,), (judge_first,)), Player((maker,), (make,))

    def views(self, config: Config, direction: Direction = "xy") -> tuple[View, ...]:
        o = config.objective
        if direction != ("xy" if o.side == "y" else "yx"):
            return ()
        sentence = f"G makes {{a_target}} of z, {LATENT} random numbers."
        of = ("z", "kind") if o.classes else ("z",)
        view = View("made", "G(z)", "Sample", sentence, "G", of)
        return (view if o.side == "y" else view.mirrored(),)

    def latent(self, name: str, config: Config, count: int, random: torch.Generator) -> Tensor:
        """z from N(0, 1); kinds one after the other."""
        if name == "kind":
            return torch.arange(count) % config.objective.classes
        return torch.randn(count, LATENT, generator=random)

    def fed(self, objective: Objective, items: Tensor, random: torch.Generator) -> Tensor:
        """T(y), or y."""
        return seen(items, replace(objective, classes=0), True, random)

    def classes(self, objective: Objective) -> int:
        return objective.classes

    def judge(self, direction: Direction) -> str:
        return "D_Y" if direction == "xy" else "D_X"

    def opinions(
        self,
        networks: Mapping[str, nn.Module],
        config: Config,
        direction: Direction,
        items: Tensor,
    ) -> Tensor | None:
        """None where it judges a picture as one of a kind, which is not told here."""
        if config.objective.classes:
            return None
        return super().opinions(networks, config, direction, items)
