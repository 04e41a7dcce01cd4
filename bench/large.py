"""A picture of 4096×4096 pixels through the command line: `python -m bench.large [--json]`.

For the bundled networks and for the paper's full size (64 filters, 9 blocks; random weights): the
seconds of each of the three passes G(x), F(G(x)) and F(x), by the clock and of all cores together,
and the peak resident set of the whole command, a process of its own. Then, at 1024×1024, where the
networks can also take the picture whole: the largest difference of one pass by strips, in units of
0 to 255, and its time over that of the whole, with budgets scaled so that it takes the same course
as at 4096×4096. Takes minutes with nothing else running; `--networks` and `--side` measure less,
and "cut" among the networks is the paper's with CUT's anti-aliasing.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image

from cyclegan.core import images, pictures
from cyclegan.core.config import Config, Generator
from cyclegan.inference import strips
from cyclegan.inference.strips import passes
from cyclegan.methods import Model
from cyclegan.store import catalogue as models
from cyclegan.store import checkpoints
from cyclegan.training.runs import describe_machine

ROOT = Path(__file__).parent.parent
SIDE, WHOLE = 4096, 1024
REPEATS = 3
BUNDLED = "satellite2map/gan-cycle-identity"

COMMAND = """
import json, resource, sys, time
from cyclegan import translate
from cyclegan.inference import strips
run, seconds, busy = strips.run, [], []
def timed(*args):
    started, worked = time.perf_counter(), time.process_time()
    made = run(*args)
    seconds.append(time.perf_counter() - started)
    busy.append(time.process_time() - worked)
    return made
strips.run = timed
started = time.perf_counter()
code = translate.main(sys.argv[1:])
whole = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
found = {"passes_s": seconds, "passes_cpu_s": busy, "command_s": whole}
print(json.dumps({"code": code, "peak": peak, **found}))
"""


def mosaic(side: int) -> Image.Image:
    """The bundled examples beside one another, enlarged by a little: no two strips are alike."""
    paths = sorted((checkpoints.BUNDLED / "satellite2map" / "examples").rglob("*.png"))
    tiles = [pictures.load(path) for path in paths]
    picture, step = Image.new("RGB", (side, side)), 100
    for place in range((-(-side // step)) ** 2):
        row, column = divmod(place, -(-side // step))
        tile = pictures.resize(tiles[(7 * row + column) % len(tiles)], (step, step))
        picture.paste(tile, (step * column, step * row))
    return picture


def paper_checkpoint(folder: Path, **options: str) -> str:
    """Two of the paper's generators as they begin, with other options than the paper's."""
    torch.manual_seed(0)
    config = Config(generator=Generator(**options))
    model = Model(config)
    checkpoints.save(folder, config, model.networks)
    return str(folder)


def measure_command(model: str, side: int, folder: Path) -> dict:
    mosaic(side).save(folder / "large.png")
    argv = ["--model", model, "--input", folder / "large.png", "--output", folder / "out"]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, argv), "--longest-side", str(side)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["code"] == 0
    return {
        "passes_s": [round(seconds, 1) for seconds in found["passes_s"]],
        "passes_cpu_s": [round(seconds, 1) for seconds in found["passes_cpu_s"]],
        "command_s": round(found["command_s"], 1),
        "peak_gb": round(found["peak"] / 1e9, 2),
    }


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


@torch.inference_mode()
def compare(model: str) -> dict:
    """One pass at WHOLE pixels, by strips and whole, in turns."""
    G = models.load_one(model).model.G
    x = images.to_tensor(mosaic(WHOLE))
    kept, strip = passes.KEPT * WHOLE**2 // SIDE**2, passes.STRIP * WHOLE // SIDE

    def by_strips() -> torch.Tensor:
        return strips.run(G, x, kept=kept, strip=strip)

    whole, made = G(x), by_strips()
    levels = [images.to_bytes(t).int() for t in (whole, made)]
    pairs = [(seconds(by_strips), seconds(lambda: G(x))) for _ in range(REPEATS)]
    return {
        "largest_difference": round(float((whole - made).abs().max()) * 127.5, 5),
        "largest_8bit_difference": int((levels[0] - levels[1]).abs().max()),
        "strips_over_whole": round(statistics.median(a / b for a, b in pairs), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    parser.add_argument("--networks", nargs="+", default=["bundled", "paper"])
    parser.add_argument("--side", type=int, default=SIDE)
    args = parser.parse_args()
    found = {}

    def report(values: dict, prefix: str = "") -> None:
        for name, value in values.items():
            found[prefix + name] = value
            if not args.json:  # As soon as it is known: the whole takes a while.
                print(f"{prefix + name:>31}  {value}", flush=True)

    report({"machine": describe_machine(torch.device("cpu"))})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cut = {"upsampling": "bilinear_zeros", "downsampling": "antialiased"}
        named = {
            "bundled": BUNDLED,
            "paper": paper_checkpoint(folder / "paper"),
            "cut": paper_checkpoint(folder / "cut", **cut),
        }
        for network in args.networks:
            # The command first: a child counts its parent's memory at the start as its own.
            report(measure_command(named[network], args.side, folder), f"{network}_")
        for network in args.networks:
            report(compare(named[network]), f"{network}_")
    if args.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
