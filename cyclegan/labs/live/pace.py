"""A worker's manners: when it looks and saves, for whom it steps aside, and when it gives up.

Knows nothing of what is trained.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import torch

HEARTBEAT = ".director"
"""A file beside the trainings' folders, touched by the director twice a second."""

CALM = 60.0
"""Seconds over which what is left is averaged."""

GRACE = 10.0
"""Seconds without a heartbeat after which the director counts as gone."""


class Rhythm:
    """When something is due that is to happen every so often, but cost only a share of the time.

    The first time is no measure of it: caches are cold then, and a page that just started is busy.
    """

    def __init__(self, every: float, share: float):
        self.every, self.share = every, share
        self.spent = 0.0
        self._next = 0.0
        self._is_first = True

    @property
    def is_due(self) -> bool:
        return perf_counter() >= self._next

    def do(self, work: Callable[[], None]) -> None:
        started = perf_counter()
        work()
        ended = perf_counter()
        self.spent += ended - started
        rest = 0.0 if self._is_first else (ended - started) * (1 / self.share - 1)
        self._next = ended + max(self.every, rest)
        self._is_first = False


class Remaining:
    """Seconds that are left, told steadily: looks and saves come in bursts, which an estimate over
    the last seconds would follow up and down."""

    def __init__(self):
        self.forget()

    def forget(self) -> None:
        """Begin anew, as after a pause."""
        self._left: float | None = None
        self._begun = self._told = 0.0

    def tell(self, estimate: float, now: float) -> float:
        """What is left, by an estimate of this moment and those before it."""
        if self._left is None:
            self._left, self._begun = estimate, now
        else:
            gone = now - self._told
            # A mean of all at first, and later of about the last CALM seconds.
            share = gone / max(gone, min(CALM, now - self._begun))
            expected = self._left - gone
            self._left = max(0.0, expected + share * (estimate - expected))
        self._told = now
        return self._left


class Watch:
    """Whether the director is still there, judged by its heartbeat and our own clock alone.

    Times of files are compared with each other, never with the time of day: neither a sleeping
    laptop nor a clock that is set ends a training.
    """

    def __init__(self, root: Path, grace: float = GRACE):
        self._grace = grace
        self._file = root / HEARTBEAT
        self._beat = self._read()
        self._asked, self._silent = perf_counter(), 0.0

    def _read(self) -> int:
        try:
            return self._file.stat().st_mtime_ns
        except OSError:
            return 0

    @property
    def is_gone(self) -> bool:
        now = perf_counter()
        if now - self._asked < 0.5:
            return False
        # A sleep of the machine, or a very long step, counts as little as any other look.
        self._silent += min(now - self._asked, 2.0)
        self._asked = now
        if (beat := self._read()) != self._beat:
            self._beat, self._silent = beat, 0.0
        return self._silent > self._grace


def step_aside() -> None:
    """Use what is idle, and leave the right of way to the page."""
    torch.set_num_threads(len(_cores()))
    if hasattr(os, "nice"):
        os.nice(10)
    # Linux weighs sessions against each other first, and this process leads one of its own.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text("19")


def _cores() -> range | set[int]:
    """Those that this process may use."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
