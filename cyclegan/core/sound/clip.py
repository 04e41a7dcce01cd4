"""A clip: sound of one channel."""

from dataclasses import dataclass

import numpy as np

RATE = 16_000
"""Samples a second of all clips, as CMU's Flite speaks."""


class SoundError(ValueError):
    """A file is not a sound that can be used; the message says why."""


@dataclass(frozen=True, eq=False)
class Clip:
    """samples: (N,) float32 in [-1, 1]. rate: of them a second."""

    samples: np.ndarray
    rate: int = RATE

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    @property
    def nbytes(self) -> int:
        return self.samples.nbytes

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.array(self.samples, dtype, copy=copy)
