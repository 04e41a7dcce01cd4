"""A director over trainings that are written by hand: its workers are no processes."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tiny import config

from cyclegan.core import files
from cyclegan.labs.live import Director, Limits, LiveSettings, Status, status
from cyclegan.labs.live.foreman import Foreman


class Child:
    """A worker as the foreman sees it: there until it is ended.

    obeys: whether it ends when it is asked to. last: its last word, if it says one.
    """

    def __init__(self, folder: Path, obeys: bool = True, last: Status | None = None):
        self.folder, self.obeys, self.last = folder, obeys, last
        self.code: int | None = None
        self.asked: list[str] = []

    def poll(self) -> int | None:
        return self.code

    def terminate(self) -> None:
        self.asked.append("terminate")
        if self.obeys:
            if self.last is not None:
                status.write(self.folder, self.last)
            self.code = 0

    def kill(self) -> None:
        self.asked.append("kill")
        self.code = -9


def settings(**more) -> LiveSettings:
    return LiveSettings(config(data="satellite2map", steps=9, **more), device="cpu")


def write(root: Path, id: str, seen: Status | str | bytes, owner: str = "", size: int = 0) -> Path:
    """A training with a status, or with whatever is to lie in its place, and a file of a size."""
    folder = root / id
    files.write_json(folder / status.SETTINGS, settings().to_dict())
    if isinstance(seen, Status):
        status.write(folder, seen)
    else:
        (folder / status.STATUS).write_bytes(seen if isinstance(seen, bytes) else seen.encode())
    if owner:
        status.write_owner(folder, owner)
    if size:
        (folder / "weights").write_bytes(b"0" * size)
    return folder


@contextmanager
def directing(
    root: Path, monkeypatch, limits: Limits | None = None, broken: str = "", **child
) -> Iterator[Director]:
    """A director whose foreman looks often, and starts a `Child` in place of a process.

    broken: the id of a training for which no process can be started.
    """
    children: dict[str, Child] = {}

    def process(self: Foreman, folder: Path) -> Child:
        if folder.name == broken:
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        children[folder.name] = Child(folder, **child)
        return children[folder.name]

    monkeypatch.setattr("cyclegan.labs.live.foreman.TICK", 0.02)
    monkeypatch.setattr(Foreman, "_process", process)
    made = Director(root, limits)
    made.children = children
    try:
        yield made
    finally:
        made.close()
