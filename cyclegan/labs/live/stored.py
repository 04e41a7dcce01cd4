"""What is read back from disk, checked as if a stranger had written it: kind, size, types, ranges.

Knows plain files, JSON, dataclasses of plain fields and the lines of a log; no training.
"""

import json
import types
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_origin

from ...core import files
from ...store.checkpoints import CheckpointError
from ...training import runs

MOST = float(2**53)
"""No number of ours is larger, or below 0."""

MOST_TEXT = 4000
MOST_CHANGES = 5000
MOST_LOG = 2**28
"""Characters of one text, changes of a training, and bytes of an arm's log."""


def read_bytes(path: Path, most: int) -> bytes:
    """The whole of a plain file of at most `most` bytes; raises CheckpointError."""
    try:
        if not path.is_file():  # A pipe would keep its reader waiting for ever.
            raise CheckpointError(f"{path.name} is missing, or no plain file.")
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror}.") from error
    if len(content) > most:
        raise CheckpointError(f"{path.name} is larger than {files.size(most)}.")
    return content


def read_object(path: Path, most: int) -> dict:
    """A JSON object in a file of at most `most` bytes; raises CheckpointError."""
    try:
        values = json.loads(read_bytes(path, most).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{path.name} is damaged: it is no JSON.") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path.name} is damaged: it holds no JSON object.")
    return values


def build(cls: type, values: dict, where: str) -> Any:
    """A dataclass of `str`, `int`, `float`, optional ones, and changes, from its JSON.

    Texts are short, numbers finite and not below 0. Raises CheckpointError with the first entry
    that is not valid.
    """
    wanted = {field.name: field.type for field in fields(cls)}
    for name, value in values.items():
        if name not in wanted:
            raise CheckpointError(f"{where} is damaged: it has an entry {files.printable(name)}.")
        if not _fits(wanted[name], value):
            raise CheckpointError(f"{where} is damaged: its entry {name} is not valid.")
    made = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
    try:
        return cls(**made)
    except TypeError as error:
        raise CheckpointError(f"{where} is damaged: an entry is missing.") from error


def _fits(wanted: Any, value: object) -> bool:
    if isinstance(wanted, types.UnionType):
        return any(_fits(one, value) for one in get_args(wanted))
    if wanted is types.NoneType:
        return value is None
    if wanted is str:
        return isinstance(value, str) and len(value) <= MOST_TEXT
    if wanted in (int, float):
        return _is_number(value) and (wanted is float or isinstance(value, int))
    return get_origin(wanted) is tuple and are_changes(value)


def _is_number(value: object) -> bool:
    """Finite, and within what we write; a bool is none."""
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return is_one and 0 <= value <= MOST


def are_changes(value: object) -> bool:
    """Whether `value` lists what was changed on the way: {"step", "name", "value"}, and "arm"."""
    if not isinstance(value, list | tuple) or len(value) > MOST_CHANGES:
        return False
    return all(
        isinstance(change, dict)
        and change.keys() - {"arm"} == {"step", "name", "value"}
        and _fits(int, change["step"])
        and _fits(str, change["name"])
        and _is_number(change["value"])
        and (change.get("arm") is None or (_fits(int, change["arm"]) and change["arm"] in (0, 1)))
        for change in value
    )


def read_curve(run: Path) -> list[dict]:
    """A run's log as curves: "step", "rate", "terms", and figures by their places in
    the log (`FIGURES`); what is damaged is left out."""
    log = run / runs.LOG
    try:
        if not log.is_file() or log.stat().st_size > MOST_LOG:
            return []
        lines = runs.read_log(run)
    except (OSError, RecursionError):
        return []
    return [_point(line) for line in lines if _fits(int, line.get("step"))]


def _point(line: dict) -> dict:
    found = {"step": line["step"]}
    if _is_number(line.get("rate")):
        found["rate"] = line["rate"]
    for kind in ("terms", *runs.FIGURES.values()):
        if isinstance(line.get(kind), dict):
            found[kind] = {n: v for n, v in line[kind].items() if _is_finite(v)}
    return found


def _is_finite(value: object) -> bool:
    """A loss may lie below 0; of either sign no number is larger than ours."""
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return is_one and -MOST <= value <= MOST
