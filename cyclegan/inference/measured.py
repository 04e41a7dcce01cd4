"""Checkpoints of a set that were measured: compared, and written as files.

metrics.json of each, comparisons.json of all, and every item as CSV. Knows no page.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from .. import lessons
from ..core import files
from ..core.config import Config
from ..core.figures import Figure, named
from ..lessons import UnpairedData
from ..store import checkpoints
from . import comparisons
from .comparisons import Comparisons
from .evaluation import Evaluation, estimate
from .translator import Translator


@dataclass(frozen=True)
class Measured:
    """One checkpoint, what it is called for people, and what it scores."""

    folder: Path
    name: str
    config: Config
    found: Evaluation


def measure(
    folder: Path,
    data: UnpairedData,
    device: torch.device | str,
    told: Callable[[int], object] = lambda items: None,
) -> Measured:
    """On the held-out items of `data`. Raises CheckpointError and DataError."""
    checkpoint = checkpoints.load(folder)
    found = estimate(Translator(checkpoint, device), data, told)
    return Measured(folder, checkpoint.name, checkpoint.config, found)


def save(root: Path, measured: Sequence[Measured]) -> None:
    """Write metrics.json of each, and comparisons.json into `root` where there are several."""
    for one in measured:
        files.write_json(one.folder / checkpoints.METRICS, one.found.metrics)
    if len(measured) > 1:
        comparisons.write(root, compare(measured))


def compare(measured: Sequence[Measured]) -> Comparisons:
    """All pairs of those that were measured on the same items, by the folders' names."""
    first = measured[0]
    alike = [one for one in measured if _items(one) == _items(first)]
    lesson = lessons.find(first.config.training.data)
    return comparisons.compare(
        {one.folder.name: {one.config.training.seed: one.found.networks} for one in alike},
        named(lesson.figures),
    )


def _items(one: Measured) -> tuple:
    training = one.config.training
    return training.data, training.resize, one.config.image_size


def items_csv(measured: Sequence[Measured], names: Sequence[str]) -> str:
    """A line an item, network and variant: its group, and what it brings to every figure.

    Of a ratio there are both parts; what is no number of a single item (diversity) is left out, and
    empty what was not measured on it.
    """
    figures = named(lessons.find(measured[0].config.training.data).figures)
    lines = [
        {"variant": name, "network": network, "item": item, "group": group}
        | _parts(figures, one.found, network, item)
        for name, one in zip(names, measured, strict=True)
        for network in one.found.networks
        for item, group in enumerate(one.found.groups[network])
    ]
    columns = dict.fromkeys(key for line in lines for key in line)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _parts(
    figures: dict[str, Figure], found: Evaluation, network: str, item: int
) -> dict[str, float]:
    cells: dict[str, float] = {}
    for key, one in found.networks[network].items():
        if one.items is None or len(one.items) != len(found.groups[network]):
            continue
        parts = one.items[item]
        names = (f"{key}_above", f"{key}_below") if figures[key].over == "ratio" else (key,)
        cells |= dict(zip(names, map(float, parts), strict=False))
    return cells
