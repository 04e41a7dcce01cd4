"""The trainings below one root: their ids, their queue, and what may be taken from or removed.

Knows nothing of processes.
"""

import os
import re
import secrets
import shutil
import time
import zipfile
from dataclasses import replace
from pathlib import Path

from ...core import files
from ...store.checkpoints import CheckpointError
from ...training.runs import STATE
from . import status
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
    """All trainings by id, the newest first, with their places in the queue."""
    found = {}
    for path in root.iterdir():
        if ID.fullmatch(path.name) and path.is_dir() and (path / status.STATUS).is_file():
            try:
                found[path.name] = status.read(path)
            except CheckpointError:
                continue  # Just being removed, or spoilt by hand: nothing can be done with it.
    queue = sorted((s.asked, id) for id, s in found.items() if s.state == "queued")
    for place, (_, id) in enumerate(queue, 1):
        found[id] = replace(found[id], place=place)
    return dict(sorted(found.items(), key=lambda item: (-item[1].asked, item[0])))


def folder_of(root: Path, id: str) -> Path:
    """A training's folder; raises ControlError for what is none of ours."""
    folder = root / id
    if not ID.fullmatch(id) or folder.is_symlink() or not (folder / status.STATUS).is_file():
        raise ControlError(f"There is no training {files.printable(id)} any more.")
    return folder


def remove(root: Path, id: str) -> None:
    """Delete a training's folder, and nothing that a link in it may lead to."""
    # Out of sight in one move, so that a half-deleted training is never shown.
    gone = root / f"{NEW}gone-{secrets.token_hex(4)}"
    os.replace(folder_of(root, id), gone)
    shutil.rmtree(gone)


def sweep(root: Path) -> None:
    """Remove what a page that died has left half made or half removed."""
    for path in root.glob(f"{NEW}*"):
        if time.time() - path.stat().st_mtime > STALE:
            shutil.rmtree(path)


def archive(folder: Path, destination: Path, state: bool = False) -> Path:
    """Write a zip of what a training made: checkpoints, logs and samples, no own pictures.

    state: with the arms' training states, to go on with elsewhere (several times as large).
    """
    left_out = {PREVIOUS} if state else {PREVIOUS, STATE}

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
            for slug in status.read_settings(folder).slugs:
                for file in sorted((folder / slug).rglob("*")):
                    wanted = file.name not in left_out and not file.name.startswith(".")
                    if wanted and file.is_file() and not file.is_symlink():
                        packed.write(file, f"{folder.name}/{file.relative_to(folder)}")

    files.write_atomically(destination, write)
    return destination
