"""Visitors' pictures to a dataset folder: trainA/ trainB/ testA/ testB/, made in one move or not.

Each domain comes as picture files or as one zip. Names inside a zip decide nothing: pictures are
decoded, reduced and written anew as PNG under numbers of our own, so that whatever is in an upload,
nothing but small RGB pictures reaches the disk, and nothing outside the folder.
"""

import secrets
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image

from ..core import images
from .data import DataError

MIN_PICTURES, MAX_PICTURES = 2, 2000
"""Pictures a domain."""

MAX_FILE_BYTES = 64 * 2**20
"""Of one picture file, unpacked."""

MAX_ZIP_BYTES, MAX_UNPACKED_BYTES = 1 * 2**30, 4 * 2**30
"""Of one zip, as it comes, and of all that is read from it."""

MAX_ENTRIES, MAX_DIRECTORY_BYTES = 10_000, 4 * 2**20
"""Files of any kind in one zip, and its table of contents."""

MAX_MEGAPIXELS = 25_000
"""Of all pictures of a domain together: 2,000 photographs of 12 megapixels."""

HELD_OUT, MOST_HELD_OUT, FEWEST_TO_SPLIT = 10, 50, 10
"""Every tenth picture is held out, 50 at most; of fewer than ten, none is."""

LIMITS = (
    f"Each side: {MIN_PICTURES} to {MAX_PICTURES:,} pictures, as files or one zip of up to "
    f"{MAX_ZIP_BYTES >> 30} GiB; a picture has up to {MAX_FILE_BYTES >> 20} MiB and "
    f"{images.MAX_PIXELS // 10**6} megapixels."
)

Tally = Callable[[str, int, int], None]
"""Is told the domain, pictures done, pictures in all."""


class CancelledError(Exception):
    """The visitor changed their mind."""


@dataclass(frozen=True)
class Pictures:
    """One side from elsewhere than uploads: how many, and their names and bytes one by one.

    left_out: what was not taken along to begin with, and why.
    """

    count: int
    items: Iterator[tuple[str, bytes]]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Domain:
    """What became of one side: pictures to train on and held out, and what was left out and why."""

    train: int
    held_out: int
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Taken:
    """What became of both sides. paired: their files had the same names, and are kept as pairs."""

    x: Domain
    y: Domain
    paired: bool = False

    @property
    def sentence(self) -> str:
        """What was taken in, for people."""
        told = [self._of(name, side) for name, side in (("X", self.x), ("Y", self.y))]
        if self.paired:
            told.append("Both sides have the same file names: they are taken as true pairs.")
        return " ".join(told)

    @staticmethod
    def _of(name: str, side: Domain) -> str:
        said = f"{name}: {side.train:,} pictures to train on"
        if side.held_out:
            said += f", {side.held_out} held out (every {HELD_OUT}th)"
        else:
            said += ", too few to hold any out: samples show training pictures"
        if side.left_out:
            more = len(side.left_out) - 3
            named = "; ".join(side.left_out[:3]) + (f"; and {more:,} more" if more > 0 else "")
            said += f". Left out: {named}"
        return f"{said.rstrip('.')}."


def take_in(
    folder: Path,
    x: Sequence[Path] | Pictures,
    y: Sequence[Path] | Pictures,
    size: int,
    progress: Tally | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Taken:
    """Write the dataset `folder`, which must not exist yet, for crops of `size` pixels.

    x, y: uploaded files of each domain, pictures or one zip of pictures; or `Pictures`. Raises
    DataError with the limit or the fault, or CancelledError; then `folder` is not there, and
    nothing else is left.
    """
    new = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.tmp")
    new.mkdir(parents=True)
    try:
        named = (("X", new, "A"), ("Y", new, "B"))
        sides = [_Side(*given, size, progress, cancelled) for given in named]
        domains = [side.take(files) for side, files in zip(sides, (x, y), strict=True)]
        paired = sides[0].stems == sides[1].stems
        if not paired:  # Else equal numbers would pass for pairs.
            for side in sides:
                side.tell_apart()
        new.rename(folder)
    finally:
        if new.exists():
            shutil.rmtree(new)
    return Taken(*domains, paired)


class _Side:
    """One domain on its way to trainA/ and testA/ (or B) of `new`."""

    def __init__(self, name, new, letter, size, progress, cancelled):
        self.name, self.new, self.letter = name, new, letter
        self.shortest = round(size * 286 / 256)
        self.progress = progress or (lambda name, done, total: None)
        self.cancelled = cancelled or (lambda: False)
        self.left_out: list[str] = []
        self.stems: list[str] = []
        self.pixels = 0

    def take(self, source: Sequence[Path] | Pictures) -> Domain:
        train = self.new / f"train{self.letter}"
        train.mkdir()
        count, pictures = self._open(source)
        if count > MAX_PICTURES:
            raise DataError(
                f"{self.name} has {count:,} pictures; at most {MAX_PICTURES:,} a side are taken."
            )
        written = []
        for done, (name, data) in enumerate(pictures, 1):
            if self.cancelled():
                raise CancelledError
            picture = self._decode(name, data)
            if picture is not None:
                path = train / f"{len(written) + 1:05d}.png"
                picture.save(path, compress_level=3)
                written.append(path)
                self.stems.append(PurePosixPath(name).stem)
            self.progress(self.name, done, count)
        if len(written) < MIN_PICTURES:
            why = "; ".join(self.left_out[:3]).rstrip(".")
            why = f" Left out: {why}." if why else ""
            raise DataError(
                f"{self.name} has {len(written)} usable picture{'' if len(written) == 1 else 's'}; "
                f"a training needs {MIN_PICTURES} a side at least, better hundreds.{why}"
            )
        held_out = written[HELD_OUT - 1 :: HELD_OUT] if len(written) >= FEWEST_TO_SPLIT else []
        test = self.new / f"test{self.letter}"
        for path in held_out[:MOST_HELD_OUT]:
            test.mkdir(exist_ok=True)
            path.rename(test / path.name)
        held = len(held_out[:MOST_HELD_OUT])
        return Domain(len(written) - held, held, tuple(self.left_out))

    def tell_apart(self) -> None:
        """Give this side's files names that the other side's do not have."""
        for folder in (f"train{self.letter}", f"test{self.letter}"):
            for path in sorted((self.new / folder).glob("*.png")):
                path.rename(path.with_name(f"{self.letter}{path.name}"))

    def _decode(self, name: str, data: Path | bytes) -> Image.Image | None:
        """A picture, reduced to what training needs of it, or None with a reason in `left_out`."""
        try:
            picture = images.load(data, name)
        except images.ImageError as error:
            self.left_out.append(str(error))
            return None
        self.pixels += picture.width * picture.height
        if self.pixels > MAX_MEGAPIXELS * 10**6:
            raise DataError(
                f"{self.name} has more than {MAX_MEGAPIXELS:,} megapixels in all; give fewer or "
                "smaller pictures."
            )
        # Squeezed into a square later on: a very long side need not be kept.
        scale = min(1.0, self.shortest / min(picture.size))
        sides = [min(max(1, round(side * scale)), 4 * self.shortest) for side in picture.size]
        return picture if tuple(sides) == picture.size else images.resize(picture, tuple(sides))

    def _open(
        self, source: Sequence[Path] | Pictures
    ) -> tuple[int, Iterator[tuple[str, Path | bytes]]]:
        """How many pictures there are, and their names and contents."""
        if isinstance(source, Pictures):
            self.left_out += source.left_out
            return source.count, source.items
        if not source:
            raise DataError(f"{self.name} has no pictures yet. {LIMITS}")
        # One that is cut short is no zip any more, but it was meant as one.
        zips = [f for f in source if f.suffix.lower() == ".zip" or zipfile.is_zipfile(f)]
        if zips and len(source) > 1:
            raise DataError(f"{self.name}: give picture files or one zip, not both or several.")
        return self._zip(zips[0]) if zips else self._files(source)

    def _files(self, files: Sequence[Path]) -> tuple[int, Iterator[tuple[str, Path]]]:
        for file in files:
            if file.stat().st_size > MAX_FILE_BYTES:
                raise DataError(_too_large(_short(file.name)))
        files = sorted(files, key=lambda file: file.name)
        return len(files), ((_short(file.name), file) for file in files)

    def _zip(self, path: Path) -> tuple[int, Iterator[tuple[str, bytes]]]:
        name = _short(path.name)
        if path.stat().st_size > MAX_ZIP_BYTES:
            raise DataError(f"{name} is larger than {MAX_ZIP_BYTES >> 30} GiB, the most for a zip.")
        _check_directory(path, name)
        try:
            packed = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise DataError(_damaged(name)) from error
        try:
            chosen = self._choose(packed.infolist(), name)
        except BaseException:
            packed.close()
            raise
        return len(chosen), self._unpack(packed, chosen, name)

    def _choose(self, entries: list[zipfile.ZipInfo], name: str) -> list[zipfile.ZipInfo]:
        """The pictures of a zip by their declared names and sizes; DataError for a hostile one."""
        if len(entries) > MAX_ENTRIES:
            raise DataError(f"{name} holds {len(entries):,} files; at most {MAX_ENTRIES:,} may.")
        chosen = []
        for entry in entries:
            shown = _short(entry.filename)
            _refuse_odd(entry, shown, name)
            inner = PurePosixPath(entry.filename)
            hidden = any(part.startswith((".", "__MACOSX")) for part in inner.parts)
            if entry.is_dir() or hidden:
                continue
            if inner.suffix.lower() not in images.SUFFIXES:
                self.left_out.append(f"{shown} is no picture")
            elif entry.file_size > MAX_FILE_BYTES:
                raise DataError(f"{name}: {_too_large(shown)}")
            else:
                chosen.append(entry)
        if sum(entry.file_size for entry in chosen) > MAX_UNPACKED_BYTES:
            raise DataError(_too_much(name))
        # By name, so that the same pictures are held out wherever they were packed.
        return sorted(chosen, key=lambda entry: entry.filename)

    def _unpack(
        self, packed: zipfile.ZipFile, chosen: list[zipfile.ZipInfo], name: str
    ) -> Iterator[tuple[str, bytes]]:
        read = 0
        with packed:
            for entry in chosen:
                shown = _short(entry.filename)
                try:
                    with packed.open(entry) as file:
                        data = file.read(MAX_FILE_BYTES + 1)
                except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError) as error:
                    raise DataError(f"{_damaged(name)} At fault: {shown}.") from error
                except zlib.error as error:
                    raise DataError(f"{_damaged(name)} At fault: {shown}.") from error
                read += len(data)
                if len(data) > MAX_FILE_BYTES:
                    raise DataError(f"{name}: {_too_large(shown)}")
                if read > MAX_UNPACKED_BYTES:
                    raise DataError(_too_much(name))
                yield shown, data


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


def _short(name: str) -> str:
    """A visitor's file name, fit for a sentence."""
    shown = name if name.isprintable() else ascii(name)
    return shown if len(shown) <= 60 else f"{shown[:28]}…{shown[-28:]}"


def _too_large(name: str) -> str:
    return f"{name} is larger than {MAX_FILE_BYTES >> 20} MiB, the most for a picture file."


def _too_much(name: str) -> str:
    return f"{name} unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB, the most for a side."


def _damaged(name: str) -> str:
    return f"{name} is a damaged zip, or none; pack it again."
