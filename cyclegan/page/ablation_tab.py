"""The Ablation tab: layout first, wiring last.

A laboratory's report as a grid, a table, curves and a film, behind a prediction where a class
wants one, and the curves of any run. Results are sent when the tab is opened, and none before a
prediction is made. Knows Gradio; what is shown is in `lab`, the markup in `lab_panels` and `film`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from ..core.config import Direction
from ..inference.translator import Translation
from ..labs.ablation import variants
from ..lessons import Example
from . import (
    cards,
    compare,
    curves,
    film,
    lab_panels,
    lab_tables,
    panels,
    prediction,
    runs_view,
    trained,
)
from .components import CHOOSE, index_of, open_choice
from .lab import LabError, Report, ReportRow, find, read
from .library import Library
from .markup import script
from .passing import Passed, arrived, pass_on
from .sets import CheckpointSet, Variant

SHOWN = ("made", "back")
"""Keys of the views that a cell of the grid shows, where a method has them."""

ON_ARRIVAL = """(here, title, predict, ...others) => {
  const asked = !here && new URLSearchParams(location.search).has('predict');
  return [here, title, predict || asked, ...others];
}"""
"""A teacher hands out the page's address with ?predict behind it: it counts once."""


@dataclass(frozen=True)
class Parts:
    """Of this tab, what others may use. show_when: wires the event of the tab's opening."""

    show_when: Callable[[Callable], None]


def build(
    library: Library,
    on_device: Callable,
    passed: gr.State,
    run_roots: Sequence[Path] = (),
) -> Parts:
    """Lay the tab out inside the current Blocks and wire it.

    on_device: wraps the one function that runs networks. passed: holds the example that was chosen
    in one tab for another. run_roots: folders below which runs are offered with their curves.
    """
    labs = find(library)
    if not labs:
        gr.HTML(lab_panels.HOW_TO, apply_default_css=False)
        runs_view.build(run_roots)
        return Parts(lambda trigger: None)
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

    def source_of(title: str) -> CheckpointSet | None:
        """The set whose examples a laboratory shows."""
        name = labs[title].examples
        return library.sets[name] if name else None

    def examples_of(title: str) -> list:
        return found.examples if (found := source_of(title)) else []

    def report_of(title: str) -> Report:
        return read(labs[title].folder, labs[title].weights)

    # Layout.
    here, example = gr.State(False), gr.State(None)
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
            expected = gr.Radio([], label="Of which objective?", elem_id="expected", min_width=280)
            fault = gr.Radio([], label="What do you expect?", elem_id="fault", min_width=280)
        reveal = gr.Button("Reveal", variant="primary", interactive=False, elem_id="reveal")
    verdict = gr.HTML("", elem_id="lab-verdict", apply_default_css=False)
    with gr.Column(visible=False, elem_id="lab") as results:
        gr.HTML(lab_panels.section("grid"), apply_default_css=False)
        thumbnails = gr.HTML("", elem_id="lab-examples", js_on_load=CHOOSE, apply_default_css=False)
        with gr.Row(elem_id="lab-choices"):
            direction = gr.Radio(
                [], label="Direction", show_label=False, container=False, elem_id="lab-direction"
            )
            groups = gr.CheckboxGroup(
                [],
                label="Groups of objectives",
                show_label=False,
                container=False,
                scale=2,
                elem_id="lab-groups",
            )
        grid = gr.HTML("", elem_id="lab-grid", apply_default_css=False)
        gr.HTML(lab_panels.section("table"), apply_default_css=False)
        table = gr.HTML("", elem_id="lab-table", js_on_load=script("sort"), apply_default_css=False)
        gr.HTML(lab_panels.section("curves"), apply_default_css=False)
        with gr.Row(elem_id="lab-curve-choices", equal_height=False):
            what = open_choice(
                gr.Dropdown([], label="Curve of", scale=1, min_width=180, elem_id="lab-what")
            )
            drawn = gr.Dropdown(
                [], label="Objectives", multiselect=True, scale=4, min_width=280, elem_id="lab-rows"
            )
        key = gr.HTML("", elem_id="lab-key", apply_default_css=False)
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
            first = open_choice(gr.Dropdown([], label="Left", min_width=160, elem_id="lab-first"))
            second = open_choice(
                gr.Dropdown([], label="Right", min_width=160, elem_id="lab-second")
            )
        reel = gr.HTML("", elem_id="lab-film", js_on_load=script("film"), apply_default_css=False)
        paper = gr.HTML("", elem_id="lab-paper", apply_default_css=False)
    with gr.Column() as runs:
        runs_view.build(run_roots)

    # Wiring.
    def draw_thumbnails(title: str, index: int, direction: str = "xy") -> str:
        draw = report_of(title).lesson.draw
        pictures = [(e.name, draw(e.original(direction))) for e in examples_of(title)]
        return panels.thumbnails(pictures, index) if pictures else ""

    def draw_tables(title: str, direction: Direction) -> str:
        both = trained.beside(library, title, direction) if title in library.sets else None
        return lab_tables.tables(report_of(title), direction, both)

    def draw_curves(title: str, what: str | None, names: list[str]):
        report = report_of(title)
        return curves.of_report(report, what, names), curves.key(report, names)

    def dress_plot(title: str, what: str | None, names: list[str]):
        """Colours and heading of the lines that are there.

        A plot that is handed both at once keeps the lines of before in its legend, and draws no
        other.
        """
        if not names:
            return gr.skip()
        report = report_of(title)
        labels, colours = {v: label for label, v in curves.choices(report)}, curves.colours(report)
        shown = {row.title: colours[row.title] for row in report.rows if row.name in names}
        return gr.LinePlot(color_map=shown, y_title=labels.get(what, ""))

    def draw_film(report: Report, first: str | None, second: str | None) -> str:
        rows = [row for name in (first, second) if (row := report.row(name))]
        return film.draw(report, *rows) if len(rows) == 2 else ""

    def visible(*shown: gr.Column) -> dict:
        return {part: gr.Column(visible=part in shown) for part in (cover, results, runs)}

    def show_cover(title: str, given: Passed | None) -> dict:
        """The question, and nothing of the answer."""
        report = report_of(title)
        names = report.opening()
        if not (choices := prediction.Judge(report, names).choices):
            return show_results(title, given) | {
                predict: False,
                verdict: lab_panels.NOTHING_TO_PREDICT,
            }
        rows = [(report.row(name).title, name) for name in names]
        emptied = dict.fromkeys((verdict, thumbnails, grid, table, key, reel, paper), "")
        return emptied | {
            **visible(cover),
            **{intro: lab_panels.introduction(report), plot: None},
            expected: gr.Radio(rows, value=None),
            fault: gr.Radio(choices, value=None),
            reveal: gr.Button(interactive=False),
        }

    def show_results(title: str, given: Passed | None) -> dict:
        """All but the grid, for which networks run."""
        wanted = arrived(given, "ablation", source_of(title))
        index = wanted or 0
        report = report_of(title)
        names = [(row.title, row.name) for row in report.rows]
        members, drawable, opening = report.groups(), curves.choices(report), report.opening()
        directions, weights = labs[title].directions, labs[title].weights
        kinds = [kind for kind, rows in members.items() if not weights.keys().isdisjoint(rows)]
        of = drawable[0][1] if drawable else None
        main = report.reference or report.rows[-1]
        others = (row for row in report.rows if row is not main)
        rival = report.row(variants.rival(main.name)) or next(others, main)
        a, b = rival.name, main.name
        return {
            **visible(results, runs),
            **{intro: lab_panels.introduction(report), verdict: "", example: index, grid: ""},
            passed: given if wanted is None else None,
            thumbnails: draw_thumbnails(title, index),
            direction: gr.Radio(directions, value=directions[0][1], visible=len(directions) > 1),
            groups: gr.CheckboxGroup(
                kinds,
                value=[kind for kind in report.opening_groups() if kind in kinds],
                visible=len(kinds) > 1,
            ),
            table: draw_tables(title, directions[0][1]),
            what: gr.Dropdown(drawable, value=of),
            drawn: gr.Dropdown(names, value=opening),
            key: curves.key(report, opening),
            plot: curves.of_report(report, of, opening),
            first: gr.Dropdown(names, value=a),
            second: gr.Dropdown(names, value=b),
            reel: draw_film(report, a, b),
            paper: lab_panels.paper(report),
        }

    def on_choice(title: str, predicting: bool, given: Passed | None) -> dict:
        try:
            shown = show_cover(title, given) if predicting else show_results(title, given)
        except LabError as error:
            return visible(runs) | {intro: cards.failed(str(error))}
        return {predict: predicting} | shown

    def on_arrival(
        is_here: bool, title: str, predicting: bool, given: Passed | None, index, direction: str
    ) -> dict:
        if not is_here or (index is None and not predicting):
            return {here: True} | on_choice(title, predicting, given)
        wanted = arrived(given, "ablation", source_of(title))
        if predicting or wanted is None:
            return {here: True}
        shown = {example: wanted, thumbnails: draw_thumbnails(title, wanted, direction)}
        return {here: True, passed: None} | shown

    def on_reveal(title: str, name: str, fault: str, given: Passed | None) -> dict:
        report = report_of(title)
        said = prediction.verdict(report, report.opening(), name, fault)
        return show_results(title, given) | {verdict: said, predict: False}

    def on_grid(title: str, index: int, direction: str, groups: list[str], predicting: bool):
        if predicting:
            return ""
        if not groups:
            return lab_panels.CHOOSE
        report, lab, pairs = report_of(title), labs[title], examples_of(title)
        members = report.groups()
        wanted = {name for group in groups for name in members.get(group, ())}
        rows = [
            row
            for row in report.rows
            if row.name in wanted
            and row.name in lab.weights
            and direction in lab.weights[row.name].directions
        ]
        if not (pairs and rows):
            return lab_panels.NO_GRID
        asked = title, [row.name for row in rows], index, direction
        known = is_known(*asked)
        made = translated(*asked) if known else library.in_turn("examples", work, *asked)
        lesson, example = report.lesson, pairs[index]
        cells = [
            _cell(row, lab.weights[row.name], made[row.name], example, direction) for row in rows
        ]
        x = panels.drawn(made[rows[0].name].original, lesson)
        truth = panels.drawn(lesson.medium.held(example.truth(direction)), lesson)
        return lab_panels.grid(cells, x, truth, direction, report)

    def on_example(event: gr.EventData, title: str, direction: str):
        index = index_of(event, len(examples_of(title)))
        given = pass_on("ablation", source_of(title), index)
        return index, draw_thumbnails(title, index, direction), given

    def on_direction(title: str, index: int, direction: str):
        return draw_tables(title, direction), draw_thumbnails(title, index, direction)

    # A second click while the first is answered waits; by default Gradio would drop it.
    private = {"api_visibility": "private", "trigger_mode": "always_last"}
    quick = {**private, "show_progress": "hidden"}
    networks = {**private, "concurrency_id": "examples", "concurrency_limit": 1}
    shown = [
        *(cover, results, runs, intro, expected, fault, reveal, verdict, predict),
        *(example, thumbnails, direction, groups, grid, table, passed),
        *(what, drawn, key, plot, first, second, reel, paper),
    ]

    sources = [title, example, direction, groups, predict]

    drawing = [title, what, drawn]

    def with_grid(event, with_plot: bool = False) -> None:
        event.success(on_grid, sources, grid, **networks)
        if with_plot:
            event.success(dress_plot, drawing, plot, **quick)

    groups.input(on_grid, sources, grid, **networks)
    changed = [title.input, predict.input]
    with_grid(gr.on(changed, on_choice, [title, predict, passed], shown, **quick), with_plot=True)
    revealing = [title, expected, fault, passed]
    with_grid(reveal.click(on_reveal, revealing, shown, **quick), with_plot=True)
    with_grid(
        thumbnails.click(on_example, [title, direction], [example, thumbnails, passed], **quick)
    )
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
        draw_curves,
        drawing,
        [plot, key],
        **quick,
    ).success(dress_plot, drawing, plot, **quick)
    gr.on(
        [first.input, second.input],
        lambda title, a, b: draw_film(report_of(title), a, b),
        [title, first, second],
        reel,
        **quick,
    )

    def open_when(trigger: Callable) -> None:
        inputs = [here, title, predict, passed, example, direction]
        outputs = [here, *shown]
        with_grid(trigger(on_arrival, inputs, outputs, js=ON_ARRIVAL, **quick), with_plot=True)

    return Parts(open_when)


def _cell(
    row: ReportRow, variant: Variant, made: Translation, example: Example, direction: Direction
) -> lab_panels.Cell:
    """What a row makes of an example, with its figures."""
    lesson, listed = variant.lesson, variant.views(direction)
    views = tuple(v for key in SHOWN for v in listed if v.key == key and key in made.views)
    return lab_panels.Cell(
        row,
        views,
        {view.key: panels.drawn(made.views[view.key], lesson) for view in views},
        {
            **{v.figure: made.figures[v.figure] for v in views if v.figure in made.figures},
            **compare.scores(variant, made.translation, example, direction),
        },
    )
