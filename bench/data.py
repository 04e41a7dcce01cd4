"""Measure the way to a batch: `python -m bench.data [--json]`, with nothing else running.

Seconds until satellite2map is ready, and seconds between batches that nobody works on: of pictures
in memory, and of a folder of JPEG files of 286 pixels, in memory and decoded by threads as they
are needed, which is the way of a folder too large for memory.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import torch

from cyclegan.core import images
from cyclegan.lessons import UnpairedData, open_data
from cyclegan.lessons.folder import PictureFiles
from cyclegan.training.batches import Batches
from cyclegan.training.runs import describe_machine
from cyclegan.training.setup import DECODING_THREADS

PICTURES, STEPS = 64, 200
LOAD_SIZE = 286
SIDES = ("trainA", "trainB")


def folder_of_pictures(root: Path) -> Path:
    """A dataset of smooth noise, as heavy to decode as photos are."""
    random = torch.Generator().manual_seed(0)
    for part in (*SIDES, "testA", "testB"):
        (root / part).mkdir(parents=True)
        for i in range(PICTURES if part.startswith("train") else 2):
            coarse = torch.rand(1, 3, 36, 36, generator=random) * 2 - 1
            smooth = torch.nn.functional.interpolate(
                coarse, size=(LOAD_SIZE, LOAD_SIZE), mode="bilinear"
            )
            images.to_pictures(smooth)[0].save(root / part / f"{i}.jpg", quality=90)
    return root


def seconds_a_batch(data: UnpairedData, size: int) -> float:
    """Median time between batches that nobody works on, as a training's loader gives them."""
    batches = Batches(data.train_x, data.train_y, size)
    threads = 0 if data.in_memory else DECODING_THREADS
    times = []
    for _ in batches.loader(0, STEPS, threads):
        times.append(time.perf_counter())
    return statistics.median(b - a for a, b in pairwise(times[STEPS // 4 :]))


def measure() -> dict:
    started = time.perf_counter()
    bundled = open_data("satellite2map", 64, "none")
    opened = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as name:
        root = folder_of_pictures(Path(name))
        folder = open_data(name, 256, "squeeze")
        x, y = (PictureFiles(root / side, LOAD_SIZE, 256) for side in SIDES)
        decoded = replace(folder, train_x=x, train_y=y, in_memory=False)
        return {
            "machine": describe_machine(torch.device("cpu")),
            "satellite2map_ready_s": opened,
            "satellite2map_64px_batch_s": seconds_a_batch(bundled, 64),
            "folder_256px_batch_s": seconds_a_batch(folder, 256),
            "decoded_256px_batch_s": seconds_a_batch(decoded, 256),
        }


def table(found: dict) -> str:
    return "\n".join(f"{name:>28}  {value}" for name, value in found.items())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.data", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args()
    found = measure()
    print(json.dumps(found, indent=2) if args.json else table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
