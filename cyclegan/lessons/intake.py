"""Visitors' pictures to a dataset folder: trainA/ trainB/ testA/ testB/, made in one move or not.

Each domain comes as picture files, films (`film_frames`) or one zip; a zip with trainA/ and trainB/
in it is both. Pictures are decoded, reduced and written anew as PNG under numbers of our own, so
that whatever is in an upload, nothing but small RGB pictures reaches the disk, and nothing outside
the folder. What is damaged or no picture is left out and named, as `folder` does it.
"""

import filecmp
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..core import films, listing, pictures
from ..core.listing import LeftOut
from . import film_frames, zips
from .data import DataError
from .recordings import ENDINGS

MIN_PICTURES, MAX_PICTURES = 2, 2000
"""Pictures a domain."""

MAX_MEGAPIXELS = 25_000
"""Of all pictures of a domain together: 2,000 photographs of 12 megapixels."""

HELD_OUT, MOST_HELD_OUT, FEWEST_TO_SPLIT = 10, 50, 10
"""Every tenth picture is held out, 50 at most; of fewer than ten, none is."""

LIMITS = (
    f"Each side: {MIN_PICTURES} to {MAX_PICTURES:,} pictures, as files or one zip of up to "
    f"{zips.MAX_ZIP_BYTES >> 30} GiB; a picture has up to {zips.MAX_FILE_BYTES >> 20} MiB and "
    f"{pictures.MAX_PIXELS // 10**6} megapixels. Of a film, a frame a second is taken, without "
    "those that are nearly alike."
)

Tally = Callable[[str, int, int], None]
"""Is told the domain, pictures done, pictures in all."""


class CancelledError(Exception):
    """The visitor changed their mind."""


@dataclass(frozen=True)
class Pictures:
    """One side from elsewhere than uploads: how many, and their names and bytes one by one.

    items: gone through twice where they are 16-bit pictures. left_out: what was not taken along to
    begin with, and why.
    """

    count: int
    items: Iterable[tuple[str, Path | bytes]]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class Domain:
    """What became of one side: pictures to train on and held out, and what was left out and why.

    own_split: whether the held-out ones came as such. white: as in `pictures.load`. of_time:
    whether they are frames of films.
    """

    train: int
    held_out: int
    left_out: tuple[LeftOut, ...]
    own_split: bool = False
    white: int = 65535
    of_time: bool = False


@dataclass(frozen=True)
class Taken:
    """What became of both sides.

    paired: their files had the same names, and are kept as pairs. note: a sentence on what was
    recognised, or "".
    """

    x: Domain
    y: Domain
    paired: bool = False
    note: str = ""

    @property
    def sentence(self) -> str:
        """What was taken in, for people."""
        told = [self.note] if self.note else []
        told += [self._of(name, side) for name, side in (("X", self.x), ("Y", self.y))]
        if self.paired:
            told.append("Both sides have the same file names: they are taken as true pairs.")
        return " ".join(told)

    @staticmethod
    def _of(name: str, side: Domain) -> str:
        said = f"{name}: {side.train:,} pictures to train on"
        if side.own_split:
            whose = "the ends of its films" if side.of_time else "its own test pictures"
            said += f", {side.held_out:,} held out ({whose})"
        elif side.held_out:
            said += f", {side.held_out} held out (every {HELD_OUT}th)"
        else:
            said += ", too few to hold any out: samples show training pictures"
        if side.left_out:
            said += f". Left out: {listing.tell(side.left_out)}"
        white = pictures.tell_white(side.white, name)
        return f"{said}.{f' {white}' if white else ''}"


def take_in(
    folder: Path,
    x: Sequence[Path] | Pictures,
    y: Sequence[Path] | Pictures,
    size: int,
    progress: Tally | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Taken:
    """Write the dataset `folder`, which must not exist yet, for crops of `size` pixels.

    x, y: uploaded files of each domain, pictures or one zip of pictures; or `Pictures`. A zip with
    trainA/ and trainB/ in it, as X or Y alone or as both, gives both. Raises DataError with the
    limit or the fault, or CancelledError; then `folder` is not there, and nothing else is left.
    """
    whole, note = _both_in_one(x, y), ""
    if whole:
        shown = zips.short(whole[0].name)
        note = f"{shown} holds both sides: X are its trainA and testA, Y its trainB and testB."
    new = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.tmp")
    new.mkdir(parents=True)
    try:
        named = (("X", new, "A"), ("Y", new, "B"))
        sides = [_Side(*given, size, progress, cancelled) for given in named]
        for side, source in zip(sides, (x, y), strict=True):
            side.take(*(side.of_zip(*whole) if whole else side.open(source)))
        if sides[0].tried == sides[1].tried:
            both = sides[0].written.keys() & sides[1].written.keys()
            for side in sides:
                side.keep(both)
        domains = [side.split() for side in sides]
        paired = sides[0].keys == sides[1].keys
        if not paired:  # Else equal numbers would pass for pairs.
            for side in sides:
                side.tell_apart()
        new.rename(folder)
    finally:
        if new.exists():
            shutil.rmtree(new)
    return Taken(*domains, paired, note)


def of_another_kind(side: str, file: Path, called: str, others: str) -> DataError:
    """Of a file that is no mistake, but in the wrong place."""
    return DataError(
        f"{side}: {zips.short(file.name)} is a {called} among {others}s. What is a {called} has a "
        "choice of its own: give it there, or leave it out here."
    )


class _Item(NamedTuple):
    """A picture of one side. key: whether it is for tests, and its name without ending."""

    name: str
    key: tuple[bool, str]
    data: Path | bytes


Source = Sequence[Path] | Pictures


def _both_in_one(x: Source, y: Source) -> tuple[Path, zips.Root] | None:
    """A zip that holds both sides, and where in it; raises DataError for another side beside it."""
    found = []
    for source in (x, y):
        is_zip = not isinstance(source, Pictures) and len(source) == 1 and zips.is_zip(source[0])
        if is_zip and (root := zips.find_root(source[0])) is not None:
            found.append((source[0], root))
    if not found:
        return None
    path, root = found[0]
    is_twice = len(found) == 2 and filecmp.cmp(path, found[1][0], shallow=False)
    if x and y and not is_twice:
        raise DataError(
            f"{zips.short(path.name)} holds both sides, trainA and trainB: give it alone, as X or "
            "as Y, or pack its folders into a zip each."
        )
    return path, root


class _Side:
    """One domain on its way to trainA/ and testA/ (or B) of `new`."""

    def __init__(self, name, new, letter, size, progress, cancelled):
        self.name, self.new, self.letter = name, new, letter
        self.shortest = round(size * 286 / 256)
        self.progress = progress or (lambda name, done, total: None)
        self.cancelled = cancelled or (lambda: False)
        self.left_out: list[LeftOut] = []
        self.tried: list[tuple[bool, str]] = []
        self.written: dict[int, tuple[_Item, Path]] = {}
        self.pixels, self.white = 0, 65535
        self.of_time = False

    @property
    def keys(self) -> list[tuple[bool, str]]:
        return [item.key for item, _ in self.written.values()]

    def take(self, count: int, source: Callable[[], Iterator[_Item]]) -> None:
        """Write all pictures that can be decoded into the training folder."""
        train = self.new / f"train{self.letter}"
        train.mkdir()
        if count > MAX_PICTURES:
            raise DataError(
                f"{self.name} has {count:,} pictures; at most {MAX_PICTURES:,} a side are taken."
            )
        peaks = {}
        for place, item in enumerate(source()):
            if self.cancelled():
                raise CancelledError
            self.tried.append(item.key)
            opened = self._decode(item)
            if opened is not None:
                path = train / f"{len(self.written) + 1:05d}.png"
                opened.picture.save(path, compress_level=3)
                self.written[place] = item._replace(data=b""), path
                if opened.peak:
                    peaks[place] = opened.peak
            self.progress(self.name, place + 1, count)
        self._enough(len(self.written))
        self.white = pictures.white_of(peaks.values())
        if self.white < 65535:
            self._whiten(source, peaks.keys())

    def _whiten(self, source: Callable[[], Iterator[_Item]], places: Iterable[int]) -> None:
        """Write the 16-bit pictures again, now that white is known."""
        for place, item in enumerate(source()):
            if place in places:
                self._open(item).picture.save(self.written[place][1], compress_level=3)

    def keep(self, places: Iterable[int]) -> None:
        """Leave out the others, whose partners are."""
        for place in sorted(self.written.keys() - places):
            item, path = self.written.pop(place)
            path.unlink()
            self.left_out.append(LeftOut(item.name, "has no partner then"))

    def split(self) -> Domain:
        """Move what is held out: a zip's own test pictures, or every tenth."""
        written = list(self.written.values())
        held_out = [path for item, path in written if item.key[0]]
        own_split = bool(held_out)
        if not own_split and len(written) >= FEWEST_TO_SPLIT:
            held_out = [path for _, path in written[HELD_OUT - 1 :: HELD_OUT]][:MOST_HELD_OUT]
        test = self.new / f"test{self.letter}"
        for path in held_out:
            test.mkdir(exist_ok=True)
            path.rename(test / path.name)
        count = len(written) - len(held_out)
        self._enough(count)
        left_out = tuple(self.left_out)
        return Domain(count, len(held_out), left_out, own_split, self.white, self.of_time)

    def _enough(self, count: int) -> None:
        if count >= MIN_PICTURES:
            return
        why = f" Left out: {listing.tell(self.left_out)}." if self.left_out else ""
        raise DataError(
            f"{self.name} has {count} usable picture{'' if count == 1 else 's'}; a training needs "
            f"{MIN_PICTURES} a side at least, better hundreds.{why}"
        )

    def tell_apart(self) -> None:
        """Give this side's files names that the other side's do not have."""
        for folder in (f"train{self.letter}", f"test{self.letter}"):
            for path in sorted((self.new / folder).glob("*.png")):
                path.rename(path.with_name(f"{self.letter}{path.name}"))

    def _open(self, item: _Item) -> pictures.Opened:
        """A picture, reduced to what training needs of it: squeezed into a square later on."""
        return pictures.open_confined(
            item.data, item.name, shortest=self.shortest, white=self.white
        )

    def _decode(self, item: _Item) -> pictures.Opened | None:
        """The same, or None with a reason in `left_out`."""
        try:
            opened = self._open(item)
        except pictures.ImageError as error:
            self.left_out.append(listing.complaint(item.name, error))
            return None
        self.pixels += opened.came[0] * opened.came[1]
        if self.pixels > MAX_MEGAPIXELS * 10**6:
            raise DataError(
                f"{self.name} has more than {MAX_MEGAPIXELS:,} megapixels in all; give fewer or "
                "smaller pictures."
            )
        return opened

    def open(self, source: Source) -> tuple[int, Callable[[], Iterator[_Item]]]:
        """How many pictures there are, and what goes through them."""
        if isinstance(source, Pictures):
            self.left_out += source.left_out
            return source.count, partial(_items, source.items)
        if not source:
            raise DataError(f"{self.name} has no pictures yet. {LIMITS}")
        packed = [file for file in source if zips.is_zip(file)]
        if packed and len(source) > 1:
            raise DataError(f"{self.name}: give picture files or one zip, not both or several.")
        if packed:
            return self.of_zip(packed[0])
        for file in source:
            if file.suffix.lower() in ENDINGS:
                raise of_another_kind(self.name, file, "recording", "picture")
        moving = [file for file in source if films.is_film(file)]
        for file in source:
            if file not in moving and file.stat().st_size > zips.MAX_FILE_BYTES:
                raise DataError(zips.too_large(zips.short(file.name)))
        named = [(file.name, file) for file in sorted(source, key=lambda file: file.name)]
        if moving:
            return self.of_films(named, moving)
        return len(named), partial(_items, named)

    def of_films(
        self, named: list[tuple[str, Path]], moving: list[Path]
    ) -> tuple[int, Callable[[], Iterator[_Item]]]:
        """The same of files that are films, or some of them: frames of these, and the pictures."""
        self.of_time = True
        still = [(name, file) for name, file in named if file not in moving]
        found = list(_items(still))
        for name, file in named:
            if file not in moving:
                continue
            shown = zips.short(name)
            try:
                for one in film_frames.frames(file, shown, self.shortest):
                    if self.cancelled():
                        raise CancelledError
                    if isinstance(one, LeftOut):
                        self.left_out.append(one)
                    else:
                        found.append(_Item(one.name, (one.is_test, one.name), one.data))
            except films.FilmError as error:
                self.left_out.append(listing.complaint(shown, error))
        return len(found), lambda: iter(found)

    def of_zip(
        self, path: Path, root: zips.Root | None = None
    ) -> tuple[int, Callable[[], Iterator[_Item]]]:
        """The same of a zip, or of this side's folders at `root` in it."""
        chosen, left_out = zips.choose(path, root, self.letter)
        self.left_out += left_out
        return len(chosen), partial(_unpacked, path, chosen)


def _items(named: Iterable[tuple[str, Path | bytes]]) -> Iterator[_Item]:
    for name, data in named:
        yield _Item(zips.short(name), (False, PurePosixPath(name).stem), data)


def _unpacked(path: Path, chosen: list[zips.Chosen]) -> Iterator[_Item]:
    for name, is_test, data in zips.unpack(path, chosen):
        yield _Item(zips.short(name), (is_test, PurePosixPath(name).stem), data)
