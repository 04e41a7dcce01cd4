"""Figures of checkpoints on held-out pairs: `python -m cyclegan.evaluation SET [--json] [--save]`.

Knows which figures go with which direction; `figures` knows how each is computed.
"""

import argparse
import json
import sys
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from ..core import figures, images
from ..lessons import DataError, UnpairedData, open_data
from ..store import checkpoints
from .translator import Direction, Translator

BATCH = 32

COLUMNS = {
    "rmse": "RMSE",
    "accuracy_5": "acc<5",
    "accuracy_10": "acc<10",
    "accuracy_16": "acc<16",
    "ssim": "SSIM",
    "sea_iou": "sea IoU",
    "cycle_error": "cycle",
    "identity_error": "identity",
    "diversity": "diversity",
}
"""Figures of one direction and their short names, in the order of the table."""


def evaluate(translator: Translator, data: UnpairedData) -> dict:
    """Figures of G and of F on the held-out pairs of `data`.

    Returns {"pairs": n, "size": pixels, "G": {...}, "F": {...}} with the keys of COLUMNS; errors
    are in 0–255 units, means over pictures. "sea_iou" (pooled over pixels) is there for G alone,
    and only where Y is the map of satellite2map. Raises DataError where `data` has no pairs.
    """
    if not data.paired:
        raise DataError("These pictures are unpaired: without ground truth there are no figures.")
    if len(data.test_x) < 2:
        raise DataError("Diversity needs at least two held-out pairs.")
    x, y = (torch.stack(list(side)) for side in (data.test_x, data.test_y))
    is_map = translator.config.training.data == "satellite2map"
    return {
        "pairs": len(x),
        "size": x.shape[-1],
        "G": _direction(translator, x, y, "xy", is_map),
        "F": _direction(translator, y, x, "yx", False),
    }


def glance(
    G: nn.Module,
    F: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    is_map: bool,
    device: torch.device,
) -> dict[str, float]:
    """Figures of G on a few held-out pairs (N, 3, H, W) uint8, quick enough for a training."""
    return few_figures(*there_and_back(G, F, x, device), x, y, True, is_map)


@torch.no_grad()
def there_and_back(
    G: nn.Module, F: nn.Module, x: torch.Tensor, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """G(x) and F(G(x)) of (N, 3, H, W) uint8, as such."""
    made, reconstructed = [], []
    for batch in images.to_float(x).split(BATCH):
        fake_y = G(batch.to(device))
        made.append(images.to_bytes(fake_y))
        reconstructed.append(images.to_bytes(F(fake_y)))
    return torch.cat(made), torch.cat(reconstructed)


def few_figures(
    made: torch.Tensor,
    reconstructed: torch.Tensor,
    x: torch.Tensor,
    y: torch.Tensor,
    paired: bool,
    is_map: bool,
) -> dict[str, float]:
    """The quick figures of `there_and_back`'s pictures; those that need the truth if `paired`.

    All (N, 3, H, W) uint8, N ≥ 2; unpaired y: any held-out pictures, as the measure of diversity.
    """
    made, reconstructed, x, y = map(_pixels, (made, reconstructed, x, y))
    found = {"sea_iou": figures.sea_iou(made, y)} if paired and is_map else {}
    if paired:
        found["rmse"] = _mean(figures.rmse, made, y)
    found["cycle_error"] = _mean(figures.l1, reconstructed, x)
    found["diversity"] = figures.diversity(made, y)
    return found


def _direction(
    translator: Translator,
    originals: torch.Tensor,
    truths: torch.Tensor,
    direction: Direction,
    is_map: bool,
) -> dict[str, float]:
    batches = [
        [images.to_bytes(t) for t in translator.passes(images.to_float(batch), direction)]
        for batch in originals.split(BATCH)
    ]
    made, reconstructed, same = (_pixels(torch.cat(part)) for part in zip(*batches, strict=True))
    original, truth = _pixels(originals), _pixels(truths)

    found = {
        **_against(made, truth, is_map),
        "cycle_error": _mean(figures.l1, reconstructed, original),
        "identity_error": _mean(figures.l1, same, original),
    }
    return {name: found[name] for name in COLUMNS if name in found}


def _against(made: np.ndarray, truth: np.ndarray, is_map: bool) -> dict[str, float]:
    """What can be said of pictures and their truths alone."""
    found = {
        "rmse": _mean(figures.rmse, made, truth),
        "accuracy_5": _mean(figures.pixel_accuracy, made, truth, 5),
        "accuracy_10": _mean(figures.pixel_accuracy, made, truth, 10),
        "accuracy_16": _mean(figures.pixel_accuracy, made, truth, 16),
        "ssim": _mean(figures.ssim, made, truth),
        "diversity": figures.diversity(made, truth),
    }
    return {**found, "sea_iou": figures.sea_iou(made, truth)} if is_map else found


def unchanged(data: UnpairedData, is_map: bool) -> dict:
    """Figures of a picture handed over as its own translation: what a generator has to beat.

    {"G": {...}, "F": {...}} as `evaluate`, without the errors of the way back.
    """
    x, y = (_pixels(torch.stack(list(side))) for side in (data.test_x, data.test_y))
    return {"G": _against(x, y, is_map), "F": _against(y, x, False)}


def _mean(figure: Callable, a: np.ndarray, b: np.ndarray, *more: int) -> float:
    return float(np.mean([figure(one, other, *more) for one, other in zip(a, b, strict=True)]))


def _pixels(batch: torch.Tensor) -> np.ndarray:
    """(N, 3, H, W) uint8 tensor to an (N, H, W, 3) array."""
    return batch.permute(0, 2, 3, 1).contiguous().numpy()


def table(results: dict[str, dict]) -> str:
    """A Markdown table, a row per variant and generator."""
    lines = ["| variant | | " + " | ".join(COLUMNS.values()) + " |"]
    lines.append("|---|---|" + "---:|" * len(COLUMNS))
    for variant, result in results.items():
        for network in ("G", "F"):
            cells = [_cell(name, result[network].get(name)) for name in COLUMNS]
            lines.append(f"| {variant} | {network} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.1f}" if name in ("rmse", "cycle_error", "identity_error") else f"{value:.3f}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m cyclegan.evaluation",
        description="Figures of every variant of a checkpoint set on its held-out pairs. Errors "
        "are in 0-255 units; acc<d is the share of pixels within d.",
    )
    parser.add_argument("set", help="a set's name or folder, or one checkpoint's")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--save", action="store_true", help="write each variant's metrics.json")
    args = parser.parse_args(argv)
    try:
        folders = checkpoints.find(checkpoints.locate(args.set))
        results = {}
        open_once = lru_cache(maxsize=1)(open_data)
        for folder in tqdm(folders, unit="variant", disable=not sys.stderr.isatty()):
            checkpoint = checkpoints.load(folder)
            training = checkpoint.config.training
            data = open_once(training.data, checkpoint.config.image_size, training.resize)
            found = evaluate(Translator(checkpoint), data)
            # Runs that differ in their seed alone share a name.
            taken = checkpoint.name in results
            results[f"{checkpoint.name} ({folder.name})" if taken else checkpoint.name] = found
            if args.save:
                checkpoints.write_json(folder / checkpoints.METRICS, found)
    except (checkpoints.CheckpointError, DataError, OSError) as error:
        print(f"evaluation: {error}", file=sys.stderr)
        return 2
    print(json.dumps(results, indent=2) if args.json else table(results))
    if not args.json:
        first = next(iter(results.values()))
        print(f"\n{first['pairs']} held-out pairs of {first['size']}×{first['size']} pixels.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
