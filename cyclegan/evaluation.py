"""Figures of checkpoints on held-out pairs: `python -m cyclegan.evaluation SET [--json] [--save]`.

Knows which figures go with which direction; `figures` knows how each is computed.
"""

import argparse
import json
import sys
from functools import lru_cache

import numpy as np
import torch
from tqdm import tqdm

from . import checkpoints, figures, images
from .data import DataError, UnpairedData, open_data
from .inference import Direction, Translator

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

    def mean(figure, a: np.ndarray, b: np.ndarray, *more: int) -> float:
        return float(np.mean([figure(one, other, *more) for one, other in zip(a, b, strict=True)]))

    found = {
        "rmse": mean(figures.rmse, made, truth),
        "accuracy_5": mean(figures.pixel_accuracy, made, truth, 5),
        "accuracy_10": mean(figures.pixel_accuracy, made, truth, 10),
        "accuracy_16": mean(figures.pixel_accuracy, made, truth, 16),
        "ssim": mean(figures.ssim, made, truth),
        "cycle_error": mean(figures.l1, reconstructed, original),
        "identity_error": mean(figures.l1, same, original),
        "diversity": figures.diversity(made, truth),
    }
    if is_map:
        found["sea_iou"] = figures.sea_iou(made, truth)
    return {name: found[name] for name in COLUMNS if name in found}


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
