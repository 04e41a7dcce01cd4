"""Visitors' recordings of two speakers to a folder that `recordings` opens, in one move or not.

They are decoded in a process with walls and written anew as FLAC under numbers of our own, so that
whatever is in an upload, nothing but samples reaches the disk. What cannot be used is left out and
named; what is counted is what the lesson will find there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core import files, listing
from ..core.listing import LeftOut
from ..core.sound.clip import SoundError
from ..core.sound.medium import LONGEST, VOICE
from ..core.sound.opening import MAX_BYTES
from ..core.sound.writing import flac
from . import recordings, zips
from .data import DataError
from .intake import CancelledError, Tally, of_another_kind

MAX_RECORDINGS = 200
"""Files of one speaker."""

MOST = 300.0
"""Seconds of speech of one speaker; what comes after them is not taken."""

LIMITS = (
    f"Each side: one speaker, {recordings.LEAST:.0f} s of speech at least, in up to "
    f"{MAX_RECORDINGS} files of {LONGEST / 60:.0f} minutes and {MAX_BYTES >> 20} MiB. Silence is "
    f"cut and loudness levelled; the first {MOST / 60:.0f} minutes of speech are taken."
)

BEYOND = f"comes after the first {MOST / 60:.0f} minutes of speech, which are taken"


@dataclass(frozen=True)
class Speaker:
    """What became of one side: recordings, seconds of speech in them, what was left out and why."""

    count: int
    seconds: float
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class Taken:
    """What became of both sides."""

    x: Speaker
    y: Speaker

    @property
    def sentence(self) -> str:
        """What was taken in, for people."""
        return " ".join(self._of(name, side) for name, side in (("X", self.x), ("Y", self.y)))

    @staticmethod
    def _of(name: str, side: Speaker) -> str:
        many = f"{side.count} recording{'' if side.count == 1 else 's'}"
        said = f"{name}: {side.seconds:.0f} s of speech in {many}"
        return f"{said}. Left out: {listing.tell(side.left_out)}." if side.left_out else f"{said}."


def take_in(
    folder: Path,
    x: Sequence[Path],
    y: Sequence[Path],
    size: int,
    progress: Tally | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Taken:
    """Write the folder of recordings `folder`, which must not exist yet, for parts of `size`
    columns.

    x, y: uploaded sound files of each speaker, or films with sound. Raises DataError with the limit
    or the fault, or CancelledError; then `folder` is not there.
    """
    for name, side in (("X", x), ("Y", y)):
        _check(name, side)
    speakers: list[Speaker] = []

    def fill(fresh: Path) -> None:
        for name, letter, side in (("X", "A", x), ("Y", "B", y)):
            target = fresh / f"train{letter}"
            target.mkdir()

            def tell(done: int, name: str = name, side: Sequence[Path] = side) -> None:
                if cancelled and cancelled():
                    raise CancelledError
                if progress:
                    progress(name, done, len(side))

            speakers.append(_take(name, sorted(side, key=lambda f: f.name), target, size, tell))

    files.replace_folder(folder, fill)
    return Taken(*speakers)


def _check(name: str, side: Sequence[Path]) -> None:
    """Raise DataError for what can be told without opening a file."""
    if not side:
        raise DataError(f"{name} has no recordings yet. {LIMITS}")
    if len(side) > MAX_RECORDINGS:
        raise DataError(
            f"{name} has {len(side):,} recordings; at most {MAX_RECORDINGS} of a speaker are taken."
        )
    for file in side:
        if not listing.why_not(file.name):
            raise of_another_kind(name, file, "picture", "recording")


def _take(
    name: str, side: Sequence[Path], target: Path, size: int, tell: Callable[[int], None]
) -> Speaker:
    seconds, count, left_out = 0.0, 0, []
    for done, file in enumerate(side):
        tell(done)
        shown = zips.short(file.name)
        if seconds >= MOST:
            left_out.append(LeftOut(shown, BEYOND))
            continue
        path = target / f"{done:03d}{VOICE.ending}"
        try:
            path.write_bytes(flac(VOICE.recorded(file, shown)))
            seconds += recordings.speech(path, size, shown).seconds
            count += 1
        except SoundError as error:
            path.unlink(missing_ok=True)
            left_out.append(listing.complaint(shown, error))
    tell(len(side))
    recordings.check(name, seconds, left_out)
    return Speaker(count, seconds, tuple(left_out))
