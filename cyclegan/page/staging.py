"""Where the stage of the Train tab stands on the page, and a tab that has nothing but recordings.

Knows Gradio; what is drawn in it is `stage` and `live_curves`.
"""

from collections.abc import Callable

import gradio as gr

from .components import QUICK, open_choice
from .looking import of_recording, recording_of, recordings
from .markup import script


def lay_out() -> dict[str, gr.components.Component]:
    """The stage's components by name, for a column of the id "live".

    feed: the frames; frame: the pictures; charts, term: the curves, and what the last is of.
    """
    frame = gr.HTML("", elem_id="live-pictures", apply_default_css=False)
    charts = gr.HTML("", elem_id="live-charts", apply_default_css=False)
    term = open_choice(
        gr.Dropdown([], label="Last curve: a term", elem_id="term", visible=False, min_width=200)
    )
    feed = gr.HTML(
        "",
        elem_id="live-feed",
        js_on_load=script("stage")
        + script("hear")
        + "stage(element.closest('#live')); hear(element.closest('#live'));",
        apply_default_css=False,
    )
    return {"feed": feed, "frame": frame, "charts": charts, "term": term}


def recordings_alone() -> Callable[[Callable], None]:
    """Lay out what a page shows that trains nothing; returns how to wire the tab's opening."""
    listed = recordings()
    if not listed:
        return lambda opened: None
    with gr.Column(elem_id="live"):
        chosen = open_choice(
            gr.Dropdown(listed, value=listed[0][1], label="Recording", container=False)
        )
        state = gr.HTML("", elem_id="live-state", apply_default_css=False)
        sight = lay_out()

    def show(id: str | None, wanted: str | None):
        if (recording := recording_of(id)) is None:
            return [gr.skip()] * (1 + len(sight))
        parts = of_recording(id, recording, wanted)
        return [parts[name].update for name in ("state", *sight)]

    asked = {"fn": show, "inputs": [chosen, sight["term"]], "outputs": [state, *sight.values()]}
    gr.on([chosen.input, sight["term"].input], **asked, **QUICK)
    return lambda opened: opened(**asked, **QUICK)
