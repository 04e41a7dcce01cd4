"""Open the page: find the checkpoint sets, build, launch."""

import argparse
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from cyclegan import checkpoints

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
        metavar="DIR",
        nargs="+",
        type=Path,
        help="sets, or folders of sets, to offer (default: the bundled ones and runs/)",
    )
    return parser


def gpu_wrapper() -> Callable:
    """`spaces.GPU` where that package is there (a ZeroGPU Space), else a wrapper of nothing."""
    if importlib.util.find_spec("spaces") is None:
        return lambda function: function
    import spaces

    return spaces.GPU(duration=15)


def build(folders: list[Path]):
    """The page over the sets in `folders`; raises CheckpointError where there are none."""
    # The spaces package wants to be imported before anything asks for CUDA.
    on_device = gpu_wrapper()
    from cyclegan.ui.library import Library
    from cyclegan.ui.page import build_demo

    library = Library(folders, "cuda" if torch.cuda.is_available() else "cpu")
    if not library.sets:
        places = ", ".join(str(folder) for folder in folders)
        raise checkpoints.CheckpointError(
            f"No finished checkpoint lies in {places}; train one with train.py, or name a folder "
            "with --checkpoints."
        )
    if library.device == "cuda":
        library.load_all()
    return build_demo(library, on_device)


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    try:
        demo = build(args.checkpoints or [checkpoints.BUNDLED, RUNS])
    except checkpoints.CheckpointError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2
    from cyclegan.ui.page import launch_options

    try:
        demo.launch(
            server_name=args.host, server_port=args.port, share=args.share, **launch_options()
        )
    except OSError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
