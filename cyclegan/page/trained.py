"""The tables of Translate and of Ablation as `surprises` takes them, each beside the other.

Knows checkpoint sets and reports; writes no word of what they tell.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from ..core.config import Direction
from ..core.evidence import Interval
from ..inference.evaluation import NETWORK
from ..labs.ablation import variants
from . import lab
from .lab import Report, ReportRow
from .library import Library
from .sets import CheckpointSet, Variant
from .surprises import Subject, Trained

TRANSLATE, ABLATION = "Translate", "Ablation"


def of_rows(rows: Sequence[ReportRow], network: str) -> list[Subject]:
    """Rows of a report; of one that is not on the shelf the objective is not known."""
    known = variants.known()
    return [
        Subject(
            row.name,
            row.title,
            known[row.name].objective if row.name in known else None,
            {key: (one.mean, one.interval) for key, one in row.figures.get(network, {}).items()},
            row.settings,
        )
        for row in rows
    ]


def of_variants(listed: Sequence[Variant], network: str) -> list[Subject]:
    """Variants of a set; what a foreign file was trained on is not known."""
    return [
        Subject(
            variant.source.paths[0].name,
            variant.name,
            None if variant.is_foreign else variant.config.objective,
            _figures(variant.metrics, network),
        )
        for variant in listed
    ]


def _figures(metrics: dict, network: str) -> dict[str, tuple[float, Interval | None]]:
    ends = metrics.get("intervals", {}).get(network, {})
    return {
        key: (value, tuple(ends[key]) if key in ends else None)
        for key, value in metrics.get(network, {}).items()
    }


def of_set(set_: CheckpointSet, network: str) -> Trained:
    config = set_.variants[0].config
    seeds = max(len(variant.metrics_by_seed) for variant in set_.variants)
    networks, steps = set_.method.describe(config), config.training.steps
    return Trained(set_.title, networks, steps, seeds, of_variants(set_.variants, network))


def of_report(set_: CheckpointSet, report: Report, network: str) -> Trained:
    """A laboratory that is a set: the report has what its seeds were measured at."""
    networks = set_.method.describe(set_.variants[0].config)
    rows = of_rows(report.rows, network)
    return Trained(set_.title, networks, report.steps, report.seeds, rows)


def beside(
    library: Library, title: str, direction: Direction
) -> tuple[Trained, Trained, str] | None:
    """A set, another of the same data that stands in the other tab, and that tab; None without."""
    set_, network = library.sets[title], NETWORK[direction]
    if set_.is_guest:
        return None
    alike = [
        o for t in library.offered if t != title and _data(o := library.sets[t]) == _data(set_)
    ]
    is_lab = _is_lab(set_)
    other = next((one for one in alike if _is_lab(one) != is_lab), None)
    if other is None:
        return None
    here, there = (_trained(one, network) for one in (set_, other))
    return (here, there, TRANSLATE if is_lab else ABLATION) if here and there else None


def _trained(set_: CheckpointSet, network: str) -> Trained | None:
    path = set_.folder / lab.REPORT
    if not path.exists():
        return of_set(set_, network)
    report = _read(set_.folder, path.stat().st_mtime)
    return report and of_report(set_, report, network)


@lru_cache(maxsize=8)
def _read(folder: Path, written: float) -> Report | None:
    """A report as it was written then: every answer of Translate asks for it."""
    try:
        return lab.read(folder)
    except lab.LabError:
        return None


def _is_lab(set_: CheckpointSet) -> bool:
    return (set_.folder / lab.REPORT).exists()


def _data(set_: CheckpointSet) -> tuple:
    config = set_.variants[0].config
    return config.training.data, config.domains, config.image_size, set_.is_from_noise
