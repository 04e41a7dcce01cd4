"""A plug-in, whole: a lesson and a method of your own, without a touch of the package.

    CYCLEGAN_PLUGINS=example_plugin PYTHONPATH=docs python train.py --data stripes --method smooth

`stripes` are pictures of level stripes (X) and upright ones (Y); turning one by a quarter gives its
truth. `smooth` is CycleGAN with one more term, the total variation of what a generator makes.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from cyclegan import lessons, methods
from cyclegan.core.config import Domains, weight
from cyclegan.core.figures import Figure, Term
from cyclegan.lessons import Example, Lesson, Recipe, UnpairedData
from cyclegan.methods import Losses, Moment, NamedObjective, Player, cyclegan

SIDE = 32


def stripes(count: int, seed: int) -> list[Tensor]:
    """Level stripes in two colours, uint8 (3, 32, 32)."""
    random = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(count):
        colours = torch.randint(256, (2, 3), dtype=torch.uint8, generator=random)
        period = int(torch.randint(4, 13, (), generator=random))
        rows = colours[(torch.arange(SIDE) // period) % 2]
        found.append(rows.T[:, :, None].expand(3, SIDE, SIDE).clone())
    return found


def turned(pictures: list[Tensor]) -> list[Tensor]:
    return [picture.transpose(1, 2).clone() for picture in pictures]


def uprightness(made: np.ndarray) -> float:
    """Share of a picture's change that lies across its columns; 1 for upright stripes."""
    picture = made.astype(float)
    across, down = (np.abs(np.diff(picture, axis=axis)).mean() for axis in (1, 0))
    return float(across / (across + down)) if across + down else 0.5


class Stripes(Lesson):
    name = "stripes"
    title = "level ↔ upright stripes"
    domains = Domains("level", "upright")
    source = "drawn by this plug-in"
    licence = "public domain"
    own = (
        Figure(
            key="uprightness",
            label="uprightness",
            decimals=2,
            better="high",
            networks="G",
            needs=("made",),
            of=uprightness,
            is_quick=True,
            reads="Share of the change that lies across the columns; 1 for upright stripes.",
        ),
    )
    headline = ("uprightness", "cycle_error")
    sizes = (SIDE,)
    largest = SIDE

    @property
    def recipe(self) -> Recipe:
        """That of every lesson, on smaller pictures."""
        usual = super().recipe
        return Recipe(replace(usual.config, image_size=SIDE), usual.arms)

    def open(self, size: int, fit: str) -> UnpairedData:
        if size != SIDE:
            raise lessons.DataError(f"{self.name} has pictures of {SIDE} pixels, not of {size}.")
        x, test = stripes(200, seed=1), stripes(24, seed=3)
        return UnpairedData(
            domains=self.domains,
            train_x=x,
            train_y=turned(stripes(200, seed=2)),
            test_x=test,
            test_y=turned(test),
            paired=True,
            in_memory=True,
            train_truth=turned(x),
            figures=self.figures,
            groups=range(len(test)),
        )

    def is_whole(self, size: int) -> bool:
        return size == SIDE

    def examples(self) -> list[Example]:
        return [Example(f"Stripes {i}", x, turned([x])[0]) for i, x in enumerate(stripes(6, 4), 1)]


@dataclass(frozen=True)
class Objective(cyclegan.Objective):
    """CycleGAN's, and `smooth`: the mean difference of neighbouring pixels of G(x) and of F(y)."""

    smooth: float = weight(
        1.0, "smooth", "(TV(G(x)) + TV(F(y)))", "Neighbouring pixels are to be alike."
    )

    method = "smooth"

    @property
    def terms(self) -> tuple[str, ...]:
        return (*super().terms, *(("smooth",) if self.smooth else ()))


def variation(images: Tensor) -> Tensor:
    across, down = (images.diff(dim=dim).abs().mean() for dim in (-1, -2))
    return across + down


def _smooth_x(model: nn.Module, m: Moment) -> Losses:
    o = m.objective
    return Losses({"smooth_G": o.smooth * variation(model.G(m.x))} if o.smooth else {})


def _smooth_y(model: nn.Module, m: Moment) -> Losses:
    o = m.objective
    return Losses({"smooth_F": o.smooth * variation(model.F(m.y))} if o.smooth else {})


class Smooth(cyclegan.CycleGAN):
    key = "smooth"
    name = "CycleGAN, smooth"
    source = "this plug-in"
    Objective = Objective
    rows = {  # noqa: RUF012
        "smooth": NamedObjective(
            "CycleGAN + smooth", Objective(identity=0.0), "this plug-in", "mine"
        )
    }
    terms = (
        Term("smooth_G", "smooth term of G", weight="smooth"),
        Term("smooth_F", "smooth term of F", weight="smooth"),
        *cyclegan.CycleGAN.terms,
    )

    def players(self, objective: Objective) -> tuple[Player, ...]:
        translators, *judges = super().players(objective)
        parts = (*translators.parts, _smooth_x, _smooth_y)
        return (replace(translators, parts=parts), *judges)


lessons.register(Stripes())
methods.register(Smooth())
