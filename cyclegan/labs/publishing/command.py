"""The command line: `python -m cyclegan.hub pull NAME` and `python -m cyclegan.hub push SET …`."""

import argparse
import sys

from huggingface_hub.utils import disable_progress_bars, logging
from tqdm import tqdm

from ...core import files
from ...store import checkpoints
from ...store.hub.layout import MAX_TOTAL
from ...store.hub.names import HubError, parse
from ...store.hub.pulling import pull
from .pushing import push


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m cyclegan.hub",
        description="Checkpoints from and to the Hugging Face Hub. Its login is used: hf auth "
        "login, or HF_TOKEN.",
        epilog=f"At most {files.size(checkpoints.MAX_BYTES)} a file and "
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
    args = parser.parse_args(argv)
    # Its warnings quote addresses; what matters arrives as a sentence.
    logging.set_verbosity_error()
    if not sys.stderr.isatty():
        disable_progress_bars()
    try:
        if args.command == "push":
            folder = checkpoints.locate(args.set)
            print(push(folder, args.repo, args.private, license=args.license))
        else:
            _print_pulled(args.name)
    except (checkpoints.CheckpointError, OSError) as error:
        print(f"hub: {error}", file=sys.stderr)
        return 2
    return 0


def _print_pulled(text: str) -> None:
    name = parse(text)
    if name is None:
        raise HubError(f"{text} is no Hub name; it is written user/repo[@revision][:variant].")
    hidden = not sys.stderr.isatty()
    with tqdm(unit="B", unit_scale=True, desc=name.repo, disable=hidden) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        pulled = pull(name, show)
    if pulled.note:
        print(f"hub: {pulled.note}", file=sys.stderr)
    print(*(pulled.checkpoints or pulled.files), sep="\n")
