"""What tests of several rooms share: tiny settings, pictures and datasets, and exact comparison."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from cyclegan.core.config import Config, Discriminator, Generator, Training
from cyclegan.core.config import Objective as AnyObjective
from cyclegan.methods import Model, Moment, Player
from cyclegan.methods.cyclegan import Objective

SIZE = 24
"""The smallest picture that the 70×70 PatchGAN takes."""


def config(objective: AnyObjective | None = None, **training) -> Config:
    return Config(
        generator=Generator(width=2, blocks=1),
        discriminator=Discriminator(width=2),
        objective=objective or Objective(),
        training=Training(**training),
        image_size=SIZE,
    )


def pictures(count: int, size: int = SIZE, seed: int = 0) -> list[Tensor]:
    random = torch.Generator().manual_seed(seed)
    return [
        torch.randint(256, (3, size, size), dtype=torch.uint8, generator=random)
        for _ in range(count)
    ]


def batch(count: int = 1, size: int = SIZE, seed: int = 0) -> Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    values = torch.randint(
        256, (height, width, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed)
    )
    return Image.fromarray(values.numpy())


def dataset(folder: Path, size: int = SIZE, x: int = 3, y: int = 5, test: int = 2) -> Path:
    """A folder with trainA/ trainB/ testA/ testB/ of noise: trainA/trainA-0.png, and so on."""
    counts = {"trainA": x, "trainB": y, "testA": test, "testB": test}
    for seed, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            noise(size, size, seed=100 * seed + i).save(folder / name / f"{name}-{i}.png")
    return folder


def same(a: object, b: object) -> bool:
    """Whether two nested states are equal to the last bit."""
    if isinstance(a, Tensor):
        return isinstance(b, Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def translated(model: Model, x: Tensor, y: Tensor, progress: float = 0.0) -> tuple[dict, dict]:
    """Terms of the first player (G and F) on a batch, and what it made."""
    moment = Moment(x, y, model.config.objective.at(round(1000 * progress), 1000))
    return _played(model, moment, 0)


def judged(model: Model, x: Tensor, y: Tensor, made: dict) -> tuple[dict, dict]:
    """Terms of the second player (D_X and D_Y) on what the first made, and what it told."""
    moment = Moment(x, y, model.config.objective, made=made)
    terms, _ = _played(model, moment, 1)
    told = [part(model, moment).told for part in _player(model, 1).parts]
    return terms, {name: value for each in told for name, value in each.items()}


def _player(model: Model, number: int) -> Player:
    return model.method.players(model.config.objective)[number]


def _played(model: Model, moment: Moment, number: int) -> tuple[dict, dict]:
    losses = [part(model, moment) for part in _player(model, number).parts]
    terms = {name: term for each in losses for name, term in each.terms.items()}
    return terms, {name: tensor for each in losses for name, tensor in each.made.items()}
