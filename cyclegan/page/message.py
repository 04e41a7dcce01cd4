"""What a translation carries back: how much of x returns, and what of that outlives a disturbance.

Measured on one picture. By a figure of the lesson's where it knows what is hidden, else by the way
from another picture to x. Knows no component, no markup and no lesson by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..core.config import Direction
from ..core.figures import named
from ..inference.closer import DISTURBANCES, Probe
from ..inference.translator import Translation, Translator, picture_l1
from ..lessons import Example, Hidden
from .sets import CheckpointSet


@dataclass(frozen=True)
class Return:
    """What comes back from one form of a translation.

    share: of what is looked for, 1 for all, 0 or less for nothing. changed: by how much the form
    differs from the translation, 0–255.
    """

    picture: Image.Image
    share: float
    changed: float = 0.0


@dataclass(frozen=True)
class Message:
    """What comes back of x by what its translation carries.

    what: what the lesson knows to be hidden, "" where x as a whole is looked for. whole: from the
    translation as it is. after: by name of a disturbance of DISTURBANCES. bare, barely: with what
    shows it openly taken out, and what is left in words. real: from the true y, in which nothing is
    hidden.
    """

    original: Image.Image
    translation: Image.Image
    what: str
    whole: Return
    after: Mapping[str, Return]
    bare: Return | None = None
    barely: str = ""
    real: Return | None = None

    @property
    def least(self) -> str:
        """The name of the disturbance after which least comes back."""
        return min(self.after, key=lambda name: self.after[name].share)


def read(
    set_: CheckpointSet,
    direction: Direction,
    example: Example | None,
    made: Translation,
    translator: Translator,
    recover: Callable[[Probe], tuple[Image.Image, Image.Image]],
) -> Message | None:
    """The message of a translation with a way back.

    example: None for a visitor's own picture. recover: a probe to the disturbed translation and
    what comes back from it. None without other pictures that tell how far away "not x" is.
    """
    original, translation = made.original, made.translation
    hidden = set_.lesson.hidden
    share = hidden and hidden.direction == direction and _by_figure(set_, hidden, example, original)
    if not share:
        hidden, share = None, _by_distance(set_.apart[direction], original)
    if not share:
        return None

    def sent(form: Image.Image) -> Return:
        back = translator.reconstruct(form, direction, original)
        return Return(back, share(back), picture_l1(form, translation))

    after = {}
    for name, probe in DISTURBANCES.items():
        form, back = recover(probe)
        after[name] = Return(back, share(back), picture_l1(form, translation))
    whole = Return(made.reconstruction, share(made.reconstruction))
    if not hidden:
        return Message(original, translation, "", whole, after)
    real = sent(set_.lesson.medium.held(example.truth(direction)))
    bare = sent(hidden.bare(translation))
    of = bare, hidden.barely, real
    return Message(original, translation, hidden.what, whole, after, *of)


Share = Callable[[Image.Image], float]


def _by_figure(
    set_: CheckpointSet, hidden: Hidden, example: Example | None, original: Image.Image
) -> Share | None:
    """None where the picture is not known well enough, or has nothing that could be hidden."""
    figure = named(set_.lesson.figures)[hidden.figure]
    known = {"original": np.asarray(original)}
    known |= example.known(hidden.direction) if example else {}
    needed = [known[name] for name in figure.needs if name in known]
    if len({array.shape[:2] for array in needed}) > 1:  # It was reduced first.
        return None

    def share(back: Image.Image) -> float | None:
        arrays = {**known, "back": np.asarray(back)}
        return figure.measure({n: arrays[n][None] for n in figure.needs if n in arrays})

    return None if share(original) is None else share


def _by_distance(apart: float, original: Image.Image) -> Share | None:
    """The share of the way from another picture to this one."""
    return (lambda back: 1 - picture_l1(back, original) / apart) if apart else None
