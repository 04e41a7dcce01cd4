"""Curves out of logs: a chart a figure and a chart a term, a line a network or a run.

From the lines of a log to charts with their sentences; draws nothing, opens no file.
"""

from collections.abc import Iterable, Mapping, Sequence

from ...core import palette
from ...core.charts import Chart, Line, chart
from ...core.config import MOST_STEPS
from ...core.figures import Measure
from ...core.files import numbers
from ...lessons import Lesson
from ...methods import Method
from ...training.runs import FIGURES
from .document import Group

POINTS = 240
"""Of one line, which is not much wider in pixels."""

LARGEST = 1e12
"""What is beyond is no value that a curve can show, and leaves a hole."""

CHARTS = 40
"""Of a group; a log of anybody's may name thousands."""

Points = list[tuple[int, float]]


def usable(log: Iterable[dict]) -> list[dict]:
    """Lines of steps that a training can have, in their order, each step once."""
    found = {line["step"]: line for line in log if 0 < line["step"] <= MOST_STEPS}
    return [found[step] for step in sorted(found)]


def of_run(
    log: Sequence[dict], lesson: Lesson, method: Method, marks: Sequence[int] = ()
) -> list[Group]:
    """Figures of G, and of F as a second line; then every term. marks: steps at which something was
    changed."""
    by_network = {n: _series(log, place) for n, place in zip("GF", FIGURES.values(), strict=True)}
    known = {key: None for found in by_network.values() for key in found}
    figures = []
    for measure in _headline_first(lesson, known):
        lines = [
            (kind, network, found[measure.key])
            for (network, found), kind in zip(by_network.items(), "ab", strict=True)
            if measure.key in found
        ]
        figures.append((_chart(measure, lines, marks), measure.reads))
    several = bool(by_network["F"])
    keys = [("a", "", "G"), ("b", "", "F")] if several else []
    found = _series(log, "terms")
    terms = [
        (_chart(term, [("a", "", found[term.key])], marks), term.reads)
        for term in map(method.term, method.in_order(found))
    ]
    return _groups(
        Group("Figures of a few held-out items", figures[:CHARTS], keys),
        Group("Terms of the objective, and what the discriminators think", terms[:CHARTS]),
    )


def of_several(logs: Mapping[str, Sequence[dict]], lesson: Lesson, method: Method) -> list[Group]:
    """The same figures and terms, a line a run, by its title."""
    logs = {title: log for title, log in logs.items() if log}
    listed = palette.FEW if len(logs) <= len(palette.FEW) else palette.MANY
    colours = {title: listed[i % len(listed)] for i, title in enumerate(logs)}
    keys, groups = [("", colour, title) for title, colour in colours.items()], []
    for network, place in zip("GF", FIGURES.values(), strict=True):
        found = {title: _series(log, place) for title, log in logs.items()}
        measures = _headline_first(lesson, {key: None for of in found.values() for key in of})
        charts = [(overlaid(m, found, colours), m.read_of(network)) for m in measures]
        title = f"Figures of {network}, of a few held-out items"
        groups.append(Group(title, charts[:CHARTS], keys))
    found = {title: _series(log, "terms") for title, log in logs.items()}
    keys_of = method.in_order(dict.fromkeys(key for of in found.values() for key in of))
    charts = [(overlaid(term, found, colours), term.reads) for term in map(method.term, keys_of)]
    groups.append(Group("Terms", charts[:CHARTS], keys))
    return _groups(*groups)


def overlaid(
    measure: Measure, found: Mapping[str, Mapping[str, Points]], colours: Mapping[str, str]
) -> Chart:
    """One figure or term of several runs. found: points by run and key."""
    lines = [
        ("", title, of[measure.key], colours[title])
        for title, of in found.items()
        if measure.key in of
    ]
    return _chart(measure, lines)


def _groups(*groups: Group) -> list[Group]:
    return [group for group in groups if group.charts]


def _headline_first(lesson: Lesson, found: Mapping[str, object]) -> list[Measure]:
    known = {measure.key: measure for measure in lesson.known(found)}
    first = [key for key in lesson.headline if key in known]
    return [known[key] for key in dict.fromkeys([*first, *known])]


def _series(log: Sequence[dict], place: str) -> dict[str, Points]:
    """Points by key of what stands at a place of a log's lines."""
    found: dict[str, Points] = {}
    for line in log:
        for key, value in numbers(line.get(place)).items():
            if abs(value) <= LARGEST:
                found.setdefault(key, []).append((line["step"], value))
    return found


def _chart(measure: Measure, lines: Sequence[tuple], marks: Sequence[int] = ()) -> Chart:
    """lines: kind, name and points, and perhaps a colour."""
    last = max(points[-1][0] for _, _, points, *_ in lines)
    drawn, said = [], []
    for kind, name, points, *colour in lines:
        value = measure.written(points[-1][1])
        now = "" if colour else value
        drawn.append(Line(kind, thinned(points), now, *colour))
        start = f"{measure.written(points[0][1])} at step {points[0][0]:,}"
        said.append(
            f"{name + ' ' if name else ''}from {start} to {value} at step {points[-1][0]:,}"
        )
    return chart(
        measure.heading if measure.reads and not getattr(measure, "weight", "") else measure.label,
        drawn,
        [(0, "0"), (last, f"{last:,}")],
        f"{measure.label}: {'; '.join(said)}",
        "step",
        [mark for mark in marks if 0 < mark < last],
    )


def thinned(points: Points) -> Points:
    """To what can be seen; the last one is always among them."""
    every = -(-len(points) // POINTS) or 1
    return points[::-every][::-1]
