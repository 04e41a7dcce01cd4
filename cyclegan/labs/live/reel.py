"""The frames of a live training so far, kept to be looked through: one small WebP each.

A frame here is what both arms made, input below input, the views of the first arm left of those of
the second; what was given to them never changes and is in the newest frame (look.py). Of more than
MOST the one that is missed least goes. Knows files and pictures, no networks.
"""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ...core import files, sheets
from ...store.checkpoints import CheckpointError
from . import stored

FRAMES = "frames"
"""The folder beside the newest frame; files in it are named by their steps."""

MOST = 100
"""Frames of a training; of 64 pixels they have some 15 kB each."""

SIDE = 160
"""Longest side of a tile in pixels: larger ones are reduced to it."""

QUALITY = 85

MAX_BYTES, MAX_PIXELS = 2**22, 2**23
"""Of a frame that is read back."""


def sheet(rows: Sequence[Sequence[Image.Image]], side: int = SIDE) -> Image.Image:
    """Tiles edge to edge, none larger than `side`."""
    whole = sheets.grid(rows)
    largest = max(max(tile.size) for row in rows for tile in row)
    if largest <= side:
        return whole
    # Tiles stay whole numbers of pixels, as whoever cuts them out relies on.
    counts = len(rows[0]), len(rows)
    width, height = (
        count * max(1, round(length / count * side / largest))
        for length, count in zip(whole.size, counts, strict=True)
    )
    return whole.resize((width, height), Image.Resampling.LANCZOS)


def encoded(picture: Image.Image) -> bytes:
    """A lossy WebP."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY, method=4)
    return buffer.getvalue()


def keep(folder: Path, step: int, picture: Image.Image) -> None:
    """Add the frame of a step, and let those go that are too many."""
    content = encoded(picture)
    path = _path(folder, step)
    files.write_atomically(path, lambda fresh: fresh.write_bytes(content))
    while len(known := steps(folder)) > MOST:
        _path(folder, missed_least(known)).unlink(missing_ok=True)


def steps(folder: Path) -> list[int]:
    """Steps of the frames that are there, in order."""
    try:
        paths = list((folder / FRAMES).glob("*.webp"))
    except OSError:
        return []
    found = (path.stem for path in paths)
    return sorted(int(stem) for stem in found if stem.isascii() and stem.isdigit())


def missed_least(known: Sequence[int]) -> int:
    """Of steps in order, three or more: the one between the two that are nearest to each other."""
    gaps = ((known[i + 1] - known[i - 1], i) for i in range(1, len(known) - 1))
    return known[min(gaps)[1]]


def forget_after(folder: Path, step: int) -> None:
    """Remove the frames of steps that a training has lost, and makes again."""
    for known in steps(folder):
        if known > step:
            _path(folder, known).unlink(missing_ok=True)


def read(folder: Path, step: int) -> bytes | None:
    """The WebP of a step; None where it is gone, or none of ours."""
    try:
        content = stored.read_bytes(_path(folder, step), MAX_BYTES)
    except CheckpointError:
        return None
    return content if is_frame(content) else None


def is_frame(content: bytes, most: int = MAX_PIXELS) -> bool:
    """Whether a browser may be handed this as a WebP of at most so many pixels."""
    try:
        with Image.open(io.BytesIO(content), formats=["WEBP"]) as picture:
            return picture.width * picture.height <= most
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False


def _path(folder: Path, step: int) -> Path:
    return folder / FRAMES / f"{step:07d}.webp"
