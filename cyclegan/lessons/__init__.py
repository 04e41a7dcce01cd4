"""Unpaired datasets: image folders and the bundled satellite2map."""

from pathlib import Path

from . import satellite2map
from .data import DataError, UnpairedData
from .folder import open_folder

__all__ = ["DataError", "UnpairedData", "open_data"]


def open_data(name: str, size: int, resize: str) -> UnpairedData:
    """Open "satellite2map" or a folder with trainA/ and trainB/, for crops of `size` pixels.

    Raises DataError with a sentence for anything that cannot be trained on.
    """
    if name == "satellite2map":
        return satellite2map.build(size)
    return open_folder(Path(name), size, resize)
