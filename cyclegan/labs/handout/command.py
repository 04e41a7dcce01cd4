"""`python -m cyclegan.report RUN | SET`: one HTML file about it, or its samples as a moving one."""

import argparse
import sys
from pathlib import Path

from ...core.config import ConfigError
from ...core.registry import load_plugins
from ...store import checkpoints
from . import moving, of_run, of_set
from .document import Document, HandoutError, write

REPORT = "report.html"


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cyclegan.report",
        description="One HTML file about a run, a checkpoint or a set: settings, curves, samples "
        "through time, figures with intervals. It needs nothing beside it and asks for nothing.",
    )
    parser.add_argument(
        "what", metavar="RUN|SET", help="a run's folder, a set's, or the name of a bundled one"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"what to write (default: {REPORT} in the folder; of a bundled set, NAME.html here)",
    )
    parser.add_argument(
        "--webp",
        type=Path,
        metavar="FILE",
        help="write an animated WebP of the samples through time instead",
    )
    return parser


def _read(folder: Path) -> Document:
    if (folder / checkpoints.CONFIG).is_file():
        return of_run.document(folder)
    return of_set.document(folder)


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    try:
        load_plugins()
        folder = Path(args.what)
        if not (folder / checkpoints.CONFIG).is_file():
            folder = checkpoints.locate(args.what)
        is_bundled = folder.resolve().is_relative_to(checkpoints.BUNDLED)
        usual = Path(f"{folder.name}.html") if is_bundled else folder / REPORT
        document = _read(folder)
        if args.webp:
            print(moving.write(args.webp, document.film, document.title))
        else:
            print(write(args.out or usual, document))
    except (checkpoints.CheckpointError, ConfigError, HandoutError, OSError) as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("report: stopped; every file is whole, or as it was.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
