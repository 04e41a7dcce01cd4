"""Ladders: trainings that differ in one weight alone, step by step.

Reads ladder.json beside the rungs, and their configs; loads no network and knows no component.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..core.config import Config, Objective, Weight
from ..methods import Switch
from ..store import checkpoints
from .sets import CheckpointSet, Variant, rungs_in


@dataclass(frozen=True)
class Ladder:
    """set_: the rungs as variants, in any order. name: of the weight, before a value of it: "λ".
    of: the same in words. rungs: its value and the variant, the lowest first.
    """

    set_: CheckpointSet
    name: str
    of: str
    rungs: tuple[tuple[float, Variant], ...]

    @property
    def title(self) -> str:
        """ "λ 0 to 100"."""
        return f"{self.called(self.rungs[0][0])} to {self.rungs[-1][0]:g}"

    def called(self, value: float) -> str:
        """ "λ 0.1"."""
        return f"{self.name} {value:g}"

    @property
    def variants(self) -> tuple[Variant, ...]:
        return tuple(variant for _, variant in self.rungs)


def ladders_in(folder: Path) -> list[Ladder]:
    """Those at and below a folder; what is none is left out with a warning."""
    return [ladder for set_ in rungs_in(folder) if (ladder := of_set(set_))]


def of_set(set_: CheckpointSet) -> Ladder | None:
    """The ladder that a set is by the file beside its variants, if that is true, and if its
    trainings make something of a picture."""
    path = set_.folder / checkpoints.LADDER
    if not path.is_file() or set_.is_from_noise:
        return None
    try:
        return _read(set_, checkpoints.read_json(path).get("weights"))
    except checkpoints.CheckpointError as error:
        logging.warning("No ladder: %s", error)
        return None


def _read(set_: CheckpointSet, weights: object) -> Ladder:
    first = set_.variants[0].config
    known = first.objective.weights()
    if not isinstance(weights, list) or not weights or not all(w in known for w in weights):
        valid = ", ".join(known)
        raise checkpoints.CheckpointError(
            f"{set_.folder / checkpoints.LADDER} names no weights of its trainings; valid are "
            f"{valid}."
        )
    by_value = {}
    for variant in set_.variants:
        values = _values(variant.config.objective, weights)
        if len(set(values)) > 1 or _but_for(variant.config, first, weights) != first:
            raise checkpoints.CheckpointError(
                f"{variant.source.paths[0]} differs from the rung {set_.variants[0].source.name} "
                f"in more than {' and '.join(weights)}."
            )
        by_value[values[0]] = variant
    if len(by_value) < 2:
        raise checkpoints.CheckpointError(f"{set_.folder} has fewer than two rungs.")
    rungs = tuple(sorted(by_value.items(), key=lambda rung: rung[0]))
    return Ladder(set_, *_named(weights, known, set_.method.switches), rungs)


def _values(objective: Objective, weights: Sequence[str]) -> list[float]:
    return [getattr(objective, weight, 0.0) for weight in weights]


def _but_for(config: Config, first: Config, weights: Sequence[str]) -> Config:
    """A config with what the first has of these weights, and of what was not chosen."""
    if type(config.objective) is not type(first.objective):
        return config
    own = {weight: getattr(first.objective, weight) for weight in weights}
    return replace(config, objective=replace(config.objective, **own), facts=first.facts)


def _named(
    weights: Sequence[str], known: Mapping[str, Weight], switches: Sequence[Switch]
) -> tuple[str, str]:
    labels = [known[weight].label for weight in weights]
    switch = next((s for s in switches if set(s.weights) == set(weights)), None)
    name = (switch and switch.symbol) or (labels[0] if len(labels) == 1 else "weight")
    return name, f"the weight of the {switch.name if switch else ' and '.join(labels)}"
