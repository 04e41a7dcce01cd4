"""Figures as cards: every row's value beside its interval, on one scale a figure.

Knows metrics as `cyclegan.evaluation` writes them; no lesson by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...core.figures import Measure
from ...inference.evaluation import spread
from .document import Card, Row

Best = Callable[[str, str], str | None]
"""The name of the row to be marked, by network and figure."""


@dataclass(frozen=True)
class Entry:
    """What a row comes to. within: [low, high]. seeds: mean and standard deviation in words."""

    name: str
    value: float
    within: Sequence[float] | None = None
    seeds: str = ""
    is_best: bool = False
    is_itself: bool = False


def cards(
    results: Mapping[str, Mapping],
    measures: Sequence[Measure],
    network: str,
    best: Best = lambda network, key: None,
) -> list[Card]:
    """A card a figure that any row has.

    results: metrics by name, as `checkpoints.read_metrics` has them, with those of all seeds in
    "seeds" if there are several.
    """
    found = []
    for measure in measures:
        entries = [_entry(name, measure, result, network, best) for name, result in results.items()]
        entries = [entry for entry in entries if entry]
        if entries:
            found.append(card(measure, network, [*entries, *_itself(results, measure, network)]))
    return found


def how_to_read(results: Mapping[str, Mapping]) -> str:
    """What stands in the cards of these results."""
    said = ["Below each value stands its 95 % interval, which is about other items"]
    if any("seeds" in result for result in results.values()):
        said.append("; below that, mean and standard deviation over seeds. ")
    else:
        said.append(" and says nothing of other seeds. ")
    if len(results) > 1:
        said.append(
            "What is marked is better than every other variant that it can be held against, beyond "
            "the interval of their difference. "
        )
    said.append("Dots lie on a scale from 0 to the largest value; a thin line is at 1 where 1 is")
    return "".join([*said, " best."])


def _entry(name: str, measure: Measure, result: Mapping, network: str, best: Best) -> Entry | None:
    value = result.get(network, {}).get(measure.key)
    if value is None:
        return None
    seeds = [of.get(network, {}) for of in result.get("seeds", {}).values()]
    return Entry(
        name,
        value,
        result.get("intervals", {}).get(network, {}).get(measure.key),
        spread(measure, seeds) if len(seeds) > 1 else "",
        best(network, measure.key) == name,
    )


def _itself(results: Mapping[str, Mapping], measure: Measure, network: str) -> list[Entry]:
    """What an item scores that is handed over as its own translation."""
    for result in results.values():
        value = result.get("unchanged", {}).get(network, {}).get(measure.key)
        if value is not None:
            ends = result.get("intervals", {}).get("unchanged", {}).get(network, {})
            own = "x" if network == "G" else "y"
            return [Entry(f"{own} itself, unchanged", value, ends.get(measure.key), is_itself=True)]
    return []


def card(measure: Measure, network: str, entries: Sequence[Entry]) -> Card:
    """One figure on a scale from 0 to what is largest."""
    ends = [end for entry in entries for end in (entry.value, *(entry.within or ()))]
    low, high = min(0.0, *ends), max(0.0, *ends)
    good = 1.0 if measure.better == "near one" else None
    if good is not None:
        high = max(high, good)

    def place(value: float) -> float:
        # Halves, since the difference of two of the largest numbers is none.
        return round(100 * ((value / 2 - low / 2) / ((high / 2 - low / 2) or 1)), 2)

    rows = []
    for entry in entries:
        first, last = map(place, entry.within) if entry.within else (None, None)
        rows.append(
            Row(
                entry.name,
                measure.written(entry.value),
                measure.within(entry.within),
                entry.seeds,
                place(entry.value),
                first,
                last,
                entry.is_best,
                entry.is_itself,
            )
        )
    return Card(
        measure.heading,
        measure.read_of(network),
        rows,
        None if good is None else place(good),
    )
