"""Frames of films as pictures to train on: one every so often, without those that are nearly alike.

The last tenth of a film is held out as a whole: frames beside each other are no strangers. Films
are opened as `core.films` does it, in a process with walls.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..core.films import FilmFile, Frame
from ..core.listing import LeftOut

EVERY = 1.0
"""Seconds between two frames."""

LONGEST, MOST = 1200.0, 600
"""Seconds of a film that are looked through, and frames of it: in longer ones they lie further
apart."""

NEARLY = 6.0
"""Of 255: mean difference of thumbnails below which two frames are nearly alike."""

THUMBNAIL = 16
"""Pixels of their sides."""

HELD_OUT = 0.1
"""Of a film's length, at its end."""


class Taken(NamedTuple):
    """A frame that is taken: its name, whether it is held out, and a PNG of it."""

    name: str
    is_test: bool
    data: bytes


def frames(path: Path, name: str, shortest: int) -> Iterator[Taken | LeftOut]:
    """Of one film, what is taken and, at the end, what was left out; raises FilmError.

    name: for people. shortest: pixels of the shorter side that larger frames are reduced to.
    """
    seconds = FilmFile(path, shortest, last=LONGEST, name=name).facts.seconds
    stem, seen, alike = Path(name).stem, [], 0
    every = max(EVERY, seconds / MOST)
    for one in FilmFile(path, shortest, last=LONGEST, name=name, every=every):
        if not isinstance(one, Frame):
            continue
        thumbnail = _thumbnail(one.picture)
        if any(np.abs(thumbnail - other).mean() < NEARLY for other in seen):
            alike += 1
            continue
        seen.append(thumbnail)
        is_test = seconds > 0 and one.time >= (1 - HELD_OUT) * seconds
        yield Taken(f"{stem} {one.time:07.1f} s", is_test, _png(one.picture))
    if alike:
        yield LeftOut(name, f"has {alike:,} frames that are nearly like others")


def _thumbnail(picture: Image.Image) -> np.ndarray:
    small = picture.convert("RGB").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    return np.asarray(small).astype(np.int16)


def _png(picture: Image.Image) -> bytes:
    held = io.BytesIO()
    picture.save(held, format="PNG", compress_level=1)
    return held.getvalue()
