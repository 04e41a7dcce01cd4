"""The Train tab: two arms learn side by side, in a process of their own, for all who look.

The page only asks and shows: whatever is known about a training lies in its folder, so that a
closed tab loses nothing and a second browser sees the same. What is asked is acknowledged at once,
by what waits in that folder, and looked for again when it is done. Layout first, wiring last; what
a look shows is in `looking`.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from .. import lessons
from ..core.config import ConfigError
from ..labs import publishing
from ..labs.live import Command, ControlError, Director, LiveSettings, Status
from ..lessons import DataError
from ..store import catalogue, checkpoints
from ..training.longer import AskForRateError
from . import cards, dozen, fed, guests, live_panels, recipe, staging
from .components import open_choice, save_file
from .hosting.desk import Desk
from .hosting.errors import inform
from .library import Library
from .looking import BOTH, BUTTONS, NONE_YET, PAUSE, SHOWN, START, Looks, instead, label
from .markup import absent, render, script

EVERY = 2.0
"""Seconds between two looks at a training."""

LOST = 15.0
"""Seconds after which an answer that has not come is given up. The browser asks nothing twice at a
time, so that one that is lost on its way (Gradio closes a stream of answers while the next question
is under way) would end all looks."""

PATIENCE = 5.0
"""Seconds for which it is looked whether the worker has done what was asked."""

NOT_HERE = render("train.not_here")
NO_CHECKPOINT = "There is no checkpoint of this training yet."


@dataclass(frozen=True)
class Parts:
    """Of this tab, what others may use.

    look_when, rest_when: wire the event of the tab's opening, and those of the others'.
    """

    look_when: Callable[[Callable], None]
    rest_when: Callable[[Callable], None]


def build(
    library: Library,
    director: Director | None,
    desk: Desk,
    visitor: gr.BrowserState,
    open_in_translate: Callable,
) -> Parts:
    """Lay the tab out inside the current Blocks and wire it.

    director: None where nothing may be trained. visitor, open_in_translate: as in the Models tab.
    """
    if director is None:
        gr.HTML(NOT_HERE, apply_default_css=False)
        return Parts(staging.recordings_alone(), lambda opened: None)
    # Downloads, and the checkpoints that were opened in Translate.
    copies = tempfile.TemporaryDirectory(prefix="cyclegan-trainings-")
    looks = Looks(director, desk)

    # Layout.
    timer, spare = gr.Timer(EVERY, active=False), gr.Timer(LOST, active=False)
    # What the page has been sent, which it says itself.
    marks = gr.Textbox(visible="hidden", label="What this page shows")
    title = gr.State(None)
    doomed = gr.State(None)
    with gr.Row(elem_id="training", equal_height=False):
        with gr.Column(scale=1, min_width=320, elem_id="live"):
            with gr.Column(visible=False, elem_id="as-fed") as fed_frame:
                fed_pictures = gr.HTML("", apply_default_css=False)
                put_away = gr.Button("Close", size="sm", min_width=84, scale=0)
            # What asks for something waits for the first look, which says of what.
            small = {"size": "sm", "min_width": 84, "scale": 1, "interactive": False}
            with gr.Row(elem_id="chooses"):
                chosen = open_choice(
                    gr.Dropdown(
                        [],
                        label="Training",
                        container=False,
                        min_width=160,
                        elem_id="chosen",
                        scale=3,
                    )
                )
                at_once = gr.Button(
                    START,
                    variant="primary",
                    size="md",
                    min_width=130,
                    scale=0,
                    elem_id="at-once",
                    visible=False,
                )
                with gr.Row(visible=False, elem_id="asks") as asks_row:
                    pause = gr.Button(PAUSE, elem_id="pause", **small)
                    step = gr.Button("One step", elem_id="step", **small)
                    stop = gr.Button("Stop and keep", elem_id="stop", **small)
                    discard = gr.Button("Discard", elem_id="discard", **small)
            with gr.Row(visible=False, elem_id="sure") as sure:
                asked = gr.HTML("", apply_default_css=False)
                keep = gr.Button("No, keep it", size="sm", min_width=110, scale=0)
                destroy = gr.Button(
                    "Discard it", size="sm", min_width=110, scale=0, elem_id="destroy"
                )
            state = gr.HTML(NONE_YET, elem_id="live-state", apply_default_css=False)
            sight = staging.lay_out()
            with gr.Accordion(
                "Change it while it runs", open=False, visible=False, elem_id="change"
            ) as change:
                weights = gr.HTML("", elem_id="weights", apply_default_css=False)
                with gr.Row(elem_classes="foot"):
                    what = open_choice(gr.Dropdown([], label="What", min_width=150))
                    whose = open_choice(
                        gr.Dropdown([BOTH], value=BOTH[1], label="Whose", min_width=150)
                    )
                    value = gr.Number(
                        0, label="New value (weight 0: off)", min_width=130, elem_id="value"
                    )
                    medium = {"size": "md", "min_width": 90, "interactive": False}
                    apply = gr.Button("Apply", elem_id="apply", **medium)
            with gr.Accordion("What came of it", open=False, visible=False, elem_id="kept") as came:
                kept_as = gr.HTML("", elem_id="kept-as", apply_default_css=False)
                with gr.Row():
                    use = gr.Button("Translate with it", elem_id="use", **small)
                    take = gr.Button("Download", elem_id="take", **small)
                file = gr.DownloadButton(visible="hidden", elem_id="archive")
                with gr.Row(elem_classes="foot"):
                    until = gr.Number(
                        0, label="Train on to step", precision=0, min_width=130, elem_id="until"
                    )
                    then_rate = gr.Number(
                        0, label="At the rate (0: as it is)", min_width=130, elem_id="then-rate"
                    )
                    lengthen = gr.Button("Train on", elem_id="longer", **medium)
                with gr.Column(visible=desk.house.hub):
                    gr.Markdown(
                        "Publish on the Hub, by a token of yours with the right to write; it is "
                        "used once and not kept. Weights, settings and figures of both arms are "
                        "uploaded, none of the data.",
                        elem_classes="hint",
                    )
                    with gr.Row(elem_classes="foot"):
                        repo = gr.Textbox(
                            label="Publish as",
                            placeholder="user/repo",
                            max_lines=1,
                            min_width=130,
                            elem_id="publish-as",
                        )
                        token = gr.Textbox(
                            label="Your Hub token",
                            type="password",
                            max_lines=1,
                            min_width=130,
                            elem_id="token",
                        )
                        private = gr.Checkbox(True, label="private", min_width=130)
                        publish = gr.Button("Publish", elem_id="publish", **medium)
                published = gr.HTML("", elem_id="published", apply_default_css=False)
        with gr.Column(scale=0, min_width=272, elem_id="recipe"):
            form = recipe.Form(desk)
            twelve = gr.HTML("", elem_id="twelve", apply_default_css=False)
            preview = gr.Button("Show what it will be fed", size="md", elem_id="preview")
            start = gr.Button(START, variant="primary", size="md", elem_id="start")
            problem = gr.HTML("", elem_id="problem", apply_default_css=False)

    # Wiring.
    drawn = {"chosen": chosen, "state": state, "whose": whose, **sight}
    drawn |= {"at_once": at_once, "asks": asks_row, "change": change, "came": came}
    drawn |= {"what": what, "weights": weights, "kept": kept_as, "start": start}
    drawn |= {"pause": pause, "step": step, "stop": stop, "discard": discard, "apply": apply}
    drawn |= {"use": use, "take": take, "longer": lengthen, "publish": publish}
    looked = [*(drawn[name] for name in (*SHOWN, *BUTTONS)), marks]

    def look(
        visit: gr.Request, id: str | None, wanted: str | None, had: str, key: str | None, data: str
    ):
        director.expect()
        return looks.look(desk.who(key, visit), id, wanted, had, data)

    def on_start(visit: gr.Request, key, *values, progress=gr.Progress()):  # noqa: B008
        who = desk.who(key, visit)
        try:
            desk.check("started", visit)
            with desk.one_at_a_time(who, "starting a training"):
                settings, fill = form.read(values, progress)
                id = director.start(settings, fill and telling(fill, settings), owner=who)
        except Exception as error:
            return gr.skip(), cards.failed(desk.teller.sentence(error))
        return gr.Dropdown(choices=[(label(id, director.status(id)), id)], value=id), ""

    def on_preview(visit: gr.Request, key, *values, progress=gr.Progress()):  # noqa: B008
        who = desk.who(key, visit)
        try:
            desk.check("started", visit)
            with desk.one_at_a_time(who, "looking at what it will be fed"):
                html = fed.look(*form.read(values, progress), director.limits)
        except Exception as error:
            return gr.Column(visible=False), "", cards.failed(desk.teller.sentence(error))
        return gr.Column(visible=True), html, ""

    def on_feeding(*values):
        try:
            settings, fill = form.read(values, lambda *_, **__: None)
            if fill:  # Taken in when it is asked for, and not at every letter.
                called = lessons.of(settings.base).medium.called
                return render("train.twelve_later", called=called)
            director.limits.check(settings)
            return dozen.look(settings)
        except ConfigError:  # Half typed.
            return gr.skip()
        except DataError as error:
            return absent(str(error))

    def ask(do: Callable[..., Command | None]) -> Callable:
        """A handler that asks for something, and waits for nothing."""

        def handler(visit: gr.Request, key: str | None, id: str | None, *more):
            if id is None:
                return
            looks.check_hand(desk.who(key, visit), id)
            if command := do(id, *more):
                director.command(id, command)

        return handler

    def wait(id: str | None) -> None:
        """Until the worker has done what was asked, or patience ends: the next look will tell."""
        ends = time.monotonic() + PATIENCE
        while isinstance(id, str) and director.pending(id) and time.monotonic() < ends:
            time.sleep(0.05)

    def on_pause(id: str, word: str) -> Command | None:
        # By the word that was clicked: the training may have gone on since.
        if word == PAUSE:
            return Command("pause")
        if director.status(id).is_resumable:
            director.resume(id)
            return None
        return Command("continue")

    def on_apply(id: str, name: str, arm: int, value: float | None) -> Command:
        whose = None if arm == BOTH[1] else arm
        return Command("set", name, recipe.number(value, "The new value"), whose)

    def on_longer(id: str, until: float | None, rate: float | None) -> None:
        steps = int(recipe.number(until, "The step to train on to"))
        try:
            director.lengthen(id, steps, recipe.number(rate, "The rate") or None)
        except AskForRateError as error:
            raise ControlError(f"{error} Fill in the rate.") from error

    def on_discard(visit: gr.Request, key: str | None, id: str | None):
        seen = looks.check_hand(desk.who(key, visit), id)
        return id, render("train.question", label=label(id, seen)), gr.Row(visible=True)

    def on_destroy(visit: gr.Request, key: str | None, id: str | None):
        ask(lambda id: director.discard(id))(visit, key, id)
        return None, gr.Row(visible=False)

    def kept(who: str, id: str | None) -> Status:
        """The status of a training with a checkpoint; raises ControlError for others."""
        seen = looks.check_sight(who, id)
        if not seen.saved_step:
            raise ControlError(NO_CHECKPOINT)
        return seen

    def on_use(visit: gr.Request, key: str | None, id: str | None):
        who = desk.who(key, visit)
        seen = kept(who, id)
        # A copy, as the training may go on, or be discarded.
        folder = Path(copies.name) / f"{id}-{seen.saved_step}"
        for arm in director.arms(id):
            if not (folder / arm.name).exists():
                _copy(arm, folder / arm.name)
        sources = tuple(catalogue.Source((folder / arm.name,)) for arm in director.arms(id))
        name = f"trained here: {id}, step {seen.saved_step:,}"
        opened = library.add(catalogue.Model(name, sources, folder))
        guests.keep(library, desk, who, opened)
        return opened

    def on_take(visit: gr.Request, key: str | None, id: str | None):
        kept(desk.who(key, visit), id)
        return str(director.archive(id, Path(copies.name) / f"{id}.zip"))

    def on_publish(
        visit: gr.Request, key: str | None, id: str | None, repo: str, token: str, private: bool
    ):
        who = desk.who(key, visit)
        try:
            looks.check_hand(who, id)
            kept(who, id)
            if not repo.strip():
                raise ControlError("Publishing needs a name, as in user/repo.")
            if not token.strip():  # Without one the client would take the host's own.
                raise ControlError("Publishing needs a token of yours, with the right to write.")
            address = publishing.push(
                director.folder(id), repo.strip(), private, token=token.strip()
            )
        except Exception as error:
            return cards.failed(desk.teller.sentence(error)), gr.skip()
        return render("train.published", address=address), ""

    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    shown_of = [chosen, sight["term"], marks, visitor, form.data]
    seeing = {"fn": look, "inputs": shown_of, "outputs": looked, **quiet}
    all_looks = [timer.tick(**seeing)]
    # The last choice counts, whatever is under way.
    all_looks.append(
        gr.on([chosen.input, sight["term"].input], **seeing, trigger_mode="always_last")
    )
    chosen.input(lambda: (gr.Row(visible=False), ""), None, [sure, published], **quiet)
    # A recording gives way to that of the lesson that is chosen.
    all_looks.append(form.data.input(instead, [chosen, form.data], chosen, **quiet).then(**seeing))

    def then_look(asked: gr.events.Dependency) -> None:
        """Look at once, which shows what was asked for, and again when it is done."""
        acknowledged = asked.success(**seeing)
        waited = acknowledged.success(wait, chosen, None, concurrency_limit=32, **quiet)
        all_looks.extend((acknowledged, waited, waited.success(**seeing)))

    previewed = preview.click(
        on_preview,
        [visitor, *form.inputs],
        [fed_frame, fed_pictures, problem],
        show_progress_on=problem,
        concurrency_limit=4,
        api_visibility="private",
    )
    drawing = {"fn": on_feeding, "inputs": form.inputs, "outputs": twelve, **quiet}
    fed_otherwise = [component.change for component in form.feeding]
    gr.on(fed_otherwise, **drawing, trigger_mode="always_last")
    # Of other settings it would not be true any more.
    changed = [component.change for component in form.inputs]
    gr.on(
        [put_away.click, start.click, at_once.click, *changed],
        None,
        None,
        fed_frame,
        js=script("hide"),
        **quiet,
    )
    started = gr.on(
        [start.click, at_once.click],
        on_start,
        [visitor, *form.inputs],
        [chosen, problem],
        show_progress_on=problem,
        concurrency_limit=4,
        api_visibility="private",
    )
    all_looks.append(started.success(**seeing))
    for event in (previewed, started):  # On a phone it lies below the form.
        event.success(None, js=script("show"), **quiet)
    asks = [
        (pause, on_pause, [pause]),
        (step, lambda id: Command("step"), []),
        (stop, lambda id: Command("stop"), []),
        (apply, on_apply, [what, whose, value]),
        (lengthen, on_longer, [until, then_rate]),
    ]
    for button, do, more in asks:
        # Each click counts, also while one of them is on its way.
        clicked = {"trigger_mode": "multiple", **quiet}
        then_look(button.click(ask(do), [visitor, chosen, *more], None, **clicked))
    discard.click(on_discard, [visitor, chosen], [doomed, asked, sure], **quiet)
    keep.click(lambda: gr.Row(visible=False), None, sure, **quiet)
    then_look(destroy.click(on_destroy, [visitor, doomed], [doomed, sure], **quiet))
    used = use.click(on_use, [visitor, chosen], title, api_visibility="private")
    open_in_translate(used.success, title)
    take.click(on_take, [visitor, chosen], file, api_visibility="private").success(
        None, js=save_file("archive"), api_visibility="private"
    )
    publish.click(
        on_publish,
        [visitor, chosen, repo, token, private],
        [published, token],
        show_progress_on=published,
        api_visibility="private",
    )

    def switch(is_on: bool) -> dict:
        """Wiring that turns the timers by script: answers to two clicks may overtake each other."""
        return {
            "outputs": [timer, spare],
            "js": script("timers").replace("IS_ON", str(is_on).lower()),
        }

    def look_when(opened: Callable) -> None:
        opened(None, **switch(True), **quiet)
        all_looks.append(opened(**seeing))
        opened(**drawing)
        # By script alone, so that it waits for no answer itself.
        spare.tick(None, cancels=all_looks, **quiet)

    def rest_when(opened: Callable) -> None:
        opened(None, **switch(False), **quiet)

    return Parts(look_when, rest_when)


def telling(fill: recipe.Fill, settings: LiveSettings) -> recipe.Fill:
    """The same, which says what became of a visitor's files."""

    def told(target: Path) -> recipe.Taken:
        taken = fill(target)
        inform(taken.sentence, live_panels.capital(f"{lessons.of(settings.base).medium.called}s"))
        return taken

    return told


def _copy(arm: Path, target: Path) -> None:
    """A checkpoint's files, in one move."""
    new = Path(tempfile.mkdtemp(dir=_made(target.parent)))
    for name in (checkpoints.CONFIG, checkpoints.WEIGHTS, checkpoints.METRICS):
        if (arm / name).exists():
            shutil.copy(arm / name, new / name)
    new.rename(target)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
