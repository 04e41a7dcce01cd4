"""A training run as a folder: a checkpoint plus what it takes to look at it and to go on.

    config.json model.safetensors    the checkpoint (moving averages, discriminators included)
    training.pt                      the trainer's whole state, for resuming
    log.jsonl                        one line of mean losses an interval, with figures at each save
    samples/000500.png               the same held-out items, again and again

and, where `keeping` and `boards` listen, kept/000500, best and tensorboard.

A run goes on from whatever of that is whole: the state is what counts, and holds the settings too.
Its methods are the trainer's callbacks. Knows no command line and no page.
"""

import io
import itertools
import json
import os
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor

from .. import methods
from ..core import files, sheets
from ..core.config import Config, Direction
from ..inference.evaluation import passes
from ..lessons import HeldOut
from ..methods import View
from ..methods.method import has_input
from ..store import checkpoints
from . import processes as ranks
from .signs import Signs
from .trainer import StepDone, Trainer

STATE, LOG, SAMPLES = "training.pt", "log.jsonl", "samples"

FIGURES: dict[Direction, str] = {"xy": "figures", "yx": "figures_F"}
"""Where in a line of the log the figures of a direction's network stand."""

OF_NOISE = (4, 8)
"""Rows and columns of samples that are made of noise."""

PADDING = 2
"""Pixels of white around the tiles of a sample grid."""


class RunError(ValueError):
    """A run cannot be started or resumed; the message says why and what to do."""


class Listener:
    """Hears of a run while it is trained; a subclass takes what it wants."""

    def step(self, trainer: Trainer, done: StepDone) -> None:
        """After each step, in every process."""

    def line(self, line: dict, probed: Trainer | None) -> None:
        """A line of the log, in the process that writes it. probed: whose figures are in it, as it
        is about to be saved."""

    def sample(self, step: int, picture: Image.Image) -> None:
        """A sample grid, in the process that writes it."""

    def close(self) -> None:
        """The training ends here, however it does."""


class Run:
    """Writes one run's folder.

    config: what is trained. samples: the few held-out items of the sample grids, each drawn by
    `draw` from how its medium keeps it. log_every, save_every, sample_every: steps between log
    lines, between checkpoints, and between sample grids (None: at each save). probe: figures of
    the trainer's networks by their place in the log (`FIGURES`), at each save.

    said: sentences on what was lost, once it is resumed. signs: those of a collapse so far.
    listeners: who else hears of it.
    """

    def __init__(
        self,
        folder: Path,
        config: Config,
        samples: HeldOut,
        draw: Callable[[Tensor], Image.Image],
        log_every: int = 50,
        save_every: int = 500,
        sample_every: int | None = None,
        probe: Callable[[Trainer], dict[str, dict[str, float]]] | None = None,
    ):
        self.folder = folder
        self.config = config
        self.samples = samples
        self.draw = draw
        self.sample_every = sample_every
        self.log_every = log_every
        self.save_every = save_every
        self.probe = probe
        self.saved_step = 0
        self.seconds = 0.0
        self.said: list[str] = []
        self.signs = Signs()
        self.listeners: list[Listener] = []
        self._interval: list[StepDone] = []

    def __call__(self, trainer: Trainer, done: StepDone) -> None:
        """The trainer's callback: log, sample and save when their time has come."""
        self.add(done)
        for listener in self.listeners:  # Before it is saved: what a kill here loses comes again.
            listener.step(trainer, done)
        if done.step % self.save_every == 0 or done.step == trainer.settings.steps:
            self.save(trainer)
        elif done.step % self.log_every == 0:
            self.log()
        if self.sample_every and done.step % self.sample_every == 0 and ranks.is_first():
            self._sample(trainer)

    def add(self, done: StepDone) -> None:
        """Count a step towards the next log line."""
        self.seconds += done.seconds
        self._interval.append(done)

    def log(self, probed: Trainer | None = None, **more: object) -> None:
        """Write a line on the steps since the last one, with figures of `probed`, and `more`.

        Without steps since then, there is no line.
        """
        steps, self._interval = self._interval, []
        if not steps or not ranks.is_first():
            return
        seconds = sum(s.seconds for s in steps)
        gradients = _means([step.gradients for step in steps])
        line = {
            "step": steps[-1].step,
            "rate": steps[-1].rate,
            "seconds_per_step": seconds / len(steps),
            "waited_share": sum(s.waited for s in steps) / seconds,
            "terms": _means([step.terms for step in steps]),
            **({"gradients": gradients} if gradients else {}),
            **more,
        }
        if probed is not None and self.probe is not None:
            started = time.perf_counter()
            line |= self.probe(probed)
            self.seconds += time.perf_counter() - started
        if signs := self.signs.hear(line):
            line["signs"] = signs
        with open(self.folder / LOG, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        for listener in self.listeners:
            listener.line(line, probed)

    def save(self, trainer: Trainer) -> None:
        """Log what is left; write samples, training state and checkpoint, each in one atomic move.

        With several processes all of them call this, and rank 0 writes.
        """
        known = trainer.state_dict()
        self.log(trainer)
        if not ranks.is_first():
            self.saved_step = trainer.steps_done
            return
        started = time.perf_counter()
        if not self.sample_every or trainer.steps_done == trainer.settings.steps:
            self._sample(trainer)
        # By way of memory, since torch.save hides a full disk behind an error of its own.
        state = io.BytesIO()
        way = checkpoints.beside(self.config.training.data, self.folder)
        config = replace(self.config, facts={**self.config.facts, **way})
        settings = json.dumps(config.to_dict())
        torch.save({"trainer": known, "seconds": self.seconds, "config": settings}, state)
        files.write_atomically(
            self.folder / STATE, lambda path: path.write_bytes(state.getbuffer())
        )
        self._save_checkpoint(self.folder, trainer)
        self.saved_step = trainer.steps_done
        self.seconds += time.perf_counter() - started

    def _save_checkpoint(self, folder: Path, trainer: Trainer, **more: object) -> None:
        facts = {
            **self.config.facts,
            "steps": trainer.steps_done,
            "seconds": round(self.seconds, 1),
            **checkpoints.beside(self.config.training.data, folder),
            **more,
        }
        checkpoints.save(folder, replace(self.config, facts=facts), trainer.networks)

    def keep(self, name: str, trainer: Trainer, **facts: object) -> None:
        """A checkpoint of this step in the folder `name` of the run, to be used as it is."""
        started = time.perf_counter()
        facts["kept"] = trainer.steps_done
        files.replace_folder(
            self.folder / name, lambda folder: self._save_checkpoint(folder, trainer, **facts)
        )
        self.seconds += time.perf_counter() - started

    @torch.no_grad()
    def _sample(self, trainer: Trainer) -> None:
        """A row an item: the views of x (x, G(x), F(G(x)), F(x)), then those of y; or, where all is
        made of noise, rows of samples, at each time of the same latents."""
        method, medium, rows = trainer.method, self.samples.medium, []
        for direction in method.directions(self.config):
            views, kept = method.views(self.config, direction), self.samples.originals(direction)
            if not has_input(views):
                rows += self._of_noise(trainer, views)
                continue
            originals = medium.to_float(kept)
            made = passes(trainer.networks, views, method, self.config, originals, trainer.device)
            shown = {"original": kept, **{key: medium.to_kept(t) for key, t in made.items()}}
            rows += [
                [self.draw(shown[view.key][i]) for view in views] for i in range(len(originals))
            ]
        picture = sheets.grid(rows, PADDING)
        path = self.folder / SAMPLES / f"{trainer.steps_done:06d}.png"
        files.write_atomically(path, lambda temporary: picture.save(temporary, "PNG"))
        for listener in self.listeners:
            listener.sample(trainer.steps_done, picture)

    def _of_noise(self, trainer: Trainer, views: Sequence[View]) -> list[list[Image.Image]]:
        as_many = torch.empty(prod(OF_NOISE))
        look = trainer.method, self.config, as_many, trainer.device
        made = passes(trainer.networks, views, *look)["made"]
        tiles = [self.draw(one) for one in self.samples.medium.to_kept(made)]
        across = OF_NOISE[1]
        return [tiles[i : i + across] for i in range(0, len(tiles), across)]

    def start(self) -> None:
        """Claim the folder for a new run; raises RunError where one already lies."""
        if not ranks.is_first():
            return
        if any(
            (self.folder / f).exists() for f in (STATE, checkpoints.CONFIG, checkpoints.WEIGHTS)
        ):
            raise RunError(
                f"{self.folder} already holds a run; go on with it by --resume {self.folder}, or "
                "choose another --out."
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / LOG).unlink(missing_ok=True)

    def resume(self, trainer: Trainer) -> None:
        """Bring `trainer` to where the run was saved, and drop log lines written after that.

        What else is damaged is made anew, or kept under another name, and told in `said`. Raises
        RunError where the state is none, with what can still be used.
        """
        state = _read_state(self.folder)
        try:
            _same_ranks(self.folder, len(state["trainer"].get("pools_by_rank", [None])))
            trainer.load_state_dict(state["trainer"])
            self.seconds = float(state["seconds"])
        except RunError:
            raise
        except FAULTS as error:
            raise _damaged(self.folder) from error
        self.saved_step = trainer.steps_done
        if ranks.is_first():
            mended = self._mend_log(), self._mend_samples(), self._mend_checkpoint(trainer)
            self.said = [sentence for sentence in mended if sentence]
            self.signs = Signs(read_log(self.folder))

    def _mend_log(self) -> str:
        log, step = self.folder / LOG, self.saved_step
        try:
            text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        except OSError:
            return f"{log} is no file; it is {_set_aside(log)} now, and a new one begins."
        if not text:
            return f"{log} is gone or empty; a new one begins at step {step}."
        *lines, last = text.split("\n")
        if last and not last.startswith("{"):  # Else a kill cut it short.
            lines.append(last)
        read = [_parse(line) for line in lines]
        kept = [
            f"{line}\n"
            for line, values in zip(lines, read, strict=True)
            if values is not None and values["step"] <= step
        ]
        said = ""
        if lost := read.count(None):
            said = (
                f"{lost:,} of {len(lines):,} lines of {log} are damaged; it is {_set_aside(log)} "
                "now, and the others are kept."
            )
        files.write_text(log, "".join(kept))
        return said

    def _mend_samples(self) -> str:
        samples = self.folder / SAMPLES
        if samples.is_dir() or not samples.exists():
            return ""
        return f"{samples} is no folder; it is {_set_aside(samples)} now."

    def _mend_checkpoint(self, trainer: Trainer) -> str:
        try:
            checkpoints.load(self.folder)
        except checkpoints.CheckpointError as error:
            self._save_checkpoint(self.folder, trainer)
            return f"{error} The checkpoint is written anew from {STATE}."
        return ""


FAULTS = (
    *(RuntimeError, ValueError, KeyError, TypeError, IndexError, AttributeError, EOFError),
    *(OSError, pickle.UnpicklingError),
)
"""What a damaged state leads to, when it is read or taken over."""


class Saved(NamedTuple):
    """The settings of a run, how many steps it has done, and a sentence on what was damaged."""

    config: Config
    done: int
    said: str = ""


def settings(folder: Path) -> Saved:
    """The settings of a run that is to be resumed.

    They are those in the training state, which were saved with it in one move; an older version's
    state knows none, and then they are those of `config.json`. Raises RunError with what can still
    be used.
    """
    try:
        config, reason = checkpoints.read_config(folder), ""
    except checkpoints.CheckpointError as error:
        config, reason = None, str(error)
    state = _read_state(folder, reason, mmap=True)
    try:
        done = int(state["trainer"]["steps_done"])
    except FAULTS as error:
        raise _damaged(folder) from error
    try:
        saved = checkpoints.placed(Config.from_dict(json.loads(state["config"])), folder)
    except (KeyError, TypeError, ValueError) as error:
        if config is not None:  # An older version's state knows no settings.
            return Saved(config, done)
        raise RunError(
            f"{reason} {folder / STATE} is whole, but written by an older version, without the "
            f"settings: put the {checkpoints.CONFIG} of a run with the same ones beside it."
        ) from error
    if config is not None and _networks(config) == _networks(saved):
        return Saved(saved, done)
    reason = reason or f"{folder / checkpoints.CONFIG} describes other networks than {STATE}."
    return Saved(saved, done, f"{reason} The settings are taken from {STATE}.")


def in_full(folder: Path) -> checkpoints.Checkpoint:
    """The checkpoint of a run with weights as they were trained, and not as they are shipped.

    Those are in float16; these, out of the training state, in float32: the moving averages where
    there are any, and the discriminators. Raises RunError.
    """
    found, state = checkpoints.load(folder), _read_state(folder, mmap=True)
    try:
        weights = dict(state["trainer"]["model"])
        if average := state["trainer"]["average"]:
            weights |= _by_role(average, methods.find(found.config.method).averaged, weights)
        model = checkpoints.restore(found.config, weights, str(folder / STATE))
    except checkpoints.CheckpointError:
        raise
    except FAULTS as error:
        raise _damaged(folder) from error
    return replace(found, model=model)


def _by_role(average: Mapping, averaged: Sequence[str], weights: Mapping) -> dict[str, Tensor]:
    """Averages, which lie in a list of networks, by the keys of a model."""
    roles = [role for role in averaged if any(key.startswith(f"{role}.") for key in weights)]
    return {
        f"{role}.{key.removeprefix(start)}": value
        for place, role in enumerate(roles)
        for key, value in average.items()
        if key.startswith(start := f"module.{place}.")
    }


def _networks(config: Config) -> tuple:
    return config.method, config.generator, config.discriminator, config.channels


def _read_state(folder: Path, reason: str = "", mmap: bool = False) -> dict:
    """The training state; raises RunError, with the reason why it is asked for.

    mmap: to look at a small part of it.
    """
    try:
        state = torch.load(folder / STATE, map_location="cpu", weights_only=True, mmap=mmap)
        if not isinstance(state, dict):
            raise TypeError
        return state
    except FileNotFoundError as error:
        raise RunError(reason or f"{folder} holds no {STATE}. {_left(folder)}") from error
    except FAULTS as error:
        raise _damaged(folder) from error


def _damaged(folder: Path) -> RunError:
    return RunError(
        f"{folder / STATE} is damaged, or does not fit {checkpoints.CONFIG} beside it. "
        f"{_left(folder)}"
    )


def _left(folder: Path) -> str:
    """What a run without its state still serves for."""
    try:
        steps = checkpoints.load(folder).config.facts.get("steps", "its last")
    except checkpoints.CheckpointError as error:
        return f"Nor can its networks be used: {error}"
    return (
        f"Its networks of step {steps} are whole: they can be used, and a new run can begin with "
        f"them (train.py --init {folder} --out …)."
    )


def _set_aside(path: Path) -> str:
    """Give what is damaged another name, and return that."""
    names = (f"{path.name}.damaged{n or ''}" for n in itertools.count())
    name = next(name for name in names if not os.path.lexists(path.with_name(name)))
    path.rename(path.with_name(name))
    return name


def _means(terms: list[dict[str, Tensor]]) -> dict[str, float]:
    """The mean of every term over the steps that had it, fetched from its device in one go."""
    found: dict[str, list[Tensor]] = {}
    for step in terms:
        for name, value in step.items():
            found.setdefault(name, []).append(value)
    if not found:
        return {}
    means = torch.stack([torch.stack(values).double().mean() for values in found.values()])
    return dict(zip(found, means.tolist(), strict=True))


def _same_ranks(folder: Path, saved: int) -> None:
    """Every process has batches and pools of its own, so that there must be as many again."""
    if saved == ranks.count():
        return
    command = f"train.py --resume {folder}"
    if saved == 1:
        raise RunError(f"{folder} was trained by one process; go on with: python {command}")
    raise RunError(
        f"{folder} was trained by {saved} processes, and this is {ranks.count()}; go on with as "
        f"many: torchrun --nproc-per-node {saved} {command}"
    )


def _parse(line: str) -> dict | None:
    """A line of the log; None where it is damaged, or anything in it is of another type."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or type(values.get("step")) is not int:
        return None
    numbers = [values[key] for key in ("rate", "seconds_per_step", "waited_share") if key in values]
    for key in ("terms", "gradients", *FIGURES.values()):
        table = values.get(key, {})
        if not isinstance(table, dict):
            return None
        numbers += table.values()
    signs = values.get("signs", [])
    if not isinstance(signs, list) or not all(isinstance(sign, str) for sign in signs):
        return None
    return values if all(type(number) in (int, float) for number in numbers) else None


def read_log(folder: Path) -> list[dict]:
    """The lines of a run's log so far; a line that is cut short or damaged is left out."""
    try:
        text = (folder / LOG).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [values for values in map(_parse, text.split("\n")) if values is not None]


def describe_machine(device: torch.device) -> str:
    """The kind of machine, for the record: "CPU, 1 of 2 cores, PyTorch 2.15.0"."""
    if device.type == "cuda":
        kind = torch.cuda.get_device_name(device)
    elif device.type == "mps":
        kind = "Apple GPU"
    else:
        kind = f"CPU, {torch.get_num_threads()} of {os.cpu_count()} cores"
    return f"{kind}, PyTorch {torch.__version__.split('+')[0]}"
