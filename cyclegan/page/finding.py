"""What the probe for a hidden message found on one picture, in a sentence: "nothing" included.

A generator can pass x on in detail of G(x) that no eye sees (Chu et al. 2017); a faint disturbance
covers such detail and leaves alone what an eye sees. Knows no method and no lesson by name.
"""

from .compare import Close, Closer
from .rules import LOST, Part
from .sets import CheckpointSet

SLIGHT, MUCH = 0.05, 0.25
"""Shares of the distance to another picture by which the cycle error rises: below the first hardly
anything was hidden, from the second on much of what came back."""

FAINT = 0.15
"""Share of the distance between two translated pictures: what disturbs more hides from an eye too
what is drawn, so that a rise tells nothing."""


def tell(close: Closer, set_: CheckpointSet) -> list[Part]:
    """A sentence a row with a way back; empty without one."""
    if not close.found:
        return []
    original, made, back = (
        Part(close.views[key].formula, "formula") for key in ("original", "made", "back")
    )
    if not close.found[0].changed:
        words = "nothing can be found: the probe has to disturb it."
        return [Part("Without a disturbance of "), made, Part(f" {words}")]
    measure = set_.lesson.measure(close.views["back"].figure)
    said = [Part(f"On this picture, with {close.probe.named} on "), made, Part(", ")]
    for number, one in enumerate(close.found):
        whose = _whose(one, set_)
        subject = (
            f" {whose[:1].upper()}{whose[1:]} it" if number else f"the {measure.label} {whose}"
        )
        before, after = (
            Part(measure.written(error), "number") for error in (one.error, one.recovered_error)
        )
        moves = [Part(" stays at "), after]
        if before != after:
            way = "rises" if one.recovered_error > one.error else "falls"
            moves = [Part(f" {way} from "), before, Part(" to "), after]
        said += [Part(subject.rstrip()), *moves, *_judged(one, close, set_, original, back)]
    return said


def _judged(
    one: Close, close: Closer, set_: CheckpointSet, original: Part, back: Part
) -> list[Part]:
    away = "yx" if close.direction == "xy" else "xy"
    other, translated = set_.apart[close.direction], set_.apart[away]
    if not other or not translated:  # Without other pictures there is nothing to hold it against.
        return [Part(".")]
    if one.error >= LOST * other:
        return [
            *(Part(": "), Part("nothing to be found", "point"), Part(", as ")),
            *(back, Part(" is not "), original, Part(" undisturbed.")),
        ]
    rise = (one.recovered_error - one.error) / other
    if rise < SLIGHT:
        point = Part("hardly hangs on fine detail", "point")
        return [Part(": what comes back "), point, Part(".")]
    if one.changed > FAINT * translated:
        return [
            Part(". So strong a disturbance hides what an eye sees as well: "),
            Part("a fainter one tells more."),
        ]
    much = "much" if rise >= MUCH else "some"
    return [
        *(Part(": "), Part(f"{much} of what comes back", "point")),
        Part(" was written in detail that an eye hardly sees."),
    ]


def _whose(one: Close, set_: CheckpointSet) -> str:
    """ "with the cycle loss"; of a file that does not say its objective, nothing."""
    if one.row.variant.is_foreign:
        return ""
    if one.row.side is None:
        return f"of {one.row.title}"
    return f"{'with' if one.row.side else 'without'} the {set_.switches[0].name}"
