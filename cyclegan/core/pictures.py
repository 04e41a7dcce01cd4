"""Picture files: which are opened at all, and how they become upright 8-bit RGB.

One list of formats and one set of limits for every opening: uploads, examples, zips, tables and
folders. Needs Pillow and numpy alone, so that a process that opens strangers' pictures starts at
once (`open_confined`). Knows no tensor.
"""

import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from .confined import Chamber, ConfinedError

WANTED = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "AVIF", "JPEG2000")
"""Pillow's names of what is opened. Others may run programs (EPS), or nobody has them."""

MAX_PIXELS, MAX_SIDE = 64_000_000, 30_000
"""Larger pictures are refused before they are decoded (64 megapixels are 256 MB in Pillow)."""

MAX_SCANS = 100
"""Scans of a progressive JPEG, each of which costs a whole pass; encoders write about ten."""

MAX_FILE_BYTES = 64 * 2**20
"""Of a picture file that a stranger sends."""

STRIP = 256
"""Rows that are converted at a time, so that no third copy of a large picture is made."""

SECONDS, MEMORY, PLACES = 7.0, 2**30, 2
"""What one of strangers' pictures may take, and how many are opened at a time. The largest that is
valid took 3 s and 0.6 GB on one core."""


class ImageError(ValueError):
    """A file is not a picture that can be used; the message says why."""


def load(
    source: Path | str | bytes | Image.Image,
    name: str = "",
    longest: int | None = None,
    white: int = 65535,
) -> Image.Image:
    """Any picture as upright 8-bit RGB.

    EXIF rotation is applied, transparency is laid over white, grey, palette, CMYK and 16-bit
    pictures are converted, and of an animation the first frame is taken. `name` stands in error
    messages. longest: in pixels; of a JPEG file much larger than that, only what is needed is
    decoded, and the longer side still has twice as many at least. white: of 16-bit pictures, the
    value that is white. Raises ImageError.
    """
    return _decoded(source, name, longest, white)[0]


def _decoded(
    source: Path | str | bytes | Image.Image,
    name: str,
    longest: int | None,
    white: int,
    most: int | None = None,
) -> tuple[Image.Image, tuple[int, int]]:
    """`load`, and the (width, height) before anything was reduced."""
    name = name or (Path(source).name if isinstance(source, Path | str) else "The picture")
    with telling(name, source), warnings.catch_warnings():
        # Pillow only warns up to twice its own limit; ours is checked below, before decoding.
        warnings.simplefilter("ignore")
        picture = source if isinstance(source, Image.Image) else _open(source)
        _check(picture, source, name, most or MAX_PIXELS)
        came = picture.size
        if longest and picture is not source:  # A caller's own picture stays as large as it is.
            scale = 2 * longest / max(picture.size)
            wanted = [max(1, round(side * scale)) for side in picture.size]
            picture.draft(None, tuple(wanted))
        picture.load()
        _check_values(picture, name)
        orientation = _orientation(picture)
        came = came[::-1] if orientation in SIDEWAYS else came
        return _upright(_to_rgb(picture, white), orientation), came


@contextmanager
def telling(name: str, source: Path | str | bytes | Image.Image) -> Iterator[None]:
    """Whatever a decoder raises, as an ImageError with a sentence."""
    try:
        yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(
            _too_large(name, "more pixels than Pillow will open", MAX_PIXELS)
        ) from error
    except UnidentifiedImageError as error:
        raise ImageError(f"{name} {_unknown(source)}") from error
    except FileNotFoundError as error:
        raise ImageError(f"{name} does not exist.") from error
    except ImportError as error:
        raise ImageError(f"{name} needs one library more: pip install {error.name}.") from error
    except MemoryError as error:
        raise ImageError(f"{name} needs more memory than there is for pictures.") from error
    except Exception as error:  # A decoder raises whatever the damage leads to.
        raise ImageError(f"{name} is damaged or cut short and cannot be read.") from error


def formats() -> tuple[str, ...]:
    """Those of WANTED that this Pillow opens (AVIF since 11.3)."""
    Image.init()
    return tuple(name for name in WANTED if name in Image.OPEN)


def _open(source: Path | str | bytes) -> Image.Image:
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    return Image.open(file, formats=formats())


def _check(
    picture: Image.Image, source: Path | str | bytes | Image.Image, name: str, most: int
) -> None:
    """Raise ImageError for what would take too long or too much, before it is decoded."""
    check_size(name, picture.size, most)
    if picture.info.get("progressive") and not isinstance(source, Image.Image):
        scans = sum(part.count(b"\xff\xda") for part in _parts(source))
        if scans > MAX_SCANS:
            raise ImageError(
                f"{name} is a progressive JPEG of {scans:,} scans; at most {MAX_SCANS} are read."
            )


def check_size(name: str, size: tuple[int, int], most: int = MAX_PIXELS) -> None:
    """Raise ImageError for a picture of too many pixels."""
    width, height = size
    if width * height > most or max(width, height) > MAX_SIDE:
        raise ImageError(_too_large(name, f"{width}×{height} pixels", most))


def _parts(source: Path | str | bytes) -> Iterator[bytes]:
    """A file's bytes, a few at a time; a marker on a border is missed, which matters little."""
    if isinstance(source, bytes):
        yield source
        return
    with open(source, "rb") as file:
        while part := file.read(2**20):
            yield part


def _too_large(name: str, size: str, most: int) -> str:
    return (
        f"{name} has {size}; at most {most / 1e6:.0f} megapixels and {MAX_SIDE:,} a side "
        "are accepted."
    )


def _check_values(picture: Image.Image, name: str) -> None:
    """Raise ImageError where nobody can know which value is white."""
    is_unsigned = picture.mode == "I" and picture.format in ("PNG", "PPM")  # Of 16 bits.
    if picture.mode in ("I", "F") and not is_unsigned:
        kind = "floating-point" if picture.mode == "F" else "signed or 32-bit"
        raise ImageError(
            f"{name} holds {kind} numbers, which do not say what is white; save it with 8 bits, or "
            "with 16 unsigned ones."
        )


def _unknown(source: Path | str | bytes | Image.Image) -> str:
    """What a file is that Pillow does not open, by its first bytes."""
    if isinstance(source, bytes):
        start = source[:16]
    else:
        with open(source, "rb") as file:
            start = file.read(16)
    if start[4:8] == b"ftyp" and start[8:12] in HEIF:
        return "is a HEIC picture, as phones save them; convert it to JPEG first."
    if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return (
            "is a TIFF with other bands or numbers than pictures have here; save it as grey, RGB "
            "or RGBA with 8 bits, or as grey with 16."
        )
    *most, last = formats()
    return f"is not a picture in a known format; {', '.join(most)} and {last} are."


HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""How phones mark their pictures."""


TURNS = dict(enumerate(("FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM"), 2))
TURNS |= dict(enumerate(("TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90"), 5))
SIDEWAYS = (5, 6, 7, 8)
"""EXIF's numbers of how a picture was held, as what to do about it; some swap its sides."""


def _orientation(picture: Image.Image) -> int:
    try:
        found = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # Damaged notes beside a whole picture.
        return 1
    return found if isinstance(found, int) else 1


def _upright(picture: Image.Image, orientation: int) -> Image.Image:
    turn = TURNS.get(orientation)
    return picture.transpose(Image.Transpose[turn]) if turn else picture


def _to_rgb(picture: Image.Image, white: int) -> Image.Image:
    if picture.mode == "RGB" and not picture.has_transparency_data:
        return picture if type(picture) is Image.Image else picture.copy()
    found = Image.new("RGB", picture.size)
    for top in range(0, picture.height, STRIP):
        strip = picture.crop((0, top, picture.width, min(top + STRIP, picture.height)))
        found.paste(_strip_to_rgb(strip, white), (0, top))
    return found


def _strip_to_rgb(picture: Image.Image, white: int) -> Image.Image:
    if picture.mode.startswith("I"):
        values = np.asarray(picture, dtype=np.float32) * (255 / white)
        return Image.fromarray(values.clip(0, 255).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        below = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(below, picture).convert("RGB")
    return picture.convert("RGB")


def peak(source: Path | bytes) -> int:
    """The largest value of a 16-bit grey picture; 0 for any other, and for what `load` refuses.

    Of others no more than the header is read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = io.BytesIO(source) if isinstance(source, bytes) else source
            with Image.open(file, formats=DEEP) as picture:
                if not picture.mode.startswith("I;16"):
                    return 0
                _check(picture, source, "", MAX_PIXELS)
                return int(np.asarray(picture).max())
    except Exception:  # `load` will say what is wrong.
        return 0


DEEP = ("PNG", "TIFF", "JPEG2000")
"""Formats of 16-bit grey pictures."""


def white_of(peaks: Iterable[int]) -> int:
    """White for a collection of pictures with these largest values: 255, 1023, 4095, 16383, 65535.

    Cameras and scanners of 10, 12 and 14 bits write their values into files of 16.
    """
    highest = max(peaks, default=0) or 65535
    return next(2**bits - 1 for bits in (8, 10, 12, 14, 16) if highest < 2**bits)


def tell_white(white: int, whose: str) -> str:
    """A sentence on what 16-bit pictures of a collection were read as, or ""."""
    if white == 65535:
        return ""
    return f"{white.bit_length()}-bit values in 16-bit files: {white} is white for all of {whose}."


def resize(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Bicubic and antialiased, to (width, height)."""
    return picture.resize(size, Image.Resampling.BICUBIC)


def reduce(picture: Image.Image, longest: int) -> Image.Image:
    """Shrink so that the longer side is at most `longest` pixels; smaller pictures stay as is."""
    scale = longest / max(picture.size)
    if scale >= 1:
        return picture
    return resize(picture, tuple(max(1, round(side * scale)) for side in picture.size))


# In a process of its own

_CHAMBER = Chamber(f"{__name__}:answer", PLACES, SECONDS, MEMORY)


class Opened(NamedTuple):
    """came: (width, height) before anything was reduced. peak: as `peak` has it."""

    picture: Image.Image
    came: tuple[int, int]
    peak: int


def open_confined(
    source: Path | str | bytes,
    name: str = "",
    longest: int | None = None,
    shortest: int | None = None,
    white: int = 65535,
    most: int = 0,
) -> Opened:
    """A stranger's picture, reduced.

    Opened by `load` in a process with limits of time and memory, which holds up nobody else. The
    longer side comes back with `longest` pixels at most, and the shorter one with no more than
    `shortest` (a very long one with four times as many). most: pixels, where fewer are accepted
    than elsewhere. Raises ImageError.
    """
    name = name or (Path(source).name if isinstance(source, Path | str) else "The picture")
    asked = {"name": name, "longest": longest, "shortest": shortest, "white": white}
    asked["most"] = most or MAX_PIXELS
    data = source if isinstance(source, bytes) else b""
    if not isinstance(source, bytes):
        asked["path"] = str(Path(source).resolve())
    try:
        said, pixels = _CHAMBER(asked, data)
    except ConfinedError as error:
        sentence = str(error) if error.kind == "ImageError" else f"{name} {error.why}."
        raise ImageError(sentence) from None
    picture = Image.frombytes("RGB", tuple(said["size"]), pixels)
    return Opened(picture, tuple(said["came"]), said["peak"])


def answer(asked: dict, data: bytes) -> tuple[dict, bytes]:
    """What the process says to `open_confined`."""
    longest, shortest = asked["longest"], asked["shortest"]
    wanted = longest or (4 * shortest if shortest else None)
    source = asked.get("path", data)
    count = len(data) if source is data else Path(source).stat().st_size
    if count > MAX_FILE_BYTES:
        raise ImageError(
            f"{asked['name']} has {count / 2**20:,.0f} MiB; a picture may have "
            f"{MAX_FILE_BYTES >> 20}."
        )
    picture, came = _decoded(source, asked["name"], wanted, asked["white"], asked["most"])
    if longest:
        picture = reduce(picture, longest)
    if shortest:
        scale = min(1.0, shortest / min(picture.size))
        sides = [min(max(1, round(side * scale)), 4 * shortest) for side in picture.size]
        picture = picture if tuple(sides) == picture.size else resize(picture, tuple(sides))
    said = {"size": picture.size, "came": came, "peak": peak(source)}
    return said, picture.tobytes()
