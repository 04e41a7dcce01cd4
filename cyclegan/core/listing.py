"""Which files of a folder or a zip are pictures, by their names, and what is left out and why.

Knows endings and words; opens no picture.
"""

import os
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import NamedTuple

SUFFIXES = frozenset(
    {
        *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".gif", ".bmp", ".dib"),
        *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".jpf", ".jpx"),
    }
)
"""File name endings, in lower case, that count as pictures when a folder or a zip is listed."""

HEIC = frozenset({".heic", ".heif", ".hif"})
"""What iPhones write, and Pillow does not read."""


class LeftOut(NamedTuple):
    """A file that is not used. why: the rest of a sentence that begins with its name."""

    name: str
    why: str


class Listing(NamedTuple):
    """The pictures of a folder, and its other files."""

    pictures: list[Path]
    left_out: list[LeftOut]


def why_not(name: str) -> str:
    """Why a file is no picture, by its name alone, as in `LeftOut`; "" where it may be one."""
    suffix = PurePath(name).suffix.lower()
    if suffix in HEIC:
        return (
            "is HEIC, which is not read here: convert it to JPEG (a Mac's Preview exports it; "
            "elsewhere heif-convert)"
        )
    return "" if suffix in SUFFIXES else "is no picture"


def list_folder(folder: Path) -> Listing:
    """Pictures in `folder` and its subfolders, by name, and what else lies there.

    Hidden files and folders are passed over; a link to a folder is not followed.
    """
    pictures, left_out = [], []

    def unreadable(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise error
        name = Path(error.filename).relative_to(folder).as_posix()
        left_out.append(LeftOut(name, f"cannot be read ({error.strerror})"))

    for parent, inner, names in os.walk(folder, onerror=unreadable):
        inner[:] = [name for name in inner if not is_hidden(name)]
        linked = [name for name in inner if os.path.islink(os.path.join(parent, name))]
        for name in (*linked, *names):
            path = Path(parent, name)
            why = "is a link to a folder" if name in linked else why_not(name)
            if not why and not path.is_file():
                why = "is no file"
            if why and not is_hidden(name):
                left_out.append(LeftOut(path.relative_to(folder).as_posix(), why))
            elif not is_hidden(name):
                pictures.append(path)
    return Listing(sorted(pictures), sorted(left_out))


def is_hidden(name: str) -> bool:
    """Whether a file or folder is a system's own, such as .DS_Store and __MACOSX."""
    return name.startswith((".", "__MACOSX"))


def tell(left_out: Iterable[LeftOut], most: int = 4) -> str:
    """What was left out and why, an example a reason: "a.txt is no picture, like 3 more; …"."""
    by_reason: dict[str, list[str]] = {}
    for name, why in left_out:
        by_reason.setdefault(why, []).append(name)
    told = [
        f"{names[0]} {why}" + (f", like {len(names) - 1:,} more" if len(names) > 1 else "")
        for why, names in by_reason.items()
    ]
    rest = sum(len(names) for names in list(by_reason.values())[most:])
    return "; ".join(told[:most] + ([f"and {rest:,} more"] if rest else []))


def complaint(name: str, error: Exception) -> LeftOut:
    """A picture that `pictures.load` refused, which begins its sentence with the name."""
    if PurePath(name).suffix.lower() in HEIC:
        return LeftOut(name, why_not(name))
    return LeftOut(name, str(error).removeprefix(name).strip().rstrip("."))
