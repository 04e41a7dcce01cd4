"""What an item is made of: how it is kept, handed to networks, measured and drawn.

A medium is the border between the items of a lesson and the tensors of a method. Pictures are one;
a lesson of another kind brings its own. Knows no lesson and no network.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from . import images
from .figures import WITHOUT_TRUTH, Figure


class Medium:
    """Items as float tensors (C, …) in [-1, 1], whole: what a medium does unless it says otherwise.

    An item is *kept* as one tensor of a data set, and *held* by the page and by Python as whatever
    is handiest there; here both are the tensor.
    """

    name = "numbers"
    called = "item"
    """What people call one of them."""
    is_heard = False
    """Whether one is held as a `core.sound.Clip`, to be played and seen as its spectrogram."""
    drawn_as = "drawings"
    """What people see of them, many."""
    pipeline = "other"
    """The Hub's word for their translation."""
    unit = ""
    """Of an item's length, many of them; the medium's name where it has no word of its own."""
    figures: tuple[Figure, ...] = WITHOUT_TRUTH
    """What can be measured of one item where no truth is known."""

    @property
    def missing(self) -> str:
        """The package that its items need and that is not installed, or ""."""
        return ""

    def to_float(self, kept: Tensor) -> Tensor:
        """Kept items, of any shape in front, to floats in [-1, 1]."""
        return kept.float()

    def to_kept(self, made: Tensor) -> Tensor:
        """Floats in [-1, 1] as networks give them to kept items, on the CPU."""
        return made.detach().float().clamp(-1, 1).cpu()

    def arrays(self, kept: Tensor) -> np.ndarray:
        """A batch (N, C, …) of kept items as figures take it."""
        return kept.numpy()

    def held(self, kept: Tensor) -> Any:
        """One kept item as the page and Python hold it."""
        return kept

    def kept(self, held: Any, channels: int) -> Tensor:
        """The way back; channels: as the networks want them."""
        return held

    def unlike(self, kept: Tensor, network: nn.Module) -> str:
        """A sentence on a kept item that is unlike what a generator learned from, or ""."""
        return ""

    parts = "parts"
    """What is cut out of items for training, many of them."""
    ending = ""
    """Of the names of files that items are written to; "" where there are none."""
    endings: frozenset[str] = frozenset()
    """Of the names of files that may hold items."""

    def opened(self, path: Path) -> Any:
        """A file's item as it is held; raises a ValueError that is a sentence."""
        raise NotImplementedError(f"Items of the medium {self.name} have no files.")

    def written(self, held: Any) -> bytes:
        """What a file of an item holds."""
        raise NotImplementedError(f"Items of the medium {self.name} have no files.")

    def of_side(self, kept: Tensor, side: int) -> Tensor:
        """A kept item as one of X (0) or of Y (1), where it says whose it is."""
        return kept

    def draw(self, kept: Tensor) -> Image.Image:
        """One kept item as people see it; a lesson's `draw` goes before."""
        raise NotImplementedError(f"Items of the medium {self.name} have no drawing.")

    def cut(self, item: Tensor, size: int, random: torch.Generator) -> Tensor:
        """A random part of `size` of a kept item, for training."""
        return item

    def mirror(self, item: Tensor, random: torch.Generator) -> Tensor:
        """A part of an item mirrored by chance, for training; as it is where that makes no sense,
        without asking `random`."""
        return item

    def overturn(self, item: Tensor, random: torch.Generator) -> Tensor:
        """The same, with above and below exchanged by chance."""
        return item

    def middle(self, item: Tensor, size: int) -> Tensor:
        """The part of `size` of a kept item that is shown again and again."""
        return item

    def plain(self, part: Tensor, sides: Any, side: int) -> Tensor:
        """A part of X (0) or of Y (1) as training is shown it, to be drawn. sides: what the data
        know of both (`UnpairedData.voices`)."""
        return part

    def held_out(
        self, x: Sequence[Tensor], y: Sequence[Tensor], size: int
    ) -> tuple[Tensor, Tensor]:
        """Held-out items of both sides as they are measured and shown, (N, C, …) each: the middle
        of `size` of every one."""
        return tuple(torch.stack([self.middle(one, size) for one in side]) for side in (x, y))

    def fit(self, batch: Tensor, network: nn.Module) -> Tensor:
        """A float batch (N, C, …) enlarged to a size that `network` takes."""
        return batch

    def unfit(self, batch: Tensor, like: Tensor) -> Tensor:
        """Undo `fit`: the part that a batch `like` the one before it had."""
        return batch

    def beginning(self, item: Tensor, seconds: float) -> Tensor:
        """The first seconds of a kept item that is heard, or all of it."""
        return item

    def words_of(self, size: int) -> str:
        """A length in words: "32 pixels"."""
        return f"{size} {self.unit or self.name}"

    def words_of_part(self, size: int) -> str:
        """How much of an item networks see, in words: "64×64 pixels"."""
        return self.words_of(size)

    def words_of_held_out(self, size: int) -> str:
        """The same of held-out items, whose length `size_of` has told."""
        return self.words_of(size)

    def size_of(self, kept: Tensor) -> int:
        """The length of a kept item's last side."""
        return kept.shape[-1]


class Pictures(Medium):
    """Pictures, kept as uint8 (C, H, W), or uint16 where they have more than 8 bits; held as PIL
    images in RGB or grey."""

    name = "pictures"
    called = "picture"
    parts = "crops"
    drawn_as = "pictures"
    pipeline = "image-to-image"
    unit = "pixels"
    ending = ".png"

    def to_float(self, kept: Tensor) -> Tensor:
        return images.to_float(kept)

    def to_kept(self, made: Tensor) -> Tensor:
        return images.to_bytes(made)

    def arrays(self, kept: Tensor) -> np.ndarray:
        """(N, C, H, W) to (N, H, W, C), in 0–255."""
        if kept.dtype != torch.uint8:
            kept = kept.float() / 257
        return kept.permute(0, 2, 3, 1).contiguous().numpy()

    def held(self, kept: Tensor) -> Image.Image:
        return images.to_picture(kept)

    def kept(self, held: Image.Image, channels: int) -> Tensor:
        return images.to_uint8(images.with_channels(held, channels))

    def draw(self, kept: Tensor) -> Image.Image:
        return images.drawn(kept)

    def cut(self, item: Tensor, size: int, random: torch.Generator) -> Tensor:
        top, left = (
            int(torch.randint(side - size + 1, (), generator=random)) for side in item.shape[1:]
        )
        return item[:, top : top + size, left : left + size]

    def mirror(self, item: Tensor, random: torch.Generator) -> Tensor:
        """Left and right exchanged, half of the time."""
        return item.flip(-1) if torch.rand((), generator=random) < 0.5 else item

    def overturn(self, item: Tensor, random: torch.Generator) -> Tensor:
        return item.flip(-2) if torch.rand((), generator=random) < 0.5 else item

    def middle(self, item: Tensor, size: int) -> Tensor:
        top, left = ((side - size) // 2 for side in item.shape[1:])
        return item[:, top : top + size, left : left + size]

    def words_of_part(self, size: int) -> str:
        return f"{size}×{size} pixels"

    def fit(self, batch: Tensor, network: nn.Module) -> Tensor:
        return images.pad(batch, network.multiple, network.smallest)

    def unfit(self, batch: Tensor, like: Tensor) -> Tensor:
        return images.crop(batch, *like.shape[-2:])


PICTURES = Pictures()


def spread(items: Sequence[Tensor], count: int) -> list[Tensor]:
    """`count` items (all, where there are fewer), evenly spread over the collection."""
    count = min(count, len(items))
    return [items[i * len(items) // count] for i in range(count)]
