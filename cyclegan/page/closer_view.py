"""Look closer: where a translation is off, what its judge sees, and whether it hides a message.

An accordion of the Translate tab, which tells it by a state what is shown and by another that it
should look anew. Knows Gradio; what is computed is in `compare`, the markup in `panels`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr
import pandas as pd

from ..core import palette
from ..core.figures import CYCLE_ERROR
from . import panels
from .compare import JPEG, NOISE, Closer, Probe, Request
from .components import NETWORKS, QUICK, wish
from .library import Library


@dataclass(frozen=True)
class Parts:
    """Of this part of the tab, what the tab uses.

    opened: holds whether a visitor looks. wished: a new number in it is a wish for new close-ups.
    """

    opened: gr.State
    wished: gr.State


def colours(close: Closer) -> dict[str, str]:
    """Of the curve's lines, by the titles of their rows."""
    rows = [one.row for one in close.found]
    if any(row.side is None for row in rows):
        return dict(zip((row.title for row in rows), palette.MANY, strict=False))
    return {row.title: palette.WITH if row.side else palette.WITHOUT for row in rows}


def build(library: Library, run: Callable, state: gr.State) -> Parts:
    """Lay it out inside the current Blocks and wire it.

    run: asks the networks, (request, visit, probe) → `Closer`. state: holds what is shown.
    """
    opened, wished = gr.State(False), gr.State(0)
    lines = gr.State({})
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
        close_html = gr.HTML("", elem_id="close-ups", apply_default_css=False)
        curve = gr.LinePlot(
            x="strength",
            y=CYCLE_ERROR.label,
            color="row",
            color_title="",
            y_lim=[0, None],
            height=240,
            elem_id="curve",
        )

    def on_wish(request: Request, kind: str, sigma: float, quality: int, visit: gr.Request):
        if not request.has_picture:
            return (gr.skip(),) * 3
        close = run(request, visit, Probe(kind, sigma, quality))
        frame = pd.DataFrame(close.points, columns=["strength", CYCLE_ERROR.label, "row"])
        html = panels.close_ups(close, library.sets[request.title].lesson)
        return html, frame, colours(close)

    def dress_curve(kind: str, lines: dict[str, str]):
        """After the lines themselves: handed both at once, a plot keeps the legend of before."""
        axis = "noise, of 255" if kind == NOISE else "JPEG quality"
        return gr.LinePlot(x_title=axis, color_map=lines)

    accordion.expand(lambda: (True, wish()), None, [opened, wished], **QUICK)
    accordion.collapse(lambda: False, None, opened, **QUICK)
    gr.on(
        [kind.input, sigma.release, quality.release],
        lambda kind: (
            gr.Slider(visible=kind == NOISE),
            gr.Slider(visible=kind == JPEG),
            wish(),
        ),
        kind,
        [sigma, quality, wished],
        **QUICK,
    )
    wished.change(
        on_wish, [state, kind, sigma, quality], [close_html, curve, lines], **NETWORKS
    ).success(dress_curve, [kind, lines], curve, **QUICK)
    return Parts(opened, wished)
