"""From a visitor's request to the page's answer, kept for the next one who asks the same.

A class clicks on the same few examples: they are translated, drawn and encoded once. Knows no
components; what is computed is in `compare`, the markup in `panels`.
"""

from dataclasses import astuple, dataclass
from threading import Lock

from cachetools import LRUCache

from . import (
    easel,
    loop,
    many_panels,
    noise,
    objective,
    panels,
    seeds,
    sentence,
    trained,
    wall_panels,
)
from .compare import Request, Shown, needs_networks, translate
from .library import Library
from .markup import absent
from .noise import Noise
from .sets import CheckpointSet

NO_ROWS = absent("All rows are switched off.")
CHOOSE_ONE = "Choose an example, or a picture of your own."
OWN_ALONE = "Choose a picture of your own."


def choose_one(set_: CheckpointSet) -> str:
    """What to do where nothing is chosen."""
    said = CHOOSE_ONE if set_.examples else OWN_ALONE
    return said.replace("picture", set_.lesson.medium.called)


KEPT = 64 * 1024**2
"""Characters of markup that are kept, half a million an answer; those used longest ago go first."""


@dataclass(frozen=True)
class Answer:
    """Markup of the comparison, of the examples, of the objective as a control, of what its terms
    ask for, of the set's figures, of the choice of a seed, and of what x is drawn on with."""

    result: str
    thumbnails: str
    objective: str
    asks: str
    measured: str
    seeds: str
    brushes: str


class Answers:
    """Draws what a library's networks make of requests."""

    def __init__(self, library: Library):
        self.library = library
        self._kept = LRUCache(KEPT, getsizeof=lambda answer: sum(map(len, astuple(answer))))
        self._keeping = Lock()

    def ready(self, request: Request) -> Answer | None:
        """The answer where no network has to run for it, else None."""
        if not request.has_picture:
            return self.instead(request)
        with self._keeping:
            kept = self._kept.get(self._key(request))
        # Of noise nothing is kept but the answer.
        is_from_noise = self.library.sets[request.title].is_from_noise
        if kept or is_from_noise or needs_networks(self.library, request):
            return kept
        return self.draw(request, translate(self.library, request))

    def instead(self, request: Request, sentence: str = "") -> Answer:
        """A sentence in the place of a comparison: what to do, where none is given."""
        sentence = sentence or choose_one(self.library.sets[request.title])
        return self._around(request, absent(sentence))

    def draw(self, request: Request, shown: Shown | Noise) -> Answer:
        """The answer to a request whose pictures are there; kept where others may ask the same."""
        if isinstance(shown, Noise):
            answer = self._around(request, self._of_noise(request, shown))
        else:
            compared, brushes = self.compared(request, shown), self._brushes(request, shown)
            answer = self._around(request, compared, brushes)
        if request.example is not None:
            with self._keeping:
                self._kept[self._key(request)] = answer
        return answer

    def _key(self, request: Request) -> tuple:
        """A title may be given to another model later."""
        return request, tuple(v.source for v in self.library.sets[request.title].variants)

    def _around(self, request: Request, result: str, brushes: str = "") -> Answer:
        set_ = self.library.sets[request.title]
        is_seen = not set_.lesson.medium.is_heard
        pictures = [
            (e.name, set_.lesson.draw(e.original(request.direction)) if is_seen else None)
            for e in set_.examples
        ]
        return Answer(
            result,
            noise.choice(request)
            if set_.is_from_noise
            else panels.thumbnails(pictures, request.example),
            objective.control(
                set_,
                request.without,
                [ladder.title for ladder in self.library.ladders_of(request.title)],
            ),
            objective.asks(set_),
            panels.measured(
                set_,
                request.direction,
                trained.beside(self.library, request.title, request.direction),
            ),
            seeds.control(set_, request),
            brushes,
        )

    def _of_noise(self, request: Request, shown: Noise) -> str:
        return noise.draw(shown, self.library.sets[request.title]) if shown.rows else NO_ROWS

    def _brushes(self, request: Request, shown: Shown) -> str:
        """Empty where there is no picture to draw on."""
        made = next((row.made for row in shown.rows if row.made), None)
        set_ = self.library.sets[request.title]
        is_drawable = made and not set_.lesson.medium.is_heard
        return easel.draw(set_, request.direction, made.original) if is_drawable else ""

    def compared(self, request: Request, shown: Shown) -> str:
        """Of an answer, the comparison alone."""
        if not shown.rows:
            return NO_ROWS
        set_ = self.library.sets[request.title]
        heads = panels.headings(shown, set_)
        rows = panels.panels_of(shown, set_.lesson)
        judge = set_.method.judge(request.direction)
        told = sentence.tell(shown, set_) + seeds.tell(shown, set_)
        drawn = loop.draw(shown, heads, rows, set_.lesson, judge)
        names = [row.title for row in shown.rows]
        walls = wall_panels.draw(shown)
        return told + drawn + walls + many_panels.draw(shown.many, names, set_, request.direction)
