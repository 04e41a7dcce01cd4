"""The Translate tab: layout first, wiring last.

Handlers turn the visitor's choices into a `Request`. Whatever is known already is answered at once;
all else waits for the networks, first come, first served, in one queue for examples, which are
remembered, and one for visitors' own pictures. Knows Gradio; what is computed is in `compare`, what
is known in `answers`, the markup in `panels`.
"""

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr
import pandas as pd

from ..core import images
from ..inference.translator import Direction
from ..store.checkpoints import CheckpointError
from . import panels, sheet
from .answers import Answer, Answers
from .compare import JPEG, NOISE, Probe, Request, look_closer, translate
from .components import picture_input
from .library import CheckpointSet, Library

WITH, WITHOUT = "with cycle loss", "without cycle loss"

SHEETS = 64
"""Downloads that lie ready; the oldest go first. Gradio serves a copy of its own."""

OBJECTIVE = r"""
A row is trained on the terms in its title, and on nothing else. With all of them:

$$
\underbrace{\mathcal{L}_\mathrm{GAN}(G, D_Y) + \mathcal{L}_\mathrm{GAN}(F, D_X)}_\text{GAN}
+ \underbrace{\lambda\,\mathbb{E}_x\|F(G(x)) - x\|_1
+ \lambda\,\mathbb{E}_y\|G(F(y)) - y\|_1}_\text{cycle}
+ \underbrace{\tfrac{\lambda}{2}\,\mathbb{E}_y\|G(y) - y\|_1
+ \tfrac{\lambda}{2}\,\mathbb{E}_x\|F(x) - x\|_1}_\text{identity}
$$

The **GAN** terms ask that G(x) look like a picture of the other kind, but not that it be a picture
of *this* x. The **cycle** terms ask that x can be told from G(x). The **identity** terms ask each
generator to leave pictures of its own kind alone, which holds colours in place.
"""

THUMBNAIL_CLICK = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (button) trigger('click', {index: Number(button.dataset.index)});
});
"""

SAVE_FILE = "() => document.getElementById('file').click()"


@contextmanager
def telling() -> Iterator[None]:
    """A visitor's fault, or a file's, becomes a sentence on the page."""
    try:
        yield
    except (images.ImageError, CheckpointError) as error:
        raise gr.Error(str(error), print_exception=False) from error


def wish() -> int:
    """A value that a state has not had before, so that its change sets something off."""
    return time.monotonic_ns()


def direction_choices(set_: CheckpointSet) -> list[tuple[str, Direction]]:
    x, y = set_.domains.x, set_.domains.y
    names = {"xy": f"{x} → {y}", "yx": f"{y} → {x}"}
    return [(names[direction], direction) for direction in set_.directions]


def build(library: Library, on_device: Callable, own: gr.State, tabs: gr.Tabs) -> Callable:
    """Lay the tab out inside the current Blocks and wire it.

    on_device: wraps the one function that runs networks (`spaces.GPU` on a ZeroGPU Space).
    own: titles of the models that this visitor opened. tabs: where this tab has the id
    "translate". Returns a function that wires an event, and a component that holds a title, to
    the choice of that set.
    """
    sheets = tempfile.TemporaryDirectory(prefix="cyclegan-sheets-")
    titles = list(library.sets)
    first = library.sets[titles[0]]
    opening = Request(titles[0], "xy", True, (True, False), example=0 if first.examples else None)

    @on_device
    def work(request: Request, probe: Probe | None = None):
        if probe is None:
            return translate(library, request)
        return look_closer(library, request, probe)

    def run(request: Request, probe: Probe | None = None):
        kind = "pictures" if request.example is None or probe else "examples"
        with telling():
            return library.in_turn(kind, work, request, probe)

    # The first result is made before there is a visitor, when a shared GPU is out of reach.
    answers = Answers(library)
    at_first = answers.ready(opening)
    if at_first is None:
        at_first = answers.draw(opening, translate(library.on_cpu(), opening))

    # Layout.
    state = gr.State(opening)
    opened = gr.State(False)
    # What the networks are asked for, an example, an own picture, close-ups: a new number is a new
    # wish.
    example, picture, looked = gr.State(0), gr.State(0), gr.State(0)
    with gr.Row(elem_id="studio", equal_height=False):
        with gr.Column(scale=0, min_width=248, elem_id="controls"):
            upload = picture_input(
                label="Your own picture",
                sources=["upload", "clipboard", "webcam"],
                height=132,
                placeholder="Drop or choose one",
                format="png",
                elem_id="upload",
                buttons=[],
            )
            direction = gr.Radio(
                direction_choices(first), value="xy", label="Direction", elem_id="direction"
            )
            cycles = gr.CheckboxGroup(
                [WITH, WITHOUT], value=[WITH, WITHOUT], label="Rows", elem_id="cycles"
            )
            identity = gr.Checkbox(value=True, label="with identity loss", elem_id="identity")
            chosen_set = gr.Dropdown(
                titles, value=titles[0], label="Checkpoint set", elem_id="chosen-set"
            )
            download = gr.Button("Download as one picture", size="md", elem_id="download")
            file = gr.DownloadButton(visible="hidden", elem_id="file")
        with gr.Column(scale=1, min_width=320, elem_id="results"):
            thumbnails = gr.HTML(
                at_first.thumbnails,
                elem_id="examples",
                js_on_load=THUMBNAIL_CLICK,
                apply_default_css=False,
            )
            result = gr.HTML(at_first.result, elem_id="result", apply_default_css=False)
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
            y="cycle error",
            color="row",
            color_map={"With cycle loss": "#e8590c", "Without cycle loss": "#868e96"},
            color_title="",
            y_lim=[0, None],
            height=240,
            elem_id="curve",
        )
    with gr.Accordion("The objective", open=False, elem_id="objective"):
        gr.Markdown(OBJECTIVE, latex_delimiters=[{"left": "$$", "right": "$$", "display": True}])
    with gr.Accordion("What was measured", open=False, elem_id="measured"):
        measured = gr.HTML(at_first.measured, apply_default_css=False)

    # Wiring.
    def request_from(
        old: Request, title: str, direction: Direction, identity: bool, cycles: list[str]
    ) -> Request:
        wanted = tuple(c for c, name in ((True, WITH), (False, WITHOUT)) if name in cycles)
        # Another set has other examples, but a visitor's own picture stays.
        example = old.example if title == old.title or old.path else 0
        if example is not None and not library.sets[title].examples:
            example = None
        return Request(title, direction, identity, wanted, example, old.path)

    def sent(request: Request, answer: Answer, is_open: bool) -> tuple:
        look = wish() if is_open and request.has_picture else gr.skip()
        return request, answer.result, answer.thumbnails, answer.measured, *(gr.skip(),) * 2, look

    def quickly(request: Request, is_open: bool) -> tuple:
        with telling():
            answer = answers.ready(request)
        if answer:
            return sent(request, answer, is_open)
        wishes = (gr.skip(), wish()) if request.example is None else (wish(), gr.skip())
        return request, *(gr.skip(),) * 3, *wishes, gr.skip()

    def on_missing(request: Request, is_open: bool):
        # An example that was clicked meanwhile is there already.
        with telling():
            answer = answers.ready(request)
        return sent(request, answer or answers.draw(request, run(request)), is_open)

    def on_switch(is_open, old, title, direction, identity, cycles):
        return quickly(request_from(old, title, direction, identity, cycles), is_open)

    def on_set(is_open, old, title, identity, cycles):
        choices = direction_choices(library.sets[title])
        shown = on_switch(is_open, old, title, "xy", identity, cycles)
        return *shown, gr.Radio(choices=choices, value="xy")

    def on_open(title: str | None, own: list[str], is_open, old, identity, cycles):
        if title is None:
            return (gr.skip(),) * 10
        dropdown = gr.Dropdown(choices=titles + own, value=title)
        shown = on_set(is_open, old, title, identity, cycles)
        return *shown, dropdown, gr.Tabs(selected="translate")

    def on_example(event: gr.EventData, is_open: bool, old: Request):
        request = Request(
            old.title, old.direction, old.identity, old.cycles, example=int(event.index)
        )
        return *quickly(request, is_open), None

    def on_upload(path: str | None, is_open: bool, old: Request):
        if path is None:
            return *(gr.skip(),) * 7, None
        request = Request(old.title, old.direction, old.identity, old.cycles, path=path)
        try:
            return *sent(request, answers.draw(request, run(request)), is_open), path
        except gr.Error as error:
            # What was shown stays, without the marks that Gradio puts over a failed output.
            gr.Warning(error.message)
            return *(gr.skip(),) * 7, None

    def on_close_up(request: Request, kind: str, sigma: float, quality: int):
        if not request.has_picture:
            return gr.skip(), gr.skip()
        axis = "noise, of 255" if kind == NOISE else "JPEG quality"
        probe = Probe(kind, sigma, quality)
        close, judge, points = run(request, probe)
        frame = pd.DataFrame(points, columns=["strength", "cycle error", "row"])
        html = panels.close_ups(close, request.direction, judge)
        return html, gr.LinePlot(value=frame, x_title=axis)

    def on_download(request: Request) -> str:
        shown = run(request)
        set_ = library.sets[request.title]
        heads = panels.columns(request.direction, set_.domains, shown.truth is not None)
        rows = panels.panels_of(shown.rows, shown.truth, answers.is_map(request))
        footer = f"{request.title}. Errors: mean absolute difference, of 255."
        picture = sheet.draw_sheet(heads, rows, footer)
        name = hashlib.sha256(repr(request).encode()).hexdigest()[:8]
        path = Path(sheets.name) / f"{set_.folder.name}-{request.direction}-{name}.png"
        picture.save(path)
        for old in sorted(path.parent.iterdir(), key=lambda p: p.stat().st_mtime)[:-SHEETS]:
            old.unlink()
        return str(path)

    # A click while another is under way is not lost: the last one counts.
    private = {"trigger_mode": "always_last", "api_visibility": "private"}
    quick = {**private, "concurrency_id": "quick", "show_progress": "hidden"}
    networks = {**private, "concurrency_id": "networks", "concurrency_limit": 1}
    examples = {**networks, "concurrency_id": "examples"}
    shown = [state, result, thumbnails, measured, example, picture, looked]
    gr.on(
        [direction.input, identity.input, cycles.input],
        on_switch,
        [opened, state, chosen_set, direction, identity, cycles],
        shown,
        **quick,
    )
    chosen_set.input(
        on_set, [opened, state, chosen_set, identity, cycles], [*shown, direction], **quick
    )
    thumbnails.click(on_example, [opened, state], [*shown, upload], **quick)
    upload.input(on_upload, [upload, opened, state], [*shown, upload], **networks)
    example.change(on_missing, [state, opened], shown, show_progress_on=result, **examples)
    picture.change(on_missing, [state, opened], shown, show_progress_on=result, **networks)

    accordion.expand(lambda: (True, wish()), None, [opened, looked], **quick)
    accordion.collapse(lambda: False, None, opened, **quick)
    gr.on(
        [kind.input, sigma.release, quality.release],
        lambda kind: (
            gr.Slider(visible=kind == NOISE),
            gr.Slider(visible=kind == JPEG),
            wish(),
        ),
        kind,
        [sigma, quality, looked],
        **quick,
    )
    looked.change(on_close_up, [state, kind, sigma, quality], [close_html, curve], **networks)

    def open_when(trigger: Callable, title: gr.State) -> None:
        trigger(
            on_open,
            [title, own, opened, state, identity, cycles],
            [*shown, direction, chosen_set, tabs],
            **quick,
        )

    download.click(on_download, state, file, **networks).success(
        None, js=SAVE_FILE, api_visibility="private"
    )
    return open_when
