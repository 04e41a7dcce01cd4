"""Batches for training: random parts of two collections of items, unpaired or in pairs.

The batch of a step is a function of the seed and the step's number alone. That makes a resumed
run see what an uninterrupted one would have seen, every variant see the same order, and worker
processes need no state. Knows nothing of where items come from.
"""

import signal
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..core.media import PICTURES, Medium
from ..lessons.data import DataError

DECODING_WORKERS = 2


class Batch(NamedTuple):
    """x, y: (N, C, …) floats in [-1, 1]. labels: of x and of y, (N,) integers each, or None."""

    x: Tensor
    y: Tensor
    labels: tuple[Tensor, Tensor] | None = None

    def to(self, device: torch.device) -> "Batch":
        x, y = (side.to(device, non_blocking=True) for side in (self.x, self.y))
        labels = self.labels and tuple(side.to(device) for side in self.labels)
        return Batch(x, y, labels)


@lru_cache(maxsize=4)
def _order(count: int, seed: int, domain: int, epoch: int) -> Tensor:
    return torch.randperm(count, generator=_random(seed, domain, epoch))


def _random(*key: int) -> torch.Generator:
    """A generator of its own for a tuple of numbers, mixed so that neighbours are unrelated."""
    mixed = 0
    for number in key:
        mixed = (mixed * 6364136223846793005 + number + 1442695040888963407) % 2**63
    return torch.Generator().manual_seed(mixed)


class Batches(Dataset):
    """Item i is the batch of step i.

    x, y: kept items, each at least as large as `crop`; lengths may differ. Each collection is gone
    through in a new random order every epoch of its own. paired: x[i] and y[i] show one thing, and
    stay together through order, crops and flips. rank of ranks: which share this is of the joint
    batch that so many processes see in a step. labels: of x and of y, or None.
    """

    def __init__(
        self,
        x: Sequence[Tensor],
        y: Sequence[Tensor],
        crop: int,
        batch: int = 1,
        seed: int = 0,
        paired: bool = False,
        rank: int = 0,
        ranks: int = 1,
        medium: Medium = PICTURES,
        labels: tuple[Sequence[int], Sequence[int]] | None = None,
    ):
        self.domains = (x, y)
        # Both sides of a pair follow the random numbers of X.
        self.keys = (0, 0) if paired else (0, 1)
        self.crop = crop
        self.batch = batch
        self.seed = seed
        self.rank, self.ranks = rank, ranks
        self.medium = medium
        self.labels = labels

    def __getitem__(self, step: int) -> Batch:
        x, y = (self._domain_batch(domain, step) for domain in (0, 1))
        labels = self.labels and tuple(self._labels(domain, step) for domain in (0, 1))
        return Batch(x, y, labels)

    def _places(self, domain: int, step: int) -> list[int]:
        """Which items of a domain a step sees."""
        share, count = step * self.ranks + self.rank, len(self.domains[domain])
        found = []
        for position in range(share * self.batch, (share + 1) * self.batch):
            epoch, index = divmod(position, count)
            found.append(int(_order(count, self.seed, self.keys[domain], epoch)[index]))
        return found

    def _domain_batch(self, domain: int, step: int) -> Tensor:
        items = self.domains[domain]
        random = _random(self.seed, self.keys[domain], step * self.ranks + self.rank, 1)
        cuts = [self.medium.cut(items[i], self.crop, random) for i in self._places(domain, step)]
        return self.medium.to_float(torch.stack(cuts))

    def _labels(self, domain: int, step: int) -> Tensor:
        return torch.tensor([int(self.labels[domain][i]) for i in self._places(domain, step)])

    def loader(self, start: int, stop: int, workers: int = 0) -> Iterator[Batch]:
        """The batches of steps start … stop − 1, prepared by `workers` processes ahead of time.

        Raises DataError where an item turns out to be unusable.
        """
        loaded = DataLoader(
            _BatchOrError(self),
            sampler=range(start, stop),
            batch_size=None,
            num_workers=workers,
            worker_init_fn=_deaf,
            pin_memory=torch.cuda.is_available(),
        )
        for item in loaded:
            if isinstance(item, DataError):
                raise item
            yield item


def _deaf(worker: int) -> None:
    """Leave stopping to the training: torchrun and Ctrl-C tell the whole group of processes.

    A worker that ended before its training's last step would end that without a save.
    """
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)


class _BatchOrError(Dataset):
    """Hands errors over as items: DataLoader would bury their sentence in a worker's traceback."""

    def __init__(self, batches: Batches):
        self.batches = batches

    def __getitem__(self, step: int) -> Batch | DataError:
        try:
            return self.batches[step]
        except DataError as error:
            return error
