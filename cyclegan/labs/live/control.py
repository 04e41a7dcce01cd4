"""What may be asked of a training while it runs: small files in FOLDER/commands, done in order.

Files outlive the page that wrote them, and one that was not carried out yet outlives the worker.
"""

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ...core import files
from ...core.config import ConfigError, Objective

COMMANDS = "commands"

ACTIONS = ("pause", "continue", "step", "stop", "discard", "set")

RATE = "rate"

MOST_WEIGHT, MOST_RATE = 1000.0, 0.01
MAX_BYTES = 2000


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
            raise ControlError(f"There is no command {self.do}; valid are {', '.join(ACTIONS)}.")
        if self.do != "set":
            return
        if not isinstance(self.name, str):
            raise ControlError("What is set has a name.")
        if self.arm not in (None, 0, 1) or isinstance(self.arm, bool):
            raise ControlError("There are two arms, 0 and 1.")
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            raise ControlError(f"{self.name} must be a number, not {self.value!r}.")
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
            f"{files.printable(str(command.name))} cannot be changed while training; rate and the "
            f"weights of {', '.join(objective.weights())} can."
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
    """Leave a command for the worker of `folder`."""
    name = f"{time.time_ns():020d}-{os.urandom(4).hex()}.json"
    files.write_json(folder / COMMANDS / name, asdict(command))


def pending(folder: Path) -> list[tuple[Path, Command | ControlError]]:
    """What is to be done, oldest first, each with its file, to be removed when it is done."""
    try:
        names = sorted(name for name in os.listdir(folder / COMMANDS) if name.endswith(".json"))
    except FileNotFoundError:
        return []
    paths = [folder / COMMANDS / name for name in names if not name.startswith(".")]
    return [(path, _read(path)) for path in paths]


def forget(folder: Path) -> None:
    """Before a new worker takes over: of what the last one left undone, changes alone remain."""
    for path, command in pending(folder):
        if not (isinstance(command, Command) and command.do == "set"):
            path.unlink(missing_ok=True)


def _read(path: Path) -> Command | ControlError:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ControlError("A command is too long.")
        return Command(**json.loads(path.read_text(encoding="utf-8")))
    except ControlError as error:
        return error
    except (OSError, ValueError, TypeError, RecursionError):
        return ControlError("A command could not be read.")
