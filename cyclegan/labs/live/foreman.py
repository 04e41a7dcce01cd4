"""Starts workers and watches over them: the one thread of a page that acts by itself.

Several pages may share a root, or follow upon each other: the one that holds the root's lock acts,
another takes over when it is gone, and workers that run meanwhile are found by their folders.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from ...core.registry import plugin_folders
from . import budget, control, ledger, status
from .control import Command
from .pace import HEARTBEAT
from .settings import Limits
from .spare import FLAG, Spare
from .status import Status

LOCK = ".director.lock"
TICK = 0.5

EXPECTED = 60.0
"""Seconds for which a worker waits for a training that was expected."""

SWEEP = 60.0
"""Seconds between two looks at the disk."""

STARTING = 60.0
"""Seconds that the worker of another page has to take its lock."""

SILENT = 60.0
"""Seconds without a word after which a worker that is to be discarded is killed."""

LATE, TOO_LATE = 30.0, 60.0
"""Seconds after the end of its minutes when a worker that did not end by itself is asked to, and
when it is killed. It may be measuring what it made."""

TRAININGS, FILMS = "cyclegan.labs.live.worker", "cyclegan.labs.films.worker"
"""The workers' modules."""

TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


@dataclass
class Place:
    """What a training holds: since when by our own clock, and how long it had held one before."""

    since: float
    before: float
    asked: bool = False

    @property
    def held(self) -> float:
        return self.before + time.monotonic() - self.since


class Foreman:
    """Acts until `close()`, or the end of the process; workers then save and stop by themselves.

    Whatever is wrong with one training is said in the log, once, and the others go on.
    changing: held whenever a status is written for a training without a worker.
    """

    def __init__(self, root: Path, limits: Limits, options: tuple[str, ...] = ()):
        self.root, self.limits = root, limits
        self.changing = threading.RLock()
        self._options = options
        self._lock = FileLock(root / LOCK, thread_local=False)
        self._leads: tuple[int, int] | None = None
        self._children: dict[str, subprocess.Popen] = {}
        self._places: dict[str, Place] = {}
        self._said: dict[str, str] = {}
        self._swept = -SWEEP
        self._expected = -EXPECTED
        self._spare = Spare(lambda: self._popen(FLAG, subprocess.PIPE, subprocess.DEVNULL))
        self._closed, self._hurried = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._act, name="foreman", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self.hurry()
        self._thread.join()

    def hurry(self) -> None:
        """Look at once: something was queued."""
        self._hurried.set()

    def expect(self) -> None:
        """Have a worker wait for a while, as long as there is a place for it."""
        self._expected = time.monotonic()

    def kill_if_silent(self, id: str, seen: Status) -> None:
        """End a worker of ours that does not answer any more."""
        child = self._children.get(id)
        if child is not None and seen.silent > SILENT:
            child.kill()

    def is_at_work(self, id: str, seen: Status) -> bool:
        """Whether a worker is in charge of a training, whoever started it."""
        child = self._children.get(id)
        if child is not None:
            if child.poll() is None:
                return True
            del self._children[id]
        lock = self.root / id / status.LOCK
        if lock.exists() and not lock.is_file():
            return False  # Nobody could hold that.
        try:
            with status.lock(self.root / id).acquire(timeout=0):
                pass
        except Timeout:
            return True
        return child is None and seen.state == "starting" and seen.silent < STARTING

    def _act(self) -> None:
        while not self._closed.is_set():
            self._try("", self._lead)
            self._hurried.wait(TICK)
            self._hurried.clear()
        self._spare.end()
        if self._leads:
            self._lock.release()

    def _try(self, id: str, do: Callable[..., bool | None], *what: object) -> bool:
        """Do something for a training, or (without an id) for all; False if it cannot be done."""
        try:
            return bool(do(*what))
        except Exception as error:
            # A full disk, a file that is none of ours, or a fault of this program: none of it may
            # end the watch over the other trainings.
            if self._said.get(id) != str(error):
                logging.warning("Training %s: %s", id or self.root, error)
            self._said[id] = str(error)
            return False

    def _lead(self) -> None:
        try:
            self._hold_lock()
        except Timeout:
            return  # Another page leads.
        _make_plain(self.root, HEARTBEAT)
        (self.root / HEARTBEAT).touch()
        with self.changing:
            self._tick()
        if time.monotonic() - self._swept >= SWEEP:
            self._swept = time.monotonic()
            self._sweep()

    def _hold_lock(self) -> None:
        """Take the root's lock, or see that what is held still lies there; raises Timeout."""
        if self._leads and self._leads == _identity(self.root / LOCK):
            return
        if self._leads:  # Somebody removed it, with all trainings perhaps.
            self._leads = None
            self._lock.release()
        self.root.mkdir(parents=True, exist_ok=True)
        _make_plain(self.root, LOCK)
        self._lock.acquire(timeout=0)
        self._leads = _identity(self.root / LOCK)
        ledger.sweep(self.root)

    def _tick(self) -> None:
        found = ledger.read_all(self.root)
        free = self.limits.at_once
        for id, seen in found.items():
            free -= self._try(id, self._look_after, id, seen)
        queue = sorted((s.place, id) for id, s in found.items() if s.state == "queued")
        for _, id in queue:
            if free > 0:
                free -= self._try(id, self._launch, id, found[id])
        is_expected = time.monotonic() - self._expected < EXPECTED
        self._spare.keep(is_expected and free > 0)
        for known in (self._places, self._said):
            for id in known.keys() - found.keys() - {""}:
                del known[id]

    def _look_after(self, id: str, seen: Status) -> bool:
        """What a training needs that was launched once; whether it has a place now."""
        if seen.state == status.DAMAGED:
            logged = f"Training {id}: {seen.sentence}"
            if self._said.get(id) != logged:
                logging.warning(logged)
            self._said[id] = logged
        is_ours = id in self._children or id in self._places
        if not (is_ours or seen.is_alive or seen.state in ("discarded", status.DAMAGED)):
            return False
        if self.is_at_work(id, seen):
            if not (seen.is_alive or seen.state == status.DAMAGED):
                return False  # Its last word is said.
            self._places.setdefault(id, Place(time.monotonic(), seen.held))
            self._mind_the_clock(id, self._places[id])
            return True
        place = self._places.pop(id, None)
        if seen.state == "discarded":
            ledger.remove(self.root, id)
        elif seen.is_alive or (place and place.asked and seen.state == "interrupted"):
            self._bury(id, place)
        return False

    def _mind_the_clock(self, id: str, place: Place) -> None:
        """End a worker whose minutes are over, if it did not end by itself."""
        if self.limits.minutes is None:
            return
        late, child = place.held - self.limits.minutes * 60, self._children.get(id)
        if late > TOO_LATE and child is not None:
            child.kill()
        elif late > LATE and not place.asked:
            place.asked = True
            if child is not None:
                child.terminate()
            else:  # Of a page that is gone: it takes files.
                control.send(self.root / id, Command("stop"))

    def _bury(self, id: str, place: Place | None) -> None:
        """Say of a worker that is gone that it died, or that its minutes were over."""
        seen = status.read(self.root / id)
        if not (seen.is_alive or seen.state == "interrupted"):
            return  # Its last word was another.
        if status.is_film(self.root / id):
            self._bury_film(id, seen, place)
            return
        is_kept = seen.saved_step and ledger.is_saved(self.root / id)
        if place and place.asked:
            kept = f"All up to step {seen.saved_step:,} is kept."
            sentence = status.over(self.limits.minutes, seen.step, seen.steps)
            sentence += f" {kept}" if is_kept else " There is nothing to keep."
            state = "finished" if is_kept else "stopped"
        else:
            kept = f"all up to step {seen.saved_step:,} is kept" if is_kept else "it had no "
            kept += "" if is_kept else "checkpoint yet, and begins anew when resumed"
            if seen.saved_step and not is_kept:
                kept = "its checkpoint is gone"
            state = "died"
            sentence = f"The training process died at step {seen.step:,}; {kept}."
        held = max(seen.held, place.held if place else 0.0)
        last = replace(seen, state=state, sentence=sentence, seconds_left=None, held=held)
        status.write(self.root / id, last)

    def _bury_film(self, id: str, seen: Status, place: Place | None) -> None:
        """What a film's worker wrote is a film that plays, however it ended."""
        why = "The process that translated it died."
        if place and place.asked:
            why = f"The {self.limits.minutes:g} minutes of this page are over."
        kept = "What was finished is kept." if seen.step else "Nothing is kept."
        last = replace(seen, state="died", sentence=f"{why} {kept}", seconds_left=None)
        status.write(self.root / id, last)

    def _launch(self, id: str, seen: Status) -> bool:
        """Start a worker; whether it has a place now."""
        if self.is_at_work(id, seen):
            return False  # Its last worker may not have ended yet.
        folder = self.root / id
        status.write(folder, replace(seen, state="starting", place=0))
        try:
            self._children[id] = self._process(folder)
        except OSError as error:
            said = f"The training process could not be started: {error.strerror}."
            status.write(folder, replace(seen, state="failed", sentence=said, place=0))
            return False
        self._places[id] = Place(time.monotonic(), seen.held)
        return True

    def _process(self, folder: Path) -> subprocess.Popen:
        _make_plain(folder, status.LOG)
        is_film = status.is_film(folder)
        if not is_film and (waiting := self._spare.take(folder)) is not None:
            return waiting
        module = FILMS if is_film else TRAININGS
        with open(folder / status.LOG, "ab") as log:
            return self._popen(str(folder), subprocess.DEVNULL, log, module)

    def _popen(
        self, folder: str, stdin: int, log: IO | int, module: str = TRAININGS
    ) -> subprocess.Popen:
        code = str(Path(__file__).parents[3])
        known = [code, *plugin_folders(), os.environ.get("PYTHONPATH")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, known))}
        if not self.limits.folders:  # Then all that a training needs lies here.
            environment = {k: v for k, v in environment.items() if k not in TOKENS}
            environment["HF_HUB_OFFLINE"] = "1"
        limits = [] if self.limits.minutes is None else ["--minutes", str(self.limits.minutes)]
        return subprocess.Popen(
            [sys.executable, "-m", module, folder, *limits, *self._options],
            stdin=stdin,
            stdout=log,
            stderr=log,
            env=environment,
            # Ctrl-C in the page's terminal is the page's: the worker saves when it is gone.
            start_new_session=True,
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
        )

    def _sweep(self) -> None:
        """Keep the disk within its budget."""
        if self.limits.disk is None and self.limits.disk_per_owner is None:
            return
        found = ledger.read_all(self.root)
        for id, seen in found.items():
            # Nothing goes on from here any more, and what was measured is written down.
            if seen.state == "finished" and (self.root / id / status.DATA).exists():
                self._try(id, ledger.forget_pictures, self.root / id)
        for id, sentence in budget.too_much(ledger.weigh(self.root, found), self.limits).items():
            self._try(id, self._remove, id, sentence)

    def _remove(self, id: str, sentence: str) -> None:
        with self.changing:
            seen = ledger.read_all(self.root).get(id)
            # Somebody may go on with it since.
            if seen is not None and seen.is_ended and not self.is_at_work(id, seen):
                budget.remember(self.root, id, sentence)
                ledger.remove(self.root, id)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is that has this name now."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def _make_plain(folder: Path, name: str) -> None:
    """Put away what has a file's name and is none."""
    path = folder / name
    if path.is_symlink() or (path.exists() and not path.is_file()):
        ledger.put_aside(folder, path)
