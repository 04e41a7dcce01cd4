"""Open the page: find the checkpoint sets, build, launch."""

import argparse
import gc
import importlib.util
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from urllib.parse import urlsplit

from cyclegan.core.config import ConfigError
from cyclegan.core.registry import load_plugins

RUNS = Path("runs")


def build_parser() -> argparse.ArgumentParser:
    from cyclegan.core.device import DEVICES

    parser = argparse.ArgumentParser(
        prog="app.py",
        description="Open a page that shows what the cycle-consistency loss does. Gradio's "
        "environment variables (GRADIO_SERVER_NAME, GRADIO_SERVER_PORT, …) work as usual.",
    )
    parser.add_argument("--host", help="address to listen on (default: this machine alone)")
    parser.add_argument("--port", type=int, help="port (default: the first free one from 7860)")
    parser.add_argument("--share", action="store_true", help="also open a public Gradio link")
    parser.add_argument(
        "--checkpoints",
        metavar="NAME",
        nargs="+",
        help="what to offer: sets, folders of sets, weight files, or user/repo[@revision][:part] "
        "on the Hub (default: the bundled ones and runs/)",
    )
    parser.add_argument(
        "--lesson",
        metavar="NAME",
        help="the lesson, or the set, that opens first (default: drawing)",
    )
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default="auto",
        help="where networks run (default: auto, the best there is)",
    )
    parser.add_argument(
        "--allow-hub",
        action=argparse.BooleanOptionalAction,
        default="SPACE_ID" not in os.environ,
        help="let visitors open models of the Hub (default: yes, but not on a Space)",
    )
    parser.add_argument(
        "--training",
        action=argparse.BooleanOptionalAction,
        default="SPACE_ID" not in os.environ,
        help="let visitors train on this machine (default: yes, but not on a Space)",
    )
    parser.add_argument(
        "--max-train-minutes",
        type=_minutes,
        metavar="N",
        help="the longest that one training may keep its place, pauses included (default: as long "
        f"as it takes on this machine alone, {MINUTES} where others can visit)",
    )
    parser.add_argument(
        "--class",
        action="store_true",
        dest="is_class",
        help="every visitor sees every training; who started one steers it, and so does the host, "
        "by the link that is printed",
    )
    parser.add_argument(
        "--allowed-hosts",
        metavar="NAME",
        nargs="+",
        default=[],
        help="names besides localhost that a page for this machine alone answers to, as those of a "
        "tunnel or a proxy; whoever comes through it may do what you may",
    )
    return parser


MINUTES = 30
"""Of a training on a page that others can visit, unless its host says otherwise."""


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes < float("inf"):
        raise argparse.ArgumentTypeError("it must be a number above 0")
    return minutes


def gpu_wrapper() -> Callable:
    """`spaces.GPU` where that package is there (a ZeroGPU Space), else a wrapper of nothing."""
    if importlib.util.find_spec("spaces") is None:
        return lambda function: function
    import spaces

    return spaces.GPU(duration=15)


def build(
    names: list[str],
    allow_hub: bool = True,
    private: bool = False,
    train_minutes: float | None = 0,
    is_wanted: Callable[[], bool] | None = None,
    device: str = "auto",
    is_class: bool = False,
    hosts: Sequence[str] = (),
    root: Path | None = None,
    lesson: str | None = None,
):
    """The page over the models of `names`; raises CheckpointError where there are none.

    names: folders of sets, or whatever `cyclegan.models.find` knows. private: whether a visitor can
    only be somebody at this machine. train_minutes: how long a training on the page may last; None
    for any time, 0 for no training. is_wanted: while it is true, the examples are translated before
    anybody clicks; None for not at all. device: one of `DEVICES`; raises ConfigError where it is
    missing. is_class, hosts: as `--class` and `--allowed-hosts`. root: the page's temporary folder.
    lesson: what opens first.
    """
    # The spaces package wants to be imported before anything asks for CUDA.
    on_device = gpu_wrapper()
    from cyclegan.core import device as devices
    from cyclegan.page.hosting import disk
    from cyclegan.page.hosting.house import House
    from cyclegan.page.library import Library
    from cyclegan.page.meanwhile import first_result
    from cyclegan.store import catalogue as models
    from cyclegan.store import checkpoints

    house = House(allow_hub, private, is_class, tuple(hosts))
    folders = [Path(name) for name in names]
    library = Library(
        folders,
        devices.choose(device),
        opened=root and root / disk.OPENED,
        heaviest=None if private else house.limits.work,
    )
    for folder, name in zip(folders, names, strict=True):
        if not folder.is_dir() or any(s.is_foreign for s in models.in_folder(folder)):
            library.offer(models.find(name))
    if not library.sets:
        raise checkpoints.CheckpointError(
            f"No finished checkpoint lies in {', '.join(names)}; train one with train.py, or name "
            "another with --checkpoints."
        )
    if lesson:
        library.begin_with(lesson)
    if library.device.type == "cuda":
        library.load_all()
    with first_result(library) if library.device.type == "cpu" else nullcontext():
        from cyclegan.page.demo import build_demo
        from cyclegan.page.hosting.desk import Desk
    desk = Desk(house, root)
    # Whoever may name paths may also look at the runs that lie here.
    roots = [RUNS] if private else []
    director = None if train_minutes == 0 else _director(train_minutes, desk)
    demo = build_demo(library, on_device, desk, roots, director)
    if is_wanted and library.device.type == "cpu":
        # Not a daemon, which would be cut off within a network pass when the page is closed.
        threading.Thread(target=library.work_ahead, args=(is_wanted,)).start()
    return demo


def _director(minutes: float | None, desk):
    """Of live trainings; None, said, where there is nowhere to write them."""
    from cyclegan.labs.live import Director, Limits

    limits = Limits(minutes=minutes)
    if not desk.house.private:
        of = desk.limits
        limits = Limits(
            folders=False,
            minutes=minutes,
            per_owner=of.trainings,
            disk=of.trained,
            disk_per_owner=of.trained_visitor,
        )
    try:
        return Director(RUNS / "live", limits)
    except OSError as error:
        logging.warning("Nothing can be trained here: %s: %s.", error.filename, error.strerror)
        return None


def is_private(args: argparse.Namespace) -> bool:
    """Whether the visitor can only be somebody at this machine, who may name its files."""
    host = args.host or os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
    shared = args.share or os.environ.get("GRADIO_SHARE", "").lower() == "true"
    is_loopback = host in ("localhost", "::1") or host.startswith("127.")
    return is_loopback and not shared and "SPACE_ID" not in os.environ


def in_the_network(address: str) -> str | None:
    """The address under which others in the same network find a page that listens to all of it.

    None where this machine has no network, or the page listens to one address alone.
    """
    host = urlsplit(address).hostname
    if host not in ("0.0.0.0", "::"):
        return None
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect(("192.0.2.1", 9))  # Of documentation alone (RFC 5737): nothing is sent.
        return address.replace(host, way.getsockname()[0])
    return None


def settle(stack: ExitStack) -> Path | None:
    """The page's own temporary folder, before Gradio looks for one; None, said, without."""
    from cyclegan.page.hosting import disk

    # The page asks itself whether it is there; no proxy leads to this machine.
    for name in ("NO_PROXY", "no_proxy"):
        others = os.environ.get(name)
        os.environ[name] = ",".join(filter(None, (others, "localhost,127.0.0.1,::1")))
    try:
        return stack.enter_context(disk.settled())
    except OSError as error:
        logging.warning("The page has no temporary folder of its own: %s.", error.strerror or error)
        return None


def main(argv: list[str] | None = None) -> int:
    # What is imported and built stays: to look for garbage in it takes a tenth of the start.
    gc.disable()
    args = build_parser().parse_args(argv)
    from cyclegan.store import checkpoints

    private = is_private(args)
    is_open, stack = threading.Event(), ExitStack()
    is_open.set()
    try:
        load_plugins()
        root = settle(stack)
        names = args.checkpoints or [str(f) for f in (checkpoints.BUNDLED, RUNS) if f.is_dir()]
        minutes = args.max_train_minutes or (None if private else MINUTES)
        demo = build(
            names,
            args.allow_hub,
            private,
            minutes if args.training else 0,
            is_open.is_set,
            args.device,
            args.is_class,
            args.allowed_hosts,
            root,
            args.lesson,
        )
        from cyclegan.page.demo import launch_options

        _, local, shared = demo.launch(
            server_name=args.host,
            server_port=args.port,
            share=args.share,
            prevent_thread_lock=True,
            **launch_options(demo),
        )
        gc.freeze()
        gc.enable()
        if not private and (for_all := shared or in_the_network(local)):
            print(f"* For a class: {for_all}", flush=True)
        if args.training and not private:
            address = f"{shared or local}?host={demo.desk.visitors.host_key}"
            print(f"* For you alone, to steer every training: {address}", flush=True)
        demo.block_thread()
    except (checkpoints.CheckpointError, ConfigError) as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return 130  # It was told to end before it was open.
    except Exception as error:  # Gradio and the system raise whatever is in the way.
        logging.debug("The page does not open.", exc_info=error)
        return _fail(f"the page does not open: {str(error) or type(error).__name__}")
    finally:
        gc.enable()
        is_open.clear()
        stack.close()
    return 0


def _fail(sentence: str) -> int:
    print(f"app.py: {' '.join(sentence.split())}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    # To be told to end is to leave nothing behind, as by Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
