"""A ladder as HTML: a slider over its rungs, their pictures over each other, and what was measured.

Pure functions to what templates/ladder.html takes; styles/ladder.css says how it looks. Knows no
method and no lesson by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..core import sheets
from ..core.charts import Plane, Spot, plane
from ..core.config import Direction
from ..core.figures import Measure
from ..core.pictures import ImageError
from ..inference.evaluation import NETWORK
from ..labs.handout.grids import Grid, steps
from ..labs.handout.samples import url as small_url
from ..store import checkpoints
from . import trend
from .compare import VariantRow
from .ladders import Ladder
from .markup import absent, render
from .panels import Urls, against_truth, drawn, figures_of, intervals_of, told
from .rungs import Climbed

NOTHING = absent("There is no picture here to turn it up and down on.")

SHOWN = ("made", "back")
"""Keys of the views that are faded into each other."""

INPUTS = 4
"""Of the pictures early in training."""


@dataclass(frozen=True)
class Stack:
    """Pictures over each other, one a rung, and what is told below each."""

    formula: str
    name: str
    frames: list[tuple[str, str]]
    """Of each rung: the picture's address, and its figure."""


@dataclass(frozen=True)
class Early:
    """One step of the trainings; of each rung the pictures' address."""

    step: str
    urls: list[str]


def draw(climbed: Sequence[Climbed]) -> str:
    return "".join(map(_ladder, climbed)) or NOTHING


def _ladder(found: Climbed) -> str:
    ladder, views, url = found.ladder, found.views, Urls()
    lesson, original = ladder.set_.lesson, found.views["original"]
    first = ladder.variants[0]
    early = _early(ladder, found.direction)
    return render(
        "ladder.ladder",
        told=trend.tell(ladder, found.direction),
        about=_about(ladder),
        label=f"{ladder.name}, {ladder.of}" if ladder.name not in ladder.of else ladder.of,
        stops=[f"{value:g}" for value, _ in ladder.rungs],
        names=[ladder.called(value) for value, _ in ladder.rungs],
        original=(original.formula, original.name, url(drawn(found.original, lesson))),
        stacks=[_stack(found, key, url) for key in SHOWN if key in views],
        truth=(
            ("y" if found.direction == "xy" else "x", "Truth", url(drawn(found.truth, lesson)))
            if found.truth is not None
            else None
        ),
        plane=_plane(ladder, found.direction),
        measured=_measured(ladder, found.direction),
        seed=first.config.training.seed,
        made=views["made"].formula,
        given=early[0],
        early=early[1],
    )


def _about(ladder: Ladder) -> str:
    """What these trainings have in common."""
    config, count = ladder.variants[0].config, len(ladder.rungs)
    networks = ladder.set_.method.describe(config)
    return (
        f"{count} trainings that differ in {ladder.of} alone: {networks}, "
        f"{config.training.steps:,} steps each, seed {config.training.seed}."
    )


def _stack(found: Climbed, key: str, url: Urls) -> Stack:
    view, lesson = found.views[key], found.ladder.set_.lesson
    frames = [
        (url(drawn(row.made.views[key], lesson)), _figure(row, key, found)) for row in found.rows
    ]
    return Stack(view.formula, view.name, frames)


def _figure(row: VariantRow, key: str, found: Climbed) -> str:
    lesson, view = found.ladder.set_.lesson, found.views[key]
    if key == "made":
        return against_truth(row, lesson)
    value = row.figure(view)
    return "" if value is None else told(lesson.measure(view.figure), value)


def _measures(ladder: Ladder, direction: Direction) -> tuple[Measure, Measure] | None:
    """What lies along the axes, if all of it was measured."""
    back, true = trend.axes(ladder, direction)
    return (back, true) if back and true else None


def _plane(ladder: Ladder, direction: Direction) -> Plane | None:
    if (along := _measures(ladder, direction)) is None:
        return None
    back, true = along
    network, spots = NETWORK[direction], []
    for _, variant in ladder.rungs:
        for metrics in variant.metrics_by_seed.values():
            of, ends = figures_of(metrics, network), intervals_of(metrics, network)
            if back.key in of and true.key in of:
                within = ends.get(back.key), ends.get(true.key)
                spots.append(Spot(of[back.key], of[true.key], "seed", within))
    way = [
        (of[back.key], of[true.key], f"{value:g}")
        for value, variant in ladder.rungs
        for of in (figures_of(variant.metrics, network),)
    ]
    said = "; ".join(_measured(ladder, direction))
    says = f"{true.label} over {back.label}, a line from rung to rung. {said}."
    over = f"{back.heading}{f', {back.unit}' if back.unit else ''}"
    label = f"{true.heading}{f', {true.unit}' if true.unit else ''}"
    return plane(label, over, spots, way, says)


def _measured(ladder: Ladder, direction: Direction) -> list[str]:
    """Of each rung, what the seed that is shown scored on all held-out items."""
    known = [measure for measure in trend.axes(ladder, direction) if measure]
    return [
        f"{ladder.called(value)}: {', '.join(told(m, of[m.key]) for m in known)}"
        for value, variant in ladder.rungs
        for of in (figures_of(variant.metrics, NETWORK[direction]),)
        if known
    ]


def _early(ladder: Ladder, direction: Direction) -> tuple[str, list[Early]]:
    """Samples that were kept of the trainings: the inputs' address, and the steps that all have.

    Of a visitor's set none: its pictures are not opened here.
    """
    if ladder.set_.is_guest:
        return "", []
    rungs = [variant.source.paths[0] for variant in ladder.variants]
    shared = sorted(set.intersection(*(set(steps(folder)) for folder in rungs)))
    try:
        listed = [[_sample(folder, step, direction) for folder in rungs] for step in shared]
    except (ImageError, OSError):
        return "", []
    early = [
        Early(f"{step:,}", [made for _, made in found])
        for step, found in zip(shared, listed, strict=True)
    ]
    return (listed[0][0][0] if listed else ""), early


@lru_cache(256)
def _sample(folder: Path, step: int, direction: Direction) -> tuple[str, str]:
    """Addresses of some inputs and of what they became, each below the other."""
    grid = Grid.read(folder, step, checkpoints.read_config(folder))
    rows, places = grid.side(direction)[:INPUTS], list(grid.views)
    return tuple(
        small_url(sheets.grid([[row[places.index(key)]] for row in rows]))
        for key in ("original", "made")
    )
