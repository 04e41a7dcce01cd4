"""How a live training is doing, as one small JSON file, and where its other files lie.

    live.json        its settings; film.json those of a film, which has its turn among trainings
    status.json      this file's Status, replaced every second or so
    frame.png        the newest pictures of both arms (look.py)
    frames/          those of both arms so far (reel.py)
    listens/         what was heard of them, where there is something to hear (listens.py)
    commands/        what was asked of it and is not done yet (control.py)
    worker.log       what the worker printed
    .lock            held by the worker for as long as it lives
    owner            the mark of whoever started it; missing where it is nobody's
    data/            own pictures, if any
    SLUG/            each arm's run folder

Whoever holds the lock may write the status: the worker, or else the director. Whoever reads trusts
none of it.
"""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from filelock import FileLock

from ...core import files
from ...core.config import ConfigError
from ...store.checkpoints import CheckpointError
from . import stored
from .settings import LiveSettings

SETTINGS, STATUS, LOCK, LOG, DATA = "live.json", "status.json", ".lock", "worker.log", "data"
OWNER, FILM = "owner", "film.json"

MAX_BYTES = 2**20
"""Of a status, and of settings."""

MAX_OWNER = 64
"""Characters of an owner's mark."""

ALIVE = frozenset({"starting", "running", "paused", "measuring"})
"""States of which a worker process is in charge."""

DAMAGED = "damaged"
"""The state of a training of which a file cannot be read: it is seen, and can be discarded."""

RESUMABLE = frozenset({"stopped", "interrupted", "died", "failed", DAMAGED})

ENDED = RESUMABLE | {"finished"}

AHEAD = 5.0
"""Seconds by which a time from disk may be ahead of the clock before it counts as unknown."""


@dataclass(frozen=True)
class Status:
    """A moment of a live training.

    state: queued, starting, running, paused, measuring, finished (all steps or minutes), stopped
        (early, and kept), interrupted (the page closed), died (the worker was killed), failed
        (`sentence` says why) or discarded; and damaged, which nobody writes.
    step, saved_step: steps done, and those that a kill at this moment would leave.
    steps_per_second: lately, both arms, looking and saving included.
    seconds: trained so far, without pauses. seconds_left: estimated; None where unknown.
    held: seconds by the clock on the wall that its worker, or workers, lived so far.
    looking, saving: shares of `seconds` spent on frames, figures and sounds, and on checkpoints.
    changes: what was changed on the way: {"step", "arm", "name", "value"}, effective after `step`.
    notice: the answer to a command that could not be done.
    written: time.time() of this status. asked: time.time() when it joined the queue. Either is 0
        where what lies on disk cannot be true.
    place: in the queue, from 1; 0 when not waiting.
    """

    state: str
    sentence: str = ""
    step: int = 0
    steps: int = 0
    saved_step: int = 0
    steps_per_second: float = 0.0
    seconds: float = 0.0
    seconds_left: float | None = None
    looking: float = 0.0
    saving: float = 0.0
    changes: tuple[dict, ...] = ()
    notice: str = ""
    written: float = 0.0
    asked: float = 0.0
    place: int = 0
    held: float = 0.0

    @property
    def is_alive(self) -> bool:
        return self.state in ALIVE

    @property
    def is_resumable(self) -> bool:
        return self.state in RESUMABLE

    @property
    def is_ended(self) -> bool:
        return self.state in ENDED

    @property
    def silent(self) -> float:
        """Seconds since the status was written; long ones in a live state mean a slow worker."""
        return max(0.0, time.time() - self.written)


def write(folder: Path, status: Status) -> Status:
    """Raises CheckpointError where the folder is gone: it is not made anew."""
    if not folder.is_dir():
        raise CheckpointError(f"The folder of the training {folder.name} is gone.")
    status = replace(status, written=time.time())
    files.write_json(folder / STATUS, asdict(status))
    return status


def read(folder: Path) -> Status:
    """Raises CheckpointError where `folder` holds no live training, or a damaged one."""
    values = stored.read_object(folder / STATUS, MAX_BYTES)
    for name in ("written", "asked"):
        if name in values:
            values[name] = _time(values[name])
    found = stored.build(Status, values, STATUS)
    if found.state not in ALIVE | ENDED | {"queued", "discarded"} or found.state == DAMAGED:
        raise CheckpointError(f"{STATUS} is damaged: its entry state is not valid.")
    return found


def _time(value: object) -> float:
    """A time of day from disk; 0, which is long ago, for one to come or none at all."""
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_one and 0 <= value <= time.time() + AHEAD else 0.0


def read_settings(folder: Path) -> LiveSettings:
    """Raises CheckpointError."""
    values = stored.read_object(folder / SETTINGS, MAX_BYTES)
    try:
        return LiveSettings.from_dict(values)
    except (ConfigError, TypeError, ValueError, AttributeError, OverflowError) as error:
        said = files.printable(str(error))
        raise CheckpointError(f"{SETTINGS} of this training is damaged: {said}") from error


def is_film(folder: Path) -> bool:
    """Whether what waits or works in a folder is a film (`labs.films`), and no training."""
    return (folder / FILM).is_file()


def over(minutes: float, step: int, steps: int) -> str:
    """Of a training that has had its time on a host's machine."""
    return (
        f"The {minutes:g} minutes that this page gives a training are over, after {step:,} of "
        f"{steps:,} steps."
    )


def write_owner(folder: Path, owner: str) -> None:
    files.write_text(folder / OWNER, owner)


def read_owner(folder: Path) -> str:
    """The mark of whoever started a training; "" where it is nobody's, or cannot be read."""
    try:
        found = stored.read_bytes(folder / OWNER, 4 * MAX_OWNER).decode("utf-8")
    except (CheckpointError, UnicodeDecodeError):
        return ""
    return found if is_mark(found) else ""


def is_mark(owner: object) -> bool:
    return isinstance(owner, str) and len(owner) <= MAX_OWNER and owner.isprintable()


def lock(folder: Path) -> FileLock:
    """The worker's lock: the system lets go of it when its holder dies, in whatever way."""
    return FileLock(folder / LOCK, thread_local=False)
