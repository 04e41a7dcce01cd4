"""Batches for training: random parts of two collections of items, unpaired or in pairs.

The batch of a step is a function of the seed and the step's number alone. That makes a resumed
run see what an uninterrupted one would have seen, every variant see the same order, and threads
that work ahead need no state. Knows nothing of where items come from.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import torch
from torch import Tensor

from ..core.media import PICTURES, Medium

DECODING_THREADS, AHEAD = 2, 2
"""Threads that decode, and batches that each is ahead of the training.

Threads, since Pillow lets go of the interpreter while it decodes: on two cores they are as quick
as processes, which hand batches over in shared memory, and a container has little of that.
"""


class Batch(NamedTuple):
    """x, y: (N, C, …) floats in [-1, 1]. labels: of x and of y, (N,) integers each, or None."""

    x: Tensor
    y: Tensor
    labels: tuple[Tensor, Tensor] | None = None

    def to(self, device: torch.device) -> "Batch":
        x, y = (side.to(device, non_blocking=True) for side in (self.x, self.y))
        labels = self.labels and tuple(side.to(device) for side in self.labels)
        return Batch(x, y, labels)

    def pinned(self) -> "Batch":
        """Where a GPU can fetch it without waiting."""
        return self._replace(x=self.x.pin_memory(), y=self.y.pin_memory())


@lru_cache(maxsize=4)
def _order(count: int, seed: int, domain: int, epoch: int) -> Tensor:
    return torch.randperm(count, generator=_random(seed, domain, epoch))


def _random(*key: int) -> torch.Generator:
    """A generator of its own for a tuple of numbers, mixed so that neighbours are unrelated."""
    mixed = 0
    for number in key:
        mixed = (mixed * 6364136223846793005 + number + 1442695040888963407) % 2**63
    return torch.Generator().manual_seed(mixed)


class Batches:
    """Item i is the batch of step i.

    x, y: kept items, each at least as large as `crop`; lengths may differ. Each collection is gone
    through in a new random order every epoch of its own. paired: x[i] and y[i] show one thing, and
    stay together through order, crops and flips. rank of ranks: which share this is of the joint
    batch that so many processes see in a step. labels: of x and of y, or None. middle: whether
    crops are the middle of each item, and not at random places. flip: as in `Training`.
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
        middle: bool = False,
        flip: str = "horizontal",
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
        self.middle, self.flip = middle, flip

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
        parts = [self.part(items[i], random) for i in self._places(domain, step)]
        return self.medium.to_float(torch.stack(parts))

    def part(self, item: Tensor, random: torch.Generator) -> Tensor:
        """What is seen of an item this time."""
        if self.middle:
            part = self.medium.middle(item, self.crop)
        else:
            part = self.medium.cut(item, self.crop, random)
        if self.flip != "none":
            part = self.medium.mirror(part, random)
        return self.medium.overturn(part, random) if self.flip == "both" else part

    def _labels(self, domain: int, step: int) -> Tensor:
        return torch.tensor([int(self.labels[domain][i]) for i in self._places(domain, step)])

    def loader(self, start: int, stop: int, threads: int = 0) -> Iterator[Batch]:
        """The batches of steps start … stop − 1, prepared by `threads` ahead of time.

        Raises DataError where an item turns out to be unusable.
        """
        steps = iter(range(start, stop))
        if not threads:
            yield from map(self._ready, steps)
            return
        # What little of torch they need is not worth more threads under each.
        pool = ThreadPoolExecutor(threads, "decoding", torch.set_num_threads, (1,))
        try:
            waiting = deque(
                pool.submit(self._ready, step) for step in islice(steps, AHEAD * threads)
            )
            while waiting:
                batch = waiting.popleft().result()
                waiting.extend(pool.submit(self._ready, step) for step in islice(steps, 1))
                yield batch
        finally:
            pool.shutdown(cancel_futures=True)

    def _ready(self, step: int) -> Batch:
        batch = self[step]
        return batch.pinned() if torch.cuda.is_available() else batch
