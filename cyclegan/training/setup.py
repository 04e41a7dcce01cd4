"""From a config to a run under way: data, networks, trainer and run folder, put together.

The script, the laboratory and the page train through here. Knows no command line and no signal:
`trainer.stop = True` ends a training after its step.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from .. import lessons, methods
from ..core.config import DIRECTIONS, MIRRORED, Config, Direction, Objective, medium_of
from ..core.device import quick_precision
from ..core.media import spread
from ..inference import evaluation
from ..lessons import DataError, HeldOut, UnpairedData
from ..methods import Method, Model
from ..methods.method import has_input
from ..store.checkpoints import Checkpoint, CheckpointError
from . import processes
from .batches import DECODING_THREADS, Batches
from .compared import Compared
from .runs import FIGURES, Run
from .trainer import Callback, Trainer

SAMPLES = 4
CANDIDATES = 8
"""Training items among which one is chosen to show what becomes of it."""

PROBED, PROBED_UNPAIRED, PROBED_FROM_NOISE = 24, 8, 100
"""Held-out items that are scored at every save: with and without a truth to hold against, and where
as many samples are made of noise, one by one, and judged."""


def prepare(
    folder: Path,
    config: Config,
    data: UnpairedData,
    device: torch.device,
    log_every: int = 50,
    save_every: int = 500,
    sample_every: int | None = None,
    resume: bool = False,
    initial: Checkpoint | None = None,
    compared: Compared | None = None,
) -> tuple[Run, Trainer]:
    """Everything up to the first step: weights drawn, folder claimed or the run's state loaded.

    initial: a checkpoint to begin with instead of random weights. The precision "auto" becomes
    what is quick on `device`, and channels and ranges are the data's. Where the data have two
    held-out items and more, a few of them are scored at every save, for the curves; what
    `compared` finds stands beside that. Raises RunError where the folder holds a run already (or,
    to resume, none), DataError where the method needs true pairs or another medium than the data
    have, or labels that they lack, and CheckpointError where `initial` has other networks.
    """
    method = methods.find(config.method)
    check_data(method, data)
    check_networks(method, config, data)
    check_labels(method, config.objective, data)
    if config.training.precision == "auto":
        settings = replace(config.training, precision=quick_precision(device))
        config = replace(config, training=settings)
    config = replace(config, channels=data.channels, ranges=data.ranges)
    if method.classes(config.objective) and not lessons.find(config.training.data).kinds:
        config = replace(config, facts={**config.facts, "kinds": list(data.kinds)})
    few, probe = probed(config, data), None
    if few is not None:
        from_noise = [
            d for d in method.directions(config) if not has_input(method.views(config, d))
        ]
        trained = {d: data.trained(config.image_size, d) for d in from_noise}

        def probe(trainer: Trainer) -> dict[str, dict[str, float]]:
            look = trainer.networks, method, config, few, trainer.device
            found = {
                FIGURES[d]: evaluation.glance(*look, direction=d, trained=trained.get(d))[1]
                for d in method.directions(config)
            }
            more = compared(trainer) if compared else {}
            return {place: values | more.get(place, {}) for place, values in found.items()}

    torch.manual_seed(config.training.seed)
    model = Model(config)
    if initial is not None:
        start_from(model, config, initial)
    acquaint(model, data)
    trainer = Trainer(model, config.training, device)
    draw = lessons.find(config.training.data).draw
    samples = data.held_out(config.image_size, SAMPLES)
    run = Run(folder, config, samples, draw, log_every, save_every, sample_every, probe)
    if resume:
        run.resume(trainer)
    else:
        run.start()
    return run, trainer


def probed(config: Config, data: UnpairedData) -> HeldOut | None:
    """The few held-out items that are scored at every save; None where there are too few."""
    if min(len(data.test_x), len(data.test_y)) < 2:
        return None
    if methods.find(config.method).is_from_noise(config):
        return data.held_out(config.image_size, PROBED_FROM_NOISE)
    return data.held_out(config.image_size, PROBED if data.paired else PROBED_UNPAIRED)


def check_data(method: Method, data: UnpairedData) -> None:
    """Raise DataError where a method cannot train on data."""
    if method.is_paired and data.train_truth is None:
        raise DataError(f"{method.name} trains on true pairs, and these pictures are unpaired.")
    if method.media and data.medium.name not in method.media:
        raise DataError(
            f"{method.name} learns from {' or '.join(sorted(method.media))}, and these data are "
            f"{data.medium.name}."
        )


def check_networks(method: Method, config: Config, data: UnpairedData) -> None:
    """Raise DataError where the networks of a method that says what it learns from are for another
    medium than that of the data."""
    kind = config.generator.kind
    if method.media and medium_of(kind) != data.medium.name:
        raise DataError(
            f"The {kind} networks are for {medium_of(kind)}, and these data are "
            f"{data.medium.name}; the lesson's own are chosen by --recipe lesson."
        )


def acquaint(model: Model, data: UnpairedData) -> None:
    """Tell networks of the two sides that ask to meet them before they learn."""
    for direction in model.method.directions(model.config):
        for view in model.method.views(model.config, direction):
            meet = getattr(model[view.network], "meet", None) if view.key == "made" else None
            if meet:
                meet(data.voices, target=1 - DIRECTIONS.index(direction))


def check_labels(method: Method, objective: Objective, data: UnpairedData) -> None:
    """Raise DataError where a method's networks are told kinds, and training items are not labelled
    with these."""
    classes = method.classes(objective)
    if not classes:
        return
    if data.labels is None:
        said = f"{method.name} learns from labels, and these items have none. {data.why_no_labels}"
        raise DataError(said.strip())
    if (most := max(map(max, data.labels))) >= classes:
        raise DataError(
            f"The items are of {most + 1:,} kinds, and the networks are told {classes:,}: add "
            f"--term classes={most + 1}."
        )


def start_from(model: Model, config: Config, initial: Checkpoint) -> None:
    """Take the weights of a checkpoint over, and judges of the same make where it has some.

    Raises CheckpointError where it lacks a network that is shown, or has other architectures.
    """
    theirs, method = initial.config, model.method
    shown = method.averaged or method.roles
    if theirs.generator != config.generator:
        raise CheckpointError(
            f"The weights to begin with are of {theirs.generator}; the training asks for "
            f"{config.generator}."
        )
    if theirs.channels != config.channels:
        raise CheckpointError(
            f"The weights to begin with are for {theirs.channels.x} and {theirs.channels.y} "
            f"channels; the data have {config.channels.x} and {config.channels.y}."
        )
    given = initial.model.networks
    if missing := [role for role in shown if role not in given]:
        raise CheckpointError(
            f"The weights to begin with lack {' and '.join(missing)}; training needs "
            f"{' and '.join(shown)}."
        )
    # Published weights often come without discriminators, or with ones of another objective.
    alike = theirs.discriminator == config.discriminator and theirs.method == config.method
    for role, network in model.networks.items():
        if role in shown or (alike and role in given):
            network.load_state_dict(given[role].state_dict())


def batches(config: Config, data: UnpairedData) -> Batches:
    """The batches that a training sees, in this process."""
    settings, paired = config.training, methods.find(config.method).is_paired
    return Batches(
        data.train_x,
        data.train_truth if paired else data.train_y,
        config.image_size,
        settings.batch,
        settings.seed,
        paired,
        processes.rank(),
        processes.count(),
        data.medium,
        data.labels,
        middle=settings.place == "middle",
        flip=settings.flip,
    )


def first_items(config: Config, data: UnpairedData, count: int) -> tuple[Tensor, Tensor]:
    """The first `count` items of X and of Y that a training sees, (count, C, …) each, as kept."""
    seen, steps = batches(config, data), range(-(-count // config.training.batch))
    x, y = (torch.cat(side)[:count] for side in zip(*(seen[i][:2] for i in steps), strict=True))
    return data.medium.to_kept(x), data.medium.to_kept(y)


def words_of_crops(config: Config, data: UnpairedData) -> str:
    """What becomes of training items before all else: "cropped at random, mirrored by chance"; of a
    lesson whose pictures are as large as networks see them, no more than is mirrored."""
    training = config.training
    if data.medium.parts:
        return data.medium.parts
    if not lessons.is_registered(training.data):
        return training.crop_words
    sides = {n for items in (data.train_x, data.train_y) for n in items[0].shape[1:]}
    return (
        MIRRORED[training.flip]
        if sides == {config.image_size}
        else replace(training, fit="none").crop_words
    )


def _changed_by_a_mirror(item: Tensor) -> float:
    return float((item.float() - item.float().flip(-1)).abs().mean())


def as_shown(
    config: Config, data: UnpairedData, direction: Direction, count: int
) -> tuple[Tensor, Tensor]:
    """A training item as it is, and `count` times as networks are shown it: (C, …) and
    (count, C, …), as kept. It is of what goes in, in that direction; of noise, of what comes out;
    of a few that are spread over them the least symmetric one.
    """
    method, seen = methods.find(config.method), batches(config, data)
    goes_in = has_input(method.views(config, direction))
    items = data.train_x if (direction == "xy") == goes_in else data.train_y
    # Of a symmetric one a mirror would show nothing.
    item = max(spread(items, CANDIDATES), key=_changed_by_a_mirror)
    random = torch.Generator().manual_seed(config.training.seed)
    parts = torch.stack([seen.part(item, random) for _ in range(count)])
    shown = method.fed(config.objective, data.medium.to_float(parts), random)
    return data.medium.middle(item, config.image_size), data.medium.to_kept(shown)


def loader(config: Config, data: UnpairedData, start: int):
    """The batches from step `start` on, decoded ahead where that takes time."""
    threads = 0 if data.in_memory else DECODING_THREADS
    return batches(config, data).loader(start, config.training.steps, threads)


def fit(run: Run, trainer: Trainer, data: UnpairedData, callbacks: Sequence[Callback] = ()) -> None:
    """Train to the end, or until `trainer.stop`; the run's folder holds all that is to be kept.

    Raises DataError where an item cannot be read, after all steps before it have been saved.
    """
    try:
        trainer.fit(loader(run.config, data, trainer.steps_done), [*callbacks, run])
        if run.saved_step != trainer.steps_done:  # Stopped before the end.
            run.save(trainer)
    except DataError:
        # All processes save together, and the others would wait for this one in their next step.
        if processes.count() == 1 and run.saved_step != trainer.steps_done:
            run.save(trainer)
        raise
    finally:
        for listener in run.listeners:
            listener.close()
