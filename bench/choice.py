"""Which recipe teaches best: `python -m bench.choice run OUT`, `python -m bench.choice table OUT`.

Every candidate is trained on every lesson with every seed, all else equal, and measured on both
halves of the held-out items: a choice is made on the first and reported on the second. `run` goes
on after a kill; OUT keeps a JSON file and every item's figures a run, and the weights while they
are of use.
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from bench import jobs
from cyclegan import lessons
from cyclegan.core import files
from cyclegan.inference import evaluation
from cyclegan.inference.translator import Translator
from cyclegan.lessons import UnpairedData, open_data
from cyclegan.store import checkpoints

SIZE = 64
SEEDS = (0, 1, 2)
LESSONS = ("drawing", "satellite2map")
COMMON = [
    *("--size", str(SIZE), "--resize", "crop", "--width", "16", "--blocks", "4"),
    *("--discriminator-width", "32", "--steps", "3000", "--precision", "float32"),
    *("--save-every", "1000"),
]
NEAREST = ("--upsampling", "resize")
SMOOTH = ("--upsampling", "bilinear", "--downsampling", "antialiased")
CANDIDATES = {
    "layer norm on the way up, rate × 2": [*NEAREST, "--norm", "instance-layer", "--rate", "4e-4"],
    "layer norm, rate × 2": [*NEAREST, "--norm", "layer", "--rate", "4e-4"],
    "as shipped": [*NEAREST],
    "rate × 2": [*NEAREST, "--rate", "4e-4"],
    "λ 20": [*NEAREST, "--lambda", "20", "--identity", "0.25"],
    "anti-aliased": [*SMOOTH],
    "warm start": [*NEAREST, "--method", "warmed"],
    "steady judges": [*NEAREST, "--method", "steady"],
}
"""The likelier ones first."""
HALVES = ("choice", "report")


def half(data: UnpairedData, which: str) -> UnpairedData:
    """The held-out items of every other group, or of every other band of longitude."""
    groups = list(dict.fromkeys(data.groups))
    if isinstance(groups[0], tuple):  # Cells, (row, column): neighbours share ground, bands none.
        columns = sorted({column for _, column in groups})
        starts = [c for before, c in zip([-9, *columns], columns, strict=False) if c > before + 1]
        order = {g: sum(start <= g[1] for start in starts) - 1 for g in groups}
    else:
        order = {group: place for place, group in enumerate(groups)}
    kept = [i for i, g in enumerate(data.groups) if order[g] % 2 == HALVES.index(which)]

    def of(items: Sequence) -> list:
        return [items[i] for i in kept]

    return replace(
        data,
        test_x=of(data.test_x),
        test_y=of(data.test_y),
        known_x={name: of(values) for name, values in data.known_x.items()},
        known_y={name: of(values) for name, values in data.known_y.items()},
        groups=of(data.groups),
        drawn=data.drawn and data.drawn // 2,
    )


def measure(folder: Path, lesson: str) -> tuple[dict, dict[str, np.ndarray]]:
    """Metrics by half, and what every item brings to them."""
    data, translator = open_data(lesson, SIZE, "crop"), Translator(checkpoints.load(folder))
    metrics, items = {}, {}
    for which in HALVES:
        found = evaluation.estimate(translator, half(data, which))
        metrics[which] = found.metrics
        for network, estimates in found.networks.items():
            for key, one in estimates.items():
                if one.items is not None:
                    items[f"{which} {network} {key}"] = one.items.astype(np.float32)
    return metrics, items


def one(out: Path, name: str, seed: int, lesson: str) -> None:
    """Train and measure, unless that is done."""
    spelled = {ord(" "): "-", ord("λ"): "lambda", ord("×"): "x", ord(","): None}
    stem = f"{lesson} {name} {seed}".translate(spelled)
    if (out / f"{stem}.json").exists():
        return
    folder = out / "runs" / stem
    jobs.train(folder, "--data", lesson, *COMMON, *CANDIDATES[name], "--seed", str(seed))
    metrics, items = measure(folder, lesson)
    np.savez_compressed(out / f"{stem}.npz", **items)
    seconds = checkpoints.read_config(folder).facts.get("seconds")
    told = {"lesson": lesson, "candidate": name, "seed": seed, "seconds": seconds}
    files.write_json(out / f"{stem}.json", {**told, **metrics})
    print(stem, flush=True)


def run(out: Path) -> None:
    os.environ["CYCLEGAN_PLUGINS"] = "bench.candidates"
    jobs.side_by_side(partial(one, out, *job) for job in product(CANDIDATES, SEEDS, LESSONS))


def table(out: Path) -> str:
    """Means over seeds on either half; the spread between seeds behind."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.glob("*.json"))]
    lines = []
    for lesson in LESSONS:
        of = [one for one in found if one["lesson"] == lesson]
        figures = [f for f in lessons.find(lesson).figures if not f.is_detail]
        for which in HALVES:
            lines += [f"\n{lesson}, {which}\n", f"| | {' | '.join(f.heading for f in figures)} |"]
            lines.append("|---|" + "---:|" * len(figures))
            for name in CANDIDATES:
                seeds = [one[which]["G"] for one in of if one["candidate"] == name]
                cells = []
                for figure in figures:
                    values = [seed[figure.key] for seed in seeds if figure.key in seed]
                    spread = f" ± {figure.written(np.std(values, ddof=1))}" if values[1:] else ""
                    cells.append(figure.written(np.mean(values)) + spread if values else "–")
                lines.append(f"| {name} ({len(seeds)}) | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.what == "run":
        run(args.out)
    print(table(args.out))


if __name__ == "__main__":
    main()
