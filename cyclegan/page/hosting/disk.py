"""A temporary folder of the page's own, and its budget.

Gradio's uploads and copies, half-read uploads, models that visitors opened and pulled, and
downloads all lie in one folder that no other user of the machine has, each kind in its place. It
goes with the page; what a page left that was killed, the next one sweeps.
"""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX, LOCK = "cyclegan-page-", ".lock"

UPLOADS, OPENED, PULLED, LOOSE = "gradio", "opened", "pulled", "loose"
"""Gradio's files, models that visitors opened, their pulls from the Hub, and anything else."""

GRADIO = "GRADIO_TEMP_DIR"

EVERY, OLD = 20.0, 4 * 3600.0
"""Seconds: how often budgets are looked at, and after how long anything goes."""

YOUNG = 120.0
"""Seconds in which a file may be under way still, and stays whatever the budget says."""


@contextmanager
def settled(parent: Path | None = None) -> Iterator[Path]:
    """The page's own temporary folder, which Python and Gradio use meanwhile.

    parent: where; the system's temporary folder, without. Raises OSError with nothing to write to.
    """
    parent = parent or Path(tempfile.gettempdir())
    sweep_left(parent)
    root = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    before = tempfile.tempdir, os.environ.get(GRADIO)
    with FileLock(root / LOCK):
        furnish(root)
        tempfile.tempdir, os.environ[GRADIO] = str(root / LOOSE), str(root / UPLOADS)
        try:
            yield root
        finally:
            tempfile.tempdir = before[0]
            os.environ.pop(GRADIO)
            if before[1] is not None:
                os.environ[GRADIO] = before[1]
    shutil.rmtree(root, ignore_errors=True)


def furnish(root: Path) -> Path:
    """Make a place for each kind in a page's folder; returns that folder."""
    for name in (UPLOADS, OPENED, PULLED, LOOSE):
        (root / name).mkdir(exist_ok=True)
    return root


def sweep_left(parent: Path) -> None:
    """Remove folders of pages that were killed: nobody holds their locks."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError, Timeout):
            if folder.is_symlink() or time.time() - folder.stat().st_mtime < YOUNG:
                continue
            with FileLock(folder / LOCK).acquire(timeout=0):
                pass
            shutil.rmtree(folder, ignore_errors=True)


def entries(folder: Path) -> list[tuple[float, int, Path]]:
    """(time of the last change, bytes, path) of every file below a folder."""
    found = []
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where) / name
            with suppress(OSError):
                seen = path.lstat()
                found.append((seen.st_mtime, seen.st_size, path))
    return found


def held(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(size for _, size, _ in entries(folder))


def trim(folder: Path, most: int, old: float = OLD, now: Callable[[], float] = time.time) -> int:
    """Remove what is old, and the oldest files while there are more than `most` bytes.

    Returns the bytes that are left. What is young may be under way and stays.
    """
    found = sorted(entries(folder))
    left = sum(size for _, size, _ in found)
    for changed, size, path in found:
        age = now() - changed
        if age < YOUNG or (age < old and left <= most):
            continue
        with suppress(OSError):
            path.unlink()
            left -= size
    for where in sorted(_folders(folder), reverse=True):
        with suppress(OSError):
            if now() - where.stat().st_mtime > YOUNG:
                where.rmdir()  # Only where it is empty.
    return left


def _folders(folder: Path) -> Iterator[Path]:
    for where, names, _ in os.walk(folder):
        yield from (Path(where) / name for name in names)


class Sweeper:
    """Keeps folders within their budgets until `close()`. budgets: bytes by folder."""

    def __init__(self, budgets: dict[Path, int], every: float = EVERY):
        self._budgets, self._every = budgets, every
        self._left = {folder: 0 for folder in budgets}
        self._closed = threading.Event()
        threading.Thread(target=self._sweep, name="sweeper", daemon=True).start()

    def room(self, folder: Path) -> int:
        """Bytes that fit, as of the last look."""
        return max(0, self._budgets[folder] - self._left[folder])

    def take(self, folder: Path, size: int) -> bool:
        """Whether so many bytes fit; they count until the next look."""
        if size > self.room(folder):
            return False
        self._left[folder] += size
        return True

    def close(self) -> None:
        self._closed.set()

    def _sweep(self) -> None:
        while True:
            for folder, most in self._budgets.items():
                with suppress(OSError):
                    self._left[folder] = trim(folder, most)
            if self._closed.wait(self._every):
                return
