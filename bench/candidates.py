"""Candidates of `bench.choice` that are methods of their own: CYCLEGAN_PLUGINS=bench.candidates.

`steady`: spectral norm and a zero-centred gradient penalty on D_X and D_Y, least squares kept
(UVCGANv2, Torbunov et al. 2023, arXiv 2303.16280). `warmed`: a sixth of the steps goes into filling
holes in pictures of the generators' own target, unpaired, before the game begins (UVCGAN, Torbunov
et al. 2022, arXiv 2203.02557).
"""

from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from cyclegan import methods
from cyclegan.core.config import Config
from cyclegan.methods import Losses, Moment, Player
from cyclegan.methods.cyclegan import CycleGAN, Objective
from cyclegan.methods.cyclegan.step import SIDES, from_x, from_y, judge_x, judge_y
from cyclegan.methods.method import Part, Stage

PENALTY = 0.04
"""Theirs is 0.01 for pictures in [0, 1]; in [−1, 1] squared gradients are a quarter as large."""

HOLES, PATCH = 0.4, 8
"""Share of the picture that is missing, in squares of so many pixels: theirs are 32 of 256."""


def penalty(D: nn.Module, real: Tensor, generated: Tensor, share: Tensor) -> Tensor:
    """E‖∇ mean D‖² at a random point between a real and a generated picture each."""
    between = torch.lerp(real, generated, share).requires_grad_()
    scores = D(between).flatten(1).mean(1).sum()
    (slope,) = torch.autograd.grad(scores, between, create_graph=True)
    return slope.square().flatten(1).sum(1).mean()


def chance(m: Moment, *shape: int, key: int) -> Tensor:
    """Numbers between 0 and 1, as `Moment.noise` has them."""
    return torch.special.ndtr(m.noise(*shape, key=key))


def judge(side: str, model: nn.Module, m: Moment) -> Losses:
    real, of = (m.x, judge_x) if side == "x" else (m.y, judge_y)
    found, (D, _) = of(model, m), SIDES[side]
    share = chance(m, len(real), 1, 1, 1, key="xy".index(side))
    flatness = PENALTY * penalty(model[D], real, m.made[f"fake_{side}"], share)
    return replace(found, terms={**found.terms, f"{D}_penalty": flatness})


@dataclass(frozen=True)
class SteadyObjective(Objective):
    method = "steady"


class Steady(CycleGAN):
    key, name = "steady", "CycleGAN with steady judges"
    Objective = SteadyObjective
    rows, recipes = {}, {}

    def networks(self, config: Config) -> dict[str, nn.Module]:
        found = super().networks(config)
        for role in ("D_X", "D_Y"):
            for module in found[role].modules():
                if isinstance(module, nn.Conv2d):
                    spectral_norm(module)
        return found

    def players(self, objective: Objective) -> tuple[Player, ...]:
        translators, judges = super().players(objective)
        return translators, replace(judges, parts=tuple(partial(judge, side) for side in SIDES))


def restore(side: str, model: nn.Module, m: Moment) -> Losses:
    """The generator into a side fills holes in that side's pictures."""
    real, (_, maker) = (m.x if side == "x" else m.y), SIDES[side]
    shape = (len(real), 1, *(length // PATCH for length in real.shape[2:]))
    kept = (chance(m, *shape, key=2 + "xy".index(side)) > HOLES).float()
    holed = real * nn.functional.interpolate(kept, size=real.shape[2:])
    return Losses({f"restored_{side}": 10 * (model[maker](holed) - real).abs().mean()})


def warm_or(side: str, game: Part, model: nn.Module, m: Moment) -> Losses:
    return restore(side, model, m) if m.stage == "warm" else game(model, m)


@dataclass(frozen=True)
class WarmedObjective(Objective):
    method = "warmed"


class Warmed(CycleGAN):
    key, name = "warmed", "CycleGAN after a warm start"
    Objective = WarmedObjective
    rows, recipes = {}, {}
    stages = (Stage("warm", 1 / 6), Stage("game", 5 / 6))

    def players(self, objective: Objective) -> tuple[Player, ...]:
        translators, judges = super().players(objective)
        parts = (partial(warm_or, "y", from_x), partial(warm_or, "x", from_y))
        return replace(translators, parts=parts), replace(judges, stages=frozenset({"game"}))


methods.register(Steady())
methods.register(Warmed())
