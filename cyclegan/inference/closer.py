"""Ways to look closer at a translation: difference map, patch scores, the hidden-message probe.

Pictures and arrays in, pictures out. Knows no network and no page.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from PIL import Image
from PIL.ImageFilter import BoxBlur, GaussianBlur

from ..core import palette

AMPLIFIED = 4
"""Factor by which the difference map brightens differences, so that small ones are seen."""

NOISE, JPEG, BLUR = "Gaussian noise", "JPEG", "Blur"
STRENGTHS = {NOISE: (0, 2, 5, 10, 20, 40), JPEG: (95, 75, 50, 25, 10, 5), BLUR: (1, 3, 5, 7, 9)}
"""Of each kind of disturbance, ever stronger ones: standard deviation, quality, side in pixels."""


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


def with_blur(picture: Image.Image, side: int = 3) -> Image.Image:
    """Every pixel the mean of the side × side around it; side: odd, 1 for the picture itself."""
    return picture.filter(BoxBlur(side // 2))


@dataclass(frozen=True)
class Probe:
    """How a translation is disturbed before it goes back.

    strength: standard deviation of 255, quality of the JPEG, or side of the blur in pixels.
    """

    kind: str = NOISE
    strength: float = 10

    def disturb(self, picture: Image.Image) -> Image.Image:
        if self.kind == NOISE:
            return with_noise(picture, self.strength)
        if self.kind == JPEG:
            return with_jpeg(picture, int(self.strength))
        return with_blur(picture, int(self.strength))

    @property
    def named(self) -> str:
        """In words: "noise of 10 of 255"."""
        if self.kind == NOISE:
            return f"noise of {self.strength:g} of 255"
        if self.kind == JPEG:
            return f"JPEG of quality {self.strength:g}"
        return f"a {self.strength:g}×{self.strength:g} blur"

    def growing(self) -> list["Probe"]:
        """Ever stronger disturbances of this kind."""
        return [Probe(self.kind, strength) for strength in STRENGTHS[self.kind]]


DISTURBANCES: Mapping[str, Probe] = MappingProxyType(
    {"noise": Probe(NOISE, 10), "jpeg": Probe(JPEG, 75), "blur": Probe(BLUR, 3)}
)
"""What a hidden message may have to outlive, by the names in the figures' "back_after_NAME"."""


def finest(picture: Image.Image, side: int) -> Image.Image:
    """The part of a picture, at most side × side, that has most of what a 3×3 blur takes away."""
    across, down = min(side, picture.width), min(side, picture.height)
    grey = picture.convert("L")
    detail = np.abs(np.asarray(grey, np.int64) - np.asarray(with_blur(grey), np.int64))
    sums = np.pad(detail.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    within = sums[down:, across:] - sums[:-down, across:] - sums[down:, :-across]
    top, left = np.unravel_index((within + sums[:-down, :-across]).argmax(), within.shape)
    return picture.crop((left, top, left + across, top + down))
