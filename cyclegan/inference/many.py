"""Many answers to one item: with latents of their own, and in the style of other items.

Of a method whose translation is told something beside the item. Knows no page.
"""

from collections.abc import Mapping, Sequence
from math import cos, pi, sin
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from ..core.config import Direction
from .noise import Place, between
from .translator import Translator


def walk(count: int) -> list[Place]:
    """`count` places on a circle from A through B and around, each as far from the middle."""
    return [(cos(2 * pi * i / count), sin(2 * pi * i / count)) for i in range(count)]


def drawn(translator: Translator, direction: Direction, count: int, seed: int = 0) -> dict:
    """Latents of `count` answers, by name; the same for the same seed."""
    return translator.latents(translator.views(direction), count, seed)


def at(
    translator: Translator, direction: Direction, places: Sequence[Place], seed: int
) -> dict[str, Tensor]:
    """Latents at places between the two points of a seed, by name."""
    return between(drawn(translator, direction, 2, seed), places)


def of_styles(
    translator: Translator, direction: Direction, styles: Sequence[Image.Image]
) -> dict[str, Tensor]:
    """Latents that the method finds in pictures of the target, by name; empty where it finds
    none."""
    found = [translator.styles(style, direction) for style in styles]
    return {name: torch.cat([one[name] for one in found]) for name in (found or [{}])[0]}


def answers(
    translator: Translator, item: Any, direction: Direction, latents: Mapping[str, Tensor]
) -> list[Any]:
    """What is made of an item with each of the latents, (N, …) by name, as the page holds it."""
    medium, count = translator.medium, len(next(iter(latents.values())))
    x = medium.to_float(medium.kept(item, translator.channels(direction)))[None]
    x = x.expand(count, *x.shape[1:])
    made = translator.passes(x, direction, ("made",), latents)["made"]
    return [medium.held(one) for one in medium.to_kept(made)]
