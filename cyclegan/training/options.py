"""The options of train.py, each explained; and which of them were given.

Knows no file and no training: what the options ask for is `asked`'s business.
"""

import argparse
import difflib
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path

from .. import lessons, methods
from ..core import device as devices
from ..core.config import (
    DISCRIMINATORS,
    FITS,
    FLIPS,
    INITIALISATIONS,
    ORDERS,
    RESIZES,
    Change,
    ConfigError,
)
from ..methods.cyclegan.objective import QUALITIES
from ..methods.named_recipe import LABELS
from . import boards
from .longer import NEVER


class _Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=34, width=98)

    def _get_help_string(self, action: argparse.Action) -> str:
        shown = action.default is not None and action.default is not False
        shown = shown and action.default is not argparse.SUPPRESS
        return super()._get_help_string(action) if shown else action.help


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise ConfigError(f"{message}; python train.py --help lists what is valid.")


def build_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="train.py",
        formatter_class=_Help,
        description="Train a CycleGAN, with or without any term of its objective.\n"
        "The defaults are this program's own, mostly after the paper; the paper's are --recipe "
        "paper.",
        epilog=f"recipes:\n{_list_recipes()}\n\nexamples:\n"
        "  python train.py --data horse2zebra --recipe paper\n"
        "  python train.py --data horse2zebra --cycle none\n"
        "  python train.py --data drawing --width 24 --blocks 4 --upsampling resize --steps 2000\n"
        "  python train.py --resume runs/horse2zebra/gan-identity\n"
        "  python train.py --resume runs/horse2zebra/gan-identity --steps 20000 --rate 1e-4\n"
        "  torchrun --nproc-per-node 2 train.py --data horse2zebra   (two GPUs, or two processes)",
    )
    parser.add_argument(
        "--recipe",
        metavar="NAME",
        help="begin with the settings of a source, as listed below; other options win over it",
    )
    g = parser.add_argument_group("data")
    g.add_argument(
        "--data",
        metavar="NAME",
        help=f"a lesson ({', '.join(lesson.name for lesson in lessons.all_lessons())}), a folder "
        "with trainA/ and trainB/, or with pairs side by side in train/, or user/name on the Hub",
    )
    g.add_argument(
        "--size",
        type=int,
        metavar="PX",
        help="side of the square crops (default: 256, or the largest that a lesson has)",
    )
    fitting = g.add_mutually_exclusive_group()
    fitting.add_argument(
        "--fit",
        default="crop",
        choices=FITS,
        help="before the crops, scale the short side to 286/256 of the size; squeeze to a square "
        "of that, as the paper does; scale the long side to it and pad; or never rescale",
    )
    fitting.add_argument(
        "--resize",
        choices=RESIZES,
        help="older names: resize-and-crop is --fit squeeze, crop is --fit none, and middle is the "
        "same without chance, always the middle of a picture",
    )
    g.add_argument(
        "--flip",
        default="horizontal",
        choices=FLIPS,
        help="mirror each crop by chance, also upside down (both: cells, satellites), or never "
        "(letters, whatever has a left side)",
    )
    g.add_argument(
        "--channels",
        nargs=2,
        type=int,
        metavar=("X", "Y"),
        help="1 for grey, 3 for RGB, or as many as the files have (default: as the files have)",
    )
    g.add_argument(
        "--range",
        nargs="+",
        type=float,
        metavar="LOW HIGH",
        help="which values of pictures of more than 8 bits are black and white; four numbers where "
        "X and Y differ (default: of unsigned ones the white of 10, 12, 14 or 16 bits, of others "
        "the least and the largest value, over a whole collection)",
    )
    g.add_argument(
        "--pictures",
        type=_count_or_all,
        metavar="N",
        help="see N training pictures of either side alone, evenly spread, or all (default: all)",
    )
    g.add_argument(
        "--domains", nargs=2, metavar=("X", "Y"), help="what X and Y show, e.g. horse zebra"
    )

    g = parser.add_argument_group("networks")
    g.add_argument(
        "--generator",
        default="resnet",
        choices=["resnet", "unet", "course"],
        help="architecture: the paper's, the book's or the course's",
    )
    g.add_argument("--width", type=int, default=64, metavar="N", help="filters of the generators")
    g.add_argument(
        "--blocks",
        type=int,
        metavar="N",
        help="residual blocks (default: 9 from 256 px on, else 6)",
    )
    g.add_argument(
        "--upsampling",
        default="transposed",
        choices=["transposed", "resize", "bilinear"],
        help="resize (nearest) and bilinear, each with a convolution, leave no checkerboard",
    )
    g.add_argument(
        "--downsampling",
        default="strided",
        choices=["strided", "antialiased"],
        help="antialiased blurs before each halving of the size (Zhang 2019)",
    )
    g.add_argument(
        "--norm",
        default="instance",
        choices=["instance", "layer", "instance-layer", "batch"],
        help="each channel of a picture on its own; of resnet and unet, and of patch4 beside them, "
        "layer: all of a picture together, as the book has it; of resnet, instance-layer: that on "
        "the way up alone; of resnet and patchgan, batch: each channel over a batch",
    )
    g.add_argument(
        "--discriminator",
        default="patchgan",
        choices=DISCRIMINATORS,
        help="70x70 PatchGAN, four stride-2 stages, or one score at 64 px",
    )
    g.add_argument(
        "--discriminator-width", type=int, default=64, metavar="N", help="filters of D_X and D_Y"
    )

    g.add_argument(
        "--init",
        metavar="MODEL",
        help="begin with these weights: a variant, folder, file, or user/repo[:part] on the Hub; "
        "the generators' architecture is theirs",
    )

    g = parser.add_argument_group("objective")
    g.add_argument(
        "--method",
        choices=[method.key for method in methods.all_methods()],
        help="who learns from what (default: the lesson's, mostly cyclegan)",
    )
    g.add_argument("--no-gan", action="store_true", help="leave the adversarial terms out")
    g.add_argument(
        "--adversarial",
        choices=["least_squares", "log"],
        help="their form (default: the method's; least squares for cyclegan, log for pix2pix)",
    )
    g.add_argument(
        "--cycle",
        default="both",
        choices=["both", "forward", "backward", "none"],
        help="which cycle-consistency terms count",
    )
    g.add_argument("--cycle-norm", default="l1", choices=["l1", "l2"], help="their norm")
    g.add_argument(
        "--lambda", type=float, default=10.0, metavar="W", help="their weight", dest="lam"
    )
    g.add_argument(
        "--identity",
        type=float,
        default=0.5,
        metavar="W",
        help="identity weight, times lambda; 0: off",
    )

    g.add_argument(
        "--identity-until",
        type=int,
        metavar="STEP",
        help="go on without the identity term after this step",
    )
    g.add_argument(
        "--cycle-features",
        type=float,
        default=0.0,
        metavar="G",
        help="share of the cycle that is taken on the discriminators' features by the end",
    )
    g.add_argument(
        "--cycle-decay",
        type=float,
        default=0.0,
        metavar="D",
        help="share of lambda that is gone by the end",
    )
    g.add_argument(
        "--cycle-quality",
        nargs="?",
        const="translation",
        default="off",
        choices=QUALITIES,
        help="weigh the cycle by D_Y(G(x)), its translation's (without a word), or by D_X(x), its "
        "original's",
    )
    g.add_argument(
        "--term",
        action="append",
        default=[],
        type=_assignment,
        metavar="NAME=VALUE",
        help="set any field of the method's objective, as in paired=50; may be given again",
    )
    g.add_argument(
        "--change",
        action="append",
        default=[],
        type=_change,
        metavar="NAME=VALUE@STEP[-STEP]",
        help="a weight that changes on the way: all at once after a step, or in a straight line "
        "between two, as in cycle_forward=1@500-2000; may be given again",
    )

    g = parser.add_argument_group("training")
    length = g.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=10_000, metavar="N", help="updates in all")
    length.add_argument("--epochs", type=int, metavar="N", help="passes over X instead of --steps")
    g.add_argument("--batch", type=int, default=1, metavar="N", help="pictures of X and Y a step")
    g.add_argument("--rate", type=float, default=2e-4, help="Adam's rate at first")
    falling = g.add_mutually_exclusive_group()
    falling.add_argument(
        "--decay",
        type=float,
        default=0.5,
        metavar="S",
        help="share of the steps, at the end, over which the rate falls to 0; 0: it never falls",
    )
    falling.add_argument(
        "--decay-from",
        type=_step_or_never,
        metavar="STEP",
        help="the step from which on the rate falls to 0, or never, in place of a share",
    )
    g.add_argument("--beta1", type=float, default=0.5, help="Adam's decay of the first moment")
    g.add_argument(
        "--pool",
        type=int,
        metavar="N",
        help="generated pictures that the discriminators' history holds; 0: none (default: the "
        "method's; 50 for cyclegan, 0 for pix2pix)",
    )
    g.add_argument(
        "--ema",
        type=float,
        default=0.999,
        metavar="D",
        help="decay of the averaged weights; 0: off",
    )
    g.add_argument(
        "--initialisation",
        default="normal",
        choices=INITIALISATIONS,
        help="of the weights: the paper's N(0, 0.02), Keras' or PyTorch's",
    )
    g.add_argument(
        "--order",
        default="together",
        choices=ORDERS,
        help="of the updates: all at once, or D on reals, D on generated ones, then G and F",
    )
    g.add_argument("--seed", type=int, default=0, help="of weights, order, crops, flips and pools")

    g = parser.add_argument_group("machine")
    g.add_argument("--device", default="auto", choices=devices.DEVICES, help="where")
    g.add_argument(
        "--precision",
        default="auto",
        choices=["auto", "float32", "bfloat16"],
        help="auto: bfloat16 where the device is faster with it",
    )
    g.add_argument(
        "--compile",
        action="store_true",
        help="torch.compile the networks: worth its minutes for a long training on a GPU",
    )

    g = parser.add_argument_group("run")
    g.add_argument(
        "--out", type=Path, metavar="DIR", help="run folder (default: runs/DATA/VARIANT)"
    )
    g.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="go on with a run, with its settings; --steps or --epochs make it longer, and --rate, "
        "--decay-from, --batch, --save-every and --data, for pictures that were moved, may change",
    )
    g.add_argument(
        "--log-every", type=int, default=50, metavar="N", help="steps between lines of log.jsonl"
    )
    g.add_argument(
        "--save-every", type=int, default=500, metavar="N", help="steps between checkpoints"
    )
    g.add_argument(
        "--sample-every",
        type=int,
        metavar="N",
        help="steps between sample grids (default: as saved)",
    )
    g.add_argument(
        "--keep-every",
        type=int,
        default=0,
        metavar="N",
        help="keep the checkpoint of every N-th step, as RUN/kept/001000; 0: none",
    )
    g.add_argument(
        "--keep-best",
        default="none",
        metavar="FIGURE",
        help="keep the checkpoint of the save with the best cycle_error, or another of G's figures "
        "in log.jsonl, as RUN/best. It is chosen on the few held-out items that are scored at each "
        "save, so that its figures on them are flattering",
    )
    g.add_argument(
        "--features",
        default="none",
        metavar="WEIGHTS",
        help="measure KID at each save and, at the end, KID and FID of all held-out pictures, by "
        "torch-fidelity's InceptionV3: a file of its weights, or user/repo:file on the Hub; takes "
        "pip install torchmetrics[image]",
    )
    g.add_argument(
        "--log",
        default="none",
        choices=boards.NEEDED,
        help="write TensorBoard's files beside log.jsonl, as RUN/tensorboard; wandb: and to "
        "Weights & Biases through them",
    )
    return parser


def _list_recipes() -> str:
    lines = []
    for method in methods.all_methods():
        for name, recipe in method.recipes.items():
            words = recipe.words(method.Objective)
            head = f"  {name:8}{recipe.source}; {method.name}:"
            body = textwrap.wrap(listed({label: words[label] for label in LABELS}), 88)
            lines += [*textwrap.wrap(head, 98, subsequent_indent=10 * " "), *_indented(body)]
    return "\n".join([*lines, "  lesson  what the page trains on the lesson in --data"])


def _indented(lines: list[str]) -> list[str]:
    return [10 * " " + line for line in lines]


def _step_or_never(text: str) -> int | str:
    if text == NEVER:
        return text
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is neither a step nor never") from error


def _count_or_all(text: str) -> int | None:
    if text == "all":
        return None
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is neither a number nor all") from error


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (equals and name and value):
        raise argparse.ArgumentTypeError(f"{text} is not of the form NAME=VALUE")
    return name, value


def _change(text: str) -> Change:
    found = re.fullmatch(r"(\w+)=([\d.e+-]+)@(\d+)(?:-(\d+))?", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text} is not of the form NAME=VALUE@STEP[-STEP]")
    name, value, start, end = found.groups()
    try:
        return Change(name, float(value), int(start), int(end or start))
    except ValueError as error:  # ConfigError among them.
        raise argparse.ArgumentTypeError(str(error)) from error


def listed(words: dict[str, str]) -> str:
    return "; ".join(f"{label}: {word}" for label, word in words.items())


def explicit(argv: list[str]) -> set[str]:
    """The options that were given on the command line, as "--size"."""
    parser = build_parser()
    for action in parser._actions:
        action.default = argparse.SUPPRESS
    given = vars(parser.parse_args(argv))
    return {action.option_strings[-1] for action in parser._actions if action.dest in given}


def as_words(options: Mapping[str, object]) -> list[str]:
    """A command line that gives these options, by name; raises ConfigError for what is none.

    Values are words or numbers, or as many of them as an option takes; None and False give none.
    """
    actions = {action.dest: action for action in build_parser()._actions if action.dest != "help"}
    words = []
    for name, value in options.items():
        if name not in actions:
            near = difflib.get_close_matches(name, actions, 1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise ConfigError(f"{name} is no option; {meant}python train.py --help lists them.")
        if value is None or value is False:
            continue
        action = actions[name]
        option = action.option_strings[-1]
        if action.nargs == 0 or (action.nargs == "?" and value is True):
            words += [option] if value else []
        elif isinstance(action.nargs, int) or action.nargs == "+":
            words += [option, *map(str, value if isinstance(value, list | tuple) else [value])]
        else:
            is_repeated = action.default == [] and isinstance(value, list | tuple)
            words += [f"{option}={one}" for one in (value if is_repeated else [value])]
    return words
