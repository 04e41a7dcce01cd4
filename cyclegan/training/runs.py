"""A training run as a folder: a checkpoint plus what it takes to look at it and to go on.

    config.json model.safetensors    the checkpoint (moving averages, discriminators included)
    training.pt                      the trainer's whole state, for resuming
    log.jsonl                        one line of mean losses an interval, with figures at each save
    samples/000500.png               the same held-out items, again and again

Its methods are the trainer's callbacks. Knows no command line and no page.
"""

import io
import json
import os
import pickle
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ..core import files, sheets
from ..core.config import Config
from ..inference.evaluation import passes
from ..lessons import HeldOut
from ..store import checkpoints
from . import processes as ranks
from .trainer import StepDone, Trainer

STATE, LOG, SAMPLES = "training.pt", "log.jsonl", "samples"

PADDING = 2
"""Pixels of white around the tiles of a sample grid."""


class RunError(ValueError):
    """A run cannot be started or resumed; the message says why and what to do."""


class Run:
    """Writes one run's folder.

    config: what is trained. samples: the few held-out items of the sample grids, each drawn by
    `draw` from how its medium keeps it. log_every, save_every, sample_every: steps between log
    lines, between checkpoints, and between sample grids (None: at each save). probe: figures of
    the trainer's networks, for the log at each save.
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
        probe: Callable[[Trainer], dict[str, float]] | None = None,
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
        self._interval: list[StepDone] = []

    def __call__(self, trainer: Trainer, done: StepDone) -> None:
        """The trainer's callback: log, sample and save when their time has come."""
        self.add(done)
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
        line = {
            "step": steps[-1].step,
            "rate": steps[-1].rate,
            "seconds_per_step": seconds / len(steps),
            "waited_share": sum(s.waited for s in steps) / seconds,
            "terms": _means([step.terms for step in steps]),
            **more,
        }
        if probed is not None and self.probe is not None:
            started = time.perf_counter()
            line["figures"] = self.probe(probed)
            self.seconds += time.perf_counter() - started
        with open(self.folder / LOG, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

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
        torch.save({"trainer": known, "seconds": self.seconds}, state)
        files.write_atomically(
            self.folder / STATE, lambda path: path.write_bytes(state.getbuffer())
        )
        facts = {
            **self.config.facts,
            "steps": trainer.steps_done,
            "seconds": round(self.seconds, 1),
        }
        checkpoints.save(self.folder, replace(self.config, facts=facts), trainer.networks)
        self.saved_step = trainer.steps_done
        self.seconds += time.perf_counter() - started

    @torch.no_grad()
    def _sample(self, trainer: Trainer) -> None:
        """A row an item: the views of x (x, G(x), F(G(x)), F(x)), then those of y."""
        method, medium, rows = trainer.method, self.samples.medium, []
        for direction in method.directions(self.config):
            views, kept = method.views(self.config, direction), self.samples.originals(direction)
            originals = medium.to_float(kept)
            made = passes(trainer.networks, views, method, self.config, originals, trainer.device)
            shown = {"original": kept, **{key: medium.to_kept(t) for key, t in made.items()}}
            rows += [
                [self.draw(shown[view.key][i]) for view in views] for i in range(len(originals))
            ]
        picture = sheets.grid(rows, PADDING)
        path = self.folder / SAMPLES / f"{trainer.steps_done:06d}.png"
        files.write_atomically(path, lambda temporary: picture.save(temporary, "PNG"))

    def start(self) -> None:
        """Claim the folder for a new run; raises RunError where one already lies."""
        if not ranks.is_first():
            return
        if (self.folder / STATE).exists() or (self.folder / checkpoints.CONFIG).exists():
            raise RunError(
                f"{self.folder} already holds a run; go on with it by --resume {self.folder}, or "
                "choose another --out."
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / LOG).unlink(missing_ok=True)

    def resume(self, trainer: Trainer) -> None:
        """Bring `trainer` to where the run was saved, and drop log lines written after that."""
        try:
            state = torch.load(self.folder / STATE, map_location="cpu", weights_only=True)
            _same_ranks(self.folder, len(state["trainer"].get("pools_by_rank", [None])))
            trainer.load_state_dict(state["trainer"])
        except FileNotFoundError as error:
            raise RunError(
                f"{self.folder} holds no {STATE}: it can be used, but not trained on."
            ) from error
        except RunError:
            raise
        except (RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as error:
            raise RunError(
                f"{self.folder / STATE} is damaged, or does not fit {checkpoints.CONFIG} beside it."
            ) from error
        self.seconds = state["seconds"]
        self.saved_step = trainer.steps_done
        log = self.folder / LOG
        if log.exists():
            kept = [
                line + "\n"
                for line in log.read_text(encoding="utf-8").splitlines()
                if _step_of(line) <= trainer.steps_done
            ]
            files.write_atomically(log, lambda path: path.write_text("".join(kept)))


def _means(terms: list[dict[str, Tensor]]) -> dict[str, float]:
    """The mean of every term over the steps that had it, fetched from its device in one go."""
    found: dict[str, list[Tensor]] = {}
    for step in terms:
        for name, value in step.items():
            found.setdefault(name, []).append(value)
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


def _step_of(line: str) -> float:
    """The step of a log line; a line that a kill cut short belongs to no step."""
    try:
        return json.loads(line)["step"]
    except (ValueError, KeyError):
        return float("inf")


def read_log(folder: Path) -> list[dict]:
    """The lines of a run's log so far; a line that is cut short or damaged is left out."""
    try:
        lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if isinstance(values, dict):
            found.append(values)
    return found


def describe_machine(device: torch.device) -> str:
    """The kind of machine, for the record: "CPU, 1 of 2 cores, PyTorch 2.15.0"."""
    if device.type == "cuda":
        kind = torch.cuda.get_device_name(device)
    elif device.type == "mps":
        kind = "Apple GPU"
    else:
        kind = f"CPU, {torch.get_num_threads()} of {os.cpu_count()} cores"
    return f"{kind}, PyTorch {torch.__version__.split('+')[0]}"
