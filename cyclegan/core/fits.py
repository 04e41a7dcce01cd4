"""How a picture of any shape comes to the size from which a training takes its crops.

    crop      its short side is scaled to that size, its shape is kept; crops take a square of it
    squeeze   it is scaled to a square
    pad       its long side is scaled to that size; then its edges go on to a square
    none      it stays as it is

Knows PIL pictures, arrays and tensors; no files.
"""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from . import pictures


def scaled(size: tuple[int, int], fit: str, to: int) -> tuple[int, int]:
    """(width, height) that a picture of (width, height) is scaled to."""
    if fit == "none":
        return size
    if fit == "squeeze":
        return to, to
    side = max(size) if fit == "pad" else min(size)
    width, height = (max(1, round(length * to / side)) for length in size)
    return width, height


def fit_picture(picture: Image.Image, fit: str, to: int) -> Image.Image:
    """Bicubic and antialiased; without the padding."""
    wanted = scaled(picture.size, fit, to)
    return picture if wanted == picture.size and fit == "none" else pictures.resize(picture, wanted)


def fit_array(values: np.ndarray, fit: str, to: int) -> np.ndarray:
    """The same for float (H, W, C)."""
    height, width = values.shape[:2]
    new_width, new_height = scaled((width, height), fit, to)
    if (new_width, new_height) == (width, height):
        return values
    # Read where it is needed: it takes two seconds, and few folders are of such pictures.
    from torchvision.transforms.v2 import functional as transforms

    tensor = torch.from_numpy(values).permute(2, 0, 1)
    how = {"interpolation": transforms.InterpolationMode.BICUBIC, "antialias": True}
    made = transforms.resize(tensor, [new_height, new_width], **how)
    return made.permute(1, 2, 0).numpy()


def pad_to_square(kept: Tensor, side: int) -> Tensor:
    """(C, H, W) of any kind to (C, side, side), in the middle; the edges go on outwards."""
    places = [
        (torch.arange(side) - (side - length) // 2).clamp(0, length - 1)
        for length in kept.shape[1:]
    ]
    return kept[:, places[0]][:, :, places[1]]
