"""What the rungs of a ladder make of the picture that is shown.

One question to the networks, answered for all rungs at once. Knows no component and no markup.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..core.config import Direction
from ..methods import View
from .compare import Request, VariantRow, scores, translate, views_of
from .ladders import Ladder
from .library import Library


@dataclass(frozen=True)
class Climb:
    """A wish to see what every rung makes of the picture of a request."""


@dataclass(frozen=True)
class Climbed:
    """rows: of the rungs, the lowest first. truth: as the page holds an item, or None."""

    ladder: Ladder
    direction: Direction
    rows: Sequence[VariantRow]
    original: Any
    truth: Any

    @property
    def views(self) -> dict[str, View]:
        """By key, those that any rung shows."""
        return {view.key: view for view in views_of(self.ladder.variants, self.direction)}


def climb(library: Library, request: Request) -> list[Climbed]:
    """A ladder of the request's set after the other; none where no row has a picture."""
    shown = translate(library, request)
    made = next((row.made for row in shown.rows if row.made), None)
    if made is None:
        return []
    set_ = library.sets[request.title]
    example = None if request.example is None else set_.examples[request.example]
    found = []
    for ladder in library.ladders_of(request.title):
        rows = []
        for value, variant in ladder.rungs:
            own = library.translate(variant, made.original, request.direction)
            scored = {}
            if example:
                scored = scores(variant, own.translation, example, request.direction)
            rows.append(VariantRow(ladder.called(value), None, variant, own, scored))
        found.append(Climbed(ladder, request.direction, rows, made.original, shown.truth))
    return found
