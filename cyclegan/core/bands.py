"""Picture files as arrays: what Pillow cannot hold, of other bands or of more than 8 bits.

tifffile and imagecodecs read and write them, two libraries of one house. What is black and what is
white is said for a whole collection, never guessed of one file. Knows no folder and no tensor.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from . import pictures
from .config import MOST_CHANNELS, Range
from .pictures import ImageError, telling

if TYPE_CHECKING:  # Read where it is needed: most folders hold no TIFF.
    from tifffile import TiffFile

TIFF = (".tif", ".tiff")

ALPHA = (1, 2)
"""TIFF's numbers of an extra band that says how much of a pixel is seen."""


class Form(NamedTuple):
    """What a file holds. kind: numpy's name of its values. is_plain: whether `pictures.load` reads
    it as it is, as grey or RGB of 8 bits. size: (width, height)."""

    channels: int
    kind: str
    is_plain: bool
    size: tuple[int, int]


def form(path: Path) -> Form:
    """What a picture file holds, by its header; raises ImageError."""
    with telling(path.name, path):
        return _form(path)


def _form(path: Path) -> Form:
    if path.suffix.lower() in TIFF and (found := _tiff_form(path)):
        return found
    with Image.open(path, formats=pictures.formats()) as picture:
        stored = str([tile[3] for tile in picture.tile])
        is_grey = picture.mode in ("1", "L") or picture.mode[0] in "IF"
        if picture.mode == "F":
            kind = "float32"
        elif ";16" in stored or ";16" in picture.mode or picture.format in ("PNG", "PPM"):
            is_deep = ";16" in stored or picture.mode[0] == "I"
            kind = "uint16" if is_deep else "uint8"
        else:
            kind = "int32" if picture.mode == "I" else "uint8"
        if kind == "uint8":
            return Form(1 if is_grey else 3, kind, True, picture.size)
        return Form(1 if is_grey else len(picture.getbands()), kind, False, picture.size)


def _tiff_form(path: Path) -> Form | None:
    """None for what Pillow reads as it is: grey, RGB, palettes, CMYK, and what is transparent."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        size, bands, *_ = _layout(file)
        kind, colours = np.dtype(page.dtype).name, page.photometric.name
        usual = {"MINISBLACK": 1, "MINISWHITE": 1, "RGB": 3}.get(colours, bands)
        alpha = sum(extra in ALPHA for extra in page.extrasamples)
        if kind in ("bool", "uint8") and bands == usual + min(alpha, 1):
            return None
        return Form(bands, "uint8" if kind == "bool" else kind, False, size)


def _layout(file: "TiffFile") -> tuple[tuple[int, int], int, str, bool]:
    """(width, height), bands, and axes of what is read of a TIFF: "YX", "YXS" or "SYX"; and whether
    that is the whole of its first series, or the first page alone.

    Of a file with several pictures the first is read. What tifffile itself wrote from one array
    without being told which axis is which is bands, be they first or last.
    """
    series, page = file.series[0], file.pages[0]
    axes = series.axes
    if series.kind == "shaped" and axes == "QYX":
        first, _, last = series.shape
        if last < first and last <= MOST_CHANNELS:
            axes = "YXS"
        elif first <= MOST_CHANNELS:
            axes = "SYX"
    axes = axes.replace("C", "S")
    if is_whole := axes in ("YX", "YXS", "SYX"):
        shape = series.shape
    else:
        shape, axes = page.shape, page.axes.replace("C", "S")
    sides = dict(zip(axes, shape, strict=True))
    return (sides["X"], sides["Y"]), sides.get("S", 1), axes, is_whole


def read(path: Path) -> np.ndarray:
    """A picture's values as they are, (H, W, C); raises ImageError."""
    with telling(path.name, path):
        found = _form(path)
        pictures.check_size(path.name, found.size)
        if found.is_plain:
            values = np.asarray(pictures.load(path))[..., : found.channels]
        elif path.suffix.lower() in TIFF:
            values = _read_tiff(path)
        elif path.suffix.lower() == ".png":
            import imagecodecs

            values = imagecodecs.png_decode(path.read_bytes())
        else:
            with Image.open(path, formats=pictures.formats()) as picture:
                values = np.asarray(picture)
        if not np.isfinite(values).all():
            raise ImageError(f"{path.name} holds values that are not finite.")
        values = values if values.ndim == 3 else values[..., None]
        return np.ascontiguousarray(values)


def _read_tiff(path: Path) -> np.ndarray:
    import tifffile

    with tifffile.TiffFile(path) as file:
        *_, axes, is_whole = _layout(file)
        values = file.series[0].asarray() if is_whole else file.pages[0].asarray()
        held = file.pages[0].tags.get("Orientation")
    values = np.moveaxis(values, 0, -1) if axes == "SYX" else values
    turn = TURNS.get(int(held.value) if held else 1)
    return turn(values) if turn else values


TURNS = {
    2: lambda values: values[:, ::-1],
    3: lambda values: values[::-1, ::-1],
    4: lambda values: values[::-1],
    5: lambda values: values.swapaxes(0, 1),
    6: lambda values: np.rot90(values, -1),
    7: lambda values: np.rot90(values, 2).swapaxes(0, 1),
    8: lambda values: np.rot90(values),
}
"""What makes a picture upright, by EXIF's number of how it was held."""


def range_of(paths: Iterable[Path], kind: str) -> Range:
    """The range of a collection with values of a kind: of unsigned ones from 0 to the white of the
    least number of bits that holds them all (8, 10, 12, 14 or 16), of others from the least to the
    largest value.

    Files that cannot be read do not count; where none can, the range is that of 16 bits.
    """
    ends = []
    for path in paths:
        try:
            values = read(path)
        except ImageError:
            continue
        ends.append((values.min(), values.max()))
    if not ends:
        return Range(0, 65535, kind)
    low, high = (float(f(end)) for f, end in zip((min, max), zip(*ends, strict=True), strict=True))
    if kind in ("uint8", "uint16"):
        return Range(0, pictures.white_of([int(high)]), kind)
    return Range(low, high if high > low else low + 1, kind)


def to_unit(values: np.ndarray, own: Range | None) -> np.ndarray:
    """Values of a file to float32 in [0, 1]; None for 8-bit ones, which go from 0 to 255."""
    low, high = own.ends if own else (0, 255)
    return ((values.astype(np.float64) - low) / (high - low)).clip(0, 1).astype(np.float32)


def from_unit(values: np.ndarray, own: Range | None) -> np.ndarray:
    """The way back, to values of the collection's kind, rounded where they are whole numbers."""
    own = own or Range(0, 255, "uint8")
    found = values.astype(np.float64).clip(0, 1) * (own.high - own.low) + own.low
    kind = np.dtype(own.kind)
    return (found if kind.kind == "f" else found.round()).astype(kind)


def ending(channels: int, own: Range | None) -> str:
    """Of a file that holds so many channels of a range."""
    kind = own.kind if own else "uint8"
    return ".png" if channels in (1, 3) and kind in ("uint8", "uint16") else ".tif"


def write(path: Path, values: np.ndarray, kind: str = "") -> None:
    """Values (H, W, C) as a PNG or TIFF; kind: ".png" or ".tif", where the path says neither."""
    values = values[..., 0] if values.shape[-1] == 1 else np.ascontiguousarray(values)
    if (kind or path.suffix) == ".png":
        import imagecodecs

        path.write_bytes(imagecodecs.png_encode(values))
        return
    import tifffile

    colours = "rgb" if values.shape[-1] == 3 and values.ndim == 3 else "minisblack"
    joint = {"planarconfig": "contig"} if values.ndim == 3 else {}
    tifffile.imwrite(path, values, photometric=colours, compression="zlib", metadata=None, **joint)
