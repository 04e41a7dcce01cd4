"""What ships in `checkpoints/`: `python -m bench.bundle train RUNS SET`, `… ship RUNS SET`.

Three seeds of the full variant and of the one that the set's point needs beside it; then the seed
that is shown, the middle one by the full variant's cycle error, of the other two. A lesson that
fails has one seed of the two. `train` goes on after a kill; `ship` copies what is finished into the
set's folder and measures it.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench import jobs
from cyclegan import lessons
from cyclegan.inference import command
from cyclegan.store import checkpoints
from cyclegan.store.checkpoints import BUNDLED

FULL = "gan-cycle-identity"
VARIANTS = {
    FULL: [],
    "gan-identity": ["--cycle", "none"],
    "gan-cycle": ["--identity", "0"],
    "gan": ["--cycle", "none", "--identity", "0"],
}
BESIDE = {
    "drawing": "gan-identity",
    "emoji": "gan-cycle",
    "satellite2map": "gan-identity",
    "turned": "gan-identity",
}
"""The variant that a set's point needs beside the full one."""

SEEDS = (0, 1, 2)
FAILS = ("turned",)
"""Lessons of one seed, and of no variants but the two."""

SETTINGS = [
    *("--size", "64", "--fit", "none", "--width", "24", "--blocks", "4"),
    *("--discriminator-width", "32", "--upsampling", "resize", "--steps", "5000"),
    *("--rate", "4e-4", "--precision", "float32", "--save-every", "1000"),
]


def folder_of(runs: Path, name: str, variant: str, seed: int) -> Path:
    return runs / name / f"{variant}-{seed}"


def train(runs: Path, name: str) -> None:
    def one(variant: str, seed: int) -> None:
        where = folder_of(runs, name, variant, seed)
        words = ("--data", name, "--norm", lessons.find(name).norm, *SETTINGS, *VARIANTS[variant])
        jobs.train(where, *words, "--seed", str(seed))
        print(where, flush=True)

    seeds = SEEDS[:1] if name in FAILS else SEEDS
    leading = [(variant, seed) for variant in (FULL, BESIDE[name]) for seed in seeds]
    jobs.side_by_side(partial(one, *job) for job in leading)
    if name in FAILS:
        return
    seed = shown(runs, name)
    jobs.side_by_side(partial(one, v, seed) for v in VARIANTS if v not in (FULL, BESIDE[name]))


def shown(runs: Path, name: str) -> int:
    """The seed in the middle by what the full variant's round trip loses on all held-out items."""
    seeds = [seed for seed in SEEDS if folder_of(runs, name, FULL, seed).exists()]
    if len(seeds) == 1:
        return seeds[0]
    found = command.measure_all([folder_of(runs, name, FULL, seed) for seed in seeds], "cpu")
    errors = [one.found.metrics["G"]["cycle_error"] for one in found]
    return sorted(zip(errors, seeds, strict=True))[len(seeds) // 2][1]


def ship(runs: Path, name: str) -> None:
    """The two leading variants of the shown seed with their discriminators, all else without; so
    are those of a lesson that fails, which is to be small.

    A variant whose shown seed is not trained stays as it was.
    """
    root, seed = BUNDLED / name, shown(runs, name)
    for variant in VARIANTS:
        trained = [s for s in SEEDS if folder_of(runs, name, variant, s).exists()]
        if seed not in trained:
            continue
        shutil.rmtree(root / variant, ignore_errors=True)
        for s in trained:
            where = root / variant if s == seed else root / variant / f"seed-{s}"
            judged = s == seed and variant in (FULL, BESIDE[name]) and name not in FAILS
            checkpoints.export(folder_of(runs, name, variant, s), where, with_judges=judged)
    command.main([str(root), "--save"])


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["train", "ship"])
    parser.add_argument("runs", type=Path)
    parser.add_argument("set", choices=BESIDE)
    args = parser.parse_args(argv)
    {"train": train, "ship": ship}[args.what](args.runs, args.set)


if __name__ == "__main__":
    sys.exit(main())
