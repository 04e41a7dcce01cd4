"""The loop as HTML: an item and its truth once, and between them a row a variant.

Drawn from a method's views: what is made one of the other stands along the way from x, what else is
made of x stands on its other side, and what comes back at the end of the way has an arc to x that
carries how far it is off. Knows no method and no lesson by name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..core.figures import Measure
from ..lessons import Lesson
from ..methods import View
from .compare import Shown, VariantRow
from .markup import render
from .panels import Heading, Panel, Urls, told


@dataclass(frozen=True)
class Route:
    """Views as they stand in the diagram: aside of the original, itself, and along its way."""

    aside: tuple[View, ...]
    original: View
    way: tuple[View, ...]

    @property
    def closing(self) -> View | None:
        """The view that comes back: the last of a way of several, where a figure tells how near."""
        last = self.way[-1] if len(self.way) > 1 else None
        return last if last and last.figure else None


def route(views: Sequence[View]) -> Route:
    original, *made = views
    aside, way = [], []
    for view in made:
        before = way[-1] if way else original
        (way if before.key in view.of else aside).append(view)
    return Route(tuple(aside), original, tuple(way))


@dataclass(frozen=True)
class Gauge:
    """How real a judge calls a translation and the truth: 0 is generated, 1 is real."""

    judge: str
    score: float
    truth: float

    @property
    def said(self) -> str:
        return f"{self.score:.2f}"

    @property
    def truth_said(self) -> str:
        return f"{self.truth:.2f}"

    @property
    def style(self) -> str:
        """Places on a scale from 0 to 1: scores of least squares have no bounds."""
        at, truth = (min(max(one, 0.0), 1.0) for one in (self.score, self.truth))
        return f"--score: {at:.3g}; --truth: {truth:.3g}"


@dataclass(frozen=True)
class Track:
    """A row of the diagram. panels: by key of view. place: "above" or "below" x, "" among others.

    arc: what stands on the way back, "" without one. is_open: whether nothing asked it to close.
    gauge: of the translation, if somebody judged it. seeds: what else stands on the arc, of a row's
    other seeds.
    """

    row: VariantRow
    panels: dict[str, Panel]
    place: str
    arc: str
    is_open: bool
    gauge: Gauge | None
    seeds: str = ""


def draw(
    shown: Shown,
    heads: Sequence[Heading],
    rows: Sequence[tuple[VariantRow, Sequence[Panel]]],
    lesson: Lesson,
    judge: str = "",
) -> str:
    """heads, rows: as `panels.headings` and `panels.panels_of` have them, the truth last.

    judge: the role of the discriminator that hangs off the translation.
    """
    found = route(shown.views)
    keys = [view.key for view in shown.views]
    head_of = dict(zip([*keys, "truth"], heads, strict=False))
    tracks = []
    for place, (row, panels) in zip(places(len(rows)), rows, strict=True):
        value = row.figure(found.closing) if found.closing and row.made else None
        arc = told(lesson.measure(found.closing.figure), value) if value is not None else ""
        seeds = _over_seeds(shown, row, lesson.measure(found.closing.figure)) if arc else ""
        of = dict(zip([*keys, "truth"], panels, strict=False))
        if arc and place:  # It is told there, not under the picture.
            of[found.closing.key] = replace(of[found.closing.key], caption="")
        gauge = Gauge(judge, *row.judged) if judge and row.judged else None
        tracks.append(Track(row, of, place, arc, row.is_open, gauge, seeds))
    return diagram(found, head_of, tracks, shown.note)


def _over_seeds(shown: Shown, row: VariantRow, measure: Measure) -> str:
    """From the least to the largest of a row's seeds, where all were asked."""
    if not shown.by_seed or row.side is None:
        return ""
    values = [pair[not row.side] for pair in shown.by_seed.values()]
    return f", seeds {measure.within((min(values), max(values)))}"


def places(rows: int) -> tuple[str, ...]:
    """Where the tracks of so many rows lie."""
    return {1: ("above",), 2: ("above", "below")}.get(rows, ("",) * rows)


def diagram(
    found: Route,
    heads: dict[str, Heading],
    tracks: Sequence[Track],
    note: str = "",
    url: Callable[[Any], str] | None = None,
) -> str:
    """heads: by key of view. url: what stands for a panel's picture; by default all its bytes."""
    known = dict(next((track.panels for track in tracks if track.panels), {}))
    if known and (size := known[found.original.key].caption):  # It is told above the picture.
        known[found.original.key] = replace(known[found.original.key], caption="")
        head = heads[found.original.key]
        told_there = f"{head.sentence.removesuffix('.')}: {size}."
        heads = {**heads, found.original.key: replace(head, sentence=told_there)}
    return render(
        "loop.diagram",
        route=found,
        heads=heads,
        tracks=tracks,
        known=known,
        truth=known.get("truth"),
        note=note,
        url=url or Urls(),
    )
