"""What x is drawn on with, as HTML: brushes, their width, and the ways back.

styles/easel.css says how it looks, scripts/easel.js does what is done in the browser. Knows no
component, and no lesson by name.
"""

from typing import Any

from PIL import Image

from ..core.config import Direction
from ..lessons.brushes import of_picture
from .drawn import LARGEST
from .markup import render
from .panels import data_url
from .sets import CheckpointSet


def draw(set_: CheckpointSet, direction: Direction, original: Any) -> str:
    """The lesson's brushes for a direction, else the colours of the picture; "" without one."""
    if not isinstance(original, Image.Image):
        return ""
    brushes = set_.lesson.brushes(direction) or of_picture(original)
    source = set_.domains.x if direction == "xy" else set_.domains.y
    return render(
        "easel.brushes",
        brushes=[(brush.name, data_url(brush.texture)) for brush in brushes],
        symbol="x" if direction == "xy" else "y",
        source=source,
        largest=LARGEST,
    )


def answered(number: int, sentence: str = "") -> str:
    """For scripts/easel.js: which look is answered, and why it is not, where it is not."""
    return render("easel.answered", number=number, sentence=sentence)
