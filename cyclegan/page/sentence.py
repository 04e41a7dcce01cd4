"""What a comparison says: its numbers and the words for them, of which `rules` make sentences.

One picture is spoken of, never all: what holds for the held-out ones stands under *What was
measured*. Knows no method and no lesson by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ..core.figures import Measure
from ..inference.evaluation import NETWORK
from ..methods import View
from . import rules
from .compare import Shown, VariantRow
from .markup import render
from .panels import figures_of
from .panels import sentence as about
from .sets import CheckpointSet

Numbers = dict[str, float | None]
Words = dict[str, str]


@dataclass(frozen=True)
class Told:
    """What the rules take: numbers and words by the names that they have there."""

    numbers: Numbers
    words: Words

    def __add__(self, other: "Told") -> "Told":
        return Told(self.numbers | other.numbers, self.words | other.words)


def tell(shown: Shown, set_: CheckpointSet) -> str:
    """Of an item that is unlike all others that, and nothing else; else empty unless both rows have
    a way back, and differ."""
    if shown.unlike:
        return render("panels.told", parts=[rules.Part(shown.unlike)])
    rows = sides(shown)
    back = shown.view("back")
    if not (shown.without and back and rows):
        return ""
    with_it, without = rows
    errors = with_it.figure(back), without.figure(back)
    if None in errors:
        return ""
    same = shown.view("same")
    kept = [row.figure(same) for row in rows if same]
    told = (
        of_choice(shown, set_)
        + of_translations(shown, set_)
        + of_errors(*errors, kept, set_.apart[shown.direction], set_.lesson.measure(back.figure))
    )
    return render("panels.told", parts=rules.spoken(told.numbers, told.words))


def sides(shown: Shown) -> tuple[VariantRow, VariantRow] | None:
    """The row with all that is switched on, and the one without some of it."""
    found = {row.side: row for row in shown.rows}
    return (found[True], found[False]) if found.keys() == {True, False} else None


def of_errors(
    with_it: float, without: float, kept: list[float | None], other: float, measure: Measure
) -> Told:
    """What one picture's errors come to: of both ways back, and of what is to leave it alone.

    other: the distance to another picture, 0 where there is none.
    """
    low, high = sorted((with_it, without))
    is_of_255 = "255" in measure.unit  # Of other values nobody knows what is little.
    numbers: Numbers = {
        "gap": high - low if is_of_255 else float("inf"),
        "times": high / low if low else float("inf"),
        "excess": with_it - without,
        "away_with": with_it / other if other else None,
        "away_without": without / other if other else None,
    }
    words = {"with": measure.written(with_it), "without": measure.written(without)}
    if other:
        words["share"] = f"{min(without / other, 1):.0%}"
        if kept and None not in kept:
            numbers["same_away"] = min(kept) / other
            words["least"] = measure.written(min(kept))
    return Told(numbers, words)


def of_choice(shown: Shown, set_: CheckpointSet) -> Told:
    """What does not hang on the picture, but on the direction and on what was struck out."""
    name = " and ".join(shown.without)
    are_many = len(shown.without) > 1
    domains = set_.domains.x, set_.domains.y
    source, target = domains if shown.direction == "xy" else domains[::-1]
    words = {
        **{key: view.formula for key, view in _formulas(shown).items()},
        "truth": "y" if shown.direction == "xy" else "x",
        "network": NETWORK[shown.direction],
        "item": set_.lesson.medium.called,
        "name": name,
        "it": "them" if are_many else "it",
        "makes": "make" if are_many else "makes",
        "do": "do" if are_many else "does",
        "a_source": about("{a_source}", source, target),
    }
    back = shown.view("back")
    measure = set_.lesson.measure(back.figure)
    with_all, without_all = (_on_all(row, shown) for row in sides(shown))
    a, b = with_all.get(back.figure), without_all.get(back.figure)
    diversity = without_all.get("diversity")
    words |= {
        "of": " of 255" if "255" in measure.unit else f" {measure.unit}".rstrip(),
        "all_with": measure.written(a),
        "all_without": measure.written(b),
        "diverse": set_.lesson.measure("diversity").written(diversity),
    }
    numbers = {
        "open": float(sides(shown)[1].is_open),
        "rule_on_all": float(a is not None and b is not None and a < b),
        "diversity": diversity,
    }
    return Told(numbers, words)


def of_translations(shown: Shown, set_: CheckpointSet) -> Told:
    """What an example's truth says of what lies on both ways."""
    with_it, without = sides(shown)
    lesson = set_.lesson
    wrong = {
        f"wrong_{name}": lesson.wrong(row.scores, shown.unchanged) if row.scores else ""
        for name, row in (("with", with_it), ("without", without))
    }
    numbers = {name: float(bool(words)) for name, words in wrong.items()}
    told = Told({**numbers, "unknown": float(shown.truth is None)}, wrong)
    key = next((k for k in lesson.headline if k in with_it.scores and k in without.scores), None)
    if key is None:
        return told
    measure, a, b = lesson.measure(key), with_it.scores[key], without.scores[key]
    gain, largest = measure.badness(a) - measure.badness(b), max(abs(a), abs(b))
    scored = {"score_with": measure.written(a), "score_without": measure.written(b)}
    nearer = gain / largest if largest else None
    return told + Told({"nearer": nearer}, {"label": measure.label, **scored})


def _formulas(shown: Shown) -> dict[str, View]:
    keys = {"loop": "back", "original": "original", "made": "made", "same": "same"}
    found = {name: shown.view(key) for name, key in keys.items()}
    return {name: view for name, view in found.items() if view}


def _on_all(row: VariantRow, shown: Shown) -> Mapping[str, float]:
    """The figures of all held-out items."""
    return figures_of(row.variant.metrics, NETWORK[shown.direction]) if row.variant else {}
