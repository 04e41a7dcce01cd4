"""What augmentation does to a DCGAN, and the bundled set of it: `python -m bench.noise train RUNS`,
`… table RUNS`, `… ship RUNS`.

On 100 pictures of the emoji in 3D, three seeds without augmentation and with DiffAugment, and a
seed of what stands beside them: of the pictures alone, of 300 and of all pictures, and of satellite
tiles. `train` goes on after a kill; `ship` copies the two into the set's folder and measures them.
"""

import json
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PIL import Image

from bench import jobs, measured
from cyclegan.core import files
from cyclegan.inference import command
from cyclegan.store import checkpoints
from cyclegan.store.checkpoints import BUNDLED
from cyclegan.training.runs import LOG, SAMPLES, read_log

NAME, SEEDS, SHOWN = "emoji-from-noise", (0, 1, 2), 0

COMMON = ("--method", "dcgan", "--recipe", "lesson", "--precision", "float32")
COMMON += ("--log-every", "100", "--save-every", "250")
NONE, DIFFERENTIABLE, ALONE = (
    ("--term", f"augmentation={name}") for name in ("none", "diffaugment", "pictures")
)
EMOJI, TILES = ("--data", "emoji"), ("--data", "satellite2map", "--term", "side=x")

LEADING = {
    "none": (*EMOJI, "--pictures", "100", *NONE),
    "diffaugment": (*EMOJI, "--pictures", "100", *DIFFERENTIABLE),
}
"""What ships, by folder."""

BESIDE = {
    "pictures": (*EMOJI, "--pictures", "100", *ALONE),
    "none-300": (*EMOJI, "--pictures", "300", *NONE),
    "diffaugment-300": (*EMOJI, "--pictures", "300", *DIFFERENTIABLE),
    "none-all": (*EMOJI, *NONE),
    "diffaugment-all": (*EMOJI, *DIFFERENTIABLE),
    "tiles-none": (*TILES, "--pictures", "100", *NONE),
    "tiles-diffaugment": (*TILES, "--pictures", "100", *DIFFERENTIABLE),
}

KEPT = (250, 500, 1000, 1500, 2000)
"""Steps of the sample sheets that ship, as far as there are any."""


def folder_of(runs: Path, name: str, seed: int) -> Path:
    return runs / f"{name}-{seed}"


def train(runs: Path) -> None:
    """The shown seed of what ships first, then the other seeds, then what stands beside."""
    todo = [(name, words, SHOWN) for name, words in LEADING.items()]
    todo += [(n, words, s) for s in SEEDS if s != SHOWN for n, words in LEADING.items()]
    todo += [(name, words, SHOWN) for name, words in BESIDE.items()]

    def one(name: str, words: Sequence[str], seed: int) -> None:
        where = folder_of(runs, name, seed)
        jobs.train(where, *COMMON, *words, "--seed", str(seed))
        print(where, flush=True)

    jobs.side_by_side(partial(one, *job) for job in todo)


KEYS = ("d_gap", "nearest", "diversity", "sharpness")


def table(runs: Path) -> str:
    """The runs that are there, on all held-out pictures."""
    return measured.table(sorted(runs.iterdir()), "emoji", [("G", key) for key in KEYS])


def ship(runs: Path) -> None:
    """All seeds, of the shown one with D, its log and sample sheets through time."""
    root = BUNDLED / NAME
    for name in LEADING:
        shutil.rmtree(root / name, ignore_errors=True)
        for seed in SEEDS:
            run = folder_of(runs, name, seed)
            where = root / name if seed == SHOWN else root / name / f"seed-{seed}"
            checkpoints.export(run, where, with_judges=seed == SHOWN)
        run = folder_of(runs, name, SHOWN)
        saved = [line for line in read_log(run) if "figures" in line]
        kept = [{key: line[key] for key in ("step", "figures")} for line in saved]
        files.write_text(root / name / LOG, "".join(f"{json.dumps(line)}\n" for line in kept))
        (root / name / SAMPLES).mkdir()
        for step in KEPT:
            if (sheet := run / SAMPLES / f"{step:06d}.png").exists():
                path = root / name / SAMPLES / f"{step:06d}.webp"
                Image.open(sheet).save(path, quality=85, method=6)
    command.main([str(root), "--save"])


if __name__ == "__main__":
    measured.main(__doc__, {"train": train, "table": table, "ship": ship})
