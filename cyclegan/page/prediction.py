"""A prediction against what was measured: which objective fails, and how.

A fault is told by the lesson's troubles, from the figures of G in the report, for every row alike
and never by a row's name. The report's reference is the measure of the others. Knows no components.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image

from ..core import figures
from ..lessons import Trouble
from .lab import FORMULAS, Report, ReportRow
from .panels import formula


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


def verdict(report: Report, names: list[str], expected: str, fault: str) -> str:
    """What was expected beside what was measured, as HTML.

    names: the rows to choose from. expected: one of them. fault: the key of a trouble.
    """
    findings = judge(report, names)
    own = next(f for f in findings if f.row.name == expected)
    feared = next(t for t in report.lesson.troubles if t.key == fault)
    title = escape(own.row.title)
    if own.fault is feared:
        outcome = "<b>So it is.</b>"
    elif own.fault:
        outcome = f"<b>It fails, but otherwise:</b> {escape(own.fault.words)}."
    else:
        outcome = "<b>By these figures it does not fail.</b>"
    others = [escape(f.row.title) for f in findings if f.fault is feared and f is not own]
    if others:
        also = " too" if own.fault is feared else ""
        outcome += f" In your way {_and(others)} {'fail' if len(others) > 1 else 'fails'}{also}."
    elif own.fault is not feared:
        outcome += " No row fails in your way."
    return (
        '<div class="reveal"><p>You expected: <b>'
        f"{title}</b>, {escape(feared.words)}.</p><p>{_measured(report, own.row)}</p>"
        f"<p>{outcome}</p><p class='rule'>{_rule(report)}</p></div>"
    )


def _measured(report: Report, row: ReportRow) -> str:
    """The figures that the fault was told from, beside the reference's."""
    lesson, reference = report.lesson, report.reference
    keys = [*lesson.headline, *(f.key for f in lesson.figures if f.is_quick)]
    words = []
    for measure in map(lesson.measure, dict.fromkeys(keys)):
        own, other = (r and r.means("G").get(measure.key) for r in (row, reference))
        if own is None:
            continue
        said = f"{escape(measure.label)} <b>{measure.written(own)}</b>"
        if reference and reference is not row:
            said += f" ({escape(reference.title)}: {measure.written(other)})"
        words.append(said)
    way = moved(report, row)
    if way is not None:
        # A picture may lie further from x than the truth does.
        made = formula(row.formulas.get("made", FORMULAS["made"]))
        words.append(f"{made} is <b>{way:.1f}</b> times as far from x as the truth")
    return f"Measured: {', '.join(words)}." if words else "Nothing was measured for it."


def _rule(report: Report) -> str:
    rules = "; ".join(trouble.rule for trouble in report.lesson.troubles)
    return f"How a fault is told: {escape(rules)}."


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
