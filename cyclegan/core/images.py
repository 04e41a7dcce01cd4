"""The border between pictures and tensors: every conversion, size rule and mode rule lives here.

Pictures are PIL images in RGB (or grey); tensors are (N, C, H, W) floats in [-1, 1], or (C, H, W)
where a dataset keeps them small: uint8 in [0, 255], or uint16 in [0, 65535] for pictures of more
than 8 bits. Knows no network.
"""

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from .pictures import ImageError
from .pictures import load as load  # As README and published cards have it.

MODES = {1: "L", 3: "RGB"}
"""Pillow's name for a picture of so many channels."""


def to_uint8(picture: Image.Image) -> Tensor:
    """RGB picture to (3, H, W) uint8, a grey one to (1, H, W)."""
    array = np.array(picture)
    return torch.from_numpy(array.reshape(picture.height, picture.width, -1)).permute(2, 0, 1)


def with_channels(picture: Image.Image, channels: int) -> Image.Image:
    """A picture in RGB for 3 channels, in grey for 1; raises ImageError for other numbers."""
    if channels not in MODES:
        raise ImageError(f"Pictures have 1 or 3 channels here, not {channels}.")
    mode = MODES[channels]
    return picture if picture.mode == mode else picture.convert(mode)


def to_picture(kept: Tensor) -> Image.Image:
    """(C, H, W) as kept to a picture of 8 bits: grey for one channel, RGB for three."""
    if kept.shape[0] not in MODES:
        raise ImageError(f"Pictures have 1 or 3 channels here, not {kept.shape[0]}.")
    kept = kept if kept.dtype == torch.uint8 else to_bytes(to_float(kept))
    array = kept.cpu().permute(1, 2, 0).numpy()
    return Image.fromarray(array[..., 0] if kept.shape[0] == 1 else array)


def drawn(kept: Tensor) -> Image.Image:
    """(C, H, W) as kept, of any number of channels, as people see it, in RGB: of more than three
    the first three, of two the first."""
    shown = kept if kept.shape[0] in MODES else kept[: 3 if kept.shape[0] > 3 else 1]
    return to_picture(shown).convert("RGB")


def to_float(images: Tensor) -> Tensor:
    """uint8 in [0, 255] or uint16 in [0, 65535] to float in [-1, 1], any shape."""
    white = 255 if images.dtype == torch.uint8 else 65535
    return images.float().div_(white / 2).sub_(1)


def to_deep(images: Tensor) -> Tensor:
    """Float in [-1, 1] to the nearest uint16 in [0, 65535], any shape, on the CPU."""
    values = images.detach().float().cpu().add(1).mul(32767.5).round().clamp(0, 65535)
    return values.to(torch.int32).to(torch.uint16)


def to_tensor(picture: Image.Image) -> Tensor:
    """RGB picture to (1, 3, H, W) in [-1, 1]."""
    return to_float(to_uint8(picture))[None]


def to_bytes(images: Tensor) -> Tensor:
    """Float in [-1, 1] to the nearest uint8 in [0, 255], any shape, on the CPU."""
    return images.detach().float().add(1).mul(127.5).round().clamp(0, 255).to("cpu", torch.uint8)


def to_pictures(images: Tensor) -> list[Image.Image]:
    """(N, C, H, W) in [-1, 1] to N pictures."""
    return [to_picture(image) for image in to_bytes(images)]


def pad(images: Tensor, multiple: int, smallest: int) -> Tensor:
    """Mirror (N, 3, H, W) to the right and below up to the next `multiple`, at least `smallest`.

    Mirrors as often as it takes, so that a picture of any size becomes large enough.
    """
    height, width = images.shape[-2:]
    wanted = [max(smallest, -(-side // multiple) * multiple) for side in (height, width)]
    while (height, width) != tuple(wanted):
        # One reflection adds at most side − 1 pixels; a single row or column is repeated instead.
        right, below = (
            min(want - side, max(side - 1, 1))
            for want, side in ((wanted[1], width), (wanted[0], height))
        )
        mode = "reflect" if min(height, width) > 1 else "replicate"
        images = functional.pad(images, (0, right, 0, below), mode=mode)
        height, width = images.shape[-2:]
    return images


def crop(images: Tensor, height: int, width: int) -> Tensor:
    """Undo `pad`: the top left (…, height, width)."""
    return images[..., :height, :width]
