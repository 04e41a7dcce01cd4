"""From a config to a run under way: data, networks, trainer and run folder, put together.

The script, the ablation and the page train through here. Knows no command line and no signal:
`trainer.stop = True` ends a training after its step.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ..core import images
from ..core.config import Config
from ..inference import evaluation
from ..lessons import DataError, UnpairedData
from ..methods.model import CycleGAN
from ..store.checkpoints import Checkpoint, CheckpointError
from . import processes as ranks
from .batches import UnpairedBatches
from .runs import Run
from .trainer import Callback, Trainer, quick_precision

SAMPLES = 4
PROBED = 24
DECODING_WORKERS = 2


def spread(pictures: Sequence[torch.Tensor], count: int) -> list[torch.Tensor]:
    """`count` pictures (all, where there are fewer), evenly spread over the collection."""
    count = min(count, len(pictures))
    return [pictures[i * len(pictures) // count] for i in range(count)]


def fixed_samples(
    data: UnpairedData, size: int, count: int = SAMPLES
) -> tuple[torch.Tensor, torch.Tensor]:
    """The middle of the same few held-out pictures of X and of Y, (n, 3, size, size) each."""
    sides = []
    for pictures in (data.test_x, data.test_y):
        middles = []
        for picture in spread(pictures, count):
            top, left = ((side - size) // 2 for side in picture.shape[1:])
            middles.append(picture[:, top : top + size, left : left + size])
        sides.append(images.to_float(torch.stack(middles)))
    return sides[0], sides[1]


def prepare(
    folder: Path,
    config: Config,
    data: UnpairedData,
    device: torch.device,
    log_every: int = 50,
    save_every: int = 500,
    resume: bool = False,
    initial: Checkpoint | None = None,
) -> tuple[Run, Trainer]:
    """Everything up to the first step: weights drawn, folder claimed or the run's state loaded.

    initial: a checkpoint to begin with instead of random weights. The precision "auto" becomes
    what is quick on `device`. Where the data has held-out
    pairs, a few of them are scored at every save, for the curves. Raises RunError where the folder
    holds a run already (or, to resume, none), DataError where the objective needs true pairs that
    the data lacks, and CheckpointError where `initial` has other networks.
    """
    if config.objective.paired and data.train_truth is None:
        raise DataError(
            "The paired objective trains on true pairs, and these pictures are unpaired."
        )
    probe = None
    if data.paired and len(data.test_x) > 1:
        pairs = [torch.stack(spread(side, PROBED)) for side in (data.test_x, data.test_y)]
        is_map = config.training.data == "satellite2map"

        def probe(trainer: Trainer) -> dict[str, float]:
            return evaluation.glance(*trainer.generators, *pairs, is_map, trainer.device)

    if config.training.precision == "auto":
        settings = replace(config.training, precision=quick_precision(device))
        config = replace(config, training=settings)
    torch.manual_seed(config.training.seed)
    model = CycleGAN(config)
    if initial is not None:
        start_from(model, config, initial)
    trainer = Trainer(model, config.training, device)
    samples = fixed_samples(data, config.image_size)
    run = Run(folder, config, samples, log_every, save_every, probe)
    if resume:
        run.resume(trainer)
    else:
        run.start()
    return run, trainer


def start_from(model: CycleGAN, config: Config, initial: Checkpoint) -> None:
    """Take the weights of a checkpoint over: G and F, and discriminators of the same make.

    Raises CheckpointError where it lacks F, or its generators are of another architecture.
    """
    if initial.config.generator != config.generator:
        raise CheckpointError(
            f"The weights to begin with are of {initial.config.generator}; the training asks for "
            f"{config.generator}."
        )
    if initial.model.F is None:
        raise CheckpointError("The weights to begin with hold one generator; training needs both.")
    model.G.load_state_dict(initial.model.G.state_dict())
    model.F.load_state_dict(initial.model.F.state_dict())
    # Published weights often come without discriminators, or with ones of another objective.
    alike = initial.config.discriminator == config.discriminator
    if alike and bool(initial.config.objective.paired) == bool(config.objective.paired):
        for own, other in ((model.D_X, initial.model.D_X), (model.D_Y, initial.model.D_Y)):
            if own is not None and other is not None:
                own.load_state_dict(other.state_dict())


def fit(run: Run, trainer: Trainer, data: UnpairedData, callbacks: Sequence[Callback] = ()) -> None:
    """Train to the end, or until `trainer.stop`; the run's folder holds all that is to be kept."""
    config = run.config
    settings, paired = config.training, bool(config.objective.paired)
    targets = data.train_truth if paired else data.train_y
    batches = UnpairedBatches(
        data.train_x,
        targets,
        config.image_size,
        settings.batch,
        settings.seed,
        paired,
        ranks.rank(),
        ranks.count(),
    )
    workers = 0 if data.in_memory else DECODING_WORKERS
    trainer.fit(batches.loader(trainer.steps_done, settings.steps, workers), [*callbacks, run])
    if run.saved_step != trainer.steps_done:  # Stopped before the end.
        run.save(trainer)
