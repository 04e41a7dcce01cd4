"""A prediction against what was measured: which objective fails, and how.

A fault is told by the lesson's troubles, from the figures of G in the report, for every row alike
and never by a row's name. The report's reference is the measure of the others. Knows no components.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..core import figures
from ..lessons import Trouble
from .lab import FORMULAS, Report, ReportRow
from .markup import render


@dataclass(frozen=True)
class Finding:
    """What is wrong with a row, or None."""

    row: ReportRow
    fault: Trouble | None


def faults(report: Report) -> list[tuple[str, str]]:
    """(words, key) of what can go wrong."""
    return [(trouble.words, trouble.key) for trouble in report.lesson.troubles]


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


def _figures(report: Report, row: ReportRow) -> Mapping[str, float]:
    """What troubles are told from."""
    way = moved(report, row)
    return row.means("G") | ({} if way is None else {"moved": way})


def judge(report: Report, names: list[str]) -> list[Finding]:
    """The first fault of some rows of the report, in the lesson's order, or none."""
    found = []
    for row in (row for name in names if (row := report.row(name))):
        own, reference = (_figures(report, each) for each in (row, report.reference or row))
        holding = (t for t in report.lesson.troubles if t.test(own, reference))
        found.append(Finding(row, next(holding, None)))
    return found


@dataclass(frozen=True)
class Told:
    """A figure that a fault is told from. beside: the reference's, in words; formula: of what the
    value is of, before words that end the sentence."""

    words: str
    value: str
    beside: str = ""
    formula: str = ""


def verdict(report: Report, names: list[str], expected: str, fault: str) -> str:
    """What was expected beside what was measured, as HTML.

    names: the rows to choose from. expected: one of them. fault: the key of a trouble.
    """
    findings = judge(report, names)
    own = next(f for f in findings if f.row.name == expected)
    feared = next(t for t in report.lesson.troubles if t.key == fault)
    said = []
    if own.fault is feared:
        outcome = "So it is."
    elif own.fault:
        outcome = "It fails, but otherwise:"
        said.append(f"{own.fault.words}.")
    else:
        outcome = "By these figures it does not fail."
    others = [f.row.title for f in findings if f.fault is feared and f is not own]
    if others:
        also = " too" if own.fault is feared else ""
        said.append(f"In your way {_and(others)} {'fail' if len(others) > 1 else 'fails'}{also}.")
    elif own.fault is not feared:
        said.append("No row fails in your way.")
    return render(
        "prediction.verdict",
        title=own.row.title,
        feared=feared.words,
        figures=_told(report, own.row),
        outcome=outcome,
        others=" ".join(said),
        rules=[trouble.rule for trouble in report.lesson.troubles],
    )


def _told(report: Report, row: ReportRow) -> list[Told]:
    """The figures that the fault was told from, beside the reference's."""
    lesson, reference = report.lesson, report.reference
    keys = [*lesson.headline, *(f.key for f in lesson.figures if f.is_quick)]
    found = []
    for measure in map(lesson.measure, dict.fromkeys(keys)):
        own, other = (r and r.means("G").get(measure.key) for r in (row, reference))
        if own is None:
            continue
        compared = reference and reference is not row
        beside = f"{reference.title}: {measure.written(other)}" if compared else ""
        found.append(Told(measure.label, measure.written(own), beside))
    way = moved(report, row)
    if way is not None:
        # A picture may lie further from x than the truth does.
        made = row.formulas.get("made", FORMULAS["made"])
        found.append(Told("times as far from x as the truth", f"{way:.1f}", formula=made))
    return found


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
