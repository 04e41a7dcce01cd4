"""Figures of checkpoints on held-out items: `python -m cyclegan.evaluation SET [--json] [--save]`.

Loops over a method's views and a lesson's figures; knows none of either by name.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from .. import lessons
from ..core import device as devices
from ..core import files
from ..core.config import Config, ConfigError, Direction
from ..core.figures import Figure, Measure
from ..core.media import PICTURES, Medium
from ..core.registry import load_plugins
from ..lessons import DataError, HeldOut, UnpairedData, open_data
from ..methods import Method, View
from ..methods.method import latents_of, show, wanted
from ..store import checkpoints
from .translator import Translator

BATCH = 32

NETWORK: dict[Direction, str] = {"xy": "G", "yx": "F"}
"""Under which letter the figures of a direction stand."""


def evaluate(translator: Translator, data: UnpairedData) -> dict:
    """Figures of G and of F on the held-out items of `data`.

    Returns {"items": n, "size": pixels, "G": {...}, "F": {...}} with keys of figures; "pairs": n
    and "unchanged", what an item scores that is handed over as its own translation, are there where
    the truth is known; "held_out": False where the items are training ones. Without truth there are
    the figures that need none. Raises DataError for fewer than two items.
    """
    size = translator.config.image_size
    held = data.held_out(size)
    if min(len(held.x), len(held.y)) < 2:
        raise DataError("Diversity needs at least two held-out items a side.")
    found: dict = {"pairs": len(held.x)} if data.paired else {}
    found |= {"items": len(held.x), "size": held.medium.size_of(held.x)}
    if not data.is_held_out:
        found["held_out"] = False
    for direction in translator.directions:
        found[NETWORK[direction]] = _direction(translator, held, direction)
    if data.paired:
        found["unchanged"] = unchanged(held)
    return found


def _direction(translator: Translator, held: HeldOut, direction: Direction) -> dict[str, float]:
    made: dict[str, list[Tensor]] = {}
    for batch in held.originals(direction).split(BATCH):
        passes = translator.passes(held.medium.to_float(batch), direction)
        for key, tensor in passes.items():
            made.setdefault(key, []).append(held.medium.to_kept(tensor))
    arrays = {key: held.medium.arrays(torch.cat(parts)) for key, parts in made.items()}
    return measure(held.figures, {**held.arrays(direction), **arrays}, NETWORK[direction])


def measure(
    figures: Sequence[Figure], arrays: Mapping[str, np.ndarray], network: str
) -> dict[str, float]:
    """All figures of a network whose needs are there, by key, in their order."""
    found = {f.key: f.measure(arrays) for f in figures if network in f.networks}
    return {key: value for key, value in found.items() if value is not None}


def unchanged(held: HeldOut) -> dict[str, dict[str, float]]:
    """Figures of an item handed over as its own translation: what a generator has to beat.

    {"G": {...}, "F": {...}} as `evaluate`, without the errors of the way back; empty where the two
    sides have items of different shapes.
    """
    if held.x.shape != held.y.shape:
        return {}
    found = {}
    for direction, network in NETWORK.items():
        arrays = held.arrays(direction)
        arrays["made"] = arrays["original"]
        against = [f for f in held.figures if not f.needs & {"back", "same"}]
        found[network] = measure(against, arrays, network)
    return found


def against_truth(
    figures: Sequence[Figure], made: np.ndarray, truth: np.ndarray, known: Mapping, network: str
) -> dict[str, float]:
    """Quick figures of one translation and its truth; known: of the truth, by name."""
    arrays = {"made": made[None], "truth": truth[None]}
    arrays |= {f"truth_{name}": np.asarray(value)[None] for name, value in known.items()}
    return measure([f for f in figures if f.is_quick], arrays, network)


@torch.no_grad()
def glance(
    networks: Mapping[str, nn.Module],
    method: Method,
    config: Config,
    held: HeldOut,
    device: torch.device,
    keys: Sequence[str] = (),
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Views of X's few held-out items as kept, and their quick figures, amid a training.

    keys: views that are wanted besides those that the figures need. Figures are there for two items
    a side and more.
    """
    quick = [f for f in held.figures if f.is_quick]
    needed = {*keys, *(name for f in quick for name in f.needs)}
    views = wanted(method.views(config), needed)
    made = passes(networks, views, method, config, held.medium.to_float(held.x), device)
    kept = {key: held.medium.to_kept(tensor) for key, tensor in made.items()}
    if min(len(held.x), len(held.y)) < 2:
        return kept, {}
    arrays = {key: held.medium.arrays(tensor) for key, tensor in kept.items()}
    return kept, measure(quick, {**held.arrays("xy"), **arrays}, "G")


@torch.no_grad()
def passes(
    networks: Mapping[str, nn.Module],
    views: Sequence[View],
    method: Method,
    config: Config,
    originals: Tensor,
    device: torch.device,
) -> dict[str, Tensor]:
    """All views that networks make of float items (N, C, …) of a size that they take, by key."""
    random = torch.Generator().manual_seed(0)
    names = [name for name in latents_of(views) if name != "original"]
    latents = {n: method.latent(n, config, len(originals), random) for n in names}
    found: dict[str, list[Tensor]] = {}
    for first in range(0, len(originals), BATCH):
        part = slice(first, first + BATCH)
        given = {"original": originals[part], **{n: z[part] for n, z in latents.items()}}
        shown = show(views, networks, {n: t.to(device) for n, t in given.items()})
        for view in views:
            if view.network:
                found.setdefault(view.key, []).append(shown[view.key])
    return {key: torch.cat(parts) for key, parts in found.items()}


def table(results: dict[str, dict], measures: Sequence[Measure]) -> str:
    """A Markdown table, a row a variant and network, and one of the items themselves."""
    lines = ["| variant | | " + " | ".join(m.label for m in measures) + " |"]
    lines.append("|---|---|" + "---:|" * len(measures))
    rows = [(name, n, r[n]) for name, r in results.items() for n in NETWORK.values() if n in r]
    known = next((r["unchanged"] for r in results.values() if r.get("unchanged")), {})
    rows += [(f"*{own} itself*", n, known[n]) for n, own in (("G", "x"), ("F", "y")) if n in known]
    for name, network, found in rows:
        cells = " | ".join(m.written(found.get(m.key)) for m in measures)
        lines.append(f"| {name} | {network} | {cells} |")
    return "\n".join(lines)


def what_was_measured(result: dict, medium: Medium = PICTURES) -> str:
    """ "297 held-out pairs of 64×64 pixels." """
    size = f"{result['size']}×{result['size']} pixels"
    if medium is not PICTURES:
        size = f"{result['size']} {medium.name}"
    kind = "pairs" if "pairs" in result else "items"
    where = "held-out" if result.get("held_out", True) else "training (none were held out)"
    truth = "" if "pairs" in result else "; there is no ground truth: figures that need none"
    return f"{result['items']} {where} {kind} of {size}{truth}."


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m cyclegan.evaluation",
        description="Figures of every variant of a checkpoint set on its held-out items. Errors "
        "are in 0-255 units; acc<d is the share of pixels within d.",
    )
    parser.add_argument("set", help="a set's name or folder, or one checkpoint's")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--save", action="store_true", help="write each variant's metrics.json")
    parser.add_argument(
        "--device", default="cpu", choices=devices.DEVICES, help="where (default: cpu)"
    )
    args = parser.parse_args(argv)
    try:
        load_plugins()
        device = devices.choose(args.device)
        folders = checkpoints.find(checkpoints.locate(args.set))
        results, measures = {}, {}
        open_once = lru_cache(maxsize=1)(open_data)
        for folder in tqdm(folders, unit="variant", disable=not sys.stderr.isatty()):
            checkpoint = checkpoints.load(folder)
            training = checkpoint.config.training
            data = open_once(training.data, checkpoint.config.image_size, training.resize)
            found = evaluate(Translator(checkpoint, device), data)
            keys = {key for n in NETWORK.values() for key in found.get(n, {})}
            lesson = lessons.find(training.data)
            measures |= {m.key: m for m in lesson.figures if m.key in keys}
            # Runs that differ in their seed alone share a name.
            taken = checkpoint.name in results
            results[f"{checkpoint.name} ({folder.name})" if taken else checkpoint.name] = found
            if args.save:
                files.write_json(folder / checkpoints.METRICS, found)
    except (checkpoints.CheckpointError, ConfigError, DataError, OSError) as error:
        print(f"evaluation: {error}", file=sys.stderr)
        return 2
    print(json.dumps(results, indent=2) if args.json else table(results, list(measures.values())))
    if not args.json:
        print(f"\n{what_was_measured(next(iter(results.values())), lesson.medium)}")
    return 0
