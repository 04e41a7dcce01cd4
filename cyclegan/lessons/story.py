"""A story: a few steps that show what a lesson is for, each with a question and its answer.

Words alone; which networks answer, and what they say of a picture, is the page's business. No
answer has a figure in it: those are measured where they are shown.
"""

from dataclasses import dataclass

from ..core.config import Direction

HEAPS = "heaps"
"""What a step may show instead of a comparison: pictures of both sides, and no lines between."""


@dataclass(frozen=True)
class Step:
    """What is shown, asked, and answered after a click.

    point: what it is about, by which the steps of several lessons are one story: see `POINTS`.
    name: on the bar. tells, question, answer: with {source}, {target}, {a_source}, {a_target} for
    the domains' names, and {items} for what they are made of. example: by name; "" for the first.
    without: names of the method's switches that are off in the lower row. spot: key of the view
    that stands out, "" for none, or `HEAPS`. is_live: whether it leads to a training. is_best:
    whether the point is seen best in this lesson.
    """

    point: str
    name: str
    tells: str
    question: str
    answer: str
    example: str = ""
    direction: Direction = "xy"
    without: tuple[str, ...] = ("cycle loss",)
    spot: str = ""
    is_live: bool = False
    is_best: bool = False


POINTS = ("unpaired", "back", "wrong", "identity", "learn")
"""In the order in which they are told."""

UNPAIRED = Step(
    "unpaired",
    "Unpaired",
    "All that a training sees: a heap of {source} pictures and a heap of {target} pictures. Nobody "
    "says which belongs to which.",
    "How could a network learn from these what one of the {source} pictures becomes?",
    "It is never told. A discriminator says whether G(x) looks like a {target} picture, whichever. "
    "Beside each x stands now the partner that training never had: whatever is right about G(x) "
    "was found without it.",
    spot=HEAPS,
)
BACK = Step(
    "back",
    "The way back",
    "Follow x along G to G(x), and along F back to F(G(x)). The upper row was trained with the "
    "cycle loss, the lower one without it, and all else is the same.",
    "Which row finds x again, and could you have told from its G(x) alone?",
    "The cycle loss asks that F(G(x)) be x, so G has to leave in G(x) whatever F needs to find it "
    "again. The adversarial terms ask only that G(x) look right, not that it be made of this x.",
    spot="back",
)
WRONG = Step(
    "wrong",
    "Consistent but wrong",
    "Below, the identity loss is struck out and the cycle loss stays.",
    "Does x still come back below, and is the {target} picture on the way the right one?",
    "What is swapped on the way there may be swapped again on the way home: the cycle loss is "
    "content with any code that F can undo. It asks for the way back, and not for the truth. Which "
    "code a training falls into differs from seed to seed.",
    without=("identity loss",),
    spot="made",
)
IDENTITY = Step(
    "identity",
    "Identity",
    "F makes {source} pictures. Here it is given one: F(x), on the left.",
    "What should F do with a picture that is of its own kind already?",
    "Leave it alone: that is all that the identity loss asks, of F on x and of G on y. It holds "
    "colours in place, which the cycle loss does not.",
    without=("identity loss",),
    spot="same",
)
LEARN = Step(
    "learn",
    "Watch it learn",
    "Press Start live: two trainings begin from the same weights and see the same {items} in the "
    "same order, one with the cycle loss and one without.",
    "Which of the two curves of the cycle error will stay high, and what will you see first?",
    "Look at F(G(x)) of both: with the loss it comes nearer to x step by step. Without it nothing "
    "asks for x once the identity term has ended, and the curves part there.",
    is_live=True,
)
