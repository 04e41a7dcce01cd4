"""Measure what it costs to open files in a process of their own: `python -m bench.confined`.

Against the same in this process, in turns; "cold" is the first file after the process was ended.
"""

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from cyclegan.core import pictures
from cyclegan.store import formats, opening

RUNS, COLD_RUNS, LONGEST = 9, 5, 512
WEIGHTS = Path(__file__).parents[1] / "tests" / "golden" / "latest_net_G_A.pth"


def photo(width: int, height: int, kind: str) -> bytes:
    """Smooth noise, about as heavy as a photo."""
    small = np.random.default_rng(0).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).save(file, kind)
    return file.getvalue()


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def row(name: str, here: Callable, there: Callable, end: Callable) -> str:
    """Medians of both ways in turns, and of the first time after an end."""
    here(), there()
    pairs = [(seconds(here), seconds(there)) for _ in range(RUNS)]
    colds = []
    for _ in range(COLD_RUNS):
        end()
        colds.append(seconds(there))
    medians = (*map(statistics.median, zip(*pairs, strict=True)), statistics.median(colds))
    return f"| {name} | " + " | ".join(f"{found:.3f}" for found in medians) + " |"


def main() -> int:
    print("| file | in this process s | in the other s | cold s |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for width, height, kind in (
            *((64, 64, "PNG"), (512, 512, "PNG")),
            *((4000, 3000, "JPEG"), (4000, 3000, "PNG")),
        ):
            path = Path(folder) / f"{width}.{kind}"
            path.write_bytes(photo(width, height, kind))
            print(
                row(
                    f"{kind} of {width}×{height}",
                    lambda path=path: pictures.reduce(pictures.load(path), LONGEST),
                    lambda path=path: pictures.open_confined(path, longest=LONGEST),
                    pictures._CHAMBER.close,
                )
            )
        target = Path(folder) / "opened"
        print(
            row(
                f"weights of {WEIGHTS.stat().st_size / 1e6:.1f} MB",
                lambda: formats.load([WEIGHTS]),
                lambda: opening.convert((WEIGHTS,), target),
                opening._CHAMBER.close,
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
