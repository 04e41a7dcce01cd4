"""Translate pictures from the command line: `python -m cyclegan.translate --help`."""

import argparse
import re
import sys
from pathlib import Path

from tqdm import tqdm

from .core import device as devices
from .core import files, images
from .core.config import ConfigError
from .core.media import PICTURES
from .core.registry import load_plugins
from .inference.translator import LARGEST_SIDE, LONGEST_SIDE, Translator
from .methods import View
from .store import catalogue as models
from .store import checkpoints


def ending(view: View) -> str:
    """A view's file name ending: "G" of G(x), "FG" of F(G(x)), "identity" of F(x)."""
    if view.key == "same":
        return "identity"
    return "".join(re.findall("[A-Z]", view.formula)) or view.formula


def main(argv: list[str] | None = None) -> int:
    """Exit code 0, 1 where some pictures of a folder were passed over, 2 for any other error."""
    parser = argparse.ArgumentParser(
        prog="python -m cyclegan.translate",
        description="Write x, G(x), F(G(x)) and the identity output F(x) of a picture, or of every "
        "picture in a folder, as <name>_x.png, <name>_G.png, <name>_FG.png and "
        "<name>_identity.png (with --direction yx: _y, _F, _GF and _identity).",
    )
    parser.add_argument(
        "--model",
        required=True,
        metavar="NAME",
        help="a bundled set's variant, a folder, a weight file, or user/repo[@revision][:part] "
        "on the Hub",
    )
    parser.add_argument("--input", required=True, type=Path, metavar="IMAGE_OR_FOLDER")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR")
    parser.add_argument("--direction", default="xy", choices=["xy", "yx"], help="default: xy")
    parser.add_argument(
        "--longest-side",
        default=LONGEST_SIDE,
        type=pixels,
        metavar="PIXELS",
        help=f"larger pictures are reduced to it; at most {LARGEST_SIDE}, and what is larger than "
        f"{LONGEST_SIDE} goes through the networks by strips (default: {LONGEST_SIDE})",
    )
    parser.add_argument(
        "--device", default="auto", choices=devices.DEVICES, help="where (default: auto)"
    )
    args = parser.parse_args(argv)
    try:
        load_plugins()
        translator = Translator(models.load_one(args.model), devices.choose(args.device))
        paths = images.list_folder(args.input) if args.input.is_dir() else [args.input]
        if args.direction not in translator.directions:
            raise checkpoints.CheckpointError(f"{args.model} translates in the direction xy alone.")
        if not paths:
            raise images.ImageError(f"{args.input} holds no pictures.")
        if args.output.resolve() == args.input.resolve():
            raise images.ImageError("Input and output are one folder; name another --output.")
        args.output.mkdir(parents=True, exist_ok=True)
        if translator.medium is not PICTURES:
            raise checkpoints.CheckpointError(
                f"{args.model} translates {translator.medium.name}, and this command pictures."
            )
        if not any(view.key == "back" for view in translator.views(args.direction)):
            print(f"{args.model} has no way back, so G(x) alone.", file=sys.stderr)
        failed = _translate_all(translator, paths, args.output, args.direction, args.longest_side)
    except (checkpoints.CheckpointError, ConfigError, images.ImageError, OSError) as error:
        print(f"translate: {error}", file=sys.stderr)
        return 2
    for sentence in failed:
        print(f"translate: {sentence}", file=sys.stderr)
    if failed:
        return 2 if len(failed) == len(paths) else 1
    return 0


def pixels(text: str) -> int:
    if not 1 <= int(text) <= LARGEST_SIDE:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to {LARGEST_SIDE} pixels")
    return int(text)


def _translate_all(
    translator: Translator, paths: list[Path], output: Path, direction: str, longest_side: int
) -> list[str]:
    """Write four files a picture (two without a way back); returns a sentence a bad picture."""
    failed, written = [], {}
    terminal = sys.stderr.isatty()
    for path in tqdm(paths, unit="picture", disable=len(paths) == 1 or not terminal):
        try:
            # Reduced at once, so that the file's own pixels are not kept beside the networks' maps.
            picture = images.reduce(images.load(path), longest_side)
            if other := written.get(path.stem):
                raise images.ImageError(
                    f"{path.name} would overwrite the files of {other}; rename one of them."
                )
            with _bar(path.name, terminal and max(picture.size) > LONGEST_SIDE) as bar:
                made = translator.translate(
                    picture,
                    direction,
                    longest_side,
                    lambda share, bar=bar: bar.update(share - bar.n),
                )
        except images.ImageError as error:
            failed.append(str(error))
            continue
        written[path.stem] = path.name
        for view in translator.views(direction):
            result = made.views[view.key]
            target = output / f"{path.stem}_{ending(view)}.png"
            files.write_atomically(
                target, lambda temporary, result=result: result.save(temporary, "PNG")
            )
    return failed


def _bar(name: str, shown: bool) -> tqdm:
    """A bar for one large picture, whose length is 1; shares of it come a strip at a time."""
    form = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
    return tqdm(total=1, desc=name, bar_format=form, leave=False, disable=not shown)


if __name__ == "__main__":
    sys.exit(main())
