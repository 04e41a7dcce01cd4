"""Pictures out of noise, by where their z lies: samples, a way between two points, a plane.

Two points A and B are latents of a seed; z = a · A + b · B for two numbers a and b. (1, 0) is A and
(0, 1) is B; with a² + b² = 1 z is as far from the middle as latents are. Knows no page.
"""

from collections.abc import Mapping, Sequence
from math import cos, pi, sin
from typing import Any

import torch
from torch import Tensor

from .translator import Translator

Place = tuple[float, float]
"""a and b."""


def way(count: int) -> list[Place]:
    """`count` places from A to B, on an arc, so that none is nearer to the middle than another."""
    turns = (pi / 2 * i / (count - 1) for i in range(count))
    return [(cos(turn), sin(turn)) for turn in turns]


def plane(count: int, reach: float) -> list[Place]:
    """Rows of count × count places from −reach to reach: a from left to right, b from below."""
    steps = [reach * (2 * i / (count - 1) - 1) for i in range(count)]
    return [(a, b) for b in reversed(steps) for a in steps]


def between(points: Mapping[str, Tensor], places: Sequence[Place]) -> dict[str, Tensor]:
    """Latents (N, …) at places between two points, (2, …) each, by name.

    What is no number on a scale, as the kind of what is made, is the first point's.
    """
    a, b = (torch.tensor(side) for side in zip(*places, strict=True))
    return {
        name: torch.outer(a.to(two), two[0]) + torch.outer(b.to(two), two[1])
        if two.is_floating_point()
        else two[:1].expand(len(places))
        for name, two in points.items()
    }


def at(translator: Translator, places: Sequence[Place], seed: int) -> list[Any]:
    """What is made at places between the two points of a seed, as the page and Python hold it.

    Raises ValueError where there is an input to hand over.
    """
    direction = translator.directions[0]
    latents = between(translator.latents(translator.views(direction), 2, seed), places)
    kept = translator.medium.to_kept(translator.made_of_latents(latents, direction)["made"])
    return [translator.medium.held(one) for one in kept]


def samples(translator: Translator, count: int, seed: int = 0) -> list[Any]:
    """The same of `count` latents of a seed."""
    return [translator.medium.held(one) for one in translator.kept_samples(count, seed)]
