"""Batches for training: random crops and flips of two unpaired collections of pictures.

The batch of a step is a function of the seed and the step's number alone. That makes a resumed
run see what an uninterrupted one would have seen, every variant see the same order, and worker
processes need no state. Knows nothing of where pictures come from.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..core.images import to_float
from ..lessons.data import DataError


@lru_cache(maxsize=4)
def _order(count: int, seed: int, domain: int, epoch: int) -> Tensor:
    return torch.randperm(count, generator=_random(seed, domain, epoch))


def _random(*key: int) -> torch.Generator:
    """A generator of its own for a tuple of numbers, mixed so that neighbours are unrelated."""
    mixed = 0
    for number in key:
        mixed = (mixed * 6364136223846793005 + number + 1442695040888963407) % 2**63
    return torch.Generator().manual_seed(mixed)


class UnpairedBatches(Dataset):
    """Item i is the batch of step i: (x, y), each (batch, 3, crop, crop) floats in [-1, 1].

    x, y: pictures as uint8 (3, H, W), each side at least `crop`; lengths may differ. Each
    collection is gone through in a new random order every epoch of its own. paired: x[i] and
    y[i] show one thing, and stay together through order, crops and flips. rank of ranks: which
    share this is of the joint batch that so many processes see in a step.
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
    ):
        self.domains = (x, y)
        # Both sides of a pair follow the random numbers of X.
        self.keys = (0, 0) if paired else (0, 1)
        self.crop = crop
        self.batch = batch
        self.seed = seed
        self.rank, self.ranks = rank, ranks

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        x, y = (self._domain_batch(domain, step) for domain in (0, 1))
        return x, y

    def _domain_batch(self, domain: int, step: int) -> Tensor:
        pictures = self.domains[domain]
        key = self.keys[domain]
        share = step * self.ranks + self.rank
        random = _random(self.seed, key, share, 1)
        batch = []
        for position in range(share * self.batch, (share + 1) * self.batch):
            epoch, index = divmod(position, len(pictures))
            picture = pictures[int(_order(len(pictures), self.seed, key, epoch)[index])]
            batch.append(self._augment(picture, random))
        return to_float(torch.stack(batch))

    def _augment(self, picture: Tensor, random: torch.Generator) -> Tensor:
        top, left = (
            int(torch.randint(side - self.crop + 1, (), generator=random))
            for side in picture.shape[1:]
        )
        picture = picture[:, top : top + self.crop, left : left + self.crop]
        return picture.flip(-1) if torch.rand((), generator=random) < 0.5 else picture

    def loader(self, start: int, stop: int, workers: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of steps start … stop − 1, prepared by `workers` processes ahead of time.

        Raises DataError where a picture turns out to be unusable.
        """
        loaded = DataLoader(
            _BatchOrError(self),
            sampler=range(start, stop),
            batch_size=None,
            num_workers=workers,
            pin_memory=torch.cuda.is_available(),
        )
        for item in loaded:
            if isinstance(item, DataError):
                raise item
            yield item


class _BatchOrError(Dataset):
    """Hands errors over as items: DataLoader would bury their sentence in a worker's traceback."""

    def __init__(self, batches: UnpairedBatches):
        self.batches = batches

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor] | DataError:
        try:
            return self.batches[step]
        except DataError as error:
            return error
