"""Train a CycleGAN on a machine of your own: command line, data, model, trainer, run folder."""

import argparse
import dataclasses
import errno
import os
import re
import signal
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from cyclegan import lessons, methods
from cyclegan.core import device as devices
from cyclegan.core.config import (
    DISCRIMINATORS,
    FITS,
    FLIPS,
    INITIALISATIONS,
    ORDERS,
    RESIZES,
    Change,
    Channels,
    Config,
    ConfigError,
    Discriminator,
    Domains,
    Generator,
    Objective,
    Range,
    Ranges,
    Training,
    norms,
)
from cyclegan.core.figures import Figure
from cyclegan.core.registry import load_plugins
from cyclegan.lessons import DataError, Lesson, UnpairedData, open_data
from cyclegan.methods import Method, NamedRecipe, cyclegan
from cyclegan.methods.cyclegan.objective import QUALITIES
from cyclegan.methods.named_recipe import LABELS, counted
from cyclegan.store import catalogue as models
from cyclegan.store import checkpoints
from cyclegan.training import boards, keeping, longer, processes, runs, setup
from cyclegan.training.runs import Listener, Run, RunError, describe_machine
from cyclegan.training.trainer import NonFiniteError, StepDone, Trainer

GENERATOR = {
    "--width": "width",
    "--blocks": "blocks",
    "--upsampling": "upsampling",
    "--downsampling": "downsampling",
    "--norm": "norm",
}
ARCHITECTURE = {"--generator", *GENERATOR}
TRAINING = {
    "--steps": "steps",
    "--batch": "batch",
    "--rate": "rate",
    "--decay": "decay",
    "--beta1": "beta1",
    "--pool": "pool",
    "--ema": "ema_decay",
    "--initialisation": "initialisation",
    "--order": "order",
    "--precision": "precision",
    "--fit": "fit",
    "--flip": "flip",
    "--seed": "seed",
}
"""Options, and the fields of a generator and of a training that they set."""

LISTENERS = {"--keep-every": "keep_every", "--keep-best": "keep_best", "--log": "log"}
"""Options that a run goes on with, unless they are given anew, and their names in its facts."""

CHANGEABLE = {"--steps", "--epochs", "--rate", "--decay-from", "--batch", "--data", "--device"}
CHANGEABLE |= {*LISTENERS, "--compile", "--log-every", "--save-every", "--sample-every"}
"""Options that may be given beside --resume."""

OF_NETWORKS = {*ARCHITECTURE, "--discriminator", "--discriminator-width"}
"""Options that say what the networks are, once and for all."""

CYCLEGAN = {
    "--cycle",
    "--cycle-norm",
    "--lambda",
    "--identity",
    "--identity-until",
    "--cycle-features",
    "--cycle-decay",
    "--cycle-quality",
}
"""Options of CycleGAN's objective alone."""


class _Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=34, width=98)

    def _get_help_string(self, action: argparse.Action) -> str:
        shown = action.default is not None and action.default is not False
        shown = shown and action.default is not argparse.SUPPRESS
        return super()._get_help_string(action) if shown else action.help


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        self.exit(2, f"train.py: {message}; python train.py --help lists what is valid.\n")


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
            body = textwrap.wrap(_listed({label: words[label] for label in LABELS}), 88)
            lines += [*textwrap.wrap(head, 98, subsequent_indent=10 * " "), *_indented(body)]
    return "\n".join([*lines, "  lesson  what the page trains on the lesson in --data"])


def _indented(lines: list[str]) -> list[str]:
    return [10 * " " + line for line in lines]


def _step_or_never(text: str) -> int | str:
    if text == longer.NEVER:
        return text
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is neither a step nor never") from error


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


def recipe_from(args: argparse.Namespace, lesson: Lesson) -> tuple[Method, NamedRecipe | None]:
    """The method, and the recipe that the command line names; raises ConfigError."""
    own = lesson.recipe.config
    method = methods.find(args.method or own.method)
    if args.recipe is None:
        return method, None
    if args.recipe == "lesson" and own.method == method.key:
        return method, NamedRecipe.of(own, "the lesson", f"what the page trains on {lesson.title}")
    return method, method.recipe(args.recipe, ["lesson"] * (own.method == method.key))


def _asked(args: argparse.Namespace, given: set[str], fields: dict[str, str]) -> dict:
    """The fields that were set by options on the command line."""
    named = {option: option.lstrip("-").replace("-", "_") for option in fields}
    return {fields[o]: getattr(args, name) for o, name in named.items() if o in given}


def objective_from(
    args: argparse.Namespace, method: Method, given: set[str], base: Objective
) -> Objective:
    """The objective that the command line asks for; raises ConfigError.

    given: the options that were given, as "--lambda". base: what holds where none was.
    """
    fields = {field.name: field.type for field in dataclasses.fields(base)}
    values: dict = {}
    if issubclass(method.Objective, cyclegan.Objective):
        names = ("cycle_norm", "cycle_features", "cycle_decay", "cycle_quality")
        values |= _asked(args, given, {f"--{name.replace('_', '-')}": name for name in names})
        if given & {"--lambda", "--cycle", "--identity"}:
            values |= _weights(args, given, base)
    elif foreign := given & CYCLEGAN:
        raise ConfigError(
            f"{min(foreign)} is an option of CycleGAN's objective; {method.name}'s has "
            f"{', '.join(name for name in fields if name != 'schedule')} (--term NAME=VALUE)."
        )
    for name, value in (("gan", 0.0 if args.no_gan else None), ("adversarial", args.adversarial)):
        if value is not None:
            if name not in fields:
                raise ConfigError(f"{method.name}'s objective has no {name}.")
            values[name] = value
    for name, text in args.term:
        if name not in fields or name == "schedule":
            valid = ", ".join(known for known in fields if known != "schedule")
            raise ConfigError(f"{method.name}'s objective has no {name}; valid are {valid}.")
        values[name] = _value(fields[name], name, text)
    schedule = [*base.schedule, *args.change]
    if args.identity_until is not None:
        until = args.identity_until
        schedule.append(Change("identity", 0.0, until, until))
    return replace(base, **values, schedule=tuple(schedule))


def _weights(args: argparse.Namespace, given: set[str], base: cyclegan.Objective) -> dict:
    """λ for the ways that count, and identity as a share of it; what was not given is `base`'s."""
    before = max(base.cycle_forward, base.cycle_backward) or args.lam
    lam = args.lam if "--lambda" in given else before
    share = args.identity if "--identity" in given else base.identity / before
    ways = [way for way in ("forward", "backward") if getattr(base, f"cycle_{way}")]
    if "--cycle" in given or not ways:
        ways = [way for way in ("forward", "backward") if args.cycle in (way, "both")]
    cycle = {f"cycle_{way}": lam if way in ways else 0.0 for way in ("forward", "backward")}
    return {**cycle, "identity": share * lam}


def _value(kind: type, name: str, text: str) -> object:
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text)
    except (ValueError, KeyError) as error:
        raise ConfigError(f"--term {name}={text}: {name} takes {kind.__name__}.") from error


def _usual_blocks(size: int) -> int:
    """The paper's residual blocks for a size in pixels (section 7.2)."""
    return 9 if size >= 256 else 6


def config_from(
    args: argparse.Namespace, method: Method, given: set[str], recipe: NamedRecipe | None = None
) -> Config:
    """The settings that the command line asks for, but for what the data decide.

    given: the options that were given; all else is the recipe's, or the program's own. Raises
    ConfigError.
    """
    if recipe is None:
        generator, judges = Generator(blocks=_usual_blocks(args.size)), Discriminator()
        training, objective = Training(pool=method.pool, precision="auto"), method.Objective()
    else:
        generator, judges, training = recipe.generator, recipe.discriminator, recipe.training
        objective = method.Objective(**recipe.objective)
    if "--generator" in given:
        if args.generator == "resnet" and not generator.blocks:
            generator = replace(generator, blocks=_usual_blocks(args.size))
        generator = generator.as_kind(args.generator)
    if generator.kind == "unet" and "--blocks" in given:
        raise ConfigError("The U-Net has no residual blocks; leave --blocks out.")
    if "--discriminator" in given:
        judges = judges.as_kind(args.discriminator)
    judged = _asked(args, given, {"--discriminator-width": "width", "--norm": "norm"})
    if judged.get("norm") not in norms(judges.kind):
        judged.pop("norm", None)
    return Config(
        generator=replace(generator, **_asked(args, given, GENERATOR)),
        discriminator=replace(judges, **judged),
        objective=objective_from(args, method, given, objective),
        domains=Domains(*args.domains) if args.domains else Domains(),
        training=_training(args, given, training),
        image_size=args.size,
    )


def _training(args: argparse.Namespace, given: set[str], base: Training) -> Training:
    asked = _asked(args, given, TRAINING) | RESIZES.get(args.resize, {})
    if args.decay_from == longer.NEVER:
        asked["decay"] = 0.0
    elif args.decay_from is not None:
        asked["decay_from"] = args.decay_from
    return replace(base, data=lessons.from_anywhere(args.data), **asked)


def _ranges(ends: list[float]) -> Ranges:
    """Of both sides, by two numbers or four; their kind is the files'."""
    if len(ends) not in (2, 4):
        raise ConfigError("--range takes two numbers, low and high, or two for X and two for Y.")
    return Ranges(Range(*ends[:2]), Range(*ends[-2:]))


def _steps_of(epochs: int, data: UnpairedData, batch: int) -> int:
    """Steps that are so many passes over X."""
    if epochs < 1:
        raise ConfigError(f"epochs is {epochs}; it must be at least 1.")
    return max(1, epochs * len(data.train_x) // (batch * processes.count()))


def _fitted(
    config: Config,
    args: argparse.Namespace,
    data: UnpairedData,
    epochs: int | None,
    given: set[str],
) -> Config:
    """The same with what the data decide: channels, names, and how many steps the epochs are."""
    training = config.training
    if epochs is not None:
        training = replace(training, steps=_steps_of(epochs, data, training.batch))
    domains = config.domains if args.domains else data.domains
    found = {"channels": data.channels, "ranges": data.ranges}
    x, y = data.channels.x, data.channels.y
    if x != y and not given & {"--identity", "--term"} and config.objective.uses("identity"):
        _say(f"The identity term is off: X has {x} channel{'s' * (x > 1)}, and Y {y}.")
        schedule = tuple(c for c in config.objective.schedule if c.weight != "identity")
        found["objective"] = replace(config.objective, identity=0.0, schedule=schedule)
    return replace(config, training=training, domains=domains, **found)


def _tell(kept: dict) -> None:
    """Say aloud what a recipe sets, and what is not as in its source."""
    _say(f"Recipe {kept['name']}: {kept['source']}.")
    _say(f"  {_listed(kept['sets'])}.")
    if kept["left_out"]:
        _say("  Left out or otherwise:")
    for sentence in kept["left_out"]:
        _say(f"  - {sentence}")
    if kept["otherwise"]:
        _say(f"  In this run: {_listed(kept['otherwise'])}.")


def _listed(words: dict[str, str]) -> str:
    return "; ".join(f"{label}: {word}" for label, word in words.items())


def _explicit(argv: list[str]) -> set[str]:
    """The options that were given on the command line, as "--size"."""
    parser = build_parser()
    for action in parser._actions:
        action.default = argparse.SUPPRESS
    given = vars(parser.parse_args(argv))
    return {action.option_strings[-1] for action in parser._actions if action.dest in given}


def prepare(argv: list[str]) -> tuple[Run, Trainer, UnpairedData]:
    """Everything up to the first step. Raises ConfigError, DataError, RunError, CheckpointError."""
    load_plugins()
    args, given = build_parser().parse_args(argv), _explicit(argv)
    device = devices.choose(args.device)
    if processes.launched():
        device = processes.join(device)
    every = (args.log_every, args.save_every, args.sample_every)
    if min(number for number in every if number is not None) < 1:
        raise ConfigError("--log-every, --save-every and --sample-every must be at least 1.")
    boards.check(args.log)
    if args.resume:
        folder, initial = args.resume, None
        config, data, said = go_on(args, given)
        args.sample_every = args.sample_every or _kept_samples(config)
    else:
        if not args.data:
            raise ConfigError(
                "Say what to train on: --data with a lesson's name, a folder, or user/name on the "
                "Hub."
            )
        lesson = lessons.find(args.data)
        method, recipe = recipe_from(args, lesson)
        if args.size is None:
            args.size = min(recipe.image_size if recipe else lesson.largest, lesson.largest)
        # The settings are checked before any picture is read.
        config = config_from(args, method, given, recipe)
        if args.epochs is not None and args.epochs < 1:  # Before any picture is read.
            raise ConfigError(f"epochs is {args.epochs}; it must be at least 1.")
        began: dict = {"machine": describe_machine(device)}
        initial = _initial(args.init) if args.init else None
        if initial:
            if given_too := given & ARCHITECTURE:
                raise ConfigError(
                    f"The weights of --init say what {min(given_too)} is; leave it out."
                )
            config = replace(config, generator=initial.config.generator)
            began["init"] = args.init
        channels = initial.config.channels if initial else None
        channels = Channels(*args.channels) if args.channels else channels
        ranges = _ranges(args.range) if args.range else None
        fit = config.training.fit
        data = open_data(config.training.data, args.size, fit, channels, ranges)
        epochs = args.epochs
        if recipe and not given & {"--steps", "--epochs"}:
            epochs = recipe.epochs
        config = _fitted(config, args, data, epochs, given)
        folder = args.out or Path("runs") / _short(args.data) / config.objective.slug
        if recipe:
            args.sample_every = args.sample_every or recipe.sample_every
            began["recipe"] = recipe.kept(args.recipe, config, epochs, args.sample_every)
            _tell(began["recipe"])
            if args.size < recipe.image_size and "--size" not in given:
                _say(f"  {args.data} has no pictures of more than {args.size} px.")
        began |= {"processes": processes.count()} if processes.count() > 1 else {}
        config = replace(config, facts=began)
        said = " ".join(models.notes_of(initial)) if initial else ""
    for sentence in filter(None, (said, *data.said)):
        _say(sentence)

    config, best = listeners_from(args, given, config, data)
    run, trainer = setup.prepare(
        folder,
        config,
        data,
        device,
        args.log_every,
        args.save_every,
        args.sample_every,
        resume=bool(args.resume),
        initial=initial,
    )
    for sentence in run.said:
        _say(sentence)
    if args.resume and "--rate" in given:
        trainer.change(rate=args.rate)
    listen(run, args, best)
    if args.compile:
        for network in trainer.model.children():
            network.compile()
    return run, trainer, data


def go_on(args: argparse.Namespace, given: set[str]) -> tuple[Config, UnpairedData, str]:
    """The settings and the data with which a run goes on, and what was damaged.

    What is otherwise from here on is kept in its facts, and told. Raises ConfigError with the way
    round where something may not change, RunError and DataError.
    """
    run = args.resume
    if fixed := given - CHANGEABLE - {"--resume"}:
        raise ConfigError(_way_round(min(fixed), run))
    before, done, said = runs.settings(run)
    where = lessons.from_anywhere(args.data) if args.data else before.training.data
    try:
        data = open_data(where, *lessons.as_trained(before)[1:])
    except DataError as error:
        if args.data or os.path.lexists(where):
            raise
        moved = "If the pictures were moved, say where they are: --data FOLDER."
        raise DataError(f"{error} {moved}") from error
    if data.channels != before.channels:
        raise ConfigError(
            f"{where} has pictures of {data.channels.x} and {data.channels.y} channels, and "
            f"the run is for {before.channels.x} and {before.channels.y}."
        )
    batch = args.batch if "--batch" in given else None
    steps = args.steps if "--steps" in given else None
    if args.epochs is not None:
        steps = _steps_of(args.epochs, data, batch or before.training.batch)
    rate = args.rate if "--rate" in given else None
    try:
        config = longer.train_on(before, done, steps, rate, args.decay_from, batch)
    except longer.AskForRateError as error:
        raise ConfigError(f"{error} Add --rate, and --decay-from if need be.") from error
    for sentence in longer.told(before, config, done):
        _say(sentence)
    config = replace(config, training=replace(config.training, data=where))
    return longer.recorded(before, config, done), data, said


def _way_round(option: str, run: Path) -> str:
    """Why an option makes no sense beside --resume, and what does."""
    if option == "--out":
        return "--resume goes on in the run's own folder; leave out --out."
    if option == "--init":
        return "--resume goes on with the run's own weights; leave out one of the two."
    if option in OF_NETWORKS:
        return (
            f"{option} says what the networks are, and a run that goes on keeps them. Leave it "
            "out, or begin a new run without --resume."
        )
    return (
        f"{option} belongs to a run from its first step. Leave it out, or begin a new run with "
        f"this one's weights: python train.py --init {run} --data … {option} … --out …"
    )


def _initial(name: str) -> checkpoints.Checkpoint:
    """The checkpoint to begin with; of a run with its training state, in full precision."""
    folder = Path(name)
    if not (folder / runs.STATE).is_file():
        return models.load_one(name)
    try:
        found = runs.in_full(folder)
    except RunError:
        _say(f"{folder / runs.STATE} is damaged; the weights are those that are shipped, rounded.")
        return models.load_one(name)
    _say(f"The weights are those of {folder / runs.STATE}, in float32.")
    return found


def listeners_from(
    args: argparse.Namespace, given: set[str], config: Config, data: UnpairedData
) -> tuple[Config, Figure | None]:
    """The config that remembers who is to listen, and the figure that the best is kept by.

    What was not given, a run that goes on remembers, and `args` with it. Raises ConfigError.
    """
    before = config.facts.get("listeners")
    for option, name in LISTENERS.items():
        kept = before.get(name) if isinstance(before, dict) else None
        if option not in given and type(kept) is type(getattr(args, name)):
            setattr(args, name, kept)
    if args.keep_every < 0:
        raise ConfigError(f"--keep-every is {args.keep_every}; it must be at least 1, or 0.")
    boards.check(args.log)
    best = None if args.keep_best == "none" else keeping.figure(args.keep_best, config, data)
    wanted = {name: getattr(args, name) for name in LISTENERS.values()}
    if before is None and set(wanted.values()) <= {0, "none"}:
        return config, best
    return replace(config, facts={**config.facts, "listeners": wanted}), best


def listen(run: Run, args: argparse.Namespace, best: Figure | None) -> None:
    """Have all listen to a run who are asked to."""
    if args.keep_every:
        run.listeners.append(keeping.EveryNth(run, args.keep_every))
    if best is not None:
        keeper = keeping.Best(run, best)
        run.listeners.append(keeper)
        if keeper.said:
            _say(keeper.said)
    if args.log != "none" and processes.is_first():
        run.listeners.append(boards.Board(run, args.log))


class _Signs(Listener):
    """Says the signs of a collapse above a progress bar."""

    def __init__(self, bar: tqdm):
        self.bar = bar

    def line(self, line: dict, probed: Trainer | None) -> None:
        for sentence in line.get("signs", ()):
            self.bar.write(sentence)


def _kept_samples(config: Config) -> int | None:
    """Steps between samples, as the recipe of a run has them."""
    kept = config.facts.get("recipe")
    every = kept.get("sample_every") if isinstance(kept, dict) else None
    return every if isinstance(every, int) and every > 0 else None


def _short(data: str) -> str:
    """The last part of a data's name, as a folder's."""
    return re.sub(r"[^\w.-]+", "-", Path(data).name)


def train(run: Run, trainer: Trainer, data: UnpairedData) -> None:
    """Train with a progress bar to the end, or to Ctrl-C."""

    def stop(signum: int, frame: object) -> None:
        trainer.stop = True

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    steps = run.config.training.steps
    title = f"{run.config.objective.name} on {trainer.device}"
    silent = not processes.is_first()
    with tqdm(
        total=steps, initial=trainer.steps_done, desc=title, unit="step", disable=silent
    ) as bar:

        def progress(trainer: Trainer, done: StepDone) -> None:
            bar.update()
            if done.step % 10 == 0 and not silent:
                shown = {k: v for k, v in done.terms.items() if not trainer.method.term(k).is_told}
                bar.set_postfix({k: f"{float(v):.2f}" for k, v in shown.items()}, refresh=False)

        run.listeners.append(_Signs(bar))
        try:
            setup.fit(run, trainer, data, [progress])
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)


def main(argv: list[str] | None = None) -> int:
    """Exit code: 0 when finished, 130 when stopped by Ctrl-C, 2 with a sentence for an error."""
    run = None
    if not processes.launched():  # Who waits for others hears no handler, and is to be ended.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run, trainer, data = prepare(sys.argv[1:] if argv is None else argv)
        _say(f"{run.folder}: {run.config.objective.name}, {describe_machine(trainer.device)}")
        train(run, trainer, data)
    except (ConfigError, DataError, RunError, checkpoints.CheckpointError, NonFiniteError) as error:
        return _fail(str(error), run)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return _fail("The disk is full.", run)
        return _fail(f"{error.strerror or error}: {error.filename or ''}".rstrip(": ") + ".", run)
    except KeyboardInterrupt:
        _say("Stopped before training began; nothing is lost.")
        return 130
    finally:
        processes.leave()
    if trainer.steps_done < run.config.training.steps:
        _say(
            f"Stopped after step {trainer.steps_done}; go on: python train.py --resume {run.folder}"
        )
        return 130
    _say(f"Done: {run.folder} holds {counted(trainer.steps_done, 'step')}.")
    return 0


def _say(sentence: str) -> None:
    if processes.is_first():
        print(sentence)


def _fail(sentence: str, run: Run | None) -> int:
    print(f"train.py: {sentence}", file=sys.stderr)
    if run is not None and run.saved_step:
        print(
            f"The last good checkpoint is that of step {run.saved_step} in {run.folder}; go on "
            f"from it: python train.py --resume {run.folder}",
            file=sys.stderr,
        )
    return 2


if __name__ == "__main__":
    sys.exit(main())
