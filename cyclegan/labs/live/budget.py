"""How much of the disk trainings use, which of them go first, and what is said of those that went.

Only what has ended is ever removed. Knows sizes and owners; nothing of processes.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...core import files
from ...store.checkpoints import CheckpointError
from . import stored
from .control import ControlError
from .settings import Limits

GONE = ".gone.json"
"""Beside the trainings' folders: a sentence on each that was removed to make room, by its id."""

REMEMBERED = 1000
"""How many of them, the newest."""

MAX_BYTES = 2**20


@dataclass(frozen=True)
class Kept:
    """A training on disk: whose, how many bytes, and since when it has ended (None: it has not)."""

    owner: str
    size: int
    ended: float | None


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; two names of one file count once."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                seen = os.lstat(os.path.join(place, name))
            except OSError:
                continue  # Replaced, or removed, at this moment.
            # By its own name where the system numbers no files.
            found[(seen.st_dev, seen.st_ino) if seen.st_ino else (place, name)] = seen.st_size
    return sum(found.values())


def too_much(kept: Mapping[str, Kept], limits: Limits) -> dict[str, str]:
    """Ids that have to go, in that order, each with the sentence that will be said of it.

    What ended first goes first: of each owner who has too much, then of all.
    """
    going: dict[str, str] = {}
    ended = sorted((k.ended, id) for id, k in kept.items() if k.ended is not None)

    def shrink(most: int, ids: set[str], whose: str) -> None:
        left = sum(kept[id].size for id in ids if id not in going)
        for _, id in ended:
            if left > most and id in ids and id not in going:
                going[id] = (
                    "This training was removed to make room: the page keeps "
                    f"{files.size(most)} of trainings{whose}."
                )
                left -= kept[id].size

    if limits.disk_per_owner is not None:
        for owner in sorted({k.owner for k in kept.values()} - {""}):
            theirs = {id for id, k in kept.items() if k.owner == owner}
            shrink(limits.disk_per_owner, theirs, " for each visitor")
    if limits.disk is not None:
        shrink(limits.disk, set(kept), "")
    return going


def check(kept: Mapping[str, Kept], limits: Limits, owner: str, more: int) -> None:
    """Raise ControlError where no removal could make room for `more` bytes of this owner."""
    staying = [k for k in kept.values() if k.ended is None]
    if limits.disk is not None and (all_ := sum(k.size for k in staying) + more) >= limits.disk:
        raise ControlError(
            f"The trainings that run or wait, with this one, fill {files.size(all_)}, and this "
            f"page keeps {files.size(limits.disk)} of trainings; try again when one has ended."
        )
    own = sum(k.size for k in staying if k.owner == owner) + more
    if owner and limits.disk_per_owner is not None and own >= limits.disk_per_owner:
        raise ControlError(
            f"Your trainings that run or wait, with this one, fill {files.size(own)}, and this "
            f"page keeps {files.size(limits.disk_per_owner)} of trainings for each visitor; stop "
            "one, or wait until it ends."
        )


def remember(root: Path, id: str, sentence: str) -> None:
    """So that `gone` can say what became of a training."""
    known = {**_read(root), id: sentence}
    files.write_json(root / GONE, dict(list(known.items())[-REMEMBERED:]))


def gone(root: Path, id: str) -> str:
    """A sentence on a training that was removed to make room; "" for all others."""
    return _read(root).get(id, "")


def _read(root: Path) -> dict[str, str]:
    try:
        values = stored.read_object(root / GONE, MAX_BYTES)
    except CheckpointError:
        return {}
    return {id: said for id, said in values.items() if isinstance(said, str) and len(said) < 300}
