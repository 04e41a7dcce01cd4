"""From noted maps to a result: which maps are made when, which are kept, and how many rows at once.

A pass makes one map from those that are kept, from top to bottom. There is one for every map whose
mean and variance a norm wants, one for every residual sum, and one for the output. What
is made on the way and not kept is made again by the next pass that needs it: in the ResNet, that
is what lies at full resolution. Knows no network and no operation.
"""

import math
import mmap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...core.pictures import ImageError
from .maps import Map, Norm, Sum

KEPT = 2 * 2**30
"""Bytes of maps kept at once: two of the paper's residual trunk at 4096×4096 pixels."""

STRIP = 16 * 2**20
"""Bytes of a strip in the largest map of a pass; a handful of strips live at once."""

BLOCK = 32 * 2**20
"""Bytes that a kept map is let go by."""


@dataclass(frozen=True)
class Pass:
    """Makes all rows of `target`.

    keeps: as a map; without, only its moments are taken. norms: those that want its moments.
    spent: kept maps that no later pass reads. made: all maps made on the way, `target` included.
    """

    target: Map
    keeps: bool
    norms: list[Norm]
    spent: set[Map]
    made: set[Map]

    @property
    def work(self) -> int:
        return sum(one.work for one in self.made)

    def strips(self, size: int) -> Iterator[tuple[int, int]]:
        """First and last (exclusive) row of each strip, of `size` bytes in the largest map."""
        height = self.target.height
        rows = max(1, size * height // max(one.bytes for one in self.made))
        return ((first, min(first + rows, height)) for first in range(0, height, rows))


@torch.inference_mode()
def run(
    network: nn.Module,
    picture: Tensor,
    progress: Callable[[float], None] | None = None,
    kept: int = KEPT,
    strip: int = STRIP,
) -> Tensor:
    """What `network` makes of one picture, (1, 3, H, W) in [-1, 1] to the same, of any size.

    Equal to `network(picture)` but for the order of sums. progress: is told the share that is done,
    up to 1. kept: bytes of maps kept at once, picture and result not counted. strip: bytes of a
    strip of the largest map. Raises ImageError where a map that must be kept takes more.
    """
    if picture.shape[0] != 1:
        raise ValueError(f"Strips are made of one picture, not of {picture.shape[0]} at once.")
    source = Map(picture.shape)
    output = network(source)
    passes = plan(output, kept)
    work, done = sum(one.work for one in passes), 0
    maps = {source: Kept([(0, picture)])}
    for one in passes:
        made = Kept.empty(one.target.shape, picture) if one.keeps else None
        moments = None
        for first, last in one.strips(strip):
            fresh = _make(one.target, first, last, maps)
            if one.norms:
                moments = Moments.of(fresh).merge(moments)
            if made:
                made.fill(first, fresh)
            del fresh  # Or it would lie beside the next.
            for spent in one.spent:
                maps[spent].let_go()
            if progress:
                progress((done + one.work * last / one.target.height) / work)
        done += one.work
        for norm in one.norms:
            norm.moments = moments.mean.to(picture), moments.variance.to(picture)
        for spent in one.spent:
            del maps[spent]
        if made:
            maps[one.target] = made
    return maps[output].rows(0, output.height)


def plan(output: Map, kept: int) -> list[Pass]:
    """The passes that make `output`, with at most `kept` bytes of maps after each; see `run`."""
    order = output.order
    wanted = {one: [] for one in order if isinstance(one, Sum) or one is output}
    for one in order:
        if isinstance(one, Norm):
            wanted.setdefault(one.sources[0], []).append(one)
    passes, maps = [], {order[0]}
    for target in (one for one in order if one in wanted):
        _, read = _made_and_read(output, maps | {target})
        keeps = target is output or sum(one.bytes for one in read - {order[0]}) <= kept
        if isinstance(target, Sum) and not keeps:
            # Made anew for both of its readers, it would double the work with every block.
            raise ImageError(
                f"A layer of this network takes {target.bytes / 1e9:.1f} GB on a picture of "
                f"{order[0].shape[3]}×{order[0].shape[2]} pixels, more than the {kept / 1e9:.1f} "
                "GB that may be kept; choose a shorter longest side."
            )
        made, _ = _made_and_read(target, maps)
        passes.append(Pass(target, keeps, wanted[target], maps - read if keeps else set(), made))
        maps = read if keeps else maps
    return passes


def _made_and_read(target: Map, kept: set[Map]) -> tuple[set[Map], set[Map]]:
    """The maps that have to be made for `target`, itself included, and the kept ones it reads."""
    reached = {target}
    for one in reversed(target.order):
        if one in reached - kept:
            reached.update(one.sources)
    return reached - kept, reached & kept


def _make(target: Map, first: int, last: int, maps: dict[Map, "Kept"]) -> Tensor:
    """Rows first to last of a map, made from kept ones."""
    top, end = target.needs(first, last)
    strips = [
        maps[source].rows(top, end) if source in maps else _make(source, top, end, maps)
        for source in target.sources
    ]
    return target.operate(strips, first, last, top)


@dataclass
class Kept:
    """A map in memory, as blocks of rows from the top down, each with its first row."""

    blocks: list[tuple[int, Tensor]]
    highest: int | None = None

    @classmethod
    def empty(cls, shape: torch.Size, like: Tensor) -> "Kept":
        _, channels, height, width = shape
        rows = max(1, BLOCK // (channels * width * like.element_size()))
        tops = range(0, height, rows)
        return cls([(t, _empty((1, channels, min(rows, height - t), width), like)) for t in tops])

    def _within(self, first: int, last: int) -> Iterator[tuple[int, Tensor]]:
        """What the blocks hold of rows first to last, each part with its first row."""
        for top, block in self.blocks:
            begin, end = max(first, top), min(last, top + block.shape[2])
            if begin < end:
                yield begin, block[:, :, begin - top : end - top]

    def fill(self, first: int, strip: Tensor) -> None:
        """Put a strip in its place, from row `first` on."""
        for begin, part in self._within(first, first + strip.shape[2]):
            part.copy_(strip[:, :, begin - first : begin - first + part.shape[2]])

    def rows(self, first: int, last: int) -> Tensor:
        self.highest = first if self.highest is None else min(self.highest, first)
        parts = [part for _, part in self._within(first, last)]
        return parts[0] if len(parts) == 1 else torch.cat(parts, 2)

    def let_go(self) -> None:
        """Drop the blocks above all rows that were asked for since the last time.

        A pass asks from top to bottom, and so never for them again.
        """
        if self.highest is not None:
            self.blocks = [
                (t, block) for t, block in self.blocks if t + block.shape[2] > self.highest
            ]
        self.highest = None


def _empty(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Like torch.empty, but on the CPU outside the heap.

    There it would lie between strips and leave holes of no use: 0.4 GB of them were measured.
    """
    if like.device.type != "cpu":
        return like.new_empty(shape)
    memory = mmap.mmap(-1, math.prod(shape) * like.element_size())  # Unmapped with its tensor.
    return torch.frombuffer(memory, dtype=like.dtype).view(shape)


@dataclass(frozen=True)
class Moments:
    """Mean and biased variance of each channel, (C,) in float64 on the CPU, over `count` pixels."""

    count: int
    mean: Tensor
    variance: Tensor

    @classmethod
    def of(cls, strip: Tensor) -> "Moments":
        # Around a value of the channel's own, so that a flat map has exactly no variance.
        origin = strip[:, :, :1, :1]
        strip = strip - origin
        mean = strip.mean((0, 2, 3), keepdim=True)
        variance = strip.sub_(mean).square_().mean((0, 2, 3))
        origin, mean, variance = (one.flatten().cpu().double() for one in (origin, mean, variance))
        return cls(strip[0, 0].numel(), origin + mean, variance)

    def merge(self, other: "Moments | None") -> "Moments":
        """Those of both sets of pixels together (Chan, Golub and LeVeque 1979)."""
        if other is None:
            return self
        count = self.count + other.count
        share, apart = other.count / count, other.mean - self.mean
        within = self.variance + share * (other.variance - self.variance)
        return Moments(count, self.mean + share * apart, within + share * (1 - share) * apart**2)
