"""How often a client may do something, how much, and which tabs it has.

Knows neither requests nor what is done.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from cachetools import TTLCache

CLIENTS = 50_000
"""Of which something is remembered."""

FORGET = 3600.0
"""Seconds without a word after which a client is new again."""


class Quota:
    """`at_once` at a time for every client, and `per_second` more from then on.

    (A token bucket.) clock: seconds, for tests.
    """

    def __init__(
        self, at_once: float, per_second: float, clock: Callable[[], float] = time.monotonic
    ):
        self.at_once, self.per_second, self._clock = at_once, per_second, clock
        self._left: TTLCache = TTLCache(CLIENTS, FORGET, timer=clock)
        self._lock = Lock()

    def take(self, client: str, count: float = 1) -> float:
        """0 where there is enough for `count`, which is gone then; else the seconds to wait."""
        with self._lock:
            now = self._clock()
            left, then = self._left.get(client, (self.at_once, now))
            left = min(self.at_once, left + (now - then) * self.per_second)
            enough = left >= count
            self._left[client] = (left - count if enough else left), now
        return 0.0 if enough else (count - left) / self.per_second


class Tabs:
    """The tabs that the page has met: whose each is, since when, and whether it listens."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._met: TTLCache[str, tuple[str, float]] = TTLCache(CLIENTS, FORGET, timer=clock)
        self._heard: TTLCache[str, float] = TTLCache(CLIENTS, FORGET, timer=clock)
        self._streams: dict[str, int] = {}
        self._lock = Lock()

    def __contains__(self, tab: object) -> bool:
        return tab in self._met

    def meet(self, tab: str, client: str) -> None:
        _, since = self._met.get(tab, (client, self._clock()))
        self._met[tab], self._heard[tab] = (client, since), self._clock()

    @contextmanager
    def listening(self, tab: str) -> Iterator[None]:
        """While a tab has a stream open, by which it gets its answers."""
        with self._lock:
            self._streams[tab] = self._streams.get(tab, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._streams[tab] -= 1
                if not self._streams[tab]:
                    del self._streams[tab]
            self._heard[tab] = self._clock()

    def silent(self, tab: str) -> float:
        """Seconds since a tab has listened or asked last; 0 while it listens."""
        if tab in self._streams:
            return 0.0
        return self._clock() - self._heard.get(tab, -FORGET)

    def client(self, tab: str) -> str:
        return self._met.get(tab, ("", 0.0))[0]

    def is_new(self, tab: object) -> bool:
        """Whether it has been here for less than a minute; one may be made up for one question."""
        met = self._met.get(tab) if isinstance(tab, str) else None
        return met is None or self._clock() - met[1] < NEW


NEW = 60.0
"""Seconds in which a tab is new."""


class Share:
    """At most `most` things of a client at a time."""

    def __init__(self, most: int):
        self.most = most
        self._held: dict[str, int] = {}
        self._lock = Lock()

    def take(self, client: str) -> bool:
        with self._lock:
            if self._held.get(client, 0) >= self.most:
                return False
            self._held[client] = self._held.get(client, 0) + 1
            return True

    def give_back(self, client: str) -> None:
        with self._lock:
            if self._held.get(client, 0) <= 1:
                self._held.pop(client, None)
            else:
                self._held[client] -= 1
