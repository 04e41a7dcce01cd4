"""What the page asks of a film in the queue."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from ...core import files
from ..live import Director, status, stored
from .settings import FilmSettings

NAME = "film.mp4"

LIMITED = 2**20
"""Bytes of settings."""


def start(director: Director, settings: FilmSettings, frames: int, owner: str = "") -> str:
    """Queue a film; returns its id.

    A file is taken along, so that it is there when its turn comes. frames: how many are expected.
    Raises ControlError where queue or disk are full, or the owner has as many as one may have.
    """

    def fill(new: Path, folder: Path) -> int:
        asked = settings
        if settings.name:
            (new / status.DATA).mkdir()
            copy = f"film{Path(settings.source).suffix.lower()}"
            _take_along(Path(settings.source), new / status.DATA / copy)
            asked = replace(settings, source=str((folder / status.DATA / copy).absolute()))
        files.write_json(new / status.FILM, asked.to_dict())
        return frames

    return director.enqueue("film", fill, owner)


def _take_along(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # On another disk.
        shutil.copyfile(source, target)


def settings_of(folder: Path) -> FilmSettings:
    """Raises CheckpointError."""
    return FilmSettings.from_dict(stored.read_object(folder / status.FILM, LIMITED))


def film_of(folder: Path) -> Path | None:
    """The film that a job made, or the finished part of it; None where there is neither."""
    path = folder / NAME
    found = (path, path.with_name(f"{path.stem}.part{path.suffix}"))
    return next((one for one in found if one.is_file()), None)
