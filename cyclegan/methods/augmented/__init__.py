"""Augmented CycleGAN (Almahairi et al. 2018, arXiv 1802.10151): one x has many answers.

G(x, z) and F(y) translate; z, from N(0, 1), says which of its many answers x gets. E(x, y) finds
the z of a pair, and D_z judges whether it looks like one that was drawn. One step:

    G, F and E      minimise  L_GAN(G, D_Y) + L_GAN(F, D_X) + L_GAN(E, D_z) + λ L_cyc + λ_z L_cyc(z)
    D_X, D_Y, D_z   minimise  ½ (E[(D(real) − 1)²] + E[D(generated)²]), at a fifth of the rate

With a latent on both sides, the paper's full model, F takes one of X too, w: E_X finds it and D_zX
judges it.
"""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from ...core.config import Config, Direction
from ...core.networks import build_discriminator, build_generator
from ..cyclegan.terms import opinions, weighed
from ..method import Method, Part, Player, Switch, View
from .figures import FIGURES
from .networks import ConditionalGenerator, Encoder, LatentDiscriminator
from .objective import Objective
from .recipes import RECIPES
from .rows import ROWS
from .step import JUDGES, from_x, from_y, judge_first
from .terms import opinions_of_z
from .views import W, Z, probes_of, views_of, with_another


class Augmented(Method):
    """Unpaired translation of one to many."""

    key = "augmented"
    name = "Augmented CycleGAN"
    source = "Almahairi et al. 2018, arXiv 1802.10151"
    roles = ("G", "F", "E", "E_X", *JUDGES)
    averaged = ("G", "F", "E", "E_X")
    remembered = ("fake_x", "fake_y")
    media = frozenset({"pictures"})
    pool = 0
    Objective = Objective
    rows = ROWS
    recipes = RECIPES
    figures = FIGURES
    switches = (Switch("cycle loss", ("cycle_forward", "cycle_backward", "cycle_z")),)
    terms = (
        weighed(
            "gan", "gan_G", "GAN term of G", "How far D_Y is from taking G(x, z).", "GAN(G, D_Y)"
        ),
        weighed("gan", "gan_F", "GAN term of F", "How far D_X is from taking F(y).", "GAN(F, D_X)"),
        weighed(
            *("gan_z", "gan_E", "GAN term of E"),
            "How far D_z is from taking the z that E finds for one that was drawn.",
            "GAN(E, D_z)",
        ),
        weighed(
            *("gan_z", "gan_E_X", "GAN term of E_X"),
            "How far D_zX is from taking the w that E_X finds for one that was drawn.",
            "GAN(E_X, D_zX)",
        ),
        weighed(
            *("cycle_forward", "cycle_forward", "forward cycle term"),
            "What the way from x and back loses.",
            "‖F(G(x, z)) − x‖₁",
        ),
        weighed(
            *("cycle_backward", "cycle_backward", "backward cycle term"),
            "What the way from y and back loses, with the z that E finds.",
            "‖G(F(y), E(F(y), y)) − y‖₁",
        ),
        weighed(
            *("cycle_z", "cycle_z", "cycle term of z"),
            "How far the z that E finds in G(x, z) is from z.",
            "‖E(x, G(x, z)) − z‖₁",
        ),
        weighed(
            *("cycle_z", "cycle_w", "cycle term of w"),
            "How far the w that E_X finds in F(y, w) is from w.",
            "‖E_X(F(y, w), y) − w‖₁",
        ),
        weighed(
            *("identity", "identity_G", "identity term of G"),
            "What G changes in y, with the z that E finds.",
            "‖G(y, E(F(y), y)) − y‖₁",
        ),
        weighed(
            "identity", "identity_F", "identity term of F", "What F changes in x.", "‖F(x) − x‖₁"
        ),
        *opinions("D_X", "F(y)"),
        *opinions("D_Y", "G(x, z)"),
        *opinions_of_z("D_z", "z", "E(F(y), y)"),
        *opinions_of_z("D_zX", "w", "E_X(x, G(x, z))"),
    )

    def networks(self, config: Config) -> dict[str, nn.Module]:
        """Judges are there where the objective asks them at any time, E_X and D_zX with a w."""
        o, d, drawn = config.objective, config.discriminator, config.training.initialisation
        x, y = config.channels.x, config.channels.y

        def conditional(channels: int, out: int) -> nn.Module:
            return ConditionalGenerator(
                build_generator(config.generator, channels, out, drawn), o.latent
            )

        found = {"G": conditional(x, y)}
        found["F"] = conditional(y, x) if o.both else build_generator(config.generator, y, x, drawn)
        found |= {
            role: Encoder(config.generator.width, x, y, o.latent) for role in self._encoders(o)
        }
        for role in (role for roles in self._judges(o) for role in roles):
            if role in ("D_X", "D_Y"):
                found[role] = build_discriminator(d, x if role == "D_X" else y, drawn)
            else:
                found[role] = LatentDiscriminator(o.latent)
        return found

    @staticmethod
    def _encoders(o: Objective) -> tuple[str, ...]:
        return ("E", "E_X") if o.both else ("E",)

    @staticmethod
    def _judges(o: Objective) -> tuple[tuple[str, ...], ...]:
        """Of pictures, and of latents: those that an objective asks at any time."""
        of_z = ("D_z", "D_zX") if o.both else ("D_z",)
        asked = (("D_X", "D_Y"), o.uses("gan")), (of_z, o.uses("gan_z"))
        return tuple(roles for roles, holds in asked if holds)

    def describe(self, config: Config) -> str:
        return f"{config.generator.words}, z of {config.objective.latent}"

    def players(self, objective: Objective) -> tuple[Player, ...]:
        return (self._makers(objective), *self._judging(objective, JUDGES))

    def players_in_turn(self, objective: Objective) -> tuple[Player, ...]:
        """The judges on what is made before anybody learns, then the others against them, as in the
        authors' code."""
        first = {role: partial(judge_first, role) for role in JUDGES}
        return (*self._judging(objective, first), self._makers(objective))

    def _makers(self, o: Objective) -> Player:
        return Player(("G", "F", *self._encoders(o)), (from_x, from_y))

    def _judging(self, o: Objective, parts: Mapping[str, Part]) -> tuple[Player, ...]:
        """At a share of the rate: by default a fifth, as in the authors' code."""
        plays = {"D_X": lambda now: now.gan > 0, "D_z": lambda now: now.gan_z > 0}
        return tuple(
            Player(roles, tuple(parts[r] for r in roles), o.judges, plays[roles[0]])
            for roles in self._judges(o)
        )

    def styles(self, config: Config, direction: Direction = "xy") -> Mapping[str, View]:
        """What E finds in y and what F makes of it, as in the cycle from y."""
        if direction == "xy":
            return {"z": Z}
        return {"w": W} if config.objective.both else {}

    def latent(self, name: str, config: Config, count: int, random: torch.Generator) -> Tensor:
        return torch.randn(count, config.objective.latent, generator=random)

    def judge(self, direction: Direction) -> str:
        return "D_Y" if direction == "xy" else "D_X"

    def views(self, config: Config, direction: Direction = "xy") -> tuple[View, ...]:
        return views_of(direction, config.objective.both)

    def live_views(self, config: Config, direction: Direction = "xy") -> tuple[View, ...]:
        """Of one x two answers, where z tells them apart."""
        return with_another(self.views(config, direction), direction)

    def probes(self, config: Config, direction: Direction = "xy") -> tuple[View, ...]:
        return probes_of(direction, config.objective.both)
