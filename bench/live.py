"""Measure the lesson as a class sees it: `python -m bench.live [--seeds N] [--json]`, nothing else
running.

Real worker, real data, the page's defaults: seconds from Start to the first picture; until the arm
with the cycle loss shows the sea (IoU ≥ 0.80 on the held-out pairs of the curves, three looks in a
row) while its cycle error is at most 0.6 of the other arm's; and what the live view costs: steps
per second with frames and figures and without, in turns.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from cyclegan.labs.live import Director, LiveSettings
from cyclegan.training.runs import describe_machine

SEA_IOU, CYCLE_RATIO, IN_A_ROW = 0.80, 0.6, 3


def lesson(args: argparse.Namespace, seed: int) -> LiveSettings:
    defaults = LiveSettings()
    training = replace(
        defaults.base.training,
        seed=seed,
        **({"precision": args.precision} if args.precision else {}),
        **({"steps": args.steps} if args.steps else {}),
    )
    generator = replace(defaults.base.generator, **({"width": args.width} if args.width else {}))
    base = replace(defaults.base, generator=generator, training=training)
    return replace(defaults, base=base, device=args.device)


def learn(root: Path, settings: LiveSettings, minutes: float) -> dict:
    """One training until the lesson is seen, or `minutes` are over."""
    director, started, found = Director(root), time.perf_counter(), {}
    id = director.start(settings)
    try:
        while time.perf_counter() - started < minutes * 60:
            seen, now = director.status(id), time.perf_counter() - started
            if "first_picture" not in found and director.frame(id):
                found["first_picture"] = now
            if seen.state in ("failed", "died"):
                raise RuntimeError(seen.sentence)
            if (step := lesson_seen(*director.curves(id))) is not None:
                found["lesson"], found["lesson_step"] = now, step
                break
            if seen.state in ("finished", "measuring"):
                break
            time.sleep(0.25)
        seen = director.status(id)
        a, b = ([line for line in log if "figures" in line] for log in director.curves(id))
        if a:
            found |= {"last": {"step": a[-1]["step"], "with": a[-1]["figures"]}}
            found["last"]["without"] = b[-1]["figures"]
        found |= {"steps_per_second": seen.steps_per_second, "step": seen.step}
        found |= {"looking_share": seen.looking / max(seen.seconds, 1e-9)}
        found |= {"saving_share": seen.saving / max(seen.seconds, 1e-9)}
        return found
    finally:
        director.discard(id)
        ended(director, id)
        director.close()


def lesson_seen(a: list[dict], b: list[dict]) -> int | None:
    """The first step of the first looks in a row that show what there is to see."""
    row = []
    for one, other in zip(a, b, strict=False):
        if "figures" not in one or "figures" not in other:
            continue
        good = one["figures"]["sea_iou"] >= SEA_IOU
        ratio = one["figures"]["cycle_error"] / max(other["figures"]["cycle_error"], 1e-9)
        row = [*row, one["step"]] if good and ratio <= CYCLE_RATIO else []
        if len(row) == IN_A_ROW:
            return row[0]
    return None


def ended(director: Director, id: str) -> None:
    while id in director.all():
        time.sleep(0.1)


def speed(root: Path, settings: LiveSettings, seconds: float, blind: bool) -> float:
    """Steps per second of both arms over `seconds`, from the tenth step on."""
    director = Director(root, options=("--blind",) if blind else ())
    id = director.start(settings)
    try:
        while director.status(id).step < 10:
            time.sleep(0.1)
        first = director.status(id)
        time.sleep(seconds)
        last = director.status(id)
        return (last.step - first.step) / (last.written - first.written)
    finally:
        director.discard(id)
        ended(director, id)
        director.close()


def measure(args: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        runs = [learn(root, lesson(args, seed), args.minutes) for seed in range(args.seeds)]
        turns = {"seen": [], "blind": []}
        for _ in range(args.repeats):
            for name, found in turns.items():
                found.append(speed(root, lesson(args, 0), args.seconds, name == "blind"))
    medians = {name: statistics.median(found) for name, found in turns.items() if found}
    return {
        "machine": describe_machine(torch.device("cpu")),
        "settings": lesson(args, 0).to_dict(),
        "runs": runs,
        "steps_per_second": turns,
        "cost_of_live_view": 1 - medians["seen"] / medians["blind"] if medians else None,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="trainings until the lesson is seen")
    parser.add_argument("--minutes", type=float, default=30, help="at most, each")
    parser.add_argument("--repeats", type=int, default=3, help="turns with and without looking")
    parser.add_argument("--seconds", type=float, default=60, help="of each turn")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], help="default: the page's")
    parser.add_argument("--width", type=int, help="of the generators; default: the page's")
    parser.add_argument("--steps", type=int, help="default: the page's")
    parser.add_argument("--device", default="cpu", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    args = parser.parse_args()
    found = measure(args)
    if args.json:
        print(json.dumps(found, indent=2))
        return 0
    print(found["machine"])
    for seed, run in enumerate(found["runs"]):
        first, lesson_at = run.get("first_picture"), run.get("lesson")
        print(
            f"seed {seed}: first picture {first:.1f} s; "
            + (
                f"lesson {lesson_at:.0f} s (step {run['lesson_step']})"
                if lesson_at
                else "no lesson"
            )
            + f"; {run['steps_per_second']:.2f} steps/s; looking {run['looking_share']:.1%}, "
            f"saving {run['saving_share']:.1%}; last {json.dumps(run.get('last'))}"
        )
    for name, values in found["steps_per_second"].items():
        print(f"{name}: " + ", ".join(f"{value:.3f}" for value in values) + " steps/s")
    if found["cost_of_live_view"] is not None:
        print(f"cost of the live view: {found['cost_of_live_view']:.1%} of the steps per second")
    return 0


if __name__ == "__main__":
    sys.exit(main())
