"""Pictures changed by chance, so that few of them look like many: each a function of tensors.

Batches are (N, C, H, W) in [-1, 1] and stay so large; every picture is changed by numbers of its
own, out of a generator on the CPU, so that a resumed run draws the same again. A gradient goes
through all of it. Knows no network and no data.
"""

from collections.abc import Callable, Mapping
from math import pi
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional

Augmentation = Callable[[Tensor, torch.Generator], Tensor]

FURTHEST = 1 / 8
"""Of a side, by which `translation` moves at most; the hole of `cutout` has half a side (Zhao et
al. 2020, section 3 and their code)."""

TURN, STRETCH, ROOM = pi / 15, 0.15, 0.12
"""What `as_in_the_course` takes at most: a turn by 12 degrees, sides longer or shorter by 15 %, and
an enlargement by 12 %, of which a crop is taken."""


def between(low: float, high: float, like: Tensor, random: torch.Generator) -> Tensor:
    """A number for each picture, (N, 1, 1, 1), evenly drawn from [low, high)."""
    drawn = torch.rand(len(like), 1, 1, 1, generator=random) * (high - low) + low
    return drawn.to(like.device, like.dtype)


def brightness(images: Tensor, random: torch.Generator, most: float = 0.5) -> Tensor:
    """x + b, b from [−most, most)."""
    return images + between(-most, most, images, random)


def saturation(images: Tensor, random: torch.Generator, low: float = 0.0) -> Tensor:
    """Each pixel's distance from its own grey times s, s from [low, 2 − low)."""
    grey = images.mean(1, keepdim=True)
    return grey + (images - grey) * between(low, 2 - low, images, random)


def contrast(images: Tensor, random: torch.Generator, low: float = 0.5) -> Tensor:
    """The distance from the picture's mean times c, c from [low, 2 − low)."""
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * between(low, 2 - low, images, random)


def colour(images: Tensor, random: torch.Generator) -> Tensor:
    """Brightness, saturation and contrast as in DiffAugment."""
    for change in (brightness, saturation, contrast):
        images = change(images, random)
    return images


def translation(images: Tensor, random: torch.Generator) -> Tensor:
    """Moved by whole pixels, up to an eighth of each side; what comes in is grey, 0."""
    count, _, *sides = images.shape
    moves = []
    for side in sides:
        most = int(side * FURTHEST)
        drawn = torch.randint(-most, most + 1, (count, 1), generator=random)
        moves.append(drawn + torch.arange(side))  # (N, side): the places that are looked at.
    rows, columns = moves
    inside = [(m >= 0) & (m < s) for m, s in zip(moves, sides, strict=True)]
    rows, columns = (m.clamp(0, s - 1) for m, s in zip(moves, sides, strict=True))
    there = (inside[0][:, :, None] & inside[1][:, None, :])[:, None].to(images.device)
    places = torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]
    picked = images.permute(0, 2, 3, 1)[tuple(p.to(images.device) for p in places)]
    return picked.permute(0, 3, 1, 2) * there


def cutout(images: Tensor, random: torch.Generator) -> Tensor:
    """A square hole of half a side, grey, with its middle anywhere in the picture."""
    kept = []
    for side in images.shape[2:]:
        middle = torch.randint(0, side, (len(images), 1), generator=random)
        start = middle - side // 4
        place = torch.arange(side)
        kept.append((place >= start) & (place < start + side // 2))
    hole = (kept[0][:, :, None] & kept[1][:, None, :])[:, None]
    return images * (~hole).to(images.device)


def differentiable(images: Tensor, random: torch.Generator) -> Tensor:
    """DiffAugment's colour, translation and cutout, one after the other (Zhao et al. 2020)."""
    for change in (colour, translation, cutout):
        images = change(images, random)
    return images


def as_in_the_course(images: Tensor, random: torch.Generator) -> Tensor:
    """Mirrored, turned, stretched, enlarged and cropped, and changed in colour: what is done to
    pictures alone, before a network learns from them. What comes in at an edge is its mirror
    image; colours stay in [-1, 1]."""

    def drawn(low: float, high: float) -> Tensor:
        return between(low, high, images, random).flatten()

    mirrored = torch.where(drawn(0, 1) < 0.5, -1.0, 1.0)
    turn, enlarged = drawn(-TURN, TURN), drawn(1, 1 + ROOM)
    wide, high = drawn(1 - STRETCH, 1 + STRETCH), drawn(1 - STRETCH, 1 + STRETCH)
    across, down = mirrored / (enlarged * wide), 1 / (enlarged * high)
    # Where each pixel of the result comes from, in units of half a side.
    room = 1 - 1 / enlarged
    right, below = drawn(-1, 1) * room, drawn(-1, 1) * room
    rows = (
        torch.stack([turn.cos() * across, -turn.sin() * down, right], 1),
        torch.stack([turn.sin() * across, turn.cos() * down, below], 1),
    )
    grid = functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    images = functional.grid_sample(
        images, grid.to(images.dtype), padding_mode="reflection", align_corners=False
    )
    images = brightness(images, random, 0.2)
    images = saturation(images, random, 0.6)
    return contrast(images, random, 0.8).clamp(-1, 1)


def unchanged(images: Tensor, random: torch.Generator) -> Tensor:
    return images


AUGMENTATIONS: Mapping[str, Augmentation] = MappingProxyType(
    {"none": unchanged, "pictures": as_in_the_course, "diffaugment": differentiable}
)
"""By the names in an objective."""
