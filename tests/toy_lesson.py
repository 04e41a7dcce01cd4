"""A lesson of somebody else's, whole in one file: CYCLEGAN_PLUGINS=toy_method,toy_lesson.

Short signals with labels: sines of one to three periods (X) ↔ square waves of as many (Y). They are
no pictures, so that the lesson brings its medium and draws its items itself.
"""

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from cyclegan import lessons, methods
from cyclegan.core.config import Channels, Config, Discriminator, Domains, Generator, Training
from cyclegan.core.figures import Figure
from cyclegan.core.media import Medium
from cyclegan.lessons import Arm, Bound, Example, Lesson, Recipe, Trouble, UnpairedData

LENGTH, SIDE = 32, 64


class Signals(Medium):
    """(1, 32) floats in [-1, 1]."""

    name = "samples of a signal"

    def draw(self, kept: Tensor) -> Image.Image:
        picture = Image.new("RGB", (SIDE, SIDE), "white")
        points = [
            (i * (SIDE - 1) / (LENGTH - 1), (1 - float(v)) * (SIDE - 1) / 2)
            for i, v in enumerate(kept[0])
        ]
        ImageDraw.Draw(picture).line(points, fill="black", width=2)
        return picture


def signals(count: int, seed: int) -> tuple[list[Tensor], list[Tensor], list[int]]:
    """Sines, the square waves of the same periods and phases, and how many periods."""
    random = torch.Generator().manual_seed(seed)
    periods = torch.randint(1, 4, (count, 1), generator=random)
    phases = torch.rand(count, 1, generator=random) * 2 * torch.pi
    sines = torch.sin(torch.arange(LENGTH) / LENGTH * 2 * torch.pi * periods + phases)
    squares = torch.where(sines >= 0, 0.8, -0.8)
    return list(sines[:, None]), list(squares[:, None]), periods[:, 0].tolist()


def sign_error(made: np.ndarray, truth: np.ndarray) -> float:
    """Share of samples on the wrong side of 0."""
    return float((np.sign(made) != np.sign(truth)).mean())


def periods_kept(made: np.ndarray, original_label: np.ndarray) -> float:
    """Whether a signal crosses 0 about twice a period."""
    crossings = (np.diff(np.sign(made[0])) != 0).sum()
    return float(abs(crossings - 2 * int(original_label)) <= 1)


class Tones(Lesson):
    name = "tones"
    title = "sine ↔ square"
    domains = Domains("sine", "square")
    source = "made up for a test"
    licence = "CC0"
    medium = Signals()
    own = (
        Figure(
            *("sign_error", "sign error"),
            decimals=2,
            needs=("made", "truth"),
            of=sign_error,
            is_quick=True,
            reads="Share of samples on the wrong side of 0.",
        ),
        Figure(
            *("periods_kept", "periods kept"),
            decimals=2,
            better="high",
            needs=("made", "original_label"),
            of=periods_kept,
            is_quick=True,
            reads="Share of signals with as many periods as their label says.",
        ),
    )
    headline = ("sign_error", "periods_kept")
    troubles = (
        Trouble("periods", "its periods are others", (Bound("periods_kept", "below", 0.5),)),
    )
    sizes = (LENGTH,)
    largest = LENGTH

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Those of pictures mean nothing here."""
        return self.own

    @property
    def recipe(self) -> Recipe:
        method = methods.find("sketch")
        arms = tuple(Arm(row.title, row.objective) for row in method.rows.values())
        config = Config(
            generator=Generator(width=4, blocks=0),
            discriminator=Discriminator(width=4),
            objective=arms[0].objective,
            domains=self.domains,
            channels=Channels(1, 1),
            training=Training(data=self.name, steps=40, batch=4, pool=method.pool),
            image_size=LENGTH,
        )
        return Recipe(config, arms)

    def open(self, size: int, fit: str) -> UnpairedData:
        x, truth, x_labels = signals(20, seed=1)
        _, y, y_labels = signals(24, seed=2)
        test_x, test_y, labels = signals(10, seed=3)
        return UnpairedData(
            domains=self.domains,
            train_x=x,
            train_y=y,
            test_x=test_x,
            test_y=test_y,
            paired=True,
            in_memory=True,
            train_truth=truth,
            figures=self.figures,
            medium=self.medium,
            labels=(x_labels, y_labels),
            known_x={"label": labels},
            known_y={"label": labels},
            groups=list(range(len(labels))),
        )

    def examples(self) -> list[Example]:
        x, y, labels = signals(4, seed=4)
        return [
            Example(f"{n} periods", a, b, {"label": n}, {"label": n})
            for a, b, n in zip(x, y, labels, strict=True)
        ]


lessons.register(Tones())
