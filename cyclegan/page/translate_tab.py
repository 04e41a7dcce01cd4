"""The Translate tab: layout first, wiring last.

Handlers turn the visitor's choices into a `Request`. Whatever is known already is answered at once;
all else waits for the networks, first come, first served, in one queue for examples, which are
remembered, and one for visitors' own pictures. Knows Gradio; what is computed is in `compare`, what
is known in `answers`, the markup in `panels`.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import gradio as gr

from ..core import sheets
from ..core.config import Direction
from ..core.media import PICTURES
from . import closer_view, guests, panels
from .answers import Answer, Answers
from .compare import Probe, Request, look_closer, translate
from .components import (
    CHOOSE,
    NETWORKS,
    QUICK,
    index_of,
    open_choice,
    picture_input,
    save_file,
    wish,
)
from .hosting.desk import Desk
from .hosting.errors import as_text
from .library import Library
from .markup import script
from .sets import ROWS, CheckpointSet

SHEETS = 64
"""Downloads that lie ready; the oldest go first. Gradio serves a copy of its own."""


def direction_choices(set_: CheckpointSet) -> list[tuple[str, Direction]]:
    x, y = set_.domains.x, set_.domains.y
    names = {"xy": f"{x} → {y}", "yx": f"{y} → {x}"}
    return [(names[direction], direction) for direction in set_.directions]


def opening_rows(set_: CheckpointSet) -> list[str]:
    """What is compared at first: both sides of a switch, or a few variants."""
    return list(set_.rows[:ROWS])


def second_switch(set_: CheckpointSet) -> str:
    """What stands beside its tick; "" where the method has no second switch."""
    switches = set_.switches
    return switches[1].called(True) if len(switches) > 1 else ""


def takes_pictures(set_: CheckpointSet) -> bool:
    """Whether a visitor's own picture can be translated."""
    return set_.lesson.medium is PICTURES


@dataclass(frozen=True)
class Parts:
    """Of this tab, what others may use.

    open_when: wires an event, and a component that holds a set's key, to the choice of that set.
    sets: the list of sets. choices: what a visitor may choose there.
    """

    open_when: Callable[[Callable, gr.State], None]
    sets: gr.Dropdown
    choices: Callable[[str], list[tuple[str, str]]]


def build(
    library: Library, on_device: Callable, desk: Desk, visitor: gr.BrowserState, tabs: gr.Tabs
) -> Parts:
    """Lay the tab out inside the current Blocks and wire it.

    on_device: wraps the one function that runs networks (`spaces.GPU` on a ZeroGPU Space).
    visitor: holds their key. tabs: where this tab has the id "translate".
    """
    downloads = tempfile.TemporaryDirectory(prefix="cyclegan-sheets-")
    titles = library.offered
    first = library.sets[titles[0]]
    opening = Request(
        titles[0],
        first.directions[0],
        tuple(opening_rows(first)),
        example=0 if first.examples else None,
    )

    @on_device
    def work(request: Request, probe: Probe | None = None):
        if probe is None:
            return translate(library, request)
        return look_closer(library, request, probe)

    def run(request: Request, visit: gr.Request, probe: Probe | None = None):
        kind = "pictures" if request.example is None or probe else "examples"
        kind = "guests" if library.is_guest(request.title) else kind
        desk.check_listens(visit)
        if request.path:  # Not in a thread of networks: whoever waits for these waits for no file.
            library.upload(request.path)

        def still_wanted():
            desk.check_listens(visit)
            return work(request, probe)

        return library.in_turn(kind, still_wanted, turn=desk.turn(visit))

    # The first result is made before there is a visitor, when a shared GPU is out of reach.
    answers = Answers(library)
    at_first = answers.ready(opening)
    if at_first is None:
        at_first = answers.draw(opening, translate(library.on_cpu(), opening))

    # Layout.
    state = gr.State(opening)
    # What the networks are asked for, an example or an own picture: a new number is a new wish.
    example, picture = gr.State(0), gr.State(0)
    with gr.Row(elem_id="studio", equal_height=False):
        with gr.Column(scale=0, min_width=248, elem_id="controls"):
            # Around the upload, which would lose its own way of reading files if it were changed.
            with gr.Column(visible=takes_pictures(first), min_width=0) as uploads:
                upload = picture_input(
                    label="Your own picture",
                    sources=["upload", "clipboard", "webcam"],
                    height=132,
                    placeholder="Drop or choose one",
                    format="png",
                    elem_id="upload",
                    buttons=[],
                )
            direction = open_choice(
                gr.Radio(
                    direction_choices(first),
                    value=opening.direction,
                    label="Direction",
                    elem_id="direction",
                )
            )
            rows = open_choice(
                gr.CheckboxGroup(
                    list(first.rows),
                    value=opening_rows(first),
                    label="Rows",
                    elem_id="rows",
                    visible=len(first.rows) > 1,
                )
            )
            second = gr.Checkbox(
                value=True,
                label=second_switch(first),
                elem_id="second",
                visible=bool(second_switch(first)),
            )
            chosen_set = open_choice(
                gr.Dropdown(titles, value=titles[0], label="Checkpoint set", elem_id="chosen-set")
            )
            download = gr.Button("Download as one picture", size="md", elem_id="download")
            file = gr.DownloadButton(visible="hidden", elem_id="file")
        with gr.Column(scale=1, min_width=320, elem_id="results"):
            thumbnails = gr.HTML(
                at_first.thumbnails,
                elem_id="examples",
                js_on_load=CHOOSE,
                apply_default_css=False,
            )
            result = gr.HTML(
                at_first.result,
                elem_id="result",
                js_on_load=script("announce"),
                apply_default_css=False,
            )
    closer = closer_view.build(library, run, state)
    opened, looked = closer.opened, closer.wished
    with gr.Accordion("The objective", open=False, elem_id="objective"):
        objective = gr.HTML(at_first.objective, apply_default_css=False)
    with gr.Accordion("What was measured", open=False, elem_id="measured"):
        measured = gr.HTML(at_first.measured, apply_default_css=False)

    # Wiring.
    def request_from(
        old: Request, title: str, direction: Direction, second: bool, rows: list[str]
    ) -> Request:
        set_ = library.sets[title]
        direction = direction if direction in set_.directions else set_.directions[0]
        wanted = tuple(name for name in set_.rows if name in rows)
        second = second or not second_switch(set_)
        # Another set has other examples, but a visitor's own picture stays.
        path = old.path if takes_pictures(set_) else None
        example = old.example if title == old.title or path else 0
        if example is not None and not set_.examples:
            example = None
        return Request(title, direction, wanted, second, example, path)

    def sent(request: Request, answer: Answer, is_open: bool) -> tuple:
        look = wish() if is_open else gr.skip()
        drawn = answer.result, answer.thumbnails, answer.objective, answer.measured
        return request, *drawn, *(gr.skip(),) * 2, look

    def quickly(request: Request, is_open: bool) -> tuple:
        answer = answers.ready(request)
        if answer:
            return sent(request, answer, is_open)
        wishes = (gr.skip(), wish()) if request.example is None else (wish(), gr.skip())
        return request, *(gr.skip(),) * 4, *wishes, gr.skip()

    def on_missing(request: Request, is_open: bool, visit: gr.Request):
        # An example that was clicked meanwhile is there already.
        answer = answers.ready(request)
        return sent(request, answer or answers.draw(request, run(request, visit)), is_open)

    def on_switch(is_open, old, title, direction, second, rows):
        return quickly(request_from(old, title, direction, second, rows), is_open)

    def on_set(is_open, old, title, second):
        set_ = library.sets[title]
        # Not from the component: Gradio holds what it shows against the choices of the new set.
        rows = [name for name in old.rows if name in set_.rows] or opening_rows(set_)
        choices, name = direction_choices(set_), second_switch(set_)
        shown = on_switch(is_open, old, title, set_.directions[0], second, rows)
        return (
            *shown,
            gr.Radio(choices=choices, value=set_.directions[0]),
            gr.CheckboxGroup(choices=list(set_.rows), value=rows, visible=len(set_.rows) > 1),
            gr.Checkbox(label=name, visible=bool(name)),
            gr.Column(visible=takes_pictures(set_)),
        )

    def choices(who: str) -> list[tuple[str, str]]:
        seen = guests.seen_by(library, desk, who)
        return [(library.sets[one].title, one) for one in seen]

    def on_open(title: str | None, key: str | None, is_open, old, second, visit: gr.Request):
        if title is None:
            return (gr.skip(),) * len(opened_by_title)
        dropdown = gr.Dropdown(choices=choices(desk.who(key, visit)), value=title)
        shown = on_set(is_open, old, title, second)
        return *shown, dropdown, gr.Tabs(selected="translate")

    def on_example(event: gr.EventData, is_open: bool, old: Request):
        index = index_of(event, len(library.sets[old.title].examples))
        request = replace(old, example=index, path=None)
        return *quickly(request, is_open), None

    def on_upload(path: str | None, is_open: bool, old: Request, visit: gr.Request):
        if path is None:
            return *(gr.skip(),) * len(shown), None
        request = replace(old, example=None, path=path)
        try:
            with desk.one_at_a_time(visit.session_hash, "opening a picture"):
                library.upload(path)
            return *sent(request, answers.draw(request, run(request, visit)), is_open), path
        except Exception as error:
            # What was shown stays, without the marks that Gradio puts over a failed output.
            gr.Warning(as_text(desk.teller.sentence(error)))
            return *(gr.skip(),) * len(shown), None

    def on_download(request: Request, visit: gr.Request) -> str:
        shown, set_ = run(request, visit), library.sets[request.title]
        lines = [
            sheets.Line(
                [sheets.Tile(p.picture, p.caption) for p in row_panels],
                row.title,
                row.subtitle,
            )
            for row, row_panels in panels.panels_of(shown, set_.lesson)
            if row_panels
        ]
        picture = sheets.draw(
            [sheets.Head(head.formula, head.name) for head in panels.headings(shown, set_)],
            lines,
            footer=f"{set_.title}. {panels.units(shown, set_.lesson)}",
        )
        name = hashlib.sha256(repr(request).encode()).hexdigest()[:8]
        path = Path(downloads.name) / f"{set_.folder.name}-{request.direction}-{name}.png"
        picture.save(path)
        for old in sorted(path.parent.iterdir(), key=lambda p: p.stat().st_mtime)[:-SHEETS]:
            old.unlink()
        return str(path)

    examples = {**NETWORKS, "concurrency_id": "examples"}
    shown = [state, result, thumbnails, objective, measured, example, picture, looked]
    by_set = [*shown, direction, rows, second, uploads]
    opened_by_title = [*by_set, chosen_set, tabs]
    gr.on(
        [direction.input, second.input, rows.input],
        on_switch,
        [opened, state, chosen_set, direction, second, rows],
        shown,
        **QUICK,
    )
    chosen_set.input(on_set, [opened, state, chosen_set, second], by_set, **QUICK)
    thumbnails.click(on_example, [opened, state], [*shown, upload], **QUICK)
    upload.input(
        on_upload,
        [upload, opened, state],
        [*shown, upload],
        show_progress_on=result,
        **{**NETWORKS, "concurrency_id": "uploads", "concurrency_limit": 64},
    )
    example.change(on_missing, [state, opened], shown, show_progress_on=result, **examples)
    picture.change(on_missing, [state, opened], shown, show_progress_on=result, **NETWORKS)

    def open_when(trigger: Callable, title: gr.State) -> None:
        trigger(
            on_open,
            [title, visitor, opened, state, second],
            opened_by_title,
            **QUICK,
        )

    download.click(on_download, state, file, **NETWORKS).success(
        None, js=save_file("file"), api_visibility="private"
    )
    return Parts(open_when, chosen_set, choices)
