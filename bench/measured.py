"""Runs as rows of a table, and the command of what is trained, measured and shipped."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from cyclegan.core.figures import named
from cyclegan.inference import command
from cyclegan.lessons import find
from cyclegan.store import checkpoints
from cyclegan.training.runs import read_log


def table(runs: Sequence[Path], lesson: str, columns: Sequence[tuple[str, str]]) -> str:
    """A line a run that is there, on all held-out items, with intervals, and its median seconds a
    step. columns: a network and a figure each."""
    measures = named(find(lesson).figures)
    heads = " | ".join(measures[key].heading for _, key in columns)
    lines = [f"| run | {heads} | seconds a step |", f"|---|{'---:|' * (len(columns) + 1)}"]
    for run in filter(checkpoints.is_checkpoint, runs):
        networks = command.measure_all([run], "cpu")[0].found.networks
        cells = []
        for network, key in columns:
            one, found = measures[key], networks[network].get(key)
            cells.append(
                f"{one.written(found.value)} ({one.within(found.interval)})" if found else "–"
            )
        cells.append(f"{median(line['seconds_per_step'] for line in read_log(run)):.3f}")
        lines.append(f"| {run.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(doc: str, actions: Mapping[str, Callable[[Path], str | None]]) -> None:
    """`python -m … ACTION RUNS`; what an action returns is printed."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("what", choices=actions)
    parser.add_argument("runs", type=Path)
    args = parser.parse_args()
    if told := actions[args.what](args.runs):
        print(told)
