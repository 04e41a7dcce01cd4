"""The Translate tab: layout first, wiring last.

Handlers turn the visitor's choices into a `Request`, have the networks run, and draw what comes
back. Knows Gradio; what is computed is in `compare`, the markup in `panels`.
"""

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pandas as pd

from .. import images
from ..checkpoints import CheckpointError
from ..inference import Direction
from . import panels, sheet
from .compare import JPEG, NOISE, Probe, Request, Shown, look_closer, translate
from .components import picture_input
from .library import CheckpointSet, Library

WITH, WITHOUT = "with cycle loss", "without cycle loss"
NO_ROWS = '<p class="absent">Both rows are switched off.</p>'
ABSENT = '<p class="absent">Choose a picture to begin.</p>'

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
        try:
            return work(request, probe)
        except (images.ImageError, CheckpointError) as error:
            raise gr.Error(str(error), print_exception=False) from error

    def is_map(request: Request) -> bool:
        data = library.sets[request.title].variants[0].config.training.data
        return data == "satellite2map" and request.direction == "xy"

    def draw(request: Request, shown: Shown) -> str:
        if not shown.rows:
            return NO_ROWS
        heads = panels.columns(
            request.direction, library.sets[request.title].domains, shown.truth is not None
        )
        rows = panels.panels_of(shown.rows, shown.truth, is_map(request))
        without = [library.sets[request.title].pick(cycle, False) for cycle in (True, False)]
        ask = request.identity and all(v and not v.switches[1] for v in without)
        verdict = panels.verdict(shown.rows, request.direction, ask)
        return panels.grid(heads, rows, shown.note) + verdict

    def draw_thumbnails(request: Request) -> str:
        examples = library.sets[request.title].examples
        pictures = [(e.name, e.original(request.direction)) for e in examples]
        return panels.thumbnails(pictures, request.example)

    def draw_measured(request: Request) -> str:
        return panels.measured(list(library.sets[request.title].variants), request.direction)

    def show(request: Request, by: Callable = run) -> tuple[Request, str, str, str]:
        html = draw(request, by(request)) if request.has_picture else ABSENT
        return request, html, draw_thumbnails(request), draw_measured(request)

    # The first result is made before there is a visitor, when a shared GPU is out of reach.
    _, opening_html, opening_thumbnails, opening_measured = show(
        opening, lambda request: translate(library.on_cpu(), request)
    )

    # Layout.
    state = gr.State(opening)
    opened = gr.State(False)
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
                opening_thumbnails,
                elem_id="examples",
                js_on_load=THUMBNAIL_CLICK,
                apply_default_css=False,
            )
            result = gr.HTML(opening_html, elem_id="result", apply_default_css=False)
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
        measured = gr.HTML(opening_measured, apply_default_css=False)

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

    def on_switch(old, title, direction, identity, cycles):
        return show(request_from(old, title, direction, identity, cycles))

    def on_set(old, title, identity, cycles):
        choices = direction_choices(library.sets[title])
        shown = on_switch(old, title, "xy", identity, cycles)
        return *shown, gr.Radio(choices=choices, value="xy")

    def on_open(title: str | None, own: list[str], old, identity, cycles):
        if title is None:
            return (gr.skip(),) * 7
        dropdown = gr.Dropdown(choices=titles + own, value=title)
        return *on_set(old, title, identity, cycles), dropdown, gr.Tabs(selected="translate")

    def on_example(event: gr.EventData, old: Request):
        request = Request(
            old.title, old.direction, old.identity, old.cycles, example=int(event.index)
        )
        return *show(request), None

    def on_upload(path: str | None, old: Request):
        if path is None:
            return (gr.skip(),) * 5
        request = Request(old.title, old.direction, old.identity, old.cycles, path=path)
        try:
            return *show(request), gr.skip()
        except gr.Error as error:
            # What was shown stays, without the marks that Gradio puts over a failed output.
            gr.Warning(error.message)
            return *(gr.skip(),) * 4, None

    def on_close_up(is_open: bool, request: Request, kind: str, sigma: float, quality: int):
        if not (is_open and request.has_picture):
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
        rows = panels.panels_of(shown.rows, shown.truth, is_map(request))
        footer = f"{request.title}. Errors: mean absolute difference, of 255."
        picture = sheet.draw_sheet(heads, rows, footer)
        name = hashlib.sha256(repr(request).encode()).hexdigest()[:8]
        path = Path(sheets.name) / f"{set_.folder.name}-{request.direction}-{name}.png"
        picture.save(path)
        return str(path)

    # A click while another is under way is not lost: the last one counts.
    networks = {
        "concurrency_id": "networks",
        "concurrency_limit": 1,
        "trigger_mode": "always_last",
        "api_visibility": "private",
    }
    shown = [state, result, thumbnails, measured]
    switches = [state, chosen_set, direction, identity, cycles]
    close_inputs = [opened, state, kind, sigma, quality]
    renewals = [
        gr.on(
            [direction.input, identity.input, cycles.input], on_switch, switches, shown, **networks
        ),
        chosen_set.input(
            on_set, [state, chosen_set, identity, cycles], [*shown, direction], **networks
        ),
        thumbnails.click(on_example, state, [*shown, upload], **networks),
        upload.input(on_upload, [upload, state], [*shown, upload], **networks),
        accordion.expand(lambda: True, None, opened, api_visibility="private"),
        gr.on(
            [kind.input, sigma.release, quality.release],
            lambda kind: (gr.Slider(visible=kind == NOISE), gr.Slider(visible=kind == JPEG)),
            kind,
            [sigma, quality],
            api_visibility="private",
        ),
    ]
    for renewal in renewals:
        renewal.success(on_close_up, close_inputs, [close_html, curve], **networks)
    accordion.collapse(lambda: False, None, opened, api_visibility="private")

    def open_when(trigger: Callable, title: gr.State) -> None:
        trigger(
            on_open,
            [title, own, state, identity, cycles],
            [*shown, direction, chosen_set, tabs],
            **networks,
        ).success(on_close_up, close_inputs, [close_html, curve], **networks)

    download.click(on_download, state, file, **networks).success(
        None, js=SAVE_FILE, api_visibility="private"
    )
    return open_when
