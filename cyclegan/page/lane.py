"""One thread that does one thing at a time, of all that wait in turn.

Whoever asks for ten things waits for nine of their own, and not everybody else for ten of theirs.
Who is new has a share of the turns, however many new ones there are. Knows nothing of what is done.
"""

import os
import sys
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

NEWCOMERS = 4
"""Of so many turns, newcomers have one while others wait."""

Turn = tuple[str, bool]
"""Who asks, and whether they are new."""


class Lane:
    """niceness: by how much its thread is nicer than those that answer."""

    def __init__(self, name: str, niceness: int):
        self._thread = ThreadPoolExecutor(1, name, initializer=_stand_back, initargs=(niceness,))
        # Known ones, and new ones: each with what they wait for.
        self._waiting: tuple[OrderedDict[str, deque], ...] = OrderedDict(), OrderedDict()
        self._turns = 0
        self._changing = Lock()

    def do(self, turn: Turn, function: Callable, *arguments: Any) -> Any:
        """What the function returns, or raises, once it is its turn."""
        who, is_new = turn
        done: Future = Future()
        with self._changing:
            ring = self._waiting[is_new]
            ring.setdefault(who, deque()).append((done, function, arguments))
        self._thread.submit(self._next)
        return done.result()

    def _next(self) -> None:
        """One thing of whoever has waited longest since their last one."""
        with self._changing:
            self._turns += 1
            known, new = self._waiting
            ring = new if new and (not known or self._turns % NEWCOMERS == 0) else known
            who, own = ring.popitem(last=False)
            done, function, arguments = own.popleft()
            if own:
                ring[who] = own
        try:
            done.set_result(function(*arguments))
        except BaseException as error:
            done.set_exception(error)


def _stand_back(niceness: int) -> None:
    if sys.platform == "linux":  # Elsewhere the whole process would stand back.
        os.nice(niceness)
