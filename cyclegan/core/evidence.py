"""How far a figure over several items carries: intervals by block bootstrap, paired differences.

Held-out items are seldom independent: tiles overlap, pictograms share a drawing. Blocks of them
are. A resample draws blocks with replacement, and computes the figure anew from all their items;
the interval holds the middle 95 % of the resamples (Efron 1979; Künsch 1989). Two variants are
compared on the same items, and so in the same resamples. Knows no figure by name, no lesson and no
file.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

RESAMPLES = 2000
PERCENTILES = (2.5, 97.5)

Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Blocks:
    """Which of N items belong together.

    of: (N,) the block of each, counted from 0. drawn: how many blocks a resample draws: as many as
        there are, or fewer where blocks share something too.
    seed: of the draws; collections that are not paired need another one.
    """

    of: np.ndarray
    drawn: int
    seed: int = 0

    @classmethod
    def by(cls, groups: Sequence[Hashable], drawn: int | None = None, seed: int = 0):
        """Items of equal `groups` are one block."""
        places: dict[Hashable, int] = {}
        of = np.array([places.setdefault(group, len(places)) for group in groups], dtype=int)
        return cls(of, min(drawn or len(places), len(places)), seed)

    @property
    def count(self) -> int:
        return int(self.of.max()) + 1 if len(self.of) else 0

    @property
    def effective(self) -> float:
        """How many independent items would tell as much of a mean, if a block were one (Kish)."""
        sizes = np.bincount(self.of)
        return float(sizes.sum() ** 2 / np.square(sizes).sum())

    @property
    def draws(self) -> np.ndarray:
        """(RESAMPLES, count): how often each resample has each block."""
        return _draws(self.count, self.drawn, self.seed)

    def only(self, places: Sequence[int]) -> "Blocks":
        """Of the items at `places` alone."""
        return Blocks.by(self.of[np.asarray(places, dtype=int)], self.drawn, self.seed)

    def firsts(self, count: int) -> np.ndarray:
        """Places of the first items of `count` blocks, or of all there are, evenly spread."""
        _, first = np.unique(self.of, return_index=True)
        first, count = np.sort(first), min(count, len(first))
        return first[np.arange(count) * len(first) // count]

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(N,) values summed block by block."""
        return np.bincount(self.of, values, self.count)


@lru_cache(maxsize=2)
def _draws(count: int, drawn: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.multinomial(drawn, np.full(count, 1 / count), RESAMPLES).astype(float)


@dataclass(frozen=True, eq=False)
class Estimate:
    """A figure over several items. value: over all of them.

    resample: gives the figure of every resample, (RESAMPLES,), when somebody asks.
    items: (N, …) what each item brings to it, or None where that is no number of its own.
    """

    value: float
    resample: Callable[[], np.ndarray]
    items: np.ndarray | None = None

    @cached_property
    def resampled(self) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.resample()

    @cached_property
    def interval(self) -> Interval | None:
        """The middle 95 % of the resamples; None where too little is there to draw from."""
        known = self.resampled[np.isfinite(self.resampled)]
        if len(known) < RESAMPLES // 2:
            return None
        low, high = np.percentile(known, PERCENTILES)
        return float(low), float(high)


@dataclass(frozen=True)
class Difference:
    """Of two estimates on the same items, and its interval."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0; if not, the two are not told apart."""
        return self.low > 0 or self.high < 0


def difference(
    pairs: Sequence[tuple[Estimate, Estimate]], of: Callable[[np.ndarray], np.ndarray]
) -> Difference | None:
    """The mean over `pairs` of of(a) − of(b), resample by resample; None where there are too few.

    All are of the same items.
    """

    def resample() -> np.ndarray:
        return np.mean([of(a.resampled) - of(b.resampled) for a, b in pairs], 0)

    value = float(np.mean([of(a.value) - of(b.value) for a, b in pairs]))
    both = Estimate(value, resample)
    return None if both.interval is None else Difference(value, *both.interval)


def of_ratio(numerators: np.ndarray, denominators: np.ndarray, blocks: Blocks) -> Estimate:
    """Σ numerators / Σ denominators, (N,) each; with denominators of 1 the mean. NaN for 0 / 0."""
    above, below = blocks.sums(numerators), blocks.sums(denominators)
    return Estimate(
        _divided(numerators.sum(), denominators.sum()),
        lambda: _if_several((blocks.draws @ above) / (blocks.draws @ below), blocks),
        np.stack([numerators, denominators], 1),
    )


def of_median(values: np.ndarray, blocks: Blocks) -> Estimate:
    """The median of (N,) values; of an even number, the lower of the two in the middle."""
    order = np.argsort(values, kind="stable")

    def resample() -> np.ndarray:
        counts = blocks.draws[:, blocks.of[order]].cumsum(1)
        middle = (counts < (counts[:, -1:] / 2)).sum(1)
        return _if_several(values[order][middle], blocks)

    return Estimate(float(np.percentile(values, 50, method="lower")), resample, values[:, None])


def of_sides(made: np.ndarray, blocks: Blocks, real: np.ndarray, real_blocks: Blocks) -> Estimate:
    """The mean of a number over one collection, over its mean in another; (N,) and (M,)."""
    a, b = (of_ratio(v, np.ones(len(v)), k) for v, k in ((made, blocks), (real, real_blocks)))
    items = np.stack([made, real], 1) if len(made) == len(real) else made[:, None]
    return Estimate(_divided(a.value, b.value), lambda: a.resampled / b.resampled, items)


def of_difference(a: np.ndarray, blocks: Blocks, b: np.ndarray, b_blocks: Blocks) -> Estimate:
    """The mean of a number over one collection, less its mean over another; (N,) and (M,)."""
    one, other = (of_ratio(v, np.ones(len(v)), k) for v, k in ((a, blocks), (b, b_blocks)))
    return Estimate(one.value - other.value, lambda: one.resampled - other.resampled)


def of_pairs(made: np.ndarray, blocks: Blocks, real: np.ndarray, real_blocks: Blocks) -> Estimate:
    """Mean distance in one collection over that in another, without pairs within one block.

    made, real: condensed distances, as SciPy's and PyTorch's pdist give them.
    """
    a, b = _Spread(made, blocks), _Spread(real, real_blocks)
    return Estimate(
        _divided(a.mean(np.ones(blocks.count)), b.mean(np.ones(real_blocks.count))),
        lambda: _if_several(a.mean(blocks.draws) / b.mean(real_blocks.draws), blocks),
    )


def of_any(compute: Callable[[np.ndarray], float], blocks: Blocks) -> Estimate:
    """Any number of a collection: `compute` takes indices of items, and is asked for each resample.

    Slow where `compute` is.
    """

    def resample() -> np.ndarray:
        members = [np.flatnonzero(blocks.of == block) for block in range(blocks.count)]
        drawn = (np.repeat(np.arange(blocks.count), row.astype(int)) for row in blocks.draws)
        found = [compute(np.concatenate([members[i] for i in row])) for row in drawn]
        return _if_several(np.array(found), blocks)

    return Estimate(float(compute(np.arange(len(blocks.of)))), resample)


def _divided(above: float, below: float) -> float:
    return float(above / below) if below else float("nan")


def _if_several(resampled: np.ndarray, blocks: Blocks) -> np.ndarray:
    """A single block tells nothing of how others would be."""
    return resampled if blocks.count > 1 else np.full(RESAMPLES, np.nan)


class _Spread:
    """Distances between items of different blocks, summed block by block."""

    def __init__(self, condensed: np.ndarray, blocks: Blocks):
        first, second = np.triu_indices(len(blocks.of), 1)
        between = blocks.of[first] * blocks.count + blocks.of[second]
        apart = blocks.of[first] != blocks.of[second]

        def summed(values: np.ndarray) -> np.ndarray:
            flat = np.bincount(between[apart], values[apart], blocks.count**2)
            return flat.reshape(blocks.count, blocks.count)

        self.distances, self.pairs = summed(condensed), summed(np.ones(len(condensed)))

    def mean(self, drawn: np.ndarray) -> np.ndarray:
        """drawn: (…, blocks) how often each block is there; copies of one are never a pair."""
        total = ((drawn @ self.distances) * drawn).sum(-1)
        pairs = ((drawn @ self.pairs) * drawn).sum(-1)
        return np.divide(total, pairs, out=np.full_like(total, np.nan), where=pairs > 0)
