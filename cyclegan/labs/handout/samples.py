"""Samples of trainings through time, as WebP within so many bytes: evenly thinned out, the last one
always among them.

Knows runs' folders and a method's views; no lesson.
"""

import io
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

from ... import methods
from ...core import sheets
from ...core.config import Config, Direction
from ...core.pictures import ImageError
from ...methods import View
from ...methods.method import has_input
from .document import Film, Strip
from .grids import OF_NOISE, Grid, steps

BUDGET = 3_500_000
"""Bytes that the pictures of a handout may take, as they stand in it."""

QUALITIES = ((256, 90), (192, 85), (128, 80), (96, 70))
"""Longest sides of a tile in pixels, with WebP's quality: the first of which FEWEST fit."""

FEWEST, MOST = 12, 60
"""Steps under one slider."""

LINES = 6
"""Rows of tiles, at most."""

SHOWN = ("made", "back")
"""Keys of the views that stand side by side where several trainings are shown, if there are any."""

Tiles = list[list[Image.Image]]


@dataclass(frozen=True)
class Training:
    """A run whose samples are shown."""

    title: str
    folder: Path
    config: Config

    def views(self, direction: Direction) -> tuple[View, ...]:
        return methods.find(self.config.method).views(self.config, direction)


def of_run(folder: Path, config: Config) -> Film | None:
    """All views of x, and of y, through time; None without samples that can be read."""
    run, method = Training("", folder, config), methods.find(config.method)
    directions = method.directions(config)

    def tiles(step: int) -> list[Tiles]:
        grid = Grid.read(folder, step, config)
        return [grid.side(direction)[:LINES] for direction in directions]

    known = steps(folder)
    found = fitted(known, tiles, BUDGET)
    if not found.steps:
        return None
    strips = []
    for i, direction in enumerate(directions):
        views, (a, b) = run.views(direction), method.from_to(config, direction)
        network = next((view.network for view in views if view.network), "")
        of = "held-out items" if has_input(views) else "the same noise"
        strips.append(found.strip(i, f"{network}: {a} → {b}", views, of))
    return Film(strips, found.steps, found.told(len(known)))


def of_several(runs: Sequence[Training]) -> Film | None:
    """The same x through several trainings, or the same noise, at steps that all of them have; None
    without any."""
    noisy = [run for run in runs if methods.find(run.config.method).is_from_noise(run.config)]
    if noisy:
        return _of_noise(noisy)
    runs = [run for run in runs if {view.key for view in run.views("xy")} & {*SHOWN}]
    known = sorted(set.intersection(*(set(steps(run.folder)) for run in runs))) if runs else []
    if not known:
        return None

    def tiles(step: int) -> list[Tiles]:
        grids = [Grid.read(run.folder, step, run.config) for run in runs]
        lines = min(LINES, *(grid.inputs for grid in grids))
        columns = [
            *[[grids[0].column("original", lines)]],
            *([g.column(key, lines) for key in SHOWN if key in g.views] for g in grids),
        ]
        return [[list(row) for row in zip(*side, strict=True)] for side in columns]

    found = fitted(known, tiles, BUDGET)
    if not found.steps:
        return None
    given = [view for view in runs[0].views("xy") if view.key == "original"]
    strips = [found.strip(0, "Given", given, "held-out items", 1)]
    for i, run in enumerate(runs, 1):
        shown = [view for view in run.views("xy") if view.key in SHOWN]
        strips.append(found.strip(i, run.title, shown, run.title))
    return Film(strips, found.steps, found.told(len(known)))


def _of_noise(runs: Sequence[Training]) -> Film | None:
    """Samples of several trainings, each from the same latents through time."""
    known = sorted(set.intersection(*(set(steps(run.folder)) for run in runs)))

    def tiles(step: int) -> list[Tiles]:
        return [Grid.read(run.folder, step, run.config).tiles for run in runs]

    found = fitted(known, tiles, BUDGET) if known else None
    if not found or not found.steps:
        return None
    strips = []
    for i, run in enumerate(runs):
        (direction,) = methods.find(run.config.method).directions(run.config)
        strips.append(found.strip(i, run.title, run.views(direction), f"noise, {run.title}"))
    return Film(strips, found.steps, found.told(len(known)))


@dataclass(frozen=True)
class Fitted:
    """Pictures that fit: side by side at each step. lines: rows of each side."""

    steps: list[int]
    urls: list[list[str]]
    lines: list[int]
    damaged: int = 0

    def strip(
        self,
        side: int,
        title: str,
        views: Sequence[View],
        of: str,
        last: int | None = None,
    ) -> Strip:
        """last: how many of the last steps are kept, where the pictures do not change."""
        urls = [sides[side] for sides in self.urls]
        formulas = ", ".join(view.formula for view in views)
        heads = [(view.formula, view.name) for view in views]
        kept = urls if last is None else urls[-last:]
        across = 0 if has_input(views) else OF_NOISE[1]
        return Strip(title, heads, self.lines[side], kept, f"{formulas} of {of}", across)

    def told(self, known: int) -> str:
        shown = len(self.steps)
        few = f"{shown} of {known} sample grids are here, evenly spread over the training."
        all_of = f"All {known} sample grids are here." if known > 1 else "There is one sample grid."
        damaged = f" {self.damaged} could not be read." if self.damaged else ""
        return (few if shown < known else all_of) + damaged


def fitted(known: Sequence[int], tiles: Callable[[int], list[Tiles]], budget: int) -> Fitted:
    """As many steps of `known` as fit, in pictures as large as that allows.

    tiles: of a step, side by side; a step for which it raises ImageError is left out.
    """
    chosen = _spread(known, MOST)
    lines = {step: found for step in chosen if (found := _lines(step, tiles))}
    if not lines:
        return Fitted([], [], [], len(chosen))
    good = list(lines)
    for longest, quality in QUALITIES:

        @cache
        def encoded(step: int, longest: int = longest, quality: int = quality) -> list[str]:
            return [_url(side, longest, quality) for side in tiles(step)]

        room = budget // max(_bytes(encoded(step)) for step in (good[0], good[-1]))
        if room >= min(FEWEST, len(good)):
            break
    count = max(1, min(room, len(good)))
    while count > 1 and sum(_bytes(encoded(step)) for step in _spread(good, count)) > budget:
        count -= 1
    shown = _spread(good, count)
    return Fitted(
        shown, [encoded(step) for step in shown], lines[good[-1]], len(chosen) - len(good)
    )


def _lines(step: int, tiles: Callable[[int], list[Tiles]]) -> list[int]:
    """Rows of each side at a step; none where it cannot be read."""
    try:
        return [len(side) for side in tiles(step)]
    except (ImageError, OSError):
        return []


def _bytes(urls: Sequence[str]) -> int:
    return sum(map(len, urls))


def _spread(steps: Sequence[int], count: int) -> list[int]:
    """So many at most, evenly; the last one is among them."""
    last, count = len(steps) - 1, min(count, len(steps))
    places = (round(last * (1 - i / max(1, count - 1))) for i in range(count))
    return [steps[place] for place in reversed(list(places))]


def _url(tiles: Tiles, longest: int, quality: int) -> str:
    """Edge to edge, with no tile larger than `longest`."""
    sheet = sheets.grid(tiles)
    if (side := max(tiles[0][0].size)) > longest:
        size = (max(1, length * longest // side) for length in sheet.size)
        sheet = sheet.resize(tuple(size), Image.Resampling.LANCZOS)
    return url(sheet, quality)


def url(picture: Image.Image, quality: int = 90) -> str:
    """A picture that needs no second request."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=4)
    return "data:image/webp;base64," + b64encode(buffer.getvalue()).decode()
