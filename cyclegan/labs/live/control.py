"""What may be asked of a training while it runs: small files in FOLDER/commands, done in order.

Files outlive the page that wrote them, and one that was not carried out yet outlives the worker.
"""

import os
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ...core import files
from ...core.config import ConfigError, Objective
from ...store.checkpoints import CheckpointError
from . import stored

COMMANDS = "commands"

ACTIONS = ("pause", "continue", "step", "stop", "discard", "set")

RATE = "rate"

MOST_WEIGHT, MOST_RATE = 1000.0, 0.01
MAX_BYTES = 2000
MOST_WAITING = 100
"""Commands that may wait for a worker."""


class ControlError(ValueError):
    """A command makes no sense, or not now; the message says why."""


@dataclass(frozen=True)
class Command:
    """do: pause, continue, step (one, while paused), stop (and keep), discard, or set.

    set: `name` is "rate" or a weight of the objective, `value` its new one (weight 0: off), and
    `arm` 0 or 1, or None for both.
    """

    do: str
    name: str = ""
    value: float = 0.0
    arm: int | None = None

    def __post_init__(self):
        if self.do not in ACTIONS:
            do = files.printable(str(self.do))
            raise ControlError(f"There is no command {do}; valid are {', '.join(ACTIONS)}.")
        if self.do != "set":
            return
        if not isinstance(self.name, str):
            raise ControlError("What is set has a name.")
        if self.arm not in (None, 0, 1) or isinstance(self.arm, bool):
            raise ControlError("There are two arms, 0 and 1.")
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            value = files.printable(repr(self.value))
            raise ControlError(f"{files.printable(self.name)} must be a number, not {value}.")
        if self.name == RATE and not 0 < self.value <= MOST_RATE:
            raise ControlError(f"The rate must lie above 0 and not above {MOST_RATE:g}.")
        if self.name != RATE and not 0 <= self.value <= MOST_WEIGHT:
            raise ControlError(f"A weight must lie between 0 and {MOST_WEIGHT:g}.")

    @property
    def arms(self) -> tuple[int, ...]:
        return (0, 1) if self.arm is None else (self.arm,)


def changed(objective: Objective, command: Command, step: int) -> Objective:
    """An objective with a weight set after `step` steps; raises ControlError with what is wrong."""
    if command.name not in objective.weights():
        raise ControlError(
            f"{files.printable(str(command.name))} cannot be changed while training; the rate and "
            f"the weights of {', '.join(w.label for w in objective.weights().values())} can."
        )
    try:
        return objective.changed(command.name, float(command.value), step)
    except ConfigError as error:
        raise ControlError(str(error)) from error


def since_then(objective: Objective, changes: list[dict]) -> Objective:
    """The objective of a training that began with `objective`, after changes by hand."""
    for change in changes:
        if change["name"] != RATE:
            objective = objective.changed(change["name"], change["value"], change["step"])
    return objective


def send(folder: Path, command: Command) -> None:
    """Leave a command for the worker of `folder`; ControlError where too many wait already."""
    place = folder / COMMANDS
    if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
        place.unlink()  # None of ours; nothing could ever be asked.
    if command.do != "discard" and len(_names(folder)) >= MOST_WAITING:
        raise ControlError(f"{MOST_WAITING} commands wait for this training already.")
    name = f"{time.time_ns():020d}-{os.urandom(4).hex()}.json"
    files.write_json(place / name, asdict(command))


def pending(folder: Path) -> list[tuple[Path, Command | ControlError]]:
    """What is to be done, oldest first, each with its file, to be dropped when it is done.

    Of more than may wait, the last are there too, as "discard" is always taken.
    """
    names = _names(folder)
    if len(names) > MOST_WAITING:
        names = [*names[: MOST_WAITING - 1], names[-1]]
    paths = [folder / COMMANDS / name for name in names]
    return [(path, _read(path)) for path in paths]


def drop(path: Path) -> None:
    """Remove a command, or whatever lies there in its place."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def forget(folder: Path) -> None:
    """Before a new worker takes over: of what the last one left undone, changes alone remain."""
    while undone := [path for path, command in pending(folder) if not _is_change(command)]:
        for path in undone:
            drop(path)


def _is_change(command: Command | ControlError) -> bool:
    return isinstance(command, Command) and command.do == "set"


def _names(folder: Path) -> list[str]:
    try:
        names = os.listdir(folder / COMMANDS)
    except OSError:
        return []
    return sorted(name for name in names if name.endswith(".json") and not name.startswith("."))


def _read(path: Path) -> Command | ControlError:
    try:
        return Command(**stored.read_object(path, MAX_BYTES))
    except ControlError as error:
        return error
    except (CheckpointError, TypeError):
        return ControlError("A command could not be read.")
