"""Two trainings of equal settings on the same batches, one step of each in turn, saved as one.

Each arm is an ordinary run folder that `train.py --resume` goes on with. A kill between the saves
of the two leaves one ahead; its state before that is kept, so that both go on from the newest step
that both have. Knows no commands and no clock.
"""

import os
import pickle
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import torch

from ...core.config import Config, Objective
from ...lessons import UnpairedData
from ...store import checkpoints
from ...store.checkpoints import CheckpointError
from ...training import setup as training
from ...training.batches import Batch
from ...training.runs import STATE, Run, RunError, describe_machine, read_log
from ...training.trainer import StepDone, Trainer
from . import control
from .control import Command
from .settings import LiveSettings

PREVIOUS = ".training.previous.pt"


class Lockstep:
    """Both arms of `settings` in `folder`, new or where the last worker left them.

    Raises RunError where the folders hold something else, DataError where an objective asks for
    more than the data gives.
    """

    def __init__(
        self, folder: Path, settings: LiveSettings, data: UnpairedData, device: torch.device
    ):
        self.settings = settings
        self.folders = [folder / slug for slug in settings.slugs]
        resume = _agree(self.folders)
        machine = describe_machine(device)
        self.runs: list[Run] = []
        self.trainers: list[Trainer] = []
        for arm, config in enumerate(settings.configs):
            facts = {"machine": machine, "arm": settings.arms[arm].name}
            facts |= _facts(self.folders[arm]) if resume else {}
            run, trainer = training.prepare(
                self.folders[arm], replace(config, facts=facts), data, device, resume=resume
            )
            self.runs.append(run)
            self.trainers.append(trainer)
            known = [c for c in facts.get("changes", []) if c["step"] <= trainer.steps_done]
            self._set_changes(arm, known)
            # Older states hold the weights of their moment alone, as if all had begun with them.
            trainer.change(objective=control.since_then(config.objective, known))
        self._unlogged = [_unlogged(run) for run in self.runs]
        self.saved_step = self._logged_step = self.step
        self._data = data
        self._side_by_side = None
        if device.type == "cpu" and (threads := torch.get_num_threads() // 2):
            self._side_by_side = ThreadPoolExecutor(2, "arm", torch.set_num_threads, (threads,))

    @property
    def configs(self) -> list[Config]:
        return [run.config for run in self.runs]

    @property
    def config(self) -> Config:
        return self.runs[0].config

    @property
    def step(self) -> int:
        return self.trainers[0].steps_done

    @property
    def steps(self) -> int:
        return self.config.training.steps

    @property
    def changes(self) -> list[dict]:
        """What has changed on the way, as planned or by hand, in order: {"step", "arm", "name",
        "value"}."""
        found = []
        for arm, run in enumerate(self.runs):
            by_hand = run.config.facts.get("changes", [])
            listed = [*_planned(run.config.objective, self.step, by_hand), *by_hand]
            found += [{**change, "arm": arm} for change in listed]
        return sorted(found, key=lambda change: change["step"])

    def batches(self) -> Iterator[Batch]:
        """The batches from here to the last step; the same for both arms."""
        return training.loader(self.config, self._data, self.step)

    def take_step(self, batch: Batch, waited: float) -> None:
        """One update of both arms on a batch; `waited`: seconds that went by for the batch.

        On a CPU at once, on half of the threads each. The arms know nothing of each other, so that
        this changes no number.
        """
        planned = {c.start for trainer in self.trainers for c in trainer.objective.schedule}
        if self.step in planned:  # No line of the log is a mean over two objectives.
            self.log()
        started = perf_counter()
        map_ = self._side_by_side.map if self._side_by_side else map
        done = list(map_(lambda trainer: _timed_step(trainer, batch), self.trainers))
        # Each arm's share of the time that went by, be it side by side or in turn.
        share = (perf_counter() - started) / sum(one.seconds for one in done)
        for run, one in zip(self.runs, done, strict=True):
            seconds, own = one.seconds * share, waited / len(self.runs)
            run.add(replace(one, seconds=seconds + own, waited=own))

    def log(self, figures: list[dict[str, float]] | None = None) -> None:
        """A line in each arm's log, with figures where there are some; none without new steps."""
        if self.step == self._logged_step:
            return
        self._logged_step = self.step
        for arm, run in enumerate(self.runs):
            more = {"figures": figures[arm]} if figures and figures[arm] else {}
            if self._unlogged[arm]:
                more["changes"] = self._unlogged[arm]
            self._unlogged[arm] = []
            run.log(None, **more)

    def change(self, command: Command) -> None:
        """Set the rate or a weight from the next step on; ControlError or ConfigError if not.

        The interval of the log ends here, so that no line is a mean over two objectives.
        """
        wanted = {}
        for arm in command.arms:
            trainer = self.trainers[arm]
            if command.name == control.RATE:
                wanted[arm] = {"rate": float(command.value)}
            else:
                objective = control.changed(trainer.objective, command, self.step)
                trainer.check(objective)
                wanted[arm] = {"objective": objective}
        self.log()
        for arm, what in wanted.items():
            self.trainers[arm].change(**what)
            change = {"step": self.step, "name": command.name, "value": float(command.value)}
            self._unlogged[arm].append(change)
            self._set_changes(arm, [*self.runs[arm].config.facts.get("changes", []), change])

    def _set_changes(self, arm: int, changes: list[dict]) -> None:
        """`changes` into the facts, and into "notes", which the page shows."""
        weights = self.runs[arm].config.objective.weights()
        called = {control.RATE: "the rate"}
        called |= {name: f"the weight of {weight.label}" for name, weight in weights.items()}
        facts = {**self.runs[arm].config.facts, "changes": changes}
        facts["notes"] = [
            f"From step {c['step'] + 1:,} on, {called[c['name']]} was {c['value']:g}."
            for c in changes
        ]
        for name in ("changes", "notes"):
            if not facts[name]:
                del facts[name]
        self.runs[arm].config = replace(self.runs[arm].config, facts=facts)

    def save(self, kept: bool = False) -> None:
        """A checkpoint of both at this step. kept: offer them for use as they are."""
        self.log()
        if kept:
            for run in self.runs:
                run.config = replace(run.config, facts={**run.config.facts, "kept": self.step})
        for folder in self.folders:
            _keep_previous(folder)
        for run, trainer in zip(self.runs, self.trainers, strict=True):
            run.save(trainer)
        self.saved_step = self.step


def _timed_step(trainer: Trainer, batch: Batch) -> StepDone:
    started, rate = perf_counter(), trainer.rate
    terms = trainer.step(*batch.to(trainer.device))
    return StepDone(trainer.steps_done, terms, rate, perf_counter() - started, waited=0.0)


def _planned(objective: Objective, step: int, by_hand: list[dict]) -> list[dict]:
    """The changes of a schedule that have come about by a step, and not given way to another."""
    done = [change for change in objective.schedule if change.end <= step]
    given_way = {(change["step"], change["name"]) for change in by_hand}
    return [
        {"step": c.end, "name": c.weight, "value": c.value}
        for c in done
        if (c.end, c.weight) not in given_way
    ]


def _unlogged(run: Run) -> list[dict]:
    """Changes that no line of the log has told of yet: it was cut back to the last save."""
    lines = read_log(run.folder)
    last = lines[-1]["step"] if lines else 0
    return [change for change in run.config.facts.get("changes", []) if change["step"] >= last]


def _keep_previous(folder: Path) -> None:
    """The state of the last save under a second name, until the next but one."""
    state = folder / STATE
    if not state.exists():
        return
    spare = folder / f"{PREVIOUS}.new"
    spare.unlink(missing_ok=True)
    try:
        os.link(state, spare)
    except OSError:  # A file system without links, as on a memory stick.
        shutil.copyfile(state, spare)
    os.replace(spare, folder / PREVIOUS)


def _agree(folders: list[Path]) -> bool:
    """Bring both arms' states to the newest step that both have; False to begin anew.

    Raises RunError where they have none in common.
    """
    for folder in folders:
        for left in folder.glob(".*.tmp"):  # Of a write that a kill cut short.
            left.unlink()
    if not all((folder / STATE).exists() for folder in folders):
        for folder in folders:
            if folder.exists():
                shutil.rmtree(folder)
        return False
    steps = [_step(folder / STATE) for folder in folders]
    if steps[0] != steps[1]:
        ahead = folders[steps.index(max(steps))]
        if not (ahead / PREVIOUS).exists() or _step(ahead / PREVIOUS) != min(steps):
            raise RunError(
                f"{folders[0].name} is at step {steps[0]} and {folders[1].name} at step "
                f"{steps[1]}: they cannot go on side by side. Each can alone: python train.py "
                f"--resume {folders[0]}"
            )
        os.replace(ahead / PREVIOUS, ahead / STATE)
    return True


def _step(path: Path) -> int:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        return state["trainer"]["steps_done"]
    except (RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as error:
        raise RunError(f"{path} is damaged; this training cannot be gone on with.") from error


def _facts(folder: Path) -> dict:
    """Facts of the last save; none, if the very first was cut short before its config."""
    try:
        return checkpoints.read_config(folder).facts
    except CheckpointError:
        return {}
