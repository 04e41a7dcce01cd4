"""Pack the pictograms for the repository: `python -m cyclegan.lessons.fluent.pack FOLDER`.

FOLDER holds the tarballs of three npm packages, and drawing them needs `pip install resvg_py`:

    npm pack @iconify-json/fluent-emoji-high-contrast@1.2.6
    npm pack @iconify-json/fluent-emoji-flat@1.2.6
    npm pack @lobehub/fluent-emoji-3d@1.1.0

Writes `pictures/`: a sheet of tiles a style as lossless WebP, and the index with every pictogram's
role. What is read back is checked to the last bit.
"""

import random
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from ..data import DataError
from ..packs import command, sheet, write_index
from .read import COLUMNS, INDEX, PICTURES, SHEETS, on_white, read
from .sources import open_sources

TEST_SHARE = 1 / 6

SEED = 5
"""Of the shuffle: the first that holds out the dog's face, and leaves the largest group (men, women
and persons at work) to training."""

EFFORT = {"line": 95, "flat": 100, "three_d": 95}
"""Of the lossless coder, 0 to 100. At 100, a search of the sources for a short word hits the bytes
of two of the sheets by chance."""

TWINS = {"line": 50, "flat": 20}
"""Two pictograms are twins if a style of theirs, laid on white, differs by less: RMSE of 255."""


def families(codes: list[str], styles: dict[str, np.ndarray]) -> list[list[int]]:
    """Indices in groups, none of which shares a base code point or a twin with another."""
    leader = list(range(len(codes)))

    def find(index: int) -> int:
        while leader[index] != index:
            index = leader[index]
        return index

    first = {}
    for index, code in enumerate(codes):
        leader[index] = first.setdefault(code.split("-")[0], index)
    for style, limit in TWINS.items():
        # Whole numbers below 2⁵³: float64 adds them without error, in whatever order.
        flat = on_white(styles[style]).reshape(len(codes), -1).astype(np.float64)
        square = (flat**2).sum(axis=1)
        distance = square[:, None] + square[None, :] - 2 * flat @ flat.T
        for one, other in zip(*np.nonzero(distance < limit**2 * flat.shape[1]), strict=True):
            leader[find(other)] = find(one)
    groups = {}
    for index in range(len(codes)):
        groups.setdefault(find(index), []).append(index)
    return list(groups.values())


def deal(groups: list[list[int]], kinds: list[str], seed: int = SEED) -> list[str]:
    """The role of every index; a group stays together.

    A share of TEST_SHARE is for test. X and Y get as many of the rest, and of each kind, as whole
    groups allow: the largest group of a kind first, each to the side that has fewer of the kind.

    kinds: the kind of every index.
    """
    groups = list(groups)
    random.Random(seed).shuffle(groups)
    roles = [""] * len(kinds)
    held_out, training = 0, []
    for group in groups:
        if held_out + len(group) > len(kinds) * TEST_SHARE:
            training.append(group)
            continue
        held_out += len(group)
        for index in group:
            roles[index] = "test"
    lead = Counter()
    for group in sorted(training, key=len, reverse=True):
        kind = kinds[group[0]]
        role = "x" if lead[kind] <= 0 else "y"
        lead[kind] += len(group) if role == "x" else -len(group)
        for index in group:
            roles[index] = role
    return roles


def write(tarballs: Path, folder: Path) -> dict[str, int]:
    """Write the pictures that ship; returns the files' sizes in bytes. Raises DataError."""
    sources = open_sources(tarballs)
    codes = list(sources.names)
    drawn = [sources.draw(code) for code in codes]
    styles = {style: np.stack([pictures[style] for pictures in drawn]) for style in SHEETS}
    roles = deal(families(codes, styles), [sources.kinds[code] for code in codes])
    index = [
        {"code": code, "name": sources.names[code].replace("-", " "), "role": role}
        for code, role in zip(codes, roles, strict=True)
    ]
    folder.mkdir(exist_ok=True)
    write_index(folder / INDEX, index)
    for style, file in SHEETS.items():
        picture = sheet(styles[style], COLUMNS)
        picture.save(folder / file, lossless=True, quality=EFFORT[style], method=6, exact=True)
    _check(folder, codes, roles, styles)
    return {file: (folder / file).stat().st_size for file in (INDEX, *SHEETS.values())}


def _check(folder: Path, codes: list[str], roles: list[str], styles: dict) -> None:
    written = read(folder)
    if (list(written.codes), list(written.roles)) != (codes, roles):
        raise DataError(f"{folder / INDEX} does not hold what was written to it.")
    for style, file in SHEETS.items():
        if not np.array_equal(getattr(written, style), styles[style]):
            raise DataError(f"{folder / file} does not hold what was written to it.")


if __name__ == "__main__":
    sys.exit(command(__doc__, "where the tarballs of the npm packages lie", write, PICTURES))
