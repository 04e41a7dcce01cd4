"""A folder of pictures as a lesson: four folders, or pairs side by side.

    trainA/ trainB/ testA/ testB/   as every public CycleGAN dataset has them; A is X, B is Y.
    train/ test/ (or val/)          pairs, A on the left half of each picture and B on the right,
                                    as pix2pix's datasets have them.

Pictures may be of any size, format and mode, and the two sides of any length. Where both sides have
the same file names, they are taken as pairs and that is said; a file `unpaired` in the folder
denies it. Knows nothing of where the pictures came from.
"""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from ..core import images
from ..core.config import Domains
from .data import DataError, UnpairedData
from .lesson import Lesson

MEMORY_LIMIT = 2 * 1024**3
"""Bytes of decoded pictures kept in memory (2 GiB: 7,300 pictures of 286×286 a gigabyte and a
half); a larger dataset is decoded by worker processes as it is needed."""

UNPAIRED = "unpaired"
"""A file of this name in a folder says that equal file names are chance."""


class PictureFiles(Sequence[Tensor]):
    """Files as uint8 (3, H, W), decoded at each access.

    load_size: resize to this square, or None to leave the size alone.
    smallest: a picture with a shorter side is an error.
    half: 0 or 1 for the left or right half of each picture, None for the whole.
    """

    def __init__(
        self, paths: list[Path], load_size: int | None, smallest: int, half: int | None = None
    ):
        self.paths = paths
        self.load_size = load_size
        self.smallest = smallest
        self.half = half

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        path = self.paths[index]
        try:
            picture = images.load(path)
        except images.ImageError as error:
            raise DataError(f"{path.parent}: {error}") from error
        if self.half is not None:
            if picture.width % 2:
                raise DataError(
                    f"{path} is {picture.width} pixels wide; a pair side by side has an even width."
                )
            middle = picture.width // 2
            picture = picture.crop(
                (self.half * middle, 0, (self.half + 1) * middle, picture.height)
            )
        if self.load_size:
            picture = images.resize(picture, (self.load_size, self.load_size))
        elif min(picture.size) < self.smallest:
            raise DataError(
                f"{path} is {picture.width}×{picture.height} pixels, smaller than the crop of "
                f"{self.smallest}; choose a smaller --size or --resize resize-and-crop."
            )
        return images.to_uint8(picture)


class Folder(Lesson):
    """The pictures of a folder; `name` is its path."""

    domains = Domains("A", "B")

    def __init__(self, name: str):
        self.name = name
        self.title = Path(name).name or name

    def open(self, size: int, fit: str) -> UnpairedData:
        """fit: "resize-and-crop" scales to a square of size · 286/256 first (paper, section 7.1;
        test pictures to `size`), "crop" leaves every picture's scale alone.

        Raises DataError for a missing folder, an empty domain or an unusable picture.
        """
        folder = Path(self.name)
        if not folder.is_dir():
            raise DataError(f"There is no folder {folder}.")
        scaled = fit == "resize-and-crop"
        load_size = round(size * 286 / 256) if scaled else None
        test_size = size if scaled else None
        if _are_side_by_side(folder):
            return self._side_by_side(folder, size, load_size, test_size)
        listed = {n: _list(folder / n) for n in ("trainA", "trainB", "testA", "testB")}
        for name in ("trainA", "trainB"):
            if not listed[name]:
                raise DataError(
                    f"{folder / name} holds no pictures; training needs {folder / 'trainA'} and "
                    f"{folder / 'trainB'} (testA and testB are optional), or pairs side by side in "
                    f"{folder / 'train'}."
                )
        has_test = bool(listed["testA"] and listed["testB"])
        train = [PictureFiles(listed[name], load_size, size) for name in ("trainA", "trainB")]
        # Without test pictures the fixed samples come from the training ones.
        test = [
            PictureFiles(listed[test] or listed[train], test_size, size)
            for test, train in (("testA", "trainA"), ("testB", "trainB"))
        ]
        may_pair = not (folder / UNPAIRED).exists()
        train_pairs = may_pair and _same_names(listed["trainA"], listed["trainB"])
        test_pairs = may_pair and _same_names(test[0].paths, test[1].paths)
        said = []
        if where := [
            n for n, p in (("train", train_pairs), ("test", has_test and test_pairs)) if p
        ]:
            names = " and ".join(f"{name}A/{name}B" for name in where)
            said.append(
                f"{names} have the same file names: they are taken as true pairs. If that is "
                f"chance, put an empty file called {UNPAIRED} into {folder}."
            )
        return _data(train, test, train_pairs, test_pairs, has_test, said)

    def _side_by_side(
        self, folder: Path, size: int, load_size: int | None, test_size: int | None
    ) -> UnpairedData:
        train_files = _list(folder / "train")
        test_files = _list(folder / "test") or _list(folder / "val")
        _check_halves(train_files[0])
        train = [PictureFiles(train_files, load_size, size, half) for half in (0, 1)]
        test = [PictureFiles(test_files or train_files, test_size, size, half) for half in (0, 1)]
        said = [
            f"{folder} holds pairs side by side: A is the left half of each picture, B the right."
        ]
        return _data(train, test, True, True, bool(test_files), said)


def _data(
    train: list[PictureFiles],
    test: list[PictureFiles],
    train_pairs: bool,
    test_pairs: bool,
    has_test: bool,
    said: list[str],
) -> UnpairedData:
    in_memory = _decoded_bytes(train) <= MEMORY_LIMIT
    paths = test[0].paths
    x, y = (list(side) for side in train) if in_memory else train
    return UnpairedData(
        Folder.domains,
        *(x, y, *test),
        paired=test_pairs,
        in_memory=in_memory,
        train_truth=y if train_pairs else None,
        groups=[path.stem for path in paths],
        is_held_out=has_test,
        said=tuple(said),
    )


def _list(folder: Path) -> list[Path]:
    return images.list_folder(folder) if folder.is_dir() else []


def _are_side_by_side(folder: Path) -> bool:
    return not (folder / "trainA").exists() and bool(_list(folder / "train"))


def _check_halves(path: Path) -> None:
    """Raise DataError where the first picture cannot be two of like shape side by side."""
    try:
        picture = images.load(path)
    except images.ImageError as error:
        raise DataError(f"{path.parent}: {error}") from error
    if picture.width < picture.height:
        raise DataError(
            f"{path} is {picture.width}×{picture.height} pixels: no pair side by side. Pictures "
            "that are not pairs belong into trainA/ and trainB/."
        )


def _same_names(a: list[Path], b: list[Path]) -> bool:
    return len(a) > 0 and [path.stem for path in a] == [path.stem for path in b]


def _decoded_bytes(sides: list[PictureFiles]) -> float:
    """Decoded size of all pictures, judged by a few of each side."""
    total = 0.0
    for pictures in sides:
        few = range(0, len(pictures), max(1, len(pictures) // 8))
        total += len(pictures) * sum(pictures[i].nbytes for i in few) / len(few)
    return total
