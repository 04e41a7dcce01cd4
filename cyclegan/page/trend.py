"""What a ladder's figures come to from rung to rung: as far as intervals and seeds carry.

Numbers and words for `rules`. Knows no picture and no component.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from ..core.config import Direction
from ..core.figures import Figure, Measure, named
from ..inference.comparisons import Comparisons
from ..inference.evaluation import NETWORK, spread
from . import rules
from .ladders import Ladder
from .panels import figures_of
from .rules import Part


@dataclass(frozen=True)
class Trend:
    """A figure from rung to rung.

    by_rung: its values, one a seed. worse: pairs of places, of which the first is worse than the
    second beyond the interval of their difference; None where that was not compared.
    """

    measure: Measure
    by_rung: Sequence[Mapping[int, float]]
    worse: frozenset[tuple[int, int]] | None

    def written(self, place: int) -> str:
        """Mean and standard deviation over seeds, if there are several."""
        values = list(self.by_rung[place].values())
        if len(values) < 2:
            return self.measure.written(values[0])
        return spread(self.measure, [{self.measure.key: value} for value in values])

    def odd(self, place: int) -> tuple[float, list[float]]:
        """By how many times the worst seed is worse than the next one, and the values of all, the
        worst last. Of fewer than three seeds none stands apart, nor by a figure whose best is 1."""
        values = sorted(self.by_rung[place].values(), key=self.measure.badness)
        small, large = sorted(map(abs, values[-2:])) if len(values) >= 3 else (1.0, 1.0)
        if self.measure.better == "near one" or small <= 0:
            return 1.0, values
        return large / small, values

    @property
    def best(self) -> int:
        bad = [fmean(map(self.measure.badness, values.values())) for values in self.by_rung]
        return bad.index(min(bad))

    @property
    def good(self) -> list[int]:
        """Places that are not worse than the best."""
        places = range(len(self.by_rung))
        return [place for place in places if (place, self.best) not in self.worse]

    @property
    def near(self) -> int:
        """Where it is good at first: from below what is gained on the way there is clear."""
        return next(p for p in self.good if not self.gains or (0, p) in self.worse)

    @property
    def far(self) -> int:
        """Where it is good at last."""
        last = len(self.by_rung) - 1
        return next(p for p in self.good[::-1] if not self.loses or (last, p) in self.worse)

    @property
    def gains(self) -> bool:
        return (0, self.best) in self.worse

    @property
    def loses(self) -> bool:
        return (len(self.by_rung) - 1, self.best) in self.worse

    @property
    def is_level(self) -> bool:
        """Whether nothing differs from where it is good at first to where it is at last."""
        return self.near < self.far and not any(
            self.near <= a <= self.far and self.near <= b <= self.far for a, b in self.worse
        )


def axes(ladder: Ladder, direction: Direction) -> tuple[Measure | None, Measure | None]:
    """The figure of the way back, and the lesson's own against the truth: those that every rung
    was measured by, or None."""
    lesson, network = ladder.set_.lesson, NETWORK[direction]
    known = [figures_of(variant.metrics, network) for variant in ladder.variants]
    shared = [key for key in known[0] if all(key in of for of in known)]
    views = ladder.variants[0].views(direction)
    back = next((view.figure for view in views if view.key == "back"), "")
    figures = named(lesson.figures)
    keys = [key for key in (*lesson.headline, *figures) if key in shared]
    true = next((key for key in keys if key in figures and _is_of_truth(figures[key])), None)
    return (
        lesson.measure(back) if back in shared else None,
        lesson.measure(true) if true else None,
    )


def _is_of_truth(figure: Measure) -> bool:
    needs = figure.needs if isinstance(figure, Figure) else ()
    return any(name.partition("_")[0] == "truth" for name in needs)


def trend(ladder: Ladder, direction: Direction, measure: Measure) -> Trend:
    """Of a measure that every rung was measured by."""
    network = NETWORK[direction]
    by_rung = []
    for variant in ladder.variants:
        of = {s: figures_of(m, network) for s, m in variant.metrics_by_seed.items()}
        by_rung.append({seed: own[measure.key] for seed, own in of.items() if measure.key in own})
    return Trend(measure, by_rung, _worse(ladder, network, measure.key))


def _worse(ladder: Ladder, network: str, key: str) -> frozenset[tuple[int, int]] | None:
    folders = [variant.source.paths[0].name for variant in ladder.variants]
    metrics = dict(zip(folders, (v.metrics_by_seed for v in ladder.variants), strict=True))
    found: Comparisons = ladder.set_.comparisons.agreeing(
        metrics, named(ladder.set_.lesson.figures)
    )
    worse = set()
    for a, b in combinations(range(len(folders)), 2):
        one = found.difference(folders[a], folders[b], network, key)
        if one is None:
            return None
        if one.is_clear:
            worse.add((a, b) if one.value > 0 else (b, a))
    return frozenset(worse)


def tell(ladder: Ladder, direction: Direction) -> list[Part]:
    """What the measured curve shows; empty where nothing was measured."""
    views = {view.key: view.formula for view in ladder.variants[0].views(direction)}
    goals = (("back", views.get("original", "")), ("made", "y" if direction == "xy" else "x"))
    said: list[Part] = []
    trends = []
    for measure, (key, goal) in zip(axes(ladder, direction), goals, strict=True):
        if measure is None:
            continue
        one = trend(ladder, direction, measure)
        trends.append(one)
        words = {"subject": views[key], "goal": goal}
        said += rules.spoken(_numbers(one), _words(one, ladder) | words, rules.RUNGS)
    if not trends:
        return []
    return said + _closing(trends, ladder)


def _numbers(one: Trend) -> dict[str, float]:
    if one.worse is None:
        return {"compared": 0}
    return {
        "compared": 1,
        "clear": len(one.worse),
        "gains": float(one.gains),
        "loses": float(one.loses),
        "level": float(one.is_level),
    }


def _words(one: Trend, ladder: Ladder) -> dict[str, str]:
    values = [f"{value:g}" for value, _ in ladder.rungs]
    last = len(values) - 1
    places = {"first": 0, "last": last}
    if one.worse is not None:
        places |= {"near": one.near, "far": one.far}
    of = " of 255" if "255" in one.measure.unit else ""
    return {
        **{name: values[place] for name, place in places.items()},
        **{f"at_{name}": one.written(place) for name, place in places.items()},
        **{"name": ladder.name, "label": one.measure.label, "of": of},
    }


def _closing(trends: Sequence[Trend], ladder: Ladder) -> list[Part]:
    """What is bought with what, and how many seeds that is of."""
    numbers: dict[str, float] = {"seeds": min(len(of) for one in trends for of in one.by_rung)}
    words = {"name": ladder.name, "seeds": str(int(numbers["seeds"]))}
    if len(trends) == 2 and None not in (trends[0].worse, trends[1].worse):
        back, true = trends
        pairs = [(a, b) for a, b in back.worse if a < b and (b, a) in true.worse]
        if pairs:
            low, high = max(pairs, key=lambda pair: pair[1] - pair[0])
            values = [f"{value:g}" for value, _ in ladder.rungs]
            numbers["price"] = 1
            words |= {"low": values[low], "high": values[high]}
    odd = [(*one.odd(place), one, place) for one in trends for place in range(len(one.by_rung))]
    times, values, one, place = max(odd, key=lambda found: found[0])
    numbers["apart"] = times
    words |= {
        "rung": f"{ladder.rungs[place][0]:g}",
        "label": one.measure.label,
        "odd": one.measure.written(values[-1]),
        "others": " and ".join(map(one.measure.written, values[:-1])),
    }
    return rules.spoken(numbers, words, rules.OF_RUNGS)
