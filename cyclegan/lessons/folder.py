"""A folder of pictures as a lesson: four folders, or pairs side by side.

    trainA/ trainB/ testA/ testB/   as every public CycleGAN dataset has them; A is X, B is Y.
    train/ test/ (or val/)          pairs, A on the left half of each picture and B on the right,
                                    as pix2pix's datasets have them.

Pictures may be of any size, format and mode, in subfolders too, and the two sides of any length.
Where both sides have the same file names, they are taken as pairs and that is said; a file
`unpaired` in the folder denies it. Subfolders are kinds, for methods that learn from labels
(`kinds`). What is damaged or no picture is left out and named. Knows nothing of where the pictures
came from.
"""

import re
from pathlib import Path

from torch import Tensor

from ..core import bands, listing, pictures
from ..core.config import Channels, Domains, Ranges
from ..core.listing import LeftOut
from . import kinds
from .data import DataError, UnpairedData
from .kinds import Kinds
from .lesson import Lesson
from .picture_files import PictureFiles, agree, list_folder

MEMORY_LIMIT = 2 * 1024**3
"""Bytes of decoded pictures kept in memory (2 GiB: 7,300 pictures of 286×286 a gigabyte and a
half); a larger dataset is decoded by threads as it is needed."""

UNPAIRED = "unpaired"
"""A file of this name in a folder says that equal file names are chance."""


class Folder(Lesson):
    """The pictures of a folder; `name` is its path."""

    domains = Domains("A", "B")

    def __init__(self, name: str):
        self.name = name
        self.title = Path(name).name or name

    def open(
        self,
        size: int,
        fit: str,
        channels: Channels | None = None,
        ranges: Ranges | None = None,
    ) -> UnpairedData:
        """fit: as in `fits`, to size · 286/256 for training pictures (paper, section 7.1), and to
        `size` for test pictures. channels, ranges: None for those of the collection.

        Damaged pictures are left out and named where all fit into memory; in a larger folder one is
        a DataError when its turn comes. Raises DataError for a missing folder, an empty domain or a
        picture that is too small.
        """
        folder = Path(self.name)
        if not folder.is_dir():
            raise DataError(_no_folder(self.name))
        sizes = round(size * 286 / 256), size
        if _are_side_by_side(folder):
            names = ("train", "test" if list_folder(folder / "test").pictures else "val")
            train, test = (
                [PictureFiles(folder / name, fit, to, size, half) for half in (0, 1)]
                for name, to in zip(names, sizes, strict=True)
            )
            _check_halves(train[0].paths)
            said = [
                f"{folder} holds pairs side by side: A is the left half of each picture, B the "
                "right."
            ]
            may_pair = True
        else:
            train, test = (
                [PictureFiles(folder / f"{name}{letter}", fit, to, size) for letter in "AB"]
                for name, to in zip(("train", "test"), sizes, strict=True)
            )
            said, may_pair = [], not (folder / UNPAIRED).exists()
        for side in train:
            _need_pictures(side)
        counts = (channels.x, channels.y) if channels else (None, None)
        own = (ranges.x, ranges.y) if ranges else (None, None)
        for sides in zip(train, test, counts, own, strict=True):
            said += agree(*sides, is_settled=ranges is not None)
        return _data(folder, train, test, may_pair, said)


def before_mark(name: str) -> str:
    """A name without what may follow in the Hub's: "wf/set" of "wf/set#a,b" and "wf/set:part"."""
    return re.split("[#:]", name)[0]


def _no_folder(name: str) -> str:
    if Path(name).exists():
        return f"{name} is a file: unpack it, and name its folder."
    if Path(before := before_mark(name)).exists():
        return (
            f"{before} lies on this machine, not on the Hub: leave out what follows it in {name}."
        )
    return f"There is no folder {name}."


def _data(
    folder: Path,
    train: list[PictureFiles],
    test: list[PictureFiles],
    may_pair: bool,
    said: list[str],
) -> UnpairedData:
    in_memory = _decoded_bytes(train) <= MEMORY_LIMIT
    x, y = train
    if in_memory:
        x, y = _read_both(train, may_pair and _are_pairs(*train))
        _read_both(test, may_pair and _are_pairs(*test))
        for side in train:
            _need_pictures(side)
    pairs = [may_pair and _are_pairs(*split) for split in (train, test)]
    if any(pairs) and train[0].half is None:
        names = " and ".join(
            f"{n}A/{n}B" for n, p in zip(("train", "test"), pairs, strict=True) if p
        )
        said.append(
            f"{names} have the same file names: they are taken as true pairs. If that is chance, "
            f"put an empty file called {UNPAIRED} into {folder}."
        )
    told = Kinds()
    if train[0].half is None:
        told = kinds.of_folders([side.names for side in train], [side.names for side in test])
    # Without test pictures the fixed samples come from the training ones.
    shown = [
        held_out if held_out else side.at(held_out.load_size)
        for side, held_out in zip(train, test, strict=True)
    ]
    return UnpairedData(
        Folder.domains,
        *(x, y, *shown),
        paired=may_pair and _are_pairs(*shown),
        in_memory=in_memory,
        train_truth=y if pairs[0] else None,
        labels=told.labels,
        kinds=told.names,
        why_no_labels=told.why_not,
        known_x=_known(told, 0, test),
        known_y=_known(told, 1, test),
        groups=shown[0].stems,
        is_held_out=all(map(len, test)),
        ranges=Ranges(*(files.side.own for files in train)),
        said=(*_count(folder, [*train, *test]), *said),
    )


def _known(told: Kinds, side: int, test: list[PictureFiles]) -> dict[str, list[int]]:
    """Labels of what is held out; of training pictures in the place of held-out ones, theirs."""
    if told.labels is None:
        return {}
    found = told.test[side] if test[side] else told.labels[side]
    return {"label": found} if found and kinds.UNKNOWN not in found else {}


def _are_side_by_side(folder: Path) -> bool:
    return not (folder / "trainA").exists() and bool(list_folder(folder / "train").pictures)


def _need_pictures(files: PictureFiles) -> None:
    if files.paths:
        return
    folder = files.folder.parent
    left_out = f" Left out: {listing.tell(files.left_out)}." if files.left_out else ""
    raise DataError(
        f"{files.folder} holds no pictures; training needs {folder / 'trainA'} and "
        f"{folder / 'trainB'} (testA and testB are optional), or pairs side by side in "
        f"{folder / 'train'}.{left_out}"
    )


def _check_halves(paths: list[Path]) -> None:
    """Raise DataError where the first whole picture cannot be two of like shape side by side."""
    for path in paths:
        try:
            width, height = bands.form(path).size
        except pictures.ImageError:
            continue
        if width < height:
            raise DataError(
                f"{path} is {width}×{height} pixels: no pair side by side. Pictures that are not "
                "pairs belong into trainA/ and trainB/."
            )
        return


def _are_pairs(x: PictureFiles, y: PictureFiles) -> bool:
    return len(x) > 0 and x.stems == y.stems


def _read_both(split: list[PictureFiles], are_pairs: bool) -> list[list[Tensor]]:
    """All that can be decoded of two sides; of pairs, both or none."""
    read = [files.read_all() for files in split]
    whole = read[0].keys() & read[1].keys()
    if are_pairs:
        for place in sorted(whole):
            a, b = (found[place].shape[1:] for found in read)
            if a != b:
                raise DataError(
                    f"{split[0].paths[place]} and its partner differ in shape: {a[1]}×{a[0]} and "
                    f"{b[1]}×{b[0]} pixels as they are trained on, so that crops of them would not "
                    "show one place; --fit squeeze makes them alike."
                )
    kept = []
    for files, found in zip(split, read, strict=True):
        alone = found.keys() - whole if are_pairs else set()
        names = files.names
        files.left_out += [LeftOut(names[place], "has no partner then") for place in sorted(alone)]
        places = [place for place in found if place not in alone]
        files.paths = [files.paths[place] for place in places]
        kept.append([found[place] for place in places])
    return kept


def _count(folder: Path, parts: list[PictureFiles]) -> list[str]:
    """How many pictures are used, and what is left out and why."""
    by_name = {files.folder.name: files for files in parts if files.folder.exists()}
    used = ", ".join(f"{len(files):,} of {name}" for name, files in by_name.items())
    said = [f"Pictures used: {used}."]
    for name, files in by_name.items():
        if files.left_out:
            said.append(f"Left out of {name}: {listing.tell(files.left_out)}.")
    known = {*by_name, UNPAIRED}
    others = sorted(path.name for path in folder.iterdir() if path.name not in known)
    if seen := [name for name in others if not listing.is_hidden(name)]:
        more = f" and {len(seen) - 4:,} more" if len(seen) > 4 else ""
        said.append(f"Nothing else of {folder} is used: {', '.join(seen[:4])}{more}.")
    return said


def _decoded_bytes(sides: list[PictureFiles]) -> float:
    """Decoded size of all pictures, judged by a few of each side."""
    total = 0.0
    for side in sides:
        few = range(0, len(side), max(1, len(side) // 8))
        total += len(side) * sum(map(side.bytes_of, few)) / len(few)
    return total
