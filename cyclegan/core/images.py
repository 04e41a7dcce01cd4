"""The border between pictures and tensors: every conversion, size rule and mode rule lives here.

Pictures are PIL images in RGB (or grey); tensors are (N, C, H, W) floats in [-1, 1], or uint8
(C, H, W) in [0, 255] where a dataset keeps them small. Knows no network.
"""

import io
import struct
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional
from torchvision.transforms.v2 import functional as transforms

MAX_PIXELS = 64_000_000
"""Larger pictures are refused before they are decoded (64 megapixels are 192 MB of RGB)."""

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"})
"""File name endings that count as pictures when a folder is listed."""


MODES = {1: "L", 3: "RGB"}
"""Pillow's name for a picture of so many channels."""


class ImageError(ValueError):
    """A file is not a picture that can be used; the message says why."""


def load(source: Path | str | bytes | Image.Image, name: str = "") -> Image.Image:
    """Any picture as upright 8-bit RGB.

    EXIF rotation is applied, transparency is laid over white, grey, palette, CMYK, 16-bit and
    float pictures are converted, and of an animation the first frame is taken. `name` stands in
    error messages. Raises ImageError.
    """
    name = name or (Path(source).name if isinstance(source, Path | str) else "The picture")
    try:
        # Pillow only warns up to twice its own limit; ours is checked below, before decoding.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            if isinstance(source, Image.Image):
                picture = source
            else:
                picture = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)
        if picture.width * picture.height > MAX_PIXELS:
            raise ImageError(_too_large(name, f"{picture.width}×{picture.height} pixels"))
        picture.load()
        return _to_rgb(_upright(picture))
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(_too_large(name, "more pixels than Pillow will open")) from error
    except UnidentifiedImageError as error:
        known = "PNG, JPEG, WebP, GIF, TIFF and BMP are"
        raise ImageError(f"{name} is not a picture in a known format; {known}.") from error
    except FileNotFoundError as error:
        raise ImageError(f"{name} does not exist.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ImageError(f"{name} is damaged or cut short and cannot be read.") from error


def _too_large(name: str, size: str) -> str:
    return f"{name} has {size}; at most {MAX_PIXELS / 1e6:.0f} megapixels are accepted."


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except (struct.error, TypeError) as error:
        # Pillow writes the rest of the EXIF data anew, which fails on damaged entries.
        raise ValueError("damaged EXIF data") from error


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):
        values = np.asarray(picture, dtype=np.float32)
        low, high = _value_range(picture.mode, values)
        scaled = (values - low) / (high - low) * 255
        return Image.fromarray(np.nan_to_num(scaled).clip(0, 255).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")


def _value_range(mode: str, values: np.ndarray) -> tuple[float, float]:
    """16-bit pictures span 0 to 65535; 32-bit and float ones have no fixed white: use their own."""
    unsigned = mode == "I" and values.min() >= 0
    if mode.startswith("I;16") or (unsigned and 255 < values.max() <= 65535):
        return 0.0, 65535.0
    if unsigned and values.max() <= 255:
        return 0.0, 255.0
    finite = values[np.isfinite(values)]
    if finite.size == 0 or finite.max() == finite.min():
        return 0.0, 1.0
    return float(finite.min()), float(finite.max())


def list_folder(folder: Path) -> list[Path]:
    """Pictures directly in `folder`, by name; hidden files and other endings are passed over."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")
    )


def to_uint8(picture: Image.Image) -> Tensor:
    """RGB picture to (3, H, W) uint8, a grey one to (1, H, W)."""
    return transforms.pil_to_tensor(picture)


def with_channels(picture: Image.Image, channels: int) -> Image.Image:
    """A picture in RGB for 3 channels, in grey for 1; raises ImageError for other numbers."""
    if channels not in MODES:
        raise ImageError(f"Pictures have 1 or 3 channels here, not {channels}.")
    mode = MODES[channels]
    return picture if picture.mode == mode else picture.convert(mode)


def to_picture(kept: Tensor) -> Image.Image:
    """(C, H, W) uint8 to a picture: grey for one channel, RGB for three."""
    if kept.shape[0] not in MODES:
        raise ImageError(f"Pictures have 1 or 3 channels here, not {kept.shape[0]}.")
    return transforms.to_pil_image(kept)


def to_float(images: Tensor) -> Tensor:
    """uint8 in [0, 255] to float in [-1, 1], any shape."""
    return images.float().div_(127.5).sub_(1)


def to_tensor(picture: Image.Image) -> Tensor:
    """RGB picture to (1, 3, H, W) in [-1, 1]."""
    return to_float(to_uint8(picture))[None]


def to_bytes(images: Tensor) -> Tensor:
    """Float in [-1, 1] to the nearest uint8 in [0, 255], any shape, on the CPU."""
    return images.detach().float().add(1).mul(127.5).round().clamp(0, 255).to("cpu", torch.uint8)


def to_pictures(images: Tensor) -> list[Image.Image]:
    """(N, C, H, W) in [-1, 1] to N pictures."""
    return [to_picture(image) for image in to_bytes(images)]


def resize(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Bicubic and antialiased, to (width, height)."""
    return picture.resize(size, Image.Resampling.BICUBIC)


def reduce(picture: Image.Image, longest: int) -> Image.Image:
    """Shrink so that the longer side is at most `longest` pixels; smaller pictures stay as is."""
    scale = longest / max(picture.size)
    if scale >= 1:
        return picture
    return resize(picture, tuple(max(1, round(side * scale)) for side in picture.size))


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
