"""Train a CycleGAN on a machine of your own: command line, data, model, trainer, run folder."""

import argparse
import errno
import signal
import sys
from dataclasses import replace
from pathlib import Path

import torch
from tqdm import tqdm

from cyclegan.core.config import (
    Config,
    ConfigError,
    Discriminator,
    Domains,
    Generator,
    Objective,
    Training,
)
from cyclegan.lessons import DataError, UnpairedData, open_data
from cyclegan.store import catalogue as models
from cyclegan.store import checkpoints
from cyclegan.training import processes as ranks
from cyclegan.training import setup as training
from cyclegan.training.runs import Run, RunError, describe_machine
from cyclegan.training.trainer import NonFiniteError, StepDone, Trainer

ARCHITECTURE = {"--generator", "--width", "--blocks", "--upsampling"}


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
        "Defaults are those of the paper (arXiv 1703.10593).",
        epilog="examples:\n"
        "  python train.py --data horse2zebra --cycle none\n"
        "  python train.py --data satellite2map --size 64 --resize crop --width 32 --steps 2000\n"
        "  python train.py --resume runs/horse2zebra/gan-identity\n"
        "  torchrun --nproc-per-node 2 train.py --data horse2zebra   (two GPUs, or two processes)",
    )
    g = parser.add_argument_group("data")
    g.add_argument(
        "--data", metavar="NAME", help="satellite2map, or a folder with trainA/ and trainB/"
    )
    g.add_argument("--size", type=int, default=256, metavar="PX", help="side of the square crops")
    g.add_argument(
        "--resize",
        default="resize-and-crop",
        choices=["resize-and-crop", "crop"],
        help="scale to 286/256 of the size before cropping, or crop without ever rescaling",
    )
    g.add_argument(
        "--domains", nargs=2, metavar=("X", "Y"), help="what X and Y show, e.g. horse zebra"
    )

    g = parser.add_argument_group("networks")
    g.add_argument("--generator", default="resnet", choices=["resnet", "unet"], help="architecture")
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
        choices=["transposed", "resize"],
        help="resize-convolution leaves no checkerboard",
    )
    g.add_argument(
        "--discriminator",
        default="patchgan",
        choices=["patchgan", "patch4"],
        help="70x70 PatchGAN, or four stride-2 stages",
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
    g.add_argument("--no-gan", action="store_true", help="leave the adversarial terms out")
    g.add_argument(
        "--adversarial",
        default="least_squares",
        choices=["least_squares", "log"],
        help="their form",
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

    g = parser.add_argument_group("training")
    length = g.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=10_000, metavar="N", help="updates in all")
    length.add_argument("--epochs", type=int, metavar="N", help="passes over X instead of --steps")
    g.add_argument("--batch", type=int, default=1, metavar="N", help="pictures of X and Y a step")
    g.add_argument("--rate", type=float, default=2e-4, help="Adam's rate in the first half")
    g.add_argument(
        "--ema",
        type=float,
        default=0.999,
        metavar="D",
        help="decay of the averaged weights; 0: off",
    )
    g.add_argument("--seed", type=int, default=0, help="of weights, order, crops, flips and pools")

    g = parser.add_argument_group("machine")
    g.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"], help="where")
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
    g.add_argument("--resume", type=Path, metavar="RUN", help="go on with a run, with its settings")
    g.add_argument(
        "--log-every", type=int, default=50, metavar="N", help="steps between lines of log.jsonl"
    )
    g.add_argument(
        "--save-every", type=int, default=500, metavar="N", help="steps between checkpoints"
    )
    return parser


def config_from(
    args: argparse.Namespace, data: UnpairedData, initial: checkpoints.Checkpoint | None = None
) -> Config:
    """The settings that the command line asks for; raises ConfigError.

    initial: the weights to begin with, which decide the generators' architecture.
    """
    weight = {
        way: args.lam if args.cycle in (way, "both") else 0.0 for way in ("forward", "backward")
    }
    steps = args.steps
    if args.epochs is not None:
        if args.epochs < 1:
            raise ConfigError(f"epochs is {args.epochs}; it must be at least 1.")
        steps = max(1, args.epochs * len(data.train_x) // max(1, args.batch * ranks.count()))
    return Config(
        generator=initial.config.generator
        if initial
        else Generator(
            kind=args.generator,
            width=args.width,
            blocks=args.blocks if args.blocks is not None else (9 if args.size >= 256 else 6),
            upsampling=args.upsampling,
        ),
        discriminator=Discriminator(args.discriminator, args.discriminator_width),
        objective=Objective(
            gan=0.0 if args.no_gan else 1.0,
            cycle_forward=weight["forward"],
            cycle_backward=weight["backward"],
            identity=args.identity * args.lam,
            adversarial=args.adversarial,
            cycle_norm=args.cycle_norm,
        ),
        domains=Domains(*args.domains) if args.domains else data.domains,
        training=Training(
            data=args.data,
            resize=args.resize,
            steps=steps,
            batch=args.batch,
            rate=args.rate,
            ema_decay=args.ema,
            precision=args.precision,
            seed=args.seed,
        ),
        image_size=args.size,
    )


def choose_device(name: str) -> torch.device:
    """The named device, or the best one there is; raises ConfigError where it is missing."""
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(kind for kind, available in there.items() if available)
    if not there[name]:
        have = ", ".join(kind for kind, available in there.items() if available)
        raise ConfigError(f"PyTorch finds no {name} device here; available: {have}.")
    return torch.device(name)


def _explicit(argv: list[str]) -> set[str]:
    """The options that were given on the command line, as "--size"."""
    parser = build_parser()
    for action in parser._actions:
        action.default = argparse.SUPPRESS
    given = vars(parser.parse_args(argv))
    return {action.option_strings[-1] for action in parser._actions if action.dest in given}


def prepare(argv: list[str]) -> tuple[Run, Trainer, UnpairedData]:
    """Everything up to the first step. Raises ConfigError, DataError, RunError, CheckpointError."""
    args = build_parser().parse_args(argv)
    device = choose_device(args.device)
    if ranks.launched():
        device = ranks.join(device)
    if args.log_every < 1 or args.save_every < 1:
        raise ConfigError("--log-every and --save-every must be at least 1.")
    if args.resume:
        changeable = {"--resume", "--device", "--compile", "--log-every", "--save-every"}
        unused = _explicit(argv) - changeable
        if unused:
            raise ConfigError(
                f"--resume goes on with the run's own settings; leave out {min(unused)}."
            )
        folder, config = args.resume, checkpoints.read_config(args.resume)
        data = open_data(config.training.data, config.image_size, config.training.resize)
        initial = None
    else:
        if not args.data:
            raise ConfigError("Say what to train on: --data satellite2map or --data FOLDER.")
        # The size is checked before any picture is read.
        Config(
            generator=Generator(args.generator),
            discriminator=Discriminator(args.discriminator),
            objective=Objective(gan=0.0 if args.no_gan else 1.0),
            image_size=args.size,
        )
        initial = models.load_one(args.init) if args.init else None
        if initial and (given := _explicit(argv) & ARCHITECTURE):
            raise ConfigError(f"The weights of --init say what {min(given)} is; leave it out.")
        data = open_data(args.data, args.size, args.resize)
        config = config_from(args, data, initial)
        folder = args.out or Path("runs") / Path(args.data).name / config.objective.slug
        began = {"init": args.init} if args.init else {}
        began |= {"processes": ranks.count()} if ranks.count() > 1 else {}
        config = replace(config, facts={"machine": describe_machine(device), **began})

    run, trainer = training.prepare(
        folder,
        config,
        data,
        device,
        args.log_every,
        args.save_every,
        resume=bool(args.resume),
        initial=initial,
    )
    if args.compile:
        for network in trainer.model.children():
            network.compile()
    return run, trainer, data


def train(run: Run, trainer: Trainer, data: UnpairedData) -> None:
    """Train with a progress bar to the end, or to Ctrl-C."""

    def stop(signum: int, frame: object) -> None:
        trainer.stop = True

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
    steps = run.config.training.steps
    title = f"{run.config.objective.name} on {trainer.device}"
    silent = not ranks.is_first()
    with tqdm(
        total=steps, initial=trainer.steps_done, desc=title, unit="step", disable=silent
    ) as bar:

        def progress(trainer: Trainer, done: StepDone) -> None:
            bar.update()
            if done.step % 10 == 0 and not silent:
                bar.set_postfix(
                    {k: f"{float(v):.2f}" for k, v in done.terms.items()}, refresh=False
                )

        training.fit(run, trainer, data, [progress])


def main(argv: list[str] | None = None) -> int:
    """Exit code: 0 when finished, 130 when stopped by Ctrl-C, 2 with a sentence for an error."""
    run = None
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
    finally:
        ranks.leave()
    if trainer.steps_done < run.config.training.steps:
        _say(
            f"Stopped after step {trainer.steps_done}; go on: python train.py --resume {run.folder}"
        )
        return 130
    _say(f"Done: {run.folder} holds {trainer.steps_done} steps.")
    return 0


def _say(sentence: str) -> None:
    if ranks.is_first():
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
