"""Sample grids of runs, cut into their tiles again.

Knows how `training.runs` lays them out; draws nothing.
"""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ... import methods
from ...core import pictures, sheets
from ...core.config import Config, Direction
from ...methods import View
from ...training.runs import OF_NOISE, PADDING, SAMPLES


@dataclass(frozen=True)
class Grid:
    """One sample grid: rows of x (and then of y), a tile a view; or of what is made of noise, as it
    lies there.

    views: of the columns, by key.
    """

    tiles: list[list[Image.Image]]
    views: dict[str, View]
    directions: int

    @classmethod
    def read(
        cls, run: Path, step: int, config: Config, tile: tuple[int, int] | None = None
    ) -> "Grid":
        """tile: width and height of one; without, squares, or else all rows of a side as one.

        Raises ImageError.
        """
        method = methods.find(config.method)
        ways = method.directions(config)
        views = {view.key: view for view in method.views(config, ways[0] if ways else "xy")}
        directions, is_of_noise = len(ways), method.is_from_noise(config)
        path = run / SAMPLES / f"{step:06d}.png"
        picture = pictures.load(path)
        columns = OF_NOISE[1] if is_of_noise else max(1, len(views))
        side = (picture.width - PADDING) // columns - PADDING
        whole = (picture.height - PADDING) // directions - PADDING
        is_square = side > 0 and (picture.height - PADDING) % (side + PADDING) == 0
        width, height = tile or (side, side if is_square else whole)
        tiles = []
        if min(width, height) > 0:
            tiles = sheets.cut(picture, width, PADDING, height)
        if not tiles or len(tiles) % directions or len(tiles[0]) != columns:
            raise pictures.ImageError(f"{path} is no sample grid of this run.")
        return cls(tiles, views, directions)

    @property
    def tile(self) -> tuple[int, int]:
        """Width and height of one."""
        return self.tiles[0][0].size

    @property
    def inputs(self) -> int:
        """Rows of x, where there are as many of y."""
        return len(self.tiles) // self.directions

    def column(self, view: str, rows: int) -> list[Image.Image]:
        """The first `rows` tiles of a view."""
        place = list(self.views).index(view)
        return [row[place] for row in self.tiles[:rows]]

    def side(self, direction: Direction) -> list[list[Image.Image]]:
        """Its rows of x ("xy") or of y."""
        if self.directions == 1:
            return self.tiles
        return self.tiles[: self.inputs] if direction == "xy" else self.tiles[self.inputs :]


def steps(run: Path) -> list[int]:
    """At which there are samples."""
    names = (path.stem for path in (run / SAMPLES).glob("*.png"))
    return sorted(int(name) for name in names if name.isdecimal() and 6 <= len(name) <= 10)
