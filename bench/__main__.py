"""All that a change may make slower, in one run: `python -m bench [--device cuda] [--json]`.

The step, a translation, the way to a batch, and the page (start, click, memory). With nothing else
running. What takes longer has a command of its own: bench.start, bench.live, bench.visitors,
bench.large, bench.hub, bench.ranks, bench.lens, bench.stage, bench.climb, bench.drawing; so has
what strangers do to a page, and what the walls cost: bench.fuzz, bench.attack, bench.confined.
"""

import argparse
import json
import sys

import torch

from bench import data, inference, page, step


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    args = parser.parse_args()
    device = torch.device(args.device)
    found = {
        "step": step.measure(device),
        "inference": inference.measure(device),
        "data": data.measure(),
        "page": page.measure(),
    }
    if args.json:
        print(json.dumps(found, indent=2))
        return 0
    for name, room in (("step", step), ("inference", inference), ("data", data), ("page", page)):
        print(f"\n## {name}\n\n{room.table(found[name])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
