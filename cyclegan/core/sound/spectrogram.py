"""A clip as people see it: its spectrogram.

Time to the right, pitch upward on the mel scale, along which equal steps sound equal. Loud parts
are dark on paper; a dark page turns the picture round.
"""

import numpy as np
from PIL import Image

from .. import palette
from .clip import Clip

WIDTH, HEIGHT = 320, 160
"""Pixels, twice as many as on most of the page."""

LOWEST, HIGHEST = 60.0, 8000.0
"""Hertz at the lower edge and at the upper one."""

WINDOW = 0.04
"""Seconds: short enough for syllables, long enough to part the lines of a low voice."""

LIFT = 0.97
"""Pre-emphasis x[n] − 0.97 x[n−1], as in speech recognition: a voice's highs are faint."""

RANGE = 55.0
"""dB between what is loudest in a clip and paper."""

WORDS = (
    f"Spectrograms: time runs to the right, pitch upward from {LOWEST:.0f} Hz to "
    f"{HIGHEST / 1000:.0f} kHz, in steps that sound equal (mel). What stands out is loud."
)


def draw(clip: Clip, width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """(width, height) in RGB, whatever the clip's length."""
    ink = levels(clip, width, height)
    ramp = _ramp()
    return Image.fromarray(ramp[np.round(ink * (len(ramp) - 1)).astype(int)])


def levels(clip: Clip, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """(height, width) in [0, 1], the highest pitch first: 1 is loudest, 0 is RANGE below."""
    size = round(WINDOW * clip.rate)
    found = clip.samples.astype(np.float64)
    lifted = found - LIFT * np.concatenate([[0.0], found[:-1]])
    samples = np.pad(lifted, size // 2)
    # Each column has a window of its own, so that none is stretched.
    starts = np.linspace(0, len(samples) - size, width).round().astype(int)
    frames = samples[starts[:, None] + np.arange(size)] * np.hanning(size)
    powers = np.abs(np.fft.rfft(frames, 4 * size)) ** 2
    bands = powers @ _bands(height, powers.shape[1], clip.rate)
    decibels = 10 * np.log10(bands + 1e-10)
    found = 1 + (decibels - max(decibels.max(), -20.0)) / RANGE
    return np.clip(found, 0, 1).T[::-1]


def _mel(hertz: np.ndarray | float) -> np.ndarray:
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)


def _bands(count: int, bins: int, rate: int) -> np.ndarray:
    """(bins, count) weights of triangles equally wide in mel, none narrower than a bin."""
    edges = np.linspace(_mel(LOWEST), _mel(HIGHEST), count + 2)
    places = _mel(np.linspace(0, rate / 2, bins))
    half = np.maximum(edges[1] - edges[0], np.gradient(places))[:, None]
    weights = np.maximum(0, 1 - np.abs(places[:, None] - edges[None, 1:-1]) / half)
    return weights / weights.sum(0)


def _ramp() -> np.ndarray:
    """(256, 3) uint8 from paper over the accent to ink."""
    stops = [palette.PAPER, palette.WITH, palette.INK]
    colours = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops])
    places = np.linspace(0, 1, 256)
    return np.stack(
        [np.interp(places, (0, 0.55, 1), colours[:, i]) for i in range(3)], axis=1
    ).astype(np.uint8)
