"""A prediction against what was measured: which objective fails, and how.

A fault is told from the figures of G in the report by the thresholds below, for every row alike,
and never by a row's name. CycleGAN's own row is the measure of the others. Knows no components.
"""

from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image

from ..core import figures
from ..labs.ablation.text import COLUMNS, MAIN
from .lab import Report, Row, shown
from .panels import formula

ALIKE = 0.5
"""Outputs with less than this diversity look alike."""
LOST = 1.4
"""With more than this times the reference's cycle error, x cannot be told from G(x)."""
WRONG_SEA, WRONG_RMSE = 0.9, 1.1
"""A map is wrong below this share of the reference's sea IoU, or above this times its RMSE."""
COPY = 0.5
"""G copies x where its pictures lie less than this share of the way from x to the truth."""

FAULTS = {
    "alike": "every output looks alike",
    "elsewhere": "a believable map, but of another place: x is lost",
    "wrong": "comes back perfectly, but the map is wrong",
    "copy": "nothing is translated: it copies x",
}


@dataclass(frozen=True)
class Finding:
    """The fault of a row, one of FAULTS or None."""

    row: Row
    fault: str | None


def moved(report: Report, row: Row) -> float | None:
    """|G(x) − x| over |y − x| on the pictures made at the end of training; None without them."""
    folder = report.frames / row.name
    try:
        inputs = _halves(report.frames / "inputs.webp")
        made = _halves(max(folder.glob("*.webp")))
    except (OSError, ValueError):
        return None
    if inputs[0].shape != made[0].shape or not (way := figures.l1(*inputs)):
        return None
    return figures.l1(made[0], inputs[0]) / way


def _halves(path) -> tuple[np.ndarray, np.ndarray]:
    with Image.open(path) as picture:
        array = np.asarray(picture.convert("RGB"))
    half = array.shape[1] // 2
    return array[:, :half], array[:, half : 2 * half]


def find_fault(report: Report, row: Row) -> str | None:
    """The first fault, in the order of collapse, copying, loss and error, or None."""
    reference = report.row(MAIN) or row

    def ratio(figure: str) -> float | None:
        own, other = row.mean("G", figure), reference.mean("G", figure)
        return own / other if own is not None and other else None

    diversity, way = row.mean("G", "diversity"), moved(report, row)
    cycle, sea, rmse = map(ratio, ("cycle_error", "sea_iou", "rmse"))
    if diversity is not None and diversity < ALIKE:
        return "alike"
    if way is not None and way < COPY:
        return "copy"
    if cycle is not None and cycle > LOST:
        return "elsewhere"
    if (sea is not None and sea < WRONG_SEA) or (rmse is not None and rmse > WRONG_RMSE):
        return "wrong"
    return None


def judge(report: Report, names: list[str]) -> list[Finding]:
    """The faults of some rows of the report."""
    rows = [row for name in names if (row := report.row(name))]
    return [Finding(row, find_fault(report, row)) for row in rows]


def verdict(report: Report, names: list[str], expected: str, fault: str) -> str:
    """What was expected beside what was measured, as HTML.

    names: the rows to choose from. expected: one of them. fault: one of FAULTS.
    """
    findings = judge(report, names)
    own = next(f for f in findings if f.row.name == expected)
    title = escape(own.row.title)
    if own.fault == fault:
        outcome = "<b>So it is.</b>"
    elif own.fault:
        outcome = f"<b>It fails, but otherwise:</b> {FAULTS[own.fault]}."
    else:
        outcome = "<b>By these figures it does not fail.</b>"
    others = [escape(f.row.title) for f in findings if f.fault == fault and f is not own]
    if others:
        also = " too" if own.fault == fault else ""
        outcome += f" In your way {_and(others)} {'fail' if len(others) > 1 else 'fails'}{also}."
    elif own.fault != fault:
        outcome += " No row fails in your way."
    return (
        '<div class="reveal"><p>You expected: <b>'
        f"{title}</b>, {FAULTS[fault]}.</p><p>{_measured(report, own.row)}</p>"
        f"<p>{outcome}</p><p class='rule'>{_rule()}</p></div>"
    )


def _measured(report: Report, row: Row) -> str:
    """The figures that the fault was told from, beside the reference's."""
    reference = report.row(MAIN)
    words = []
    for name in ("diversity", "cycle_error", "sea_iou", "rmse"):
        own, other = (r and r.mean("G", name) for r in (row, reference))
        if own is None:
            continue
        said = f"{COLUMNS[name].label} <b>{shown(name, own)}</b>"
        if reference is not row:
            said += f" (CycleGAN: {shown(name, other)})"
        words.append(said)
    way = moved(report, row)
    if way is not None:
        # A picture may lie further from x than the truth does.
        words.append(f"{formula('G(x)')} is <b>{way:.1f}</b> times as far from x as the truth")
    return f"Measured: {', '.join(words)}." if words else "Nothing was measured for it."


def _rule() -> str:
    return (
        f"How a fault is told: alike, diversity below {ALIKE:g}; copied, less than {COPY:g} of the "
        f"way from x to the truth; lost, a cycle error above {LOST:g} times CycleGAN's; wrong, "
        f"else, with a sea IoU below {WRONG_SEA:g} or an RMSE above {WRONG_RMSE:g} times "
        "CycleGAN's."
    )


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
