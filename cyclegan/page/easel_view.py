"""Drawing on x: what a visitor does with the brushes, and which of their looks at it is answered.

A part of the Translate tab. A browser that waits for an answer asks again only when a stroke has
ended; whatever is not the newest of its tab is dropped before it comes to the networks. Knows
Gradio; what is drawn is in `drawn`, the markup in `easel`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Lock

import gradio as gr
from cachetools import LRUCache

from . import drawn, easel
from .answers import Answer, Answers
from .compare import Request
from .components import NETWORKS, QUICK
from .hosting.desk import Desk
from .hosting.visitors import KNOWN
from .markup import render, script
from .story import Place


class OldError(Exception):
    """Something newer of the same tab has come meanwhile."""


class Newest:
    """The newest number of every tab."""

    def __init__(self):
        self._numbers: LRUCache[str, int] = LRUCache(KNOWN)
        self._lock = Lock()

    def note(self, tab: str, number: int) -> None:
        with self._lock:
            self._numbers[tab] = max(number, self._numbers.get(tab, 0))

    def check(self, tab: str, number: int) -> None:
        """Raises OldError where a newer one is known."""
        with self._lock:
            if number < self._numbers.get(tab, 0):
                raise OldError


@dataclass(frozen=True)
class Parts:
    """Of this part of the tab. brushes: what x is drawn on with. pen: tells what is drawn, and is
    told what of it was answered."""

    brushes: gr.HTML
    pen: gr.HTML


def switch() -> gr.HTML:
    """The button that begins it, wherever it stands."""
    return gr.HTML(render("easel.switch"), elem_id="draw", apply_default_css=False)


def build(brushes: str) -> Parts:
    """Lay it out inside the current Blocks. brushes: as in `Answer`."""
    return Parts(
        gr.HTML(brushes, elem_id="easel", apply_default_css=False),
        gr.HTML(
            "",
            elem_id="pen",
            js_on_load=script("easel") + "easel(element, trigger, watch);",
            apply_default_css=False,
        ),
    )


def wire(
    parts: Parts,
    answers: Answers,
    desk: Desk,
    run: Callable,
    sent: Callable[[Request, Answer, Place, bool], dict],
    quickly: Callable[[Request, Place, bool], dict],
    known: Sequence[gr.State],
    shown: Sequence,
    state: gr.State,
    result: gr.HTML,
) -> None:
    """Answer what is drawn.

    run: asks the networks, (request, visit, check=) → `Shown`. sent, quickly: what an answer, and a
    request, put out. known: what these take. shown: what they put out, state and result among it.
    """
    newest = Newest()

    def tab_of(visit: gr.Request) -> str:
        return visit.session_hash or ""

    def look(event: gr.EventData, is_open: bool, old: Request, now: Place, visit: gr.Request):
        tab, number = tab_of(visit), drawn.number_of(event._data)
        newest.note(tab, number)
        desk.check("drawn", visit)
        stroke = drawn.read(event._data, *_beneath(old))
        request = replace(old, example=None, path=stroke.drawn)
        found = run(request, visit, check=lambda: newest.check(tab, number))
        newest.check(tab, number)
        if old.is_drawn and not stroke.is_last:
            return {state: request, result: answers.compared(request, found)}
        told = sent(request, answers.draw(request, found), now, is_open)
        return {part: value for part, value in told.items() if part is not parts.brushes}

    def on_stroke(event: gr.EventData, is_open: bool, old: Request, now: Place, visit: gr.Request):
        sentence = ""
        try:
            found = look(event, is_open, old, now, visit)
        except OldError:
            found = {}
        except Exception as error:
            found, sentence = {}, desk.teller.sentence(error)
        return found | {parts.pen: easel.answered(drawn.number_of(event._data), sentence)}

    def on_start_over(
        event: gr.EventData, is_open: bool, old: Request, now: Place, visit: gr.Request
    ):
        number = drawn.number_of(event._data)
        newest.note(tab_of(visit), number)
        answer = {parts.pen: easel.answered(number)}
        if not old.is_drawn:
            return answer
        example, path = _beneath(old)
        return answer | quickly(replace(old, example=example, path=path), now, is_open)

    at_once = {"trigger_mode": "multiple", "show_progress": "hidden"}
    parts.pen.input(on_stroke, [*known], [*shown, parts.pen], **{**NETWORKS, **at_once})
    parts.pen.clear(on_start_over, [*known], [*shown, parts.pen], **{**QUICK, **at_once})


def _beneath(request: Request) -> tuple[int | None, str | None]:
    """The example, or the path of the picture, that is or was drawn on."""
    of = request.path if request.is_drawn else request
    return of.example, of.path
