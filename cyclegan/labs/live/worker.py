"""The process that trains: `python -m cyclegan.labs.live.worker FOLDER`. Started by the director.

It steps aside for the page by a low priority (nice 10); either arm has half of the cores. Frames
and figures come every two seconds, or as seldom as it takes to spend 6 % of the time on them;
sounds every 15 seconds, or for 3 %; checkpoints every 20 seconds, or for 4 %. When the director is
gone for ten seconds, it saves and stops, so that no training goes on for ever on a laptop whose
page was closed. It does the same when the minutes are over for which the host gives it a place,
paused or not.
"""

import argparse
import errno
import signal
import sys
import traceback
from collections import deque
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter, sleep

import torch
import torch._dynamo  # The first optimizer would, once this process has stepped aside.
from filelock import Timeout

from ... import lessons
from ...core import device as devices
from ...core.config import ConfigError
from ...core.registry import load_plugins
from ...inference import measured
from ...lessons import DataError, UnpairedData, open_data
from ...lessons.folder import UNPAIRED
from ...store import checkpoints
from ...training.runs import RunError
from ...training.trainer import NonFiniteError
from . import control, ledger, listens, pace, reel, spare, status, stored
from .control import Command, ControlError
from .lockstep import Lockstep
from .look import Looker
from .settings import is_older
from .status import Status

LOOK_EVERY, LOOK_SHARE = 2.0, 0.06
LISTEN_EVERY, LISTEN_SHARE = 15.0, 0.03
SAVE_EVERY, SAVE_SHARE = 20.0, 0.04
STATUS_EVERY = 1.0
PAUSE = 0.05
RATE_OVER = 30.0


class Worker:
    """One live training from its settings, or its last checkpoint, to its end.

    minutes: by the clock on the wall, of this worker and those before it; None for any.
    """

    def __init__(
        self,
        folder: Path,
        looking: bool = True,
        save_every: float = SAVE_EVERY,
        grace: float = pace.GRACE,
        minutes: float | None = None,
    ):
        self.folder = folder
        self.minutes = minutes
        self._began = perf_counter()
        self.settings = status.read_settings(folder)
        self.status = replace(status.read(folder), state="starting", sentence="", notice="")
        self.looks = pace.Rhythm(LOOK_EVERY, LOOK_SHARE)
        self.listens = pace.Rhythm(LISTEN_EVERY, LISTEN_SHARE)
        self.saves = pace.Rhythm(save_every, SAVE_SHARE)
        self.looking = looking
        self.watch = pace.Watch(folder.parent, grace)
        self.paused = False
        self.ending: tuple[str, str] | None = None
        self._recent: deque[tuple[float, int]] = deque()
        self._remaining = pace.Remaining()
        self._stepping: Path | None = None
        self._told = 0.0
        self._spent_before = self.status.looking, self.status.saving
        self._held_before = self.status.held

    def run(self) -> None:
        """Train until it ends, in whatever way; the last status says how."""
        self.tell("starting", force=True)
        self._deny_pairs()
        base = self.settings.base
        data = self._open()
        device = devices.choose(self.settings.device)
        self.lockstep = Lockstep(self.folder, self.settings, data, device, self.status.saved_step)
        for kept in (reel, listens):
            kept.forget_after(self.folder, self.lockstep.step)
        draw = lessons.find(base.training.data).draw
        self.looker = Looker(data, self.lockstep.configs, draw)
        self.status = replace(self.status, steps=self.lockstep.steps, notice=self.lockstep.notice)
        self._seconds, self._since = self._trained(), perf_counter()
        self.look()
        self.train()
        state, sentence = self.ending
        if self.lockstep.step and state in ("stopped", "finished"):
            self.tell("measuring", "Both arms are saved and measured.", force=True)
        if state == "discarded":
            if self._is_there:
                self.tell(state, sentence, force=True)
            return
        self._seconds, self._since = self.seconds, None
        self.look()
        if self.lockstep.step:
            wanted = state in ("finished", "stopped")
            self.lockstep.save(kept=wanted and self.lockstep.step < self.lockstep.steps)
            self.lockstep.drop_spares()
            if wanted and data.is_held_out and min(len(data.test_x), len(data.test_y)) > 1:
                self.measure(data)
                asked = [command for _, command in control.pending(self.folder)]
                state = "discarded" if Command("discard") in asked else state
        elif state == "stopped":
            sentence = "Stopped before the first step: there is nothing to keep."
        elif state == "finished":
            state, sentence = "stopped", f"{sentence} There is nothing to keep."
        self.tell(state, sentence, force=True)

    def _open(self) -> UnpairedData:
        """The data; of a training that goes on, with channels and ranges as it began."""
        base = self.settings.base
        with suppress(checkpoints.CheckpointError):
            began = checkpoints.read_config(self.folder / self.settings.slugs[0])
            if began.training.data == base.training.data:
                return open_data(*lessons.as_trained(began))
        t = base.training
        return open_data(t.data, base.image_size, t.fit, pictures=t.pictures)

    def _deny_pairs(self) -> None:
        """Own pictures that came before pairs were known were numbered: equal names are chance."""
        own = self.folder / status.DATA
        settings = stored.read_object(self.folder / status.SETTINGS, status.MAX_BYTES)
        if own.is_dir() and is_older(settings):
            (own / UNPAIRED).touch()

    @property
    def _is_there(self) -> bool:
        """Whether the training's folder is: somebody may have removed it, or all of them."""
        return (self.folder / status.SETTINGS).exists()

    @property
    def held(self) -> float:
        """Seconds for which this training has had a place, by the clock on the wall."""
        return self._held_before + perf_counter() - self._began

    def _trained(self) -> float:
        """Seconds of training up to where it goes on: what was trained after that is lost."""
        return sum(run.seconds for run in self.lockstep.runs)

    @property
    def seconds(self) -> float:
        """Of training; the clock stands while paused, and when it is over."""
        return self._seconds + (perf_counter() - self._since if self._since else 0.0)

    def train(self) -> None:
        """Step after step, until `ending` is set."""
        lockstep, minutes = self.lockstep, self.settings.minutes
        batches = lockstep.batches()
        self.saves.do(lambda: None)
        self.tell("running", force=True)
        while True:
            self.obey()
            if self.ending:
                return
            if lockstep.step >= lockstep.steps:
                self.ending = ("finished", f"Trained to the end: {lockstep.steps:,} steps.")
            elif minutes and self.seconds >= minutes * 60:
                after = f"{lockstep.step:,} of {lockstep.steps:,} steps"
                self.ending = ("finished", f"{minutes:g} minutes are over, after {after}.")
            if self.ending:
                return
            waiting = perf_counter()
            batch = next(batches)
            lockstep.take_step(batch, perf_counter() - waiting)
            self._recent.append((perf_counter(), lockstep.step))
            if self.looks.is_due and self.looking and not self.paused:
                self.look(self.listens.is_due)
            if self.saves.is_due:
                self.saves.do(lockstep.save)
            self.tell("paused" if self.paused else "running", force=self.paused)

    def look(self, listening: bool = True) -> None:
        """A frame and a point of every curve; listening: and what is heard at this step."""

        def work() -> None:
            figures = self.looker.look(self.folder, self.lockstep.trainers)
            self.lockstep.log(figures)

        self.looks.do(work)
        if listening and self.looker.is_heard:
            self.listens.do(lambda: self.looker.listen(self.folder, self.lockstep.step))

    def obey(self) -> None:
        """Do what was asked for; while paused, wait here. Returns when a step is to be made."""
        if self._stepping:  # Asked for until it is made, and that is told.
            control.drop(self._stepping)
            self._stepping = None
        while not self.ending:
            step = False
            for path, command in control.pending(self.folder):
                if isinstance(command, ControlError):
                    self._answer(str(command))
                elif command.do == "step":
                    if not self.paused:
                        self._pause()
                    step, self._stepping = True, path
                    break
                else:
                    self._do(command)
                control.drop(path)
                if self.ending:
                    break
            if not self.ending:
                self.ending = self._end_from_without()
            if self.ending or not self.paused:
                return
            if step:
                self._step_seen = False
                return
            if not self._step_seen:
                self.look()
                self._step_seen = True
            self.tell("paused")
            sleep(PAUSE)

    def _end_from_without(self) -> tuple[str, str] | None:
        """What ends a training that nobody asked to end."""
        if not self._is_there:
            return ("discarded", "")
        if self.watch.is_gone:
            return ("interrupted", "The page was closed; the training waits here.")
        if self.minutes and self.held >= self.minutes * 60:
            return ("finished", status.over(self.minutes, self.lockstep.step, self.lockstep.steps))
        return None

    def _do(self, command: Command) -> None:
        done = f"after {self.lockstep.step:,} of {self.lockstep.steps:,} steps"
        if command.do == "pause" and not self.paused:
            self._pause()
        elif command.do == "continue" and self.paused:
            self.paused, self._since = False, perf_counter()
            self._recent.clear()
            self._remaining.forget()
            self.tell("running", force=True)
        elif command.do == "stop":
            self.ending = ("stopped", f"Stopped and kept {done}.")
        elif command.do == "discard":
            self.ending = ("discarded", "")
        elif command.do == "set":
            try:
                self.lockstep.change(command)
            except (ControlError, ConfigError) as error:
                self._answer(str(error))
                return
            # Saved before the command is forgotten: a kill loses steps, never what was asked.
            self.saves.do(self.lockstep.save)
            self._answer("")

    def _pause(self) -> None:
        self._seconds, self._since = self.seconds, None
        self.paused, self._step_seen = True, False
        if self.lockstep.step:
            self.saves.do(self.lockstep.save)
        self.tell("paused", force=True)

    def _answer(self, sentence: str) -> None:
        self.status = replace(self.status, notice=sentence)
        self.tell(self.status.state, force=True)

    def measure(self, data: UnpairedData) -> None:
        """The figures of all held-out items, as `python -m cyclegan.evaluation --save` has them."""
        kind = "pairs" if data.paired else "items"
        self.tell("measuring", f"Both arms are measured on all held-out {kind}.", force=True)
        device = self.lockstep.trainers[0].device
        found = [measured.measure(f, data, device) for f in self.lockstep.folders]
        measured.save(self.folder, found)

    def tell(self, state: str, sentence: str = "", force: bool = False) -> None:
        """Write the status, at most once a second unless something new happened."""
        now = perf_counter()
        if not force and now - self._told < STATUS_EVERY:
            return
        self._told = now
        held = round(self.held, 1)
        found = replace(self.status, state=state, sentence=sentence, held=held)
        if hasattr(self, "lockstep"):
            found = self._progress(found, now)
        self.status = status.write(self.folder, found)

    def _progress(self, found: Status, now: float) -> Status:
        while len(self._recent) > 2 and now - self._recent[0][0] > RATE_OVER:
            self._recent.popleft()
        speed, lockstep = found.steps_per_second, self.lockstep
        if len(self._recent) > 1 and not self.paused:
            (then, first), (last, step) = self._recent[0], self._recent[-1]
            speed = (step - first) / max(last - then, 1e-9)
        left = None
        if speed:
            left = self._remaining.tell((lockstep.steps - lockstep.step) / speed, now)
        if self.settings.minutes:
            rest = max(0.0, self.settings.minutes * 60 - self.seconds)
            left = rest if left is None else min(left, rest)
        if self.minutes:
            rest = max(0.0, self.minutes * 60 - self.held)
            left = rest if left is None else min(left, rest)
        looked, saved = self._spent_before
        return replace(
            found,
            step=lockstep.step,
            saved_step=lockstep.saved_step,
            steps_per_second=round(speed, 4),
            seconds=round(self.seconds, 2),
            seconds_left=None if left is None else round(left, 1),
            looking=round(looked + self.looks.spent + self.listens.spent, 3),
            saving=round(saved + self.saves.spent, 3),
            changes=tuple(lockstep.changes),
        )


def _sentence(error: Exception, is_saved: bool) -> str | None:
    """What a person can do something about; None for a fault of the program."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"The disk is full; {_kept(is_saved)}."
    if isinstance(error, NonFiniteError):
        return f"{error} A lower rate may help; {_kept(is_saved)}."
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or _is_memory(error):
        return (
            f"The memory is full; choose smaller pictures, networks or batches; {_kept(is_saved)}."
        )
    if isinstance(error, ConfigError | DataError | RunError | checkpoints.CheckpointError):
        return str(error)
    return None


def _kept(is_saved: bool) -> str:
    return "the last checkpoint is kept" if is_saved else "there is no checkpoint yet"


def _is_memory(error: Exception) -> bool:
    """PyTorch tells of a full memory of the CPU by an error of no kind of its own."""
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)


def main(argv: list[str] | None = None) -> int:
    """Exit code: 0 whenever the status says how it ended, 1 for a fault, 2 when not started."""
    parser = argparse.ArgumentParser(prog="python -m cyclegan.labs.live.worker")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("folder", type=Path, nargs="?", help="a training's, made by the director")
    where.add_argument(spare.FLAG, action="store_true", help="until standard input names it")
    parser.add_argument("--blind", action="store_true", help="no frames or figures on the way")
    parser.add_argument("--save-every", type=float, default=SAVE_EVERY, help="seconds")
    parser.add_argument("--grace", type=float, default=pace.GRACE, help="seconds")
    parser.add_argument("--minutes", type=float, help="by the clock on the wall, pauses and all")
    args = parser.parse_args(argv)
    if args.wait:
        args.folder = spare.wait()
        if args.folder is None:
            return 0
        spare.write_to(args.folder / status.LOG)
    pace.step_aside()
    try:
        with status.lock(args.folder).acquire(timeout=0):
            return _work(args)
    except Timeout:
        print("Another worker trains here already.", file=sys.stderr)
        return 2


def _work(args: argparse.Namespace) -> int:
    worker = None
    try:
        load_plugins()
        worker = Worker(args.folder, not args.blind, args.save_every, args.grace, args.minutes)

        def interrupt(signum: int, frame: object) -> None:
            worker.ending = ("interrupted", "The training was asked to end; it waits here.")

        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, interrupt)
        worker.run()
        return 0
    except Exception as error:
        # Whatever it was, the page must not go on showing a training that is none.
        traceback.print_exc()
        said = _sentence(error, ledger.is_saved(args.folder))
        sentence = said or "The training failed; worker.log in its folder has the details."
        last = replace(_last(args.folder), state="failed", sentence=sentence)
        if worker is not None and hasattr(worker, "lockstep"):
            with suppress(OSError):
                worker.lockstep.drop_spares()
        if args.folder.is_dir():
            status.write(args.folder, replace(last, seconds_left=None))
        return 0 if said else 1


def _last(folder: Path) -> Status:
    """The last status, or, where that is damaged, one that knows nothing."""
    try:
        return status.read(folder)
    except checkpoints.CheckpointError:
        return Status("failed")


if __name__ == "__main__":
    sys.exit(main())
