"""A film as one animated WebP: samples through time, for slides and messages.

Knows the pictures of a handout; nothing of runs.
"""

import io
from base64 import b64decode
from itertools import zip_longest
from pathlib import Path

from PIL import Image

from ...core import files, sheets
from .document import Film, HandoutError, Strip

EACH, LAST = 350, 2500
"""Milliseconds of a step, and of the last one."""

TILE = 144
"""Pixels of the longer side of a tile."""


def moves(film: Film | None) -> bool:
    return film is not None and len(film.steps) > 1


def write(path: Path, film: Film | None, title: str) -> Path:
    """Write the file in one move. Raises HandoutError where nothing moves, and OSError."""
    if not moves(film):
        raise HandoutError(
            f"{title} has no samples of two steps or more, so there is nothing to see moving; "
            "train.py keeps them by --sample-every."
        )
    frames = [_frame(film, place, title) for place in range(len(film.steps))]
    times = [EACH] * (len(frames) - 1) + [LAST]

    def save(fresh: Path) -> None:
        frames[0].save(
            fresh,
            "WEBP",
            save_all=True,
            append_images=frames[1:],
            duration=times,
            loop=0,
            quality=85,
            method=4,
        )

    files.write_atomically(path, save)
    return path


def _frame(film: Film, place: int, title: str) -> Image.Image:
    """A column a view, side by side; strips that do not change stand in every frame."""
    heads, columns = [], []
    for strip in film.strips:
        heads += [sheets.Head(formula, strip.title) for formula, _ in strip.heads]
        heads += [sheets.Head("")] * (strip.columns - len(strip.heads))
        columns += _columns(strip, strip.urls[min(place, len(strip.urls) - 1)])
    lines = [
        sheets.Line([sheets.Tile(picture) for picture in row])
        for row in zip_longest(*columns)  # Directions may have different numbers of items.
    ]
    return sheets.draw(heads, lines, f"{title}, step {film.steps[place]:,}", tile=TILE)


def _columns(strip: Strip, url: str) -> list[list[Image.Image]]:
    """Tiles of a strip's picture, given as a data: URL, column by column."""
    whole = Image.open(io.BytesIO(b64decode(url.partition(",")[2]))).convert("RGB")
    rows = sheets.cut(whole, whole.width // strip.columns, height=whole.height // strip.lines)
    return [list(column) for column in zip(*rows, strict=True)]
