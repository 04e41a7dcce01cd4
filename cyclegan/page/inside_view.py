"""Inside G: activations, layers and reach of the network behind an arrow of the diagram.

An accordion of the Translate tab, which opens by itself or by a click on an arrow. Knows Gradio;
what is computed is in `compare`, the markup in `insides`.
"""

from collections.abc import Callable
from typing import Any

import gradio as gr

from . import insides
from .answers import CHOOSE_ONE
from .compare import Request, Within
from .components import NETWORKS, QUICK, wish
from .hosting.errors import RefusedError
from .markup import absent, script


def build(run: Callable, state: gr.State, result: gr.HTML, visible: bool = True) -> gr.Accordion:
    """Lay it out inside the current Blocks and wire it; returns what is around it.

    run: asks the networks, (request, visit, within) → `Insides`. state: holds what is shown in
    `result`. visible: whether what is shown at first can be looked into.
    """
    opened, wished, within = gr.State(False), gr.State(0), gr.State(Within())
    with gr.Accordion("Inside G", open=False, visible=visible, elem_id="inside") as accordion:
        shown = gr.HTML("", elem_id="insides", apply_default_css=False)
    # Outside, as what lies in an accordion is not there before that is opened.
    into = gr.HTML("", js_on_load=script("parts") + script("into"), apply_default_css=False)

    def on_wish(request: Request, now: Within, visit: gr.Request) -> str:
        if not request.has_picture:
            return absent(CHOOSE_ONE)
        return insides.draw(run(request, visit, now), now, request)

    def on_choice(event: gr.EventData) -> tuple[Within, int]:
        return _chosen(event._data), wish()

    accordion.expand(lambda: (True, wish()), None, [opened, wished], **QUICK)
    accordion.collapse(lambda: False, None, opened, **QUICK)
    into.click(on_choice, None, [within, wished], **QUICK)
    result.change(lambda is_open: wish() if is_open else gr.skip(), opened, wished, **QUICK)
    wished.change(on_wish, [state, within], shown, **NETWORKS)
    return accordion


def _chosen(data: Any) -> Within:
    """Raises RefusedError for what no page of ours sends."""
    row, key = (data.get("row"), data.get("key")) if isinstance(data, dict) else (None, None)
    if not isinstance(row, int) or not 0 <= row < 64 or not isinstance(key, str) or len(key) > 64:
        raise RefusedError("There is no such network to look into any more.")
    return Within(row, key)
