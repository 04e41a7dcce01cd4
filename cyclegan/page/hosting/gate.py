"""In front of every request: whom the page answers, which doors are open, how much fits through.

An ASGI middleware, handed to Gradio by `launch(app_kwargs=…)`. What Gradio counts for all visitors
together (its queue, its sessions) is counted here by tab and by client, so that one of them fills
nobody else's. Knows Gradio's routes and its queue; no components.
"""

import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from urllib.parse import parse_qs

from .disk import Sweeper
from .house import House
from .quotas import FORGET, Quota, Tabs

Scope = MutableMapping
Receive = Callable[[], Awaitable[MutableMapping]]
Send = Callable[[MutableMapping], Awaitable[None]]

API = "/gradio_api"

OPEN = re.compile(
    rf"/|/(config|theme\.css|robots\.txt|manifest\.json|favicon\.ico|pwa_icon(/\d+)?)/?"
    rf"|/(assets|static|svelte)/.*"
    rf"|{API}/(info|app_id|theme\.css|startup-events|upload|upload_progress|reset|cancel)/?"
    rf"|{API}/openapi\.json"
    rf"|{API}/queue/(join|data|status)|{API}/heartbeat/[\w-]+|{API}/file=.*|{API}/run/\w+/?"
    rf"|{API}/call/(v2/)?translate(_sound)?(/[\w-]+)?/?|{API}/component_server/?"
)
"""What the page and its documented endpoints use. Gradio's other doors (a proxy, monitoring,
streams, histories, reloading, editing) have nothing to do here."""

JOINING = re.compile(rf"{API}/(queue/join|run/\w+|call/.*|component_server)/?")

HEAVY = ("uploads", "networks", "translate")
"""Gradio's groups of functions that may run networks on visitors' own pictures."""

SILENT = 120.0
"""Seconds after which answers that nobody fetches are dropped."""

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # Gradio builds its page by inline scripts, and gr.HTML's by `new Function`: these two have to
    # be allowed. Whatever script runs can load nothing from elsewhere, and send nothing there.
    "content-security-policy": "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
            "style-src 'self' 'unsafe-inline'",
            *("img-src 'self' data: blob:", "media-src 'self' data: blob:"),
            *("font-src 'self' data:", "connect-src 'self' data: blob:"),
            *("worker-src 'self' blob:", "object-src 'none'", "base-uri 'self'"),
            *("form-action 'self'", "frame-src 'none'"),
        )
    ),
}


class Gate:
    """Around the app of `demo`, noting its tabs. uploads: the folder that `sweeper` keeps small."""

    def __init__(self, app, demo, house: House, tabs: Tabs, sweeper: Sweeper | None, uploads):
        self.app, self.demo, self.house = app, demo, house
        self.sweeper, self.uploads, self._tabs = sweeper, uploads, tabs
        limits = house.limits
        self._new_tabs = Quota(limits.tabs, limits.tabs_per_second)
        self._events = Quota(*limits.events)
        self._uploaded = Quota(limits.uploads / 8, limits.uploads / FORGET)
        self._swept = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]}
        path = scope["path"]
        if self.house.private and not self._answers_to(headers.get("host", "")):
            await _refuse(send, 421, "This page answers to the names of this machine alone.")
        elif not OPEN.fullmatch(path) or scope["method"] not in ("GET", "HEAD", "POST", "OPTIONS"):
            await _refuse(send, 404, "There is nothing here.")
        elif self.house.private:
            await self.app(scope, receive, _with_headers(send))
        else:
            await self._hosted(scope, receive, _with_headers(send), headers)

    async def _hosted(self, scope: Scope, receive: Receive, send: Send, headers: dict) -> None:
        """Whatever a request makes Gradio raise is a request that cannot be answered."""
        begun = False

        async def sending(message: MutableMapping) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            if scope["method"] == "POST":
                await self._post(scope, receive, sending, headers)
            elif scope["path"].startswith((f"{API}/queue/data", f"{API}/heartbeat/")):
                await self._listen(scope, receive, sending)
            else:
                await self.app(scope, receive, sending)
        except Exception as error:
            logging.info("%s %s: %r", scope["method"], scope["path"][:100], error)
            if not begun:
                await _refuse(send, 400, "This request cannot be read.")

    def _answers_to(self, host: str) -> bool:
        name = re.sub(r":\d*$", "", host.lower()).strip("[]")
        if name == "localhost" or name in map(str.lower, self.house.hosts):
            return True
        try:
            return ip_address(name).is_loopback
        except ValueError:
            return False

    async def _post(self, scope: Scope, receive: Receive, send: Send, headers: dict) -> None:
        client = _client(scope)
        if scope["path"].startswith(f"{API}/upload"):
            if sentence := self._no_room(client, headers):
                await _refuse(send, 413, sentence)
                return
            await self.app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > self.house.limits.body:
                await _refuse(send, 413, "A request may have 1 MiB; pictures are uploaded first.")
                return
            if not message.get("more_body"):
                break
        if JOINING.fullmatch(scope["path"]):
            if sentence := self._too_many(client, *_event(body)):
                await _refuse(send, 429, sentence)
                return
            await self._forget_silent()
        sent = False

        async def again() -> MutableMapping:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, again, send)

    def _no_room(self, client: str, headers: dict) -> str:
        """Why an upload is not taken, or ""."""
        try:
            size = int(headers["content-length"])
        except (KeyError, ValueError):
            return "An upload has to say how long it is."
        limits = self.house.limits
        if not 0 <= size <= limits.upload + 2**20:
            return f"An upload may have {limits.upload >> 20} MiB."
        # A longer file than that is taken where nothing else was uploaded lately.
        if wait := self._uploaded.take(client, min(size, self._uploaded.at_once)):
            return f"Much was uploaded from your address; try again in {wait / 60:.0f} minutes."
        if self.sweeper and not self.sweeper.take(self.uploads, size):
            return "This page has no room for uploads just now; try again in a few minutes."
        return ""

    def _is_heavy(self, number: object) -> bool:
        """Whether the function of a number may run networks."""
        function = self.demo.fns.get(number) if isinstance(number, int) else None
        return getattr(function, "concurrency_id", None) in HEAVY

    def _too_many(self, client: str, session: str | None, number: object) -> str:
        """Why an event is not taken, or ""."""
        limits, queue = self.house.limits, self.demo._queue
        is_new = session is None or session not in self._tabs
        if is_new and (wait := self._new_tabs.take(client)):
            return f"Many tabs were opened from your address; try again in {wait:.0f} seconds."
        if session is None:
            return ""
        self._tabs.meet(session, client)
        if self._events.take(session):
            return "This tab asks too fast; try again in a moment."
        if len(queue.pending_event_ids_session.get(session, ())) >= limits.waiting:
            return "This tab waits for many answers already."
        waiting = _waiting(queue)
        own = [e for e in waiting if e.session_hash == session and e.concurrency_id in HEAVY]
        if self._is_heavy(number) and len(own) >= limits.heavy:
            return "This tab waits for several pictures already."
        if (
            sum(self._tabs.client(e.session_hash) == client for e in waiting)
            >= limits.waiting_client
        ):
            return "Many requests from your address wait already; try again in a moment."
        return ""

    async def _listen(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A stream that a tab keeps open; while it does, its answers are fetched."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        session = query.get("session_hash", [scope["path"].rpartition("/")[2]])[0]
        if session not in self._tabs:
            if self._new_tabs.take(_client(scope)):
                await _refuse(send, 429, "Many tabs were opened from your address.")
                return
            self._tabs.meet(session, _client(scope))
        with self._tabs.listening(session):
            await self.app(scope, receive, send)

    async def _forget_silent(self) -> None:
        """Drop answers that no tab listens for; Gradio would keep them."""
        now = time.monotonic()
        if now - self._swept < SILENT / 4:
            return
        self._swept = now
        queue = self.demo._queue
        for session in list(queue.pending_messages_per_session):
            if self._tabs.silent(session) > SILENT:
                await queue.clean_events(session_hash=session)
                queue.pending_messages_per_session.pop(session, None)
                for event in queue.pending_event_ids_session.pop(session, ()):
                    queue.event_ids_to_events.pop(event, None)


def _waiting(queue) -> list:
    """All events that wait or are at work."""
    found = [event for q in queue.event_queue_per_concurrency_id.values() for event in q.queue]
    return found + [event for job in queue.active_jobs for event in job or ()]


def _client(scope: Scope) -> str:
    """The address that asks; behind a proxy that says so, that which it asks for (uvicorn)."""
    return (scope.get("client") or ("",))[0]


def _event(body: bytes) -> tuple[str | None, object]:
    """The tab that an event is of, and its function's number."""
    try:
        asked = json.loads(body)
        found, number = asked.get("session_hash"), asked.get("fn_index")
    except (ValueError, AttributeError, RecursionError):
        return None, None
    return (found if isinstance(found, str) and len(found) <= 64 else None), number


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping) -> None:
        if message["type"] == "http.response.start":
            own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message["headers"], *own]}
        await send(message)

    return sending


async def _refuse(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"detail": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
