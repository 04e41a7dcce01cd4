"""What was found of a hidden message on one picture, in sentences: "nothing" included.

A generator can pass x on in detail of G(x) that no eye sees (Chu et al. 2017). `message` says how
much of x a translation carries, and what outlives the lesson's disturbances; `tell` what the one
that a visitor chose takes away. Knows no method and no lesson by name.
"""

from ..inference.closer import DISTURBANCES
from . import rules
from .compare import Close, Closer
from .message import Message, Return
from .rules import FAINT, LOST, MUCH, SLIGHT, Part
from .sets import CheckpointSet


def message(close: Closer, set_: CheckpointSet) -> list[Part]:
    """What is said of every row whose message was read."""
    said: list[Part] = []
    for one in close.found:
        if one.message:
            of = _of_message(one.message, one, close, set_)
            said += [*([Part(" ")] if said else []), *rules.spoken(*of, rules.MESSAGES)]
    return said


def _of_message(
    read: Message, one: Close, close: Closer, set_: CheckpointSet
) -> tuple[dict[str, float], dict[str, str]]:
    """Numbers and words by the names that the rules have for them."""
    domains = set_.domains.x, set_.domains.y
    target = domains[close.direction == "xy"]
    whole, least = read.whole.share, read.after[read.least].share
    whose = _whose(one, set_)
    words = {
        **{name: shared(found) for name, found in read.after.items()},
        **{f"by_{name}": probe.named for name, probe in DISTURBANCES.items()},
        "share": shared(read.whole),
        "worst": DISTURBANCES[read.least].named,
        "whose": f" {whose}" if whose else "",
        "Whose": f"{whose[:1].upper()}{whose[1:]} " if whose else "",
        "loop": close.views["back"].formula,
        "original": close.views["original"].formula,
        "made": close.views["made"].formula,
        "what": read.what,
        "barely": read.barely,
        "target": f"{target} picture",
    }
    if read.real and read.bare:
        words |= {"real": shared(read.real), "bare": shared(read.bare)}
        kept = least / whole if whole > 0 else 0.0
        beyond = whole - max(read.real.share, 0.0)
        return {"share": whole, "beyond": beyond, "kept": kept}, words
    most = FAINT * set_.apart["yx" if close.direction == "xy" else "xy"]
    faint = [found.share for found in read.after.values() if found.changed <= most]
    lost = whole - min(faint, default=whole)
    return {"near": whole, "loss": whole - least, "faint_loss": lost}, words


def shared(found: Return) -> str:
    """A share in words: "83%", "none"."""
    return f"{found.share:.0%}" if found.share >= 0.005 else "none"


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
        return [Part(": what comes back "), Part("outlives it", "point"), Part(".")]
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
