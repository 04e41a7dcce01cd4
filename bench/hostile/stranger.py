"""A client of the page that keeps to no rule: every event, value, door and file as it likes.

Knows Gradio's protocol, and what the page is made of from its config. Every answer is noted, with
what is wrong with it: none at all, a server's fault, or words that are nobody's business.
"""

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx

BOUND = 30.0
"""Seconds within which every request has an answer."""

MOST = 16 * 2**20
"""Bytes of an answer that are read."""

API = "/gradio_api"

OVER = ("process_completed", "unexpected_error", "server_stopped", "close_stream")
"""Messages after which nothing is to be waited for."""


@dataclass(frozen=True)
class Answer:
    """What came back. status: 0 where nothing did, within BOUND."""

    asked: str
    status: int
    seconds: float
    text: str = ""

    @property
    def is_hung(self) -> bool:
        return self.status == 0 and self.seconds >= BOUND

    @property
    def is_failed(self) -> bool:
        """Whether the server failed; a refusal in JSON with words or none is how Gradio refuses."""
        return self.status >= 500 and not re.match(r'\s*\{"(error|detail)":', self.text)


class Stranger:
    """One session. `note` is told every answer; `values` are what the page's parts hold.

    address: where it calls from; visitors in a classroom share another.
    """

    def __init__(self, url: str, note: Callable[[Answer], object], address: str = "127.0.0.2"):
        limits = httpx.Limits(max_connections=20)
        transport = httpx.HTTPTransport(local_address=address, limits=limits)
        self.http = httpx.Client(base_url=url, timeout=BOUND, transport=transport)
        self.session, self.note = secrets.token_hex(6), note
        config = self.http.get("/config").json()
        self.events = [e for e in config["dependencies"] if e["backend_fn"]]
        self.parts = {part["id"]: part for part in config["components"]}
        self.values = {n: part["props"].get("value") for n, part in self.parts.items()}
        self.values |= {n: "" for n, p in self.parts.items() if self._is_empty_text(p)}
        self.choices: dict[int, list] = {}
        self._changed: list[int] = []
        self._named = {part["props"].get("label"): n for n, part in self.parts.items()}
        self._named |= {part["props"].get("elem_id"): n for n, part in self.parts.items()}
        for event in self.events:
            if any(kind == "load" for _, kind in event["targets"]):
                self.fire(event)

    @staticmethod
    def _is_empty_text(part: dict) -> bool:
        return part["type"] == "textbox" and part["props"].get("value") is None

    def part(self, name: str) -> int:
        """The number of a part, by its id in the page or its label."""
        return self._named[name]

    def put(self, **values: object) -> None:
        """Values by the parts' names, with _ for - in them."""
        for name, value in values.items():
            number = self._named.get(
                name.replace("_", "-"), self._named.get(name.replace("_", " "))
            )
            self.values[number] = value

    def event(self, name: str, kind: str) -> dict:
        target = [self.part(name), kind]
        return next(event for event in self.events if target in event["targets"])

    def act(self, name: str, kind: str, data: object = None) -> Answer:
        """Fire an event as a browser would, and what follows on it."""
        event = self.event(name, kind)
        first = self.fire(event, data)
        due, done = self._following(event), 0
        while due and done < 6 and not first.is_hung:
            event, done = due.pop(0), done + 1
            self.fire(event)
            due += self._following(event)
        return first

    def _following(self, event: dict) -> list[dict]:
        """Events that a browser fires after one that has just been answered."""
        after, changed = event["id"], [[part, "change"] for part in self._changed]
        return [
            other
            for other in self.events
            if other["trigger_after"] == after or any(c in other["targets"] for c in changed)
        ]

    def fire(self, event: dict, data: object = None, values: list | None = None) -> Answer:
        """Through the queue, until the answer is complete."""
        body = {
            **self.body(event, data, values),
            "trigger_id": event["targets"][0][0] if event["targets"] else None,
        }
        asked = f"queue {_named(event)}"
        started = time.monotonic()
        joined = self.send("POST", f"{API}/queue/join", body, asked=asked, is_noted=False)
        if joined.status != 200:
            self.note(joined)
            return joined
        number, text, status = json.loads(joined.text)["event_id"], "", 0
        try:
            for message, line in self._messages(started):
                if message.get("event_id") in (number, None):
                    text += line[: MOST - len(text)]
                if message["msg"] in OVER and message.get("event_id") in (number, None):
                    # Gradio drops what else a tab waits for when its stream is left like this.
                    status = 200
                    self._keep(event, message)
                    break
        except httpx.HTTPError:
            status = 0
        answer = Answer(asked, status, time.monotonic() - started, text)
        self.note(answer)
        return answer

    def send(
        self, method: str, path: str, body: object = None, asked: str = "", is_noted=True, **more
    ) -> Answer:
        """Any request. body: text as it is, anything else as JSON."""
        asked, started = asked or f"{method} {path[:90]}", time.monotonic()
        if body is not None:
            more["content"] = body if isinstance(body, str | bytes) else as_json(body)
            more["headers"] = {"Content-Type": "application/json", **more.get("headers", {})}
        try:
            with self.http.stream(method, path, **more) as reply:
                is_endless = reply.headers.get("content-type", "").startswith("text/event-stream")
                read = b""
                for piece in reply.iter_bytes():
                    read += piece
                    if is_endless or len(read) > MOST or time.monotonic() > started + BOUND:
                        break
            answer = Answer(asked, reply.status_code, time.monotonic() - started, _text(read))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, UnicodeError) as error:
            seconds = BOUND if isinstance(error, httpx.ReadTimeout) else 0
            answer = Answer(asked, 0, seconds, "")
        if is_noted:
            self.note(answer)
        return answer

    def give(self, name: str, data: bytes) -> dict | None:
        """Upload a file; what stands for it in an event."""
        asked = f"upload {name[:40]!r}"
        answer = self.send("POST", f"{API}/upload", asked=asked, files={"files": (name, data)})
        if answer.status != 200:
            return None
        (path,) = json.loads(answer.text)
        return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    def body(self, event: dict, data: object = None, values: list | None = None) -> dict:
        given = [self.values.get(n) for n in event["inputs"]] if values is None else values
        number = {"fn_index": event["id"], "session_hash": self.session}
        return {"data": given, "event_data": data, **number}

    def _messages(self, started: float) -> Iterator[tuple[dict, str]]:
        asked = {"session_hash": self.session}
        with self.http.stream("GET", f"{API}/queue/data", params=asked) as reply:
            for line in reply.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line[5:]), line
                if time.monotonic() > started + BOUND:
                    raise httpx.ReadTimeout("No answer within the bound.")

    def _keep(self, event: dict, message: dict) -> None:
        """What a browser would show from now on."""
        output = message.get("output") or {}
        self._changed = output.get("changed_state_ids") or []
        for number, value in zip(event["outputs"], output.get("data") or [], strict=False):
            if isinstance(value, dict) and value.get("__type__") == "update":
                self.choices[number] = value.get("choices") or self.choices.get(number, [])
                self.values[number] = value.get("value", self.values.get(number))
            elif self.parts.get(number, {}).get("type") != "state":
                self.values[number] = value


def as_json(body: object) -> str:
    """With values that Python cannot nest so deeply, or would not write."""
    text = json.dumps(body)
    return re.sub(r'"@(\d+) (\S)(\S)@"', lambda m: m[2] * int(m[1]) + m[3] * int(m[1]), text)


def _named(event: dict) -> str:
    target, kind = event["targets"][0] if event["targets"] else ("?", "?")
    return f"{event['api_name'] or event['id']} ({kind} on {target})"


def _text(read: bytes) -> str:
    return read.decode("utf-8", "replace")
