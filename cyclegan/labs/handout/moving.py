"""A film as one animated WebP: samples through time, for slides and messages.

Knows the pictures of a handout; nothing of runs.
"""

import io
from base64 import b64decode
from pathlib import Path

from PIL import Image

from ...core import files, sheets
from .document import Film, HandoutError

EACH, LAST = 350, 2500
"""Milliseconds of a step, and of the last one."""

SIDE = 360
"""Pixels of the longer side of what one training shows."""


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
    """Strips side by side at a step; those that do not change stand in every frame."""
    shown = [_picture(strip.urls[min(place, len(strip.urls) - 1)]) for strip in film.strips]
    heads = [
        sheets.Head(strip.title, " · ".join(formula for formula, _ in strip.heads))
        for strip in film.strips
    ]
    line = sheets.Line([sheets.Tile(picture) for picture in shown])
    return sheets.draw(heads, [line], f"{title}, step {film.steps[place]:,}", tile=SIDE)


def _picture(url: str) -> Image.Image:
    """Of a data: URL."""
    return Image.open(io.BytesIO(b64decode(url.partition(",")[2]))).convert("RGB")
