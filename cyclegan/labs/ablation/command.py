"""`python -m cyclegan.ablation run …` trains the variants; `report DIR` says what came of it."""

import argparse
import os
import sys
from pathlib import Path

import torch

from ...core.config import Config, ConfigError, Discriminator, Generator, Training
from ...lessons import DataError, open_data
from ...store.checkpoints import CheckpointError
from ...training.runs import RunError
from ...training.trainer import NonFiniteError
from . import report, run
from .variants import GROUPS, VARIANTS, choose


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cyclegan.ablation",
        description="Train one model under many objectives, and compare them on ground truth.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser(
        "run",
        help="train what is missing, go on with what was interrupted",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        epilog=f"variants: {', '.join(VARIANTS)}",
    )
    p.add_argument("--data", default="satellite2map", help="satellite2map, or a folder")
    p.add_argument(
        "--variants",
        default=["paper", "identity"],
        type=lambda text: text.split(","),
        metavar="A,B",
        help=f"variants, or groups of them: {', '.join(GROUPS)}",
    )
    p.add_argument("--seeds", type=int, default=3, help="how many, from 0 on")
    p.add_argument("--steps", type=int, default=2000)
    p.add_argument("--out", type=Path, required=True, metavar="DIR")
    p.add_argument("--size", type=int, default=64, metavar="PX", help="side of the square crops")
    p.add_argument("--width", type=int, default=16, help="filters of the generators")
    p.add_argument("--blocks", type=int, default=4, help="residual blocks")
    p.add_argument("--discriminator-width", type=int, default=32, help="filters of D_X and D_Y")
    p.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    p.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    p.add_argument(
        "--jobs", type=int, help="runs at once (default: one a core, or one a GPU)", metavar="N"
    )
    p = commands.add_parser("report", help="tables, pictures and curves of all finished runs")
    p.add_argument("lab", type=Path, metavar="DIR", help="what run was given as --out")
    p.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: DIR/report)")
    return parser


def _run(args: argparse.Namespace) -> None:
    if args.seeds < 1:
        raise ConfigError("--seeds must be at least 1.")
    if args.jobs is not None and args.jobs < 1:
        raise ConfigError("--jobs must be at least 1.")
    device = args.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("PyTorch finds no CUDA device here; leave --device out.")
    variants = choose(args.variants)
    data = open_data(args.data, args.size, "crop")
    needy = [name for name in variants if VARIANTS[name].objective.paired]
    if needy and data.train_truth is None:
        raise ConfigError(f"{args.data} has no true pairs to train {', '.join(needy)} on.")
    base = Config(
        generator=Generator(width=args.width, blocks=args.blocks, upsampling="resize"),
        discriminator=Discriminator(width=args.discriminator_width),
        domains=data.domains,
        training=Training(
            data=args.data, resize="crop", steps=args.steps, precision=args.precision
        ),
        image_size=args.size,
    )
    machines = torch.cuda.device_count() if device == "cuda" else os.cpu_count() or 1
    run.execute(run.plan(args.out, base, variants, args.seeds), device, args.jobs or machines)


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    try:
        if args.command == "run":
            _run(args)
        else:
            print(report.write(args.lab, args.out or args.lab / "report"))
    except KeyboardInterrupt:
        print("\nablation: stopped; the same command goes on from here.", file=sys.stderr)
        return 130
    except (CheckpointError, ConfigError, DataError, NonFiniteError, RunError, OSError) as error:
        print(f"ablation: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
