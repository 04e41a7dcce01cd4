"""What a comparison says, in a sentence or two, told from its figures and the lesson's own words.

One picture is spoken of, never all: what holds for the held-out ones stands under *What was
measured*. Knows no method and no lesson by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ..core.figures import Measure
from ..inference.evaluation import NETWORK
from ..methods import View
from .compare import Shown, VariantRow
from .markup import render
from .panels import figures_of
from .panels import sentence as about
from .sets import CheckpointSet

RETURNS, LOST = 0.3, 0.5
"""Shares of the distance to another picture: what is nearer has come back, what is further has not.
Between them it has come back in part."""

NEARER = 0.05
"""Of two scores of a translation, the least share by which one is better to be told."""

ALIKE, LEAST = 1.25, 2.0
"""Errors within this factor, or this many levels of 255, are no difference on a single picture."""


@dataclass(frozen=True)
class Part:
    """Words; kind: "" or "formula", "number", "point": what the sentence is about."""

    words: str
    kind: str = ""


@dataclass(frozen=True)
class Reading:
    """A row with a way back.

    error: of the way back. away: that over the distance to another picture, None where there is no
    other. wrong: what is wrong with the translation, in the lesson's words, or "".
    """

    row: VariantRow
    error: float
    away: float | None
    wrong: str

    @property
    def returns(self) -> bool:
        return self.away is not None and self.away <= RETURNS

    @property
    def is_lost(self) -> bool:
        return self.away is not None and self.away >= LOST


def tell(shown: Shown, set_: CheckpointSet) -> str:
    """Empty unless both rows have a way back, and differ."""
    back = next((view for view in shown.views if view.key == "back"), None)
    if not (shown.without and back):
        return ""
    found = {r.row.side: r for row in shown.rows if (r := read(row, back, shown, set_))}
    if found.keys() != {True, False}:
        return ""
    with_it, without = found[True], found[False]
    measure = set_.lesson.measure(back.figure)
    if foreign := unknown(shown, set_):
        return render("panels.told", parts=foreign)
    name = " and ".join(shown.without)
    said = [
        *round_trip(with_it, without, shown, back, measure, name),
        *translations(with_it, without, name),
        *against_the_loss(with_it, without, shown, set_, name),
        *collapse(without, shown, set_, name),
    ]
    return render("panels.told", parts=said)


def read(row: VariantRow, back: View, shown: Shown, set_: CheckpointSet) -> Reading | None:
    """None for a row without a way back."""
    if (error := row.figure(back)) is None:
        return None
    other = set_.apart[shown.direction]
    wrong = set_.lesson.wrong(row.scores, shown.unchanged) if row.scores else ""
    return Reading(row, error, error / other if other else None, wrong)


def unknown(shown: Shown, set_: CheckpointSet) -> list[Part]:
    """Of a visitor's picture that is like nothing that the networks know."""
    same = next((view for view in shown.views if view.key == "same"), None)
    other = set_.apart[shown.direction]
    errors = [row.figure(same) for row in shown.rows if same]
    if shown.truth is not None or not other or not errors or None in errors:
        return []
    if min(errors) < RETURNS * other:
        return []
    sides = set_.domains.x, set_.domains.y
    source, target = sides if shown.direction == "xy" else sides[::-1]
    measure = set_.lesson.measure(same.figure)
    return [
        Part(about("This is not {a_source} as these networks know them: even ", source, target)),
        Part(same.formula, "formula"),
        Part(", which is to leave one alone, changes it by "),
        Part(measure.written(min(errors)), "number"),
        Part(f"{_of(measure)}. What comes back here says little about the loss."),
    ]


def round_trip(
    with_it: Reading,
    without: Reading,
    shown: Shown,
    back: View,
    measure: Measure,
    name: str,
) -> list[Part]:
    of = _of(measure)
    loop, original = Part(back.formula, "formula"), Part(shown.views[0].formula, "formula")
    a, b = (Part(measure.written(one.error), "number") for one in (with_it, without))
    low, high = sorted((with_it.error, without.error))
    it, makes = ("them", "make") if len(shown.without) > 1 else ("it", "makes")
    if high - low < LEAST or high < ALIKE * low:
        return [
            Part("On this picture the "),
            Part(f"{name} {makes} no difference", "point"),
            Part(" to the way back: "),
            *(loop, Part(" is "), a, Part(f"{of} away from "), original, Part(f" with {it}, and ")),
            *(b, Part(" without.")),
        ]
    if with_it.error > without.error and without.row.is_open:
        return [
            Part("Here the rule fails", "point"),
            *(Part(f": with the {name} "), loop, Part(" is "), a, Part(f"{of} away from ")),
            *(original, Part(f", and without {it} "), b, Part(".")),
            *_on_all(with_it, without, shown, back, measure),
        ]
    if with_it.returns and without.is_lost:
        share = f"{min(without.away, 1):.0%} of the way to another picture"
        return [
            *(Part(f"With the {name} "), loop, Part(" is "), original, Part(" again", "point")),
            *(Part(", "), a, Part(f"{of} away; without {it}, "), b),
            *(Part(" away, "), Part(share), Part(".")),
        ]
    return [
        *(loop, Part(" differs from "), original, Part(" by "), a, Part(f"{of} with the {name}, ")),
        *(Part("and by "), b, Part(f" without {it}.")),
    ]


def translations(with_it: Reading, without: Reading, name: str) -> list[Part]:
    """What is wrong with what lies on the way."""
    if with_it.wrong and with_it.returns:
        return [
            Part(" It comes back, and yet the translation is wrong: "),
            Part(with_it.wrong, "point"),
            Part(". The loss asks for the way back, and not for the truth."),
        ]
    if with_it.wrong:
        return [Part(" The translation is wrong: "), Part(with_it.wrong, "point"), Part(".")]
    if without.wrong and without.returns:
        return [
            Part(f" Without the {name} it comes back, and yet "),
            Part(without.wrong, "point"),
            Part(": consistent, but wrong. The cycle loss asks for the way back alone."),
        ]
    if without.wrong:
        return [Part(f" Without the {name} "), Part(without.wrong, "point"), Part(".")]
    return []


def against_the_loss(
    with_it: Reading, without: Reading, shown: Shown, set_: CheckpointSet, name: str
) -> list[Part]:
    """Where neither translation is wrong and the one without the loss is nearer to the truth."""
    keys = [k for k in set_.lesson.headline if k in with_it.row.scores and k in without.row.scores]
    if not keys or with_it.wrong or without.wrong or not without.row.is_open:
        return []
    measure, truth = set_.lesson.measure(keys[0]), "y" if shown.direction == "xy" else "x"
    a, b = with_it.row.scores[keys[0]], without.row.scores[keys[0]]
    if measure.badness(a) - measure.badness(b) < NEARER * max(abs(a), abs(b)):
        return []
    made = next(view for view in shown.views if view.key == "made")
    return [
        *(Part(f" Without the {name} "), Part(made.formula, "formula")),
        *(Part(" is nearer to "), Part(truth, "formula"), Part(f" by {measure.label}, ")),
        Part(f"{measure.written(b)} against {measure.written(a)}: "),
        Part(f"the {name} {'do' if len(shown.without) > 1 else 'does'} not ask for the truth."),
    ]


def collapse(without: Reading, shown: Shown, set_: CheckpointSet, name: str) -> list[Part]:
    """Of a generator that makes much the same of everything, over all held-out items."""
    network, measure = NETWORK[shown.direction], set_.lesson.measure("diversity")
    value = figures_of(without.row.variant.metrics, network).get("diversity")
    if value is None or value >= 0.5:
        return []
    return [
        *(Part(f" Without the {name} "), Part(network, "formula"), Part(" makes ")),
        *(Part("much the same of everything", "point"), Part(" (")),
        Part(f"diversity {measure.written(value)})."),
    ]


def _on_all(
    with_it: Reading, without: Reading, shown: Shown, back: View, measure: Measure
) -> list[Part]:
    def mean(one: Reading) -> float | None:
        known: Mapping = figures_of(one.row.variant.metrics, NETWORK[shown.direction])
        return known.get(back.figure)

    a, b = mean(with_it), mean(without)
    if a is None or b is None or a >= b:
        return []
    return [
        Part(
            f" Over all held-out ones it is {measure.written(a)} against {measure.written(b)}: one "
            "picture may go against the many."
        )
    ]


def _of(measure: Measure) -> str:
    return " of 255" if "255" in measure.unit else ""
