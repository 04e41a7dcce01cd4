"""Ways to look closer at a translation: difference map, patch scores, the hidden-message probe.

Pictures and arrays in, pictures out. Knows no network and no page.
"""

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageFilter

AMPLIFIED = 4
"""Factor by which the difference map brightens differences, so that small ones are seen."""


def difference_map(a: Image.Image, b: Image.Image) -> Image.Image:
    """|a − b| per channel, times AMPLIFIED: black where two pictures of one size agree."""
    difference = np.abs(np.asarray(a, np.int16) - np.asarray(b, np.int16)) * AMPLIFIED
    return Image.fromarray(difference.clip(0, 255).astype(np.uint8))


def score_overlay(picture: Image.Image, scores: np.ndarray) -> Image.Image:
    """Lay discriminator scores (h, w) over a picture: clear at 1 (real), dark at 0 (generated)."""
    seen = Image.fromarray((scores.clip(0, 1) * 255).astype(np.uint8))
    mask = seen.resize(picture.size, Image.Resampling.BICUBIC)
    shade = Image.blend(picture, Image.new("RGB", picture.size, (20, 12, 28)), 0.88)
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
    return picture.filter(ImageFilter.BoxBlur(1))


DISTURBANCES: Mapping[str, Callable[[Image.Image], Image.Image]] = MappingProxyType(
    {
        "noise": lambda picture: with_noise(picture, 10),
        "jpeg": lambda picture: with_jpeg(picture, 75),
        "blur": with_blur,
    }
)
"""What a hidden message may have to outlive, by the names in the figures' "back_after_NAME"."""
