"""The held-out pairs that a set of checkpoints is shown on: its own, or its lesson's.

Knows files and kept items; no network and no page.
"""

from pathlib import Path

from ..core import images
from ..core.media import PICTURES
from .lesson import Example, Lesson

FOLDER = "examples"
"""Beside a set's variants: NN-name-x.png, and NN-name-y.png with its truth."""


def of_set(folder: Path, lesson: Lesson) -> list[Example]:
    """The pairs in `folder`/examples, by name; without any, those of the lesson.

    Raises images.ImageError for a damaged picture.
    """
    found = []
    for path in sorted((folder / FOLDER).glob("*-x.png")):
        stem = path.name.removesuffix("-x.png")
        truth = path.with_name(f"{stem}-y.png")
        if truth.exists():
            x, y = (PICTURES.kept(images.load(file), 3) for file in (path, truth))
            found.append(Example(_title(stem.lstrip("0123456789-")), x, y))
    return found or lesson.examples()


def _title(name: str) -> str:
    words = name.replace("-", " ").split()
    return " ".join(word if word == "of" else word.capitalize() for word in words)
