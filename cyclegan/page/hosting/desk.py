"""What the tabs of a page ask of its host: who somebody is, whether they may, and how to say no."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr
from starlette.middleware import Middleware

from . import disk
from .errors import RefusedError, Teller
from .gate import Gate
from .house import House
from .quotas import Quota, Share, Tabs
from .visitors import Visitors, mark_of

LEFT = 10.0
"""Seconds without a stream after which a tab counts as closed; a browser opens it at once."""


class Desk:
    """Of one page. root: the page's temporary folder (`disk.settled`), else one of the desk's."""

    def __init__(self, house: House, root: Path | None = None):
        self._own = None if root else tempfile.TemporaryDirectory(prefix="cyclegan-desk-")
        self.house, self.root = house, disk.furnish(root or Path(self._own.name))
        self.limits = limits = house.limits
        self.visitors = Visitors(house.private, limits.models)
        self.teller = Teller(house.private)
        self.sweeper = None
        if not house.private:
            budgets = {disk.UPLOADS: limits.uploads, disk.PULLED: limits.pulled}
            budgets[disk.LOOSE] = limits.uploads
            self.sweeper = disk.Sweeper({self.root / name: n for name, n in budgets.items()})
        self._quotas = {
            name: Quota(at_once, a_minute / 60)
            for name, (at_once, a_minute) in (
                *(("opened", limits.opening), ("started", limits.starting)),
                *(("translated", limits.translating), ("drawn", limits.drawing)),
            )
        }
        self._at_it, self.tabs = Share(1), Tabs()

    def turn(self, visit: gr.Request | None) -> tuple[str, bool]:
        """Whose turn a question takes in a `Lane`, and whether that one is new."""
        tab = getattr(visit, "session_hash", None) or ""
        return tab, not self.house.private and self.tabs.is_new(tab)

    def check_listens(self, visit: gr.Request | None) -> None:
        """Raises RefusedError for a tab that is not there any more to get its answer."""
        tab = getattr(visit, "session_hash", None) or ""
        if not self.house.private and self.tabs.silent(tab) > LEFT:
            raise RefusedError("Nobody waits for this any more.")

    def client(self, visit: gr.Request | None) -> str:
        """The address that a request comes from."""
        client = getattr(visit, "client", None)
        return getattr(client, "host", "") or ""

    def check(self, what: str, visit: gr.Request | None) -> None:
        """Count something that costs; raises RefusedError where a client has had enough of it."""
        if self.house.private:
            return
        if wait := self._quotas[what].take(self.client(visit)):
            raise RefusedError(
                f"Much was {what} from your address just now; try again in {wait:.0f} seconds."
            )

    @contextmanager
    def one_at_a_time(self, who: str, what: str) -> Iterator[None]:
        """Raises RefusedError where the same one is at the same thing already."""
        if self.house.private:
            yield
            return
        if not self._at_it.take(f"{what} {who}"):
            raise RefusedError(f"You are {what} already; wait until that is done.")
        try:
            yield
        finally:
            self._at_it.give_back(f"{what} {who}")

    def who(self, key: object, visit: gr.Request | None) -> str:
        """The mark of a visitor's things."""
        return mark_of(key, getattr(visit, "session_hash", None))

    def middleware(self, demo: gr.Blocks) -> Middleware:
        """What stands in front of a page's app."""
        uploads = self.root / disk.UPLOADS
        return Middleware(
            Gate,
            demo=demo,
            house=self.house,
            tabs=self.tabs,
            sweeper=self.sweeper,
            uploads=uploads,
        )

    def close(self) -> None:
        if self.sweeper:
            self.sweeper.close()
