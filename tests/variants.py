"""Tiny variants on disk, with weights so large that their pictures are far from grey."""

from dataclasses import replace
from pathlib import Path

import torch
from tiny import config

from cyclegan.core.config import Config
from cyclegan.core.config import Objective as AnyObjective
from cyclegan.methods import Model
from cyclegan.methods.cyclegan import Objective
from cyclegan.store import checkpoints

GAN = Objective(cycle_forward=0, cycle_backward=0, identity=0)
GAN_IDENTITY = Objective(cycle_forward=0, cycle_backward=0)
GAN_CYCLE = Objective(identity=0)
FULL = Objective()

JUDGES = ("D_X", "D_Y")


def lively(c: Config, seed: int = 0) -> Model:
    """A model whose G, F, D_X and D_Y differ visibly and are exact in half precision."""
    torch.manual_seed(seed)
    model = Model(c)
    for parameter in model.parameters():
        # Biases are 0 at first: a little of them lets a padded pixel be told from a missing one.
        values = parameter * 8 if parameter.dim() > 1 else torch.randn_like(parameter) / 4
        parameter.data = values.detach().half().float()
    return model.eval()


def write(
    folder: Path,
    settings: Config | Objective = FULL,
    judges: tuple[str, ...] = (),
    seed: int = 0,
    steps_done: int | None = None,
) -> Model:
    """Save a lively model in `folder` and return it.

    settings: an objective for the tiny config, of no lesson that is known, or a whole config.
    steps_done: of a run that is still under way; finished without.
    """
    c = config(settings, data="made up") if isinstance(settings, AnyObjective) else settings
    model = lively(c, seed)
    done = c.training.steps if steps_done is None else steps_done
    saved = {role: model[role] for role in (*checkpoints.needed(c), *judges)}
    checkpoints.save(folder, replace(c, facts={"steps": done}), saved)
    return model
