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
from ..core.config import Config
from ..core.device import quick_precision
from ..inference import evaluation
from ..lessons import DataError, HeldOut, UnpairedData
from ..methods import Method, Model
from ..store.checkpoints import Checkpoint, CheckpointError
from . import processes
from .batches import DECODING_THREADS, Batches
from .compared import Compared
from .runs import FIGURES, Run
from .trainer import Callback, Trainer

SAMPLES = 4
PROBED, PROBED_UNPAIRED = 24, 8
"""Held-out items that are scored at every save, with and without a truth to hold against."""


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
    have, and CheckpointError where `initial` has other networks.
    """
    method = methods.find(config.method)
    check_data(method, data)
    if config.training.precision == "auto":
        settings = replace(config.training, precision=quick_precision(device))
        config = replace(config, training=settings)
    config = replace(config, channels=data.channels, ranges=data.ranges)
    few, probe = probed(config, data), None
    if few is not None:

        def probe(trainer: Trainer) -> dict[str, dict[str, float]]:
            look = trainer.networks, method, config, few, trainer.device
            found = {
                FIGURES[d]: evaluation.glance(*look, direction=d)[1]
                for d in method.directions(config)
            }
            more = compared(trainer) if compared else {}
            return {place: values | more.get(place, {}) for place, values in found.items()}

    torch.manual_seed(config.training.seed)
    model = Model(config)
    if initial is not None:
        start_from(model, config, initial)
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
