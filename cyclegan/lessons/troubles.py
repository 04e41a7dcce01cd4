"""What can go wrong with a translation, told from figures by limits that are the same for all.

Knows no lesson, no method and no page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..core.figures import Measure

Values = Mapping[str, float]
"""Figures of G by key."""


@dataclass(frozen=True)
class Yardsticks:
    """What figures of G are held against, measured on the same items without any network.

    itself: figures of x, handed over as its own translation. apart: |x − x′|, 0 to 255, of two
        different inputs: the cycle error of a way back that leads to another one; None if unknown.
    """

    itself: Values = field(default_factory=dict)
    apart: float | None = None


@dataclass(frozen=True)
class Bound:
    """A side of a limit on which a figure of G lies.

    limit: the value itself or, with `of`, how many times what that names: "itself", the same figure
        of x handed over as its own translation, or "apart", how far two different inputs are apart.
    """

    figure: str
    side: Literal["above", "below"]
    limit: float
    of: Literal["", "itself", "apart"] = ""

    def value(self, yardsticks: Yardsticks) -> float | None:
        """The limit as a number; None where what it is taken of is not known."""
        known = {"": 1.0, "itself": yardsticks.itself.get(self.figure), "apart": yardsticks.apart}
        return None if known[self.of] is None else self.limit * known[self.of]

    def holds(self, own: Values, yardsticks: Yardsticks) -> bool | None:
        """None where the figure or the limit is not known."""
        found, limit = own.get(self.figure), self.value(yardsticks)
        if found is None or limit is None:
            return None
        return found > limit if self.side == "above" else found < limit

    def told(self, measure: Measure, yardsticks: Yardsticks) -> str:
        """ "cycle error above 22.0, half the distance between two different inputs"."""
        limit = f"{measure.label} {self.side} {measure.written(self.value(yardsticks))}"
        times = {1.0: "", 0.5: "half "}.get(self.limit, f"{self.limit:g} times ")
        return {
            "": limit,
            "itself": f"{limit}, {times}that of x handed over as its own translation",
            "apart": f"{limit}, {times}the distance between two different inputs",
        }[self.of]


@dataclass(frozen=True)
class Trouble:
    """What can go wrong, told from figures: it is there where all bounds hold.

    words: what a person calls it. No row is the measure of another: each may have it or not.
    """

    key: str
    words: str
    bounds: tuple[Bound, ...]

    def holds(self, own: Values, yardsticks: Yardsticks) -> bool | None:
        """None where one of the bounds cannot be told."""
        found = [bound.holds(own, yardsticks) for bound in self.bounds]
        return None if None in found else all(found)


MOVED = Measure(
    "moved",
    "distance from x (that of the truth is 1)",
    decimals=2,
    better="near one",
    reads="|G(x) − x| over |y − x|: 0 is a copy of x, 1 as far from it as the truth.",
)
"""No figure of a report: told from the pictures that it keeps."""

KEPT, GONE = (Bound("cycle_error", side, 0.5, "apart") for side in ("below", "above"))
"""Whether what comes back is nearer to x than half the way to another input."""

ALIKE = Trouble("alike", "every output looks alike", (Bound("diversity", "below", 0.5),))
COPY = Trouble("copy", "nothing is translated: it copies x", (Bound("moved", "below", 0.5),))
LOST = Trouble("elsewhere", "x is lost: what comes back is something else", (GONE,))
WRONG = Trouble(
    "wrong",
    "x comes back, but the translation is wrong: further from the truth than x itself",
    (KEPT, Bound("rmse", "above", 1.0, "itself")),
)
