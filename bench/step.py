"""Measure the training step: `python -m bench.step [--device cuda] [--json]`, nothing else running.

Our trainer against the plain recipe (plain.py), in turns within one run, so that a noisy machine is
noisy for both: the median of the ratios counts. Beside it the floor: the arithmetic of the step at
this machine's rate of matrix products, and its bytes at the rate of a copy.
"""

import argparse
import json
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from bench.plain import PlainTraining
from cyclegan.core.config import Config, Generator, Training
from cyclegan.core.device import quick_precision
from cyclegan.methods import Model
from cyclegan.training.runs import describe_machine
from cyclegan.training.trainer import Trainer

PLAIN = "plain float32"
OURS = {"ours float32": "float32", "ours bfloat16": "bfloat16"}
COMPILED = "ours bfloat16, compiled"


@dataclass(frozen=True)
class Case:
    """Networks of the paper and a batch: `size` pixels, `width` filters, residual `blocks`."""

    size: int
    width: int
    blocks: int
    batch: int = 1


CASES = {
    "cpu": (Case(64, 32, 6), Case(128, 64, 6)),
    "cuda": (Case(256, 64, 9), Case(256, 64, 9, batch=4), Case(128, 64, 6)),
}


def training(name: str, case: Case, device: torch.device) -> PlainTraining | Trainer:
    precision = {**OURS, COMPILED: "bfloat16"}.get(name, "float32")
    config = Config(
        Generator(width=case.width, blocks=case.blocks),
        training=Training(precision=precision, batch=case.batch),
        image_size=case.size,
    )
    torch.manual_seed(0)
    make = PlainTraining if name == PLAIN else Trainer
    one = make(Model(config), config.training, device)
    if name == COMPILED:
        for network in one.model.children():
            network.compile()
    return one


def batches(case: Case, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    shape = (case.batch, 3, case.size, case.size)
    x, y = (torch.rand(shape, generator=random) * 2 - 1 for _ in "xy")
    return x.to(device), y.to(device)


def seconds(call, device: torch.device, count: int = 1) -> float:
    """Of one call, as the mean of `count` of them, the device's work included."""
    started = time.perf_counter()
    for _ in range(count):
        call()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return (time.perf_counter() - started) / count


def ours_on(device: torch.device) -> list[str]:
    """Our ways of a step that make sense on a device: emulated bfloat16 would hardly ever end."""
    quick = ("float32", quick_precision(device))
    return [name for name, precision in OURS.items() if precision in quick]


def in_turns(case: Case, device: torch.device, repeats: int, count: int) -> dict[str, list[float]]:
    """Seconds a step of each training, `repeats` turns of `count` steps."""
    x, y = batches(case, device)
    names = (PLAIN, *ours_on(device), *([COMPILED] if device.type == "cuda" else []))
    trainings = {name: training(name, case, device) for name in names}
    found = {name: [] for name in trainings}
    for turn in range(repeats + 1):
        for name, one in trainings.items():
            took = seconds(lambda one=one: one.step(x, y), device, count)
            if turn:  # The first is for warming up.
                found[name].append(took)
    return found


class _Traffic(TorchDispatchMode):
    """Bytes that products and optimisers read and write; all else could be fused into them."""

    def __init__(self):
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        name = function.__name__
        if any(part in name for part in ("convolution", "mm", "adam")):
            written = list(args[0]) + list(args[2]) + list(args[3]) if "adam" in name else out
            self.bytes += _bytes(args) + _bytes(written)
        return out


def _bytes(found: object) -> int:
    if isinstance(found, torch.Tensor):
        return found.numel() * found.element_size()
    return sum(map(_bytes, found)) if isinstance(found, list | tuple) else 0


def floor(name: str, case: Case, device: torch.device) -> dict[str, float]:
    """What a step cannot go below on this machine: its arithmetic and its bytes, in seconds."""
    one = training(name.removesuffix(", compiled"), case, device)
    x, y = batches(case, device)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # Counters see the calling thread alone.
    try:
        with FlopCounterMode(display=False) as flops:
            one.step(x, y)
        with _Traffic() as traffic:
            one.step(x, y)
    finally:
        torch.set_num_threads(threads)
    dtype = torch.bfloat16 if "bfloat16" in name else torch.float32
    return {
        "gigaflop": flops.get_total_flops() / 1e9,
        "arithmetic_s": flops.get_total_flops() / product_rate(device, dtype),
        "gigabyte": traffic.bytes / 1e9,
        "bytes_s": traffic.bytes / copy_rate(device),
    }


def product_rate(device: torch.device, dtype: torch.dtype, side: int = 2048) -> float:
    """Floating-point operations per second of a square matrix product, the best of several."""
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in "ab")
    return 2 * side**3 / min(seconds(lambda: a @ b, device, 4) for _ in range(5))


def copy_rate(device: torch.device, count: int = 2**27) -> float:
    """Bytes per second, read and written, of a copy that no cache holds."""
    a = torch.zeros(count, dtype=torch.float32, device=device)
    b = torch.empty_like(a)
    return 8 * count / min(seconds(lambda: b.copy_(a), device, 2) for _ in range(5))


def peak_memory(name: str, case: Case, device: torch.device) -> float:
    """Megabytes: on a GPU what PyTorch held at most, on the CPU the resident set of a process."""
    x, y = batches(case, device)
    one = training(name, case, device)
    for _ in range(3):
        one.step(x, y)
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    # ru_maxrss would tell of the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def in_a_process(function, *arguments):
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def measure(device: torch.device, repeats: int = 7, count: int = 2) -> dict:
    found = {"machine": describe_machine(device), "cases": []}
    for case in CASES[device.type]:
        took = in_turns(case, device, repeats, count)
        rows = {}
        for name, values in took.items():
            ratios = [plain / own for plain, own in zip(took[PLAIN], values, strict=True)]
            rows[name] = {
                "seconds_per_step": statistics.median(values),
                "plain_over_this": statistics.median(ratios),
                "lowest": min(ratios),
                "highest": max(ratios),
                "peak_megabytes": in_a_process(peak_memory, name, case, device),
                **floor(name, case, device),
            }
        found["cases"].append({**asdict(case), "rows": rows})
    return found


def table(found: dict) -> str:
    lines = [
        found["machine"],
        "",
        "| size | filters | blocks | batch | step | seconds | plain ÷ this | floor: arithmetic s "
        "| floor: bytes s | peak MB |",
        "|---:|---:|---:|---:|---|---:|---:|---:|---:|---:|",
    ]
    for case in found["cases"]:
        head = f"| {case['size']} | {case['width']} | {case['blocks']} | {case['batch']} "
        lines += [
            head + f"| {name} | {row['seconds_per_step']:.4f} | {row['plain_over_this']:.2f} "
            f"({row['lowest']:.2f}–{row['highest']:.2f}) | {row['arithmetic_s']:.4f} "
            f"| {row['bytes_s']:.4f} | {row['peak_megabytes']:.0f} |"
            for name, row in case["rows"].items()
        ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.step", description=__doc__)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--repeats", type=int, default=7, help="turns; medians are over them")
    parser.add_argument("--steps", type=int, default=2, help="steps a turn")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args()
    device = torch.device(args.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("bench.step: PyTorch finds no GPU here.", file=sys.stderr)
        return 2
    found = measure(device, args.repeats, args.steps)
    print(json.dumps(found, indent=2) if args.json else table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
