"""The lesson `glasses`: a face has many answers, and all of them are known.

What its pictures are made of is `read`'s business.
"""

from collections.abc import Iterable

import numpy as np
import torch
from PIL import ImageColor
from torch import Tensor

from ...core.config import Direction, Domains
from ...core.figures import Figure, l1
from .. import returned
from ..brushes import Brush, colour
from ..data import DataError, UnpairedData
from ..lesson import Example, Lesson
from ..story import BACK, LEARN
from ..troubles import ALIKE, KEPT, LOST, Bound, Trouble, Values
from .read import COLOURS, SIDE, load

EXAMPLES = (
    *("Kurt", "Lena", "Yuki", "Rosa", "Paul", "Zoe"),
    *("Emmy", "Felix", "Hedy", "Nora", "Ravi", "Maya"),
)
"""Held-out faces, whose names are the seeds that they were drawn from; the clearest first."""

SIZES = (32, 48, 64)
"""Pixels a side: whole multiples of the drawings' own."""


def enlarged(tiles: np.ndarray, times: int) -> np.ndarray:
    """(…, h, w, C) to (…, times · h, times · w, C): each pixel as a square."""
    return tiles.repeat(times, axis=-3).repeat(times, axis=-2)


def covered(bare: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Where any glasses change a face: bool (h, w) of (h, w, 3) and (A, h, w, 3)."""
    return (answers != bare).any((0, -1))


def inside(picture: np.ndarray, answers: np.ndarray, covered: np.ndarray) -> list[np.ndarray]:
    """What stands where glasses may be: of a picture, (P, t², 3), and of all answers, (A, P, 1, 3).

    picture: (H, W, 3), t times as high and wide as answers, (A, h, w, 3). covered: (H, W).
    Both can be subtracted from each other.
    """
    sides = answers.shape[1:3]
    times = len(picture) // sides[0]
    blocks = picture.reshape(sides[0], times, sides[1], times, 3).swapaxes(1, 2)
    there = covered[::times, ::times]
    found = blocks.reshape(*sides, times**2, 3)[there], answers[:, there][:, :, None]
    return [one.astype(np.int16) for one in found]


def answer_error(
    made: np.ndarray, original_answers: np.ndarray, original_covered: np.ndarray
) -> float:
    """Mean |made − a| where glasses may be, a the nearest of all answers; 0–255."""
    own, answers = inside(made, original_answers, original_covered)
    return float(np.abs(answers - own).mean((1, 2, 3)).min())


def put_on(
    original: np.ndarray,
    made: np.ndarray,
    original_answers: np.ndarray,
    original_covered: np.ndarray,
) -> tuple[float, float]:
    """Mean |made − x| where glasses may be, and the mean of |a − x| over all answers a."""
    x, answers = inside(original, original_answers, original_covered)
    own, _ = inside(made, original_answers, original_covered)
    return float(np.abs(own - x).mean()), float(np.abs(answers - x).mean())


def outside(original: np.ndarray, made: np.ndarray, original_covered: np.ndarray) -> float:
    """Mean |made − original| where no glasses are in any answer; 0–255."""
    return l1(made[~original_covered], original[~original_covered])


def glasses_returned(
    original: np.ndarray,
    back: np.ndarray,
    original_answers: np.ndarray,
    original_covered: np.ndarray,
) -> tuple[float, float]:
    """What of the way from the mean of all answers to y's own glasses came back, and all of it.

    Sums, where glasses may be, of |mean − y| − |G(F(y)) − y|, and of |mean − y|.
    """
    true, answers = inside(original, original_answers, original_covered)
    returned, _ = inside(back, original_answers, original_covered)
    way = float(np.abs(answers.mean(0) - true).sum())
    return way - float(np.abs(returned - true).sum()), way


ANSWER_ERROR = Figure(
    "answer_error",
    "distance to the nearest answer",
    unit="0–255",
    decimals=1,
    networks="G",
    needs=("made", "original_answers", "original_covered"),
    of=answer_error,
    is_quick=True,
    reads="How far the glasses are from the nearest pair of all that this face may wear, 0 to 255: "
    "any of them is right.",
    formula="E[minₐ |G(x) − a|] where glasses may be",
)
PUT_ON = Figure(
    "put_on",
    "glasses put on",
    decimals=2,
    better="near one",
    networks="G",
    needs=("original", "made", "original_answers", "original_covered"),
    of=put_on,
    over="ratio",
    is_quick=True,
    reads="How much is changed where glasses may be, over what glasses change: 0 is a bare face.",
    formula="E|G(x) − x| / E|a − x| where glasses may be",
)
OUTSIDE = Figure(
    "outside",
    "change outside the glasses",
    unit="0–255",
    decimals=1,
    needs=("original", "made", "original_covered"),
    of=outside,
    is_quick=True,
    reads="How much of the face itself is changed, where no glasses are, 0 to 255.",
    formula="E[|G(x) − x|] where no glasses are",
)


GLASSES_RETURNED = returned.family(
    "glasses_returned",
    "glasses returned",
    glasses_returned,
    ("original_answers", "original_covered"),
    "Share of what tells its glasses from others that comes back through a face without any{}: 1 "
    "is all, 0 as far off as the mean of all glasses.",
    "1 − E|G(F(y)) − y| / E|ȳ − y| where glasses may be",
)

LITTLE, FAR, MUCH = 0.4, 22.0, 12.0
"""Of `put_on`, `answer_error` and `outside`, beyond which something is wrong. The mean of all
answers is 22 from the nearest of them; two faces are 47 apart."""

BARE = Trouble(
    "bare",
    "x comes back, but no glasses were put on",
    (KEPT, Bound("put_on", "below", LITTLE)),
)
BLOT = Trouble(
    "blot",
    "what is put on is no pair of glasses: further from all of them than their mean is",
    (Bound("answer_error", "above", FAR),),
)
ANOTHER = Trouble(
    "another",
    "glasses are put on, but on another face",
    (Bound("outside", "above", MUCH), Bound("put_on", "above", LITTLE)),
)


class Glasses(Lesson):
    """Which glasses G(x) wears is not in x: any is right, and all that are right are known.

    A face and the same with glasses differ in these alone, to the last bit. Held-out faces are
    there with every kind of glasses (`known_x["answers"]`), each as likely as the others.
    """

    name = "glasses"
    title = "without ↔ with glasses"
    domains = Domains("bare", "glasses")
    source = "DiceBear's Pixel Art (npm @dicebear/pixel-art 9.4.3)"
    licence = "CC0 1.0 (DiceBear, Pixel Art)"
    own = (ANSWER_ERROR, PUT_ON, OUTSIDE, *GLASSES_RETURNED)
    headline = ("answer_error", "outside", "cycle_error")
    # A pair of glasses may be right and further from the truth's than none: WRONG would mislead.
    troubles = (ALIKE, LOST, ANOTHER, BLOT, BARE)
    story = (BACK, LEARN)
    norm = "layer"
    """Instance norm takes away how strong a colour is, by which these are told apart."""
    sizes = SIZES
    largest = SIZES[-1]

    def is_whole(self, size: int) -> bool:
        return True

    def brushes(self, direction: Direction) -> list[Brush]:
        """To put glasses on by hand, and to take them off."""
        frames = [colour(name, ImageColor.getrgb(f"#{code}")) for code, name in COLOURS.items()]
        return [*frames, colour("white", (255, 255, 255))]

    def open(self, size: int, fit: str) -> UnpairedData:
        if size not in SIZES:
            raise DataError(
                f"{self.name} has no pictures of {size} pixels; "
                f"{', '.join(map(str, SIZES))} are its sizes."
            )
        pack = load()
        x, y, test = (pack.places(role) for role in ("x", "y", "test"))
        known = [_known(pack.bare[i], pack.answers[i - test[0]], size) for i in test]
        known = {name: [one[name] for one in known] for name in known[0]}
        return UnpairedData(
            domains=self.domains,
            train_x=_kept(pack.bare[x], size),
            train_y=_kept(pack.worn[y], size),
            test_x=_kept(pack.bare[test], size),
            test_y=_kept(pack.worn[test], size),
            paired=True,
            in_memory=True,
            train_truth=_kept(pack.worn[x], size),
            figures=self.figures,
            known_x=known,
            known_y=known,
            groups=[pack.seeds[i] for i in test],
        )

    def examples(self) -> list[Example]:
        pack, found = load(), []
        first = pack.roles.index("test")
        for name in EXAMPLES:
            i = pack.seeds.index(name)
            known = _known(pack.bare[i], pack.answers[i - first], self.largest)
            x, y = _kept((pack.bare[i], pack.worn[i]), self.largest)
            found.append(Example(name, x, y, known, known))
        return found

    def wrong(self, made: Values, itself: Values) -> str:
        """By the face and the nearest answer: which glasses are right is not in a bare face."""
        if made.get("outside", 0.0) > MUCH:
            return "the face is another one"
        if made.get("put_on", 1.0) < LITTLE:
            return "no glasses were put on"
        is_blot = made.get("answer_error", 0.0) > FAR
        return "what is put on is no pair of glasses" if is_blot else ""


def _known(bare: np.ndarray, answers: np.ndarray, size: int) -> dict[str, np.ndarray]:
    return {
        "answers": answers,
        "covered": enlarged(covered(bare, answers)[..., None], size // SIDE)[..., 0],
    }


def _kept(tiles: Iterable[np.ndarray], size: int) -> list[Tensor]:
    """As uint8 (3, size, size)."""
    return [torch.from_numpy(enlarged(t, size // SIDE).transpose(2, 0, 1).copy()) for t in tiles]
