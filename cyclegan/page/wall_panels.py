"""Walls of translations as HTML: templates/wall.html, of what `wall` has."""

from .compare import Shown
from .markup import render
from .panels import photo_url


def draw(shown: Shown) -> str:
    """Empty without any."""
    if not shown.walls:
        return ""
    return render(
        "wall.walls", walls=shown.walls, formula=shown.view("made").formula, url=photo_url
    )
