"""What checkpoints make of a few examples, where no samples were kept of their trainings."""

import logging
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ... import lessons, methods
from ...core import sheets
from ...core.config import Config
from ...core.pictures import ImageError
from ...inference.translator import Translator
from ...lessons import DataError, Example, Lesson, examples
from ...methods import View
from ...store import checkpoints
from ...store.checkpoints import CheckpointError
from ...training.runs import OF_NOISE
from .document import Film, Strip
from .samples import SHOWN, url

PAIRS = 4


def of_one(folder: Path, config: Config) -> Film | None:
    """All views of some examples of its set or lesson; None where there are none, or no weights."""
    if methods.find(config.method).is_from_noise(config):
        return _of_noise([("", folder)])
    beside = folder if (folder / examples.FOLDER).is_dir() else folder.resolve().parent
    return _film(beside, [("", folder)], config, everything=True)


def of_several(root: Path, variants: Sequence[tuple[str, Path]], config: Config) -> Film | None:
    """The same examples through variants, by title; or what they make of the same noise."""
    if methods.find(config.method).is_from_noise(config):
        return _of_noise(variants)
    return _film(root, variants, config, everything=False)


def _of_noise(variants: Sequence[tuple[str, Path]]) -> Film | None:
    """Samples of the same latents; None without weights."""
    strips = []
    for title, folder in variants:
        if (translator := _opened(folder)) is None or not translator.is_from_noise:
            continue
        rows, across = OF_NOISE
        draw = lessons.find(translator.config.training.data).draw
        tiles = [draw(one) for one in translator.kept_samples(rows * across)]
        sheet = [tiles[i : i + across] for i in range(0, len(tiles), across)]
        (view,) = translator.views(translator.directions[0])
        words = f"{view.formula}{f', {title}' if title else ''}"
        heads = [(view.formula, view.name)]
        strips.append(
            Strip(title or "Made of noise", heads, rows, [url(sheets.grid(sheet))], words, across)
        )
    said = "Samples that were made while this report was written."
    return Film(strips, said=said) if strips else None


def _film(
    root: Path, variants: Sequence[tuple[str, Path]], config: Config, everything: bool
) -> Film | None:
    lesson = lessons.find(config.training.data)
    try:
        pairs = examples.of_set(root, lesson)[:PAIRS]
    except (DataError, ImageError, OSError) as error:
        logging.warning("The report has no pictures: %s", error)
        return None
    if not pairs:
        return None
    held = [(pair.x, pair.y) for pair in pairs]
    x, y = ([lesson.draw(item) for item in side] for side in zip(*held, strict=True))
    given = Strip("Given", [("x", "Input"), ("y", "Truth")], len(pairs), [_url([x, y])], "Examples")
    strips = [given]
    for title, folder in variants:
        if made := _made(folder, pairs, lesson, everything):
            heads = [(view.formula, view.name) for view, _ in made]
            words = f"{', '.join(view.formula for view, _ in made)}{f', {title}' if title else ''}"
            pictures = _url([column for _, column in made])
            strips.append(Strip(title or "Made of them", heads, len(pairs), [pictures], words))
    said = f"{len(pairs)} examples, translated while this report was written."
    return Film(strips, said=said) if len(strips) > 1 else None


def _made(
    folder: Path, pairs: Sequence[Example], lesson: Lesson, everything: bool
) -> list[tuple[View, list[Image.Image]]]:
    """Columns by view of x; none where the weights cannot be used."""
    translator = _opened(folder)
    if translator is None or "xy" not in translator.directions:
        return []
    found = [translator.kept_views(pair.x) for pair in pairs]
    views = [v for v in translator.views() if v.network and (everything or v.key in SHOWN)]
    return [
        (view, [lesson.draw(result[view.key]) for result in found])
        for view in views
        if all(view.key in result for result in found)
    ]


def _opened(folder: Path) -> Translator | None:
    try:
        return Translator(checkpoints.load(folder))
    except CheckpointError as error:
        logging.warning("Left out of the pictures: %s", error)
        return None


def _url(columns: Sequence[Sequence[Image.Image]]) -> str:
    return url(sheets.grid(list(zip(*columns, strict=True))))
