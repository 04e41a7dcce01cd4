"""The Ablation tab: layout first, wiring last.

A laboratory's report as a grid, a table, curves and a film, behind a prediction where a class
wants one, and the curves of any run. Results are sent when the tab is opened, and none before a
prediction is made. Knows Gradio; what is shown is in `lab`, the markup in `lab_panels` and `film`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import gradio as gr

from ..labs.ablation.variants import GROUPS
from ..store.checkpoints import CheckpointError
from . import cards, curves, film, lab_panels, panels, prediction, runs_view
from .lab import LabError, Report, find, read
from .library import Library
from .translate_tab import THUMBNAIL_CLICK

GROUP_NAMES = {
    "paper": "the paper's five",
    "identity": "the same with identity",
    "others": "others",
    "better-cycles": "better cycles",
    "more": "more",
}

RIVALS = ("gan", "cyclegan")
"""Whose samples part ways at first, where both are there."""

ON_ARRIVAL = """(arrived, title, predict) =>
  [arrived, title, predict || new URLSearchParams(location.search).has('predict')]"""
"""A teacher hands out the page's address with ?predict behind it."""


def build(library: Library, on_device: Callable, run_roots: Sequence[Path] = ()) -> Callable:
    """Lay the tab out inside the current Blocks and wire it.

    on_device: wraps the one function that runs networks. run_roots: folders below which runs are
    offered with their curves. Returns a function that wires the event of the tab's opening.
    """
    labs = find(library)
    if not labs:
        gr.HTML(lab_panels.HOW_TO, apply_default_css=False)
        runs_view.build(run_roots)
        return lambda trigger: None
    titles = list(labs)

    def translated(title: str, names: list[str], index: int, direction: str) -> dict:
        lab = labs[title]
        return {
            name: library.translate_example(lab.examples, lab.weights[name], index, direction)
            for name in names
        }

    work = on_device(translated)

    def is_known(title: str, names: list[str], index: int, direction: str) -> bool:
        lab = labs[title]
        return all(
            library.remembers(lab.examples, lab.weights[name], index, direction) for name in names
        )

    def examples_of(title: str) -> list:
        name = labs[title].examples
        return library.sets[name].examples if name else []

    # Layout.
    arrived, example = gr.State(False), gr.State(0)
    with gr.Row(elem_id="lab-head", equal_height=True):
        intro = gr.HTML("", elem_id="lab-intro", apply_default_css=False)
        title = gr.Dropdown(
            titles,
            value=titles[0],
            label="Laboratory",
            visible=len(titles) > 1,
            scale=0,
            min_width=240,
            elem_id="lab-title",
        )
        predict = gr.Checkbox(
            False, label="Predict first", container=False, scale=0, min_width=130, elem_id="predict"
        )
    with gr.Column(visible=False, elem_id="cover") as cover:
        gr.HTML(lab_panels.COVER, apply_default_css=False)
        with gr.Row(equal_height=True):
            expected = gr.Radio([], label="Which will fail?", elem_id="expected", min_width=280)
            fault = gr.Radio(
                [(words, name) for name, words in prediction.FAULTS.items()],
                label="How?",
                elem_id="fault",
                min_width=280,
            )
        reveal = gr.Button("Reveal", variant="primary", interactive=False, elem_id="reveal")
    verdict = gr.HTML("", elem_id="lab-verdict", apply_default_css=False)
    with gr.Column(visible=False, elem_id="lab") as results:
        gr.HTML(lab_panels.section("grid"), apply_default_css=False)
        thumbnails = gr.HTML(
            "", elem_id="lab-examples", js_on_load=THUMBNAIL_CLICK, apply_default_css=False
        )
        with gr.Row(elem_id="lab-choices"):
            direction = gr.Radio([], show_label=False, container=False, elem_id="lab-direction")
            groups = gr.CheckboxGroup(
                [], show_label=False, container=False, scale=2, elem_id="lab-groups"
            )
        grid = gr.HTML("", elem_id="lab-grid", apply_default_css=False)
        gr.HTML(lab_panels.section("table"), apply_default_css=False)
        table = gr.HTML(
            "", elem_id="lab-table", js_on_load=lab_panels.SORT_CLICK, apply_default_css=False
        )
        gr.HTML(lab_panels.section("curves"), apply_default_css=False)
        with gr.Row(elem_id="lab-curve-choices", equal_height=False):
            what = gr.Dropdown([], label="Curve of", scale=1, min_width=180, elem_id="lab-what")
            drawn = gr.Dropdown(
                [], label="Objectives", multiselect=True, scale=4, min_width=280, elem_id="lab-rows"
            )
        plot = gr.LinePlot(
            x="step",
            y="value",
            color="objective",
            color_title="",
            x_title="training step",
            y_title="",
            height=320,
            elem_id="lab-plot",
        )
        gr.HTML(lab_panels.section("film"), apply_default_css=False)
        with gr.Row(elem_id="lab-rivals"):
            first = gr.Dropdown([], label="Left", min_width=160, elem_id="lab-first")
            second = gr.Dropdown([], label="Right", min_width=160, elem_id="lab-second")
        reel = gr.HTML("", elem_id="lab-film", js_on_load=film.CONTROLS, apply_default_css=False)
        paper = gr.HTML("", elem_id="lab-paper", apply_default_css=False)
    with gr.Column() as runs:
        runs_view.build(run_roots)

    # Wiring.
    def draw_thumbnails(title: str, index: int, direction: str = "xy") -> str:
        pictures = [(e.name, e.original(direction)) for e in examples_of(title)]
        return panels.thumbnails(pictures, index) if pictures else ""

    def draw_plot(report: Report, what: str | None, names: list[str]) -> gr.LinePlot:
        labels = {value: label for label, value in curves.choices(report)}
        colours = curves.colours(report)
        shown = {row.title: colours[row.title] for row in report.rows if row.name in names}
        frame = curves.of_report(report, what, names)
        return gr.LinePlot(value=frame, color_map=shown, y_title=labels.get(what, ""))

    def draw_film(report: Report, first: str | None, second: str | None) -> str:
        rows = [row for name in (first, second) if (row := report.row(name))]
        return film.draw(report, *rows) if len(rows) == 2 else ""

    def visible(*shown: gr.Column) -> dict:
        return {part: gr.Column(visible=part in shown) for part in (cover, results, runs)}

    def show_cover(title: str) -> dict:
        """The question, and nothing of the answer."""
        report = read(labs[title].folder)
        rows = [(report.row(name).title, name) for name in _to_guess(report)]
        emptied = dict.fromkeys((verdict, thumbnails, grid, table, reel, paper), "")
        return emptied | {
            **visible(cover),
            **{intro: lab_panels.introduction(report), plot: None},
            **{expected: gr.Radio(rows, value=None), fault: gr.Radio(value=None)},
            reveal: gr.Button(interactive=False),
        }

    def show_results(title: str) -> dict:
        """All but the grid, for which networks run."""
        report = read(labs[title].folder)
        names = [(row.title, row.name) for row in report.rows]
        members, drawable, opening = report.groups(), curves.choices(report), report.opening()
        kinds = [(GROUP_NAMES[group], group) for group in members]
        of = drawable[0][1] if drawable else None
        here = [name for name in RIVALS if report.row(name)]
        a, b = here if len(here) == 2 else (report.rows[0].name, report.rows[-1].name)
        return {
            **visible(results, runs),
            **{intro: lab_panels.introduction(report), verdict: "", example: 0, grid: ""},
            thumbnails: draw_thumbnails(title, 0),
            direction: gr.Radio(labs[title].directions, value="xy"),
            groups: gr.CheckboxGroup(kinds, value=[kinds[0][1]], visible=len(kinds) > 1),
            table: lab_panels.table(report, "G"),
            what: gr.Dropdown(drawable, value=of),
            drawn: gr.Dropdown(names, value=opening),
            plot: draw_plot(report, of, opening),
            first: gr.Dropdown(names, value=a),
            second: gr.Dropdown(names, value=b),
            reel: draw_film(report, a, b),
            paper: lab_panels.paper(report),
        }

    def on_choice(title: str, predicting: bool) -> dict:
        try:
            shown = show_cover(title) if predicting else show_results(title)
        except LabError as error:
            return visible(runs) | {intro: cards.failed(str(error))}
        return shown | {predict: predicting}

    def on_arrival(is_here: bool, title: str, predicting: bool) -> dict:
        return {arrived: True} | ({} if is_here else on_choice(title, predicting))

    def on_reveal(title: str, name: str, fault: str) -> dict:
        report = read(labs[title].folder)
        said = prediction.verdict(report, _to_guess(report), name, fault)
        return show_results(title) | {verdict: said, predict: False}

    def on_grid(title: str, index: int, direction: str, groups: list[str], predicting: bool):
        if predicting:
            return ""
        if not groups:
            return lab_panels.CHOOSE
        report, lab, pairs = read(labs[title].folder), labs[title], examples_of(title)
        members = report.groups()
        wanted = {name for group in groups for name in members.get(group, ())}
        rows = [row for row in report.rows if row.name in wanted and row.name in lab.weights]
        if not (pairs and rows):
            return lab_panels.NO_GRID
        asked = title, [row.name for row in rows], index, direction
        try:
            if is_known(*asked):
                made = translated(*asked)
            else:
                made = library.in_turn("examples", work, *asked)
        except CheckpointError as error:
            raise gr.Error(str(error), print_exception=False) from error
        cells = [lab_panels.Cell(row, made[row.name]) for row in rows]
        with_sea = direction == "xy" and "sea_iou" in report.columns("G")
        truth = pairs[index].truth(direction)
        return lab_panels.grid(cells, cells[0].made.original, truth, direction, with_sea)

    def on_example(event: gr.EventData, title: str, direction: str):
        index = int(event.index) % len(examples_of(title))
        return index, draw_thumbnails(title, index, direction)

    def on_direction(title: str, index: int, direction: str):
        network = "G" if direction == "xy" else "F"
        shown = lab_panels.table(read(labs[title].folder), network)
        return shown, draw_thumbnails(title, index, direction)

    # A second click while the first is answered waits; by default Gradio would drop it.
    private = {"api_visibility": "private", "trigger_mode": "always_last"}
    quick = {**private, "show_progress": "hidden"}
    networks = {**private, "concurrency_id": "examples", "concurrency_limit": 1}
    shown = [
        *(cover, results, runs, intro, expected, fault, reveal, verdict, predict),
        *(example, thumbnails, direction, groups, grid, table),
        *(what, drawn, plot, first, second, reel, paper),
    ]

    sources = [title, example, direction, groups, predict]

    def with_grid(event) -> None:
        event.success(on_grid, sources, grid, **networks)

    groups.input(on_grid, sources, grid, **networks)
    with_grid(gr.on([title.input, predict.input], on_choice, [title, predict], shown, **quick))
    with_grid(reveal.click(on_reveal, [title, expected, fault], shown, **quick))
    with_grid(thumbnails.click(on_example, [title, direction], [example, thumbnails], **quick))
    with_grid(
        direction.input(on_direction, [title, example, direction], [table, thumbnails], **quick)
    )
    gr.on(
        [expected.input, fault.input],
        lambda *said: gr.Button(interactive=all(said)),
        [expected, fault],
        reveal,
        **quick,
    )
    gr.on(
        [what.input, drawn.input],
        lambda title, what, names: draw_plot(read(labs[title].folder), what, names),
        [title, what, drawn],
        plot,
        **quick,
    )
    gr.on(
        [first.input, second.input],
        lambda title, a, b: draw_film(read(labs[title].folder), a, b),
        [title, first, second],
        reel,
        **quick,
    )

    def open_when(trigger: Callable) -> None:
        inputs, outputs = [arrived, title, predict], [arrived, *shown]
        with_grid(trigger(on_arrival, inputs, outputs, js=ON_ARRIVAL, **quick))

    return open_when


def _to_guess(report: Report) -> list[str]:
    """Names of the rows that a class chooses from: the paper's, where they are there."""
    five = [row.name for row in report.rows if row.name in GROUPS["paper"]]
    return five or [row.name for row in report.rows]
