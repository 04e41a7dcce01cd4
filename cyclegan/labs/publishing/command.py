"""The command line: `python -m cyclegan.hub`, which pulls, pushes and makes Spaces."""

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from huggingface_hub.utils import disable_progress_bars, logging
from tqdm import tqdm

from ... import lessons
from ...core import files
from ...store import catalogue, checkpoints
from ...store.hub.layout import MAX_TOTAL, Progress
from ...store.hub.names import HubError, parse
from ...store.hub.pulling import pull
from ..export.command import WritePage
from ..export.parts import ExportError
from . import space, space_files
from .pushing import push


def main(argv: list[str] | None = None, write_page: WritePage | None = None) -> int:
    """write_page: writes the page without a server, which stands behind this room."""
    parser = argparse.ArgumentParser(
        prog="python -m cyclegan.hub",
        description="Checkpoints from and to the Hugging Face Hub, and the page as a Space there. "
        "The Hub's login is used: hf auth login, or HF_TOKEN.",
        epilog=f"Of checkpoints at most {files.size(checkpoints.MAX_BYTES)} a file and "
        f"{files.size(MAX_TOTAL)} at once.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    pulling = commands.add_parser("pull", help="bring a repo, a variant or a file into the cache")
    pulling.add_argument("name", metavar="NAME", help="user/repo[@revision][:variant or file]")
    pushing = commands.add_parser("push", help="upload a set or a checkpoint, with a model card")
    pushing.add_argument("set", metavar="SET", help="a bundled name, a run or a folder")
    pushing.add_argument("repo", metavar="user/repo", help="made if it is not there")
    pushing.add_argument("--private", action="store_true", help="make it a private repo")
    pushing.add_argument(
        "--license", help="such as mit; default: what the set's README.md states, or unknown"
    )
    hosting = commands.add_parser(
        "space",
        help="make or renew a Space with this page",
        description="Upload the page with its sets as a Space: what git tracks of app.py, "
        f"{' and '.join(space_files.FOLDERS)}, with requirements of its own. After a failure the "
        "same command goes on.",
    )
    hosting.add_argument("repo", metavar="user/name", help="made if it is not there")
    hosting.add_argument("--private", action="store_true", help="make it a private Space")
    hosting.add_argument(
        "--hardware", help="what a new Space runs on, such as cpu-basic; default: ZeroGPU"
    )
    hosting.add_argument(
        "--static",
        nargs="?",
        const=lessons.all_lessons()[0].name,
        metavar="MODEL",
        help="the page without a server, of one set, in a static Space, which is free; default: "
        "%(const)s",
    )
    hosting.add_argument(
        "--yes", action="store_true", help="do not ask before a Space that exists is changed"
    )
    args = parser.parse_args(argv)
    # Its warnings quote addresses; what matters arrives as a sentence.
    logging.set_verbosity_error()
    if not sys.stderr.isatty():
        disable_progress_bars()
    try:
        if args.command == "push":
            folder = checkpoints.locate(args.set)
            print(push(folder, args.repo, args.private, license=args.license))
        elif args.command == "space":
            return _make_space(args, write_page)
        else:
            _print_pulled(args.name)
    except KeyboardInterrupt:
        _say("stopped; the same command goes on.")
        return 130
    except (checkpoints.CheckpointError, ExportError, OSError) as error:
        _say(str(error))
        return 2
    return 0


def _print_pulled(text: str) -> None:
    name = parse(text)
    if name is None:
        raise HubError(f"{text} is no Hub name; it is written user/repo[@revision][:variant].")
    with _bar(name.repo) as show:
        pulled = pull(name, show)
    if pulled.note:
        _say(pulled.note)
    print(*(pulled.checkpoints or pulled.files), sep="\n")


def _make_space(args: argparse.Namespace, write_page: WritePage | None) -> int:
    name = space.named(args.repo)
    if args.static:
        if args.hardware:
            raise HubError("A static Space runs on nothing; leave out --hardware.")
        with tempfile.TemporaryDirectory(prefix="cyclegan-space-") as folder:
            page = Path(folder) / "page"
            write_page(page, catalogue.bring(args.static), _say)
            listed = {p.relative_to(page).as_posix(): p for p in page.rglob("*") if p.is_file()}
            folders = [path.name for path in page.iterdir() if path.is_dir()]
            return _bring(args, space.compare(name, listed, args.private, folders), None)
    ours = space_files.gather(space_files.ROOT)
    if ours.untracked:
        _say(f"not in git, so not uploaded: {_listed(ours.untracked)}.")
    change = space.compare(name, ours.files, args.private)
    if args.hardware and not change.is_new:
        _say(f"{name} exists, and runs on what its settings on the Hub say.")
    return _bring(args, change, args.hardware or ours.hardware)


def _bring(args: argparse.Namespace, change: space.Change, hardware: str | None) -> int:
    if change.is_empty:
        _say(f"{change.name} is up to date.")
    elif not (change.is_new or _is_wanted(change, args.yes)):
        _say(f"{change.name} stays as it is.")
        return 1
    with _bar(change.name.repo) as show:
        print(space.upload(change, hardware, args.private, show))
    return 0


def _is_wanted(change: space.Change, yes: bool) -> bool:
    """Whether a Space that exists is to be changed; what would change is told first."""
    _say(f"{change.name} exists.")
    for words, paths, most in (
        ("to be added", change.added, SHOWN),
        ("to be changed", change.changed, SHOWN),
        ("to be deleted", change.deleted, len(change.deleted)),
        ("not ours, and kept", change.kept, SHOWN),
    ):
        if paths:
            _say(f"  {words}: {_listed(paths, most)}")
    if yes:
        return True
    if not sys.stdin.isatty():
        raise HubError(f"nobody is here to be asked; --yes changes {change.name} without asking.")
    try:
        return input("Change it? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _say(words: str) -> None:
    """On stderr; stdout has the address alone."""
    print(f"hub: {words}", file=sys.stderr)


SHOWN = 8
"""Names of a list; of more, their number is said."""


def _listed(paths: list[str], most: int = SHOWN) -> str:
    more = len(paths) - most
    return ", ".join(paths[:most]) + (f" and {more} more" if more > 0 else "")


@contextlib.contextmanager
def _bar(name: str) -> Iterator[Progress]:
    """A bar of bytes on stderr, where somebody looks at it."""
    hidden = not sys.stderr.isatty()
    with tqdm(unit="B", unit_scale=True, desc=name, disable=hidden) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show
