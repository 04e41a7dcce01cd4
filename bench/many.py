"""Many answers beside one, and the bundled sets of it: `python -m bench.many train RUNS`,
`… table RUNS`, `… ship RUNS`.

Augmented CycleGAN by its lesson's recipe, and CycleGAN with equal networks, weights, rate and
steps, on `glasses` and on `drawing`. `train` goes on after a kill; `ship` copies what is trained
into the sets' folders and measures it.
"""

import shutil
from functools import partial
from pathlib import Path

from bench import jobs, measured
from cyclegan.inference import command
from cyclegan.methods.augmented.recipes import LESSON
from cyclegan.store import checkpoints
from cyclegan.store.checkpoints import BUNDLED

SETS = {"glasses": "glasses", "drawing": "drawing-answers"}
"""Names of the sets that ship, by lesson."""

SEEDS, SHOWN = {"glasses": (0, 1, 2), "drawing": (0,)}, 0

COMMON = ("--precision", "float32", "--log-every", "100", "--save-every", "500")

METHODS = {
    "augmented": ("--method", "augmented", "--recipe", "lesson"),
    "cyclegan": (
        *("--method", "cyclegan", "--size", str(LESSON.image_size), "--fit", "none"),
        *("--width", str(LESSON.generator.width), "--blocks", str(LESSON.generator.blocks)),
        *("--upsampling", LESSON.generator.upsampling, "--norm", LESSON.generator.norm),
        *("--discriminator-width", str(LESSON.discriminator.width)),
        *("--steps", str(LESSON.training.steps), "--rate", str(LESSON.training.rate)),
        *("--ema", str(LESSON.training.ema_decay)),
    ),
}
"""What trains them, by the folders of what ships. λ and identity are CycleGAN's own, 10 and 5, as
the recipe has them too."""


def folder_of(runs: Path, lesson: str, method: str, seed: int) -> Path:
    return runs / f"{lesson}-{method}-{seed}"


def train(runs: Path) -> None:
    """The shown seeds first."""
    listed = [(lesson, m, seed) for lesson in SETS for m in METHODS for seed in SEEDS[lesson]]

    def one(lesson: str, method: str, seed: int) -> None:
        where = folder_of(runs, lesson, method, seed)
        jobs.train(where, *METHODS[method], *COMMON, "--data", lesson, "--seed", str(seed))
        print(where, flush=True)

    listed.sort(key=lambda job: job[-1] != SHOWN)
    jobs.side_by_side(partial(one, *job) for job in listed)


KEYS = {
    "glasses": ("answers_diversity", "truths_z_nearer", "outside", "answer_error", "cycle_error"),
    "drawing": ("answers_apart", "truths_z_nearer", "rmse", "cycle_error"),
}
RETURNED = {
    "glasses": ("glasses_returned", "glasses_returned_another_z", "glasses_returned_noise"),
    "drawing": ("colour_returned", "colour_returned_another_z", "colour_returned_noise"),
}
"""Figures of the way back from Y."""


def table(runs: Path) -> str:
    """Of each lesson the runs that are there, on all held-out pairs."""
    tables = []
    for lesson in SETS:
        columns = [("G", k) for k in KEYS[lesson]] + [("F", k) for k in RETURNED[lesson]]
        listed = [folder_of(runs, lesson, m, seed) for m in METHODS for seed in SEEDS[lesson]]
        tables.append(measured.table(listed, lesson, columns))
    return "\n\n".join(tables)


def ship(runs: Path) -> None:
    """The shown seeds that are trained, without judges."""
    for lesson, name in SETS.items():
        root = BUNDLED / name
        trained = [m for m in METHODS if folder_of(runs, lesson, m, SHOWN).exists()]
        for method in trained:
            shutil.rmtree(root / method, ignore_errors=True)
            run = folder_of(runs, lesson, method, SHOWN)
            checkpoints.export(run, root / method, with_judges=False)
        if trained:
            command.main([str(root), "--save"])


if __name__ == "__main__":
    measured.main(__doc__, {"train": train, "table": table, "ship": ship})
