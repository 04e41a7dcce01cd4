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
from ..core.figures import named
from ..lessons import UnpairedData
from ..store import checkpoints
from . import comparisons
from .comparisons import Comparisons
from .evaluation import Evaluation, estimate
from .feature_network import FeatureNetwork
from .translator import Translator


@dataclass(frozen=True)
class Measured:
    """One checkpoint, what it is called for people, and what it scores.

    variant: the folder's name, or of one that is another seed of a variant that variant's.
    """

    folder: Path
    variant: str
    name: str
    config: Config
    found: Evaluation

    @property
    def is_shown(self) -> bool:
        """Whether it is its variant's own, and not another seed."""
        return self.folder.name == self.variant


def measure(
    folder: Path,
    data: UnpairedData,
    device: torch.device | str,
    told: Callable[[int], object] = lambda items: None,
    variant: str = "",
    features: FeatureNetwork | None = None,
) -> Measured:
    """On the held-out items of `data`; features: as in `evaluation.estimate`.

    Raises CheckpointError and DataError.
    """
    checkpoint = checkpoints.load(folder)
    found = estimate(Translator(checkpoint, device), data, told, features)
    return Measured(folder, variant or folder.name, checkpoint.name, checkpoint.config, found)


def save(root: Path, measured: Sequence[Measured]) -> None:
    """Write metrics.json of each, and comparisons.json into `root` where there are several.

    Of a member that was measured alone, what its set says of it is checked by whoever reads it.
    """
    for one in measured:
        files.write_json(one.folder / checkpoints.METRICS, one.found.metrics)
    if len({one.variant for one in measured}) > 1:
        comparisons.write(root, compare(measured))


def alike(measured: Sequence[Measured]) -> list[list[Measured]]:
    """Those that were measured on the same items together, in their order."""
    found: dict[tuple, list[Measured]] = {}
    for one in measured:
        found.setdefault(lessons.as_trained(one.config), []).append(one)
    return list(found.values())


def compare(measured: Sequence[Measured]) -> Comparisons:
    """All pairs of variants that were measured on the same items, by the folders' names."""
    pairs: dict = {}
    for group in alike(measured):
        lesson = lessons.find(group[0].config.training.data)
        of: dict[str, dict] = {}
        for one in group:
            of.setdefault(one.variant, {})[one.config.training.seed] = one.found.networks
        pairs |= comparisons.compare(of, named(lesson.figures)).pairs
    return Comparisons(pairs)


def items_csv(measured: Sequence[Measured], names: Sequence[str]) -> str:
    """A line an item, network and variant: its group, and what it brings to every figure.

    Of a ratio there are both parts. What is of pairs of items (diversity) or of a moved window
    (warping error) is left out, and empty what was not measured.
    """
    lines = [
        {"variant": name, "network": network, "item": item, "group": group}
        | _parts(one, network, item)
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


def _parts(one: Measured, network: str, item: int) -> dict[str, float]:
    figures = named(lessons.find(one.config.training.data).figures)
    cells: dict[str, float] = {}
    for key, found in one.found.networks[network].items():
        if found.items is None or len(found.items) != len(one.found.groups[network]):
            continue
        names = (
            (key,) if figures[key].over in ("mean", "median") else (f"{key}_above", f"{key}_below")
        )
        cells |= dict(zip(names, map(float, found.items[item]), strict=False))
    return cells
