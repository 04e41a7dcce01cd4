"""Whatever a stranger may send, at random: `python -m bench.fuzz [--seed N]`, about five minutes.

Every event that the page has, named or not, through every door, with values that nobody expects;
every route, with odd methods and headers; hostile files by every way in. Meanwhile a few visitors
click as ever. Ends with exit code 1 where the page died or did not answer, showed a traceback or
what is nobody's business, wrote outside its folders, kept memory, or let the others wait. Each file
and call is named by its family and seed. Linux alone; needs requirements-dev.txt.
"""

import argparse
import json
import os
import queue
import random
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench.hostile import host as hosted
from bench.hostile import models, odd, pictures, ways
from bench.hostile.notes import Notes
from bench.hostile.stranger import Stranger

FILERS, CALLERS = 6, 4
"""Sessions that send files, and that send all else, at the same time."""

PROBES = 6
"""Visitors that click as ever, so that it shows who waits for whom."""

WARM, CALM = 15, 45
"""Seconds of their clicks before all is measured, and without an attack."""

MOST_GROWTH, LOOK_AGAIN = 100, 30
"""MB that may be kept in the end, and seconds until then."""

AT_LEAST_REQUESTS, AT_LEAST_FILES = 2_000, 300

Task = tuple[str, Callable[[Stranger], object]]


def calls(host: hosted.Host, config: dict, r: random.Random, count: int) -> list[Task]:
    """Events and routes at random, each event at least once through each door."""
    events = [event for event in config["dependencies"] if event["backend_fn"]]
    doors = (odd.queue_door, odd.direct_door, odd.named_door)
    each = [(event, door) for door in doors for event in events]
    found: list[Task] = []
    for number in range(count):
        own = random.Random(r.random())
        if number >= len(each) and number % 3 == 0:
            found.append(odd.route(host, config, own))
        else:
            event, door = each[number] if number < len(each) else r.choice(each)
            found.append(door(event, own))
    r.shuffle(found)
    return found


def files(hub: hosted.Hub, r: random.Random, count: int) -> list[Task]:
    """Each family in turn, by one of the ways in that there are for it."""
    families = [
        *((family, ways.picture) for family in pictures.PICTURES),
        *((family, ways.archive) for family in pictures.ZIPS),
        *((family, ways.weights) for family in models.WEIGHTS),
        *((models.repo, None) for _ in range(5)),
    ]
    found: list[Task] = []
    for number in range(count):
        family, way = families[number % len(families)]
        seed = f"{family.__name__} {r.random()}"
        made = family(random.Random(seed))
        if way:
            act = way(made, random.Random(seed))
        else:
            name = f"stranger/repo-{number}"
            hub.add(name, made)
            is_table = any(path.endswith(".parquet") for path in made)
            act = ways.dataset(name) if is_table else ways.repo(name)
        found.append((seed, act))
    r.shuffle(found)
    return found


def attack(host: hosted.Host, notes: Notes, tasks: list[Task], sessions: int, ends: float) -> int:
    """As many of the tasks as there is time for, by several sessions; returns how many."""
    waiting: queue.SimpleQueue[tuple[float, Task]] = queue.SimpleQueue()
    pace = 0.8 * (ends - time.monotonic()) / max(1, len(tasks))
    for number, task in enumerate(tasks):
        waiting.put((time.monotonic() + number * pace, task))

    def work() -> int:
        os.nice(10)  # This thread alone: in life, a stranger's machine is another.
        stranger, done = None, 0
        while time.monotonic() < ends and not waiting.empty():
            begins, (what, act) = waiting.get()
            time.sleep(max(0.0, begins - time.monotonic()))  # All day long, not all at once.
            notes.begin(what)
            try:
                stranger = stranger or _newcomer(host, notes)
                act(stranger)
            except (httpx.HTTPError, ValueError, KeyError, OSError):
                stranger = None  # The page is away; what came of it is noted elsewhere.
                time.sleep(0.5)
            done += 1
        notes.begin("the end")
        if stranger:
            ways.end_trainings(stranger)
        notes.under_way.pop(threading.get_ident())
        return done

    with ThreadPoolExecutor(sessions) as pool:
        return sum(one.result() for one in [pool.submit(work) for _ in range(sessions)])


def _newcomer(host: hosted.Host, notes: Notes) -> Stranger:
    stranger = Stranger(host.url, notes.note)
    odd.KNOWN_SESSIONS.append(stranger.session)
    return stranger


def measure(args: argparse.Namespace, folder: Path) -> dict:
    r = random.Random(args.seed)
    with hosted.hub() as hub:
        sent = files(hub, r, args.files)
        hub.add("host/private", models.whole(), private=True)
        with hosted.opened(folder, args.port, hub) as host:
            config = httpx.get(f"{host.url}/config", timeout=60).json()
            asked = calls(host, config, r, args.requests)
            host.settle()
            hosted.Visitors(host.url, PROBES, 0, WARM, folder).clicks()
            calm = hosted.Visitors(host.url, PROBES, 100, CALM, folder).clicks()
            before, started = host.memory(), time.monotonic()
            notes = Notes(host.private)
            with host.guarded(notes):
                others = hosted.Visitors(host.url, PROBES, 200, args.seconds, folder)
                ends = started + args.seconds
                with ThreadPoolExecutor(2) as pool:
                    filing = pool.submit(attack, host, notes, sent, FILERS, ends)
                    calling = pool.submit(attack, host, notes, asked, CALLERS, ends)
                filed, called = filing.result(), calling.result()
                lasted = time.monotonic() - started
                attacked = others.clicks()
                ends = time.monotonic() + LOOK_AGAIN
                while (after := host.memory()) > before + MOST_GROWTH and time.monotonic() < ends:
                    time.sleep(1)
            rows, faults = hosted.compare(calm, attacked)
            faults += notes.listed() + host.faults(pictures.MARK)
            if notes.requests < AT_LEAST_REQUESTS or filed < AT_LEAST_FILES:
                faults.append("fewer requests or files than asked for: all took too long")
            if after > before + MOST_GROWTH:
                faults.append(f"memory kept: {after - before:.0f} MB")
            memory = {"before": round(before), "peak": round(host.peak), "after": round(after)}
            return {
                "requests": notes.requests,
                "calls": called,
                "files": filed,
                "seconds": round(lasted),
                "memory_mb": memory,
                "disk_mb": round(host.disk()),
                "clicks": rows,
                "faults": faults,
                "wordless": dict(notes.wordless),
                "failed": dict(notes.failed),
                "log": dict(host.tracebacks()),
            }


def table(found: dict) -> str:
    names = ("requests", "calls", "files", "seconds", "memory_mb", "disk_mb")
    lines = [f"{name:>12}  {found[name]}" for name in names]
    lines += [f"{kind:>22}  {row}" for kind, row in found["clicks"].items()]
    for name, words in (
        ("log", "Tracebacks in the log, no fault where the visitor has a sentence"),
        ("wordless", "Errors that were answered without a word"),
        ("failed", "Server errors (5xx) with no answer in words"),
        ("faults", "Faults"),
    ):
        listed = found[name]
        several = listed if isinstance(listed, list) else [f"{n}× {w}" for w, n in listed.items()]
        lines += [f"\n{words}: {len(several)}", *(f"  {one}" for one in several)]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180, help="of the attack, at most (180)")
    parser.add_argument("--requests", type=int, default=2_200, help="calls besides files (2200)")
    parser.add_argument("--files", type=int, default=320, help="hostile files (320)")
    parser.add_argument("--seed", type=int, default=0, help="what is sent follows from it (0)")
    parser.add_argument("--port", type=int, default=7988, help="of the page (7988)")
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = measure(args, Path(folder))
    print(json.dumps(found) if args.json else table(found))
    return 1 if found["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
