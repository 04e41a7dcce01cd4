"""The command line: `python -m cyclegan.export`."""

import argparse
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

from ...core.config import ConfigError
from ...core.media import PICTURES
from ...core.pictures import ImageError
from ...core.registry import load_plugins
from ...inference.comparisons import listed
from ...inference.translator import Translator
from ...store import catalogue
from ...store.checkpoints import CheckpointError
from .folder import check_folder
from .parts import ExportError, parts_of

NEEDED = ("onnx", "onnxscript", "onnxruntime")


WritePage = Callable[[Path, catalogue.Model, Callable[[str], None]], None]


def main(argv: list[str] | None = None, write_page: WritePage | None = None) -> int:
    """Exit code 0, or 2 for any error, with a sentence.

    write_page: writes the page without a server, which stands behind this room.
    """
    parser = argparse.ArgumentParser(
        prog="python -m cyclegan.export",
        description="Take a model away: its networks as ONNX (G.onnx, F.onnx, D_X.onnx, D_Y.onnx) "
        "and for torch.export (G.pt2, …), or a page that runs them in any browser. Either is held "
        "against PyTorch on real pictures first.",
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a bundled set's variant, a folder, a weight file, or user/repo[@revision][:part] "
        "on the Hub; for a page also a whole set",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--onnx", type=Path, metavar="DIR", help="write networks")
    what.add_argument(
        "--web",
        type=Path,
        metavar="DIR",
        help="write a page without a server: index.html opens by double click, or from any static "
        "host",
    )
    parser.add_argument(
        "--float16",
        action="store_true",
        help="the ONNX files compute in float16, and are half as large; what goes in and comes "
        "out stays float32, and so do the files of torch.export",
    )
    args = parser.parse_args(argv)
    try:
        load_plugins()
        check_packages()
        if args.web:
            if args.float16:
                raise ExportError("--float16 is for --onnx; a page's weights are so in any case.")
            write_page(args.web.resolve(), catalogue.bring(args.model), print)
            print(args.web.resolve() / "index.html")
            return 0
        # Here, as it takes packages that may be missing.
        from .writing import write

        folder = args.onnx.resolve()
        check_folder(folder)
        checkpoint = catalogue.load_one(args.model)
        translator = Translator(checkpoint)
        if translator.is_from_noise:
            raise ExportError(
                f"{args.model} makes pictures of noise; networks are written here that take one."
            )
        if translator.medium is not PICTURES:
            raise ExportError(
                f"{args.model} translates {translator.medium.name}, and this command pictures."
            )
        for note in catalogue.notes_of(checkpoint):
            print(note, file=sys.stderr)
        parts, left = parts_of(translator)
        if left:
            print(
                f"Left out: {listed(left)}. What is written makes a picture of one picture, or "
                "judges one.",
                file=sys.stderr,
            )
        for written in write(folder, args.model, checkpoint, parts, args.float16):
            print(written)
    except (ExportError, CheckpointError, ConfigError, ImageError, OSError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 2
    return 0


def check_packages() -> None:
    """Raise ExportError where what writes networks is not installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(
            f"ONNX files need {' and '.join(missing)}, not installed here: "
            f"pip install {' '.join(missing)}"
        )
