"""What films are made of, for all who read, make and write them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from PIL import Image

from ..containers import is_installed

SHORTEST = 256
"""Pixels of the shorter side that frames are reduced to, unless somebody asks for more."""

LONGEST = 4096
"""Pixels of the longer side at most, in any case."""


class FilmError(ValueError):
    """A file is not a film that can be used, or cannot be written; the message says why."""


class Frame(NamedTuple):
    """A picture in RGB, and the second at which it is shown, counted from the film's beginning.

    moved: (right, down), the whole pixels by which what is in the picture moved since the frame
        before, where that is known of all of it; None where it is not.
    """

    picture: Image.Image
    time: float
    moved: tuple[int, int] | None = None


class Sound(NamedTuple):
    """Samples (N, channels) int16 and the second at which they begin."""

    samples: np.ndarray
    time: float


@dataclass(frozen=True)
class Facts:
    """What is known of a film before its frames are read.

    size: (width, height) of its frames, upright and reduced; came: as they are in the file.
    frames, seconds: how many and how long, as the file has it; an estimate, and 0 where it says
        nothing. rate: frames a second, on average.
    sound_rate: samples a second; 0 without sound. channels: of the sound.
    notes: sentences on what is otherwise than in most films.
    """

    size: tuple[int, int]
    came: tuple[int, int]
    frames: int
    seconds: float
    rate: float
    sound_rate: int = 0
    channels: int = 0
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """ "300 frames of 455×256, 30 a second, 10.0 s, with sound" """
        count = f"{self.frames:,} frames" if self.frames else "Frames"
        said = [f"{count} of {self.size[0]}×{self.size[1]}", f"{self.rate:.4g} a second"]
        if self.seconds:
            said.append(f"{self.seconds:.1f} s")
        return ", ".join([*said, "with sound" if self.sound_rate else "without sound"])


class Film(Protocol):
    """What can be gone through from its beginning, more than once: frames, and the sound between
    them. name, title: for files and messages, and for people."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def facts(self) -> Facts: ...

    def __iter__(self) -> Iterator[Frame | Sound]: ...


def check_installed() -> None:
    """Raise FilmError where PyAV is missing."""
    if not is_installed():
        raise FilmError(
            "Films need the library PyAV, which is not installed: pip install av (34 MB to pull)."
        )


def reduced(size: tuple[int, int], shortest: int | None) -> tuple[int, int]:
    """(width, height) with a shorter side of `shortest` pixels at most, and a longer one of
    LONGEST; smaller ones stay as they are."""
    scale = min(1.0, (shortest or LONGEST) / min(size), LONGEST / max(size))
    return tuple(max(1, round(side * scale)) for side in size)
