"""What any lesson's data give: two training collections, two held-out ones, what is known of them.

Knows no lesson and no network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from ..core.config import Channels, Direction, Domains, Ranges
from ..core.evidence import Blocks
from ..core.figures import AGAINST_TRUTH, WITHOUT_TRUTH, Figure
from ..core.media import PICTURES, Medium, spread

MOST_TRAINED = 2000
"""Training items that figures hold something against, at most: 25 MB of them at 64 pixels."""


class DataError(ValueError):
    """The data cannot be used for training; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class UnpairedData:
    """Items of two domains, as their medium keeps them: pictures as uint8 (C, H, W).

    train_x, train_y: each side at least the crop; sizes may differ from item to item.
    test_x, test_y: held out. If `paired`, test_y[i] is the ground truth of test_x[i].
    in_memory: whether indexing is free, or decodes a file each time; then threads do it at once.
    train_truth: the ground truth of train_x, for methods that train on pairs alone, or None.
    figures: what can be measured, in the order of tables.
    labels: whole numbers for train_x and for train_y, or None; -1 where nobody says. kinds: what
        each number stands for. why_no_labels: a sentence where there are none.
    known_x, known_y: what else is known of the held-out items, by name: "label", "silhouette".
    groups: for every held-out item of X (and of Y, if `paired`), what it is one of: items of one
        group are not independent. Empty where each stands for itself.
    drawn: how many groups a resample of the bootstrap draws; None for as many as there are.
    is_held_out: False where the "held-out" items are training ones for want of others.
    ranges: of pictures of more than 8 bits.
    voices: what networks are told of the two sides before they learn, where they ask for it.
    said: sentences for the one who opened it: what was recognised, what was left out.
    """

    domains: Domains
    train_x: Sequence[Tensor]
    train_y: Sequence[Tensor]
    test_x: Sequence[Tensor]
    test_y: Sequence[Tensor]
    paired: bool
    in_memory: bool
    train_truth: Sequence[Tensor] | None = None
    figures: tuple[Figure, ...] = (*AGAINST_TRUTH, *WITHOUT_TRUTH)
    medium: Medium = PICTURES
    labels: tuple[Sequence[int], Sequence[int]] | None = None
    kinds: tuple[str, ...] = ()
    why_no_labels: str = ""
    known_x: Mapping[str, Sequence] = field(default_factory=dict)
    known_y: Mapping[str, Sequence] = field(default_factory=dict)
    groups: Sequence = ()
    drawn: int | None = None
    is_held_out: bool = True
    ranges: Ranges = field(default_factory=Ranges)
    voices: object = None
    said: tuple[str, ...] = ()

    @property
    def channels(self) -> Channels:
        return Channels(len(self.train_x[0]), len(self.train_y[0]))

    def fewer(self, count: int) -> "UnpairedData":
        """The same with `count` training items a side, evenly spread, or all where it has fewer."""

        def some(items: Sequence | None) -> Sequence | None:
            return items if items is None or len(items) <= count else spread(items, count)

        labels = self.labels and (some(self.labels[0]), some(self.labels[1]))
        return replace(
            self,
            train_x=some(self.train_x),
            train_y=some(self.train_y),
            train_truth=some(self.train_truth),
            labels=labels,
        )

    def trained(self, size: int, direction: Direction) -> Tensor:
        """The middle of `size` of what a direction leads to in training, (N, C, …) as kept: of all
        items, or of MOST_TRAINED that are evenly spread over them."""
        items = self.train_y if direction == "xy" else self.train_x
        return torch.stack([self.medium.middle(one, size) for one in spread(items, MOST_TRAINED)])

    def held_out(self, size: int, count: int | None = None) -> "HeldOut":
        """All held-out items, or `count` of them, evenly spread, as their medium shows them:
        pictures by their middle of `size`."""
        sides = []
        groups = (self.groups, self.groups if self.paired else ())
        listed = (self.test_x, self.known_x), (self.test_y, self.known_y)
        for (items, known), of in zip(listed, groups, strict=True):
            places = list(range(len(items)))
            places = places if count is None else spread(places, count)
            known = {n: np.stack([v[i] for i in places]) for n, v in known.items()}
            chosen = [items[i] for i in places]
            sides.append((chosen, known, [of[i] if len(of) else i for i in places]))
        (x, known_x, of_x), (y, known_y, of_y) = sides
        x, y = self.medium.held_out(x, y, size)
        blocks_x = Blocks.by(of_x, self.drawn)
        # Items that are no pairs are drawn apart.
        blocks_y = blocks_x if self.paired else Blocks.by(of_y, seed=1)
        blocks = blocks_x, blocks_y
        return HeldOut(x, y, known_x, known_y, self.paired, self.medium, self.figures, *blocks)


@dataclass(frozen=True)
class HeldOut:
    """Held-out items of X and of Y, (N, C, …) each as kept, with all that is known of them.

    blocks_x, blocks_y: which of them belong together.
    """

    x: Tensor
    y: Tensor
    known_x: Mapping[str, np.ndarray]
    known_y: Mapping[str, np.ndarray]
    paired: bool
    medium: Medium
    figures: tuple[Figure, ...]
    blocks_x: Blocks
    blocks_y: Blocks

    def every_other_first(self) -> "HeldOut":
        """The same in an order of which any beginning is spread over the collection."""

        def order(items: Tensor) -> list[int]:
            return [*range(0, len(items), 2), *range(1, len(items), 2)]

        def known(side: Mapping[str, np.ndarray], at: list[int]) -> dict[str, np.ndarray]:
            return {name: values[at] for name, values in side.items()}

        x, y = order(self.x), order(self.y)
        return HeldOut(
            *(self.x[x], self.y[y], known(self.known_x, x), known(self.known_y, y)),
            *(self.paired, self.medium, self.figures),
            *(self.blocks_x.only(x), self.blocks_y.only(y)),
        )

    def originals(self, direction: Direction) -> Tensor:
        return self.x if direction == "xy" else self.y

    def real(self, direction: Direction) -> Tensor:
        """Items of the side that a direction leads to."""
        return self.y if direction == "xy" else self.x

    def blocks(self, direction: Direction) -> dict[str, Blocks]:
        """Which of the originals belong together, and which of the "real" ones."""
        sides = self.blocks_x, self.blocks_y
        original, real = sides if direction == "xy" else sides[::-1]
        return {"original": original, "real": real}

    def arrays(self, direction: Direction) -> dict[str, np.ndarray]:
        """What figures may need that no network makes, by the names in `Figure.needs`."""
        sides = (self.x, self.known_x), (self.y, self.known_y)
        (original, known), (real, known_there) = sides if direction == "xy" else sides[::-1]
        found = {"original": self.medium.arrays(original), "real": self.medium.arrays(real)}
        found |= {f"original_{name}": values for name, values in known.items()}
        if self.paired:
            found["truth"] = found["real"]
            found |= {f"truth_{name}": values for name, values in known_there.items()}
        return found
