"""Look closer: where a translation is off, what its judge sees, and whether it hides a message.

An accordion of the Translate tab, which tells it by a state what is shown and by another that it
should look anew. Knows Gradio; what is computed is in `compare`, the markup in `close_ups`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr

from ..inference.closer import NOISE, STRENGTHS, Probe
from . import close_ups
from .answers import CHOOSE_ONE
from .compare import Request, hiding_place
from .components import CHOOSE, NETWORKS, QUICK, wish
from .library import Library
from .markup import absent, script


@dataclass(frozen=True)
class Parts:
    """Of this part of the tab, what the tab uses.

    frame: around all of it. opened: holds whether a visitor looks. wished: a new number in it is a
    wish for new close-ups. message: a click on it is a wish to see where something is hidden.
    """

    frame: gr.Accordion
    opened: gr.State
    wished: gr.State
    message: gr.HTML


def build(library: Library, run: Callable, state: gr.State, visible: bool = True) -> Parts:
    """Lay it out inside the current Blocks and wire it.

    run: asks the networks, (request, visit, probe) → `Closer`. state: holds what is shown. visible:
    whether what is shown at first can be looked at.
    """
    opened, wished = gr.State(False), gr.State(0)
    with gr.Accordion("Look closer", open=False, visible=visible, elem_id="closer") as accordion:
        gr.Markdown(
            "A small cycle error can be had by hiding x in G(x) where no eye sees it "
            "([Chu et al. 2017](https://arxiv.org/abs/1712.02950))."
        )
        message = gr.HTML(
            "", elem_id="message", js_on_load=script("announce") + CHOOSE, apply_default_css=False
        )
        gr.Markdown("Disturb the translation yourself, and see what comes back.")
        with gr.Row(elem_id="probe"):
            kind = gr.Radio(list(STRENGTHS), value=NOISE, label="Disturbance n", elem_id="kind")
            sliders = [
                gr.Slider(0, 40, 10, step=1, label="Standard deviation, of 255"),
                gr.Slider(5, 95, 50, step=5, label="JPEG quality", visible=False),
                gr.Slider(1, 9, 3, step=2, label="Side of the blur, in pixels", visible=False),
            ]
        shown = gr.HTML(
            "", elem_id="close-ups", js_on_load=script("announce"), apply_default_css=False
        )

    def on_wish(visit: gr.Request, request: Request, kind: str, *strengths: float):
        if not request.has_picture:
            return "", absent(CHOOSE_ONE)
        strength = dict(zip(STRENGTHS, strengths, strict=True))[kind]
        close, set_ = run(request, visit, Probe(kind, strength)), library.sets[request.title]
        place = hiding_place(library, request.title)
        can_lead = place is not None and not place.shows_the_same(request)
        return close_ups.message(close, set_, can_lead), close_ups.draw(close, set_)

    accordion.expand(lambda: (True, wish()), None, [opened, wished], **QUICK)
    accordion.collapse(lambda: False, None, opened, **QUICK)
    kind.input(
        lambda kind: (*(gr.Slider(visible=kind == known) for known in STRENGTHS), wish()),
        kind,
        [*sliders, wished],
        **QUICK,
    )
    # Not only on a release, which the arrow keys have none of; of many, the last one counts.
    gr.on([slider.input for slider in sliders], wish, None, wished, **QUICK)
    # One answer: words, pictures and the curve are always of the same disturbance.
    wished.change(on_wish, [state, kind, *sliders], [message, shown], **NETWORKS)
    return Parts(accordion, opened, wished, message)
