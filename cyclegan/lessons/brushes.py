"""Brushes to paint on pictures with: a name for people, and a texture that repeats.

Knows no lesson and no page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageColor

COLOURS = 6
"""Brushes that are taken from a picture without any of its own."""


@dataclass(frozen=True)
class Brush:
    """texture: RGB, laid side by side and one below the other; a pixel for one colour."""

    name: str
    texture: Image.Image


def colour(name: str, rgb: Sequence[int]) -> Brush:
    """One colour, 0 to 255 each."""
    return Brush(name, Image.new("RGB", (1, 1), tuple(map(int, rgb))))


def ground(name: str, piece: np.ndarray) -> Brush:
    """A piece of a picture, (H, W, 3) uint8: mirrored both ways, so that no seam is seen."""
    wide = np.concatenate([piece, piece[:, ::-1]], axis=1)
    return Brush(name, Image.fromarray(np.concatenate([wide, wide[::-1]], axis=0)))


def of_picture(picture: Image.Image) -> tuple[Brush, ...]:
    """The colours that a picture has most of, up to COLOURS, by the nearest names of CSS."""
    reduced = picture.convert("RGB").quantize(COLOURS, Image.Quantize.MEDIANCUT)
    counted = sorted(reduced.convert("RGB").getcolors(), reverse=True)
    named = {_nearest(rgb): rgb for _, rgb in reversed(counted)}
    return tuple(colour(name, rgb) for name, rgb in reversed(named.items()))


def _nearest(rgb: Sequence[int]) -> str:
    known = {name: ImageColor.getrgb(name) for name in ImageColor.colormap}
    return min(
        known, key=lambda name: sum((a - b) ** 2 for a, b in zip(known[name], rgb, strict=True))
    )
