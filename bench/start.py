"""Measure how soon there is something to see: `python -m bench.start [--repeats N] [--data NAME]`.

In turns, a process each: the bare imports of torch and gradio, and `python app.py` until its first
result is served. Then the first picture of a live training, from `Director.start` until its frame
can be read, when the Train tab was opened 0.5 and 20 seconds before; a page asks for it every two
seconds. With other work on the machine only the ratio says something: a worker steps aside.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import torch

from bench.page import measure_start, seconds
from cyclegan import lessons
from cyclegan.labs.live import Director, LiveSettings
from cyclegan.training.runs import describe_machine

AT_ONCE, LOOKED = 0.5, 20.0
"""Seconds between the opening of the Train tab and Start."""

BARE = [sys.executable, "-c", "import torch, gradio"]


def measure_bare() -> float:
    return seconds(lambda: subprocess.run(BARE, check=True))


def first_picture(data: str, looked: float) -> float:
    recipe = lessons.find(data).recipe
    with tempfile.TemporaryDirectory() as root:
        director = Director(Path(root))
        try:
            director.expect()
            time.sleep(looked)
            started = time.perf_counter()
            id = director.start(LiveSettings(recipe.config, recipe.arms))
            while not director.frame(id):
                time.sleep(0.02)
            taken = time.perf_counter() - started
            director.discard(id)
            while id in director.all():
                time.sleep(0.1)
            return taken
        finally:
            director.close()


def measure(repeats: int, data: str) -> dict:
    measure_bare(), measure_start()  # From here on all files lie in memory.
    pairs = [(measure_bare(), measure_start()) for _ in range(repeats)]
    return {
        "machine": describe_machine(torch.device("cpu")),
        "bare_imports_s": round(statistics.median(bare for bare, _ in pairs), 2),
        "start_s": round(statistics.median(start for _, start in pairs), 2),
        "start_over_bare": _summed(start / bare for bare, start in pairs),
        "picture_at_once_s": _summed(first_picture(data, AT_ONCE) for _ in range(repeats)),
        "picture_s": _summed(first_picture(data, LOOKED) for _ in range(repeats)),
    }


def _summed(numbers: Iterable[float]) -> str:
    """Median (lowest–highest)"""
    found = sorted(numbers)
    return f"{statistics.median(found):.2f} ({found[0]:.2f}–{found[-1]:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.start", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--data", default="drawing", help="lesson of the live training")
    args = parser.parse_args()
    for name, value in measure(args.repeats, args.data).items():
        print(f"{name:>18}  {value}")


if __name__ == "__main__":
    main()
