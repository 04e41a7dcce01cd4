"""`python -m cyclegan.ablation run …` trains the variants; `report DIR` says what came of it."""

import argparse
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ... import lessons, methods
from ...core import device as devices
from ...core.config import ConfigError, Training
from ...core.pictures import ImageError
from ...core.registry import load_plugins
from ...lessons import DataError, UnpairedData, open_data
from ...store.checkpoints import CheckpointError
from ...training.runs import RunError
from ...training.setup import check_data, check_labels
from ...training.trainer import NonFiniteError
from ..handout.document import HandoutError
from . import report, run
from .variants import ALL, choose, groups, known, usual


class _Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    pass


def _listed() -> str:
    """The variants, and where each is from whose source has more than it."""
    lines = textwrap.wrap(f"variants: {', '.join(known())}", 98, break_on_hyphens=False)
    for name, row in known().items():
        if row.left_out:
            words = f"{name} ({row.source}) leaves out or changes: {row.left_out}"
            lines += ["", *textwrap.wrap(words, 98, subsequent_indent="  ")]
    return "\n".join(lines)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cyclegan.ablation",
        description="Train one model under many objectives, or with one thing changed beside them, "
        "and compare what comes of it on ground truth.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser(
        "run",
        help="train what is missing, go on with what was interrupted",
        formatter_class=_Help,
        epilog=_listed(),
    )
    p.add_argument(
        "--data",
        default=Training().data,
        metavar="NAME",
        help="a lesson, a folder of pictures, or user/name on the Hub",
    )
    p.add_argument(
        "--variants",
        type=lambda text: text.split(","),
        metavar="A,B",
        help=f"variants, or groups of them: {', '.join(groups())} (default: the paper's rows with "
        "and without identity, or those of the lesson's own method)",
    )
    p.add_argument("--seeds", type=int, default=3, help="how many, from 0 on")
    p.add_argument("--steps", type=int, default=2000)
    p.add_argument("--out", type=Path, required=True, metavar="DIR")
    own = "(default: the lesson's)"
    p.add_argument("--size", type=int, metavar="PX", help=f"side of the square crops {own}")
    p.add_argument("--width", type=int, help=f"filters of the generators {own}")
    p.add_argument("--blocks", type=int, help=f"residual blocks {own}")
    p.add_argument("--discriminator-width", type=int, help=f"filters of the discriminators {own}")
    p.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    p.add_argument("--device", default="auto", choices=devices.DEVICES)
    p.add_argument(
        "--jobs", type=int, help="runs at once (default: one a core, or one a GPU)", metavar="N"
    )
    p = commands.add_parser(
        "report", help="tables, pictures and curves of all finished runs, and one file"
    )
    p.add_argument("lab", type=Path, metavar="DIR", help="what run was given as --out")
    p.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: DIR/report)")
    return parser


def _run(args: argparse.Namespace) -> None:
    if args.seeds < 1:
        raise ConfigError("--seeds must be at least 1.")
    if args.jobs is not None and args.jobs < 1:
        raise ConfigError("--jobs must be at least 1.")
    device = devices.choose(args.device)
    asked = args.variants or usual(args.data)
    own = lessons.find(args.data).recipe.config
    size = args.size or own.image_size
    data = open_data(args.data, size, "none")
    for sentence in data.said:
        print(sentence)
    rows, variants = known(), _for_data(asked, data)
    filters = {"width": args.width, "blocks": args.blocks}
    filters = {name: value for name, value in filters.items() if value is not None}
    judge = {} if args.discriminator_width is None else {"width": args.discriminator_width}
    # A laboratory trains longer than what shows the point in minutes, and may average longer.
    average = own.training.ema_decay and Training().ema_decay
    base = replace(
        own,
        generator=replace(own.generator, **filters),
        discriminator=replace(own.discriminator, **judge),
        objective=rows[variants[0]].objective,
        domains=data.domains,
        channels=data.channels,
        ranges=data.ranges,
        training=replace(
            own.training,
            data=args.data,
            fit="none",
            steps=args.steps,
            precision=args.precision,
            ema_decay=average,
        ),
        image_size=size,
    )
    machines = run.machines(device)
    run.execute(run.plan(args.out, base, variants, args.seeds), device.type, args.jobs or machines)


def _for_data(asked: Sequence[str], data: UnpairedData) -> list[str]:
    """Names of rows; raises DataError where one cannot be trained on these data. Who asks for all
    gets all that can, and is told of the others."""
    rows, found = known(), []
    for name in choose(asked):
        method = methods.find(rows[name].objective.method)
        try:
            check_data(method, data)
            check_labels(method, rows[name].objective, data)
        except DataError as error:
            if ALL not in asked:
                raise
            print(f"{name} is left out: {error}")
        else:
            found.append(name)
    return found


FAULTS = (
    *(CheckpointError, ConfigError, DataError, HandoutError, ImageError),
    *(NonFiniteError, RunError, OSError),
)
"""What ends a command with a sentence."""


def main(argv: list[str] | None = None) -> int:
    try:
        load_plugins()
        args = build_parser().parse_args(argv)
        if args.command == "run":
            _run(args)
        else:
            print(report.write(args.lab, args.out or args.lab / "report"))
    except KeyboardInterrupt:
        print("\nablation: stopped; the same command goes on from here.", file=sys.stderr)
        return 130
    except FAULTS as error:
        print(f"ablation: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
