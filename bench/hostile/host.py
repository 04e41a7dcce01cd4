"""A page as a host opens it to strangers, and what can be seen of it from outside.

In a folder of its own, with training and the Hub (one on loopback) allowed: its processes, their
memory, its log and what it wrote where. Visitors come from a process of their own, so that nobody
else's work in this one makes them wait. Linux alone, since it looks into /proc.
"""

import multiprocessing
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path

from hub_server import Server as Hub
from hub_server import serve as hub

from bench.hostile.notes import Notes
from bench.visitors import Click, cpu_seconds, summary, visit

__all__ = ["Host", "Hub", "Visitors", "compare", "hub", "opened"]

ROOT = Path(__file__).parents[2]
SET = ROOT / "checkpoints" / "satellite2map"

MOST_MEMORY = 7_000
"""MB at which the page is ended, before it takes the machine along."""

OWN_MARK = "BENCH_HOSTED_PAGE"
"""Environment variable by which all processes of a page are found, whoever started them."""

RAN = "programs-that-ran"

GHOSTSCRIPT = """#!/bin/sh
[ "$1" = --version ] && echo 10.0 && exit 0
echo "$@" >> {folder}/{ran}
exec sleep 3600
"""
"""Stands in for a program that a decoder may start: it never ends, as with an EPS that loops."""


class Host:
    """`app.py` for strangers below `folder`; `start`s again after whatever ended it."""

    def __init__(self, folder: Path, port: int, hub: Hub, minutes: int):
        self.folder, self.url, self.hub = folder, f"http://127.0.0.1:{port}", hub
        self.secret, self._deaths = secrets.token_hex(16), []
        self.peak = 0.0
        self._mark = secrets.token_hex(8)
        self._command = [sys.executable, str(ROOT / "app.py"), "--host", "0.0.0.0"]
        self._command += ["--port", str(port), "--checkpoints", str(SET), "--allow-hub"]
        self._command += ["--training", "--max-train-minutes", str(minutes)]
        for name in ("cwd", "tmp", "home", "bin"):
            (folder / name).mkdir()
        for name in ("cwd", "home"):
            (folder / name / "secret.txt").write_text(self.secret)
        program = folder / "bin" / "gs"
        program.write_text(GHOSTSCRIPT.format(folder=folder, ran=RAN))
        program.chmod(0o755)
        inherited = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        self._environment = (
            inherited
            | hub.environment
            | {
                "HOME": str(folder / "home"),
                "TMPDIR": str(folder / "tmp"),
                "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "MPLCONFIGDIR": str(folder / "home" / ".cache"),
                "HF_TOKEN": f"hf_{self.secret}",
                "PYTHONDONTWRITEBYTECODE": "1",
                OWN_MARK: self._mark,
            }
        )
        self._before: set[str] = set()
        hub.token = f"hf_{self.secret}"
        self.private = [str(folder), str(ROOT), sys.prefix, self.secret]

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder / "cwd",
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        ends = time.monotonic() + 120
        while not self._answers():
            if not self.alive or time.monotonic() > ends:
                raise RuntimeError(f"The page did not open; see {self.folder / 'log'}.")
            time.sleep(0.2)

    def stop(self) -> None:
        """End the page and whatever it started."""
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
        for process in self.processes():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.wait()

    def settle(self, most: float = 60) -> None:
        """Until the page has nothing to do, or so many seconds have passed."""
        ends, quiet = time.monotonic() + most, 0
        while time.monotonic() < ends and quiet < 3:
            used = cpu_seconds(self._process.pid)
            time.sleep(1)
            quiet = quiet + 1 if cpu_seconds(self._process.pid) - used < 0.15 else 0
        self._before = self._outside()

    @contextmanager
    def guarded(self, notes: Notes) -> Iterator[None]:
        """Meanwhile a page that died or is stuck is started anew; what was under way is noted."""
        closing = threading.Event()

        def work() -> None:
            while not closing.wait(0.5):
                memory = self.memory()
                self.peak = max(self.peak, memory)
                if memory > MOST_MEMORY:
                    self._deaths.append(f"used more than {MOST_MEMORY} MB, with {notes}")
                elif not self.alive:
                    self._deaths.append(f"ended by {self._process.returncode}, with {notes}")
                elif notes.is_stuck():
                    self._deaths.append(f"answered no more, with {notes}")
                else:
                    continue
                self.stop()
                self.start()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            closing.set()
            thread.join()

    def faults(self, mark: str) -> list[str]:
        """What is wrong with the page as seen from outside. mark: part of strangers' names."""
        found = [f"the page {death[:600]}" for death in self._deaths]
        found += [f"written outside: {path}" for path in self._written_outside(mark)]
        if any(request.authorization for request in self.hub.requests):
            found.append("the host's own Hub token served a stranger")
        if (ran := self.folder / RAN).exists():
            found.append(f"a program ran: gs {ran.read_text()[:200]}")
        return found

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/config", timeout=10) as answer:
                return b"data:image/png;base64" in answer.read()
        except (urllib.error.URLError, OSError):
            return False

    def processes(self) -> list[int]:
        mark = f"{OWN_MARK}={self._mark}".encode()
        return [int(p.name) for p in Path("/proc").glob("[0-9]*") if mark in _read(p / "environ")]

    def memory(self) -> float:
        """MB of all processes, what they share counted once."""
        kilobytes = 0
        for process in self.processes():
            found = re.search(rb"^Pss: +(\d+)", _read(Path(f"/proc/{process}/smaps_rollup")), re.M)
            kilobytes += int(found[1]) if found else 0
        return kilobytes / 1024

    def disk(self) -> float:
        """MB that the page keeps."""
        files = (p for name in ("cwd", "tmp", "home") for p in (self.folder / name).rglob("*"))
        return sum(p.lstat().st_size for p in files if p.is_file() or p.is_symlink()) / 2**20

    def tracebacks(self) -> Counter:
        """Those in the log, by their last place in a file and their error."""
        found: Counter = Counter()
        for block in (self.folder / "log").read_text(errors="replace").split("Traceback (")[1:]:
            places = re.findall(r'^ *\|? *File "(.+?)", line (\d+)', block, re.M)
            ends = re.search(r"^([\w.]+(?:Error|Exception))\b.*$", block, re.M)
            ours = [place for place in places if "/cyclegan/" in place[0]] or places
            place = "{}:{}".format(*ours[-1]).rpartition("site-packages/")[2] if ours else "?"
            found[f"{place} {ends[1] if ends else '?'}"] += 1
        return found

    def _written_outside(self, mark: str) -> list[str]:
        """What is new where a page has nothing to write, or is called by a stranger's name."""
        named = ("/tmp", "/var/tmp", "/dev/shm", *map(str, self.folder.parents[0].glob("*")))
        calls = ["find", *named, "-xdev", "-name", f"*{mark}*"]
        found = subprocess.run(calls, capture_output=True, text=True).stdout.splitlines()
        inside = str(self.folder / "tmp")  # Uploads keep a cleaned name in their own folders.
        return sorted({*(self._outside() - self._before), *(f for f in found if inside not in f)})

    def _outside(self) -> set[str]:
        allowed = (self.folder / "cwd" / "runs", self.folder / "home" / ".cache")
        allowed += (self.folder / "tmp", ROOT / ".git")
        roots = (self.folder / "cwd", self.folder / "home", self.folder, ROOT)
        found = {str(p) for root in roots for p in _walk(root, allowed)}
        return found - {str(self.folder / "log"), str(self.folder / RAN), *map(str, allowed)}


@contextmanager
def opened(folder: Path, port: int, hub: Hub, minutes: int = 1) -> Iterator[Host]:
    """A page in a new folder below `folder`, until the end of the block."""
    (folder / "page").mkdir()
    host = Host(folder / "page", port, hub, minutes)
    host.start()
    try:
        yield host
    finally:
        host.stop()


def _walk(folder: Path, allowed: tuple[Path, ...]):
    for at, folders, files in os.walk(folder):
        here = Path(at)
        folders[:] = [f for f in folders if here / f not in allowed and f != "__pycache__"]
        yield from (here / name for name in (*folders, *files))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # Ended meanwhile.
        return b""


class Visitors:
    """Visitors as in `bench.visitors`, in a process of their own.

    first: the number of the first; other numbers have other pictures.
    """

    def __init__(self, url: str, count: int, first: int, seconds: float, folder: Path):
        context = multiprocessing.get_context("spawn")
        self._clicks, sent = context.Pipe(duplex=False)
        arguments = sent, url, count, first, seconds, str(folder)
        self._process = context.Process(target=_visits, args=arguments, daemon=True)
        self._process.start()

    def clicks(self) -> list[Click]:
        found = self._clicks.recv()
        self._process.join()
        return found


def _visits(sent, url: str, count: int, first: int, seconds: float, folder: str) -> None:
    pool = ThreadPoolExecutor(count)
    numbers = range(first, first + count)
    acts = {pool.submit(visit, url, number, seconds, Path(folder)): number for number in numbers}
    wait(acts, seconds + PATIENCE)
    clicks = []
    for act, number in acts.items():
        silent = Click(number, "visit", float("inf"), "a click was never answered")
        clicks += act.result() if act.done() else [silent]
    sent.send(clicks)
    os._exit(0)  # Not waiting for clicks that are never answered.


PATIENCE = 60
"""Seconds that a visitor's last click may take beyond the end."""


def compare(calm: list[Click], attacked: list[Click]) -> tuple[dict[str, dict], list[str]]:
    """Waits by kind of click, calm and under attack, and what is not as it should be.

    The opening of the page and what follows on a click are shown and not judged.
    """
    kinds = sorted({c.kind for c in calm + attacked} - {"open", "what follows"})
    judged = [[c for c in clicks if c.kind in kinds] for clicks in (calm, attacked)]
    rows = {}
    for kind in ("all clicks", *kinds, "open", "what follows"):
        both = [
            summary(judged[i] if kind == "all clicks" else [c for c in clicks if c.kind == kind])
            for i, clicks in enumerate((calm, attacked))
        ]
        rows[kind] = {"calm": both[0], "attacked": both[1]}
        for name in ("median_s", "p95_s"):
            if all(found.get(name) for found in both):
                rows[kind][f"{name[:-2]} ratio"] = round(both[1][name] / both[0][name], 2)
    faults = [f"a visitor's error: {error}" for error in {c.error for c in attacked if c.error}]
    ratios = rows["all clicks"]
    for name in ("median", "p95"):
        ratio = ratios.get(f"{name} ratio", float("inf"))
        if ratio > 2:
            faults.append(f"others' clicks: {name} {ratio} times as long as without the attack")
    return rows, faults
