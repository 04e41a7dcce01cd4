"""The Models tab: what can be translated with, and a way to open more of it.

A model is opened by its name on the Hub, by upload, or by a path of this machine where the host
is the visitor. Knows Gradio; what a name means is `models`' business, the cards are in `cards`.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from ..core.config import ConfigError, Domains
from ..store import catalogue as models
from ..store import formats, hub
from ..store.checkpoints import CheckpointError
from . import cards
from .library import Library

POLL = 0.2
"""Seconds between two looks at a transfer."""


@dataclass(frozen=True)
class Access:
    """What a visitor may open besides what is there: Hub repos, and paths of this machine."""

    hub: bool = True
    paths: bool = False


UNSAID = 256
"""Pixels that a foreign file is taken to be trained at: the paper's."""

NOTHING = "Name a model, or choose a file."


def build(library: Library, access: Access, own: gr.State, open_in_translate: Callable) -> None:
    """Lay the tab out inside the current Blocks and wire it.

    own: titles that this visitor opened. open_in_translate(trigger, title) wires an event and a
    component that holds a title to the Translate tab.
    """
    offered = list(library.sets)
    with gr.Row(elem_id="opening", equal_height=False):
        with gr.Column(scale=1, min_width=280):
            name = gr.Textbox(
                label="A model by name",
                placeholder=_placeholder(access),
                elem_id="model-name",
                visible=access.hub or access.paths,
                max_lines=1,
            )
            files = gr.File(
                label="Or weight files: a model, or one a direction",
                file_count="multiple",
                file_types=list(formats.SUFFIXES),
                height=146,
                elem_id="model-files",
            )
        with gr.Column(scale=1, min_width=280):
            gr.Markdown(
                "Other people's weight files do not say what they show, nor at which size they "
                "were trained: say it here if you know. Files may have 2 GiB.",
                elem_classes="hint",
            )
            with gr.Row():
                x = gr.Textbox(label="X", placeholder="horse", min_width=80, max_lines=1)
                y = gr.Textbox(label="Y", placeholder="zebra", min_width=80, max_lines=1)
                size = gr.Number(UNSAID, label="Trained at, px", precision=0, min_width=80)
            with gr.Row():
                opening = gr.Button("Open", variant="primary", size="md", elem_id="open-model")
                cancel = gr.Button("Cancel", size="md", elem_id="cancel-model", interactive=False)
            status = gr.HTML("", elem_id="opening-status", apply_default_css=False)
    shelf = gr.HTML(
        cards.shelf(library, offered),
        elem_id="shelf",
        js_on_load=cards.CARD_CLICK,
        apply_default_css=False,
    )
    title = gr.State(None)
    stops: dict[str, threading.Event] = {}

    def on_open(
        name: str,
        files: list[str] | None,
        x: str,
        y: str,
        size: float | None,
        own: list[str],
        visit: gr.Request,
    ):
        busy = gr.Button(interactive=False), gr.Button(interactive=True)
        free = gr.Button(interactive=True), gr.Button(interactive=False)
        stop = stops[visit.session_hash] = threading.Event()
        try:
            domains = _domains(x, y)
            opened = None
            side = None if size in (None, UNSAID) else int(size)
            for state in _opened(library, access, name, files, domains, side, stop):
                if isinstance(state, str):
                    opened = state
                else:
                    yield gr.skip(), gr.skip(), cards.progress(*state), gr.skip(), *busy
        except (CheckpointError, ConfigError) as error:
            yield gr.skip(), gr.skip(), cards.failed(str(error)), gr.skip(), *free
            return
        finally:  # Also where the tab was closed meanwhile.
            stop.set()
            stops.pop(visit.session_hash, None)
        own = [title for title in own if title != opened] + [opened]
        shown = cards.shelf(library, offered + own)
        yield opened, own, cards.opened(library.sets[opened]), shown, *free

    def on_cancel(visit: gr.Request):
        # It only says so: what the page shows is the opening's business alone.
        if stop := stops.get(visit.session_hash):
            stop.set()

    outputs = [title, own, status, shelf, opening, cancel]
    gr.on(
        [opening.click, name.submit],
        on_open,
        [name, files, x, y, size, own],
        outputs,
        show_progress="hidden",
        concurrency_id="opening",
        concurrency_limit=4,
        api_visibility="private",
    )
    cancel.click(on_cancel, None, None, queue=False, api_visibility="private")

    def on_card(event: gr.EventData, own: list[str]) -> str | None:
        titles = offered + own
        index = int(event.index)
        return titles[index] if 0 <= index < len(titles) else None

    chosen = shelf.click(on_card, own, title, api_visibility="private")
    open_in_translate(chosen.success, title)


def _placeholder(access: Access) -> str:
    hub_name = "user/repo, user/repo@revision, user/repo:variant or :file"
    return f"{hub_name}, or a path" if access.paths else hub_name


def _domains(x: str, y: str) -> Domains | None:
    x, y = x.strip(), y.strip()
    if bool(x) != bool(y):
        raise ConfigError("Name both domains, or neither.")
    if max(len(x), len(y)) > 40:
        raise ConfigError("A domain's name may have 40 characters.")
    return Domains(x, y) if x else None


def _opened(
    library: Library,
    access: Access,
    name: str,
    files: list[str] | None,
    domains: Domains | None,
    size: int | None,
    stopped: threading.Event,
) -> Iterator[tuple[int, int] | str]:
    """(done, total) bytes while a transfer lasts, then the title of the model.

    The work is done in a thread, so that this generator can be stopped while it waits.
    """
    said: queue.SimpleQueue = queue.SimpleQueue()

    def work() -> None:
        try:
            progress = lambda done, total: said.put((done, total))  # noqa: E731
            model = _model(library, access, name, files, progress, stopped.is_set)
            said.put(model if isinstance(model, str) else library.add(model, domains, size))
        except Exception as error:  # Handed over: the generator raises it.
            said.put(error)

    threading.Thread(target=work, daemon=True).start()
    yield 0, 0
    while True:
        try:
            item = said.get(timeout=POLL)
            while isinstance(item, tuple) and not said.empty():
                item = said.get()
        except queue.Empty:
            continue
        if isinstance(item, Exception):
            raise item
        yield item
        if isinstance(item, str):
            return


def _model(
    library: Library,
    access: Access,
    name: str,
    files: list[str] | None,
    progress: hub.Progress,
    cancelled: Callable[[], bool],
) -> models.Model | str:
    """The model that a visitor means, or the title of one that is there already."""
    name = name.strip()
    if name in library.sets:
        return name
    if not name:
        if not files:
            raise CheckpointError(NOTHING)
        return _uploaded([Path(file) for file in files])
    if access.paths:
        return models.find(name, progress, cancelled, with_hub=access.hub)
    hub_name = hub.parse(name) if access.hub else None
    if hub_name is None:
        allowed = "a Hub name as user/repo, or " if access.hub else ""
        raise CheckpointError(
            f"{name} cannot be opened here. Give {allowed}a file, or choose one of: "
            f"{', '.join(library.sets)}."
        )
    return models.pull(hub_name, progress, cancelled)


def _uploaded(paths: list[Path]) -> models.Model:
    if len(paths) > 2:
        raise CheckpointError("A model is one file, or two: one a direction.")
    if len(paths) == 2:
        by_name = {path.name: path for path in paths}
        if (both := formats.pair(by_name)) is None:
            raise CheckpointError(
                f"Which of {' and '.join(by_name)} leads from X to Y? Name them like "
                "latest_net_G_A and latest_net_G_B, or G_AB and G_BA."
            )
        paths = [by_name[name] for name in both]
    # The upload's folder is named by the file's content: two visitors' files stay apart.
    mark = paths[0].parent.name[:6]
    title = f"{' + '.join(path.name for path in paths)} · {mark}"
    return models.Model(title, (models.Source(tuple(paths)),), paths[0].parent)
