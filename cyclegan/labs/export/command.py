"""The command line: `python -m cyclegan.export`."""

import argparse
import importlib.util
import sys
from pathlib import Path

from ...core.config import ConfigError
from ...core.media import PICTURES
from ...core.pictures import ImageError
from ...core.registry import load_plugins
from ...inference.translator import Translator
from ...store import catalogue
from ...store.checkpoints import CheckpointError
from .folder import check_folder
from .parts import ExportError, parts_of

NEEDED = ("onnx", "onnxscript", "onnxruntime")


def main(argv: list[str] | None = None) -> int:
    """Exit code 0, or 2 for any error, with a sentence."""
    parser = argparse.ArgumentParser(
        prog="python -m cyclegan.export",
        description="Write the networks of a model as ONNX (G.onnx, F.onnx, D_X.onnx, D_Y.onnx) "
        "and for torch.export (G.pt2, …), hold both against PyTorch on real pictures, and say in "
        "README.md what they take and give.",
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a bundled set's variant, a folder, a weight file, or user/repo[@revision][:part] "
        "on the Hub",
    )
    parser.add_argument("--onnx", required=True, type=Path, metavar="DIR", help="what to write")
    parser.add_argument(
        "--float16",
        action="store_true",
        help="the ONNX files compute in float16, and are half as large; what goes in and comes "
        "out stays float32, and so do the files of torch.export",
    )
    args = parser.parse_args(argv)
    try:
        load_plugins()
        _check_packages()
        # Here, as it takes packages that may be missing.
        from .writing import write

        folder = args.onnx.resolve()
        check_folder(folder)
        checkpoint = catalogue.load_one(args.model)
        translator = Translator(checkpoint)
        if translator.medium is not PICTURES:
            raise ExportError(
                f"{args.model} translates {translator.medium.name}, and this command pictures."
            )
        for note in catalogue.notes_of(checkpoint):
            print(note, file=sys.stderr)
        parts, left = parts_of(translator)
        if left:
            names = " and ".join(left)
            print(f"Left out, as more than a picture goes in: {names}.", file=sys.stderr)
        for written in write(folder, args.model, checkpoint, parts, args.float16):
            print(written)
    except (ExportError, CheckpointError, ConfigError, ImageError, OSError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 2
    return 0


def _check_packages() -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(
            f"ONNX files need {' and '.join(missing)}, not installed here: "
            f"pip install {' '.join(missing)}"
        )
