"""The guided story: a bar of steps, each of which sets the page, asks, and answers after a click.

The whole story goes through the lessons, and tells each point where it is seen best; a lesson has a
shorter one of its own. Knows no lesson by name; the words are theirs.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from PIL import Image

from .. import lessons
from ..lessons import DataError
from ..lessons.story import HEAPS, POINTS, Step
from .compare import Request, opening
from .library import Library
from .markup import render
from .panels import sentence, small_url
from .sets import CheckpointSet

HEAP = 12
"""Pictures of a side."""

WHOLE = ""
"""The name of the story that goes through the lessons; another is called by its set's title."""


@dataclass(frozen=True)
class Place:
    """Where a visitor is: which story, and at which of its steps, None before the first."""

    story: str = WHOLE
    step: int | None = None


class Stories:
    """What can be told of a library's sets. trains: whether a visitor can train here."""

    def __init__(self, library: Library, trains: bool = True):
        self.library, self._trains = library, trains

    def steps(self, story: str) -> list[tuple[str, Step]]:
        """The steps of a story with the titles of the sets that show them."""
        told = {title: self._own(self.library.sets[title]) for title in self.library.offered}
        if story in told:
            return [(story, step) for step in told[story]]
        found = []
        for point in POINTS:
            known = [(title, s) for title, own in told.items() for s in own if s.point == point]
            found += sorted(known, key=lambda one: not one[1].is_best)[:1]
        return found

    def at(self, place: Place) -> tuple[str, Step] | None:
        """The step where a visitor is, and its set's title; None before the first."""
        return None if place.step is None else self.steps(place.story)[place.step]

    def chosen(self, title: str, now: Place) -> Place:
        """Where a visitor is who chose a set: in its own story, unless theirs comes by it."""
        at = self.at(now)
        if title == (at[0] if at else self.library.offered[0]) or title not in self.library.offered:
            return now
        return Place(title if self.steps(title) else WHOLE)

    def request(self, title: str, step: Step) -> Request:
        """What a step shows."""
        set_ = self.library.sets[title]
        names = [example.name for example in set_.examples]
        example = names.index(step.example) if step.example in names else 0
        return replace(
            opening(title, set_),
            direction=step.direction,
            without=frozenset(step.without),
            example=example if names else None,
        )

    def _own(self, set_: CheckpointSet) -> list[Step]:
        """What of a lesson's story can be shown: there is what it is told with."""
        if set_.is_from_noise or set_.compares_methods:  # It is about terms of a translation.
            return []
        own = [step for step in set_.lesson.story if self._can_show(set_, step)]
        return own if len(own) > 1 else []

    def _can_show(self, set_: CheckpointSet, step: Step) -> bool:
        if step.spot == HEAPS:
            return lessons.is_registered(set_.lesson.name)
        if step.is_live and not self._trains:
            return False
        known = set_.whole and set_.whole.switches and all(set_.whole.switches)
        return bool(known and set_.lacking(frozenset(step.without)) and set_.examples)

    def bar(self, place: Place) -> str:
        """The steps, and what the one that a visitor is at tells and asks."""
        listed = self.steps(place.story)
        if not listed:
            return render("story.introduction")
        at = self.at(place)
        return render(
            "story.bar",
            names=[step.name for _, step in listed],
            at=place.step,
            told=_words(self.library.sets[at[0]], at[1]) if at else None,
            spot=at[1].spot if at else "",
            own=place.story,
        )

    def heaps(self, place: Place) -> str:
        """Two heaps of training pictures where the step shows them, else nothing."""
        at = self.at(place)
        if at is None or at[1].spot != HEAPS:
            return ""
        set_ = self.library.sets[at[0]]
        try:
            x, partners, y = _heaps(set_.lesson.name)
        except DataError as error:
            return render("common.absent", sentence=str(error))
        return render(
            "story.heaps",
            x=list(zip(x, partners, strict=True)),
            y=y,
            source=set_.domains.x,
            target=set_.domains.y,
        )


def _words(set_: CheckpointSet, step: Step) -> Mapping[str, str]:
    sides = set_.domains.x, set_.domains.y
    source, target = sides if step.direction == "xy" else sides[::-1]
    return {
        name: sentence(getattr(step, name), source, target, set_.lesson.medium)
        for name in ("tells", "question", "answer")
    }


@lru_cache(8)
def _heaps(name: str) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """Addresses of some x of the training, of their partners ("" where nobody knows them), of y."""
    lesson = lessons.find(name)
    data = lesson.open(min(64, lesson.largest), "crop")
    choose = random.Random(0)
    own = choose.sample(range(len(data.train_x)), min(HEAP, len(data.train_x)))
    other = choose.sample(range(len(data.train_y)), min(HEAP, len(data.train_y)))

    def url(item) -> str:
        drawn: Image.Image = lesson.draw(item)
        return small_url(drawn)

    truth = data.train_truth
    return (
        [url(data.train_x[i]) for i in own],
        [url(truth[i]) if truth else "" for i in own],
        [url(data.train_y[i]) for i in other],
    )
