"""The sentences that ship, as features, and the recordings of those that are held out.

Knows the files. Knows nothing of lessons, training or figures.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...core.sound import world
from ...core.sound.clip import RATE, Clip
from .sentences import HELD_OUT, OF_X, OF_Y, listed

SOUNDS = Path(__file__).with_name("sounds")
FEATURES, RECORDED = "features.npz", "held-out.flac"

STEPS = np.array([1 / 64] * world.COEFFICIENTS + [1 / 512, 1 / 4], np.float32)[:, None]
"""To which rows of features are rounded, all but whose voice it is: 0.13 dB of mel-cepstral
distance, a twentieth of a semitone, and a quarter of a decibel."""


@dataclass(frozen=True, eq=False)
class Pack:
    """Features, float32 (27, T) each, of the sentences of X, of Y, and of those held out in both
    voices; and what of these was recorded."""

    x: tuple[Tensor, ...]
    y: tuple[Tensor, ...]
    test_x: tuple[Tensor, ...]
    test_y: tuple[Tensor, ...]
    recorded_x: tuple[Clip, ...]
    recorded_y: tuple[Clip, ...]


@lru_cache(maxsize=1)
def load() -> Pack:
    """The pack that ships; read once a process."""
    return read(SOUNDS)


def read(folder: Path) -> Pack:
    """The pack in `folder`, as `pack.write` leaves it."""
    with np.load(folder / FEATURES) as stored:
        steps, columns, samples = (stored[n] for n in ("steps", "columns", "samples"))
    values = (np.cumsum(steps, axis=1, dtype=np.int32) * STEPS).astype(np.float32)
    values = np.insert(values, world.WHOSE, 0, axis=0)
    features = [torch.from_numpy(one.copy()) for one in _cut(values, columns)]
    clips = [Clip(one.copy()) for one in _cut(_decoded(folder / RECORDED), samples)]
    counts = [len(listed(text)) for text in (OF_X, OF_Y, HELD_OUT, HELD_OUT)]
    sides = [
        tuple(features[end - n : end]) for n, end in zip(counts, np.cumsum(counts), strict=True)
    ]
    return Pack(*sides, tuple(clips[: counts[2]]), tuple(clips[counts[2] :]))


def _cut(values: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    return np.split(values, np.cumsum(lengths)[:-1], axis=-1)


def _decoded(path: Path) -> np.ndarray:
    import av

    with av.open(str(path)) as file:
        parts = [frame.to_ndarray()[0] for frame in file.decode(audio=0)]
        assert file.streams.audio[0].rate == RATE
    return np.concatenate(parts).astype(np.float32) / 32768
