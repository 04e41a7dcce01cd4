"""The Models tab: what can be translated with, and a way to open more of it.

A model is opened by its name on the Hub, by upload, or by a path of this machine where the host
is the visitor. Knows Gradio; what a name means is `models`' business, the cards are in `cards`.
"""

import queue
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from ..core.config import LARGEST, ConfigError, Domains
from ..store import catalogue as models
from ..store import formats, hub
from ..store.checkpoints import CheckpointError
from ..store.opening import MAX_BYTES
from . import cards, guests
from .components import CHOOSE, index_of
from .hosting import disk
from .hosting.desk import Desk
from .hosting.house import House
from .library import Library

POLL = 0.2
"""Seconds between two looks at a transfer."""

NOTHING = "Name a model, or choose a file."


@dataclass(frozen=True)
class Parts:
    """Of this tab, what others may use. shelf: the cards; of_visitor: markup of what one has."""

    shelf: gr.HTML
    of_visitor: Callable[[str], str]


def build(
    library: Library, desk: Desk, visitor: gr.BrowserState, open_in_translate: Callable
) -> Parts:
    """Lay the tab out inside the current Blocks and wire it.

    visitor: holds their key. open_in_translate(trigger, title) wires an event and a component that
    holds a set's key to the Translate tab.
    """
    offered, access = library.offered, desk.house
    with gr.Row(elem_id="opening", equal_height=False):
        with gr.Column(scale=1, min_width=280):
            name = gr.Textbox(
                label="A model by name",
                placeholder=_placeholder(access),
                elem_id="model-name",
                visible=access.hub or access.private,
                max_lines=1,
            )
            files = gr.File(
                label="Or weight files: a model, or one a direction",
                file_count="multiple",
                file_types=[*formats.SUFFIXES, ".tar"],  # Browsers know the last ending alone.
                height=146,
                elem_id="model-files",
            )
        with gr.Column(scale=1, min_width=280):
            gr.Markdown(
                "Other people's weight files do not say what they show, nor at which size they "
                "were trained: say it here if you know. Left empty, the size is taken to be the "
                f"paper's, {formats.UNSAID} pixels. Files may have {MAX_BYTES >> 30} GiB at most.",
                elem_classes="hint",
            )
            with gr.Row():
                x = gr.Textbox(label="X", placeholder="horse", min_width=80, max_lines=1)
                y = gr.Textbox(label="Y", placeholder="zebra", min_width=80, max_lines=1)
                # No field of numbers: the library shows an empty one as 0.
                size = gr.Textbox(
                    label="Trained at, px", placeholder="not said", min_width=80, max_lines=1
                )
            with gr.Row():
                opening = gr.Button("Open", variant="primary", size="md", elem_id="open-model")
                cancel = gr.Button("Cancel", size="md", elem_id="cancel-model", interactive=False)
            status = gr.HTML("", elem_id="opening-status", apply_default_css=False)
    shelf = gr.HTML(
        cards.shelf(library, offered),
        elem_id="shelf",
        js_on_load=CHOOSE,
        apply_default_css=False,
    )
    title = gr.State(None)
    stops: dict[str, threading.Event] = {}

    def shelf_of(who: str) -> str:
        return cards.shelf(library, guests.seen_by(library, desk, who))

    def on_open(
        name: str,
        files: list[str] | None,
        x: str,
        y: str,
        size: str,
        key: str | None,
        visit: gr.Request,
    ):
        who = desk.who(key, visit)
        busy = gr.Button(interactive=False), gr.Button(interactive=True)
        free = gr.Button(interactive=True), gr.Button(interactive=False)
        said = (gr.skip(),) * 3
        stop = stops[visit.session_hash] = threading.Event()
        try:
            domains = _domains(x, y)
            opened = None
            side = _side(size)
            desk.check("opened", visit)
            with desk.one_at_a_time(who, "opening a model"):
                for state in _opened(library, desk, name, files, domains, side, stop):
                    if isinstance(state, str):
                        opened = state
                    else:
                        yield gr.skip(), cards.progress(*state), gr.skip(), *busy, *said
            guests.keep(library, desk, who, opened)
        except Exception as error:  # Whatever it was, the buttons come back.
            yield gr.skip(), cards.failed(desk.teller.sentence(error)), gr.skip(), *free, *said
            return
        finally:  # Also where the tab was closed meanwhile.
            stop.set()
            stops.pop(visit.session_hash, None)
        # What was said of this model is not true of the next.
        yield opened, cards.opened(library.sets[opened]), shelf_of(who), *free, "", "", ""

    def on_cancel(visit: gr.Request):
        # It only says so: what the page shows is the opening's business alone.
        if stop := stops.get(visit.session_hash):
            stop.set()

    outputs = [title, status, shelf, opening, cancel, x, y, size]
    gr.on(
        [opening.click, name.submit],
        on_open,
        [name, files, x, y, size, visitor],
        outputs,
        show_progress="hidden",
        concurrency_id="opening",
        concurrency_limit=4,
        api_visibility="private",
    )
    cancel.click(on_cancel, None, None, queue=False, api_visibility="private")

    def on_card(event: gr.EventData, key: str | None, visit: gr.Request) -> str | None:
        titles = guests.seen_by(library, desk, desk.who(key, visit))
        return titles[index_of(event, len(titles))]

    chosen = shelf.click(on_card, visitor, title, api_visibility="private")
    open_in_translate(chosen.success, title)
    return Parts(shelf, shelf_of)


def _side(size: str | None) -> int | None:
    """None where nothing is said."""
    said = (size or "").strip()
    if not said:
        return None
    if not re.fullmatch("[0-9]{1,9}", said) or not 1 <= int(said) <= LARGEST:
        raise ConfigError(f"Trained at: a whole number of pixels from 1 to {LARGEST:,}.")
    return int(said)


def _placeholder(access: House) -> str:
    hub_name = "user/repo, user/repo@revision, user/repo:variant or :file"
    return f"{hub_name}, or a path" if access.private else hub_name


def _domains(x: str, y: str) -> Domains | None:
    x, y = x.strip(), y.strip()
    if bool(x) != bool(y):
        raise ConfigError("Name both domains, or neither.")
    if max(len(x), len(y)) > 40:
        raise ConfigError("A domain's name may have 40 characters.")
    return Domains(x, y) if x else None


def _opened(
    library: Library,
    desk: Desk,
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
            model = _model(library, desk, name, files, progress, stopped.is_set)
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
    desk: Desk,
    name: str,
    files: list[str] | None,
    progress: hub.Progress,
    cancelled: Callable[[], bool],
) -> models.Model | str:
    """The model that a visitor means, or the title of one that is there already."""
    name, access = (name or "").strip(), desk.house
    if name in library.offered:
        return name
    if not name:
        if not files:
            raise CheckpointError(NOTHING)
        return _uploaded([Path(file) for file in files])
    if access.private:
        return models.find(name, progress, cancelled, with_hub=access.hub)
    hub_name = hub.parse(name) if access.hub else None
    if hub_name is None:
        allowed = "a Hub name as user/repo, or " if access.hub else ""
        raise CheckpointError(
            f"This name cannot be opened here. Give {allowed}a file, or choose one of: "
            f"{', '.join(library.offered)}."
        )
    # Neither the host's login nor the host's cache is a visitor's.
    return models.pull(hub_name, progress, cancelled, hub.Visitor(desk.root / disk.PULLED))


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
