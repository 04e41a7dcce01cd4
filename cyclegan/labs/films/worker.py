"""The process that translates a film: `python -m cyclegan.labs.films.worker FOLDER`.

Started by the director in its turn. It steps aside for the page; when the page is gone, when its
minutes are over or when somebody asks, it stops, and what is finished is kept.
"""

import argparse
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from filelock import Timeout

from ...core.config import ConfigError
from ...core.films import FilmError
from ...core.registry import load_plugins
from ...inference.films import Done
from ...store.checkpoints import CheckpointError
from ..live import Status, control, pace, status
from .queue import NAME, settings_of

TELL_EVERY = 0.5
"""Seconds between two words on how it is doing."""


class Worker:
    """One film. minutes: by the clock on the wall; None for any."""

    def __init__(self, folder: Path, minutes: float | None = None, grace: float = pace.GRACE):
        self.folder, self.minutes = folder, minutes
        self.status = replace(status.read(folder), state="starting", sentence="", notice="")
        self.watch = pace.Watch(folder.parent, grace)
        self._began = self._told = perf_counter()
        self._since = self._first = 0.0
        self._remaining = pace.Remaining()
        self.ending: tuple[str, str] | None = None

    def run(self) -> None:
        """Raises FilmError, CheckpointError or ConfigError for what cannot be translated."""
        self._tell(self.status)
        settings = settings_of(self.folder)
        film = settings.film()
        translating = settings.translating(film)
        self.status = replace(self.status, steps=film.facts.frames or self.status.steps)
        self._tell(replace(self.status, state="running"))
        self._since = perf_counter()
        done = translating.run(self.folder / NAME, self._progress, self._is_over)
        if self.ending and self.ending[0] == "discarded":
            if self.folder.is_dir():
                self._tell(replace(self.status, state="discarded", sentence=""))
            return
        state, sentence = self._last_words(done)
        figures = told(done)
        last = replace(self.status, step=done.frames, saved_step=done.frames, seconds_left=None)
        last = replace(last, steps=done.frames) if done.is_whole else last
        self._tell(replace(last, state=state, sentence=f"{sentence} {figures}".strip()))

    def _last_words(self, done: Done) -> tuple[str, str]:
        if done.is_whole:
            return "finished", f"The whole film: {done.frames:,} frames."
        kept = f"The first {done.seconds:.1f} s are kept." if done.path else "Nothing is kept."
        state, why = self.ending or ("failed", done.why)
        return state, f"{why} {kept}"

    def _progress(self, frames: int) -> None:
        now = perf_counter()
        if now - self._told < TELL_EVERY and frames > 1:
            return
        passed = now - self._since
        # The first frame takes longer: its film is opened, and memory is found.
        if frames == 1:
            self._first = now
        left = None
        if self.status.steps > frames > 1:
            each = (now - self._first) / (frames - 1)
            left = self._remaining.tell(each * (self.status.steps - frames), now)
        self._tell(
            replace(
                self.status,
                state="running",
                step=frames,
                saved_step=frames,
                seconds=round(passed, 2),
                steps_per_second=round(frames / max(passed, 1e-9), 4),
                seconds_left=None if left is None else round(left, 1),
            )
        )

    def _is_over(self) -> bool:
        """Whether somebody, or something, wants it to end; then `ending` says what."""
        for path, command in control.pending(self.folder):
            if isinstance(command, control.Command) and command.do in ("stop", "discard"):
                done = "Stopped." if command.do == "stop" else ""
                self.ending = ("stopped" if command.do == "stop" else "discarded", done)
            control.drop(path)
        if not (self.folder / status.FILM).exists():
            self.ending = ("discarded", "")
        elif self.watch.is_gone:
            self.ending = ("stopped", "The page was closed.")
        elif self.minutes and self._held >= self.minutes * 60:
            self.ending = ("stopped", f"The {self.minutes:g} minutes of this page are over.")
        return self.ending is not None

    @property
    def _held(self) -> float:
        return perf_counter() - self._began

    def _tell(self, found: Status) -> None:
        self._told = perf_counter()
        self.status = status.write(self.folder, replace(found, held=round(self._held, 1)))


def told(done: Done) -> str:
    """A sentence on the flicker of each row, where it is known."""
    known = [f"{one:.1f}" for one in done.flicker if one is not None]
    if not known:
        return ""
    return f"Flicker of G(x) along the motion, row by row: {', '.join(known)} of 255."


def main(argv: list[str] | None = None) -> int:
    """Exit code: 0 whenever the status says how it ended, 1 for a fault, 2 when not started."""
    parser = argparse.ArgumentParser(prog="python -m cyclegan.labs.films.worker")
    parser.add_argument("folder", type=Path, help="a film's, made by `labs.films.start`")
    parser.add_argument("--minutes", type=float, help="by the clock on the wall")
    parser.add_argument("--grace", type=float, default=pace.GRACE, help="seconds")
    args, _ = parser.parse_known_args(argv)  # Options of trainings' workers are none of its.
    pace.step_aside()
    try:
        with status.lock(args.folder).acquire(timeout=0):
            return _work(args)
    except Timeout:
        print("Another worker is at this film already.", file=sys.stderr)
        return 2


def _work(args: argparse.Namespace) -> int:
    try:
        load_plugins()
        Worker(args.folder, args.minutes, args.grace).run()
        return 0
    except Exception as error:
        # Whatever it was, the page must not go on showing a film that grows no more.
        traceback.print_exc()
        is_said = isinstance(error, FilmError | CheckpointError | ConfigError)
        sentence = str(error) if is_said else "The film failed; worker.log in its folder has more."
        if args.folder.is_dir():
            last = replace(status.read(args.folder), state="failed", seconds_left=None)
            status.write(args.folder, replace(last, sentence=sentence))
        return 0 if is_said else 1


if __name__ == "__main__":
    sys.exit(main())
