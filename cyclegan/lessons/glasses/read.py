"""The faces that ship: seeds, roles, and each without glasses, with its own, and with every kind.

Knows the files. Knows nothing of lessons, training or figures.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..packs import tiles_of

PICTURES = Path(__file__).with_name("pictures")
INDEX = "index.json"
SHEETS = {"bare": "bare.webp", "worn": "worn.webp", "answers": "answers.webp"}
"""The file of each style: all tiles in the order of the index, row by row."""

SIDE = 16
"""Pixels a side of a tile: as many as the drawings have."""

FRAMES = tuple(f"{lens}0{i}" for lens in ("light", "dark") for i in range(1, 8))
"""As the package names them."""

COLOURS = {
    "4b4b4b": "grey",
    "323232": "dark grey",
    "191919": "black",
    "43677d": "blue",
    "5f705c": "green",
    "a04b5d": "red",
}
"""Of a frame: as the package has them, and what they are called here."""

KINDS = tuple((frame, colour) for frame in FRAMES for colour in COLOURS)
"""Every frame in every colour, each as likely as the others: 84."""

COLUMNS = len(KINDS)
"""Tiles in a row of a sheet: of the answers, a face a row."""


@dataclass(frozen=True, eq=False)
class Pack:
    """N faces, in the order of the index; those held out stand at the end.

    seeds: what the package draws them from. roles: "x", "y" or "test".
    kinds: of the glasses that each has, as places in `KINDS`.
    bare, worn: without glasses, and with its own: uint8 (N, 16, 16, 3), read-only.
    answers: of the T that are held out with every kind of glasses: uint8 (T, 84, 16, 16, 3).
    """

    seeds: tuple[str, ...]
    roles: tuple[str, ...]
    kinds: tuple[int, ...]
    bare: np.ndarray
    worn: np.ndarray
    answers: np.ndarray

    def places(self, role: str) -> list[int]:
        return [i for i, found in enumerate(self.roles) if found == role]


@lru_cache(maxsize=1)
def load() -> Pack:
    """The pack that ships; read once a process."""
    return read(PICTURES)


def read(folder: Path) -> Pack:
    """The pack in `folder`, as `pack.write` leaves it."""
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    columns = {
        field: tuple(entry[key] for entry in index)
        for field, key in (("seeds", "seed"), ("roles", "role"))
    }
    kinds = tuple(KINDS.index((entry["frame"], entry["colour"])) for entry in index)
    faces, held_out = len(index), columns["roles"].count("test")

    def tiles(style: str, count: int) -> np.ndarray:
        return tiles_of(folder / SHEETS[style], SIDE, COLUMNS, count, "RGB")

    bare, worn = tiles("bare", faces), tiles("worn", faces)
    answers = tiles("answers", held_out * len(KINDS))
    answers = answers.reshape(held_out, len(KINDS), SIDE, SIDE, 3)
    return Pack(**columns, kinds=kinds, bare=bare, worn=worn, answers=answers)
