"""What was heard of a live training so far: the beginning of one input, and what arms made of it.

    listens/given/x.flac       the input; y.flac, its truth, where there is one
    listens/STEP/a-made.flac   of either arm, a and b, by the key of a view

Of more steps than MOST the one that is missed least goes. Knows clips and files, no networks.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from ...core import files
from ...core.sound.clip import Clip
from ...core.sound.writing import flac
from ...store.checkpoints import CheckpointError
from . import reel, stored

LISTENS, GIVEN = "listens", "given"
"""The folder beside the frames, and in it, beside the steps, what never changes."""

MOST = 24
"""Steps of a training; of six clips of two seconds each has 250 kB."""

SECONDS = 3.0
"""Of a clip."""

CLIPS, MAX_BYTES = 16, 2**18
"""Clips of a step, and bytes of one, that are read back."""

NAME = re.compile(r"[xy]|[ab]-[\w.+-]{1,64}")

MAGIC = b"fLaC"


def keep(folder: Path, step: int, clips: Mapping[str, Clip]) -> None:
    """Add what arms made at a step, and let those go that are too many."""
    _write(_path(folder, step), clips)
    while len(known := steps(folder)) > MOST:
        shutil.rmtree(_path(folder, reel.missed_least(known)), ignore_errors=True)


def keep_given(folder: Path, clips: Mapping[str, Clip]) -> None:
    """What they are made of, and what they are held against."""
    _write(folder / LISTENS / GIVEN, clips)


def steps(folder: Path) -> list[int]:
    """Steps that can be heard, in order."""
    try:
        names = [path.name for path in (folder / LISTENS).iterdir()]
    except OSError:
        return []
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def forget_after(folder: Path, step: int) -> None:
    """Remove those of steps that a training has lost, and makes again."""
    for known in steps(folder):
        if known > step:
            shutil.rmtree(_path(folder, known), ignore_errors=True)


def read(folder: Path, step: int) -> dict[str, bytes]:
    """FLAC files of a step by arm and view, such as "a-made"; nothing of one that is gone."""
    return _read(_path(folder, step))


def read_given(folder: Path) -> dict[str, bytes]:
    """Those of the input and of its truth, "x" and "y"."""
    return _read(folder / LISTENS / GIVEN)


def _path(folder: Path, step: int) -> Path:
    return folder / LISTENS / f"{step:07d}"


def _write(path: Path, clips: Mapping[str, Clip]) -> None:
    def fill(fresh: Path) -> None:
        for name, clip in clips.items():
            (fresh / f"{name}.flac").write_bytes(flac(clip))

    files.replace_folder(path, fill)


def _read(path: Path) -> dict[str, bytes]:
    found = {}
    for file in sorted(path.glob("*.flac"))[:CLIPS]:
        if not NAME.fullmatch(file.stem):
            continue
        try:
            content = stored.read_bytes(file, MAX_BYTES)
        except CheckpointError:
            continue
        if content.startswith(MAGIC):
            found[file.stem] = content
    return found
