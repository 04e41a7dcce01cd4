"""Pack the faces for the repository: `python -m cyclegan.lessons.glasses.pack FOLDER`.

FOLDER holds the node_modules of two npm packages; drawing needs Node.js and `pip install resvg_py`:

    npm install @dicebear/core@9.4.3 @dicebear/pixel-art@9.4.3

Writes `pictures/`: a sheet of tiles a style as lossless WebP, and the index with every face's seed,
role and glasses. What is read back is checked to the last bit.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

from ..data import DataError
from ..packs import command, sheet, write_index
from .faces import EXAMPLES
from .read import COLUMNS, INDEX, KINDS, PICTURES, SHEETS, SIDE, read
from .sources import Face, check, draw

TRAINING = 1000
"""Faces of X, and as many of Y."""

HELD_OUT = 160

EFFORT = 100
"""Of the lossless coder, 0 to 100."""


def seeds(count: int) -> list[str]:
    """Hashes: faces of neighbouring numbers, or of like names, have colours in common."""
    hashed = (hashlib.sha256(f"glasses {i}".encode()).hexdigest() for i in range(count))
    return [one[:16] for one in hashed]


def write(packages: Path, folder: Path) -> dict[str, int]:
    """Write the pictures that ship; returns the files' sizes in bytes. Raises DataError."""
    check(packages)
    drawn = seeds(2 * TRAINING + HELD_OUT - len(EXAMPLES))
    own = (*drawn[: 2 * TRAINING], *EXAMPLES, *drawn[2 * TRAINING :])
    roles = ["x"] * TRAINING + ["y"] * TRAINING + ["test"] * HELD_OUT
    bare, _ = draw(packages, [Face(seed, None) for seed in own])
    worn, kinds = draw(packages, [Face(seed) for seed in own])
    if len(np.unique(bare.reshape(len(own), -1), axis=0)) < len(own):
        raise DataError("Two seeds have the same face.")
    held_out = [Face(seed, *kind) for seed in own[2 * TRAINING :] for kind in KINDS]
    answers, _ = draw(packages, held_out)
    styles = {"bare": bare, "worn": worn, "answers": answers}
    index = [
        {"seed": seed, "role": role, "frame": frame, "colour": colour}
        for seed, role, (frame, colour) in zip(own, roles, kinds, strict=True)
    ]
    folder.mkdir(exist_ok=True)
    write_index(folder / INDEX, index)
    for style, file in SHEETS.items():
        picture = sheet(styles[style], COLUMNS, blank=255)
        picture.save(folder / file, lossless=True, quality=EFFORT, method=6)
    _check(folder, own, roles, kinds, styles)
    return {file: (folder / file).stat().st_size for file in (INDEX, *SHEETS.values())}


def _check(folder: Path, own: tuple, roles: list[str], kinds: list, styles: dict) -> None:
    written = read(folder)
    listed = [KINDS[kind] for kind in written.kinds]
    if (written.seeds, list(written.roles), listed) != (own, roles, kinds):
        raise DataError(f"{folder / INDEX} does not hold what was written to it.")
    for style, file in SHEETS.items():
        if not np.array_equal(getattr(written, style).reshape(-1, SIDE, SIDE, 3), styles[style]):
            raise DataError(f"{folder / file} does not hold what was written to it.")


if __name__ == "__main__":
    sys.exit(command(__doc__, "where the node_modules of the packages lie", write, PICTURES))
