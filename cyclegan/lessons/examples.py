"""The held-out pairs that a set of checkpoints is shown on: its own, or its lesson's.

Knows files and kept items; no network and no page.
"""

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from ..core import pictures
from ..core.media import PICTURES
from .lesson import Example, Lesson

FOLDER = "examples"
"""Beside a set's variants: NN-name-x.png, and NN-name-y.png with its truth."""


MOST = 48
"""Pairs of a set that are shown; each is kept as a picture."""


def of_set(
    folder: Path, lesson: Lesson, load: Callable[[Path], Image.Image] = pictures.load
) -> list[Example]:
    """The pairs in `folder`/examples, by name; without any, those of the lesson.

    load: opens a picture. Raises pictures.ImageError for a damaged one.
    """
    found = []
    for path in sorted((folder / FOLDER).glob("*-x.png"))[:MOST]:
        stem = path.name.removesuffix("-x.png")
        truth = path.with_name(f"{stem}-y.png")
        if truth.exists():
            x, y = (PICTURES.kept(load(file), 3) for file in (path, truth))
            found.append(Example(_title(stem.lstrip("0123456789-")), x, y))
    return found or lesson.examples()


def _title(name: str) -> str:
    words = name.replace("-", " ").split()
    return " ".join(word if word == "of" else word.capitalize() for word in words)
