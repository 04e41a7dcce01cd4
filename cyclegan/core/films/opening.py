"""A film's file from outside: opened by a process with walls, as frames and sound in their order.

So it is wherever a film is from: whatever a file makes of its decoder, nothing but pixels and
samples comes back, and the finished part of a translation is kept.
"""

from collections.abc import Iterator
from pathlib import Path, PurePath

import numpy as np
from PIL import Image

from ..confined import Chamber, ConfinedError
from .parts import SHORTEST, Facts, FilmError, Frame, Sound
from .reading import ANIMATED, MAX_PIXELS

SUFFIXES = frozenset(
    {
        *(".mp4", ".m4v", ".mov", ".qt", ".mkv", ".webm", ".avi", ".3gp", ".3g2", ".mpg", ".mpeg"),
        *(".ts", ".mts", ".m2ts", ".wmv", ".asf", ".flv", ".ogv", ".dv", ".mxf", ".gif", ".apng"),
    }
)
"""File name endings, in lower case, of what is opened as a film."""

SECONDS, MEMORY, PLACES = 60.0, 3 * 2**30, 2
"""What some frames may take, and how many films are open at a time. A frame of 8K in ten bits has
0.1 GB, and a decoder keeps up to seventeen of them."""

AT_ONCE = 8
"""Frames that are asked for at a time."""

NICENESS = 5
"""Networks wait for frames: a process that others hold up would hold up them."""

_CHAMBER = Chamber(f"{__package__}.reading:answer", PLACES, SECONDS, MEMORY, niceness=NICENESS)


def is_film(path: Path) -> bool:
    """Whether a file is to be opened as a film: by its name, or as a picture that moves."""
    suffix = PurePath(path).suffix.lower()
    if suffix not in (".gif", ".apng", ".png", ".webp", ".avif"):
        return suffix in SUFFIXES
    try:
        with Image.open(path, formats=ANIMATED) as picture:
            return getattr(picture, "n_frames", 1) > 1
    except Exception:  # Whoever takes it for a picture will say what is wrong.
        return False


class FilmFile:
    """A film in a file.

    shortest: pixels of the shorter side that larger frames are reduced to; None for none. first,
    last: the seconds of the part that is wanted; None for the end. name: stands in messages. most:
    pixels of a frame in the file. every: seconds between two frames at least; 0 for all of them.
    Raises FilmError for what cannot be used.
    """

    def __init__(
        self,
        path: Path | str,
        shortest: int | None = SHORTEST,
        first: float = 0.0,
        last: float | None = None,
        name: str = "",
        most: int = MAX_PIXELS,
        every: float = 0.0,
    ):
        self.path = Path(path)
        self.name = name or self.path.name
        if first < 0 or (last is not None and last <= first):
            raise FilmError(f"From second {first:g} to {last:g} there is nothing to take.")
        self._asked = {"do": "open", "path": str(self.path.resolve()), "name": self.name}
        self._asked |= {"shortest": shortest, "first": first, "last": last, "most": most}
        self._asked |= {"every": every}
        self.damaged = 0
        with self._telling(), _CHAMBER.held() as ask:
            self.facts = _facts(ask(self._asked)[0])
            ask({"do": "close"})

    @property
    def title(self) -> str:
        return self.name

    def __iter__(self) -> Iterator[Frame | Sound]:
        """Frames, and the sound between them, in the order of the file; raises FilmError where
        it cannot be read on. damaged: places that were passed over, once it is through."""
        width, height = self.facts.size
        size = width * height * 3
        with self._telling(), _CHAMBER.held() as ask:
            ask(self._asked)
            count = 1  # The first alone, as somebody waits for it.
            is_over = False
            while not is_over:
                said, data = ask({"do": "more", "count": count})
                count, is_over, self.damaged = AT_ONCE, said["over"], said["damaged"]
                frames = size * len(said["times"])
                # Sound first: it is of the same time, and takes no time to write.
                yield from self._sounds(said["heard"], data[frames:])
                for place, time in enumerate(said["times"]):
                    pixels = data[place * size : (place + 1) * size]
                    yield Frame(Image.frombytes("RGB", (width, height), pixels), float(time))
            ask({"do": "close"})

    def _sounds(self, heard: list, data: bytes) -> Iterator[Sound]:
        place = 0
        for time, count in heard:
            samples = np.frombuffer(data[place : place + count], np.int16)
            yield Sound(samples.reshape(-1, self.facts.channels), float(time))
            place += count

    def _telling(self) -> "_Telling":
        return _Telling(self.name)


class _Telling:
    """Whatever became of the process, as a FilmError with a sentence."""

    def __init__(self, name: str):
        self.name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ConfinedError):
            is_told = error.kind in ("FilmError", "ImageError")
            raise FilmError(str(error) if is_told else f"{self.name} {error.why}.") from None


def _facts(said: dict) -> Facts:
    listed = {name: tuple(said[name]) for name in ("size", "came", "notes")}
    return Facts(**{**said, **listed})
