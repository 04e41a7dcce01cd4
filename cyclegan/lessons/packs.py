"""Packs of small pictures that ship with a lesson: sheets of square tiles, and the command that
writes them.

Knows no lesson, and not what a tile shows.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from .data import DataError


def tiles_of(path: Path, side: int, columns: int, count: int, mode: str) -> np.ndarray:
    """The first tiles of a sheet, row by row: uint8 (count, side, side) for the mode "L", with a
    last axis of channels for others; read-only."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert(mode))
    channels = pixels.shape[2:]
    cells = pixels.reshape(-1, side, columns, side, *channels).swapaxes(1, 2)
    tiles = cells.reshape(-1, side, side, *channels)[:count]
    tiles.setflags(write=False)
    return tiles


def sheet(tiles: np.ndarray, columns: int, blank: int = 0) -> Image.Image:
    """uint8 (N, side, side, …) laid row by row; `blank` where the last row is not full."""
    side, channels = tiles.shape[1], tiles.shape[3:]
    rows = -(-len(tiles) // columns)
    cells = np.full((rows * columns, side, side, *channels), blank, np.uint8)
    cells[: len(tiles)] = tiles
    cells = cells.reshape(rows, columns, side, side, *channels).swapaxes(1, 2)
    return Image.fromarray(cells.reshape(rows * side, columns * side, *channels))


def write_index(path: Path, entries: Sequence[dict]) -> None:
    """JSON, an entry a line."""
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def command(
    doc: str, asks: str, write: Callable[[Path, Path], dict[str, int]], folder: Path
) -> int:
    """The exit status of `python -m …pack FOLDER`, which writes into `folder`.

    asks: what FOLDER holds. write: of FOLDER and `folder`; returns the files' sizes in bytes, and
    raises DataError.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("folder", type=Path, help=asks)
    try:
        sizes = write(parser.parse_args().folder, folder)
    except (DataError, OSError) as error:
        print(f"pack: {error}", file=sys.stderr)
        return 2
    for name, size in sizes.items():
        print(f"{folder / name}: {size:,} bytes")
    return 0
