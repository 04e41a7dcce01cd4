"""What a model without an x makes: samples, a way between two points, a plane of z, D's opinions.

`look` asks the networks; `draw` is the markup, templates/noise.html. All that a slider moves is in
it, as pictures over a plane that are there already. Knows no component.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image

from .. import lessons
from ..core import sheets
from ..core.charts import Chart, Line, chart
from ..core.config import Direction
from ..core.figures import JUDGED
from ..core.media import spread
from ..core.palette import FEW
from ..inference import noise
from ..lessons import DataError, UnpairedData
from ..methods import View
from ..training.runs import FIGURES, SAMPLES, read_log
from .compare import Request, notes_on
from .library import Library
from .markup import render
from .panels import drawn, photo_url, sentence
from .sets import PAIRS, CheckpointSet, Variant

SHEET = 24
"""Samples of a row at first sight."""

PLACES, REACH = 9, 1.5
"""Of the plane, along a side, and how far it goes on either side of its middle, 0."""

STEPS = 9
"""Pictures from one point to the other, both of them among these."""

SEED = 100
"""Of the first pair of points; samples are of seed 0."""

MOST_STEPS = 8
"""Of a training, of which samples are shown."""


@dataclass(frozen=True)
class NoiseRow:
    """What one variant makes. way, plane: pictures at the places that `inference.noise` has."""

    name: str
    variant: Variant
    view: View
    samples: Sequence[Image.Image]
    way: Sequence[Image.Image]
    plane: Sequence[Image.Image]


@dataclass(frozen=True)
class Noise:
    """What a request comes to. known: some of the pictures that it was trained on, none where they
    are not at hand. count: how many it was trained on; None where that is not known."""

    rows: Sequence[NoiseRow]
    known: Sequence[Image.Image]
    count: int | None
    note: str


def look(library: Library, request: Request) -> Noise:
    """Have every wanted variant make what is shown."""
    set_, rows = library.sets[request.title], []
    places = [*noise.way(STEPS), *noise.plane(PLACES, REACH)]
    shown = set_.rows(request.without, request.names, request.seed)
    for row in shown:
        translator = library.translator(row.variant.source)
        (view,) = translator.views(translator.directions[0])
        made = noise.at(translator, places, SEED + request.example)
        made = [drawn(one, set_.lesson) for one in made]
        own = [drawn(one, set_.lesson) for one in noise.samples(translator, SHEET)]
        rows.append(NoiseRow(row.name, row.variant, view, own, made[:STEPS], made[STEPS:]))
    data = None if set_.is_guest else _data(lessons.as_trained(set_.variants[0].config))
    items = _learned(data, set_) if data else ()
    known = [set_.lesson.draw(item) for item in spread(items, SHEET)]
    note = " ".join(notes_on(set_, [row.variant for row in shown]))
    return Noise(rows, known, len(items) or None, note)


@lru_cache(2)
def _data(trained: tuple) -> UnpairedData | None:
    """Of a lesson of the shelf alone: other people's pictures may be gone, or nobody's business."""
    if not lessons.is_registered(trained[0]):
        return None
    try:
        return lessons.open_data(*trained)
    except DataError:
        return None


def _learned(data: UnpairedData, set_: CheckpointSet) -> Sequence:
    return data.train_y if set_.directions[0] == "xy" else data.train_x


# Markup


@dataclass(frozen=True)
class Sheet:
    """Pictures in rows, as one. alt: what they are."""

    title: str
    url: str
    alt: str
    across: int
    lines: int


@dataclass(frozen=True)
class Film:
    """The same samples through a training, a sheet a step."""

    title: str
    urls: Sequence[str]


def draw(shown: Noise, set_: CheckpointSet) -> str:
    direction = set_.directions[0]
    (view,) = set_.variants[0].views(direction)
    _, target = set_.method.from_to(set_.variants[0].config, direction)
    said = sentence(view.sentence, "noise", target, set_.lesson.medium)
    count = "" if shown.count is None else f"{shown.count:,} "
    learned = f"{count}training pictures"
    steps, films = _films(shown.rows)
    return render(
        "noise.noise",
        formula=view.formula,
        said=said,
        target=target,
        count=count,
        known=_sheet(learned[:1].upper() + learned[1:], shown.known, f"Some of the {learned}"),
        samples=[
            _sheet(r.name, r.samples, f"Samples {view.formula}, {r.name}") for r in shown.rows
        ],
        ways=[_sheet(r.name, r.way, f"From A to B, {r.name}", STEPS) for r in shown.rows],
        planes=[
            _sheet(r.name, r.plane, f"{view.formula} on a plane of z, {r.name}", PLACES)
            for r in shown.rows
        ],
        values=[written(-REACH + 2 * REACH * i / (PLACES - 1)) for i in range(PLACES)],
        films=films,
        steps=steps,
        opinions=[found for row in shown.rows if (found := opinions(row.variant, direction))],
        note=shown.note,
    )


def sheet(shown: Noise, set_: CheckpointSet, seed: str) -> Image.Image:
    """Samples, and the way between the points, as one picture with its words."""
    lines = [
        sheets.Line([sheets.Tile(picture, "") for picture in pictures[:STEPS]], row.name, words)
        for row in shown.rows
        for pictures, words in ((row.samples, "samples"), (row.way, "from A to B"))
    ]
    return sheets.draw([], lines, footer=f"{set_.title}. {seed}")


def choice(request: Request) -> str:
    """Pairs of points to choose from."""
    return render("noise.choice", count=PAIRS, chosen=request.example)


def written(value: float) -> str:
    """ "−0.75", with a sign that is as wide as a digit."""
    return f"{value:g}".replace("-", "−")


def _sheet(
    title: str, pictures: Sequence[Image.Image], alt: str, across: int = SHEET // 2
) -> Sheet | None:
    if not pictures:
        return None
    rows = [pictures[i : i + across] for i in range(0, len(pictures), across)]
    return Sheet(title, photo_url(sheets.grid(rows)), alt, across, len(rows))


def _films(rows: Sequence[NoiseRow]) -> tuple[list[int], list[Film]]:
    """Steps of which all rows have kept a sheet of samples, and these; none for fewer than two."""
    kept = [_kept(row.variant.source.paths[0]) for row in rows]
    common = set.intersection(*map(set, kept)) if kept else set()
    steps = spread(sorted(common), MOST_STEPS)
    if len(steps) < 2:
        return [], []
    try:
        return steps, [
            Film(row.name, [_url_of(found[step]) for step in steps])
            for row, found in zip(rows, kept, strict=True)
        ]
    except OSError:
        return [], []


def _kept(folder: Path) -> dict[int, Path]:
    """Sheets of samples by their steps."""
    return {int(p.stem): p for p in (folder / SAMPLES).glob("*.*") if p.stem.isdecimal()}


def _url_of(path: Path) -> str:
    with Image.open(path) as picture:
        return photo_url(picture.convert("RGB"))


@dataclass(frozen=True)
class Opinions:
    """What D calls pictures that it knows and others through a training, and what that says."""

    title: str
    chart: Chart
    keys: Sequence[tuple[str, str, str]]


KINDS = {"judged_trained": ("a", ""), "judged_real": ("b", ""), "judged_made": ("", FEW[1])}
"""Of the lines, by figure: their classes in the style sheet, or their colours."""


def opinions(variant: Variant, direction: Direction) -> Opinions | None:
    """Two curves that part where D has learned its pictures by heart, and a third of samples; None
    where no log was kept."""
    place = FIGURES[direction]
    log = [line for line in read_log(variant.source.paths[0]) if place in line]
    lines, keys, told = [], [], []
    for measure in JUDGED:
        known = [line for line in log if measure.key in line[place]]
        if not known:
            return None
        points = [(line["step"], line[place][measure.key]) for line in known]
        now, (kind, colour) = measure.written(points[-1][1]), KINDS[measure.key]
        lines.append(Line(kind, points, now, colour))
        keys.append((kind, colour, measure.label))
        told.append(f"{measure.label} {now}")
    last = lines[0].points[-1][0]
    says = f"{variant.name}: at step {last:,} {', '.join(told)}."
    ticks = [(0, "0"), (last, f"{last:,}")]
    return Opinions(variant.name, chart(variant.name, lines, ticks, says, "training step"), keys)
