"""Line charts and planes of spots: an SVG that stretches, and words around it that keep their size.

From numbers to what templates/charts.html takes; styles/charts.css says how it looks. Knows nothing
of what is drawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10


@dataclass(frozen=True)
class Line:
    """points: (x, y), in order. kind: its class in the style sheet. now: a value in the caption.

    colour: where its class has none.
    """

    kind: str
    points: Sequence[tuple[float, float]]
    now: str = ""
    colour: str = ""


@dataclass(frozen=True)
class Chart:
    """Places are in percent, from the left and from above. lines: each with its points, "x,y".

    label, over: what y and x are. says: all of it, for whoever does not see it. across, up: ticks
    along x and y, places and words. marks: places along x. floor: where the lowest value lies.
    """

    label: str
    over: str
    says: str
    lines: list[tuple[Line, list[str]]]
    across: list[tuple[float, str]]
    up: list[tuple[float, str]]
    marks: list[float]
    floor: float


def chart(
    label: str,
    lines: Sequence[Line],
    ticks: Sequence[tuple[float, str]],
    says: str,
    over: str = "",
    marks: Sequence[float] = (),
    most: int = 3,
) -> Chart:
    """Of lines that have points.

    ticks: along x, values and words; the first and the last are its ends, whichever is larger.
    most: ticks along y.
    """
    start, end = ticks[0][0], ticks[-1][0]
    values = [value for line in lines for _, value in line.points]
    low, high = min(0.0, *values), max(0.0, *values)
    room = max(1e-9, high - low) * 1.05

    def across(x: float) -> float:
        return round(100 * (x - start) / (end - start), 2)

    def down(y: float) -> float:
        return round(100 * (1 - (y - low) / room), 2)

    return Chart(
        label,
        over,
        says,
        [(line, [f"{across(x):g},{down(y):g}" for x, y in line.points]) for line in lines],
        [(across(x), words) for x, words in ticks],
        [(down(y), f"{y:g}") for y in round_numbers(low, high, most)],
        [across(x) for x in marks],
        down(low),
    )


Interval = Sequence[float]


@dataclass(frozen=True)
class Spot:
    """A place (x, y) on a plane. kind: its class in the style sheet. within: intervals of x and y,
    None for what is not known."""

    x: float
    y: float
    kind: str = ""
    within: tuple[Interval | None, Interval | None] = (None, None)


@dataclass(frozen=True)
class Plane:
    """Places are in percent, from the left and from above.

    label, over, says, across, up: as in `Chart`. spots: class, "x,y", and whiskers, two "x,y" each.
    way: "x,y" along a line. names: words beside the places of that line, from the left, from above,
    and on which side.
    """

    label: str
    over: str
    says: str
    spots: list[tuple[str, str, list[str]]]
    way: list[str]
    names: list[tuple[float, float, str, str]]
    across: list[tuple[float, str]]
    up: list[tuple[float, str]]


SIDES = {"right": (5, 0), "left": (-5, 0), "above": (0, -8), "below": (0, 8)}
"""Of a spot, where its name may stand: how far that is from it, in percent."""


def plane(
    label: str,
    over: str,
    spots: Sequence[Spot],
    way: Sequence[tuple[float, float, str]],
    says: str,
    most: int = 5,
) -> Plane:
    """Spots and their intervals; way: places and their names, in the order of a line.

    most: ticks along each axis. Neither axis begins at 0, unless the values do.
    """
    xs = [x for spot in spots for x in (spot.x, *(spot.within[0] or ()))]
    ys = [y for spot in spots for y in (spot.y, *(spot.within[1] or ()))]
    xs, ys = xs + [x for x, _, _ in way], ys + [y for _, y, _ in way]
    (left, right), (low, high) = _room(xs), _room(ys)

    def across(x: float) -> float:
        return round(100 * (x - left) / (right - left), 2)

    def down(y: float) -> float:
        return round(100 * (high - y) / (high - low), 2)

    def at(x: float, y: float) -> str:
        return f"{across(x):g},{down(y):g}"

    drawn = []
    for spot in spots:
        x_within, y_within = spot.within
        ends = [[(x, spot.y) for x in x_within]] if x_within else []
        ends += [[(spot.x, y) for y in y_within]] if y_within else []
        whiskers = [" ".join(at(*end) for end in both) for both in ends]
        drawn.append((spot.kind, at(spot.x, spot.y), whiskers))
    places = [(across(x), down(y), name) for x, y, name in way]
    taken = [(across(spot.x), down(spot.y)) for spot in spots]
    for (a, b, _), (c, d, _) in pairwise(places):
        taken += [(a + (c - a) * n / 12, b + (d - b) * n / 12) for n in range(1, 12)]
    return Plane(
        label,
        over,
        says,
        drawn,
        [at(x, y) for x, y, _ in way],
        list(_beside(places, taken)),
        [(across(x), f"{x:g}") for x in round_numbers(left, right, most)],
        [(down(y), f"{y:g}") for y in round_numbers(low, high, most)],
    )


def _room(values: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis: a little beyond the values, but not below 0 where none is."""
    low, high = min(values), max(values)
    more = 0.07 * (high - low) or 0.5
    return (max(0.0, low - more) if low >= 0 else low - more), high + more


def _beside(
    places: Sequence[tuple[float, float, str]], taken: Sequence[tuple[float, float]]
) -> Iterator[tuple[float, float, str, str]]:
    """Names on the sides of their places where least stands already."""
    taken = list(taken)
    for left, top, name in places:
        free = {}
        for side, (right, down) in SIDES.items():
            at = left + right, top + down
            beyond = any(not 2 <= end <= 98 for end in at)
            near = min((abs(at[0] - x) + abs(at[1] - y) for x, y in taken), default=100.0)
            free[side] = (not beyond, min(near, 12.0))
        side = max(free, key=free.get)
        right, down = SIDES[side]
        taken.append((left + right, top + down))
        yield left, top, side, name


def round_numbers(low: float, high: float, most: int) -> Iterator[float]:
    """At most so many multiples of 1, 2 or 5 times a power of ten, from low to high; one where
    these are the same."""
    if high <= low:
        yield low
        return
    power = 10.0 ** floor(log10((high - low) / most))
    step = next(
        s
        for s in (power, 2 * power, 5 * power, 10 * power, 20 * power)
        if floor(high / s) - ceil(low / s) < most
    )
    for n in range(ceil(low / step), floor(high / step) + 1):
        yield float(f"{n * step:.6g}")
