"""The objective: as the control above the rows, and what each of its terms asks for.

Two lines of the same summands, the upper row's and the lower one's; one that stands for a switch of
the method is struck out below, or put back, by a click. Knows no method and no term by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.config import Objective
from .markup import render
from .sets import CheckpointSet


@dataclass(frozen=True)
class Summand:
    """A part of the objective, as it stands above and below.

    name: in words. formula, short: with its number, as symbols and in words. switch: the place of
    the switch that it stands for, None for what is always there. is_struck: out of the lower row.
    is_known: whether there are networks for the other state of it.
    """

    name: str
    formula: str
    short: str
    switch: int | None = None
    is_struck: bool = False
    is_known: bool = False


def control(set_: CheckpointSet, without: frozenset[str], ladders: Sequence[str] = ()) -> str:
    """Empty where nothing can be taken away, or where it is not known what was asked.

    ladders: titles of those that a click leads to.
    """
    if not set_.switches or any(v.is_foreign for v in set_.variants):
        return ""
    found = summands(set_, without)
    return render(
        "objective.control",
        summands=found,
        names=[row.name for row in set_.rows(without)],
        can_strike=any(one.is_known for one in found),
        ladders=ladders,
    )


def summands(set_: CheckpointSet, without: frozenset[str]) -> list[Summand]:
    whole = set_.whole
    objective: Objective = whole.config.objective if whole else set_.method.Objective()
    place = {w: i for i, s in enumerate(set_.switches) for w in s.weights}
    groups: dict[int | str, list[str]] = {}
    for name in objective.weights():
        if objective.uses(name):
            groups.setdefault(place.get(name, name), []).append(name)
    found = []
    for key, names in groups.items():
        number, formula = _written(objective, names)
        if isinstance(key, str):
            label = objective.weights()[key].label
            found.append(Summand(label, formula, f"{number}{label}"))
            continue
        name = set_.switches[key].name
        other = set_.lacking(without ^ {name})
        short = f"{number}{name}"
        found.append(Summand(name, formula, short, key, name in without, other is not None))
    return found


def toggled(set_: CheckpointSet, without: frozenset[str], switch: int) -> frozenset[str]:
    """What the lower row lacks after a click on a switch; as before without networks for that."""
    other = without ^ {set_.switches[switch].name}
    return other if set_.lacking(other) else without


def _written(objective: Objective, names: list[str]) -> tuple[str, str]:
    """The common number, if there is one but 1, and the whole as a formula."""
    weights = {getattr(objective, name) for name in names}
    parts = [objective.weights()[name].formula for name in names]
    if len(weights) > 1:
        listed = zip((getattr(objective, name) for name in names), parts, strict=True)
        return "", " + ".join(f"{weight:g} · {part}" for weight, part in listed)
    joined = " + ".join(parts)
    number = weights.pop()
    if number == 1:
        # Parentheses around a single summand are of use behind a number alone.
        return "", joined[1:-1] if len(parts) == 1 and joined.startswith("(") else joined
    grouped = joined if len(parts) == 1 else f"({joined})"
    return f"{number:g} · ", f"{number:g} · {grouped}"


def asks(set_: CheckpointSet) -> str:
    """What each term of the set's objectives is for, with its weight where a variant has it."""
    listed = sorted(set_.variants, key=lambda v: v.switches, reverse=True)
    terms = []
    for name, weight in set_.method.Objective.weights().items():
        objectives = [v.config.objective for v in listed if v.method is set_.method]
        value = next((found for o in objectives if (found := getattr(o, name))), 0)
        if not value:
            continue
        known = value != 1 and not listed[0].is_foreign
        terms.append((weight, f"{value:g} · {weight.formula}" if known else weight.formula))
    return render("objective.asks", terms=terms)
