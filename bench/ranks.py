"""Measure several processes: `python -m bench.ranks [--processes 2]`, nothing else running.

Seconds a joint batch (one picture a process) of satellite2map-like noise: all processes with a core
each, one process with one core, and one process with as many cores, in turns. Efficiency is the
first against the second, over the number of processes. On the CPU, over gloo.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from bench.step import Case, batches, seconds, training
from cyclegan.training import processes as ranks
from cyclegan.training.runs import describe_machine

CPU = torch.device("cpu")
CASES = (Case(64, 32, 6), Case(128, 64, 6))
STEPS, WARM = 5, 2


def work(file: Path) -> None:
    """What each process does: rank 0 writes the seconds a step of each case."""
    if ranks.launched():
        ranks.join(CPU)
    found = []
    for case in CASES:
        own = Case(case.size, case.width, case.blocks, int(os.environ["BENCH_BATCH"]))
        x, y = batches(own, CPU)
        one = training("ours float32", own, CPU)
        seconds(lambda one=one, x=x, y=y: one.step(x, y), CPU, WARM)
        found.append(seconds(lambda one=one, x=x, y=y: one.step(x, y), CPU, STEPS))
    if ranks.is_first():
        file.write_text(json.dumps(found))
    ranks.leave()


def run(processes: int, threads: int, batch: int) -> list[float]:
    launcher = []
    if processes > 1:
        launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
        launcher += ["-m"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        command = [sys.executable, "-m", *launcher, "bench.ranks", "--work", str(file)]
        env = {**os.environ, "OMP_NUM_THREADS": str(threads), "BENCH_BATCH": str(batch)}
        subprocess.run(command, env=env, check=True, stderr=subprocess.DEVNULL)
        return json.loads(file.read_text())


def measure(processes: int, repeats: int = 3) -> dict:
    turns = [
        (run(processes, 1, 1), run(1, 1, processes), run(1, processes, processes))
        for _ in range(repeats)
    ]
    found = {"machine": describe_machine(CPU), "processes": processes, "cases": []}
    for i, case in enumerate(CASES):
        shared, single, threaded = ([turn[kind][i] for turn in turns] for kind in range(3))
        found["cases"].append(
            {
                "size": case.size,
                "width": case.width,
                "blocks": case.blocks,
                "processes_s": statistics.median(shared),
                "one_process_one_core_s": statistics.median(single),
                "one_process_all_cores_s": statistics.median(threaded),
                "efficiency": statistics.median(
                    one / (processes * many) for one, many in zip(single, shared, strict=True)
                ),
            }
        )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.ranks", description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        work(args.work)
        return 0
    found = measure(args.processes)
    if args.json:
        print(json.dumps(found, indent=2))
        return 0
    print(found["machine"])
    for case in found["cases"]:
        print(", ".join(f"{name} {value:.4g}" for name, value in case.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
