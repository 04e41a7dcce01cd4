"""Curves of any run folder, under way or finished, from the lines of its log.

Knows Gradio; what a log says is `curves`' business.
"""

from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from ..training.runs import read_log
from . import curves
from .components import open_choice
from .markup import absent

NONE = absent(
    "No run lies in the folders that this page was started with. train.py writes one; its curves "
    "are here from its first log line on."
)


def build(roots: Sequence[Path]) -> None:
    """Lay the view out inside the current Blocks and wire it; without roots it stays away."""
    if not roots:
        return
    with gr.Accordion("Runs", open=False, elem_id="runs") as accordion:
        with gr.Row(equal_height=True, elem_id="run-choices"):
            run = open_choice(gr.Dropdown([], label="Run", scale=3, min_width=240, elem_id="run"))
            what = open_choice(
                gr.Dropdown([], label="Curve of", scale=1, min_width=180, elem_id="run-what")
            )
            refresh = gr.Button("Refresh", size="md", scale=0, min_width=96, elem_id="run-refresh")
        said = gr.HTML("", elem_id="run-summary", apply_default_css=False)
        plot = gr.LinePlot(
            x="step",
            y="value",
            color="term",
            color_title="",
            x_title="training step",
            y_title="",
            height=300,
            elem_id="run-plot",
        )

    def show(name: str | None, wanted: str | None):
        """Names are looked up among the runs that are there: a visitor names no folder."""
        runs = curves.find_runs(roots)
        if not runs:
            return {said: NONE, run: gr.Dropdown([], value=None)}
        name = name if name in runs else next(iter(runs))
        log, origin = read_log(runs[name]), curves.Origin.read(runs[name])
        choices = curves.run_choices(log, origin)
        values = [value for _, value in choices]
        wanted = wanted if wanted in values else next(iter(values), None)
        return {
            run: gr.Dropdown(list(runs), value=name),
            what: gr.Dropdown(choices, value=wanted),
            said: curves.summary(log, origin),
            plot: curves.of_run(log, wanted or "", origin),
        }

    def dress(name: str | None, wanted: str | None):
        """After the lines themselves: handed both at once, a plot keeps the legend of before."""
        runs = curves.find_runs(roots)
        if name not in runs:
            return gr.skip()
        log, origin = read_log(runs[name]), curves.Origin.read(runs[name])
        labels = {value: label for label, value in curves.run_choices(log, origin)}
        colours = curves.line_colours(curves.of_run(log, wanted or "", origin))
        return gr.LinePlot(color_map=colours, y_title=labels.get(wanted, ""))

    private = {"api_visibility": "private", "trigger_mode": "always_last"}
    gr.on(
        [accordion.expand, refresh.click, run.input, what.input],
        show,
        [run, what],
        [run, what, said, plot],
        **private,
    ).success(dress, [run, what], plot, **private)
