"""From a visitor's request to the page's answer, kept for the next one who asks the same.

A class clicks on the same few examples: they are translated, drawn and encoded once. Knows no
components; what is computed is in `compare`, the markup in `panels`.
"""

from dataclasses import astuple, dataclass
from threading import Lock

from cachetools import LRUCache

from . import loop, objective, panels, seeds, sentence, trained
from .compare import Request, Shown, needs_networks, translate
from .library import Library
from .markup import absent

NO_ROWS = absent("All rows are switched off.")
CHOOSE_ONE = "Choose an example, or a picture of your own."

KEPT = 64 * 1024**2
"""Characters of markup that are kept, half a million an answer; those used longest ago go first."""


@dataclass(frozen=True)
class Answer:
    """Markup of the comparison, of the examples, of the objective as a control, of what its terms
    ask for, of the set's figures, and of the choice of a seed."""

    result: str
    thumbnails: str
    objective: str
    asks: str
    measured: str
    seeds: str


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
        if kept or needs_networks(self.library, request):
            return kept
        return self.draw(request, translate(self.library, request))

    def instead(self, request: Request, sentence: str = CHOOSE_ONE) -> Answer:
        """A sentence in the place of a comparison."""
        return self._around(request, absent(sentence))

    def draw(self, request: Request, shown: Shown) -> Answer:
        """The answer to a request whose pictures are there; kept where others may ask the same."""
        answer = self._around(request, self._compared(request, shown))
        if request.example is not None:
            with self._keeping:
                self._kept[self._key(request)] = answer
        return answer

    def _key(self, request: Request) -> tuple:
        """A title may be given to another model later."""
        return request, tuple(v.source for v in self.library.sets[request.title].variants)

    def _around(self, request: Request, result: str) -> Answer:
        set_ = self.library.sets[request.title]
        pictures = [
            (e.name, set_.lesson.draw(e.original(request.direction))) for e in set_.examples
        ]
        return Answer(
            result,
            panels.thumbnails(pictures, request.example),
            objective.control(set_, request.without),
            objective.asks(set_),
            panels.measured(
                set_,
                request.direction,
                trained.beside(self.library, request.title, request.direction),
            ),
            seeds.control(set_, request),
        )

    def _compared(self, request: Request, shown: Shown) -> str:
        if not shown.rows:
            return NO_ROWS
        set_ = self.library.sets[request.title]
        heads = panels.headings(shown, set_)
        rows = panels.panels_of(shown, set_.lesson)
        judge = set_.method.judge(request.direction)
        told = sentence.tell(shown, set_) + seeds.tell(shown, set_)
        return told + loop.draw(shown, heads, rows, set_.lesson, judge)
