"""Who a visitor is, what is theirs, and who steers a training.

A visitor is whoever has a key that their browser made, at random, and keeps (`gr.BrowserState`),
so that a reload loses nothing. Trainings carry the key's mark, which tells nobody the key. Knows
names and marks; no components, networks or files.
"""

import hashlib
import re
import secrets
from threading import Lock

from cachetools import LRUCache

KEY = re.compile(r"[A-Za-z0-9_-]{43}")

MAKE_KEY = """(key) => /^[A-Za-z0-9_-]{43}$/.test(key ?? '') ? key :
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')"""
"""In the browser: the key that it has, else a new one of 256 bits."""

KNOWN = 10_000
"""Visitors that something is remembered of: those that opened a model. To push one out, somebody
would have to open as many, and has a quota of these."""


def mark_of(key: object, tab: object = None) -> str:
    """What a visitor's things are marked with; "" for nobody's.

    tab: the random name of the tab, for a client that keeps no key.
    """
    if isinstance(key, str) and KEY.fullmatch(key):
        return hashlib.sha256(key.encode()).hexdigest()[:32]
    if isinstance(tab, str) and 8 <= len(tab) <= 64:
        return hashlib.sha256(f"tab {tab}".encode()).hexdigest()[:32]
    return ""


class Visitors:
    """The visitors of one page. private: all of them are the host.

    host_key: with `?host=` and this behind the page's address, its host steers every training.
    """

    def __init__(self, private: bool = False, models: int = 8):
        self.host_key = secrets.token_urlsafe(32)
        self._private, self._models = private, models
        self._hosts: set[str] = set()
        self._opened: LRUCache[str, tuple[str, ...]] = LRUCache(KNOWN)
        self._lock = Lock()

    def arrive(self, mark: str, shown: str | None = None) -> None:
        """Somebody opens the page. shown: what stood in its address as the host's key."""
        if mark and secrets.compare_digest((shown or "").encode(), self.host_key.encode()):
            with self._lock:
                self._hosts.add(mark)

    def is_host(self, mark: str) -> bool:
        return self._private or mark in self._hosts

    def may_steer(self, mark: str, owner: str) -> bool:
        """Whether a visitor may change, keep and discard what `owner` has started."""
        return self.is_host(mark) or (owner != "" and owner == mark)

    def models(self, mark: str) -> list[str]:
        """What a visitor has opened, the oldest first."""
        with self._lock:
            return list(self._opened.get(mark, ()))

    def keep(self, mark: str, opened: str, instead: tuple[str, ...] = ()) -> list[str]:
        """Remember a model that a visitor opened; returns those that are let go for it."""
        with self._lock:
            had = self._opened.get(mark, ())
            kept = [*(one for one in had if one not in (opened, *instead)), opened]
            self._opened[mark] = tuple(kept[-self._models :])
            return [one for one in had if one not in self._opened[mark]]
