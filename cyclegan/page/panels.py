"""The comparison as HTML: a column a view of the method, and the truth; a row a variant.

Pure functions from pictures and figures to what templates/panels.html takes; styles/panels.css says
how it looks. Knows no method and no lesson by name.
"""

import base64
import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from ..core import pictures
from ..core.config import Direction
from ..core.figures import Measure, named
from ..core.media import PICTURES, Medium
from ..core.sound import spectrogram, writing
from ..core.sound.clip import Clip
from ..inference.comparisons import Comparisons, switched
from ..inference.comparisons import told as differing
from ..inference.evaluation import NETWORK, spread, what_was_measured
from ..lessons import Lesson
from ..methods import View
from ..store.checkpoints import COUNTS
from . import surprises, trained
from .compare import Shown, VariantRow
from .lab import number
from .markup import render
from .sets import CheckpointSet, Variant
from .surprises import Surprise, Trained

THUMBNAIL = 116
"""Pixels of the longer side of an example's button: twice as many as it is wide on the page."""

BETWEEN = " · "
"""Between two figures in a caption."""


@dataclass(frozen=True)
class Heading:
    """What stands over one column: formula (plain text), name, and a plain sentence.

    scale: what the dark and the bright end mean, where brightness is a score.
    """

    formula: str
    name: str
    sentence: str
    scale: tuple[str, ...] = ()


def data_url(picture: Image.Image) -> str:
    """A lossless PNG that needs no second request, packed in half the time for 4 % more bytes."""
    return _data_url(picture, "PNG", compress_type=zlib.Z_RLE)


def small_url(picture: Image.Image) -> str:
    """A sketch to choose by, with a sixth of the PNG's bytes."""
    small = pictures.reduce(picture.convert("RGB"), THUMBNAIL)
    return _data_url(small, "JPEG", quality=85)


def photo_url(picture: Image.Image) -> str:
    """A picture of many, with a tenth of the PNG's bytes and losses that few see."""
    return _data_url(picture, "WEBP", quality=88, method=4)


def _data_url(picture: Image.Image, kind: str, **options) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return _encoded(buffer.getvalue(), f"image/{kind.lower()}")


def sound_url(clip: Clip) -> str:
    """A lossless FLAC that needs no second request."""
    return flac_url(writing.flac(clip))


def flac_url(content: bytes) -> str:
    """The same of a file that is there."""
    return _encoded(content, writing.MIME)


def _encoded(data: bytes, mime: str) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def drawn(item: Any, lesson: Lesson) -> Image.Image:
    """An item as the page holds it to what people see."""
    if isinstance(item, Clip):
        return spectrogram.draw(item)
    return item if isinstance(item, Image.Image) else lesson.draw(item)


def headings(shown: Shown, set_: CheckpointSet) -> list[Heading]:
    """The headings of the comparison."""
    sides = set_.domains.x, set_.domains.y
    source, target = sides if shown.direction == "xy" else sides[::-1]
    listed = [
        Heading(
            v.formula,
            v.name,
            sentence(v.sentence, source, target, set_.lesson.medium, shown.is_own),
        )
        for v in shown.views
    ]
    if shown.truth is not None:
        truth = "y" if shown.direction == "xy" else "x"
        listed.append(Heading(truth, "Truth", f"The real {target}, not in training."))
    return listed


def sentence(
    text: str, source: str, target: str, medium: Medium = PICTURES, is_own: bool = False
) -> str:
    """A view's sentence about these domains; items of pictures are called pictures.

    is_own: whether the item is a visitor's, of which nobody knows what it shows.
    """
    kind = " picture" if medium is PICTURES else ""
    a_source, a_target = (f"{_article(domain)} {domain}{kind}" for domain in (source, target))
    if is_own:
        a_source = f"your {medium.called}"
    return text.format(
        source=source,
        target=target,
        a_source=a_source,
        a_target=a_target,
        items=f"{medium.called}s",
        sources=f"{source}{kind}s" if kind else f"{_article(source)} {source}",
        A_source=a_source[0].upper() + a_source[1:],
        A_target=a_target[0].upper() + a_target[1:],
    )


def _article(domain: str) -> str:
    return "an" if domain[:1].lower() in "aeiou" or domain == "X" else "a"


@dataclass(frozen=True)
class Panel:
    """One picture of a row, or a blank, with its figure, and what is heard beside it."""

    picture: Image.Image | None
    caption: str
    sound: Clip | None = None

    @property
    def figures(self) -> list[str]:
        """The caption's parts."""
        return self.caption.split(BETWEEN)


class Urls:
    """Data URLs of pictures and of what is heard; the input and the truth stand in several places:
    encoded once."""

    def __init__(self):
        self._known: dict[tuple, str] = {}

    def __call__(self, picture: Image.Image, encode: Callable[..., str] = data_url) -> str:
        key = encode, picture.size, picture.mode, picture.tobytes()
        if key not in self._known:
            self._known[key] = encode(picture)
        return self._known[key]

    def photo(self, picture: Image.Image) -> str:
        return self(picture, photo_url)

    def sound(self, clip: Clip) -> str:
        key = clip.rate, clip.samples.tobytes()
        if key not in self._known:
            self._known[key] = sound_url(clip)
        return self._known[key]


def panels_of(shown: Shown, lesson: Lesson) -> list[tuple[VariantRow, list[Panel]]]:
    """The panels of every row. None is marked as best: one picture does not tell that."""
    truth = None if shown.truth is None else panel(shown.truth, lesson)
    listed = []
    for row in shown.rows:
        if row.made is None:
            listed.append((row, []))
            continue
        panels = [_panel(shown, row, view, lesson) for view in shown.views]
        if truth is not None:
            panels.append(truth)
        listed.append((row, panels))
    return listed


def panel(item: Any, lesson: Lesson, caption: str = "") -> Panel:
    """An item as the page holds it."""
    return Panel(drawn(item, lesson), caption, item if isinstance(item, Clip) else None)


def _panel(shown: Shown, row: VariantRow, view: View, lesson: Lesson) -> Panel:
    item = row.made.views.get(view.key)
    if item is None:
        known = any(view.key == own.key for own in row.variant.views(shown.direction))
        return Panel(None, f"needs {view.network}, which this model lacks" if known else "")
    if not view.network:
        return panel(item, lesson, _extent(item))
    if view.key == "made":
        unknown = shown.truth is None
        return panel(item, lesson, "no ground truth" if unknown else against_truth(row, lesson))
    value = row.figure(view)
    return panel(item, lesson, "" if value is None else told(lesson.measure(view.figure), value))


def _extent(item: Any) -> str:
    if isinstance(item, Clip):
        return f"{item.seconds:.1f} s"
    return f"{item.width}×{item.height} px" if isinstance(item, Image.Image) else ""


def told(measure: Measure, value: float) -> str:
    """A figure in a caption: "cycle error 13.5"."""
    return f"{measure.label} {measure.written(value)}"


def against_truth(row: VariantRow, lesson: Lesson) -> str:
    """What a translation scores, by the figure that is the lesson's point: "sea IoU 0.894"."""
    first = [key for key in lesson.headline if key in row.scores]
    keys = [*first, *(m.key for m in lesson.known(row.scores))]
    return told(lesson.measure(keys[0]), row.scores[keys[0]]) if keys else ""


def units(shown: Shown, lesson: Lesson) -> str:
    """What the figures in the captions are in: "RMSE, cycle error: 0–255."; "" without units."""
    keys = [*(key for row in shown.rows for key in row.scores), *(v.figure for v in shown.views)]
    labels: dict[str, list[str]] = {}
    for measure in map(lesson.measure, dict.fromkeys(keys)):
        labels.setdefault(measure.unit, []).append(measure.label)
    return " ".join(f"{', '.join(found)}: {unit}." for unit, found in labels.items() if unit)


def thumbnails(pictures: list[tuple[str, Image.Image | None]], chosen: int | None) -> str:
    """Example buttons, of words alone without a picture; a click triggers the component's click
    event with the button's index."""
    place = "" if chosen is None else pictures[chosen][0]
    sketches = [(name, small_url(picture) if picture else "") for name, picture in pictures]
    return render("panels.thumbnails", pictures=sketches, chosen=chosen, place=place)


@dataclass(frozen=True)
class Cell:
    """A figure in a table: as it is written, its interval, whether it is marked, and the mean and
    standard deviation over seeds where there are several."""

    value: str
    within: str = ""
    best: bool = False
    seeds: str = ""


def measured(
    set_: CheckpointSet,
    direction: Direction,
    both: tuple[Trained, Trained, str] | None = None,
) -> str:
    """The set's figures on all held-out items, a row a variant; empty without figures.

    The last row is the item itself, handed over as its own translation. Below stands what each
    switch of the method changes beyond chance, and what goes against the rule.
    both: the set and what another tab has of the same data, as `trained.beside` finds them.
    """
    network = NETWORK[direction]
    known = [v for v in set_.variants if figures_of(v.metrics, network)]
    if not known:
        return ""
    known.sort(key=lambda v: tuple(not on for on in v.switches))
    lesson = known[0].lesson
    folders = [v.source.paths[0].name for v in known]
    listed = [figures_of(v.metrics, network) for v in known]
    itself = next((found for v in known if (found := _unchanged(v, network))), {})
    columns = [
        m
        for m in lesson.known({k: None for figures in (*listed, itself) for k in figures})
        if not getattr(m, "is_detail", False)
    ]
    found = set_.comparisons.agreeing(
        {folder: v.metrics_by_seed for folder, v in zip(folders, known, strict=True)},
        named(lesson.figures),
    )
    best = {m.key: found.best(folders, network, m.key) for m in columns}

    def cells(
        figures: dict[str, float], intervals: dict, folder: str = "", seeds: Sequence[dict] = ()
    ) -> list[Cell]:
        return [
            Cell(
                m.written(figures.get(m.key)),
                m.within(intervals.get(m.key)),
                bool(folder) and best[m.key] == folder,
                spread(m, seeds) if seeds else "",
            )
            for m in columns
        ]

    seeds = [[of.get(network, {}) for of in v.seeds.values()] for v in known]
    rows = [
        (v.name, cells(figures, intervals_of(v.metrics, network), folder, of if of[1:] else ()))
        for v, figures, folder, of in zip(known, listed, folders, seeds, strict=True)
    ]
    if itself:
        ends = next((e for v in known if (e := intervals_of(v.metrics, "unchanged", network))), {})
        rows.append((f"{'x' if network == 'G' else 'y'} itself", cells(itself, ends)))
    shown = {view.key: view for view in known[0].views(direction)}
    of = shown["made"].formula if "made" in shown else network
    on = _measured_on(known[0].metrics, lesson.medium)
    return render(
        "panels.measured",
        columns=columns,
        rows=rows,
        surprises=_surprises(known, columns, found, itself, direction, both),
        differences=_differences(known, found, columns, network),
        network=network,
        of=of,
        sentence=f" on {on}" if on else ":",
        is_sure=any(cell.within for _, row in rows for cell in row),
        seeds=max(map(len, seeds)),
    )


def _surprises(
    known: Sequence[Variant],
    columns: Sequence[Measure],
    found: Comparisons,
    itself: dict[str, float],
    direction: Direction,
    both: tuple[Trained, Trained, str] | None,
) -> list[Surprise]:
    """What goes against the rule; the first row is the one with all switches on."""
    subjects = trained.of_variants(known, NETWORK[direction])
    main, headline = subjects[0].name, known[0].lesson.headline
    first = sorted(columns, key=lambda m: m.key not in headline)
    told = surprises.tell(subjects, columns, found, itself, direction, main)
    other = both and surprises.elsewhere(*both, first)
    return [*told, *([other] if other else [])]


def _differences(
    known: Sequence[Variant], found: Comparisons, columns: Sequence[Measure], network: str
) -> list[tuple[str, str, str]]:
    """Names of two variants of which one lacks a switch, and what they differ in."""
    of = {v.source.paths[0].name: v for v in known}
    told = []
    for a, b in switched({folder: v.config for folder, v in of.items()}):
        if words := differing(columns, found.between(a, b, network)):
            told.append((of[a].name, of[b].name, words))
    return told


def intervals_of(metrics: dict, *path: str) -> dict[str, list[float]]:
    """[low, high] of a network's figures, as `checkpoints.read_metrics` left them."""
    found = metrics.get("intervals", {})
    for name in path:
        found = found.get(name, {})
    return found


def figures_of(metrics: dict, network: str) -> dict[str, float]:
    """The figures of a network by key, of what a file says that are numbers."""
    found = metrics.get(network)
    listed = found.items() if isinstance(found, dict) else ()
    return {key: value for key, said in listed if (value := number(said)) is not None}


def _measured_on(metrics: dict, medium: Medium) -> str:
    """ "297 held-out pairs of 64×64 pixels."; empty where the file does not say."""
    said = {name: number(metrics.get(name)) for name in COUNTS}
    counts = {name: int(value) for name, value in said.items() if value is not None}
    counts = {"items": counts.get("pairs"), **counts}
    if not counts["items"] or "size" not in counts:
        return ""
    return what_was_measured({**counts, "held_out": metrics.get("held_out", True)}, medium)


def _unchanged(variant: Variant, network: str) -> dict[str, float]:
    unchanged = variant.metrics.get("unchanged")
    return figures_of(unchanged, network) if isinstance(unchanged, dict) else {}
