"""One training, asked for by the options of train.py: on a command line, or from Python by `train`.

Data, model, trainer and run folder are put together in `setup`.
"""

import argparse
import errno
import os
import re
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from .. import lessons
from ..core import device as devices
from ..core.config import Channels, Config, ConfigError
from ..core.figures import Measure
from ..core.registry import load_plugins
from ..inference import distributions, feature_network
from ..lessons import DataError, UnpairedData, open_data
from ..methods.named_recipe import counted
from ..store import catalogue as models
from ..store import checkpoints
from . import boards, keeping, longer, processes, runs, setup
from .asked import ARCHITECTURE, OF_NETWORKS, config_from, ranges_from, recipe_from
from .compared import Compared
from .options import as_words, build_parser, explicit, listed
from .runs import Listener, Run, RunError, describe_machine
from .trainer import NonFiniteError, StepDone, Trainer

LISTENERS = {
    "--keep-every": "keep_every",
    "--keep-best": "keep_best",
    "--features": "features",
    "--log": "log",
}
"""Options that a run goes on with, unless they are given anew, and their names in its facts."""

CHANGEABLE = {"--steps", "--epochs", "--rate", "--decay-from", "--batch", "--data", "--device"}
CHANGEABLE |= {*LISTENERS, "--compile", "--log-every", "--save-every", "--sample-every"}
"""Options that may be given beside --resume."""


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
    objective = config.objective.suited(data.channels)
    if objective != config.objective and not given & {"--identity", "--term"}:
        x, y = data.channels.x, data.channels.y
        _say(f"The identity term is off: X has {x} channel{'s' * (x > 1)}, and Y {y}.")
        found["objective"] = objective
    return replace(config, training=training, domains=domains, **found)


def _tell(kept: dict) -> None:
    """Say aloud what a recipe sets, and what is not as in its source."""
    _say(f"Recipe {kept['name']}: {kept['source']}.")
    _say(f"  {listed(kept['sets'])}.")
    if kept["left_out"]:
        _say("  Left out or otherwise:")
    for sentence in kept["left_out"]:
        _say(f"  - {sentence}")
    if kept["otherwise"]:
        _say(f"  In this run: {listed(kept['otherwise'])}.")


def prepare(argv: list[str]) -> tuple[Run, Trainer, UnpairedData]:
    """Everything up to the first step. Raises ConfigError, DataError, RunError, CheckpointError."""
    load_plugins()
    args, given = build_parser().parse_args(argv), explicit(argv)
    device = devices.choose(args.device)
    if processes.launched():
        device = processes.join(device)
    every = (args.log_every, args.save_every, args.sample_every)
    if min(number for number in every if number is not None) < 1:
        raise ConfigError("--log-every, --save-every and --sample-every must be at least 1.")
    boards.check(args.log)
    if args.features != "none":
        feature_network.check()
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
        if lessons.is_registered(args.data) and (of_files := given & {"--channels", "--range"}):
            raise ConfigError(
                f"{min(of_files)} is about picture files, and {args.data} is a lesson that brings "
                "its own; leave it out."
            )
        channels = initial.config.channels if initial else None
        channels = Channels(*args.channels) if args.channels else channels
        ranges = ranges_from(args.range) if args.range else None
        t = config.training
        data = open_data(t.data, args.size, t.fit, channels, ranges, t.pictures)
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
    compared = None
    if args.features != "none":
        features = feature_network.load(args.features, device)
        if features.note:
            _say(features.note)
        compared = Compared(features, config, data)
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
        compared=compared,
    )
    for sentence in run.said:
        _say(sentence)
    if args.resume and "--rate" in given:
        trainer.change(rate=args.rate)
    listen(run, args, best)
    if compared:
        run.listeners.append(_Told(compared))
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
) -> tuple[Config, Measure | None]:
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
    best, with_kid = None, args.features != "none"
    if with_kid:
        args.features = feature_network.from_anywhere(args.features)
    if args.keep_best != "none":
        best = keeping.figure(args.keep_best, config, data, with_kid)
    wanted = {name: getattr(args, name) for name in LISTENERS.values()}
    if before is None and set(wanted.values()) <= {0, "none"}:
        return config, best
    return replace(config, facts={**config.facts, "listeners": wanted}), best


def listen(run: Run, args: argparse.Namespace, best: Measure | None) -> None:
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


class _Told(Listener):
    """Says KID and FID of all held-out pictures at the end of a training."""

    def __init__(self, compared: Compared):
        self.compared = compared

    def close(self) -> None:
        if found := self.compared.found:
            table = distributions.table({self.compared.config.objective.name: found})
            tqdm.write(f"{table}\n\n{distributions.said(found['G'])}")


def _kept_samples(config: Config) -> int | None:
    """Steps between samples, as the recipe of a run has them."""
    kept = config.facts.get("recipe")
    every = kept.get("sample_every") if isinstance(kept, dict) else None
    return every if isinstance(every, int) and every > 0 else None


def _short(data: str) -> str:
    """The last part of a data's name, as a folder's."""
    return re.sub(r"[^\w.-]+", "-", Path(data).name)


def train(data: str | Path | None = None, **options: object) -> Run:
    """Train as `python train.py` does, with its options by their names: to the end, or to Ctrl-C.

    data: a lesson's name, a folder with trainA/ and trainB/, or user/name of a dataset on the Hub.
    options: those of `python train.py --help`, with _ for -, and with its defaults: `steps=100`,
    `cycle="none"`, `no_gan=True`, `domains=("horse", "zebra")`; --lambda is `lam`, which Python
    has another use for. `resume=RUN` goes on with a run, and needs no data. Where a value is None
    or False, the option is not given.

    Returns the run: its weights, log and samples lie in `folder`, runs/DATA/VARIANT unless `out`
    names another. Raises ConfigError for an option that is none or makes no sense, DataError,
    RunError (the folder holds a run already) and CheckpointError, each with a sentence, and
    NonFiniteError where the losses ran away.
    """
    try:
        run, trainer, opened = prepare(as_words({"data": data, **options}))
        _fit(run, trainer, opened)
    finally:
        processes.leave()
    return run


def _fit(run: Run, trainer: Trainer, data: UnpairedData) -> None:
    """Train with a progress bar to the end, or to Ctrl-C, and say which of the two it was."""
    _say(f"{run.folder}: {run.config.objective.name}, {describe_machine(trainer.device)}")

    def stop(signum: int, frame: object) -> None:
        trainer.stop = True

    # Signals are the main thread's alone; whoever trains in another stops otherwise.
    hears = threading.current_thread() is threading.main_thread()
    heard = (signal.SIGINT, signal.SIGTERM) if hears else ()
    before = {name: signal.signal(name, stop) for name in heard}
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
    if trainer.steps_done < steps:
        _say(
            f"Stopped after step {trainer.steps_done}; go on: python train.py --resume {run.folder}"
        )
    else:
        _say(f"Done: {run.folder} holds {counted(trainer.steps_done, 'step')}.")


def main(argv: list[str] | None = None) -> int:
    """Exit code: 0 when finished, 130 when stopped by Ctrl-C, 2 with a sentence for an error."""
    run = None
    if not processes.launched():  # Who waits for others hears no handler, and is to be ended.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run, trainer, data = prepare(sys.argv[1:] if argv is None else argv)
        _fit(run, trainer, data)
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
    return 0 if trainer.steps_done == run.config.training.steps else 130


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
