"""The digits that ship: pictures, labels, roles and colours, from `pictures/`.

Knows the files, and how a digit is coloured. Knows nothing of lessons, training or figures.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from ..packs import tiles_of

PICTURES = Path(__file__).with_name("pictures")
INDEX, COLOURS = "index.json", "colours.png"
SHEETS = {"mnist": "mnist.png", "uci": "uci.png"}
"""The file of each collection: all digits in the order of the index, row by row."""

SIDES = {"mnist": 28, "uci": 8}
"""Pixels a side of a digit as its collection has it."""

SIDE = 32
"""Pixels a side of a digit as it is handed on."""

BOX = 20
"""Pixels a side of the square that each digit of MNIST was scaled to fit into."""

COLUMNS = 100
"""Digits in a row of a sheet."""

ROLES = "xyt"
"""Of a digit, a letter each in the index: training of X, training of Y, and test."""


@dataclass(frozen=True, eq=False)
class Collection:
    """N digits: pictures, uint8 (N, side, side), ink white on black; labels, uint8 (N,), 0 to 9;
    roles, N letters of ROLES."""

    pictures: np.ndarray
    labels: np.ndarray
    roles: str

    def of(self, role: str) -> np.ndarray:
        """The places of a role, in order."""
        return np.flatnonzero([one == role for one in self.roles])


@dataclass(frozen=True, eq=False)
class Pack:
    """mnist, uci: the two collections. colours: of every digit of MNIST that of its ground and that
    of its ink, uint8 (N, 2, 3)."""

    mnist: Collection
    uci: Collection
    colours: np.ndarray


@lru_cache(maxsize=1)
def load() -> Pack:
    """The pack that ships; read once a process."""
    return read(PICTURES)


def read(folder: Path) -> Pack:
    """The pack in `folder`, as `pack.write` leaves it."""
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    found = {}
    for name, file in SHEETS.items():
        labels = np.array([int(one) for one in index[name]["labels"]], np.uint8)
        tiles = tiles_of(folder / file, SIDES[name], COLUMNS, len(labels), "L")
        found[name] = Collection(tiles, labels, index[name]["roles"])
    with Image.open(folder / COLOURS) as picture:
        colours = np.asarray(picture.convert("RGB")).reshape(-1, 2, 3)[: len(found["mnist"].roles)]
    return Pack(**found, colours=colours)


def grey(pictures: np.ndarray) -> np.ndarray:
    """Digits of a collection, (N, side, side), in SIDE × SIDE with a black border: those of 8
    pixels, which fill their square, enlarged before that to the BOX that MNIST's lie in."""
    if pictures.shape[-1] == SIDES["uci"]:
        size, cubic = (BOX, BOX), Image.Resampling.BICUBIC
        pictures = np.stack([np.asarray(Image.fromarray(p).resize(size, cubic)) for p in pictures])
    border = (SIDE - pictures.shape[-1]) // 2
    return np.pad(pictures, ((0, 0), (border, border), (border, border)))


def coloured(pictures: np.ndarray, colours: Sequence | np.ndarray) -> np.ndarray:
    """Grey digits (N, H, W) in colour, (N, H, W, 3): black is the ground's, white is the ink's, and
    what lies between is mixed of both. colours: (N, 2, 3)."""
    ink = pictures[..., None].astype(np.uint16)
    ground, drawn = (np.asarray(colours)[:, i, None, None].astype(np.uint16) for i in (0, 1))
    # At most 255 · 255 + 127, which uint16 holds.
    return ((ground * (255 - ink) + drawn * ink + 127) // 255).astype(np.uint8)
