"""Measure a lesson as a class sees it: `python -m bench.live [--data NAME] [--seeds N] [--json]`,
nothing else running.

Real worker, real data, the lesson's recipe: seconds from Start to the first picture; until three
looks in a row show what there is to see (`lesson.seen` of the figures of both arms); and what the
live view costs: steps per second with frames and figures and without, in turns.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from cyclegan import lessons
from cyclegan.core.config import Training
from cyclegan.core.device import DEVICES, choose
from cyclegan.core.registry import load_plugins
from cyclegan.labs.live import Director, LiveSettings
from cyclegan.lessons import Lesson
from cyclegan.training.runs import describe_machine

IN_A_ROW = 3


def settings_of(args: argparse.Namespace, seed: int) -> LiveSettings:
    recipe = lessons.find(args.data).recipe
    training = replace(
        recipe.config.training,
        seed=seed,
        **({"precision": args.precision} if args.precision else {}),
        **({"steps": args.steps} if args.steps else {}),
    )
    generator = replace(recipe.config.generator, **({"width": args.width} if args.width else {}))
    base = replace(recipe.config, generator=generator, training=training)
    return LiveSettings(base, recipe.arms, device=args.device)


def learn(root: Path, settings: LiveSettings, minutes: float) -> dict:
    """One training until the lesson is seen, or `minutes` are over."""
    lesson = lessons.find(settings.base.training.data)
    director, started, found = Director(root), time.perf_counter(), {}
    id = director.start(settings)
    try:
        while time.perf_counter() - started < minutes * 60:
            seen, now = director.status(id), time.perf_counter() - started
            if "first_picture" not in found and director.frame(id):
                found["first_picture"] = now
            if seen.state in ("failed", "died"):
                raise RuntimeError(seen.sentence)
            if (step := seen_at(lesson, *director.curves(id))) is not None:
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


def seen_at(lesson: Lesson, a: list[dict], b: list[dict]) -> int | None:
    """The first step of the first looks in a row that show what there is to see."""
    row = []
    for one, other in zip(a, b, strict=False):
        if "figures" not in one or "figures" not in other:
            continue
        is_seen = lesson.seen(one["figures"], other["figures"])
        row = [*row, one["step"]] if is_seen else []
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
        runs = [learn(root, settings_of(args, seed), args.minutes) for seed in range(args.seeds)]
        turns = {"seen": [], "blind": []}
        for _ in range(args.repeats):
            for name, found in turns.items():
                found.append(speed(root, settings_of(args, 0), args.seconds, name == "blind"))
    medians = {name: statistics.median(found) for name, found in turns.items() if found}
    return {
        "machine": describe_machine(choose(args.device)),
        "settings": settings_of(args, 0).to_dict(),
        "runs": runs,
        "steps_per_second": turns,
        "cost_of_live_view": 1 - medians["seen"] / medians["blind"] if medians else None,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument(
        "--data", default=Training().data, help="a lesson's name; default: %(default)s"
    )
    parser.add_argument("--seeds", type=int, default=3, help="trainings until the lesson is seen")
    parser.add_argument("--minutes", type=float, default=30, help="at most, each")
    parser.add_argument("--repeats", type=int, default=3, help="turns with and without looking")
    parser.add_argument("--seconds", type=float, default=60, help="of each turn")
    parser.add_argument(
        "--precision", choices=["float32", "bfloat16"], help="default: the recipe's"
    )
    parser.add_argument("--width", type=int, help="of the generators; default: the recipe's")
    parser.add_argument("--steps", type=int, help="default: the recipe's")
    parser.add_argument("--device", default="cpu", choices=DEVICES)
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    args = parser.parse_args()
    load_plugins()
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
