"""A small laboratory on disk: tiny networks, examples, frames, and a report made up by hand."""

import json
from dataclasses import asdict
from itertools import combinations
from pathlib import Path

import variants
from PIL import Image
from tiny import config, noise

from cyclegan import lessons
from cyclegan.core.evidence import Difference
from cyclegan.inference.comparisons import Comparisons
from cyclegan.labs.ablation.text import PAPER
from cyclegan.labs.ablation.variants import is_paired, known

STEPS = (100, 200, 300)
SIDE = 24
FIGURES = {
    # sea IoU, RMSE, cycle error, diversity: who fails and how is plain.
    "cycle": (0.30, 80.0, 15.0, 0.90),
    "gan": (0.55, 70.0, 46.0, 0.20),
    "gan-forward": (0.60, 60.0, 18.0, 0.80),
    "gan-backward": (0.80, 58.0, 30.0, 1.20),
    "cyclegan": (0.85, 55.0, 17.0, 0.95),
    "cyclegan-identity": (0.90, 54.0, 17.5, 0.94),
    "pix2pix": (0.95, 40.0, 20.0, 1.00),
}
NAMES = ("sea_iou", "rmse", "cycle_error", "diversity")


def entry(name: str) -> dict:
    """One variant of report.json."""
    values = dict(zip(NAMES, FIGURES[name], strict=True))
    G = {
        n: {"mean": v, "spread": v / 50, "values": [v, v], "interval": [v / 2, v]}
        for n, v in values.items()
    }
    curve, row = [0.5 * v for v in values.values()], known()[name]
    return {
        "name": name,
        "title": row.title,
        "source": row.source,
        "left_out": row.left_out,
        "terms": row.objective.name,
        "method": row.objective.method,
        "paired": is_paired(name),
        "objective": asdict(row.objective),
        "formulas": {"original": "x", "made": "G(x)", "back": "F(G(x))"},
        "seeds": [0, 1],
        "figures": {"G": G, "F": {n: v for n, v in G.items() if n != "sea_iou"}},
        "curves": {
            "steps": list(STEPS),
            "terms": {"gan_G": [0.9, 0.6, 0.5], "D_X": [0.5, 0.4, 0.3]},
            "figures": {
                n: {"mean": [c, c + 0.01, values[n]], "low": [0.1] * 3, "high": [1.0] * 3}
                for n, c in zip(NAMES, curve, strict=True)
            },
        },
    }


def compared(names) -> list[dict]:
    """All pairs, told apart where they differ by more than a hundredth."""
    lesson = lessons.find("satellite2map")
    pairs = {}
    for a, b in combinations(names, 2):
        values = [dict(zip(NAMES, FIGURES[name], strict=True)) for name in (a, b)]
        apart = {
            key: lesson.measure(key).badness(values[0][key])
            - lesson.measure(key).badness(values[1][key])
            for key in NAMES
        }
        found = {key: Difference(d, d - 0.005, d + 0.005) for key, d in apart.items()}
        pairs[a, b] = {"G": found}
    return Comparisons(pairs).to_json()


def report(names=tuple(FIGURES)) -> dict:
    return {
        "data": "satellite2map",
        "pairs": 297,
        "items": 297,
        "effective": 20,
        "held_out": True,
        "size": SIDE,
        "steps": STEPS[-1],
        "seeds": [0, 1],
        "machine": "CPU",
        "settings": {},
        "variants": [entry(name) for name in names],
        "comparisons": compared(names),
        "frames": {"steps": list(STEPS), "inputs": 3, "side": SIDE},
        "paper": PAPER,
        "apart": {"G": 50.0, "F": 60.0},
    }


def write(folder: Path, values: dict, frames: bool = True) -> Path:
    """The report and the frames of its variants, no weights."""
    (folder / "report").mkdir(parents=True)
    (folder / "report" / "report.json").write_text(json.dumps(values), encoding="utf-8")
    if frames:
        place = folder / "report" / "frames"
        place.mkdir()
        noise(2 * SIDE, 3 * SIDE).save(place / "inputs.webp", lossless=True)
        for i, one in enumerate(values["variants"]):
            (place / one["name"]).mkdir()
            for step in STEPS:
                picture = noise(2 * SIDE, 3 * SIDE, seed=1000 * i + step)
                picture.save(place / one["name"] / f"{step:06d}.webp", lossless=True)
    return folder


def write_all(folder: Path) -> Path:
    """A whole laboratory: a checkpoint set with its report."""
    for i, name in enumerate(FIGURES):
        objective = known()[name].objective
        variants.write(folder / name, config(objective, data="satellite2map", steps=300), seed=i)
    (folder / "examples").mkdir()
    for i, name in enumerate(("01-iberia", "02-tibet")):
        for half in "xy":
            noise(SIDE, SIDE, seed=2 * i + (half == "y")).save(
                folder / "examples" / f"{name}-{half}.png"
            )
    return write(folder, report())


def copied(folder: Path, name: str) -> None:
    """Let the last frame of a variant show x itself where G(x) should be."""
    place = folder / "report" / "frames"
    with Image.open(place / "inputs.webp") as inputs:
        x = inputs.convert("RGB").crop((0, 0, SIDE, 3 * SIDE))
    frame = Image.new("RGB", (2 * SIDE, 3 * SIDE))
    frame.paste(x, (0, 0))
    frame.save(place / name / f"{STEPS[-1]:06d}.webp", lossless=True)
