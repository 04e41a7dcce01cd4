"""Line charts: lines in an SVG that stretches, and words around it that keep their size.

From numbers to what templates/charts.html takes; styles/charts.css says how it looks. Knows nothing
of what is drawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
