"""Tiny ladders on disk, with figures of a test's own making and what these differ by."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from statistics import fmean

from PIL import Image
from tiny import config, noise
from variants import write

from cyclegan.core import files
from cyclegan.core.evidence import Difference
from cyclegan.inference import comparisons
from cyclegan.inference.comparisons import Comparisons
from cyclegan.methods.cyclegan import Objective
from cyclegan.store import checkpoints

LAMBDAS = (0.0, 0.1, 10.0)
CYCLE, IDENTITY = ("cycle_forward", "cycle_backward"), ("identity",)

FIGURES = {"cycle_error": "low", "silhouette_iou": "high"}
"""Which the lesson `drawing` has, and which way they are better."""


def ladder(
    folder: Path,
    figures: Sequence[Sequence[tuple[float, float]]] = (),
    weights: Sequence[str] = CYCLE,
    values: Sequence[float] = LAMBDAS,
    sure: float = 1.0,
    data: str = "drawing",
) -> Path:
    """Write it; of the first seed weights, of all others figures alone.

    figures: a rung after the other, of each seed cycle error and silhouette IoU, of G and F alike.
    sure: a mean difference counts from that many hundredths of the larger value on.
    """
    for place, value in enumerate(values):
        objective = Objective(**dict.fromkeys(weights, value))
        of = figures[place] if figures else [None]
        for seed, found in enumerate(of):
            settings = config(objective, data=data, seed=seed)
            where = folder / f"{value:g}" / (f"seed-{seed}" if seed else "")
            write(where, settings, seed=10 * place + seed)
            if seed:
                (where / checkpoints.WEIGHTS).unlink()
            if found:
                files.write_json(where / checkpoints.METRICS, _metrics(found))
    files.write_json(folder / checkpoints.LADDER, {"lesson": data, "weights": list(weights)})
    if figures:
        comparisons.write(folder, _compared(figures, values, sure))
    return folder


def _metrics(found: tuple[float, float]) -> dict:
    of = dict(zip(FIGURES, found, strict=True))
    ends = {key: [0.9 * value, 1.1 * value] for key, value in of.items()}
    return {"items": 5, "pairs": 5, "G": of, "F": of, "intervals": {"G": ends, "F": ends}}


def _compared(figures, values, sure: float) -> Comparisons:
    pairs = {}
    for a, b in combinations(range(len(values)), 2):
        of = {}
        for n, (key, better) in enumerate(FIGURES.items()):
            x, y = (fmean(found[n] for found in figures[place]) for place in (a, b))
            apart = (x - y) * (1 if better == "low" else -1)
            reach = sure / 100 * max(x, y)
            of[key] = Difference(apart, apart - reach, apart + reach)
        pairs[f"{values[a]:g}", f"{values[b]:g}"] = {"G": of, "F": of}
    return Comparisons(pairs)


def examples(folder: Path) -> None:
    """Two pairs for a set to be shown on."""
    (folder / "examples").mkdir()
    for number, name in enumerate(("here", "there")):
        for side in "xy":
            picture = noise(24, 24, seed=10 * number + ord(side))
            picture.save(folder / "examples" / f"{number}-{name}-{side}.png")


def samples(rung: Path, step: int, colour: tuple[int, int, int]) -> None:
    """A sample grid as a training keeps them: two rows of x and two of y, all in one colour."""
    side, padding = 24, 2
    width, height = 4 * (side + padding) + padding, 4 * (side + padding) + padding
    (rung / "samples").mkdir(exist_ok=True)
    Image.new("RGB", (width, height), colour).save(rung / "samples" / f"{step:06d}.png")


def with_blocks(settings, blocks: int):
    return replace(settings, generator=replace(settings.generator, blocks=blocks))
