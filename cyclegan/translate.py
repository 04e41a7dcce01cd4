"""Translate pictures, or sounds, from the command line: `python -m cyclegan.translate --help`."""

import argparse
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from torch import Tensor
from tqdm import tqdm

from .core import bands, files, listing, pictures
from .core import device as devices
from .core.config import ConfigError
from .core.films import FilmError
from .core.media import PICTURES
from .core.registry import load_plugins
from .core.sound.clip import SoundError
from .inference import as_they_are
from .inference.films import command as films
from .inference.translator import LARGEST_SIDE, LONGEST_SIDE, Translator
from .methods import View
from .store import catalogue as models
from .store import checkpoints

MOST_SAMPLES = 10_000


def ending(view: View) -> str:
    """A view's file name ending: "G" of G(x), "FG" of F(G(x)), "identity" of F(x)."""
    if view.key == "same":
        return "identity"
    networks = re.findall("[A-Z]", view.formula.partition(",")[0])
    return "".join(networks) or view.formula


def main(argv: list[str] | None = None) -> int:
    """Exit code 0, 1 where some pictures of a folder were passed over, 2 for any other error."""
    parser = argparse.ArgumentParser(
        prog="python -m cyclegan.translate",
        description="Write x, G(x), F(G(x)) and the identity output F(x) of a picture, or of every "
        "picture in a folder and its subfolders, as <name>_x.png, <name>_G.png, <name>_FG.png and "
        "<name>_identity.png (with --direction yx: _y, _F, _GF and _identity). Of a film, x, G(x) "
        "and F(G(x)) side by side as <name>.mp4. A model that makes pictures of noise takes none: "
        "--samples says how many it is to make, as 0000.png, …. Of a sound, for a model of voices, "
        "<name>_x.flac and so on. One that has many answers gives "
        "--answers of them, as <name>_G-1.png, ….",
    )
    parser.add_argument(
        "--model",
        required=True,
        nargs="+",
        metavar="NAME",
        help="a bundled set's variant, a folder, a weight file, or user/repo[@revision][:part] "
        "on the Hub; of a film several, a row each",
    )
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument(
        "--input",
        type=Path,
        metavar="INPUT",
        help=f"a picture, a folder of pictures, a film, or a lesson's: {', '.join(films.own())}",
    )
    given.add_argument(
        "--samples", type=_count, metavar="N", help="of a model that takes no picture, e.g. DCGAN"
    )
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
    many = parser.add_mutually_exclusive_group()
    many.add_argument(
        "--answers",
        type=_count,
        metavar="N",
        help="of a model with many answers to a picture, e.g. Augmented CycleGAN",
    )
    many.add_argument(
        "--style",
        type=Path,
        metavar="IMAGE",
        help="of such a model, the answer in the style of this picture of the target",
    )
    parser.add_argument(
        "--seed",
        default=0,
        type=int,
        help="of noise, in samples and answers: the same seed, the same pictures",
    )
    parser.add_argument(
        "--device", default="auto", choices=devices.DEVICES, help="where (default: auto)"
    )
    films.add_options(parser)
    args = parser.parse_args(argv)
    try:
        load_plugins()
        if args.input and films.is_wanted(args.input):
            return films.translate(args)
        films.check_unused(args)
        (args.model,) = args.model
        checkpoint = models.load_one(args.model)
        translator = Translator(checkpoint, devices.choose(args.device))
        if args.samples or translator.is_from_noise:
            _write_samples(translator, args)
            return 0
        if args.direction not in translator.directions:
            raise checkpoints.CheckpointError(f"{args.model} translates in the direction xy alone.")
        if translator.medium is not PICTURES:
            return _translate_items(translator, args)
        paths, left_out = _listed(args.input, args.output)
        latents = _latents(translator, args)
        if not paths:
            why = f" Left out: {listing.tell(left_out)}." if left_out else ""
            raise pictures.ImageError(f"{args.input} holds no pictures.{why}")
        if args.output.resolve() == args.input.resolve():
            raise pictures.ImageError("Input and output are one folder; name another --output.")
        args.output.mkdir(parents=True, exist_ok=True)
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
        how |= {"latents": latents}
        targets = _targets(args.input, paths, args.output)
        failed = _translate_all(partial(translate, translator, **how), targets, args.longest_side)
    except (
        *(checkpoints.CheckpointError, ConfigError, FilmError, pictures.ImageError, SoundError),
        OSError,
    ) as error:
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


def _count(text: str) -> int:
    if not 1 <= int(text) <= MOST_SAMPLES:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to {MOST_SAMPLES:,} samples")
    return int(text)


def _latents(translator: Translator, args: argparse.Namespace) -> list[dict[str, Tensor]]:
    """What each answer to a picture is told: one by the seed or the style, or many. Raises
    CheckpointError for a model that has one answer, and ImageError for a style that is no
    picture."""
    names, count = translator.latents_of(args.direction), args.answers or 1
    if not names and (args.answers or args.style):
        raise checkpoints.CheckpointError(
            f"{args.model} has one answer to a picture; leave --answers and --style out."
        )
    if args.style:
        styles = translator.styles(pictures.load(args.style), args.direction)
        if not styles:
            raise checkpoints.CheckpointError(f"{args.model} finds no style in a picture.")
        return [styles]
    drawn = translator.latents(translator.views(args.direction), count, args.seed)
    return [{name: drawn[name][i : i + 1] for name in names} for i in range(count)]


def _write_samples(translator: Translator, args: argparse.Namespace) -> None:
    """Raises CheckpointError where a picture is given to what takes none, or none to what does."""
    if not args.samples:
        raise checkpoints.CheckpointError(
            f"{args.model} takes no picture: it makes them of noise. --samples 16 in place of "
            "--input writes 16."
        )
    if not translator.is_from_noise:
        raise checkpoints.CheckpointError(
            f"{args.model} makes nothing of noise: it translates a picture. Name one by --input."
        )
    args.output.mkdir(parents=True, exist_ok=True)
    for i, kept in enumerate(translator.kept_samples(args.samples, args.seed)):
        write = partial(translator.medium.draw(kept).save, format="PNG")
        files.write_atomically(args.output / f"{i:04d}.png", write)


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
    latents: list[dict[str, Tensor]],
) -> Written:
    """Raises ImageError."""
    # Reduced at once, so that the file's own pixels are not kept beside the networks' maps.
    picture = pictures.reduce(pictures.load(path, white=white), longest_side)
    found: Written = {}
    for name, own in _numbered(latents):
        made = translator.translate(picture, direction, longest_side, progress, own)
        for view in translator.views(direction):
            write = partial(made.views[view.key].save, format="PNG")
            found[f"{ending(view)}{name if view.network else ''}.png"] = write
    return found


def _numbered(latents: list[dict[str, Tensor]]) -> list[tuple[str, dict[str, Tensor]]]:
    """With what is added to the endings of file names: "-1", or nothing for a single one."""
    numbers = [f"-{i}" for i in range(1, len(latents) + 1)] if len(latents) > 1 else [""]
    return list(zip(numbers, latents, strict=True))


def _as_they_are(
    translator: Translator,
    path: Path,
    progress: Callable[[float], None],
    direction: str,
    longest_side: int,
    white: int,
    latents: list[dict[str, Tensor]],
) -> Written:
    """Raises ImageError."""
    found: Written = {}
    how = direction, longest_side, white, progress
    for name, own in _numbered(latents):
        made = as_they_are.translate(translator, path, *how, own)
        for view in translator.views(direction):
            values, kind = made[view.key]
            write = partial(bands.write, values=values, kind=kind)
            found[f"{ending(view)}{name if view.network else ''}{kind}"] = write
    return found


def _translate_items(translator: Translator, args: argparse.Namespace) -> int:
    """All views of every file of a medium other than pictures; the exit code as `main`'s. Raises
    CheckpointError for a medium that has no files, and SoundError where there is none."""
    medium = translator.medium
    if not medium.ending:
        raise checkpoints.CheckpointError(f"{args.model} translates {medium.name}, not files.")
    paths = [args.input]
    if args.input.is_dir():
        written = args.output.resolve()
        found = (p for p in sorted(args.input.rglob("*")) if p.suffix.lower() in medium.endings)
        paths = [path for path in found if not path.resolve().is_relative_to(written)]
    if not paths:
        raise SoundError(f"{args.input} holds no files of the medium {medium.name}.")
    failed = []
    for path, target in tqdm(_targets(args.input, paths, args.output).items(), disable=None):
        try:
            made = translator.translate(path, args.direction)
        except SoundError as error:
            failed.append(error)
            print(f"translate: {error}", file=sys.stderr)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        for view in translator.views(args.direction):
            file = target.with_name(f"{target.name}_{ending(view)}{medium.ending}")
            data = medium.written(made.views[view.key])
            files.write_atomically(file, lambda path, data=data: path.write_bytes(data))
    return 0 if not failed else 2 if len(failed) == len(paths) else 1


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
