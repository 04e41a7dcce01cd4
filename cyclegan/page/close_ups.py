"""Close-ups of a translation as HTML: a difference map, patch scores, and what a probe brings back.

Pure functions to what templates/closer.html takes; styles/closer.css says how it looks. Knows no
method and no lesson by name.
"""

from ..core import palette
from ..core.charts import Chart, Line, chart
from ..inference.closer import BLUR, DISTURBANCES, JPEG, NOISE, finest
from ..lessons import Lesson
from . import finding
from .compare import Close, Closer, VariantRow
from .markup import absent, render
from .panels import BETWEEN, Heading, Panel, Urls, told
from .sets import CheckpointSet

NO_WAY_BACK = absent(
    "There is nothing to look at more closely: that takes pictures, and a way back."
)


LARGE = 64
"""Pixels of a translation that are shown enlarged, so that each of them can be seen."""

OVER = {
    NOISE: "standard deviation of the noise, of 255",
    JPEG: "quality of the JPEG: worse to the right",
    BLUR: "side of the blur, in pixels",
}


def message(close: Closer, set_: CheckpointSet, can_lead: bool) -> str:
    """What was found of a message, in words and pictures of the row that carries most back.

    can_lead: whether a click can lead to where something is hidden.
    """
    read = [(one.message, one.row) for one in close.found if one.message]
    if not read:
        return render("closer.message", finding=[], can_lead=can_lead)
    most, row = max(read, key=lambda found: found[0].whole.share)
    original, made, back = (close.views[key].formula for key in ("original", "made", "back"))
    truth = "y" if close.direction == "xy" else "x"
    ways = [
        (back, "", most.whole),
        (back.replace(made, truth), f"of the real {truth}", most.real),
        ("", f"of {made} {most.barely}", most.bare),
        *(("", f"after {DISTURBANCES[name].named}", found) for name, found in most.after.items()),
    ]
    return render(
        "closer.message",
        finding=finding.message(close, set_),
        row=row,
        original=(original, most.original),
        made=(made, finest(most.translation, LARGE)),
        is_part=max(most.translation.size) > LARGE,
        ways=[
            (formula, words, found.picture, finding.shared(found))
            for formula, words, found in ways
            if found
        ],
        can_lead=can_lead,
        url=Urls(),
    )


def draw(close: Closer, set_: CheckpointSet) -> str:
    """What the probe found in words, a row of pictures a variant, and a curve over its strength."""
    if not close.found:
        return NO_WAY_BACK
    heads = _headings(close)
    return render(
        "closer.closer",
        finding=finding.tell(close, set_),
        heads=heads,
        rows=[
            (one.row, list(zip(heads, _panels(one, close, set_.lesson), strict=True)))
            for one in close.found
        ],
        keys=[(line.kind, line.colour, row.title) for row, line in _lines(close)],
        curve=_curve(close, set_.lesson),
        url=Urls(),
    )


def _headings(close: Closer) -> list[Heading]:
    original, there, back = (close.views[k].formula for k in ("original", "made", "back"))
    judged = f"The discriminator of {close.judge}, on tiles as large as it learned from."
    return [
        Heading(
            f"|{back} − {original}|",
            "Difference",
            "What the cycle loses, four times brightened: black is exact.",
        ),
        Heading(
            f"{close.role or 'D'}({there})",
            "Patch scores",
            judged if close.judge else "No variant of this set ships its discriminators.",
            ("0, taken for generated", "1, for real") if close.judge else (),
        ),
        Heading(f"{there} + n", "Disturbed", f"The translation, with {close.probe.named}."),
        Heading(
            back.replace(there, f"{there} + n"),
            "Recovered",
            "If far less comes back than before, the translation carried a hidden message.",
        ),
    ]


def _panels(one: Close, close: Closer, lesson: Lesson) -> list[Panel]:
    measure = lesson.measure(close.views["back"].figure)
    return [
        Panel(one.difference, told(measure, one.error)),
        Panel(one.scored, _score(one)),
        Panel(one.disturbed, f"changed by {one.changed:.1f}"),
        Panel(one.recovered, told(measure, one.recovered_error)),
    ]


def _score(one: Close) -> str:
    if one.score is None:
        return ""
    truth = "" if one.truth_score is None else f"{BETWEEN}the truth {one.truth_score:.2f}"
    return f"mean score {one.score:.2f}{truth}"


def _lines(close: Closer) -> list[tuple[VariantRow, Line]]:
    kinds = {True: "with", False: "without", None: ""}
    return [
        (
            one.row,
            Line(
                kinds[one.row.side],
                one.points,
                colour="" if one.row.side is not None else palette.MANY[place % len(palette.MANY)],
            ),
        )
        for place, one in enumerate(close.found)
    ]


def _curve(close: Closer, lesson: Lesson) -> Chart:
    measure = lesson.measure(close.views["back"].figure)
    over = OVER[close.probe.kind]
    said = "; ".join(
        f"{one.row.title}: " + ", ".join(f"{measure.written(y)} at {x:g}" for x, y in one.points)
        for one in close.found
    )
    return chart(
        measure.label,
        [line for _, line in _lines(close)],
        [(x, f"{x:g}") for x, _ in close.found[0].points],
        f"{measure.label} over the {over}. {said}.",
        over=over,
        marks=[close.probe.strength],
        most=5,
    )
