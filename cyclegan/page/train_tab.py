"""The Train tab: two arms learn side by side, in a process of their own, for all who look.

The page only asks and shows: whatever is known about a training lies in its folder, so that a
closed tab loses nothing and a second browser sees the same. Layout first, wiring last.
"""

import shlex
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from ..labs import publishing
from ..labs.live import Command, ControlError, Director, LiveSettings, Status, control
from ..store import catalogue, checkpoints
from ..store.checkpoints import CheckpointError
from . import cards, guests, live_panels, recipe
from .components import open_choice, save_file
from .hosting.desk import Desk
from .hosting.errors import inform
from .hosting.house import House
from .library import Library
from .markup import absent, render

EVERY = 2.0
"""Seconds between two looks at a training."""

PATIENCE = 2.0
"""Seconds that a click waits for the worker, so that the page shows at once what was asked."""

PAUSE, GO_ON = "Pause", "Go on"
BOTH = "both arms"

NOT_HERE = render("train.not_here")
NONE_YET = absent(
    "Press Start: the same networks begin twice from the same weights and see the same pictures in "
    "the same order; only the objective differs. The first pictures come within seconds, the "
    "difference within minutes."
)
NO_CHECKPOINT = "There is no checkpoint of this training yet."


@dataclass(frozen=True)
class Parts:
    """Of this tab, what others may use.

    look_when: wires the event of the tab's opening. timer: looks while the tab is open.
    """

    look_when: Callable[[Callable], None]
    timer: gr.Timer


@dataclass(frozen=True)
class Drawn:
    """What a page shows now, so that it is not sent again: least of all a list in use."""

    key: tuple
    listed: list[tuple[str, str]]
    terms: list[tuple[str, str]]
    names: list[tuple[str, int]]
    changeable: list[tuple[str, str]]


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
        return Parts(lambda opened: None, gr.Timer(EVERY, active=False))
    # Downloads, and the checkpoints that were opened in Translate.
    copies = tempfile.TemporaryDirectory(prefix="cyclegan-trainings-")
    access = desk.house

    # Layout.
    timer = gr.Timer(EVERY, active=False)
    drawn = gr.State(None)
    title = gr.State(None)
    doomed = gr.State(None)
    with gr.Row(elem_id="training", equal_height=False):
        with gr.Column(scale=0, min_width=272, elem_id="recipe"):
            form = recipe.Form(desk)
            start = gr.Button("Start", variant="primary", size="md", elem_id="start")
            problem = gr.HTML("", elem_id="problem", apply_default_css=False)
        with gr.Column(scale=1, min_width=320, elem_id="live"):
            with gr.Row(elem_id="asks"):
                # Any value: a look may be on its way with one that has just gone from the list.
                anything = {"allow_custom_value": True}
                chosen = gr.Dropdown(
                    [],
                    label="Training",
                    container=False,
                    min_width=300,
                    elem_id="chosen",
                    scale=3,
                    **anything,
                )
                small = {"size": "sm", "min_width": 84, "scale": 1, "interactive": False}
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
            with gr.Row(elem_id="sight", equal_height=False):
                frame = gr.HTML("", elem_id="live-pictures", apply_default_css=False)
                with gr.Column(min_width=210, elem_id="curves"):
                    charts = gr.HTML("", elem_id="live-charts", apply_default_css=False)
                    term = gr.Dropdown(
                        [], label="Last chart: a term", elem_id="term", visible=False, **anything
                    )
            with gr.Accordion("Change it while it runs", open=False, elem_id="change"):
                weights = gr.HTML("", elem_id="weights", apply_default_css=False)
                with gr.Row(elem_classes="foot"):
                    what = open_choice(gr.Dropdown([], label="What", min_width=150))
                    whose = open_choice(
                        gr.Dropdown([(BOTH, -1)], value=-1, label="Whose", min_width=150)
                    )
                    value = gr.Number(
                        0, label="New value (weight 0: off)", min_width=130, elem_id="value"
                    )
                    apply = gr.Button("Apply", size="md", min_width=90, elem_id="apply")
            with gr.Accordion("What came of it", open=False, elem_id="kept"):
                kept_as = gr.HTML("", elem_id="kept-as", apply_default_css=False)
                with gr.Row():
                    use = gr.Button("Translate with it", size="sm", elem_id="use")
                    take = gr.Button("Download", size="sm", elem_id="take")
                file = gr.DownloadButton(visible="hidden", elem_id="archive")
                with gr.Column(visible=access.hub):
                    gr.Markdown(
                        "Publish on the Hub, by a token of yours with the right to write; it is "
                        "used once and not kept. Weights, settings and figures of both arms are "
                        "uploaded, no pictures.",
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
                        publish = gr.Button("Publish", size="md", min_width=90, elem_id="publish")
                published = gr.HTML("", elem_id="published", apply_default_css=False)

    # Wiring.
    buttons = [pause, step, stop, discard, apply, use, take, publish]
    looked = [chosen, state, frame, charts, term, whose, what, weights, kept_as, drawn, *buttons]

    def seen_by(who: str) -> dict[str, Status]:
        """The trainings that a visitor sees: their own, or all of them."""
        if access.is_class or desk.visitors.is_host(who):
            return director.all()
        return director.of(who) if who else {}

    def may_steer(who: str, id: str) -> bool:
        return desk.visitors.may_steer(who, director.owner(id))

    def check_sight(who: str, id: str | None) -> Status:
        """Raises ControlError for a training that this visitor does not see."""
        seen = seen_by(who).get(id) if isinstance(id, str) else None
        if seen is None:
            gone = director.gone(id) if isinstance(id, str) else ""
            raise ControlError(gone or "There is no such training here any more.")
        return seen

    def check_hand(who: str, id: str | None) -> Status:
        """Raises ControlError for a training that is another's to steer."""
        seen = check_sight(who, id)
        if not may_steer(who, id):
            raise ControlError("This training is steered by whoever started it.")
        return seen

    def look(
        visit: gr.Request, id: str | None, wanted: str | None, before: Drawn | None, key: str | None
    ):
        """Everything that shows a training, or nothing where nothing has changed."""
        who = desk.who(key, visit)
        known = seen_by(who)
        id, wanted = (given if isinstance(given, str) else None for given in (id, wanted))
        given = id
        if id is not None and id not in known and (said := director.gone(id)):
            inform(said, "Removed")
        if id not in known:
            alive = [i for i, seen in known.items() if seen.is_alive or seen.state == "queued"]
            id = next(iter([*alive, *known]), None)
        if id is None:
            if before is None and given is None:
                return (gr.skip(),) * len(looked)
            return _nothing()
        seen = known[id]
        listed = [(_label(i, s), i) for i, s in known.items()]
        mark = (id, wanted, seen.written, seen.state, listed)
        if before and mark == before.key:
            return (gr.skip(),) * len(looked)
        try:
            settings, logs = director.settings(id), director.curves(id)
            pictures = director.frame(id)
        except (ControlError, CheckpointError, OSError):
            if seen.state != "damaged":  # Discarded since, by somebody else.
                return (gr.skip(),) * len(looked)
            now = Drawn(mark, listed, [], [], [])
            return _damaged(now, before, id, given, seen, may_steer(who, id))
        terms = live_panels.choices(logs, settings)
        if wanted not in [name for _, name in terms]:
            wanted = terms[0][1] if terms else None
        names = [(BOTH, -1), *((arm.name, i) for i, arm in enumerate(settings.arms))]
        now = Drawn(mark, listed, terms, names, live_panels.changeable(settings))
        return (
            _listing(now.listed, before and before.listed, id, given),
            live_panels.status(seen, settings),
            live_panels.frame(pictures, settings),
            live_panels.charts(logs, settings, seen.changes, wanted),
            _terms(now.terms, before and before.terms, wanted),
            gr.skip() if before and names == before.names else gr.Dropdown(choices=names, value=-1),
            gr.skip() if before and now.changeable == before.changeable else _what(settings),
            live_panels.weights(settings, seen.changes),
            _kept(director, id, seen, access),
            now,
            *_buttons(seen, may_steer(who, id)),
        )

    def on_start(visit: gr.Request, key, *values, progress=gr.Progress()):  # noqa: B008
        who = desk.who(key, visit)
        try:
            desk.check("started", visit)
            with desk.one_at_a_time(who, "starting a training"):
                id = director.start(*form.read(values, progress), owner=who)
        except Exception as error:
            return gr.skip(), cards.failed(desk.teller.sentence(error))
        return gr.Dropdown(choices=[(id, id)], value=id), ""

    def ask(do: Callable[..., Command | None]) -> Callable:
        """A handler that asks for something, and waits a moment until it is done."""

        def handler(visit: gr.Request, key: str | None, id: str | None, *more):
            if id is None:
                return
            before = check_hand(desk.who(key, visit), id)
            command = do(id, *more)
            if command:
                director.command(id, command)
                _await(director, id, command, before)

        return handler

    def on_pause(id: str, word: str) -> Command | None:
        # By the word that was clicked: the training may have gone on since.
        if word == PAUSE:
            return Command("pause")
        if director.status(id).is_resumable:
            director.resume(id)
            return None
        return Command("continue")

    def on_apply(id: str, name: str, arm: int, value: float | None) -> Command:
        return Command("set", name, recipe.number(value, "The new value"), None if arm < 0 else arm)

    def on_discard(visit: gr.Request, key: str | None, id: str | None):
        seen = check_hand(desk.who(key, visit), id)
        label = _label(id, seen)
        return id, render("train.question", label=label), gr.Row(visible=bool(label))

    def on_destroy(visit: gr.Request, key: str | None, id: str | None):
        ask(lambda id: director.discard(id))(visit, key, id)
        ends = time.monotonic() + PATIENCE
        while id in director.all() and time.monotonic() < ends:
            time.sleep(0.05)
        return None, gr.Row(visible=False)

    def kept(who: str, id: str | None) -> Status:
        """The status of a training with a checkpoint; raises ControlError for others."""
        seen = check_sight(who, id)
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
            check_hand(who, id)
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
    seeing = {"fn": look, "inputs": [chosen, term, drawn, visitor], "outputs": looked, **quiet}
    timer.tick(**seeing)
    # The last choice counts, whatever is under way.
    gr.on([chosen.input, term.input], **seeing, trigger_mode="always_last")
    chosen.input(lambda: (gr.Row(visible=False), ""), None, [sure, published], **quiet)
    start.click(
        on_start,
        [visitor, *form.inputs],
        [chosen, problem],
        show_progress_on=problem,
        concurrency_limit=4,
        api_visibility="private",
    ).success(**seeing)
    asks = [
        (pause, on_pause, [pause]),
        (step, lambda id: Command("step"), []),
        (stop, lambda id: Command("stop"), []),
        (apply, on_apply, [what, whose, value]),
    ]
    for button, do, more in asks:
        button.click(ask(do), [visitor, chosen, *more], None, **quiet).success(**seeing)
    discard.click(on_discard, [visitor, chosen], [doomed, asked, sure], **quiet)
    keep.click(lambda: gr.Row(visible=False), None, sure, **quiet)
    destroy.click(on_destroy, [visitor, doomed], [doomed, sure], **quiet).success(**seeing)
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

    def look_when(opened: Callable) -> None:
        opened(lambda: gr.Timer(active=True), None, timer, **quiet)
        opened(**seeing)

    return Parts(look_when, timer)


def _nothing() -> tuple:
    """What the page shows without any training."""
    return (
        gr.Dropdown(choices=[], value=None),
        *(NONE_YET, "", ""),
        gr.Dropdown(choices=[], value=None, visible=False),
        *(gr.skip(), gr.skip(), "", "", None),
        *_buttons(None),
    )


def _damaged(
    now: Drawn, before: Drawn | None, id: str, given: str | None, seen: Status, steers: bool
) -> tuple:
    """A training whose settings cannot be read: what is wrong, and that it can be discarded."""
    return (
        _listing(now.listed, before and before.listed, id, given),
        cards.failed(seen.sentence),
        *("", "", gr.Dropdown(choices=[], value=None, visible=False)),
        *(gr.skip(), gr.skip(), "", "", now),
        *_buttons(seen, steers),
    )


def _listing(listed: list, before: list | None, id: str, given: str | None):
    """The list of trainings; a choice that stands is left alone, it may be changing just now."""
    if id != given:
        return gr.Dropdown(choices=listed, value=id)
    return gr.skip() if listed == before else gr.Dropdown(choices=listed)


def _terms(terms: list, before: list | None, wanted: str | None):
    if terms == before:
        return gr.skip()
    return gr.Dropdown(choices=terms, value=wanted, visible=bool(terms))


def _what(settings: LiveSettings):
    """What can be changed; at first that by which the arms differ."""
    listed = live_panels.changeable(settings)
    a, b = (arm.objective for arm in settings.arms)
    differ = [name for _, name in listed if getattr(a, name, None) != getattr(b, name, None)]
    return gr.Dropdown(choices=listed, value=next(iter(differ), listed[0][1]))


def _label(id: str, seen: Status) -> str:
    place = f", place {seen.place}" if seen.place else ""
    # "2026-11-22-0541-horses-3f2a": the day is not what tells trainings apart.
    time, name = f"{id[11:13]}:{id[13:15]}", id[16:]
    return f"{time} {name} · {live_panels.STATES.get(seen.state, seen.state).lower()}{place}"


def _buttons(seen: Status | None, steers: bool = False) -> tuple:
    """Pause, one step, stop, discard, apply, use, take, publish: as they make sense now."""
    if seen is None:
        return tuple(gr.Button(interactive=False) for _ in range(8))
    runs = seen.is_alive and seen.state != "measuring" and steers
    rests = seen.is_resumable and steers
    word = GO_ON if seen.state == "paused" or seen.is_resumable else PAUSE
    kept = bool(seen.saved_step)
    return (
        gr.Button(word, interactive=runs or rests),
        gr.Button(interactive=seen.state == "paused" and steers),
        gr.Button(interactive=runs or (seen.state == "queued" and steers)),
        gr.Button(interactive=steers),
        gr.Button(interactive=runs),
        *(gr.Button(interactive=kept) for _ in range(2)),
        gr.Button(interactive=kept and steers),
    )


def _await(director: Director, id: str, command: Command, before: Status) -> None:
    """Until the worker has done what was asked, or patience ends: the next look will tell."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        waiting = control.pending(director.folder(id))
        stepping = command.do == "step" and director.status(id).step == before.step
        if not waiting and not stepping:
            return
        time.sleep(0.05)


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


def _kept(director: Director, id: str, seen: Status, access: House) -> str:
    if not seen.saved_step:
        return render("train.kept", sentence="There is no checkpoint yet.", folders=())
    folders = [shlex.quote(str(folder)) for folder in director.arms(id)] if access.private else ()
    sentence = f"Both arms are kept as of step {seen.saved_step:,}."
    return render("train.kept", sentence=sentence, folders=folders)
