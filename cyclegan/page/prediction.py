"""A prediction against what was measured: what becomes of an objective.

Each choice is right or wrong by the lesson's limits, for every row alike and seed by seed, from the
figures of G in the report. No row is the measure of another. Knows no components.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..core import figures
from ..core.figures import Measure
from ..inference.comparisons import listed
from ..lessons import Lesson, Trouble, Yardsticks
from ..lessons.troubles import MOVED, Bound, Values
from .lab import Report, ReportRow
from .markup import render

FINE = "fine"
"""The choice that nothing of the sort is there."""


@dataclass(frozen=True)
class Finding:
    """In which seeds of a row something holds: of those alone in which it can be told."""

    row: ReportRow
    seeds: tuple[bool, ...]

    @property
    def holds(self) -> bool:
        return any(self.seeds)

    @property
    def where(self) -> str:
        """ "in 2 of 3 seeds"; "" where the row has no second seed."""
        found, known = sum(self.seeds), len(self.seeds)
        if self.row.seeds < 2:
            return ""
        if known < self.row.seeds:
            only = "seed" if known == 1 else f"{known} seeds"
            return f"in the first {only}, of which pictures are kept"
        if found == known:
            return "in both seeds" if known == 2 else f"in all {known} seeds"
        if not found:
            return "in neither seed" if known == 2 else f"in none of {known} seeds"
        return f"in {found} of {known} seeds"


class Judge:
    """Holds rows of a report to the limits of its lesson."""

    def __init__(self, report: Report, names: Sequence[str]):
        self.report = report
        self.rows = [row for name in names if (row := report.row(name))]
        self.yardsticks = Yardsticks(report.unchanged.get("G", {}), report.apart.get("G"))
        self._seeds = {row.name: _seeds(report, row) for row in self.rows}
        self.troubles = [
            trouble
            for trouble in report.lesson.troubles
            if any(self.finding(trouble, row).seeds for row in self.rows)
        ]

    @property
    def choices(self) -> list[tuple[str, str]]:
        """(words, key) of what can be told of any of the rows; empty where nothing can."""
        found = [(trouble.words, trouble.key) for trouble in self.troubles]
        return [*found, ("none of these: it does not fail", FINE)] if found else []

    def finding(self, trouble: Trouble, row: ReportRow) -> Finding:
        told = (trouble.holds(own, self.yardsticks) for own in self._seeds[row.name])
        return Finding(row, tuple(one for one in told if one is not None))

    def fine(self, row: ReportRow) -> Finding:
        """In which seeds none of the troubles holds, of those in which any can be told."""
        seeds = []
        for own in self._seeds[row.name]:
            told = [trouble.holds(own, self.yardsticks) for trouble in self.troubles]
            if set(told) != {None}:
                seeds.append(True not in told)
        return Finding(row, tuple(seeds))

    def measured(self, bound: Bound, row: ReportRow) -> str:
        """ "cycle error 46.2, 37.6 and 32.6", seed by seed; "" where there is none."""
        measure = measure_of(self.report.lesson, bound)
        values = [own[bound.figure] for own in self._seeds[row.name] if bound.figure in own]
        return f"{measure.label} {listed([measure.written(v) for v in values])}" if values else ""

    def rule(self, trouble: Trouble) -> str:
        """By what a trouble is told, with its limits as numbers."""
        lesson = self.report.lesson
        told = [b.told(measure_of(lesson, b), self.yardsticks) for b in trouble.bounds]
        return ", and ".join(told)


def measure_of(lesson: Lesson, bound: Bound) -> Measure:
    return MOVED if bound.figure == MOVED.key else lesson.measure(bound.figure)


def _seeds(report: Report, row: ReportRow) -> list[Values]:
    """Figures of G seed by seed; pictures are kept of the first alone."""
    seeds, way = row.by_seed("G"), moved(report, row)
    first = {} if way is None else {MOVED.key: way}
    return [first | own if i == 0 else own for i, own in enumerate(seeds or [{}])]


def moved(report: Report, row: ReportRow) -> float | None:
    """|G(x) − x| over |y − x| on the pictures made at the end of training; None without them."""
    folder = report.frames / row.name
    try:
        given = _columns(report, report.frames / "inputs.webp")
        made = _columns(report, max(folder.glob("*.webp")))
    except (OSError, ValueError):
        return None
    if len(given) < 2 or given[0].shape != made[0].shape or not (way := figures.l1(*given[:2])):
        return None
    return figures.l1(made[0], given[0]) / way


def _columns(report: Report, path: Path) -> list[np.ndarray]:
    with Image.open(path) as picture:
        array = np.asarray(picture.convert("RGB"))
    lefts = range(0, array.shape[1] - report.frame_side + 1, report.frame_side)
    return [array[:, left : left + report.frame_side] for left in lefts]


@dataclass(frozen=True)
class Fate:
    """What became of a row. told: (what, where, figures) of each trouble that it has."""

    title: str
    is_chosen: bool
    told: list[tuple[str, str, str]]


def verdict(report: Report, names: Sequence[str], expected: str, feared: str) -> str:
    """What was expected beside what was measured, as HTML.

    names: the rows to choose from. expected: one of them. feared: the key of a choice.
    """
    judge = Judge(report, names)
    own = next(row for row in judge.rows if row.name == expected)
    words = {key: words for words, key in judge.choices}
    trouble = next((t for t in judge.troubles if t.key == feared), None)
    found = judge.finding(trouble, own) if trouble else judge.fine(own)
    bounds = trouble.bounds if trouble else [b for t in judge.troubles for b in t.bounds]
    measured = dict.fromkeys(filter(None, (judge.measured(bound, own) for bound in bounds)))
    return render(
        "prediction.verdict",
        title=own.title,
        feared=words.get(feared, feared),
        outcome=_outcome(found),
        limit=judge.rule(trouble) if trouble else "",
        measured=list(measured),
        by_seed=own.seeds > 1,
        fates=[_fate(judge, row, row is own) for row in judge.rows],
        rules=[(t.words, judge.rule(t)) for t in judge.troubles],
    )


def _outcome(found: Finding) -> str:
    if not found.seeds:
        return "Nothing was measured of it by which this could be told."
    word = "Right" if all(found.seeds) else "Partly right" if found.holds else "Not so"
    return f"{word}, {found.where}." if found.where else f"{word}."


def _fate(judge: Judge, row: ReportRow, is_chosen: bool) -> Fate:
    told = []
    for trouble in judge.troubles:
        if (found := judge.finding(trouble, row)).holds:
            values = [judge.measured(bound, row) for bound in trouble.bounds]
            told.append((trouble.words, found.where, "; ".join(filter(None, values))))
    if (fine := judge.fine(row)).holds:
        bounds = () if told else [bound for t in judge.troubles for bound in t.bounds]
        values = dict.fromkeys(judge.measured(bound, row) for bound in bounds)
        told.append(("it does not fail", fine.where, "; ".join(filter(None, values))))
    return Fate(row.title, is_chosen, told)
