"""The pictures of a folder, decoded one by one, and what all of them have in common.

Channels and range are of a whole side of the data, training and test pictures together. Knows
nothing of which folders a dataset has.
"""

import copy
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import torch
from torch import Tensor

from ..core import bands, fits, images, listing, pictures
from ..core.bands import Form
from ..core.config import Range
from ..core.listing import LeftOut
from .data import DataError

LONG, MANY = 3, 4
"""A picture so many times as long as wide, or more, is told of; names in a sentence."""


@dataclass(frozen=True)
class Side:
    """How the pictures of one side are read.

    channels: of all of them. own: their range; None for 8 bits. is_plain: whether Pillow's 8-bit
    grey or RGB is what they are. white: then, of 16-bit files, the value that is white.
    """

    channels: int = 3
    own: Range | None = None
    is_plain: bool = True
    white: int = 65535


class PictureFiles(Sequence[Tensor]):
    """The pictures of a folder as (C, H, W), decoded at each access; none if it is not there.

    They are uint8, or uint16 over the range of a side of more than 8 bits. fit, load_size: as in
    `fits`. smallest: a picture with a shorter side is an error. half: 0 or 1 for the left or right
    half of each picture, None for the whole. left_out: what of the folder is not among them.
    """

    def __init__(
        self, folder: Path, fit: str, load_size: int, smallest: int, half: int | None = None
    ):
        self.folder = folder
        self.fit = fit
        self.load_size = load_size
        self.smallest = smallest
        self.half = half
        self.side = Side()
        self.paths, self.left_out = list_folder(folder)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        """Raises DataError."""
        try:
            return self._read(index)
        except pictures.ImageError as error:
            where = self.paths[index].parent
            raise DataError(f"{where}: {error} Repair it, or take it away.") from error

    @property
    def names(self) -> list[str]:
        """Of the files within the folder."""
        return [path.relative_to(self.folder).as_posix() for path in self.paths]

    @property
    def stems(self) -> list[str]:
        """Their names without endings."""
        return [str(PurePosixPath(name).with_suffix("")) for name in self.names]

    def read_all(self) -> dict[int, Tensor]:
        """All that can be decoded, by place; the others are added to what is left out."""
        found, names = {}, self.names
        for place, path in enumerate(self.paths):
            try:
                found[place] = self._read(place)
            except pictures.ImageError as error:
                self.left_out.append(LeftOut(names[place], listing.complaint(path.name, error).why))
        return found

    def bytes_of(self, index: int) -> int:
        """Decoded; 0 for what is damaged."""
        try:
            return self._read(index).nbytes
        except pictures.ImageError:
            return 0

    def at(self, load_size: int) -> "PictureFiles":
        """The same at another size."""
        other = copy.copy(self)
        other.load_size = load_size
        return other

    def _read(self, index: int) -> Tensor:
        path, side = self.paths[index], self.side
        if side.is_plain:
            picture = pictures.load(path, white=side.white)
            width, height = picture.size
            if self.half is not None:
                left = self.half * self._middle(path, width)
                picture = picture.crop((left, 0, left + width // 2, height))
            self._check(path, picture.size)
            picture = fits.fit_picture(picture, self.fit, self.load_size)
            kept = images.to_uint8(images.with_channels(picture, side.channels))
        else:
            kept = self._read_bands(path)
        return fits.pad_to_square(kept, self.load_size) if self.fit == "pad" else kept

    def _read_bands(self, path: Path) -> Tensor:
        values, side = bands.read(path), self.side
        # Of a picture with 8 bits among others, 255 is white.
        own = side.own if values.dtype != "uint8" else None
        values = bands.to_unit(values, own)
        width, channels = values.shape[1:]
        if channels != side.channels:
            if channels != 1:
                raise pictures.ImageError(
                    f"{path.name} has {channels} channels, and the others have {side.channels}."
                )
            values = values.repeat(side.channels, axis=-1)
        if self.half is not None:
            left = self.half * self._middle(path, width)
            values = values[:, left : left + width // 2]
        self._check(path, values.shape[1::-1])
        values = fits.fit_array(values, self.fit, self.load_size)
        floats = torch.from_numpy(values).permute(2, 0, 1).contiguous() * 2 - 1
        return images.to_deep(floats) if side.own else images.to_bytes(floats)

    def _middle(self, path: Path, width: int) -> int:
        if width % 2:
            raise DataError(
                f"{path} is {width} pixels wide; a pair side by side has an even width."
            )
        return width // 2

    def _check(self, path: Path, size: tuple[int, int]) -> None:
        if self.fit == "none" and min(size) < self.smallest:
            raise DataError(
                f"{path} is {size[0]}×{size[1]} pixels, smaller than the crop of "
                f"{self.smallest}; choose a smaller --size or --fit crop."
            )


def list_folder(folder: Path) -> listing.Listing:
    """What lies in a folder, also if it is not there."""
    return listing.list_folder(folder) if folder.is_dir() else listing.Listing([], [])


def agree(
    train: PictureFiles,
    test: PictureFiles,
    channels: int | None,
    own: Range | None,
    is_settled: bool,
) -> list[str]:
    """Settle how all pictures of a side are read, and tell what is unusual about it.

    channels: None for as many as they have. own: their range; None for the collection's own, or, if
    that is settled already, for what 8 bits show of them, as older runs saw them.
    """
    paths = [*train.paths, *test.paths]
    forms = {path: found for path in paths if (found := _form(path))}
    deep = next((form.kind for form in forms.values() if form.kind != "uint8"), "")
    odd = any(not form.is_plain for form in forms.values())
    wanted = channels or _usual(form.channels for form in forms.values())
    is_shortened = is_settled and own is None
    is_plain = wanted in images.MODES and (is_shortened or not odd)
    said = []
    if is_plain:
        white = pictures.white_of(map(pictures.peak, paths)) if deep else 65535
        side = Side(wanted, None, True, white)
        said.append(pictures.tell_white(white, f"{train.folder.name} and its test pictures"))
    else:
        side = Side(wanted, _range(own, deep, paths) if deep else None, False)
        if side.own:
            said.append(
                f"Values of {train.folder.name} and its test pictures are {side.own.kind}: "
                f"{side.own.words} are black to white."
            )
    if own and not side.own:
        said.append(f"{train.folder.name} has 8 bits, whose white is 255: no --range concerns it.")
    train.side = test.side = side
    if wanted != 3:
        said.append(
            f"{train.folder.name} has {wanted} channel{'s' * (wanted > 1)}"
            f"{' (grey)' * (wanted == 1)}."
        )
    return [*filter(None, said), *_shapes(train, forms)]


def _usual(counts: Iterable[int]) -> int:
    """Channels of a side: grey among colour becomes colour; else as most of its files have."""
    found = Counter(counts)
    if found.keys() <= images.MODES.keys():
        return max(found, default=3)
    return found.most_common(1)[0][0]


def _range(own: Range | None, kind: str, paths: Sequence[Path]) -> Range:
    if own is None:
        return bands.range_of(paths, kind)
    return replace(own, kind=own.kind or kind)


def _form(path: Path) -> Form | None:
    """None for what cannot be read, and will be left out."""
    try:
        return bands.form(path)
    except pictures.ImageError:
        return None


def _shapes(files: PictureFiles, forms: dict[Path, Form]) -> list[str]:
    """What becomes of long thin and of tiny pictures."""
    sizes = {path: forms[path].size for path in files.paths if path in forms}
    if files.half is not None:
        sizes = {path: (width // 2, height) for path, (width, height) in sizes.items()}
    long = [path.name for path, size in sizes.items() if max(size) >= LONG * min(size)]
    tiny = [path.name for path, size in sizes.items() if min(size) < files.smallest]
    said = []
    if long and files.fit != "none":
        becomes = {
            "crop": "a crop sees a part of them; --fit pad shows them whole",
            "squeeze": "they are squeezed into squares; --fit crop keeps their shape",
            "pad": "most of what is seen of them is padding; --fit crop shows a part",
        }[files.fit]
        said.append(
            f"{_listed(long)} of {files.folder.name} "
            f"{'is' if len(long) == 1 else 'are'} {LONG} times as long as wide, or more: {becomes}."
        )
    if tiny and files.fit != "none":
        said.append(
            f"{_listed(tiny)} of {files.folder.name} {'is' if len(tiny) == 1 else 'are'} smaller "
            f"than {files.smallest} pixels, and enlarged."
        )
    return said


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more"
