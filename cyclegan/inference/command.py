"""`python -m cyclegan.evaluation SET [--json] [--save] [--items FILE]`: figures of a set."""

import argparse
import json
import sys
from functools import lru_cache
from pathlib import Path

from tqdm import tqdm

from .. import lessons
from ..core import device as devices
from ..core import files
from ..core.config import ConfigError
from ..core.registry import load_plugins
from ..lessons import DataError, open_data
from ..store import checkpoints
from . import comparisons
from .evaluation import HOW_SURE, INTERVALS, table, what_was_measured
from .measured import Measured, alike, compare, items_csv, measure, save


def measure_all(folders: list[Path], device: str) -> list[Measured]:
    """With a bar of items. Raises CheckpointError, ConfigError, DataError and OSError."""
    open_once, chosen, found = lru_cache(maxsize=1)(open_data), devices.choose(device), []
    with tqdm(unit="item", disable=not sys.stderr.isatty()) as bar:
        for place, folder in enumerate(folders):
            config = checkpoints.read_config(folder)
            training = config.training
            data = open_once(training.data, config.image_size, training.resize)
            # What the others have is taken to be as much.
            bar.total = bar.n + (len(data.test_x) + len(data.test_y)) * (len(folders) - place)
            bar.set_description(folder.name)
            found.append(measure(folder, data, chosen, bar.update))
    return found


def called(measured: list[Measured]) -> list[str]:
    """Names for the table; runs that differ in their seed alone share one."""
    names = [one.name for one in measured]
    return [
        f"{one.name} ({one.folder.name})" if names.count(one.name) > 1 else one.name
        for one in measured
    ]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m cyclegan.evaluation",
        description="Figures of every variant of a checkpoint set on its held-out items. Errors "
        "are in 0-255 units; acc<d is the share of pixels within d.",
    )
    parser.add_argument("set", help="a set's name or folder, or one checkpoint's")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--save",
        action="store_true",
        help="write each variant's metrics.json, and the set's comparisons.json",
    )
    parser.add_argument(
        "--items", type=Path, metavar="FILE", help="write every item's figures as CSV"
    )
    parser.add_argument(
        "--device", default="cpu", choices=devices.DEVICES, help="where (default: cpu)"
    )
    args = parser.parse_args(argv)
    try:
        load_plugins()
        root = checkpoints.locate(args.set)
        measured = measure_all(checkpoints.find(root), args.device)
        listed = called(measured)
        if args.save:
            save(root, measured)
        if args.items:
            files.write_text(args.items, items_csv(measured, listed))
    except (checkpoints.CheckpointError, ConfigError, DataError, OSError) as error:
        print(f"evaluation: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("evaluation: stopped; every file is whole, or as it was.", file=sys.stderr)
        return 130
    results = {name: one.found.metrics for name, one in zip(listed, measured, strict=True)}
    if args.json:
        print(json.dumps(results, indent=2))
        return 0
    names = dict(zip((one.folder for one in measured), listed, strict=True))
    for group in alike(measured):
        print(report(group, {names[one.folder]: one.found.metrics for one in group}))
    return 0


def report(measured: list[Measured], results: dict[str, dict]) -> str:
    """Of checkpoints that were measured on the same items: the table, what it was measured on, and
    what a switch of the method changes."""
    lesson = lessons.find(measured[0].config.training.data)
    keys = {key for one in measured for found in one.found.networks.values() for key in found}
    columns = [m for m in lesson.figures if m.key in keys and not m.is_detail]
    found, folders = compare(measured), [one.folder.name for one in measured]
    names = dict(zip(folders, results, strict=True))

    def best(network: str, key: str) -> str | None:
        return names.get(found.best(folders, network, key))

    said = what_was_measured(measured[0].found.metrics, lesson.medium)
    how = HOW_SURE if len(measured) > 1 else INTERVALS
    parts = [table(results, columns, best), f"{said} {how}"]
    for a, b in comparisons.switched({one.folder.name: one.config for one in measured}):
        if told := comparisons.told(columns, found.between(a, b, "G")):
            parts.append(f"{names[a]} against {names[b]}: {told}.")
    return "\n\n".join(parts)
