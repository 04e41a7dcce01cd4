"""Zips that anyone may have packed: which pictures are in them, and their bytes one by one.

Names decide nothing but which entries are looked at; all is checked by its own account before
anything is unpacked, and counted again while it is. Knows nothing of what pictures become.
"""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..core import listing
from ..core.listing import LeftOut
from .data import DataError

MAX_FILE_BYTES = 64 * 2**20
"""Of one picture file, unpacked."""

MAX_ZIP_BYTES, MAX_UNPACKED_BYTES = 1 * 2**30, 4 * 2**30
"""Of one zip, as it comes, and of all that is read from it."""

MAX_ENTRIES, MAX_DIRECTORY_BYTES = 10_000, 4 * 2**20
"""Files of any kind in one zip, and its table of contents."""

SPLITS = ("traina", "trainb", "testa", "testb")
"""The four folders of a dataset, in lower case."""

Root = tuple[str, ...]
"""The folders in a zip that lead to these four."""


class Chosen(NamedTuple):
    """An entry that is to be unpacked. is_test: whether it lies in testA or testB."""

    entry: zipfile.ZipInfo
    is_test: bool


def is_zip(path: Path) -> bool:
    """Whether a file is a zip, or was meant as one: cut short, it is none any more."""
    return path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)


def find_root(path: Path) -> Root | None:
    """Where in a zip trainA/ and trainB/ stand side by side; None where they do not."""
    holders: dict[str, set[Root]] = {"traina": set(), "trainb": set()}
    with _open(path) as packed:
        for entry in packed.infolist():
            parts = PurePosixPath(entry.filename).parts
            for depth, part in enumerate(parts[:-1]):
                if part.lower() in holders and not any(map(listing.is_hidden, parts)):
                    holders[part.lower()].add(parts[:depth])
    both = holders["traina"] & holders["trainb"]
    return min(both) if both else None


def choose(
    path: Path, root: Root | None = None, letter: str = ""
) -> tuple[list[Chosen], list[LeftOut]]:
    """The pictures of a zip by their declared names and sizes, and what else is in it.

    root, letter: only those of trainA/ and testA/ there, or of B. Raises DataError for what is
    damaged, hostile or too much.
    """
    name = short(path.name)
    with _open(path) as packed:
        entries = packed.infolist()
    if len(entries) > MAX_ENTRIES:
        raise DataError(f"{name} holds {len(entries):,} files; at most {MAX_ENTRIES:,} may.")
    chosen, left_out = [], []
    for entry in entries:
        shown = short(entry.filename)
        _refuse_odd(entry, shown, name)
        inner = PurePosixPath(entry.filename)
        if entry.is_dir() or any(map(listing.is_hidden, inner.parts)):
            continue
        folder = None if root is None else _folder(inner.parts, root)
        if folder in SPLITS and folder[-1] != letter.lower():
            continue
        if folder == "":
            if letter == "A":  # Told once, and not by either side.
                left_out.append(LeftOut(shown, "is in none of its four folders"))
        elif why := listing.why_not(inner.name):
            left_out.append(LeftOut(shown, why))
        elif entry.file_size > MAX_FILE_BYTES:
            raise DataError(f"{name}: {too_large(shown)}")
        else:
            chosen.append(Chosen(entry, (folder or "").startswith("test")))
    if sum(entry.file_size for entry, _ in chosen) > MAX_UNPACKED_BYTES:
        raise DataError(_too_much(name))
    # By name, so that the same pictures are held out wherever they were packed.
    return sorted(chosen, key=lambda one: one.entry.filename), left_out


def unpack(path: Path, chosen: list[Chosen]) -> Iterator[tuple[str, bool, bytes]]:
    """Name, whether it is for tests, and bytes of each; raises DataError."""
    name, read = short(path.name), 0
    with _open(path) as packed:
        for entry, is_test in chosen:
            shown = short(entry.filename)
            try:
                with packed.open(entry) as file:
                    data = file.read(MAX_FILE_BYTES + 1)
            except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError) as error:
                raise DataError(f"{_damaged(name)} At fault: {shown}.") from error
            except zlib.error as error:
                raise DataError(f"{_damaged(name)} At fault: {shown}.") from error
            read += len(data)
            if len(data) > MAX_FILE_BYTES:
                raise DataError(f"{name}: {too_large(shown)}")
            if read > MAX_UNPACKED_BYTES:
                raise DataError(_too_much(name))
            yield entry.filename, is_test, data


def _folder(parts: tuple[str, ...], root: Root) -> str:
    """Which of the four folders at `root` an entry lies in; "" for none."""
    inner = parts[len(root) : -1] if parts[: len(root)] == root else ()
    return inner[0].lower() if inner and inner[0].lower() in SPLITS else ""


def _open(path: Path) -> zipfile.ZipFile:
    """A zip whose table of contents is known to be small."""
    name = short(path.name)
    if path.stat().st_size > MAX_ZIP_BYTES:
        raise DataError(f"{name} is larger than {MAX_ZIP_BYTES >> 30} GiB, the most for a zip.")
    _check_directory(path, name)
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError(_damaged(name)) from error


def _refuse_odd(entry: zipfile.ZipInfo, shown: str, name: str) -> None:
    parts = entry.filename.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or ":" in parts[0] or "\0" in entry.orig_filename:
        raise DataError(f"{name} holds {shown}, a path that leads out of it; it is refused.")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DataError(f"{name} holds {shown}, a link or device; it is refused.")
    if entry.flag_bits & 0x1:
        raise DataError(f"{name} is locked with a password; pack it without one.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{name} is packed in an unusual way; pack it as a plain zip.")


def _check_directory(path: Path, name: str) -> None:
    """Refuse a table of contents that would fill the memory when zipfile reads it.

    A plain zip ends with: "PK\\5\\6", …, size of that table at byte 12, and a comment. Large ones
    (zip64) have a locator before that, which no zip within our limits needs.
    """
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - 66_000))
        tail = file.read()
    end = tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) < end + 22:
        raise DataError(_damaged(name))
    table = int.from_bytes(tail[end + 12 : end + 16], "little")
    if b"PK\6\7" in tail[max(0, end - 20) : end] or table > MAX_DIRECTORY_BYTES:
        raise DataError(f"{name} holds too many files; at most {MAX_ENTRIES:,} may be in a zip.")


def short(name: str) -> str:
    """A visitor's file name, fit for a sentence."""
    shown = name if name.isprintable() else ascii(name)
    return shown if len(shown) <= 60 else f"{shown[:28]}…{shown[-28:]}"


def too_large(name: str) -> str:
    return f"{name} is larger than {MAX_FILE_BYTES >> 20} MiB, the most for a picture file."


def _too_much(name: str) -> str:
    return f"{name} unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB, the most for a side."


def _damaged(name: str) -> str:
    return f"{name} is a damaged zip, or none; pack it again."
