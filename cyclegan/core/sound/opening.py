"""A sound's file from outside: opened by a process with walls, as a `Clip`.

Whatever a file makes of its decoder, nothing but samples comes back.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from .. import containers
from ..confined import Chamber, ConfinedError
from .clip import Clip, SoundError

MAX_BYTES = 128 * 2**20
"""Of a file, which may be a film: twelve minutes of sound on a disc."""

SECONDS, MEMORY, PLACES = 15.0, 2**30, 2
"""What one of strangers' sounds may take, and how many are opened at a time. Ten minutes of MP3
took 2 s on one core."""

NICENESS = 5
"""Somebody waits for it who has just spoken."""

_CHAMBER = Chamber(f"{__package__}.reading:answer", PLACES, SECONDS, MEMORY, niceness=NICENESS)


class Opened(NamedTuple):
    """clip: at most as long as was asked for. is_longer: whether there was more. damaged: places
    that were passed over."""

    clip: Clip
    is_longer: bool
    damaged: int


def check_installed() -> None:
    """Raise SoundError where PyAV is missing."""
    if not containers.is_installed():
        raise SoundError(
            "Sounds need the library PyAV, which is not installed: pip install av (34 MB to pull)."
        )


def load(path: Path | str, most: float, name: str = "") -> Opened:
    """The first `most` seconds of a sound, or of a film's.

    name: stands in messages. Raises SoundError.
    """
    check_installed()
    path = Path(path)
    name = name or path.name
    try:
        size = path.stat().st_size
    except OSError as error:
        raise SoundError(f"{name} cannot be read: {error.strerror}.") from error
    if size > MAX_BYTES:
        raise SoundError(
            f"{name} has {size / 2**20:.0f} MB; at most {MAX_BYTES // 2**20} are taken. Cut it "
            "shorter, or save it as MP3."
        )
    asked = {"path": str(path.resolve()), "name": name, "most": most}
    try:
        said, data = _CHAMBER(asked)
    except ConfinedError as error:
        is_told = error.kind == SoundError.__name__
        raise SoundError(str(error) if is_told else f"{name} {error.why}.") from None
    clip = Clip(np.frombuffer(data, np.float32))
    return Opened(clip, bool(said["longer"]), int(said["damaged"]))
