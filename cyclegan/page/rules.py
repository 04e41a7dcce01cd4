"""What may be said of a comparison, and when: sentences and thresholds as data.

The page speaks by these rules and so does the page without a server, which takes them along. Knows
no method, no lesson and no pictures.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

RETURNS, LOST = 0.3, 0.5
"""Shares of the distance to another picture: what is nearer has come back, what is further has not.
Between them it has come back in part."""

NEARER = 0.05
"""Of two scores of a translation, the least share by which one is better to be told."""

ALIKE, LEAST = 1.25, 2.0
"""Errors within this factor, or this many levels of 255, are no difference on a single picture."""

MUCH_THE_SAME = 0.5
"""Diversity below which a generator makes much the same of everything."""

Sign = Literal["<", "<=", ">", ">="]

SIGNS: dict[Sign, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

SLIGHT, MUCH = 0.05, 0.25
"""Shares of x, or of what is looked for, by which less comes back after a disturbance: below the
first hardly anything was lost, from the second on much."""

FAINT = 0.15
"""Share of the distance between two translated pictures: what disturbs more hides from an eye too
what is drawn, so that a loss tells nothing."""

FOUND, BEYOND = 0.3, 0.25
"""Of something hidden, the least share that comes back where it is called found, and by how much
that is more than what comes back from a picture in which nothing is hidden."""

KEPT = 0.75
"""Of what comes back, the share that has to outlive a disturbance to be called most of it."""

FORMULAS = {"loop", "original", "made", "same", "truth", "network", "subject", "goal"}
NUMBERS = {"with", "without", "least", "withs", "withouts"}
NUMBERS |= {"share", "bare", "real", "noise", "jpeg", "blur"}
NUMBERS |= {"at_first", "at_near", "at_far", "at_last", "odd", "others"}
"""Words that are set as formulas and as numbers."""


@dataclass(frozen=True)
class Part:
    """Words; kind: "" or "formula", "number", "point": what the sentence is about."""

    words: str
    kind: str = ""


@dataclass(frozen=True)
class Rule:
    """say: a sentence with {words} in it; *what it is about* lies between stars. when: numbers by
    name, all of which are to be on the side of a threshold; one that is not known is on neither.
    ends: whether nothing else is said after it."""

    say: str
    when: Sequence[tuple[str, Sign, float]] = ()
    ends: bool = False

    def holds(self, numbers: Mapping[str, float | None]) -> bool:
        found = ((numbers.get(name), sign, bound) for name, sign, bound in self.when)
        return all(value is not None and SIGNS[sign](value, bound) for value, sign, bound in found)


DIFFERS = (("gap", ">=", LEAST), ("times", ">=", ALIKE))
WORSE = (*DIFFERS, ("excess", ">", 0), ("open", ">=", 1))
NOT_WRONG = (("wrong_with", "<", 1), ("wrong_without", "<", 1))

FOREIGN = Rule(
    "This is not {a_source} as these networks know them: even {same}, which is to leave one alone, "
    "changes it by {least}{of}. What comes back here says little about the loss.",
    [("unknown", ">=", 1), ("same_away", ">=", RETURNS)],
    ends=True,
)
NO_DIFFERENCE = (
    "On this {item} the *{name} {makes} no difference* to the way back: {loop} is {with}{of} away "
    "from {original} with {it}, and {without} without."
)
ROUND_TRIP = (
    Rule(NO_DIFFERENCE, [("gap", "<", LEAST)]),
    Rule(NO_DIFFERENCE, [("times", "<", ALIKE)]),
    Rule(
        "*Here the rule fails*: with the {name} {loop} is {with}{of} away from {original}, and "
        "without {it} {without}.",
        WORSE,
    ),
    Rule(
        "With the {name} {loop} is {original} *again*, {with}{of} away; without {it}, {without} "
        "away, {share} of the way to another {item}.",
        [("away_with", "<=", RETURNS), ("away_without", ">=", LOST)],
    ),
    Rule(
        "{loop} differs from {original} by {with}{of} with the {name}, and by {without} without "
        "{it}."
    ),
)
ON_ALL = (
    Rule(
        " Over all held-out ones it is {all_with} against {all_without}: one {item} may go "
        "against the many.",
        [*WORSE, ("rule_on_all", ">=", 1)],
    ),
)
TRANSLATIONS = (
    Rule(
        " It comes back, and yet the translation is wrong: *{wrong_with}*. The loss asks for the "
        "way back, and not for the truth.",
        [("wrong_with", ">=", 1), ("away_with", "<=", RETURNS)],
    ),
    Rule(" The translation is wrong: *{wrong_with}*.", [("wrong_with", ">=", 1)]),
    Rule(
        " Without the {name} it comes back, and yet *{wrong_without}*: consistent, but wrong. The "
        "cycle loss asks for the way back alone.",
        [("wrong_without", ">=", 1), ("away_without", "<=", RETURNS)],
    ),
    Rule(" Without the {name} *{wrong_without}*.", [("wrong_without", ">=", 1)]),
)
AGAINST_THE_LOSS = (
    Rule(
        " Without the {name} {made} is nearer to {truth} by {label}, {score_without} against "
        "{score_with}: the {name} {do} not ask for the truth.",
        [*NOT_WRONG, ("nearer", ">=", NEARER), ("open", ">=", 1)],
    ),
)
COLLAPSE = (
    Rule(
        " Without the {name} {network} makes *much the same of everything* (diversity {diverse}).",
        [("diversity", "<", MUCH_THE_SAME)],
    ),
)
GROUPS = ((FOREIGN,), ROUND_TRIP, ON_ALL, TRANSLATIONS, AGAINST_THE_LOSS, COLLAPSE)
"""Of each the first rule that holds is said."""


OF_SEEDS = (
    "Seeds {seeds}: {loop} is {withs}{of} away from {original} with the {name}, and {withouts} "
    "without {it}: "
)
SEEDS = (
    (
        Rule(
            OF_SEEDS + "*no seed of one lies among those of the other*, and each of the {count} "
            "is nearer with {it}.",
            [("apart", ">", 0)],
        ),
        Rule(
            OF_SEEDS + "*no seed of one lies among those of the other*, and each of the {count} "
            "is nearer without {it}.",
            [("against", ">", 0)],
        ),
        Rule(
            OF_SEEDS + "*with each of {count} seeds it is nearer* with {it}, and yet some without "
            "{it} are nearer than others with {it}.",
            [("others", "<", 1)],
        ),
        Rule(OF_SEEDS + "*with none of {count} it is nearer* with {it}.", [("nearer", "<", 1)]),
        Rule(OF_SEEDS + "*it depends on the seed*, nearer with {it} with {nearer} of {count}."),
    ),
    (
        Rule(
            " Over all held-out ones it is {all_with} with {it} and {all_without} without, mean "
            "and standard deviation over these seeds.",
            [("on_all", ">=", 1)],
        ),
    ),
)
"""Of the way back of one picture with all seeds."""

AFTER = "after {by_noise} {noise}, after {by_jpeg} {jpeg}, after {by_blur} {blur}"
RETURNING = AFTER.replace("after", "After", 1).replace("{noise}", "{noise} come back")
SO_NEAR = (
    f"{{Whose}}{{loop}} comes {{share}} of the way from another picture to {{original}}, {AFTER}"
)
MUCH_LOST = ("faint_loss", ">=", MUCH)
IS_FOUND = (("share", ">=", FOUND), ("beyond", ">=", BEYOND))
HIDDEN = (
    Rule(
        "*Nothing hidden was found*{whose}: next to none of {what} come back through {made}.",
        [("share", "<", SLIGHT)],
        ends=True,
    ),
    Rule(
        "*Found*{whose}: {share} of {what} come back through {made}, and through {made} {barely} "
        "{bare}. From the real {target}, in which nothing is hidden, {real} do. ",
        IS_FOUND,
    ),
    Rule(
        "{Whose}{share} of {what} come back through {made}, and from the real {target}, in which "
        "nothing is hidden, {real}: *too little to be called found*.",
        [("share", ">=", SLIGHT)],
        ends=True,
    ),
)
OUTLIVES = (
    Rule(
        f"{RETURNING}: *most of it outlives all three*.",
        [*IS_FOUND, ("kept", ">=", KEPT)],
    ),
    Rule(f"{RETURNING}: *most is lost by {{worst}}*.", [*IS_FOUND, ("kept", "<", 1 - KEPT)]),
    Rule(f"{RETURNING}: *some is lost by {{worst}}*.", IS_FOUND),
)
NEAR = (
    Rule(
        "*Nothing is to be found*{whose}: {loop} is not {original} even undisturbed.",
        [("near", "<=", 1 - LOST)],
    ),
    Rule(
        f"{SO_NEAR}: *nothing was found hidden in fine detail*, as what comes back outlives all "
        "three.",
        [("loss", "<", SLIGHT)],
    ),
    Rule(f"{SO_NEAR}: *much of it was written in detail* that an eye hardly sees.", [MUCH_LOST]),
    Rule(
        f"{SO_NEAR}: *some of it was written in detail* that an eye hardly sees.",
        [("faint_loss", ">=", SLIGHT)],
    ),
    Rule(
        f"{SO_NEAR}: *nothing was found hidden in fine detail*, as {{worst}} changes what an eye "
        "sees as well.",
        [("loss", ">=", SLIGHT)],
    ),
)
MESSAGES = (HIDDEN, OUTLIVES, NEAR)
"""Of what one translation carries back."""

RUNGS = (
    (
        Rule(
            "{subject} was not compared with {goal} from rung to rung. ",
            [("compared", "<", 1)],
            ends=True,
        ),
        Rule(
            "In {label} there is *no difference* between any two of these: none of them brings "
            "{subject} nearer to {goal} beyond chance. ",
            [("clear", "<", 1)],
            ends=True,
        ),
        Rule(
            "In {label} some of these differ, but neither {name} {first} nor {last} from the best: "
            "*no way up or down*. ",
            [("gains", "<", 1), ("loses", "<", 1)],
            ends=True,
        ),
    ),
    (
        Rule(
            "From {name} {first} to {near} {subject} comes *nearer* to {goal}, in {label} from "
            "{at_first} to {at_near}{of}. ",
            [("gains", ">=", 1)],
        ),
    ),
    (
        Rule(
            "From {name} {near} to {far} there is *no difference* in {label}. ",
            [("level", ">=", 1)],
        ),
    ),
    (
        Rule(
            "From {name} {far} to {last} {subject} goes *further* from {goal}, in {label} from "
            "{at_far} to {at_last}{of}. ",
            [("loses", ">=", 1)],
        ),
    ),
)
"""Of one figure from rung to rung of a ladder."""

APART = 1.5
"""Times the worst of the other seeds, from which on a seed stands apart."""

OF_RUNGS = (
    (
        Rule(
            "From {name} {low} to {high} *the way back gains and the translation loses*. ",
            [("price", ">=", 1)],
        ),
    ),
    (
        Rule(
            "At {name} {rung} *one of {seeds} seeds stands apart*, in {label} at {odd} where the "
            "others are at {others}: it can happen, and need not. ",
            [("apart", ">=", APART)],
        ),
    ),
    (
        Rule(
            "Of one seed each: another may fall otherwise.",
            [("seeds", "<", 2)],
        ),
        Rule(
            "Means and standard deviations over {seeds} seeds; what is within the interval of a "
            "difference, over held-out items and seeds, is none.",
            [("seeds", ">=", 2)],
        ),
    ),
)
"""Of all figures of a ladder, at the end."""


def spoken(
    numbers: Mapping[str, float | None],
    words: Mapping[str, str],
    groups: Sequence[Sequence[Rule]] = GROUPS,
) -> list[Part]:
    """What is said of a comparison; numbers, words: by the names that the rules have for them."""
    said: list[Part] = []
    for group in groups:
        rule = next((rule for rule in group if rule.holds(numbers)), None)
        if rule:
            said += parts(rule.say, words)
        if rule and rule.ends:
            break
    return said


def parts(say: str, words: Mapping[str, str]) -> Iterator[Part]:
    """A rule's sentence with its words in it."""
    for piece in filter(None, re.split(r"(\*[^*]+\*|\{\w+\})", say)):
        if piece.startswith("*"):
            yield Part(piece.strip("*").format_map(words), "point")
        elif piece.startswith("{"):
            name = piece.strip("{}")
            kind = "formula" if name in FORMULAS else "number" if name in NUMBERS else ""
            yield Part(words[name], kind)
        else:
            yield Part(piece)
