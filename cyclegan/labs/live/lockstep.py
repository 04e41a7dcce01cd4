"""Two trainings of equal settings on the same batches, one step of each in turn, saved as one.

Each arm is an ordinary run folder that `train.py --resume` goes on with. A kill between the saves
of the two leaves one ahead; its state before that is kept until the training ends, so that both go
on from the newest step that both have. Nothing that was saved is ever removed to begin anew. Knows
no commands and no clock.
"""

import os
import pickle
import shutil
import zipfile
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
from ...training import longer
from ...training import setup as training
from ...training.batches import Batch
from ...training.runs import FIGURES, STATE, Run, RunError, describe_machine
from ...training.trainer import StepDone, Trainer
from . import control, stored
from .control import Command, ControlError
from .settings import LiveSettings

PREVIOUS = ".training.previous.pt"

MOST_BY_HAND = 1000
"""Changes of an arm while it trains."""


class Lockstep:
    """Both arms of `settings` in `folder`, new or where the last worker left them.

    saved_step: the step up to which a checkpoint of both is known to have been saved.
    notice: what was lost, and what is done without it; "" where all is whole.
    Raises RunError where the folders hold something else, or nothing to go on from together,
    DataError where an objective asks for more than the data gives.
    """

    def __init__(
        self,
        folder: Path,
        settings: LiveSettings,
        data: UnpairedData,
        device: torch.device,
        saved_step: int = 0,
    ):
        self.settings = settings
        self.folders = [folder / slug for slug in settings.slugs]
        resume, self.notice = _agree(self.folders, saved_step)
        machine = describe_machine(device)
        self.runs: list[Run] = []
        self.trainers: list[Trainer] = []
        for arm, config in enumerate(settings.configs):
            facts = {**config.facts, "machine": machine, "arm": settings.arms[arm].name}
            saved = _facts(self.folders[arm]) if resume else {}
            facts |= {n: fact for n, fact in (saved or {}).items() if n != longer.RECORD}
            run, trainer = training.prepare(
                self.folders[arm], replace(config, facts=facts), data, device, resume=resume
            )
            self.runs.append(run)
            self.trainers.append(trainer)
            if saved is None:  # The state knows its objective, if not how it came to that.
                self.notice = f"{self.notice} {_unlisted(self.folders[arm])}".strip()
                continue
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
        self._logged_step, place = self.step, FIGURES[self.settings.direction]
        for arm, run in enumerate(self.runs):
            more = {place: figures[arm]} if figures and figures[arm] else {}
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
            if len(self.runs[arm].config.facts.get("changes", [])) >= MOST_BY_HAND:
                raise ControlError(f"An arm can be changed {MOST_BY_HAND:,} times, not more often.")
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

    def drop_spares(self) -> None:
        """Between saves, where both arms are at one step, one state of each is enough."""
        a, b = (_step(folder / STATE) for folder in self.folders)
        if a is not None and a == b:
            for folder in self.folders:
                (folder / PREVIOUS).unlink(missing_ok=True)


def _timed_step(trainer: Trainer, batch: Batch) -> StepDone:
    started, rate = perf_counter(), trainer.rate
    terms = trainer.step(*batch.to(trainer.device))
    seconds = perf_counter() - started
    return StepDone(trainer.steps_done, terms, rate, seconds, 0.0, trainer.gradients)


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
    lines = stored.read_curve(run.folder)
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


def _agree(folders: list[Path], saved_step: int) -> tuple[bool, str]:
    """Bring both arms' states to the newest step that both have; whether there is one, and a word
    on what was lost.

    Raises RunError where something was saved, and the arms have no step in common.
    """
    for folder in folders:
        for left in folder.glob(".*.tmp"):  # Of a write that a kill cut short.
            left.unlink()
    if not saved_step and not any(_was_saved(folder) for folder in folders):
        return False, ""
    steps = [_step(folder / STATE) for folder in folders]
    if None not in steps and steps[0] == steps[1]:
        return True, ""
    spares = [_step(folder / PREVIOUS) for folder in folders]
    common = {steps[0], spares[0]} & {steps[1], spares[1]} - {None}
    if None not in steps:  # Then the one behind stays as it is: train.py may have gone on with it.
        common &= {min(steps)}
    if common:
        step = max(common)
        lost = [f.name for f, found in zip(folders, steps, strict=True) if found is None]
        for folder, found in zip(folders, steps, strict=True):
            if found != step:
                os.replace(folder / PREVIOUS, folder / STATE)
        return True, _went_back(lost, step) if lost else ""
    whole = [folder for folder, found in zip(folders, steps, strict=True) if found is not None]
    begun = [folder for folder in folders if folder.is_dir() and not _was_saved(folder)]
    if not saved_step and len(begun) == 1:
        arm = 1 - folders.index(begun[0])
        if whole or spares[arm] is not None:
            return False, _cut_short(folders[arm])
    raise RunError(_apart(folders, steps))


def _was_saved(folder: Path) -> bool:
    """Whether anything of a save is there, whole or not."""
    names = (STATE, PREVIOUS, checkpoints.CONFIG, checkpoints.WEIGHTS)
    return any((folder / name).exists() for name in names)


def _went_back(lost: list[str], step: int) -> str:
    return (
        f"The last training state of {' and '.join(lost)} was missing or damaged; both arms go on "
        f"from the one before it, of step {step:,}."
    )


def _cut_short(folder: Path) -> str:
    """The very first save was cut short between the two: begin anew, and keep what is there."""
    if (folder / STATE).exists():
        os.replace(folder / STATE, folder / PREVIOUS)
    for name in (checkpoints.CONFIG, checkpoints.WEIGHTS):
        (folder / name).unlink(missing_ok=True)
    return (
        "The first checkpoint was cut short before both arms had theirs; the training began anew."
    )


def _apart(folders: list[Path], steps: list[int | None]) -> str:
    def found(folder: Path, step: int | None) -> str:
        if step is not None:
            return f"{folder.name} is at step {step:,}"
        kind = "damaged" if (folder / STATE).exists() else "missing"
        return f"the training state of {folder.name} is {kind}"

    said = " and ".join(map(found, folders, steps))
    whole = [f for f, step in zip(folders, steps, strict=True) if step is not None]
    said = f"{said[:1].upper()}{said[1:]}" if steps[0] is None else said
    said += ": they cannot go on side by side."
    if not whole:
        return f"{said} What was saved of them can still be used."
    each = "Each can" if len(whole) == 2 else f"{whole[0].name} can go on"
    return f"{said} {each} alone: python train.py --resume {whole[0]}"


def _step(path: Path) -> int | None:
    """The step of a training state; None where it is missing or damaged."""
    try:
        with zipfile.ZipFile(path) as parts:
            if parts.testzip() is not None:  # A tensor that no longer is what was saved.
                return None
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        step = state["trainer"]["steps_done"]
    except (OSError, RuntimeError, ValueError, LookupError, TypeError, EOFError):
        return None
    except (pickle.UnpicklingError, zipfile.BadZipFile, NotImplementedError):
        return None
    return step if isinstance(step, int) and step >= 0 else None


def _facts(folder: Path) -> dict | None:
    """Facts of the last save; None where they are damaged, or were not written yet."""
    try:
        facts = checkpoints.read_config(folder).facts
    except CheckpointError:
        return None
    return facts if stored.are_changes(facts.get("changes", [])) else None


def _unlisted(folder: Path) -> str:
    return (
        f"{checkpoints.CONFIG} of {folder.name} was missing or damaged: its weights and its "
        "objective are whole, but what was changed on the way is not listed any more."
    )
