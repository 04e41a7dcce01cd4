"""A class on the page: `python -m bench.visitors [--visitors 30] [--seconds 120] [--json]`.

The app has run for a minute when all visitors open the page at once. Then each clicks until the
time is up: 70 % examples, 20 % switches, 10 % pictures of its own (128 to 512 px a side, no two
alike), with 1 to 4 seconds between an answer and the next click. Fired are the page's own
events, with what follows on them, as a browser fires them. Then a few visitors ask without a pause,
which shows the most that the machine translates. App and visitors share the machine. Needs
requirements-dev.txt.
"""

import argparse
import json
import os
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from gradio_client import Client, handle_file
from PIL import Image

from bench.page import URL, running_app
from cyclegan.training.runs import describe_machine

LEAD = 60
"""Seconds that the app is there before its visitors."""

THINK = (1.0, 4.0)
"""Seconds from an answer to the same visitor's next click."""

SIDES = (128, 512)
"""Pixels of a side of a visitor's picture, at least and at most."""

CROWD, CROWD_SECONDS, CROWD_SIDE = 4, 30, 256
"""Visitors without a pause, for how long, and the side of their pictures."""

LOOK_EVERY = 1.0
"""Seconds between two looks at the app's memory."""


class Visitor:
    """One tab of a browser: a session, what its controls show, and the events that it fires.

    The page's events are private: their places are read from its config, as a browser does. Every
    click returns when its answer is there, and raises what `gradio_client` raises, or ValueError
    where the answer is no comparison.
    """

    def __init__(self, url: str, seed: int = 0):
        self.client = Client(url, verbose=False, download_files=False, analytics_enabled=False)
        self.random = random.Random(seed)
        parts = self.client.config["components"]
        self.parts = {p["props"]["elem_id"]: p for p in parts if p["props"].get("elem_id")}
        self._due: list[dict] = []
        self.values = {p["id"]: p["props"].get("value") for p in parts if p["type"] != "state"}

    def click_example(self, index: int | None = None) -> str:
        count = self.shown("examples").count("data-index")
        index = self.random.randrange(count) if index is None else index
        return self._fire("examples", "click", {"index": index})

    def click_switch(self) -> str:
        if self.random.random() < 2 / 3:
            switches = self.shown("sum").count("data-index")
            return self._fire("sum", "click", {"index": self.random.randrange(switches)})
        choices = [value for _, value in self.parts["direction"]["props"]["choices"]]
        return self.switch("direction", self.random.choice(choices))

    def switch(self, name: str, value: object) -> str:
        self.values[self.parts[name]["id"]] = value
        return self._fire(name, "input")

    def upload(self, picture: Path) -> str:
        endpoint = self.client.endpoints[self._event("upload", "input")["id"]]
        (self.values[self.parts["upload"]["id"]],) = endpoint.process_input_files(
            handle_file(picture)
        )
        return self._fire("upload", "input")

    def shown(self, name: str) -> object:
        """The value of a part of the page."""
        return self.values[self.parts[name]["id"]]

    def follow(self) -> None:
        """What a browser sends by itself: the events that the last answer set off."""
        while self._due:
            self._send(self._due.pop(0))

    def _event(self, name: str, kind: str) -> dict:
        target = [self.parts[name]["id"], kind]
        return next(e for e in self.client.config["dependencies"] if target in e["targets"])

    def _fire(self, name: str, kind: str, data: dict | None = None) -> str:
        """Until the comparison is there, which may take a second event."""
        result = self.parts["result"]["id"]
        answer = self._send(self._event(name, kind), data)[result]
        while isinstance(answer, dict) and self._due:
            answer = self._send(self._due.pop(0)).get(result)
        if not isinstance(answer, str) or "data:image/png" not in answer:
            raise ValueError(f"The {kind} on {name} was answered with no comparison: {answer!r}")
        return answer

    def _send(self, event: dict, data: dict | None = None) -> dict:
        client, number = self.client, event["id"]
        helper = client.new_helper(number)
        body = {
            "data": [self.values.get(part) for part in event["inputs"]],
            "event_data": data,
            "fn_index": number,
        }
        session = {"fn_index": number, "session_hash": client.session_hash}
        helper.event_id = client.send_data(body, session, client.protocol, None)
        endpoint = client.endpoints[number]
        answer = endpoint._sse_fn_v1plus(helper, helper.event_id, client.protocol)
        if "data" not in answer:
            raise RuntimeError(f"The page answered with an error: {answer}")
        changed = answer["changed_state_ids"]
        for other in client.config["dependencies"]:
            was_changed = any([part, "change"] in other["targets"] for part in changed)
            follows = other["trigger_after"] == number
            if (was_changed or follows) and other["backend_fn"]:
                self._due.append(other)
        answers = dict(zip(event["outputs"], answer["data"], strict=True))
        for part, value in answers.items():
            if part in self.values and not (isinstance(value, dict) and "__type__" in value):
                self.values[part] = value
        return answers


@dataclass(frozen=True)
class Click:
    """What one visitor waited for, for how long, and what went wrong, if anything."""

    visitor: int
    kind: str
    seconds: float
    error: str = ""


def timed(visitor: int, kind: str, call: Callable) -> tuple[Click, object]:
    """Runs `call`; an error of any kind is what is counted here, and ends nothing."""
    started = time.perf_counter()
    try:
        made, error = call(), ""
    except Exception as failed:
        made, error = None, f"{type(failed).__name__}: {failed}"
    return Click(visitor, kind, time.perf_counter() - started, error), made


def paint(folder: Path, seed: int, size: tuple[int, int]) -> Path:
    """A picture that nobody has sent before."""
    small = Image.frombytes("RGB", (16, 16), random.Random(seed).randbytes(3 * 16 * 16))
    path = folder / f"{seed}.jpg"
    small.resize(size, Image.Resampling.BICUBIC).save(path, quality=90)
    return path


def visit(url: str, number: int, seconds: float, folder: Path) -> list[Click]:
    """One visitor's clicks; its first is the opening of the page."""
    opened, visitor = timed(number, "open", lambda: Visitor(url, number))
    clicks, until, has_own = [opened], time.perf_counter() + seconds, False
    if visitor is None:
        return clicks
    while True:
        time.sleep(visitor.random.uniform(*THINK))
        if time.perf_counter() > until:
            return clicks
        drawn = visitor.random.random()
        if drawn < 0.7:
            kind, call, has_own = "example", visitor.click_example, False
        elif drawn < 0.9:
            kind = "switch, own picture" if has_own else "switch, example"
            call = visitor.click_switch
        else:
            size = tuple(visitor.random.randint(*SIDES) for _ in "wh")
            picture = paint(folder, 1000 * number + len(clicks), size)
            kind, has_own = "own picture", True

            def call(picture=picture):
                return visitor.upload(picture)

        clicks.append(timed(number, kind, call)[0])
        if not clicks[-1].error:
            clicks.append(timed(number, "what follows", visitor.follow)[0])


def crowd(url: str, number: int, seconds: float, folder: Path) -> list[Click]:
    """Pictures of one's own, one straight after the other."""
    visitor, clicks = Visitor(url, number), []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        picture = paint(folder, 10**6 + 1000 * number + len(clicks), (CROWD_SIDE, CROWD_SIDE))
        clicks.append(timed(number, "crowd", lambda: visitor.upload(picture))[0])  # noqa: B023
    return clicks


def together(act: Callable, visitors: int, *arguments) -> list[Click]:
    """The clicks of several visitors at once."""
    with ThreadPoolExecutor(visitors) as pool:
        acts = [pool.submit(act, URL, number, *arguments) for number in range(visitors)]
        return [click for one in acts for click in one.result()]


class Watch(threading.Thread):
    """Looks at a process until it is told to stop: (seconds, resident MB) again and again."""

    def __init__(self, process: int):
        super().__init__(daemon=True)
        self.seen: list[tuple[float, float]] = []
        self._process, self._stopped = Path("/proc") / str(process), threading.Event()

    def run(self) -> None:
        started = time.perf_counter()
        while not self._stopped.wait(LOOK_EVERY):
            pages = int((self._process / "statm").read_text().split()[1])
            megabytes = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
            self.seen.append((time.perf_counter() - started, megabytes))

    def stop(self) -> None:
        self._stopped.set()
        self.join()

    def growth(self) -> float:
        """MB from the median of the first 30 seconds to that of the last 30."""
        last = self.seen[-1][0]
        early = [memory for at, memory in self.seen if at < 30]
        late = [memory for at, memory in self.seen if at > last - 30]
        return statistics.median(late) - statistics.median(early)


def cpu_seconds(process: int) -> float:
    fields = (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def summary(clicks: list[Click]) -> dict:
    """Count, errors, median and 95th percentile in seconds of one kind."""
    waits = sorted(c.seconds for c in clicks if not c.error)
    found = {"clicks": len(clicks), "errors": len(clicks) - len(waits)}
    if waits:
        found["median_s"] = round(statistics.median(waits), 3)
        found["p95_s"] = round(waits[min(len(waits) - 1, int(0.95 * len(waits)))], 3)
        found["worst_s"] = round(waits[-1], 3)
    return found


def fairness(clicks: list[Click]) -> dict:
    """The slowest visitor's median wait over everybody's, and the fewest and most answers."""
    found = {}
    for kind in ("example", "own picture"):
        mine = [c for c in clicks if c.kind == kind and not c.error]
        medians = [
            statistics.median(waits)
            for n in {c.visitor for c in mine}
            if len(waits := [c.seconds for c in mine if c.visitor == n]) > 1
        ]
        if medians:
            overall = statistics.median(c.seconds for c in mine)
            found[f"slowest over all, {kind}"] = round(max(medians) / overall, 2)
    counted = Counter(c.visitor for c in clicks if c.kind != "what follows" and not c.error)
    return found | {"answers a visitor": [min(counted.values()), max(counted.values())]}


def measure(visitors: int, seconds: float) -> dict:
    with running_app() as (process, _), TemporaryDirectory() as folder:
        time.sleep(LEAD)
        watch, own = Watch(process), time.process_time()
        used, started = cpu_seconds(process), time.perf_counter()
        watch.start()
        clicks = together(visit, visitors, seconds, Path(folder))
        lasted = time.perf_counter() - started
        cores = (cpu_seconds(process) - used) / lasted
        own = (time.process_time() - own) / lasted
        watch.stop()
        rush = together(crowd, CROWD, CROWD_SECONDS, Path(folder))
    kinds = sorted({c.kind for c in clicks})
    memory = [megabytes for _, megabytes in watch.seen]
    return {
        "machine": describe_machine(torch.device("cpu")),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "visitors": visitors,
        "seconds": round(lasted),
        "clicks": {kind: summary([c for c in clicks if c.kind == kind]) for kind in kinds},
        "errors": sum(bool(c.error) for c in clicks + rush),
        "first errors": sorted({c.error for c in clicks + rush if c.error})[:5],
        "fairness": fairness(clicks),
        "memory_mb": {
            "start": round(memory[0]),
            "peak": round(max(memory)),
            "growth": round(watch.growth()),
        },
        "cores": {"app": round(cores, 2), "visitors": round(own, 2)},
        f"pictures of {CROWD_SIDE} px a second": round(len(rush) / CROWD_SECONDS, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=30, help="how many (default: 30)")
    parser.add_argument("--seconds", type=float, default=120, help="how long (default: 120)")
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    args = parser.parse_args()
    found = measure(args.visitors, args.seconds)
    if args.json:
        print(json.dumps(found))
        return
    clicks = found.pop("clicks")
    print("\n".join(f"{name:>28}  {value}" for name, value in found.items()))
    for kind, numbers in clicks.items():
        print(f"{kind:>28}  {numbers}")


if __name__ == "__main__":
    main()
