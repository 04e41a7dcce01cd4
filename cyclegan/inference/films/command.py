"""Films on the command line of `python -m cyclegan.translate`."""

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from ... import lessons
from ...core import device as devices
from ...core.config import Direction
from ...core.films import Film, FilmError, FilmFile, check_installed, is_film
from ...core.films.parts import SHORTEST
from ...store import catalogue
from ...store.checkpoints import CheckpointError
from ..translator import Translator
from .translating import Done, Row, Translating

SIDES = {"256": SHORTEST, "512": 512, "full": None}
"""What frames are reduced to, in pixels of their shorter side."""

OPTIONS = ("side", "steady", "first", "last")


def add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("of films")
    group.add_argument(
        "--side",
        choices=list(SIDES),
        help=f"the shorter side that larger frames are reduced to (default: {SHORTEST})",
    )
    group.add_argument(
        "--steady",
        action="store_true",
        help="without flicker: the networks' grid goes along with the camera, norms share their "
        "moments, and frames are blended along the motion",
    )
    group.add_argument("--from", dest="first", type=float, metavar="SECONDS", help="begin here")
    group.add_argument("--to", dest="last", type=float, metavar="SECONDS", help="end here")


def own(direction: Direction = "xy") -> dict[str, Film]:
    """Films of lessons, by "LESSON/FILM"."""
    return {
        f"{lesson.name}/{film.name}": film
        for lesson in lessons.all_lessons()
        for film in lesson.films(direction)
    }


def is_wanted(source: Path) -> bool:
    """Whether what is named is a film. Raises FilmError for one that a lesson with films lacks."""
    if source.exists():
        return source.is_file() and is_film(source)
    name, known = source.as_posix(), own()
    theirs = [one for one in known if one.startswith(f"{source.parent.as_posix()}/")]
    if theirs and name not in known:
        raise FilmError(f"There is no film {name}; there are {', '.join(theirs)}.")
    return name in known


def check_unused(args: argparse.Namespace) -> None:
    """Raise FilmError for options of films where a picture is translated."""
    used = [name for name in OPTIONS if getattr(args, name)]
    if len(args.model) > 1 or used:
        what = "--side, --steady, --from and --to" if used else "Several models"
        raise FilmError(f"{what} are for films, and {args.input or 'this'} is none.")


def translate(args: argparse.Namespace) -> int:
    """Exit code 0, 1 where a part alone was translated. Raises FilmError, CheckpointError."""
    check_installed()
    device = devices.choose(args.device)
    film: Film
    if args.input.exists():
        side = SIDES[args.side or str(SHORTEST)]
        film = FilmFile(args.input, side, args.first or 0.0, args.last)
    elif args.side or args.first or args.last:
        raise FilmError("A lesson's own film is taken whole, as large as it is.")
    else:
        film = own(args.direction)[args.input.as_posix()]
    rows = [_row(name, args.direction, device) for name in args.model]
    translating = Translating(film, rows, args.direction, args.steady)
    print(f"{film.name}: {film.facts.words}.", file=sys.stderr)
    for note in film.facts.notes:
        print(note, file=sys.stderr)
    each = translating.rehearse().seconds
    print(f"Expected time: {duration(each * film.facts.frames)}.", file=sys.stderr)
    path = args.output / f"{args.input.stem}.mp4"
    with _interrupted() as cancelled, _bar(film) as bar:
        done = translating.run(path, lambda frames: bar.update(frames - bar.n), cancelled)
    print(told(done), file=sys.stderr)
    return 0 if done.is_whole else 1


def told(done: Done) -> str:
    """What became of a film, in sentences."""
    if done.path is None:
        return f"{done.why} Nothing is kept."
    said = [] if done.is_whole else [done.why]
    kept = f"{done.path}: {done.frames:,} frames, {done.seconds:.1f} s"
    said.append(f"{kept}." if done.is_whole else f"What was finished is kept in {kept}.")
    if any(one is not None for one in done.flicker):
        listed = ", ".join("unknown" if one is None else f"{one:.1f}" for one in done.flicker)
        said.append(f"Flicker of the translation along the motion, a row each: {listed} of 255.")
    return " ".join(said)


def duration(seconds: float) -> str:
    """ "40 s", "3 min", "1.5 h", roughly."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    if seconds < 100 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def _row(name: str, direction: Direction, device) -> Row:
    checkpoint = catalogue.load_one(name)
    translator = Translator(checkpoint, device)
    if direction not in translator.directions:
        raise CheckpointError(f"{name} translates in the direction xy alone.")
    for note in catalogue.notes_of(checkpoint):
        print(note, file=sys.stderr)
    return Row(name, translator)


@contextmanager
def _interrupted() -> Iterator:
    """Whether somebody pressed Ctrl-C, which ends a film after the frame that is under way."""
    asked = []
    before = signal.signal(signal.SIGINT, lambda number, frame: asked.append(number))
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)


def _bar(film: Film) -> tqdm:
    total = film.facts.frames or None
    return tqdm(total=total, unit="frame", disable=not sys.stderr.isatty())
