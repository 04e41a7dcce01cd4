"""Thirty visitors while one more does all that was found to hurt: `python -m bench.attack`.

Two minutes without the thirty-first, two with, and a training of somebody's all the time. Its
attacks are those of thirteen kinds, several at once, again and again. Ends with exit code 1 where a
visitor had an error, waited more than twice as long, or the thirty-first saw or took what is
somebody else's. About seven minutes. Linux alone; needs requirements-dev.txt.
"""

import argparse
import json
import multiprocessing
import os
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench.hostile import host as hosted
from bench.hostile import models, pictures, ways
from bench.hostile.notes import Notes
from bench.hostile.pictures import MIB
from bench.hostile.stranger import API, Stranger

AT_ONCE = 4
"""Attacks that are under way at the same time."""

VICTIM = "weights-of-somebody"
"""Part of the name of a model that the thirty-first did not bring."""

WARM = 20
"""Seconds of visits before all is measured."""


def repos(hub: hosted.Hub) -> None:
    """What the attacks open by name."""
    r, whole = random.Random(0), models.whole()
    levels = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    levels += [f"a{k}: &a{k} [{','.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 9)]
    front = "\n".join(["---", *levels, "license: *a8", "---", ""]).encode()
    marked = json.dumps({"pairs": pictures.MARKUP, "size": {pictures.MARKUP: 1}})
    large = {f"examples/{i:02}-a-x.png": pictures.black_png(8000, 7900, 8, 2) for i in range(20)}
    bomb = models.repeated(bytes(250 * MIB), 40)
    table = bytes(models.as_parquet(("imageA", bomb), ("imageB", bomb)))
    hub.add("stranger/whole", whole)
    hub.add("stranger/aliases", whole | {"README.md": front})
    hub.add("stranger/tables", whole | {"gan/metrics.json": b"[" + b'{"a":1},' * 5_600_000 + b"1]"})
    hub.add("stranger/markup", whole | {"gan/metrics.json": marked.encode()})
    hub.add("stranger/examples", whole | large)
    hub.add("stranger/looping", whole | {"examples/01-a-x.png": pictures.postscript(r)})
    hub.add("stranger/parquet", {"data/train-0.parquet": table})
    hub.add("host/private", whole, private=True)


# The attacks, in the order of their kinds: a decoder, tables, two truths, slow files, …


def decoders(s: Stranger, r: random.Random) -> None:
    makers = [
        pictures.postscript,
        pictures.jpeg_of_scans,
        pictures.float_tiff,
        pictures.png_of_texts,
    ]
    ways.translate(s, "photo.png", r.choice(makers)(r))
    sides = r.choice([(1, 60_000_000), (60_000_000, 1), (8000, 7990)])
    ways.translate(s, "photo.png", pictures.black_png(*sides, *r.choice([(8, 0), (16, 6), (8, 6)])))


def tables(s: Stranger, r: random.Random) -> None:
    ways.open_name(s, f"stranger/{r.choice(['aliases', 'tables'])}")
    ways.dataset("stranger/parquet")(s)


def two_truths(s: Stranger, r: random.Random) -> None:
    ways.open_files(s, [("weights.pth", models.two_directories(r))])


def slow_files(s: Stranger, r: random.Random) -> None:
    for family in (models.flood, models.nested, models.deep_network):
        ways.open_files(s, [("weights.pth", family(r))])


def numbers(s: Stranger, r: random.Random) -> None:
    ways.open_name(s, "stranger/whole", 40_000)
    ways.open_name(s, f"stranger/{r.choice(['examples', 'looping'])}")


def markup(s: Stranger, r: random.Random) -> None:
    ways.open_name(s, "stranger/markup")


def things_of_others(s: Stranger, r: random.Random) -> None:
    for name in ("no such model", f"{VICTIM}.pth", "host/private"):
        ways.open_name(s, name)
    s.act("chosen", "input")
    for _, number in s.choices.get(s.part("chosen"), []):
        s.put(chosen=number, pause="Pause", whose=-1, value=9.0)
        for button in ("pause", "step", "stop", "apply", "use", "take", "discard", "destroy"):
            s.act(button, "click")


def side_door(s: Stranger, r: random.Random) -> None:
    data = pictures.black_png(8000, 7990, 8, 2)
    given = [s.give(f"{i}.png", data) for i in range(2)]
    s.put(data=":own", own_x=given, own_y=given)
    body = s.body(s.event("start", "click"))
    with ThreadPoolExecutor(10) as pool:
        for _ in range(10):
            pool.submit(s.send, "POST", f"{API}/run/predict", body)


def places(s: Stranger, r: random.Random) -> None:
    s.put(data="drawing")
    s.act("start", "click")
    s.put(pause="Pause")
    s.act("pause", "click")
    s.put(upload=s.give("photo.png", pictures.saved(pictures.noise(r, side=500), "PNG")))
    event = s.event("upload", "input")
    for _ in range(257):
        body = s.body(event) | {"session_hash": secrets.token_hex(5)}
        s.send("POST", f"{API}/queue/join", body)


def disk(s: Stranger, r: random.Random) -> None:
    for i in range(20):
        s.give(f"{i}.bin", r.randbytes(8 * MIB))
    s.put(data="drawing")
    s.act("start", "click")
    s.act("stop", "click")


def made_up_sessions(s: Stranger, r: random.Random) -> None:
    event = s.event("examples", "click")
    for _ in range(260):
        body = s.body(event, {"index": 0}) | {"session_hash": secrets.token_hex(5)}
        s.send("POST", f"{API}/run/predict", body)


def bad_file(s: Stranger, r: random.Random) -> None:
    qoi = b"qoif" + bytes([0, 0, 0, 9, 0, 0, 0, 9, 3, 0]) + r.randbytes(90)
    zipped = pictures.zipped([*pictures.few(r), ("odd.png", qoi)])
    ways.train(s, [("x.zip", zipped)], [("y.zip", zipped)])


def host_names(s: Stranger, r: random.Random) -> None:
    for name in ("evil.example", "127.0.0.1.evil.example", "169.254.169.254", ""):
        for path in ("/", "/config", f"{API}/file=/etc/passwd"):
            s.send("GET", path, headers={"Host": name, "X-Forwarded-Host": name})


ATTACKS: tuple[Callable[[Stranger, random.Random], None], ...] = (
    *(decoders, tables, two_truths, slow_files, numbers, markup, things_of_others, side_door),
    *(places, disk, made_up_sessions, bad_file, host_names),
)


def attack(sent, url: str, private: list[str], seconds: float) -> None:
    """All attacks in turn until the time is up, in a process of its own."""
    notes, done, ends = Notes(private), Counter(), time.monotonic() + seconds
    turns = cycle(ATTACKS)

    def work(number: int) -> None:
        stranger, r = None, random.Random(number)
        while time.monotonic() < ends:
            act = next(turns)
            notes.begin(act.__name__)
            try:
                stranger = stranger or Stranger(url, notes.note)
                act(stranger, r)
                done[act.__name__] += 1
            except (httpx.HTTPError, ValueError, KeyError, OSError):
                stranger = None
                time.sleep(0.5)

    os.nice(10)  # In life, the attacker's machine is another.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(work, range(AT_ONCE)))
    sent.send((notes.requests, dict(done), notes.listed()))


class Victim:
    """Somebody with a model and a training."""

    def __init__(self, url: str):
        self._stranger = Stranger(url, lambda answer: None, "127.0.0.1")
        ways.open_files(self._stranger, [(f"{VICTIM}.pth", models.hostile.as_zip())])
        self._stranger.put(data="drawing")
        self._stranger.act("start", "click")
        self._number = self._stranger.values[self._stranger.part("chosen")]

    def loss(self) -> list[str]:
        """What became of the training that its owner did not ask for."""
        self._stranger.act("chosen", "input")
        listed = self._stranger.choices.get(self._stranger.part("chosen"), [])
        label = {number: label for label, number in listed}.get(self._number, "gone")
        words = ("gone", "paused", "stopped", "queued")
        return [f"somebody else's training: {label}"] if any(w in label for w in words) else []


def measure(visitors: int, seconds: float, port: int, folder: Path) -> dict:
    with hosted.hub() as hub, hosted.opened(folder, port, hub, minutes=15) as host:
        repos(hub)
        host.settle()
        hosted.Visitors(host.url, visitors, 0, WARM, folder).clicks()
        victim, before = Victim(host.url), host.memory()
        calm = hosted.Visitors(host.url, visitors, 100, seconds, folder).clicks()
        context = multiprocessing.get_context("spawn")
        told, sent = context.Pipe(duplex=False)
        private = [*host.private, VICTIM]
        arguments = sent, host.url, private, seconds
        with host.guarded(Notes(())):
            others = hosted.Visitors(host.url, visitors, 200, seconds, folder)
            context.Process(target=attack, args=arguments, daemon=True).start()
            attacked = others.clicks()
            requests, done, seen = told.recv() if told.poll(120) else (0, {}, ["no end"])
        rows, faults = hosted.compare(calm, attacked)
        missing = [act.__name__ for act in ATTACKS if not done.get(act.__name__)]
        faults += seen + host.faults(pictures.MARK) + victim.loss()
        faults += [f"never came to an end: {name}" for name in missing]
        return {
            "requests of the attacker": requests,
            "attacks": done,
            "errors of the others": sum(bool(click.error) for click in attacked),
            "memory_mb": {"before": round(before), "peak": round(host.peak)},
            "disk_mb": round(host.disk()),
            "clicks": rows,
            "faults": faults,
        }


def table(found: dict) -> str:
    rows = found["clicks"].items()
    told = {name: value for name, value in found.items() if name not in ("clicks", "faults")}
    lines = [f"{name:>24}  {value}" for name, value in [*told.items(), *rows]]
    return "\n".join([*lines, f"\nFaults: {len(found['faults'])}", *found["faults"]])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.attack", description=__doc__)
    parser.add_argument("--visitors", type=int, default=30, help="besides the attacker (30)")
    parser.add_argument("--seconds", type=float, default=120, help="calm, and under attack (120)")
    parser.add_argument("--port", type=int, default=7989, help="of the page (7989)")
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = measure(args.visitors, args.seconds, args.port, Path(folder))
    print(json.dumps(found) if args.json else table(found))
    return 1 if found["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
