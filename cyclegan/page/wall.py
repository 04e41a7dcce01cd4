"""A wall of translations of held-out items, a column a kind, with those marked that show another.

Of a method whose networks name items, on a lesson that has labels. What is wrong with one the
lesson says, by figures of its own; markup is in templates/wall.html.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from PIL import Image

from .. import lessons
from ..core import sheets
from ..core.config import Direction
from ..inference.translator import Translator
from ..lessons.data import HeldOut

EACH = 6
"""Items of a kind."""


@dataclass(frozen=True)
class Wall:
    """picture: of all tiles, up to EACH rows of a tile a kind. wrong: of each tile, row by row,
    whether it is marked. title: of the row of the comparison."""

    title: str
    kinds: Sequence[str]
    picture: Image.Image
    wrong: Sequence[bool]

    @property
    def count(self) -> int:
        return sum(self.wrong)


def of_row(title: str, translator: Translator, direction: Direction) -> Wall | None:
    """None where nothing names items, or nobody knows what they show."""
    data = translator.config.training.data
    lesson = lessons.find(data)
    if not (lesson.kinds and lessons.is_registered(data) and translator.method.namers(direction)):
        return None
    return Wall(title, lesson.kinds, *_tiles(translator, direction))


@lru_cache(maxsize=16)
def _tiles(translator: Translator, direction: Direction) -> tuple[Image.Image, tuple[bool, ...]]:
    config = translator.config
    lesson = lessons.find(config.training.data)
    held = lesson.open(config.image_size, config.training.fit).held_out(config.image_size)
    labels = held.arrays(direction)["original_label"]
    places = _places(labels, len(lesson.kinds))
    items = held.medium.to_float(held.originals(direction)[places])
    kept = held.medium.to_kept(translator.passes(items, direction, ("made",))["made"])
    wrong = [
        _wrong(held, lesson, one, int(label))
        for one, label in zip(kept, labels[places], strict=True)
    ]
    pictures = [lesson.draw(one).convert("RGB") for one in kept]
    across = len(lesson.kinds)
    rows = [pictures[i : i + across] for i in range(0, len(pictures), across)]
    return sheets.grid(rows), tuple(wrong)


def _places(labels: Sequence[int], kinds: int) -> torch.Tensor:
    """EACH of every kind, row by row; of fewer, as many as there are of the rarest."""
    of = [[i for i, label in enumerate(labels) if label == kind] for kind in range(kinds)]
    return torch.tensor([one[row] for row in range(min(EACH, *map(len, of))) for one in of])


def _wrong(held: HeldOut, lesson: lessons.Lesson, kept: torch.Tensor, label: int) -> bool:
    """By what the lesson says of figures that need no truth."""
    arrays = {"made": held.medium.arrays(kept[None]), "original_label": [label]}
    quick = [f for f in held.figures if f.is_quick and set(f.needs) <= arrays.keys()]
    found = {figure.key: figure.measure(arrays) for figure in quick}
    return bool(lesson.wrong(found, {}))
