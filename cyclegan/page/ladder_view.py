"""The ladder: one weight turned up and down, on the picture that is shown.

An accordion of the Translate tab, which is there where the set's lesson has a ladder. Knows Gradio;
what is computed is in `rungs`, the markup in `ladder_panels`.
"""

from collections.abc import Callable

import gradio as gr

from . import ladder_panels
from .answers import CHOOSE_ONE
from .compare import Request
from .components import NETWORKS, QUICK, wish
from .library import Library
from .markup import absent, script
from .rungs import Climb


def build(library: Library, run: Callable, state: gr.State, result: gr.HTML, title: str) -> None:
    """Lay it out inside the current Blocks and wire it.

    run: asks the networks, (request, visit, climb) → what each rung made. state: holds what is
    shown in `result`. title: of the set that the page opens with.
    """
    opened, wished, known = gr.State(False), gr.State(0), gr.State(title)

    def heading(title: str) -> dict:
        names = [ladder.title for ladder in library.ladders_of(title)]
        return {"label": "; ".join(names) or "Ladder", "visible": bool(names)}

    with gr.Accordion(**heading(title), open=False, elem_id="ladder") as accordion:
        shown = gr.HTML(
            "",
            elem_id="rungs",
            js_on_load=script("announce") + script("ladder"),
            apply_default_css=False,
        )

    def on_wish(request: Request, visit: gr.Request) -> str:
        if not request.has_picture:
            return absent(CHOOSE_ONE)
        return ladder_panels.draw(run(request, visit, Climb()))

    def on_result(is_open: bool, before: str, request: Request) -> dict:
        head = heading(request.title)
        now = {known: request.title} | ({wished: wish()} if is_open and head["visible"] else {})
        return now if request.title == before else now | {accordion: gr.Accordion(**head)}

    accordion.expand(lambda: (True, wish()), None, [opened, wished], **QUICK)
    accordion.collapse(lambda: False, None, opened, **QUICK)
    result.change(on_result, [opened, known, state], [known, wished, accordion], **QUICK)
    wished.change(on_wish, state, shown, **NETWORKS)
