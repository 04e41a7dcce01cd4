"""Open the page: find the checkpoint sets, build, launch."""

import argparse
import importlib.util
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from cyclegan.core import device as devices
from cyclegan.core.config import ConfigError
from cyclegan.core.registry import load_plugins
from cyclegan.store import checkpoints

RUNS = Path("runs")


def build_parser() -> argparse.ArgumentParser:
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
        "--device",
        choices=devices.DEVICES,
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
        help="the longest that one training may last (default: as long as it takes)",
    )
    return parser


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
    allow_paths: bool = False,
    train_minutes: float | None = 0,
    is_wanted: Callable[[], bool] | None = None,
    device: str = "auto",
):
    """The page over the models of `names`; raises CheckpointError where there are none.

    names: folders of sets, or whatever `cyclegan.models.find` knows. train_minutes: how long a
    training on the page may last; None for any time, 0 for no training. is_wanted: while it is
    true, the examples are translated before anybody clicks; None for not at all. device: one of
    `DEVICES`; raises ConfigError where it is missing.
    """
    # The spaces package wants to be imported before anything asks for CUDA.
    on_device = gpu_wrapper()
    from cyclegan.labs.live import Director, Limits
    from cyclegan.page.demo import build_demo
    from cyclegan.page.library import Library
    from cyclegan.page.models_tab import Access
    from cyclegan.store import catalogue as models

    folders = [Path(name) for name in names]
    library = Library(folders, devices.choose(device))
    for folder, name in zip(folders, names, strict=True):
        if not folder.is_dir() or any(s.is_foreign for s in models.in_folder(folder)):
            library.add(models.find(name))
    if not library.sets:
        raise checkpoints.CheckpointError(
            f"No finished checkpoint lies in {', '.join(names)}; train one with train.py, or name "
            "another with --checkpoints."
        )
    if library.device.type == "cuda":
        library.load_all()
    # Whoever may name paths may also look at the runs that lie here.
    roots = [RUNS] if allow_paths else []
    director = None
    if train_minutes != 0:
        director = Director(RUNS / "live", Limits(minutes=train_minutes))
    demo = build_demo(library, on_device, Access(allow_hub, allow_paths), roots, director)
    if is_wanted and library.device.type == "cpu":
        # Not a daemon, which would be cut off within a network pass when the page is closed.
        threading.Thread(target=library.work_ahead, args=(is_wanted,)).start()
    return demo


def is_private(args: argparse.Namespace) -> bool:
    """Whether the visitor can only be somebody at this machine, who may name its files."""
    host = args.host or os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
    shared = args.share or os.environ.get("GRADIO_SHARE", "").lower() == "true"
    return host in ("127.0.0.1", "localhost", "::1") and not shared and "SPACE_ID" not in os.environ


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    is_open = threading.Event()
    is_open.set()
    try:
        load_plugins()
        names = args.checkpoints or [str(f) for f in (checkpoints.BUNDLED, RUNS) if f.is_dir()]
        minutes = args.max_train_minutes if args.training else 0
        demo = build(names, args.allow_hub, is_private(args), minutes, is_open.is_set, args.device)
    except (checkpoints.CheckpointError, ConfigError) as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2
    from cyclegan.page.demo import launch_options

    try:
        demo.launch(
            server_name=args.host, server_port=args.port, share=args.share, **launch_options()
        )
    except OSError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2
    finally:
        is_open.clear()
    return 0


if __name__ == "__main__":
    sys.exit(main())
