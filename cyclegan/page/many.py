"""Many answers of a row to one picture: at a glance, over a plane, in other styles, on a walk.

What the networks are asked for; the markup is in `many_panels`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from ..core import pictures
from ..core.config import Direction
from ..inference import many, noise
from ..inference.translator import Translation, Translator
from ..methods import View

ANSWERS, STYLES = 16, 8
"""At a glance, and of other pictures."""

LARGEST = 96
"""Pixels of the longer side of an answer: there are a hundred of them."""

PLACES, REACH = 9, 1.5
"""Of the plane, along a side, and how far it goes on either side of its middle, 0."""

SEED = 100
"""Of its two points; answers at a glance are of seed 0."""

STEPS = 32
"""Of a walk around its middle."""


@dataclass(frozen=True)
class Many:
    """Some of the answers of a row. view: what makes them. latents: names of what it is told.

    plane, walk: at the places that `inference.noise` and `inference.many` have. styles: pictures of
    the target, and in_styles what is made of x in the style of each; none where none can be found.
    """

    name: str
    view: View
    latents: Sequence[str]
    answers: Sequence[Image.Image]
    plane: Sequence[Image.Image]
    walk: Sequence[Image.Image]
    styles: Sequence[Image.Image]
    in_styles: Sequence[Image.Image]


def look(
    translator: Translator,
    name: str,
    made: Translation,
    direction: Direction,
    styles: Sequence[Image.Image],
) -> Many:
    """styles: pictures of the target, of which the first STYLES are taken."""
    x = pictures.reduce(made.original, LARGEST)
    styles = styles[:STYLES]
    found = many.of_styles(translator, direction, styles)
    places = [*noise.plane(PLACES, REACH), *many.walk(STEPS)]
    there = many.answers(translator, x, direction, many.at(translator, direction, places, SEED))
    some = many.answers(translator, x, direction, many.drawn(translator, direction, ANSWERS))
    return Many(
        name,
        next(view for view in translator.views(direction) if view.key == "made"),
        translator.latents_of(direction),
        some,
        there[: PLACES**2],
        there[PLACES**2 :],
        styles if found else [],
        many.answers(translator, x, direction, found) if found else [],
    )
