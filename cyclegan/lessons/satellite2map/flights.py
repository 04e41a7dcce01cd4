"""Flights over the Earth: films panned from the held-out bands of the world that ships.

By one pixel a frame, so that it is known exactly where everything was in the frame before, and from
both pictures at the same place: the true map of each frame is the other side's film.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from ...core.config import Direction
from ...core.films import Frame
from ...core.films.parts import Facts
from . import tiles

SIZE = 128
"""Pixels of a frame's sides; a held-out band is 144 wide."""

FRAMES, RATE = 250, 25
"""Of a flight, over 42 degrees of latitude; and a second."""

FLIGHTS = {
    "Atlantic": ("Ireland to Guinea", 62, -13),
    "America": ("Great Lakes to Pacific", 51, -103),
    "Asia": ("Altai to Sumatra", 50, 77),
}
"""By name: what is seen, and (latitude, longitude) of the first frame's north-west corner."""


@dataclass(frozen=True)
class Flight:
    """One of FLIGHTS, southwards. direction: "xy" over satellite pictures, "yx" over maps."""

    name: str
    direction: Direction = "xy"

    @property
    def title(self) -> str:
        return FLIGHTS[self.name][0]

    @property
    def facts(self) -> Facts:
        size = SIZE, SIZE
        return Facts(size, size, FRAMES, FRAMES / RATE, float(RATE))

    def __iter__(self) -> Iterator[Frame]:
        _, latitude, longitude = FLIGHTS[self.name]
        width = tiles.PACKED_WIDTH
        world = tiles.load_world(width)["x" if self.direction == "xy" else "y"]
        top, left = tiles.corner(latitude, longitude, SIZE, width)
        for place in range(FRAMES):
            seen = world[top + place : top + place + SIZE, left : left + SIZE]
            moved = (0, -1) if place else None
            yield Frame(Image.fromarray(seen), place / RATE, moved)
