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
from statistics import fmean, stdev

import numpy as np

from bench import jobs
from cyclegan import lessons
from cyclegan.core import evidence, files
from cyclegan.core.evidence import Blocks, Estimate
from cyclegan.core.figures import Measure, named
from cyclegan.core.registry import load_plugins
from cyclegan.inference import comparisons, evaluation
from cyclegan.inference.translator import Translator
from cyclegan.lessons import UnpairedData, open_data
from cyclegan.store import checkpoints

SIZE = 64
SEEDS = (0, 1, 2)
LESSONS = ("drawing", "satellite2map")
COMMON = [
    *("--size", str(SIZE), "--fit", "none", "--width", "16", "--blocks", "4"),
    *("--discriminator-width", "32", "--steps", "3000", "--precision", "float32"),
    *("--save-every", "1000"),
]
NEAREST = ("--upsampling", "resize")
SMOOTH = ("--upsampling", "bilinear", "--downsampling", "antialiased")
QUICK = ("--rate", "4e-4")
CANDIDATES = {
    "layer norm on the way up, rate × 2": [*NEAREST, *QUICK, "--norm", "instance-layer"],
    "layer norm, rate × 2": [*NEAREST, *QUICK, "--norm", "layer"],
    "as shipped": [*NEAREST],
    "layer norm on the way up, rate × 2, anti-aliased": [
        *(*SMOOTH, *QUICK, "--norm", "instance-layer"),
    ],
    "rate × 2": [*NEAREST, *QUICK],
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
    data, translator = open_data(lesson, SIZE, "none"), Translator(checkpoints.load(folder))
    metrics, items = {}, {}
    for which in HALVES:
        found = evaluation.estimate(translator, half(data, which))
        metrics[which] = found.metrics
        for network, estimates in found.networks.items():
            for key, one in estimates.items():
                if one.items is not None:
                    items[f"{which} {network} {key}"] = one.items.astype(np.float32)
    return metrics, items


def stem(lesson: str, name: str, seed: int) -> str:
    """Of the files of a run."""
    spelled = {ord(" "): "-", ord("λ"): "lambda", ord("×"): "x", ord(","): None}
    return f"{lesson} {name} {seed}".translate(spelled)


def one(out: Path, name: str, seed: int, lesson: str) -> None:
    """Train and measure, unless that is done."""
    called = stem(lesson, name, seed)
    if (out / f"{called}.json").exists():
        return
    folder = out / "runs" / called
    jobs.train(folder, "--data", lesson, *COMMON, *CANDIDATES[name], "--seed", str(seed))
    metrics, items = measure(folder, lesson)
    np.savez_compressed(out / f"{called}.npz", **items)
    seconds = checkpoints.read_config(folder).facts.get("seconds")
    told = {"lesson": lesson, "candidate": name, "seed": seed, "seconds": seconds}
    files.write_json(out / f"{called}.json", {**told, **metrics})
    print(called, flush=True)


def run(out: Path) -> None:
    os.environ["CYCLEGAN_PLUGINS"] = (
        "bench.candidates"  # For the trainings, and for measuring them.
    )
    load_plugins()
    jobs.side_by_side(partial(one, out, *job) for job in product(CANDIDATES, SEEDS, LESSONS))


COLUMNS = ("cycle_error", "silhouette_iou", "sea_iou", "rmse", "sharpness", "warping_1")
BACK = ("cycle_error", "colour_returned")
"""Figures of G, and of F, that a choice is made by."""
REFERENCE = "as shipped"


def table(out: Path) -> str:
    """Means over seeds on either half, the spread between seeds behind; then, in pairs, what each
    candidate differs in from the reference."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.glob("*.json"))]
    parts = []
    for lesson in LESSONS:
        of = {name: [] for name in CANDIDATES}
        for one in found:
            if one["lesson"] == lesson and one["candidate"] in of:
                of[one["candidate"]].append(one)
        measures = named(lessons.find(lesson).figures)
        columns = [("G", measures[key]) for key in COLUMNS if key in measures]
        columns += [("F", measures[key]) for key in BACK if key in measures]
        for which in HALVES:
            heads = " | ".join(f"{m.heading} of {network}" for network, m in columns)
            parts.append(f"\n{lesson}, {which}\n\n| | {heads} |\n|---|{'---:|' * len(columns)}")
            for name, seeds in of.items():
                cells = [_cell(m, [one[which][n].get(m.key) for one in seeds]) for n, m in columns]
                parts.append(f"| {name} ({len(seeds)}) | {' | '.join(cells)} |")
            parts += ["", *_differences(out, lesson, which, of, columns)]
    return "\n".join(parts)


def _cell(measure: Measure, values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    spread = f" ± {measure.written(stdev(known))}" if known[1:] else ""
    return f"{measure.written(fmean(known))}{spread}"


def _differences(
    out: Path, lesson: str, which: str, of: dict[str, list[dict]], columns: Sequence
) -> list[str]:
    """A line a candidate: what it differs in from the reference with the same seeds."""
    blocks = half(open_data(lesson, SIZE, "none"), which).held_out(SIZE).blocks_x
    variants: dict[str, dict] = {}
    for name, runs in of.items():
        for one in runs:
            with np.load(out / f"{stem(lesson, name, one['seed'])}.npz") as arrays:
                estimates = {
                    network: {
                        m.key: _estimate(arrays[key], blocks)
                        for n, m in columns
                        if n == network
                        and m.over in ("mean", "ratio")
                        and (key := f"{which} {n} {m.key}") in arrays
                    }
                    for network in "GF"
                }
            variants.setdefault(name, {})[one["seed"]] = estimates
    measures = {m.key: m for _, m in columns}
    found = comparisons.compare(variants, measures)
    lines = []
    for name in variants:
        told = [
            f"{network}: {words}"
            for network in "GF"
            if (
                words := comparisons.told(
                    measures.values(), found.between(name, REFERENCE, network)
                )
            )
        ]
        if name != REFERENCE and told:
            lines.append(f"- {name} against {REFERENCE}: {'. '.join(told)}.")
    return lines


def _estimate(items: np.ndarray, blocks: Blocks) -> Estimate | None:
    """Out of what items bring; None where these are others than the held-out ones."""
    values = items.reshape(len(items), -1).astype(float)
    if len(values) != len(blocks.of):
        return None
    below = values[:, 1] if values.shape[1] > 1 else np.ones(len(values))
    return evidence.of_ratio(values[:, 0], below, blocks)


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
