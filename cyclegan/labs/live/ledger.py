"""The trainings below one root: their ids, their queue, and what may be taken from or removed.

Knows nothing of processes.
"""

import os
import re
import secrets
import shutil
import tempfile
import time
import zipfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from ...core import files
from ...store import checkpoints
from ...store.checkpoints import CheckpointError
from ...training.runs import STATE
from ..handout import moving, samples
from . import budget, status
from .control import ControlError
from .lockstep import PREVIOUS
from .status import Status

ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,99}")

NEW = ".new-"
"""What is being made or removed begins with this; it is no training (any more)."""

STALE = 6 * 3600
"""Seconds after which what a page left unfinished when it died is removed."""


def new_id(data: str) -> str:
    """ "2026-11-22-1105-horses-3f2a": sorted by time, told apart within a minute."""
    name = re.sub(r"[^0-9A-Za-z_-]+", "-", data)[:40].strip("-") or "data"
    return f"{time.strftime('%Y-%m-%d-%H%M')}-{name}-{secrets.token_hex(2)}"


def read_all(root: Path) -> dict[str, Status]:
    """All trainings and films by id, the newest first, with their places in the queue.

    One of which a file is damaged is among them as such: it says so, and can be discarded.
    """
    found = {}
    for path in _folders(root):
        try:
            found[path.name] = _read(path)
        except CheckpointError as error:
            if is_there(path):  # Or it is just being removed.
                found[path.name] = Status(status.DAMAGED, f"{error} {_remedy(path)}")
    queue = sorted((s.asked, id) for id, s in found.items() if s.state == "queued")
    for place, (_, id) in enumerate(queue, 1):
        found[id] = replace(found[id], place=place)
    return dict(sorted(found.items(), key=lambda item: (-item[1].asked, item[0])))


def _folders(root: Path) -> list[Path]:
    try:
        return [path for path in root.iterdir() if ID.fullmatch(path.name) and is_there(path)]
    except OSError:
        return []  # No training, as long as the foreman has not made the root anew.


def is_there(folder: Path) -> bool:
    """Whether a folder is a training's, in whatever state."""
    if folder.is_symlink():
        return False
    return any(os.path.lexists(folder / name) for name in (status.STATUS, status.SETTINGS))


def _read(folder: Path) -> Status:
    """Raises CheckpointError where status or settings are damaged."""
    found = status.read(folder)
    if status.is_film(folder):
        return found
    try:
        seen = (folder / status.SETTINGS).stat()
    except OSError as error:
        said = f"{status.SETTINGS} of this training cannot be read: {error.strerror}."
        raise CheckpointError(said) from error
    _check_settings(folder, (seen.st_mtime_ns, seen.st_size, seen.st_ino))
    return found


@lru_cache(256)
def _check_settings(folder: Path, version: tuple[int, ...]) -> None:
    """Settings are written once and looked at twice a second: read once a version."""
    status.read_settings(folder)


def _remedy(folder: Path) -> str:
    try:
        status.read_settings(folder)
    except CheckpointError:
        return "The training cannot go on; it can be discarded."
    return "The training can go on from its last checkpoint, where it has one, or be discarded."


def folder_of(root: Path, id: str) -> Path:
    """A training's folder; raises ControlError for what is none of ours, or no more."""
    folder = root / id
    if not (ID.fullmatch(id) and is_there(folder)):
        sentence = budget.gone(root, id) or f"There is no training {files.printable(id)} any more."
        raise ControlError(sentence)
    return folder


def weigh(root: Path, found: dict[str, Status]) -> dict[str, budget.Kept]:
    """What trainings use of the disk."""
    return {
        id: budget.Kept(
            status.read_owner(root / id),
            budget.size_of(root / id),
            seen.written if seen.is_ended else None,
        )
        for id, seen in found.items()
    }


def is_saved(folder: Path) -> bool:
    """Whether both arms have a state to go on from."""
    return len(list(folder.glob(f"*/{STATE}"))) == 2


def forget_pictures(folder: Path) -> None:
    """Remove own pictures of a training, and nothing that a link may lead to."""
    put_aside(folder.parent, folder / status.DATA)


def put_aside(root: Path, path: Path) -> None:
    """Out of the way in one move, whatever it is, and then gone, if it lets itself be removed."""
    aside = root / f"{NEW}gone-{secrets.token_hex(4)}"
    os.replace(path, aside)
    if aside.is_dir() and not aside.is_symlink():
        shutil.rmtree(aside, ignore_errors=True)
    else:
        aside.unlink(missing_ok=True)


def remove(root: Path, id: str) -> None:
    """Delete a training's folder, and nothing that a link in it may lead to."""
    # Out of sight in one move, so that a half-deleted training is never shown.
    put_aside(root, folder_of(root, id))


def sweep(root: Path) -> None:
    """Remove what a page that died has left half made or half removed."""
    for path in root.glob(f"{NEW}*"):
        if abs(time.time() - path.lstat().st_mtime) > STALE:
            put_aside(root, path)


def _film(arms: list[Path]) -> bytes:
    """Of the arms side by side through time; empty where nothing moves yet."""
    configs = {arm: checkpoints.read_config(arm) for arm in arms if checkpoints.is_checkpoint(arm)}
    film = samples.of_several(
        [samples.Training(c.objective.name, arm, c) for arm, c in configs.items()]
    )
    if not moving.moves(film):
        return b""
    with tempfile.TemporaryDirectory() as folder:
        return moving.write(Path(folder) / "film.webp", film, "Training").read_bytes()


def archive(folder: Path, destination: Path, state: bool = False) -> Path:
    """Write a zip of what a training made: checkpoints, logs, samples and a film of these, no own
    pictures.

    state: with the arms' training states, to go on with elsewhere (several times as large).
    """
    left_out = {PREVIOUS} if state else {PREVIOUS, STATE}
    slugs = status.read_settings(folder).slugs

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
            if film := _film([folder / slug for slug in slugs]):
                packed.writestr(f"{folder.name}/film.webp", film)
            for slug in slugs:
                for file in sorted((folder / slug).rglob("*")):
                    wanted = file.name not in left_out and not file.name.startswith(".")
                    if wanted and file.is_file() and not file.is_symlink():
                        packed.write(file, f"{folder.name}/{file.relative_to(folder)}")

    files.write_atomically(destination, write)
    return destination
