"""Work on what strangers made, in processes with limits of time and memory, and without a network.

A `Chamber` keeps a few such processes, each of which has one function and does one thing at a time.
It is asked in JSON and bytes, and answers in JSON and bytes: whatever a file made of its process,
nothing that comes back is ever run. What takes too long or too much ends with its process, and the
next one is opened by a new one.

Walls: memory by the system on Linux and by a watcher everywhere; no files written; a lower
priority; on Linux neither sockets nor programs (seccomp, which needs no privileges). Knows nothing
of what the functions do. `python -m cyclegan.core.confined` is such a process.
"""

import atexit
import contextlib
import ctypes
import errno
import importlib
import json
import logging
import os
import platform
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import psutil

MAX_ANSWER = 2**28
"""Bytes that come back at a time."""

WATCH = 0.05
"""Seconds between two looks at a process that works."""

WAITING = 60.0
"""Seconds that a caller waits for one of the places."""

IDLE = 20.0
"""Seconds after which a process that nobody asks is ended, and its memory given back."""

NICENESS = 15
"""Next to nothing beside whoever clicks."""

PATIENCE = 3
"""Times the seconds of work that a call may last: others may keep the processor busy."""


ENDED = "ended"
"""The kind of error that tells what became of the process."""


class ConfinedError(Exception):
    """The work could not be done.

    kind: the name of the exception that the function raised, whose text this has; or ENDED, where
    the text is the end of a sentence on the file: "takes more than 7 seconds to open".
    """

    def __init__(self, kind: str, sentence: str):
        super().__init__(sentence)
        self.kind = kind

    @property
    def why(self) -> str:
        """The end of a sentence on the file, whatever it was."""
        return str(self) if self.kind == ENDED else "cannot be opened: its reader failed"


class Chamber:
    """At most `places` processes for the function `entry`, "package.module:function".

    The function takes (asked: dict, data: bytes) and returns the same. seconds: of the processor's
    time for one call, which lasts PATIENCE times as long at most. memory: bytes above what a
    process has before its first. written: bytes of a file that it may write. niceness: by how much
    they are nicer than this process. Processes start when they are needed and end when they are
    not, or with this one. Calls may come from any thread.
    """

    def __init__(
        self,
        entry: str,
        places: int,
        seconds: float,
        memory: int,
        written: int = 0,
        niceness: int = NICENESS,
    ):
        self.entry, self.seconds, self.memory, self.written = entry, seconds, memory, written
        self.niceness = niceness
        self._places = threading.BoundedSemaphore(places)
        self._idle: queue.LifoQueue[_Process] = queue.LifoQueue()
        self._reaper: threading.Timer | None = None
        self._reaping = threading.Lock()
        atexit.register(self.close)

    def __call__(self, asked: dict, data: bytes = b"") -> tuple[Any, bytes]:
        """Ask the function; raises ConfinedError."""
        with self.held() as ask:
            return ask(asked, data)

    @contextlib.contextmanager
    def held(self) -> Iterator[Callable[..., tuple[Any, bytes]]]:
        """One process for questions that follow upon each other, as it may keep what it opened.

        Raises ConfinedError where there is no place; what is given asks as the chamber itself does.
        """
        if not self._places.acquire(timeout=WAITING):
            raise ConfinedError(ENDED, "could not be opened, as others wait; try again in a minute")
        try:
            process = self._process()

            def ask(asked: dict, data: bytes = b"") -> tuple[Any, bytes]:
                return process.ask(asked, data, self.seconds, self.memory)

            try:
                yield ask
            except BaseException as error:
                if isinstance(error, ConfinedError) and process.is_whole:
                    self._rest(process)
                else:
                    process.end()
                raise
            self._rest(process)
        finally:
            self._places.release()

    def _rest(self, process: "_Process") -> None:
        self._idle.put(process)
        with self._reaping:
            if self._reaper is None:
                self._reaper = threading.Timer(IDLE, self._reap)
                self._reaper.daemon = True
                self._reaper.start()

    def _reap(self) -> None:
        """End those that have been idle for long, and look again while there are others."""
        with self._reaping:
            self._reaper = None
        waiting = []
        with contextlib.suppress(queue.Empty):
            while True:
                waiting.append(self._idle.get_nowait())
        for process in reversed(waiting):
            if process.is_whole and time.monotonic() - process.used < IDLE:
                self._rest(process)
            else:
                process.end()

    def close(self) -> None:
        """End the processes that do nothing; a later call starts a new one."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().end()

    def _process(self) -> "_Process":
        with contextlib.suppress(queue.Empty):
            while True:
                process = self._idle.get_nowait()
                if process.is_whole:
                    return process
                process.end()
        return _Process(self.entry, self.memory, self.written, self.niceness)


class _Process:
    """One process, from outside."""

    def __init__(self, entry: str, memory: int, written: int, niceness: int):
        code = str(Path(__file__).parents[2])
        # Of the environment only what Python needs: no tokens, no proxies.
        kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL", "PYTHONPATH")
        env = {name: os.environ[name] for name in kept if name in os.environ}
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (code, env.get("PYTHONPATH"))))
        env |= {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self._popen = subprocess.Popen(
            [sys.executable, "-m", __name__, entry, *map(str, (memory, written, niceness))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
            start_new_session=True,
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
        )
        self._seen: psutil.Process | None = None
        self.used = time.monotonic()

    @property
    def is_whole(self) -> bool:
        return self._popen.poll() is None

    def end(self) -> None:
        for pipe in (self._popen.stdin, self._popen.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        self._popen.kill()
        self._popen.wait()

    def ask(self, asked: dict, data: bytes, seconds: float, memory: int) -> tuple[Any, bytes]:
        done, ended = threading.Event(), []
        watch = threading.Thread(
            target=self._watch, args=(seconds, memory, done, ended), daemon=True
        )
        watch.start()
        try:
            _write(self._popen.stdin, {"seconds": seconds, "asked": asked}, data)
            said, found = _read(self._popen.stdout)
        except (OSError, ValueError, EOFError):
            self._popen.kill()
            code = self._popen.wait()
            if not ended and code != -SIGXCPU:
                logging.warning("A confined process ended by itself, with code %s.", code)
                ended.append("cannot be opened: it broke its reader off")
            why = ended[0] if ended else _too_long(seconds)
            raise ConfinedError(ENDED, why) from None
        finally:
            done.set()
            watch.join()
            self.used = time.monotonic()
        if "error" in said:
            if said.get("traceback"):
                logging.warning("In a confined process:\n%s", str(said["traceback"])[:10_000])
            raise ConfinedError(str(said["error"]), str(said.get("sentence", "")))
        return said.get("answer"), found

    def _watch(self, seconds: float, memory: int, done: threading.Event, ended: list[str]) -> None:
        """Kill the process when its time is over, or where it has more memory than it may."""
        with contextlib.suppress(psutil.Error):
            if self._seen is None:
                self._seen = psutil.Process(self._popen.pid)
        ends = time.monotonic() + PATIENCE * seconds
        while not done.wait(WATCH):
            if time.monotonic() > ends:
                ended.append(_too_long(seconds))
            else:
                with contextlib.suppress(psutil.Error):
                    held = self._seen.memory_info().rss if self._seen else 0
                    # A process on its way to its first question still loads its libraries.
                    if held > memory + SLACK:
                        ended.append(TOO_LARGE)
            if ended:
                self._popen.kill()
                return


def _too_long(seconds: float) -> str:
    return f"takes more than {seconds:.0f} seconds to open"


TOO_LARGE = "needs more memory to open than its size lets expect"

SLACK = 2**29
"""Bytes of a process that does nothing, with all its libraries, and a little more."""


# How both sides talk: the length of a JSON text, that of some bytes, and then these.


def _write(file: BinaryIO, said: dict, data: bytes) -> None:
    text = json.dumps(said).encode()
    file.write(struct.pack("<QQ", len(text), len(data)))
    file.write(text)
    file.write(data)
    file.flush()


def _read(file: BinaryIO) -> tuple[dict, bytes]:
    head = file.read(16)
    if len(head) < 16:
        raise EOFError
    text, data = struct.unpack("<QQ", head)
    if max(text, data) > MAX_ANSWER:
        raise ValueError("too long")
    said, found = json.loads(file.read(text)), file.read(data)
    if not isinstance(said, dict) or len(found) < data:
        raise ValueError("cut short")
    return said, found


# Inside


def main(argv: list[str] | None = None) -> int:
    entry, memory, written, niceness = argv or sys.argv[1:]
    # Whatever a library prints must not pass for an answer.
    asking, answering = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    module, _, name = entry.partition(":")
    function = getattr(importlib.import_module(module), name)
    confine(int(memory), int(written), int(niceness))
    while True:
        try:
            order, data = _read(asking)
        except EOFError:
            return 0
        try:
            _limit_time(order["seconds"])
            answer, found = function(order["asked"], data)
            said = {"answer": answer}
        except MemoryError:
            said, found = {"error": ENDED, "sentence": TOO_LARGE}, b""
        except Exception as error:
            said, found = {"error": type(error).__name__, "sentence": str(error)[:2000]}, b""
            if not isinstance(error, ValueError):
                said["traceback"] = traceback.format_exc()
        order = data = answer = None
        _write(answering, said, found)
        found = None


def confine(memory: int, written: int = 0, niceness: int = NICENESS) -> None:
    """Put up the walls around this process that its system has."""
    if hasattr(os, "nice"):
        os.nice(niceness)
        with contextlib.suppress(OSError):  # Linux weighs sessions first, and this leads its own.
            Path("/proc/self/autogroup").write_text(str(min(19, niceness + 4)))
    try:
        import resource
    except ImportError:  # Windows, where the watcher has to do.
        return
    limits = [("RLIMIT_CORE", 0), ("RLIMIT_FSIZE", written)]
    if sys.platform == "linux":
        has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limits.append(("RLIMIT_AS", has + memory))
    for name, most in limits:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(getattr(resource, name), (most, most))
    with contextlib.suppress(OSError):
        _close_doors()


def _limit_time(seconds: float) -> None:
    """Of the processor, from now on; SIGXCPU ends the process after it."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime + seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


SIGXCPU = getattr(signal, "SIGXCPU", 24)

SYSCALLS = {
    "x86_64": (0xC000003E, {"socket": 41, "execve": 59, "ptrace": 101}),
    "aarch64": (0xC00000B7, {"socket": 198, "execve": 221, "ptrace": 117}),
}
"""The kernel's number of a kind of processor, and those of its calls that are shut."""

ALIKE = {"execveat": {"x86_64": 322, "aarch64": 281}, "io_uring_setup": 425}


def _close_doors() -> None:
    """Shut sockets and programs by seccomp (Linux' `linux/seccomp.h`, `linux/filter.h`)."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in SYSCALLS:
        raise OSError(errno.ENOSYS, "no seccomp here")
    kind, calls = SYSCALLS[machine]
    numbers = [*calls.values(), ALIKE["execveat"][machine], ALIKE["io_uring_setup"]]
    load, equal, give = 0x20, 0x15, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
    # At 4 lies the kind of processor, at 0 the number of the call.
    lines = [(load, 0, 0, 4), (equal, 1, 0, kind), (give, 0, 0, kill), (load, 0, 0, 0)]
    lines += [(0x35, 0, 1, 0x40000000), (give, 0, 0, kill)]  # x32's numbers begin there.
    for number in numbers:
        lines += [(equal, 0, 1, number), (give, 0, 0, refuse)]
    lines.append((give, 0, 0, allow))
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))

    class Filter(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("program", ctypes.c_void_p))

    libc = ctypes.CDLL(None, use_errno=True)
    wanted = Filter(len(lines), ctypes.addressof(program))
    no_new_privileges, seccomp, filtering = 38, 22, 2
    for arguments in (
        (no_new_privileges, 1, 0, 0, 0),
        (seccomp, filtering, ctypes.addressof(wanted), 0, 0),
    ):
        if libc.prctl(*(ctypes.c_ulong(argument) for argument in arguments)):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    sys.exit(main())
