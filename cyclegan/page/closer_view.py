"""Look closer: where a translation is off, what its judge sees, and whether it hides a message.

An accordion of the Translate tab, which tells it by a state what is shown and by another that it
should look anew. Knows Gradio; what is computed is in `compare`, the markup in `close_ups`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr

from . import close_ups
from .answers import CHOOSE_ONE
from .compare import JPEG, NOISE, Probe, Request
from .components import NETWORKS, QUICK, wish
from .library import Library
from .markup import absent, script


@dataclass(frozen=True)
class Parts:
    """Of this part of the tab, what the tab uses.

    opened: holds whether a visitor looks. wished: a new number in it is a wish for new close-ups.
    """

    opened: gr.State
    wished: gr.State


def build(library: Library, run: Callable, state: gr.State) -> Parts:
    """Lay it out inside the current Blocks and wire it.

    run: asks the networks, (request, visit, probe) → `Closer`. state: holds what is shown.
    """
    opened, wished = gr.State(False), gr.State(0)
    with gr.Accordion("Look closer", open=False, elem_id="closer") as accordion:
        gr.Markdown(
            "A small cycle error can be had by hiding x in G(x) where no eye sees it "
            "([Chu et al. 2017](https://arxiv.org/abs/1712.02950)). Disturb the translation a "
            "little, and see what comes back."
        )
        with gr.Row(elem_id="probe"):
            kind = gr.Radio([NOISE, JPEG], value=NOISE, label="Disturbance n", elem_id="kind")
            sigma = gr.Slider(0, 40, 10, step=1, label="Standard deviation, of 255")
            quality = gr.Slider(5, 95, 50, step=5, label="JPEG quality", visible=False)
        shown = gr.HTML(
            "", elem_id="close-ups", js_on_load=script("announce"), apply_default_css=False
        )

    def on_wish(request: Request, kind: str, sigma: float, quality: int, visit: gr.Request) -> str:
        if not request.has_picture:
            return absent(CHOOSE_ONE)
        close = run(request, visit, Probe(kind, sigma, quality))
        return close_ups.draw(close, library.sets[request.title])

    accordion.expand(lambda: (True, wish()), None, [opened, wished], **QUICK)
    accordion.collapse(lambda: False, None, opened, **QUICK)
    kind.input(
        lambda kind: (gr.Slider(visible=kind == NOISE), gr.Slider(visible=kind == JPEG), wish()),
        kind,
        [sigma, quality, wished],
        **QUICK,
    )
    # Not only on a release, which the arrow keys have none of; of many, the last one counts.
    gr.on([sigma.input, quality.input], wish, None, wished, **QUICK)
    # One answer: words, pictures and the curve are always of the same disturbance.
    wished.change(on_wish, [state, kind, sigma, quality], shown, **NETWORKS)
    return Parts(opened, wished)
