"""The runs of a laboratory that are done, and whether they can be compared.

Reads their folders; knows nothing of what a report says of them.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from ...core.config import Config
from ...inference.evaluation import Estimates
from ...methods import NamedObjective
from ...store import checkpoints
from ...training.runs import LOG, RunError
from . import estimates
from .run import is_done
from .variants import known

PARTS = ("generator", "discriminator", "training", "domains", "channels", "image_size")
"""Of a config: all that runs share, unless a row changes it."""


@dataclass(frozen=True)
class FinishedRun:
    """One run that is done. metrics: empty where there was nothing to measure on. estimates: by
    network and figure; empty where they are not known. log: its lines, by step."""

    folder: Path
    variant: str
    config: Config
    metrics: dict
    estimates: dict[str, Estimates]
    log: dict[int, dict]

    @property
    def seed(self) -> int:
        return self.config.training.seed

    @property
    def row(self) -> NamedObjective:
        return known()[self.variant]

    @property
    def settings(self) -> Config:
        """All that has to be equal for runs to be compared, or is changed by the row."""
        training = replace(self.config.training, seed=0)
        return replace(self.config, objective=self.row.objective, training=training, facts={})


def read(lab: Path) -> list[FinishedRun]:
    """All finished runs, in the order of variants and seeds; raises RunError where there is none,
    or where they are not alike."""
    found = []
    for variant in known():
        folders = [folder for folder in (lab / variant).glob("seed-*") if is_done(folder)]
        found += sorted((_read(folder, variant) for folder in folders), key=lambda run: run.seed)
    if not found:
        raise RunError(
            f"{lab} holds no finished run; python -m cyclegan.ablation run --out {lab} trains some."
        )
    _check_alike(found)
    for run in found:
        first = next(other for other in found if other.variant == run.variant)
        alike = run.config.objective == first.config.objective
        if not alike or run.config.objective not in (run.row.objective, *run.row.earlier):
            raise RunError(f"{run.folder} was trained with another objective than {run.variant}.")
    return found


def _check_alike(found: list[FinishedRun]) -> None:
    """Raise RunError where runs differ in more than their objective, and what their rows say."""
    for part in PARTS:
        plain = [run for run in found if part not in run.row.changes]
        for run in plain:
            if getattr(run.settings, part) != getattr(plain[0].settings, part):
                raise RunError(
                    f"{run.folder} and {plain[0].folder} differ in {part}: a report compares runs "
                    "that are alike but for their objective."
                )
    for run in found:
        if run.settings != run.row.config(base_of(run, found)):
            raise RunError(
                f"{run.folder} differs from the others in more than what its row says of "
                f"{' and '.join(run.row.changes)}."
            )


def base_of(run: FinishedRun, found: list[FinishedRun]) -> Config:
    """The settings of a run without what its row changes, as far as other rows tell them."""
    shared = {}
    for part in run.row.changes:
        if other := next((other for other in found if part not in other.row.changes), None):
            shared[part] = getattr(other.settings, part)
    return replace(run.settings, **shared)


def _read(folder: Path, variant: str) -> FinishedRun:
    try:
        lines = (folder / LOG).read_text(encoding="utf-8").splitlines()
        log = {line["step"]: line for line in map(json.loads, lines)}
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"{folder / LOG} is missing or damaged.") from error
    metrics = checkpoints.read_json(folder / checkpoints.METRICS)
    config = checkpoints.read_config(folder)
    return FinishedRun(folder, variant, config, metrics, estimates.read(folder), log)
