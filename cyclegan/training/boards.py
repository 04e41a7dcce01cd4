"""A run in TensorBoard, and through it in Weights & Biases, where these are installed.

Knows what stands in a line of the log, and nothing of what it means.
"""

import importlib

import numpy as np
from PIL import Image

from ..core.config import ConfigError
from .runs import FIGURES, Listener, Run
from .trainer import Trainer

NEEDED = {"none": (), "tensorboard": ("tensorboard",), "wandb": ("tensorboard", "wandb")}
"""Packages by the name of a board; no requirements of ours."""

FOLDER = "tensorboard"


def check(name: str) -> None:
    """Raise ConfigError where there is no such board, or what it needs is not installed."""
    if name not in NEEDED:
        raise ConfigError(f"There is no board {name}; valid are {', '.join(NEEDED)}.")
    for package in NEEDED[name]:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise ConfigError(
                f"--log {name} needs {package}, which is not installed: pip install {package}"
            ) from error


class Board(Listener):
    """Writes what the log has, and the sample grids, as TensorBoard's events into the run's folder.

    A run that is resumed goes on behind its last save: what was written after it no longer counts.
    """

    def __init__(self, run: Run, name: str = "tensorboard"):
        self._wandb = _wandb(run) if name == "wandb" else None
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(run.folder / FOLDER, purge_step=run.saved_step + 1)

    def line(self, line: dict, probed: Trainer | None) -> None:
        step = line["step"]
        for name in ("rate", "seconds_per_step"):
            self.writer.add_scalar(name, line[name], step)
        for table in ("terms", "gradients", *FIGURES.values()):
            for name, value in line.get(table, {}).items():
                self.writer.add_scalar(f"{table}/{name}", value, step)
        for sentence in line.get("signs", ()):
            self.writer.add_text("signs", sentence, step)
        self.writer.flush()

    def sample(self, step: int, picture: Image.Image) -> None:
        self.writer.add_image("samples", np.asarray(picture), step, dataformats="HWC")

    def close(self) -> None:
        self.writer.close()
        if self._wandb:
            self._wandb.finish()


def _wandb(run: Run):
    """W&B's own way: it copies what TensorBoard is given from here on."""
    import wandb

    try:
        return wandb.init(
            name=str(run.folder), dir=run.folder, config=run.config.to_dict(), sync_tensorboard=True
        )
    except wandb.Error as error:
        raise ConfigError(f"Weights & Biases did not start: {error}") from error
