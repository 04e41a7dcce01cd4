"""Picture files of other bands or of more than 8 bits, translated into files of their kind.

Black and white are those of the collection that the networks were trained on: of no file are they
guessed. Knows no command line.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..core import bands, fits, images
from ..core.config import DIRECTIONS, Direction, Range
from ..core.pictures import ImageError
from .translator import Translator


class Made(NamedTuple):
    """A view as values (H, W, C) of its collection's range; ending: of the file it goes into."""

    values: np.ndarray
    ending: str


def translate(
    translator: Translator,
    path: Path,
    direction: Direction = "xy",
    longest_side: int = 512,
    white: int = 65535,
    progress: Callable[[float], None] = lambda share: None,
    latents: Mapping[str, Tensor] = MappingProxyType({}),
) -> dict[str, Made]:
    """Every view of a picture file, "original" among them; raises ImageError.

    white: of 16-bit files, the value that is white where the networks were trained on 8 bits.
    latents: as in `Translator.translate`.
    """
    own, others = _sides(translator, direction)
    values = bands.read(path)
    here = None if values.dtype == np.uint8 else own or Range(0, white)
    unit = _with_channels(bands.to_unit(values, here), translator.channels(direction), path)
    if max(unit.shape[:2]) > longest_side:
        unit = fits.fit_array(unit, "pad", longest_side).clip(0, 1)
    kept = images.to_deep(torch.from_numpy(unit).permute(2, 0, 1) * 2 - 1)
    views = translator.views(direction)
    there = next(view.network for view in views if view.key == "made")

    def finish(made: Tensor) -> np.ndarray:
        return (made[0].float().cpu().permute(1, 2, 0).numpy() + 1) / 2

    found = {"original": finish(images.to_float(kept)[None])}
    found |= translator.made_of(kept, direction, finish, progress, latents=latents)
    # What the same network makes is of the same domain.
    return {
        view.key: _made(found[view.key], others if view.network == there else own) for view in views
    }


def _sides(translator: Translator, direction: Direction) -> tuple[Range | None, Range | None]:
    """Ranges of what goes in, and of what comes out."""
    x, y = translator.config.ranges.x, translator.config.ranges.y
    return (x, y) if direction == DIRECTIONS[0] else (y, x)


def _made(unit: np.ndarray, own: Range | None) -> Made:
    return Made(bands.from_unit(unit, own), bands.ending(unit.shape[-1], own))


def _with_channels(values: np.ndarray, wanted: int, path: Path) -> np.ndarray:
    channels = values.shape[-1]
    if channels == wanted:
        return values
    if channels == 1:
        return values.repeat(wanted, axis=-1)
    if wanted == 1 and channels == 3:
        return values @ np.array([[0.299], [0.587], [0.114]], np.float32)
    raise ImageError(
        f"{path.name} has {channels} channels, and these networks take pictures of {wanted}."
    )
