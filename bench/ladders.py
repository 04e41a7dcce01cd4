"""One weight in steps, all else equal: `python -m bench.ladders train RUNS NAME`, then `ship`.

`drawing-cycle` changes λ with the identity weight as it is, `emoji-identity` the identity weight
with λ as it is; three seeds a rung. Of one seed weights ship, of all of them figures; and where
pictures early in training tell something, the samples of that seed.
"""

import argparse
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import jobs
from bench.bundle import SEEDS
from cyclegan import lessons
from cyclegan.core import files
from cyclegan.inference import command
from cyclegan.store import checkpoints
from cyclegan.store.checkpoints import BUNDLED, CONFIG, LADDER, METRICS

SETTINGS = [
    *("--size", "64", "--fit", "none", "--width", "16", "--blocks", "4"),
    *("--discriminator-width", "32", "--upsampling", "resize", "--steps", "2000"),
    *("--rate", "4e-4", "--precision", "float32", "--save-every", "1000"),
]


@dataclass(frozen=True)
class Ladder:
    """lesson: that it is trained on. weights: the objective's, which have the rung's value each.

    early: steps of the samples that are kept. shown: the seed of which weights ship; one for all
    rungs, whose middle ones differ.
    """

    lesson: str
    weights: tuple[str, ...]
    rungs: tuple[str, ...]
    early: tuple[int, ...] = ()
    shown: int = 0

    def words(self, rung: str) -> list[str]:
        terms = [word for name in self.weights for word in ("--term", f"{name}={rung}")]
        every = ["--sample-every", str(min(self.early))] if self.early else []
        norm = lessons.find(self.lesson).norm
        return ["--data", self.lesson, "--norm", norm, *SETTINGS, *terms, *every]


LADDERS = {
    "drawing-cycle": Ladder(
        "drawing", ("cycle_forward", "cycle_backward"), ("0", "0.1", "1", "10", "100")
    ),
    # Of three seeds the one that turned its colours round without identity: what can happen.
    "emoji-identity": Ladder(
        "emoji", ("identity",), ("0", "0.5", "5"), (100, 200, 400, 800), shown=2
    ),
}


def train(runs: Path, name: str) -> None:
    def one(rung: str, seed: int) -> None:
        where = runs / name / f"{rung}-{seed}"
        jobs.train(where, *LADDERS[name].words(rung), "--seed", str(seed))
        print(where, flush=True)

    rungs = LADDERS[name].rungs
    jobs.side_by_side(partial(one, rung, seed) for seed in SEEDS for rung in rungs)


def ship(runs: Path, name: str) -> None:
    ladder, root = LADDERS[name], BUNDLED / "ladders" / name
    shutil.rmtree(root, ignore_errors=True)
    for rung in ladder.rungs:
        for seed in SEEDS:
            where = root / rung if seed == ladder.shown else root / rung / f"seed-{seed}"
            checkpoints.export(runs / name / f"{rung}-{seed}", where, with_judges=False)
        for step in ladder.early:
            sample = runs / name / f"{rung}-{ladder.shown}" / "samples" / f"{step:06d}.png"
            (root / rung / "samples").mkdir(exist_ok=True)
            shutil.copy(sample, root / rung / "samples")
    files.write_json(root / LADDER, {"lesson": ladder.lesson, "weights": list(ladder.weights)})
    command.main([str(root), "--save"])
    for folder in root.glob("*/seed-*"):
        for file in folder.iterdir():
            if file.name not in (CONFIG, METRICS):
                file.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["train", "ship"])
    parser.add_argument("runs", type=Path)
    parser.add_argument("ladder", choices=LADDERS)
    args = parser.parse_args()
    {"train": train, "ship": ship}[args.what](args.runs, args.ladder)


if __name__ == "__main__":
    main()
