"""Many answers to one picture as HTML: templates/many.html, of what `many` has.

All that a dial moves is in it, as with what is made of noise.
"""

import io
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from ..core import sheets
from ..core.config import Direction
from .many import PLACES, REACH, Many
from .markup import render
from .noise import Sheet, written
from .panels import photo_url, sentence
from .sets import CheckpointSet

SHOWN, PAUSE = 8, 110
"""Pictures of a walk, and milliseconds a picture of the film of it."""


def draw(
    found: Sequence[Many], names: Sequence[str], set_: CheckpointSet, direction: Direction
) -> str:
    """Empty without a row that has many answers. names: of all rows."""
    if not found:
        return ""
    sides = set_.domains.x, set_.domains.y
    source, target = sides if direction == "xy" else sides[::-1]
    return render(
        "many.many",
        rows=[_Row.of(one) for one in found],
        target=target,
        said=sentence(found[0].view.sentence, source, target, set_.lesson.medium),
        values=[written(-REACH + 2 * REACH * i / (PLACES - 1)) for i in range(PLACES)],
        alone=[name for name in names if name not in {one.name for one in found}],
    )


@dataclass(frozen=True)
class _Row:
    """What the template takes. walk: the address of a film. x, y: the symbols of both sides."""

    name: str
    formula: str
    latent: str
    x: str
    y: str
    answers: Sheet
    plane: Sheet
    way: Sheet
    walk: str
    styles: Sheet | None

    @classmethod
    def of(cls, one: Many) -> "_Row":
        formula, latent = one.view.formula, " and ".join(one.latents)
        x, y = ("x", "y") if one.view.network == "G" else ("y", "x")
        styles = None
        if one.styles:
            alt = f"Above, pictures {y}; below, {x} in the style of each, {one.name}"
            shape = one.in_styles[0].size
            above = [picture.convert("RGB").resize(shape) for picture in one.styles]
            styles = _sheet(one.name, [*above, *one.in_styles], alt, len(above))
        return cls(
            one.name,
            formula,
            latent,
            x,
            y,
            _sheet(
                one.name,
                one.answers,
                f"Answers {formula}, {one.name}",
                len(one.answers) // 2,
            ),
            _sheet(one.name, one.plane, f"{formula} on a plane of {latent}, {one.name}", PLACES),
            _sheet(one.name, one.walk[:: len(one.walk) // SHOWN], f"A walk, {one.name}", SHOWN),
            film_url(one.walk),
            styles,
        )


def _sheet(title: str, of: Sequence[Image.Image], alt: str, across: int) -> Sheet:
    rows = [of[i : i + across] for i in range(0, len(of), across)]
    return Sheet(title, photo_url(sheets.grid(rows)), alt, across, len(rows))


def film_url(frames: Sequence[Image.Image]) -> str:
    """An animated WebP that goes round, each pixel as a square of 3, as a data URL."""
    first, *others = (
        f.resize((3 * f.width, 3 * f.height), Image.Resampling.NEAREST) for f in frames
    )
    buffer = io.BytesIO()
    first.save(
        *(buffer, "WEBP"),
        save_all=True,
        append_images=others,
        duration=PAUSE,
        loop=0,
        quality=85,
    )
    return f"data:image/webp;base64,{b64encode(buffer.getvalue()).decode()}"
