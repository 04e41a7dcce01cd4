"""Starts workers and watches over them: the one thread of a page that acts by itself.

Several pages may share a root, or follow upon each other: the one that holds the root's lock acts,
another takes over when it is gone, and workers that run meanwhile are found by their folders.
"""

import logging
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from ...core.registry import plugin_folders
from ...store.checkpoints import CheckpointError
from . import ledger, status
from .pace import HEARTBEAT
from .settings import Limits
from .status import Status

LOCK = ".director.lock"
TICK = 0.5

STARTING = 60.0
"""Seconds that the worker of another page has to take its lock."""

SILENT = 60.0
"""Seconds without a word after which a worker that is to be discarded is killed."""


class Foreman:
    """Acts until `close()`, or the end of the process; workers then save and stop by themselves.

    changing: held whenever a status is written for a training without a worker.
    """

    def __init__(self, root: Path, limits: Limits, options: tuple[str, ...] = ()):
        self.root, self.limits = root, limits
        self.changing = threading.RLock()
        self._options = options
        self._lock = FileLock(root / LOCK, thread_local=False)
        self._children: dict[str, subprocess.Popen] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._act, name="foreman", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def kill_if_silent(self, id: str, seen: Status) -> None:
        """End a worker of ours that does not answer any more."""
        child = self._children.get(id)
        if child is not None and seen.silent > SILENT:
            child.kill()

    def _act(self) -> None:
        leading, said = False, ""
        while not self._closed.is_set():
            try:
                if not leading:
                    self._lock.acquire(timeout=0)
                    leading = True
                    ledger.sweep(self.root)
                (self.root / HEARTBEAT).touch()
                with self.changing:
                    self._tick()
            except Timeout:
                pass  # Another page leads.
            except (OSError, CheckpointError) as error:
                # A full disk, say, must not end the watch over the trainings that run.
                if str(error) != said:
                    logging.warning("Trainings: %s", error)
                said = str(error)
            self._closed.wait(TICK)
        if leading:
            self._lock.release()

    def _tick(self) -> None:
        found, at_work = ledger.read_all(self.root), 0
        for id, seen in found.items():
            if seen.is_alive and self._is_at_work(id, seen):
                at_work += 1
            elif seen.is_alive:
                self._bury(id)
            elif seen.state == "discarded" and not self._is_at_work(id, seen):
                ledger.remove(self.root, id)
        queue = sorted((s.place, id) for id, s in found.items() if s.state == "queued")
        for _, id in queue[: max(0, self.limits.at_once - at_work)]:
            if not self._is_at_work(id, found[id]):  # Its last worker may not have ended yet.
                self._launch(id, found[id])

    def _is_at_work(self, id: str, seen: Status) -> bool:
        child = self._children.get(id)
        if child is not None:
            if child.poll() is None:
                return True
            del self._children[id]
        try:
            with status.lock(self.root / id).acquire(timeout=0):
                pass
        except Timeout:
            return True
        return child is None and seen.state == "starting" and seen.silent < STARTING

    def _bury(self, id: str) -> None:
        """Say of a worker that is gone that it died, unless its last word was another."""
        seen = status.read(self.root / id)
        if not seen.is_alive:
            return
        kept = f"all up to step {seen.saved_step:,} is kept" if seen.saved_step else "it had no "
        kept += "" if seen.saved_step else "checkpoint yet, and begins anew when resumed"
        sentence = f"The training process died at step {seen.step:,}; {kept}."
        dead = replace(seen, state="died", sentence=sentence, seconds_left=None)
        status.write(self.root / id, dead)

    def _launch(self, id: str, seen: Status) -> None:
        status.write(self.root / id, replace(seen, state="starting", place=0))
        code = str(Path(__file__).parents[3])
        known = [code, *plugin_folders(), os.environ.get("PYTHONPATH")]
        paths = os.pathsep.join(filter(None, known))
        with open(self.root / id / status.LOG, "ab") as log:
            self._children[id] = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "cyclegan.labs.live.worker",
                    str(self.root / id),
                    *self._options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": paths},
                # Ctrl-C in the page's terminal is the page's: the worker saves when it is gone.
                start_new_session=True,
                creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
            )
