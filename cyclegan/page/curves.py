"""Curves over training steps as data frames for a line plot, of laboratories and of single runs.

Knows where runs lie below a folder and what their logs say; knows no components.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pandas as pd

from .. import lessons
from ..core import palette
from ..core.config import METHOD, Training
from ..core.figures import Measure
from ..labs.ablation import variants
from ..lessons import Lesson
from ..methods import Method
from ..store.checkpoints import CONFIG
from ..training.runs import FIGURES, LOG
from ..training.signs import Signs
from .lab import Report, method_of, number
from .markup import absent, render

ALL_TERMS = "all terms"

JUDGES = "discriminators"
"""What they think: how far each is from right on real and on generated items, and how often."""

OF_F = "F: "
"""Before the key of a figure, where it is F's and not G's."""

DEPTH = 4
"""Levels of folders below a root in which runs are looked for."""


def colours(report: Report) -> dict[str, str]:
    """A colour a row's title: the same for a variant in every laboratory.

    By place among all variants: the paper's rows, the same with identity as tints of them, the
    others.
    """
    known = list(variants.known())
    others = [row.name for row in report.rows if row.name not in known]
    place = {name: i for i, name in enumerate(known + others)}
    return {row.title: palette.MANY[place[row.name] % len(palette.MANY)] for row in report.rows}


def choices(report: Report) -> list[tuple[str, str]]:
    """(label, value) of what can be drawn: figures first, then the terms that were logged."""
    figures = {n: None for row in report.rows for n in row.figures_over_time}
    terms = {n: report.term(n) for row in report.rows for n in row.terms_over_time}
    order = [n for row in report.rows for n in method_of(row.method).in_order(terms)]
    return [(m.heading, m.key) for m in _headline_first(report.lesson, figures)] + [
        (terms[n].label, n) for n in dict.fromkeys(order)
    ]


def _headline_first(lesson: Lesson, figures: Iterable[str]) -> list[Measure]:
    known = {m.key: m for m in lesson.known(dict.fromkeys(figures))}
    first = [key for key in lesson.headline if key in known]
    return [known[key] for key in dict.fromkeys([*first, *known])]


def of_report(report: Report, what: str, names: Iterable[str]) -> pd.DataFrame:
    """Long table (step, value, objective) of one figure or term for some rows."""
    points = []
    for row in report.rows:
        if row.name in set(names):
            values = {**row.terms_over_time, **row.figures_over_time}.get(what, ())
            listed = zip(row.steps, values, strict=False)
            points += [(step, value, row.title) for step, value in listed if value is not None]
    return pd.DataFrame(points, columns=["step", "value", "objective"])


def key(report: Report, names: Iterable[str]) -> str:
    """The colours of rows beside their titles, as HTML."""
    known, wanted = colours(report), set(names)
    lines = [(row.title, known[row.title]) for row in report.rows if row.name in wanted]
    return render("curves.key", lines=lines) if lines else ""


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


@dataclass(frozen=True)
class Origin:
    """What a run's config.json tells: what is learned, by what, and how many steps are wanted."""

    lesson: Lesson
    method: Method
    steps: int | None

    @classmethod
    def read(cls, folder: Path) -> "Origin":
        """What is missing or damaged is taken to be as usual."""
        try:
            values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            values = {}
        values = values if isinstance(values, dict) else {}
        training = part(values, "training")
        data, steps = training.get("data"), training.get("steps")
        return cls(
            lessons.find(data if isinstance(data, str) else Training().data),
            method_of(values.get("method", METHOD)),
            steps if isinstance(steps, int) else None,
        )

    def measure(self, key: str, kind: str) -> Measure:
        """kind: "terms", or where in a line the figures of a network stand."""
        return self.method.term(key) if kind == "terms" else self.lesson.measure(key)


def run_choices(log: list[dict], origin: Origin) -> list[tuple[str, str]]:
    """(label, value) of what a run's log can draw: several terms at once, figures, each term."""
    of_G, of_F = ({n: None for line in log for n in part(line, t)} for t in FIGURES.values())
    terms = origin.method.in_order({n: None for line in log for n in part(line, "terms")})
    together = {ALL_TERMS: terms, JUDGES: _opinions(terms)}
    return (
        [(name, name) for name, members in together.items() if members]
        + [(m.label, m.key) for m in _headline_first(origin.lesson, of_G)]
        + [(f"{m.label} of F", OF_F + m.key) for m in _headline_first(origin.lesson, of_F)]
        + [(origin.method.term(n).label, n) for n in terms]
    )


def _opinions(terms: Iterable[str]) -> list[str]:
    """Terms that tell what a discriminator thinks: whoever has one of real items has them all."""
    terms = list(terms)
    judges = tuple(f"{n.removesuffix('_real')}_" for n in terms if n.endswith("_real"))
    return [n for n in terms if n.startswith(judges)] if judges else []


def of_run(log: list[dict], what: str, origin: Origin) -> pd.DataFrame:
    """Long table (step, value, term) of one figure or term of a run, or of several terms."""
    points, place = [], FIGURES["yx" if what.startswith(OF_F) else "xy"]
    what = what.removeprefix(OF_F)
    for line in log:
        step, terms = number(line.get("step")), part(line, "terms")
        opinions = _opinions(terms)
        together = {ALL_TERMS: [n for n in terms if n not in opinions], JUDGES: opinions}
        kind = place if what in part(line, place) else "terms"
        for name in origin.method.in_order(together.get(what, [what])):
            value = number(part(line, kind).get(name))
            if step is not None and value is not None:
                points.append((step, value, origin.measure(name, kind).label))
    return pd.DataFrame(points, columns=["step", "value", "term"])


def line_colours(frame: pd.DataFrame) -> dict[str, str]:
    """A colour a line of a run's plot, by place."""
    names = list(dict.fromkeys(frame["term"]))
    listed = palette.FEW if len(names) <= len(palette.FEW) else palette.MANY
    return {name: listed[i % len(listed)] for i, name in enumerate(names)}


def summary(log: list[dict], origin: Origin) -> str:
    """Step n of N, seconds a step, the figures measured last, and signs of a collapse, as HTML.

    log: as `read_log` gives it.
    """
    if not log:
        return absent("This run has logged nothing yet.")
    step, wanted = int(max(number(line.get("step")) or 0 for line in log)), origin.steps
    told = []
    seconds = [s for line in log[-20:] if (s := number(line.get("seconds_per_step"))) is not None]
    if seconds:
        told.append(f"{median(seconds):.2g} s a step")
        if wanted and wanted > step:
            told.append(f"about {_duration((wanted - step) * median(seconds))} to go")
    last = next((f for line in reversed(log) if (f := part(line, "figures"))), {})
    for measure in _headline_first(origin.lesson, last):
        if (value := number(last[measure.key])) is not None:
            told.append(f"{measure.label} {measure.written(value)}")
    return render(
        "curves.summary",
        step=f"{step:,}",
        wanted=f"{wanted:,}" if wanted else "",
        told=told,
        signs=Signs(log).said,
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def part(line: dict, name: str) -> dict:
    """The "terms" or "figures" of a line of a log; empty where they are none."""
    found = line.get(name)
    return found if isinstance(found, dict) else {}
