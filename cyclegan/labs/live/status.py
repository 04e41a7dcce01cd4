"""How a live training is doing, as one small JSON file, and where its other files lie.

    live.json        its settings
    status.json      this file's Status, replaced every second or so
    frame.png        the newest pictures of both arms (look.py)
    commands/        what was asked of it and is not done yet (control.py)
    worker.log       what the worker printed
    .lock            held by the worker for as long as it lives
    data/            own pictures, if any
    SLUG/            each arm's run folder

Whoever holds the lock may write the status: the worker, or else the director.
"""

import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from filelock import FileLock

from ...core import files
from ...core.config import ConfigError
from ...store import checkpoints
from .settings import LiveSettings

SETTINGS, STATUS, LOCK, LOG, DATA = "live.json", "status.json", ".lock", "worker.log", "data"

ALIVE = frozenset({"starting", "running", "paused", "measuring"})
"""States of which a worker process is in charge."""

RESUMABLE = frozenset({"stopped", "interrupted", "died", "failed"})


@dataclass(frozen=True)
class Status:
    """A moment of a live training.

    state: queued, starting, running, paused, measuring, finished (all steps or minutes), stopped
        (early, and kept), interrupted (the page closed), died (the worker was killed), failed
        (`sentence` says why) or discarded.
    step, saved_step: steps done, and those that a kill at this moment would leave.
    steps_per_second: lately, both arms, looking and saving included.
    seconds: trained so far, without pauses. seconds_left: estimated; None where unknown.
    looking, saving: shares of `seconds` spent on frames and figures, and on checkpoints.
    changes: what was changed on the way: {"step", "arm", "name", "value"}, effective after `step`.
    notice: the answer to a command that could not be done.
    written: time.time() of this status. asked: time.time() when it joined the queue.
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

    @property
    def is_alive(self) -> bool:
        return self.state in ALIVE

    @property
    def is_resumable(self) -> bool:
        return self.state in RESUMABLE

    @property
    def silent(self) -> float:
        """Seconds since the status was written; long ones in a live state mean a slow worker."""
        return max(0.0, time.time() - self.written)


def write(folder: Path, status: Status) -> Status:
    status = replace(status, written=time.time())
    files.write_json(folder / STATUS, asdict(status))
    return status


def read(folder: Path) -> Status:
    """Raises CheckpointError where `folder` holds no live training."""
    values = checkpoints.read_json(folder / STATUS)
    known = {field.name for field in fields(Status)}
    if not isinstance(values.get("state"), str) or not set(values) <= known:
        raise checkpoints.CheckpointError(f"{folder / STATUS} is damaged.")
    return Status(**{**values, "changes": tuple(values.get("changes", ()))})


def read_settings(folder: Path) -> LiveSettings:
    """Raises CheckpointError."""
    try:
        return LiveSettings.from_dict(checkpoints.read_json(folder / SETTINGS))
    except ConfigError as error:
        raise checkpoints.CheckpointError(f"{folder / SETTINGS}: {error}") from error


def lock(folder: Path) -> FileLock:
    """The worker's lock: the system lets go of it when its holder dies, in whatever way."""
    return FileLock(folder / LOCK, thread_local=False)
