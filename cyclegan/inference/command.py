"""Figures of a set: `python -m cyclegan.evaluation SET [--json] [--save] [--items FILE] …`."""

import argparse
import json
import sys
from functools import lru_cache
from pathlib import Path

import torch
from tqdm import tqdm

from .. import lessons
from ..core import device as devices
from ..core import files
from ..core.config import ConfigError
from ..core.registry import load_plugins
from ..lessons import DataError, open_data
from ..store import checkpoints
from . import comparisons, distributions, feature_network
from .evaluation import how_sure, table, what_was_measured
from .feature_network import FeatureNetwork
from .measured import Measured, alike, compare, items_csv, measure, save


def measure_all(
    variants: list[Path], device: torch.device | str, features: FeatureNetwork | None = None
) -> list[Measured]:
    """All seeds of variants, with a bar of items; features: as in `evaluation.estimate`.

    Raises CheckpointError, ConfigError, DataError and OSError.
    """
    open_once, found = lru_cache(maxsize=1)(open_data), []
    folders = [(v.name, folder) for v in variants for folder in checkpoints.seeds(v).values()]
    with tqdm(unit="item", disable=not sys.stderr.isatty()) as bar:
        for place, (variant, folder) in enumerate(folders):
            config = checkpoints.read_config(folder)
            data = open_once(*lessons.as_trained(config))
            # What the others have is taken to be as much.
            bar.total = bar.n + (len(data.test_x) + len(data.test_y)) * (len(folders) - place)
            bar.set_description(variant)
            found.append(measure(folder, data, device, bar.update, variant, features))
    return found


def called(measured: list[Measured]) -> list[str]:
    """Names for people: variants of one name are told apart by folder, others of them by seed."""
    names = [one.name for one in measured if one.is_shown]
    return [
        one.name
        + (f" ({one.variant})" if names.count(one.name) > 1 else "")
        + ("" if one.is_shown else f", seed {one.config.training.seed}")
        for one in measured
    ]


def by_variant(measured: list[Measured], names: list[str]) -> dict[str, dict]:
    """Metrics of those that are shown, by name, with those of all seeds where there are several."""
    found = {}
    for one, name in zip(measured, names, strict=True):
        if one.is_shown:
            seeds = {
                other.config.training.seed: other.found.metrics
                for other in measured
                if other.variant == one.variant
            }
            found[name] = one.found.metrics | ({"seeds": seeds} if len(seeds) > 1 else {})
    return found


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
        "--features",
        metavar="WEIGHTS",
        help="measure KID and FID too, by torch-fidelity's InceptionV3: a file of its weights, or "
        'user/repo:file on the Hub; takes pip install "torchmetrics[image]"',
    )
    parser.add_argument(
        "--device", default="cpu", choices=devices.DEVICES, help="where (default: cpu)"
    )
    args = parser.parse_args(argv)
    try:
        load_plugins()
        root = checkpoints.locate(args.set)
        device = devices.choose(args.device)
        features = feature_network.load(args.features, device) if args.features else None
        if features and features.note:
            print(features.note, file=sys.stderr)
        measured = measure_all(checkpoints.find(root), device, features)
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
    if args.json:
        print(json.dumps(by_variant(measured, listed), indent=2))
        return 0
    names = dict(zip((one.folder for one in measured), listed, strict=True))
    for group in alike(measured):
        print(report(group, by_variant(group, [names[one.folder] for one in group])))
    return 0


def report(measured: list[Measured], results: dict[str, dict]) -> str:
    """Of checkpoints that were measured on the same items: the table, what it was measured on, and
    what a switch of the method changes."""
    lesson = lessons.find(measured[0].config.training.data)
    keys = {key for one in measured for found in one.found.networks.values() for key in found}
    columns = [m for m in lesson.figures if m.key in keys and not m.is_detail]
    shown = [one for one in measured if one.is_shown]
    found, variants = compare(measured), [one.variant for one in shown]
    names = dict(zip(variants, results, strict=True))

    def best(network: str, key: str) -> str | None:
        return names.get(found.best(variants, network, key))

    said = what_was_measured(measured[0].found.metrics, lesson.medium)
    parts = [table(results, columns, best), f"{said} {how_sure(results)}"]
    compared = {n: o.found.distributions for o, n in zip(shown, results, strict=True)}
    if several := next(iter(compared.values())):
        parts += [distributions.table(compared), distributions.said(several["G"])]
    for a, b in comparisons.switched({one.variant: one.config for one in shown}):
        if told := comparisons.told(columns, found.between(a, b, "G")):
            parts.append(f"{names[a]} against {names[b]}: {told}.")
    return "\n\n".join(parts)
