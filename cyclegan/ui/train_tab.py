"""The Train tab: two arms learn side by side, in a process of their own, for all who look.

The page only asks and shows: whatever is known about a training lies in its folder, so that a
closed tab loses nothing and a second browser sees the same. Layout first, wiring last.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import gradio as gr

from .. import hub, models
from ..checkpoints import CheckpointError
from ..config import ConfigError, Objective
from ..data import DataError, intake
from ..live import Arm, Command, ControlError, Director, LiveSettings, Status
from ..live.settings import LESSON, QUICK
from . import live_panels
from .library import Library
from .models_tab import Access
from .translate_tab import SAVE_FILE

EVERY = 2.0
"""Seconds between two looks at a training."""

BUNDLED, OWN = "satellite ↔ map", "my pictures"

TERMS = {
    "gan": "GAN",
    "cycle_forward": "forward cycle",
    "cycle_backward": "backward cycle",
    "identity": "identity",
}
FORMS = {"least squares": "least_squares", "log": "log"}
BOTH = "both arms"

NOT_HERE = (
    '<p class="absent">Training is switched off on this page. On a machine of your own, '
    "<code>python app.py</code> trains here while you watch.</p>"
)
NONE_YET = (
    '<p class="absent">Press Start: the same networks begin twice from the same weights and see '
    "the same pictures in the same order; only the objective differs. The first pictures come "
    "within seconds, the difference within minutes.</p>"
)


def build(
    library: Library,
    director: Director | None,
    access: Access,
    own: gr.State,
    open_in_translate: Callable,
) -> tuple[Callable, gr.Timer]:
    """Lay the tab out inside the current Blocks and wire it.

    director: None where nothing may be trained. own, open_in_translate: as in the Models tab.
    Returns what has to be called when the tab is opened, as a function that takes an event, and
    the timer that looks while the tab is open.
    """
    if director is None:
        gr.HTML(NOT_HERE, apply_default_css=False)
        return lambda opened: None, gr.Timer(EVERY, active=False)
    archives = tempfile.TemporaryDirectory(prefix="cyclegan-trainings-")

    # Layout.
    timer = gr.Timer(EVERY, active=False)
    drawn = gr.State(None)
    title = gr.State(None)
    with gr.Row(elem_id="training", equal_height=False):
        with gr.Column(scale=0, min_width=272, elem_id="recipe"):
            inputs = _recipe(access)
            start = gr.Button("Start", variant="primary", size="md", elem_id="start")
        with gr.Column(scale=1, min_width=320, elem_id="live"):
            with gr.Row(elem_id="asks"):
                chosen = gr.Dropdown(
                    [], label="Training", container=False, min_width=300, elem_id="chosen", scale=3
                )
                small = {"size": "sm", "min_width": 84, "scale": 1}
                pause = gr.Button("Pause", elem_id="pause", **small)
                step = gr.Button("One step", elem_id="step", **small)
                stop = gr.Button("Stop and keep", elem_id="stop", **small)
                discard = gr.Button("Discard", elem_id="discard", **small)
            state = gr.HTML(NONE_YET, elem_id="live-state", apply_default_css=False)
            frame = gr.HTML("", elem_id="live-pictures", apply_default_css=False)
            charts = gr.HTML("", elem_id="live-charts", apply_default_css=False)
            term = gr.Dropdown(
                [], label="Last chart: a term of the objective", elem_id="term", visible=False
            )
            with gr.Accordion("Change it while it runs", open=False):  # noqa: SIM117
                with gr.Row():
                    what = gr.Dropdown(
                        [("rate", "rate"), *((label, name) for name, label in TERMS.items())],
                        value="cycle_forward",
                        label="What",
                    )
                    whose = gr.Dropdown([(BOTH, -1)], value=-1, label="Whose")
                    value = gr.Number(0, label="New value (weight 0: off)")
                    apply = gr.Button("Apply", size="md", elem_id="apply")
            with gr.Accordion("What came of it", open=False, elem_id="kept"):
                kept = gr.HTML("", apply_default_css=False)
                with gr.Row():
                    use = gr.Button("Translate with it", size="sm", elem_id="use")
                    take = gr.Button("Download", size="sm", elem_id="take")
                file = gr.DownloadButton(visible="hidden", elem_id="archive")
                with gr.Row(visible=access.hub):
                    repo = gr.Textbox(label="Publish as", placeholder="user/repo", max_lines=1)
                    token = gr.Textbox(label="Your Hub token", type="password", max_lines=1)
                    private = gr.Checkbox(True, label="private")
                    publish = gr.Button("Publish", size="md", elem_id="publish")
                published = gr.HTML("", apply_default_css=False)

    # Wiring.
    looked = [chosen, state, frame, term, charts, whose, pause, step, stop, discard, kept, drawn]

    def look(id: str | None, wanted: str | None, before: object):
        """Everything that shows a training, or nothing where nothing has changed."""
        known = director.all()
        if id not in known:
            alive = [i for i, seen in known.items() if seen.is_alive or seen.state == "queued"]
            id = next(iter([*alive, *known]), None)
        if id is None:
            empty = [gr.Dropdown(choices=[], value=None), NONE_YET, "", gr.skip(), "", gr.skip()]
            return *empty, *_asks(None), "", None
        seen = known[id]
        listed = [(_label(i, s), i) for i, s in known.items()]
        now = (id, wanted, seen.written, seen.state, listed)
        if now == before:
            return (gr.skip(),) * len(looked)
        try:
            settings, logs = director.settings(id), director.curves(id)
            pictures = director.frame(id)
        except (ControlError, CheckpointError, OSError):  # Discarded since, by somebody else.
            return (gr.skip(),) * len(looked)
        terms = live_panels.choices(logs)
        wanted = wanted if wanted in terms else next(iter(terms), None)
        names = [(BOTH, -1), *((arm.name, i) for i, arm in enumerate(settings.arms))]
        return (
            gr.Dropdown(choices=listed, value=id),
            live_panels.status(seen, settings),
            live_panels.frame(pictures, settings),
            gr.Dropdown(
                choices=[(t.replace("_", " "), t) for t in terms],
                value=wanted,
                visible=bool(terms),
            ),
            live_panels.charts(logs, settings, seen.changes, wanted),
            gr.Dropdown(choices=names),
            *_asks(seen),
            _kept(director, id, seen, access),
            now,
        )

    def on_start(*values, progress=gr.Progress()):  # noqa: B008 (Gradio asks for it)
        try:
            id = director.start(*_settings(values, access, progress))
        except (ConfigError, ControlError, DataError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        return gr.Dropdown(choices=[(id, id)], value=id)

    def ask(do: Callable[[str, Status], None]) -> Callable:
        def handler(id: str | None, *more):
            if id is None:
                return
            try:
                do(id, director.status(id), *more)
            except (ConfigError, ControlError, CheckpointError) as error:
                raise gr.Error(str(error), print_exception=False) from error

        return handler

    def on_pause(id: str, seen: Status) -> None:
        if seen.is_resumable:
            director.resume(id)
        else:
            director.command(id, Command("continue" if seen.state == "paused" else "pause"))

    def on_apply(id: str, seen: Status, name: str, arm: int, value: float) -> None:
        arm = None if arm == -1 else arm
        director.command(id, Command("set", name, float(value or 0), arm))

    def on_use(id: str | None, own: list[str]):
        try:
            if id is None or not director.status(id).saved_step:
                raise ControlError("There is no checkpoint of this training yet.")
            sources = tuple(models.Source((folder,)) for folder in director.arms(id))
            opened = library.add(models.Model(f"trained here: {id}", sources, director.folder(id)))
        except (ControlError, CheckpointError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        return opened, [name for name in own if name != opened] + [opened]

    def on_take(id: str | None):
        try:
            if id is None or not director.status(id).saved_step:
                raise ControlError("There is no checkpoint of this training yet.")
            return str(director.archive(id, Path(archives.name) / f"{id}.zip"))
        except ControlError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def on_publish(id: str | None, repo: str, token: str, private: bool):
        try:
            if id is None or not director.status(id).saved_step:
                raise ControlError("There is no checkpoint of this training yet.")
            if not token.strip():  # Without one the client would take the host's own.
                raise ControlError("Publishing needs a token of yours, with the right to write.")
            address = hub.push(director.folder(id), repo.strip(), private, token=token.strip())
        except (ControlError, CheckpointError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        return f'<p class="sentence">Published: <a href="{address}">{address}</a></p>', ""

    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    seeing = {"fn": look, "inputs": [chosen, term, drawn], "outputs": looked, **quiet}
    timer.tick(**seeing)
    chosen.input(**seeing)
    term.input(**seeing)
    start.click(on_start, inputs, chosen, api_visibility="private").success(**seeing)
    asks = [
        (pause, on_pause, []),
        (step, lambda id, seen: director.command(id, Command("step")), []),
        (stop, lambda id, seen: director.command(id, Command("stop")), []),
        (discard, lambda id, seen: director.discard(id), []),
        (apply, on_apply, [what, whose, value]),
    ]
    for button, do, more in asks:
        button.click(ask(do), [chosen, *more], None, **quiet).success(**seeing)
    used = use.click(on_use, [chosen, own], [title, own], api_visibility="private")
    open_in_translate(used.success, title)
    take.click(on_take, chosen, file, api_visibility="private").success(
        None, js=SAVE_FILE.replace("'file'", "'archive'"), api_visibility="private"
    )
    publish.click(
        on_publish, [chosen, repo, token, private], [published, token], api_visibility="private"
    )

    def look_when(opened: Callable) -> None:
        opened(lambda: gr.Timer(active=True), None, timer, **quiet)
        opened(**seeing)

    return look_when, timer


def _recipe(access: Access) -> list:
    """The controls of a new training, in the order in which `_settings` reads them."""
    base, generator = QUICK, QUICK.generator
    with gr.Group():
        data = gr.Radio([BUNDLED, OWN], value=BUNDLED, label="Pictures", elem_id="data")
    with gr.Column(visible=False, elem_id="own-pictures") as mine:
        kinds = ["image", ".zip"]
        files = [
            gr.File(
                file_count="multiple", file_types=kinds, label=f"{side}: or one zip", height=130
            )
            for side in "XY"
        ]
        with gr.Row():
            names = [gr.Textbox(label=f"{side} is", min_width=90, max_lines=1) for side in "XY"]
        folder = gr.Textbox(
            label="Or a folder of this machine", visible=access.paths, placeholder="horses"
        )
        gr.Markdown(intake.LIMITS, elem_classes="hint")
    with gr.Accordion("Networks and length", open=False):
        sizes, widths, depths = [32, 48, 64, 96, 128], [8, 16, 24, 32, 64], [2, 3, 4, 6, 9]
        with gr.Row():
            size = gr.Dropdown(sizes, value=base.image_size, label="Size, px", min_width=90)
            width = gr.Dropdown(widths, value=generator.width, label="Filters", min_width=90)
            blocks = gr.Dropdown(depths, value=generator.blocks, label="Blocks", min_width=90)
        with gr.Row():
            steps = gr.Number(base.training.steps, label="Steps", precision=0, min_width=90)
            minutes = gr.Number(0, label="Minutes (0: any)", min_width=90)
        with gr.Row():
            rate = gr.Number(base.training.rate, label="Rate", min_width=90)
            seed = gr.Number(0, label="Seed", precision=0, min_width=90)
    arms = [control for arm in LESSON for control in _arm(arm)]
    data.input(lambda kind: gr.Column(visible=kind == OWN), data, mine, api_visibility="private")
    return [data, *files, *names, folder, size, width, blocks, steps, minutes, rate, seed, *arms]


def _arm(arm: Arm) -> list:
    o = arm.objective
    with gr.Accordion(f"Arm {arm.name}", open=False):
        gr.Markdown("Weights of its terms; 0 switches one off.", elem_classes="hint")
        with gr.Row():
            weights = [
                gr.Number(getattr(o, name), label=label, min_width=90)
                for name, label in TERMS.items()
            ]
        form = gr.Radio(list(FORMS), value="least squares", label="GAN loss")
    return [*weights, form]


def _settings(
    values: Sequence, access: Access, progress: Callable
) -> tuple[LiveSettings, Callable[[Path], object] | None]:
    """What the controls ask for, and what fills the data folder with a visitor's pictures."""
    kind, x, y, x_name, y_name, folder, size, width, blocks, steps, minutes, rate, seed = values[
        :13
    ]
    arms = (_arm_of(values[13:18], 0), _arm_of(values[18:23], 1))
    if arms[0].name == arms[1].name:
        arms = (arms[0], replace(arms[1], name=f"{arms[1].name} (2)"))
    training = replace(
        QUICK.training, steps=int(steps or 0), rate=float(rate or 0), seed=int(seed or 0)
    )
    base = replace(
        QUICK,
        generator=replace(QUICK.generator, width=int(width), blocks=int(blocks)),
        training=training,
        image_size=int(size),
    )
    fill = None
    if kind == OWN:
        base = replace(base, domains=live_panels.domains_of(x_name, y_name))
        if access.paths and folder.strip():
            own = replace(training, data=folder.strip(), resize="resize-and-crop")
            base = replace(base, training=own)
        else:
            sides = [[Path(path) for path in files or []] for files in (x, y)]

            def fill(target: Path):
                def show(name: str, done: int, total: int) -> None:
                    progress(done / max(1, total), desc=f"{name}: picture {done} of {total}")

                return intake.take_in(target, *sides, int(size), show)

    return LiveSettings(base, arms, float(minutes) if minutes else None), fill


def _arm_of(values: list, index: int) -> Arm:
    *weights, form = values
    terms = {name: float(weight or 0) for name, weight in zip(TERMS, weights, strict=True)}
    objective = Objective(**terms, adversarial=FORMS[form])
    lesson = LESSON[index]
    return Arm(lesson.name if objective == lesson.objective else objective.name, objective)


def _label(id: str, seen: Status) -> str:
    place = f", place {seen.place}" if seen.place else ""
    # "2026-11-22-0541-satellite2map-3f2a": the day is not what tells trainings apart.
    time, name = f"{id[11:13]}:{id[13:15]}", id[16:]
    return f"{time} {name} · {live_panels.STATES.get(seen.state, seen.state).lower()}{place}"


def _asks(seen: Status | None) -> tuple:
    """Pause, one step, stop, discard: named and enabled as they make sense now."""
    if seen is None:
        return tuple(gr.Button(interactive=False) for _ in range(4))
    runs = seen.is_alive and seen.state != "measuring"
    word = "Go on" if seen.state == "paused" or seen.is_resumable else "Pause"
    return (
        gr.Button(word, interactive=runs or seen.is_resumable),
        gr.Button(interactive=seen.state == "paused"),
        gr.Button(interactive=runs or seen.state == "queued"),
        gr.Button(interactive=True),
    )


def _kept(director: Director, id: str, seen: Status, access: Access) -> str:
    if not seen.saved_step:
        return '<p class="sentence">There is no checkpoint yet.</p>'
    if not access.paths:
        return f'<p class="sentence">Both arms are kept as of step {seen.saved_step:,}.</p>'
    commands = "".join(
        f"<code>python train.py --resume {folder}</code><br>" for folder in director.arms(id)
    )
    return (
        f'<p class="sentence">Both arms are kept as of step {seen.saved_step:,}. They are '
        f"ordinary runs, in Ablation and for the command line:<br>{commands}</p>"
    )
