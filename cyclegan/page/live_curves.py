"""Curves of a live training as HTML: tracks over the same steps, one below the other.

Pure functions to what templates/live_curves.html takes. Loops over the lesson's figures and the
method's terms; knows none of them by name. What moves the cursor is scripts/stage.js.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .. import lessons
from ..core.charts import Chart, Line, chart, round_numbers
from ..core.figures import TELLS_OF_NOISE, Measure
from ..labs.live import LiveSettings
from ..training.runs import FIGURES
from ..training.signs import ACCURACY
from .curves import part
from .lab import number
from .live_panels import ARMS, changeable
from .markup import render

POINTS = 300
"""Of one line in a chart, which is not much wider in pixels."""

TICKS = 6
"""Steps that are named below the last track, at most."""

Logs = tuple[list[dict], list[dict]]


def choices(logs: Logs, settings: LiveSettings) -> list[tuple[str, str]]:
    """Terms that either arm has logged, each as label and key."""
    method = settings.method
    return [(method.term(key).label, key) for key in method.in_order(_logged(logs))]


def _logged(logs: Logs) -> list[str]:
    return sorted({name for log in logs for line in log for name in part(line, "terms")})


def judge(logs: Logs, settings: LiveSettings) -> str | None:
    """The term that tells how often the discriminator is right that sees what is shown, G(x)."""
    known = [key for key in settings.method.in_order(_logged(logs)) if key.endswith(ACCURACY)]
    return known[-1] if known else None


def charts(logs: Logs, settings: LiveSettings, changes: tuple[dict, ...], term: str | None) -> str:
    """A track a figure that tells the point, one for D's accuracy, and one for a term."""
    found = [track for track in _tracks(logs, settings, term) if track.steps]
    if not found:
        return ""
    last = max(1, max(step for track in found for step in track.steps))
    drawn = [
        (_chart(track, last, track is found[-1], changes, settings), _values(track))
        for track in found
    ]
    keys = [(kind, "", arm.name) for kind, arm in zip(ARMS, settings.arms, strict=True)]
    told = _told(changes, settings)
    return render("live_curves.charts", keys=keys, drawn=drawn, last=last, changes=told)


@dataclass(frozen=True)
class Track:
    """Measures of one scale, one as a rule. arms: of either arm a curve a measure, of (step, value)
    each."""

    measures: Sequence[Measure]
    arms: Sequence[Sequence[list[tuple[int, float]]]]

    @property
    def label(self) -> str:
        first, *more = (m.label for m in self.measures)
        return ", ".join([first, *(f"{OTHERWISE} {label}" for label in more)])

    @property
    def steps(self) -> list[int]:
        return [step for arm in self.arms for curve in arm for step, _ in curve]

    def written(self, arm: Sequence[list[tuple[int, float]]]) -> list[tuple[int, str]]:
        """Of an arm the steps, and what is written of it there: values of all measures."""
        at: dict[int, list[str]] = {}
        for measure, curve in zip(self.measures, arm, strict=True):
            for step, value in curve:
                at.setdefault(step, []).append(measure.written(value))
        return [(step, ", ".join(words)) for step, words in sorted(at.items())]


OTHERWISE = "dotted"
"""How the second line of an arm is drawn."""


def _tracks(logs: Logs, settings: LiveSettings, term: str | None) -> list[Track]:
    lesson, method = lessons.find(settings.base.training.data), settings.method
    listed = [[lesson.measure(key)] for key in lesson.headline]
    if method.is_from_noise(settings.base):
        listed = TELLS_OF_NOISE
    terms = dict.fromkeys(key for key in (judge(logs, settings), term) if key)
    places = [(measures, FIGURES[settings.direction]) for measures in listed]
    places += [([method.term(key)], "terms") for key in terms]
    return [
        Track(measures, [[_points(log, place, m.key) for m in measures] for log in logs])
        for measures, place in places
    ]


def _values(track: Track) -> str:
    written = {kind: track.written(arm) for kind, arm in zip(ARMS, track.arms, strict=True)}
    return json.dumps(written, separators=(",", ":"))


def _ticks(last: int) -> Iterator[tuple[int, str]]:
    """Round steps, and the last one."""
    yield 0, "0"
    for step in round_numbers(0, last, TICKS):
        if 0 < step < 0.8 * last:
            yield int(step), f"{step:,.0f}"
    yield last, f"step {last:,}"


def _points(log: list[dict], kind: str, name: str) -> list[tuple[int, float]]:
    """(step, value) of one curve, thinned to what can be seen, its last point always among them."""
    read = ((number(line.get("step")), number(part(line, kind).get(name))) for line in log)
    found = [(int(step), value) for step, value in read if None not in (step, value)]
    every = -(-len(found) // POINTS) or 1
    return found[::-every][::-1]


def _told(changes: tuple[dict, ...], settings: LiveSettings) -> list[str]:
    """A line a change; one that both arms saw at once is one."""
    labels = {name: label for label, name in changeable(settings)}
    whose: dict[tuple, list[int]] = {}
    for c in changes:
        arms = [0, 1] if c.get("arm") is None else [c["arm"]]
        whose.setdefault((c["step"] + 1, c["name"], c["value"]), []).extend(arms)
    return [
        f"From step {step:,}: {labels.get(name, name)} {value:g}, "
        + ("both arms" if len(set(arms)) > 1 else settings.arms[arms[0]].name)
        for (step, name, value), arms in whose.items()
    ]


def _chart(
    track: Track,
    last: int,
    is_last: bool,
    changes: tuple[dict, ...],
    settings: LiveSettings,
) -> Chart:
    drawn, told = [], []
    for kind, (first, *more), arm in zip(ARMS, track.arms, settings.arms, strict=True):
        if not first:
            continue
        (_, now) = track.written([first, *more])[-1]
        drawn.append(Line(kind, first, now))
        drawn += [Line(f"{kind} {OTHERWISE}", curve) for curve in more if curve]
        told.append(f"{arm.name}, {now}")
    return chart(
        track.label,
        drawn,
        list(_ticks(last)) if is_last else [(0, ""), (last, "")],
        f"{track.label} up to step {last:,}: {'; '.join(told)}",
        marks=[c["step"] for c in changes if 0 <= c.get("step", -1) <= last],
    )
