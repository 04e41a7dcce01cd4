"""Image folders as every public CycleGAN dataset has them: trainA/ trainB/ testA/ testB/.

A is X, B is Y. Pictures may be of any size, format and mode, and the two sides of any length.
"""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from ..core import images
from ..core.config import Domains
from .data import DataError, UnpairedData

MEMORY_LIMIT = 2 * 1024**3
"""Bytes of decoded pictures kept in memory (2 GiB: 7,300 pictures of 286×286 a gigabyte and a
half); a larger dataset is decoded by worker processes as it is needed."""


class PictureFiles(Sequence[Tensor]):
    """Files as uint8 (3, H, W), decoded at each access.

    load_size: resize to this square, or None to leave the size alone.
    smallest: a picture with a shorter side is an error.
    """

    def __init__(self, paths: list[Path], load_size: int | None, smallest: int):
        self.paths = paths
        self.load_size = load_size
        self.smallest = smallest

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        path = self.paths[index]
        try:
            picture = images.load(path)
        except images.ImageError as error:
            raise DataError(f"{path.parent}: {error}") from error
        if self.load_size:
            picture = images.resize(picture, (self.load_size, self.load_size))
        elif min(picture.size) < self.smallest:
            raise DataError(
                f"{path} is {picture.width}×{picture.height} pixels, smaller than the crop of "
                f"{self.smallest}; choose a smaller --size or --resize resize-and-crop."
            )
        return images.to_uint8(picture)


def open_folder(folder: Path, size: int, resize: str) -> UnpairedData:
    """Open `folder` for crops of `size` pixels.

    resize: "resize-and-crop" scales to a square of size · 286/256 first (paper, section 7.1;
    test pictures to `size`), "crop" leaves every picture's scale alone.
    Raises DataError for a missing folder, an empty domain or an unusable picture.
    """
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.")
    listed = {}
    for name in ("trainA", "trainB", "testA", "testB"):
        listed[name] = images.list_folder(folder / name) if (folder / name).is_dir() else []
    for name in ("trainA", "trainB"):
        if not listed[name]:
            raise DataError(
                f"{folder / name} holds no pictures; training needs {folder / 'trainA'} and "
                f"{folder / 'trainB'} (testA and testB are optional)."
            )
    scaled = resize == "resize-and-crop"
    load_size = round(size * 286 / 256) if scaled else None
    train = [PictureFiles(listed[name], load_size, size) for name in ("trainA", "trainB")]
    # Without test pictures the fixed samples come from the training ones.
    test = [
        PictureFiles(listed[test] or listed[train], size if scaled else None, size)
        for test, train in (("testA", "trainA"), ("testB", "trainB"))
    ]
    in_memory = _decoded_bytes(train) <= MEMORY_LIMIT
    if in_memory:
        train = [list(pictures) for pictures in train]
    return UnpairedData(Domains("A", "B"), *train, *test, paired=False, in_memory=in_memory)


def _decoded_bytes(sides: list[PictureFiles]) -> float:
    """Decoded size of all pictures, judged by a few of each side."""
    total = 0.0
    for pictures in sides:
        few = range(0, len(pictures), max(1, len(pictures) // 8))
        total += len(pictures) * sum(pictures[i].nbytes for i in few) / len(few)
    return total
