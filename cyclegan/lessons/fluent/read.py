"""The pictograms that ship: codes, names, roles and three styles of each, from `pictures/`.

Knows the files, and how a picture with alpha is laid on white. Knows nothing of lessons, training
or figures.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..packs import tiles_of

PICTURES = Path(__file__).with_name("pictures")
INDEX = "index.json"
SHEETS = {"line": "line.webp", "flat": "flat.webp", "three_d": "three_d.webp"}
"""The file of each style: all tiles in the order of the index, row by row."""

SIDE = 64
"""Pixels a side of a tile."""

COLUMNS = 36
"""Tiles in a row of a sheet."""


@dataclass(frozen=True, eq=False)
class Pack:
    """N pictograms, sorted by code.

    codes: their code points in hexadecimal: "1f436", "1f415-200d-1f9ba".
    names: in plain English: "dog face", "service dog".
    roles: "x", "y" or "test". X, Y and test share no base code point (the first of a code), and no
        two that look all but alike.
    line, flat, three_d: the styles, uint8 (N, 64, 64, 4), RGB and alpha, read-only. RGB is not
        premultiplied, and 0 where alpha is 0.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    roles: tuple[str, ...]
    line: np.ndarray
    flat: np.ndarray
    three_d: np.ndarray


@lru_cache(maxsize=1)
def load() -> Pack:
    """The pack that ships; read once a process."""
    return read(PICTURES)


def read(folder: Path) -> Pack:
    """The pack in `folder`, as `pack.write` leaves it."""
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    columns = {
        field: tuple(entry[key] for entry in index)
        for field, key in (("codes", "code"), ("names", "name"), ("roles", "role"))
    }
    styles = {
        style: tiles_of(folder / file, SIDE, COLUMNS, len(index), "RGBA")
        for style, file in SHEETS.items()
    }
    return Pack(**columns, **styles)


def on_white(rgba: np.ndarray) -> np.ndarray:
    """uint8 (…, 4) laid over white: uint8 (…, 3), rounded to nearest."""
    alpha = rgba[..., 3:].astype(np.uint16)
    # At most 255 · 255 + 127, which uint16 holds; a tie cannot occur, as 255 is odd.
    return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def silhouette(rgba: np.ndarray) -> np.ndarray:
    """Where uint8 (…, 4) covers at least half of a pixel: bool (…)."""
    return rgba[..., 3] >= 128
