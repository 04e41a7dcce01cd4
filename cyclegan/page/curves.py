"""Curves over training steps as data frames for a line plot, of laboratories and of single runs.

Knows where runs lie below a folder and what their logs say; knows no components.
"""

import json
import os
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from statistics import median

import pandas as pd

from ..labs.ablation.text import COLUMNS
from ..labs.ablation.variants import VARIANTS
from ..store.checkpoints import CONFIG
from ..training.runs import LOG
from .lab import Report, number, shown

PLOTTED = ("sea_iou", "cycle_error", "diversity", "rmse")

TERMS = {
    "gan_G": "GAN term of G",
    "gan_F": "GAN term of F",
    "cycle_forward": "forward cycle term",
    "cycle_backward": "backward cycle term",
    "identity_G": "identity term of G",
    "identity_F": "identity term of F",
    "paired_G": "paired term of G",
    "paired_F": "paired term of F",
    "D_X": "loss of D_X",
    "D_Y": "loss of D_Y",
}

_HUES = [
    *("#e69f00", "#56b4e9", "#009e73", "#d55e00", "#3c7fc0"),
    *("#f6cf71", "#a5d8ff", "#8ce0c4", "#ffa98f", "#91a7ff"),
    *("#cc79a7", "#868e96", "#be4bdb", "#82c91e", "#a9714b", "#f06595"),
]
"""By place in VARIANTS: the paper's rows, the same with identity as tints of them, the others."""

ALL_TERMS = "all terms"

DEPTH = 4
"""Levels of folders below a root in which runs are looked for."""


def colours(report: Report) -> dict[str, str]:
    """A colour a row's title: the same for a variant in every laboratory."""
    known = list(VARIANTS)
    others = [row.name for row in report.rows if row.name not in known]
    place = {name: i for i, name in enumerate(known + others)}
    return {row.title: _HUES[place[row.name] % len(_HUES)] for row in report.rows}


def choices(report: Report) -> list[tuple[str, str]]:
    """(label, value) of what can be drawn: figures first, then the terms that were logged."""
    figures = [n for n in PLOTTED if any(n in row.figures_over_time for row in report.rows)]
    terms = {n: None for row in report.rows for n in row.terms_over_time}
    ordered = [n for n in TERMS if n in terms] + [n for n in terms if n not in TERMS]
    return [(f"{COLUMNS[n].label} {COLUMNS[n].better}", n) for n in figures] + [
        (_called(n), n) for n in ordered
    ]


def of_report(report: Report, what: str, names: Iterable[str]) -> pd.DataFrame:
    """Long table (step, value, objective) of one figure or term for some rows."""
    points = []
    for row in report.rows:
        if row.name in set(names):
            values = {**row.terms_over_time, **row.figures_over_time}.get(what, ())
            listed = zip(row.steps, values, strict=False)
            points += [(step, value, row.title) for step, value in listed if value is not None]
    return pd.DataFrame(points, columns=["step", "value", "objective"])


def find_runs(roots: Sequence[Path]) -> dict[str, Path]:
    """Folders with a log below `roots`, by a short name, those written last first."""
    found = {}
    for root in roots:
        for folder in _with_log(Path(root), DEPTH):
            found[str(Path(Path(root).resolve().name) / folder.relative_to(root))] = folder
    return dict(sorted(found.items(), key=lambda item: -_written(item[1])))


def _with_log(folder: Path, depth: int) -> list[Path]:
    found = [folder] if (folder / LOG).is_file() else []
    try:
        children = sorted(entry.path for entry in os.scandir(folder) if entry.is_dir())
    except OSError:
        return found
    if depth:
        for child in children:
            found += _with_log(Path(child), depth - 1)
    return found


def _written(folder: Path) -> float:
    try:
        return (folder / LOG).stat().st_mtime
    except OSError:
        return 0.0


def run_choices(log: list[dict]) -> list[tuple[str, str]]:
    """(label, value) of what a run's log can draw: all terms at once, its figures, each term."""
    figures = {n: None for line in log for n in _part(line, "figures")}
    terms = {n: None for line in log for n in _part(line, "terms")}
    named = [(_called(n), n) for n in figures]
    everything = [(ALL_TERMS, ALL_TERMS)] if terms else []
    return everything + named + [(_called(n), n) for n in terms]


def of_run(log: list[dict], what: str) -> pd.DataFrame:
    """Long table (step, value, term) of one figure or term of a run, or of all terms."""
    points = []
    for line in log:
        values = {**_part(line, "terms"), **_part(line, "figures")}
        names = _part(line, "terms") if what == ALL_TERMS else [what]
        step = number(line.get("step"))
        for name in names:
            value = number(values.get(name))
            if step is not None and value is not None:
                points.append((step, value, _called(name)))
    return pd.DataFrame(points, columns=["step", "value", "term"])


def summary(folder: Path, log: list[dict]) -> str:
    """Step n of N, seconds a step, and the figures measured last, as HTML."""
    if not log:
        return '<p class="absent">This run has logged nothing yet.</p>'
    step = int(max(number(line.get("step")) or 0 for line in log))
    wanted = _steps_wanted(folder)
    said = [f"step <b>{step:,}</b>" + (f" of {wanted:,}" if wanted else "")]
    seconds = [s for line in log[-20:] if (s := number(line.get("seconds_per_step"))) is not None]
    if seconds:
        said.append(f"{median(seconds):.2g} s a step")
        if wanted and wanted > step:
            said.append(f"about {_duration((wanted - step) * median(seconds))} to go")
    last = next((f for line in reversed(log) if (f := _part(line, "figures"))), {})
    for name, value in last.items():
        if (value := number(value)) is not None:
            words = shown(name, value) if name in COLUMNS else f"{value:.3g}"
            said.append(f"{escape(_called(name))} {words}")
    return f'<p class="sentence">{" · ".join(said)}</p>'


def _called(name: str) -> str:
    """A figure or a term in words."""
    return COLUMNS[name].label if name in COLUMNS else TERMS.get(name, name.replace("_", " "))


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _steps_wanted(folder: Path) -> int | None:
    try:
        steps = json.loads((folder / CONFIG).read_text(encoding="utf-8"))["training"]["steps"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return steps if isinstance(steps, int) else None


def _part(line: dict, name: str) -> dict:
    part = line.get(name)
    return part if isinstance(part, dict) else {}
