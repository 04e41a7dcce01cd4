"""What a visitor drew on x: pixels from a browser, which nobody has to decode.

Knows no component, no network and no lesson.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from PIL import Image

from ..core.pictures import ImageError

LARGEST = 256
"""Pixels of the longer side of what is drawn, so that its answer comes while it is drawn and its
pixels go through the gate. A larger picture is reduced by the browser before it is drawn on."""


@dataclass(frozen=True)
class Drawn:
    """A picture as it was drawn: width and height in pixels, and its RGB bytes row by row.

    example, path: what it was drawn on, as in `Request`.
    """

    size: tuple[int, int]
    pixels: bytes
    example: int | None = None
    path: str | None = None

    @property
    def picture(self) -> Image.Image:
        return Image.frombytes("RGB", self.size, self.pixels)


@dataclass(frozen=True)
class Stroke:
    """One look at what is being drawn: its number, larger than those before, and whether the pen
    was lifted."""

    number: int
    drawn: Drawn
    is_last: bool


def read(data: Any, example: int | None = None, path: str | None = None) -> Stroke:
    """What scripts/easel.js sends. Raises ImageError for anything else."""
    given = data if isinstance(data, dict) else {}
    width, height, text = (given.get(name) for name in ("width", "height", "pixels"))
    fits = all(isinstance(side, int) and 0 < side <= LARGEST for side in (width, height))
    if fits and isinstance(text, str) and len(text) == width * height * 4:
        try:
            pixels = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            pixels = b""
        if len(pixels) == width * height * 3:
            drawn = Drawn((width, height), pixels, example, path)
            return Stroke(number_of(data), drawn, given.get("last") is True)
    raise ImageError("What was drawn cannot be read here.")


def number_of(data: Any) -> int:
    """Raises ImageError where a browser sends none."""
    number = data.get("number") if isinstance(data, dict) else None
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 2**53:
        raise ImageError("What was drawn cannot be read here.")
    return number
