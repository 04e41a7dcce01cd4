"""The loop as HTML: an item and its truth once, and between them a row a variant.

Drawn from a method's views: what is made one of the other stands along the way from x, what else is
made of x stands on its other side, and what comes back at the end of the way has an arc to x that
carries how far it is off. Knows no method and no lesson by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..core.figures import Measure
from ..lessons import Lesson
from ..methods import View
from ..methods.method import latents_of
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
class Opinion:
    """What a classifier says a picture shows. namer: its role. shares: (kind, share), together 1.
    known: the kind that the original is known to show, "" where nobody knows."""

    namer: str
    shares: tuple[tuple[str, float], ...]
    known: str = ""

    @property
    def says(self) -> str:
        return max(self.shares, key=lambda one: one[1])[0]

    @property
    def share(self) -> str:
        """Of what it says, in percent."""
        return f"{max(share for _, share in self.shares):.0%}".replace("%", " %")

    @property
    def bars(self) -> list[tuple[str, str]]:
        """Kinds and heights of bars."""
        return [(kind, f"--share: {share:.3f}") for kind, share in self.shares]

    @property
    def is_other(self) -> bool:
        """Whether it names something else than is known."""
        return bool(self.known) and self.says != self.known


@dataclass(frozen=True)
class Track:
    """A row of the diagram. panels: by key of view. place: "above" or "below" x, "" among others.

    arc: what stands on the way back, "" without one. is_open: whether nothing asked it to close.
    gauge: of the translation, if somebody judged it. seeds: what else stands on the arc, of a row's
    other seeds. beside: by key of view, what its network is told beside a picture, and who found
    that, "" for what was drawn. named: by key of view, what a classifier says.
    """

    row: VariantRow
    panels: dict[str, Panel]
    place: str
    arc: str
    is_open: bool
    gauge: Gauge | None
    seeds: str = ""
    beside: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    named: Mapping[str, Opinion] = field(default_factory=dict)


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
        own = row.variant.views(shown.direction) if row.variant else ()
        named = opinions(row, shown)
        tracks.append(Track(row, of, place, arc, row.is_open, gauge, seeds, beside(own), named))
    return diagram(found, head_of, tracks, shown.note)


def opinions(row: VariantRow, shown: Shown) -> dict[str, Opinion]:
    """What the classifiers of a row say of its pictures, by key of view."""
    if not row.made or not row.made.named:
        return {}
    namers = row.variant.method.namers(shown.direction)
    found = {}
    for key, shares in row.made.named.items():
        kinds = row.variant.kinds or tuple(map(str, range(len(shares))))
        known = kinds[shown.label] if shown.label is not None else ""
        found[key] = Opinion(namers[key], tuple(zip(kinds, shares, strict=False)), known)
    return found


def beside(views: Sequence[View]) -> dict[str, list[tuple[str, str]]]:
    """As in `Track`, of the views of which something is told."""
    latents = latents_of(views)
    found = {
        view.key: [
            (one, "") if isinstance(one, str) else (one.key, one.network)
            for one in view.of
            if isinstance(one, View) or one in latents
        ]
        for view in views
    }
    return {key: told for key, told in found.items() if told}


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
        named=next((track.named for track in tracks if track.named), {}),
        note=note,
        url=url or Urls(),
    )
