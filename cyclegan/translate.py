"""Translate pictures from the command line: `python -m cyclegan.translate --help`."""

import argparse
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tqdm import tqdm

from .core import bands, files, listing, pictures
from .core import device as devices
from .core.config import ConfigError
from .core.media import PICTURES
from .core.registry import load_plugins
from .inference import as_they_are
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
        "picture in a folder and its subfolders, as <name>_x.png, <name>_G.png, <name>_FG.png and "
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
        checkpoint = models.load_one(args.model)
        translator = Translator(checkpoint, devices.choose(args.device))
        paths, left_out = _listed(args.input, args.output)
        if args.direction not in translator.directions:
            raise checkpoints.CheckpointError(f"{args.model} translates in the direction xy alone.")
        if not paths:
            why = f" Left out: {listing.tell(left_out)}." if left_out else ""
            raise pictures.ImageError(f"{args.input} holds no pictures.{why}")
        if args.output.resolve() == args.input.resolve():
            raise pictures.ImageError("Input and output are one folder; name another --output.")
        args.output.mkdir(parents=True, exist_ok=True)
        if translator.medium is not PICTURES:
            raise checkpoints.CheckpointError(
                f"{args.model} translates {translator.medium.name}, and this command pictures."
            )
        for note in models.notes_of(checkpoint):
            print(note, file=sys.stderr)
        if not any(view.key == "back" for view in translator.views(args.direction)):
            print(f"{args.model} has no way back, so G(x) alone.", file=sys.stderr)
        if left_out:
            print(f"Left out: {listing.tell(left_out)}.", file=sys.stderr)
        own = getattr(translator.config.ranges, args.direction[0])
        white = 65535 if own else pictures.white_of(map(pictures.peak, paths))
        told = f"{own.words} are black to white, as trained." if own else ""
        if told := told or pictures.tell_white(white, str(args.input)):
            print(told, file=sys.stderr)
        translate = _as_they_are if translator.is_deep else _as_pictures
        how = {"direction": args.direction, "longest_side": args.longest_side, "white": white}
        targets = _targets(args.input, paths, args.output)
        failed = _translate_all(partial(translate, translator, **how), targets, args.longest_side)
    except (checkpoints.CheckpointError, ConfigError, pictures.ImageError, OSError) as error:
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


def _listed(source: Path, output: Path) -> listing.Listing:
    """The pictures of a file or folder; in a folder, not what was written there before."""
    if not source.is_dir():
        return listing.Listing([source], [])
    found, written = listing.list_folder(source), output.resolve()
    pictures = [path for path in found.pictures if not path.resolve().is_relative_to(written)]
    return found._replace(pictures=pictures)


def _targets(source: Path, paths: list[Path], output: Path) -> dict[Path, Path]:
    """What each picture's files begin with, in the subfolders of the input."""
    root = source if source.is_dir() else source.parent
    return {path: output / path.relative_to(root).with_suffix("") for path in paths}


Written = dict[str, Callable[[Path], None]]
"""By the endings of file names, what writes such a file."""


def _as_pictures(
    translator: Translator,
    path: Path,
    progress: Callable[[float], None],
    direction: str,
    longest_side: int,
    white: int,
) -> Written:
    """Raises ImageError."""
    # Reduced at once, so that the file's own pixels are not kept beside the networks' maps.
    picture = pictures.reduce(pictures.load(path, white=white), longest_side)
    made = translator.translate(picture, direction, longest_side, progress)
    return {
        f"{ending(view)}.png": partial(made.views[view.key].save, format="PNG")
        for view in translator.views(direction)
    }


def _as_they_are(
    translator: Translator,
    path: Path,
    progress: Callable[[float], None],
    direction: str,
    longest_side: int,
    white: int,
) -> Written:
    """Raises ImageError."""
    made = as_they_are.translate(translator, path, direction, longest_side, white, progress)
    found: Written = {}
    for view in translator.views(direction):
        values, kind = made[view.key]
        found[f"{ending(view)}{kind}"] = partial(bands.write, values=values, kind=kind)
    return found


def _translate_all(
    translate: Callable[[Path, Callable[[float], None]], Written],
    targets: dict[Path, Path],
    longest_side: int,
) -> list[str]:
    """Write four files a picture (two without a way back); returns a sentence a bad picture."""
    failed, written = [], {}
    terminal = sys.stderr.isatty()
    silent = len(targets) == 1 or not terminal
    for path, target in tqdm(targets.items(), unit="picture", disable=silent):
        try:
            if other := written.get(target):
                raise pictures.ImageError(
                    f"{path.name} would overwrite the files of {other}; rename one of them."
                )
            with _bar(path.name, terminal and longest_side > LONGEST_SIDE) as bar:
                found = translate(path, lambda share, bar=bar: bar.update(share - bar.n))
        except pictures.ImageError as error:
            failed.append(str(error))
            continue
        written[target] = path.name
        for name, write in found.items():
            files.write_atomically(target.with_name(f"{target.name}_{name}"), write)
    return failed


def _bar(name: str, shown: bool) -> tqdm:
    """A bar for one large picture, whose length is 1; shares of it come a strip at a time."""
    form = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
    return tqdm(total=1, desc=name, bar_format=form, leave=False, disable=not shown)


if __name__ == "__main__":
    sys.exit(main())
