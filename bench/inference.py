"""Measure a translation: `python -m bench.inference [--json]`, with nothing else running.

A Translator from picture to pictures, in turns with the three bare passes G(x), F(G(x)) and F(x) of
the same networks, and the arithmetic of those at this machine's rate of matrix products.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path

import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from bench.step import product_rate, seconds
from cyclegan.core import images
from cyclegan.core.config import Config
from cyclegan.inference.translator import Translator
from cyclegan.methods import Model
from cyclegan.store import catalogue as models
from cyclegan.store.checkpoints import Checkpoint
from cyclegan.training.runs import describe_machine

SIDES = (128, 256)
NAMES = {"bundled": "satellite2map/gan-cycle-identity", "paper": None}


def translator(name: str, device: torch.device) -> Translator:
    """The bundled checkpoint, or networks of the paper's size with random weights."""
    if NAMES[name]:
        return Translator(models.load_one(NAMES[name]), device)
    config = Config()
    model = Model(config).eval()
    return Translator(Checkpoint(Path(), config, model, metrics={}), device)


def measure(device: torch.device, repeats: int = 21) -> dict:
    found = {"machine": describe_machine(device), "rows": []}
    rate = product_rate(device, torch.float32)
    for name in NAMES:
        one = translator(name, device)
        G, F = one.model.G, one.model.F
        for side in SIDES:
            random = torch.Generator().manual_seed(side)
            x = torch.rand(1, 3, side, side, generator=random) * 2 - 1
            picture: Image.Image = images.to_pictures(x)[0]
            x = x.to(device)

            @torch.inference_mode()
            def bare(G=G, F=F, x=x) -> None:
                F(G(x))
                F(x)

            def ours(one=one, picture=picture) -> None:
                one.translate(picture)

            with FlopCounterMode(display=False) as flops:
                bare()
            ours()
            pairs = []
            for turn in range(repeats):  # Neither goes first each time.
                order = (ours, bare) if turn % 2 else (bare, ours)
                took = {work: seconds(work, device) for work in order}
                pairs.append((took[ours], took[bare]))
            found["rows"].append(
                {
                    "networks": name,
                    "side": side,
                    "translate_s": statistics.median(t for t, _ in pairs),
                    "bare_passes_s": statistics.median(b for _, b in pairs),
                    "over_bare": statistics.median(t / b for t, b in pairs),
                    "arithmetic_s": flops.get_total_flops() / rate,
                }
            )
    return found


def table(found: dict) -> str:
    lines = [
        found["machine"],
        "",
        "| networks | px | translate s | bare passes s | translate ÷ bare | floor: arithmetic s |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    return "\n".join(
        lines
        + [
            f"| {row['networks']} | {row['side']} | {row['translate_s']:.3f} "
            f"| {row['bare_passes_s']:.3f} | {row['over_bare']:.3f} | {row['arithmetic_s']:.3f} |"
            for row in found["rows"]
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.inference", description=__doc__)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args()
    found = measure(torch.device(args.device))
    print(json.dumps(found, indent=2) if args.json else table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
