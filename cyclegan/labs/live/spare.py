"""A worker that waits with its imports done, which take most of the time to a first picture.

While it waits it has 380 MB that it shares with nobody. It ends when its standard input does, so
that none outlives its page. Knows nothing of trainings.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

FLAG = "--wait"
"""Of a worker's command line, in place of its folder."""


class Spare:
    """At most one. start: starts a process with FLAG, whose standard input is a pipe."""

    def __init__(self, start: Callable[[], subprocess.Popen]):
        self._start = start
        self._process: subprocess.Popen | None = None

    def keep(self, is_wanted: bool) -> None:
        """Have one, or none. One that died is not followed by another until none was wanted."""
        if is_wanted and self._process is None:
            self._process = self._start()
        elif not is_wanted:
            self.end()

    def take(self, folder: Path) -> subprocess.Popen | None:
        """The process, which works in `folder` from now on; None where there is none."""
        process = self._process
        if process is None or process.poll() is not None:
            return None
        try:
            process.stdin.write(json.dumps(str(folder)).encode() + b"\n")
            process.stdin.close()
        except OSError:  # It died just now.
            return None
        self._process = None
        return process

    def end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with suppress(OSError):
                process.stdin.close()
            process.wait()


def wait() -> Path | None:
    """In the process: the folder to work in, once there is one; None when the page is gone."""
    said = sys.stdin.readline()
    return Path(json.loads(said)) if said.endswith("\n") else None


def write_to(log: Path) -> None:
    """In the process: what is printed from now on goes to the end of a file."""
    with open(log, "ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
