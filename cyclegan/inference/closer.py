"""Ways to look closer at a translation: difference map, patch scores, the hidden-message probe.

Pictures and arrays in, pictures out. Knows no network and no page.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from PIL import Image
from PIL.ImageFilter import BoxBlur, GaussianBlur

from ..core import palette

AMPLIFIED = 4
"""Factor by which the difference map brightens differences, so that small ones are seen."""


def difference_map(a: Image.Image, b: Image.Image) -> Image.Image:
    """|a − b| per channel, times AMPLIFIED: black where two pictures of one size agree."""
    difference = np.abs(np.asarray(a, np.int16) - np.asarray(b, np.int16)) * AMPLIFIED
    return Image.fromarray(difference.clip(0, 255).astype(np.uint8))


@dataclass(frozen=True)
class PatchScores:
    """What a discriminator gives the patches of a picture.

    values: (h, w), from above and from the left. down, right: (h,) and (w,), where the middles of
    their receptive fields lie in the picture, in pixels from its upper left corner.
    """

    values: np.ndarray
    down: np.ndarray
    right: np.ndarray

    @property
    def mean(self) -> float:
        return float(self.values.mean())

    def spread(self, width: int, height: int) -> np.ndarray:
        """(height, width): the score of every pixel, between the middles on a straight line."""
        x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
        across = np.stack([np.interp(x, self.right, row) for row in self.values])
        return np.stack([np.interp(y, self.down, column) for column in across.T], axis=1)


def score_overlay(picture: Image.Image, scores: PatchScores) -> Image.Image:
    """Lay scores over a picture: clear at 1 (real), dark at 0 (generated).

    Softened over half the way between two patches, each of which reaches over its neighbours.
    """
    seen = scores.spread(*picture.size).clip(0, 1) * 255
    apart = float(np.diff(scores.right).min()) if len(scores.right) > 1 else 0.0
    mask = Image.fromarray(seen.round().astype(np.uint8)).filter(GaussianBlur(apart / 4))
    dark = Image.new("RGB", picture.size, palette.SHADE)
    shade = Image.blend(picture.convert("RGB"), dark, 0.88)
    return Image.composite(picture, shade, mask)


def with_noise(picture: Image.Image, sigma: float, seed: int = 0) -> Image.Image:
    """Add Gaussian noise of standard deviation `sigma`, in 0–255 units."""
    noise = np.random.default_rng(seed).normal(0, sigma, (picture.height, picture.width, 3))
    noisy = np.asarray(picture, np.float64) + noise
    return Image.fromarray(noisy.round().clip(0, 255).astype(np.uint8))


def with_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """Save as JPEG of `quality` (1 worst, 95 best) and read back."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=int(quality))
    return Image.open(buffer).convert("RGB")


def with_blur(picture: Image.Image) -> Image.Image:
    """Every pixel the mean of the 3×3 around it."""
    return picture.filter(BoxBlur(1))


DISTURBANCES: Mapping[str, Callable[[Image.Image], Image.Image]] = MappingProxyType(
    {
        "noise": lambda picture: with_noise(picture, 10),
        "jpeg": lambda picture: with_jpeg(picture, 75),
        "blur": with_blur,
    }
)
"""What a hidden message may have to outlive, by the names in the figures' "back_after_NAME"."""
