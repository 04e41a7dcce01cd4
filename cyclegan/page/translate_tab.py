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
from urllib.parse import parse_qsl

import gradio as gr
from PIL import Image

from ..core import containers, sheets
from ..core.config import Direction
from ..core.media import PICTURES
from ..inference.closer import Probe
from . import (
    address,
    closer_view,
    easel_view,
    guests,
    inside_view,
    ladder_view,
    noise,
    objective,
    panels,
    passing,
    recording_view,
    seeds,
)
from .answers import Answer, Answers, choose_one
from .compare import (
    Request,
    Within,
    hiding_place,
    look_closer,
    look_inside,
    opening,
    own_item,
    translate,
)
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
from .hosting.errors import RefusedError, inform
from .library import Library
from .markup import script
from .rungs import Climb, climb
from .sets import CheckpointSet
from .story import WHOLE, Place, Stories

ON_ITS_WAY = "Your {item} is on its way through the networks …"

LENS = f"{script('lens')}lens(element);"

FROM_NOISE = f"{{{script('noise')}}}{{{script('film')}}}"
"""What a result takes that is made of noise, each script for itself."""

SHEETS = 64
"""Downloads that lie ready; the oldest go first. Gradio serves a copy of its own."""


def direction_choices(set_: CheckpointSet) -> list[tuple[str, Direction]]:
    return [(set_.arrow(direction), direction) for direction in set_.directions]


def takes_pictures(set_: CheckpointSet) -> bool:
    """Whether a visitor's own picture can be translated."""
    return set_.lesson.medium is PICTURES and not set_.is_from_noise


def takes_recordings(set_: CheckpointSet) -> bool:
    """Whether what a visitor speaks can be."""
    return set_.lesson.medium.is_heard and containers.is_installed()


@dataclass(frozen=True)
class Parts:
    """Of this tab, what others may use.

    open_when: wires an event, and a component that holds a set's key, to the choice of that set.
    sets: the list of sets. choices: what a visitor may choose there. arrive: wires the event of a
    page's opening to what its address asks for. passed: holds the example that was chosen in one
    tab for another. keep_when: wires the event of this tab's opening to it.
    """

    open_when: Callable[[Callable, gr.State], None]
    sets: gr.Dropdown
    choices: Callable[[str], list[tuple[str, str]]]
    arrive: Callable[[Callable], None]
    passed: gr.State
    keep_when: Callable[[Callable], None]


def build(
    library: Library,
    on_device: Callable,
    desk: Desk,
    visitor: gr.BrowserState,
    tabs: gr.Tabs,
    bar: gr.HTML,
    stories: Stories,
) -> Parts:
    """Lay the tab out inside the current Blocks and wire it.

    on_device: wraps the one function that runs networks (`spaces.GPU` on a ZeroGPU Space).
    visitor: holds their key. tabs: where this tab has the id "translate". bar: of the
    stories.
    """
    downloads = tempfile.TemporaryDirectory(prefix="cyclegan-sheets-")
    titles = library.offered
    first = library.sets[titles[0]]
    at_opening = opening(titles[0], first)

    @on_device
    def work(request: Request, look: Probe | Within | Climb | None = None):
        if look is None:
            is_from_noise = library.sets[request.title].is_from_noise
            return (noise.look if is_from_noise else translate)(library, request)
        if isinstance(look, Climb):
            return climb(library, request)
        if isinstance(look, Within):
            return look_inside(library, request, look)
        return look_closer(library, request, look)

    def run(
        request: Request,
        visit: gr.Request,
        look: Probe | Within | Climb | None = None,
        check: Callable[[], None] = lambda: None,
    ):
        kind = "pictures" if request.example is None or look else "examples"
        kind = "drawn" if request.is_drawn and not look else kind
        kind = "guests" if library.is_guest(request.title) else kind
        desk.check_listens(visit)
        if request.path:  # Not in a thread of networks: whoever waits for these waits for no file.
            own_item(library, request)

        def still_wanted():
            desk.check_listens(visit)
            check()
            return work(request, look)

        return library.in_turn(kind, still_wanted, turn=desk.turn(visit))

    # The first result is made before there is a visitor, when a shared GPU is out of reach.
    answers = Answers(library)
    at_first = answers.ready(at_opening)
    if at_first is None:
        look = noise.look if first.is_from_noise else translate
        at_first = answers.draw(at_opening, look(library.on_cpu(), at_opening))

    # Layout.
    state, place, passed = gr.State(at_opening), gr.State(Place()), gr.State(None)
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
            recording = recording_view.build(takes_recordings(first))
            direction = open_choice(
                gr.Radio(
                    direction_choices(first),
                    value=at_opening.direction,
                    label="Direction",
                    elem_id="direction",
                )
            )
            rows = open_choice(
                gr.CheckboxGroup(
                    list(first.names),
                    value=list(at_opening.names),
                    label="Rows",
                    elem_id="rows",
                    visible=len(first.names) > 1,
                )
            )
            chosen_set = open_choice(
                gr.Dropdown(titles, value=titles[0], label="Lesson or model", elem_id="chosen-set")
            )
            download = gr.Button("Download as one picture", size="md", elem_id="download")
            file = gr.DownloadButton(visible="hidden", elem_id="file")
        with gr.Column(scale=1, min_width=320, elem_id="results"):
            with gr.Row(elem_id="choice"):
                thumbnails = gr.HTML(
                    at_first.thumbnails,
                    elem_id="examples",
                    js_on_load=CHOOSE,
                    apply_default_css=False,
                )
                seed = gr.HTML(
                    at_first.seeds, elem_id="seeds", js_on_load=CHOOSE, apply_default_css=False
                )
                easel_view.switch()
            terms = gr.HTML(
                at_first.objective,
                elem_id="sum",
                js_on_load=CHOOSE + script("parts") + script("opens"),
                apply_default_css=False,
            )
            heaps = gr.HTML("", elem_id="heaps", apply_default_css=False)
            drawing = easel_view.build(at_first.brushes)
            result = gr.HTML(
                at_first.result,
                elem_id="result",
                js_on_load=script("announce")
                + LENS
                + FROM_NOISE
                + script("hear")
                + "hear(element);",
                apply_default_css=False,
            )
            where = gr.HTML(
                address.markup(stories, at_opening, Place()),
                elem_id="address",
                js_on_load=script("address"),
                apply_default_css=False,
            )
    ladder_view.build(library, run, state, result, titles[0])
    closer = closer_view.build(library, run, state, takes_pictures(first))
    inside = inside_view.build(run, state, result, takes_pictures(first))
    opened, looked = closer.opened, closer.wished
    with gr.Accordion("The objective", open=False, elem_id="objective"):
        asks = gr.HTML(at_first.asks, apply_default_css=False)
    with gr.Accordion("What was measured", open=False, elem_id="measured"):
        measured = gr.HTML(at_first.measured, apply_default_css=False)

    # Wiring. Handlers answer by component; what an answer leaves out stays as it is.
    nothing = {upload: None, recording.given: None}
    fields = list(nothing)

    def told(now: Place) -> dict:
        return {place: now, bar: stories.bar(now), heaps: stories.heaps(now)}

    def sent(request: Request, answer: Answer, now: Place, is_open: bool) -> dict:
        look = {looked: wish()} if is_open else {}
        return look | {
            state: request,
            result: answer.result,
            thumbnails: answer.thumbnails,
            seed: answer.seeds,
            drawing.brushes: answer.brushes,
            terms: answer.objective,
            asks: answer.asks,
            measured: answer.measured,
            where: address.markup(stories, request, now),
        }

    def quickly(request: Request, now: Place, is_open: bool) -> dict:
        if answer := answers.ready(request):
            return sent(request, answer, now, is_open)
        return {state: request, (picture if request.example is None else example): wish()}

    def on_missing(is_open: bool, request: Request, now: Place, visit: gr.Request):
        # An example that was clicked meanwhile is there already.
        answer = answers.ready(request)
        answer = answer or answers.draw(request, run(request, visit))
        return sent(request, answer, now, is_open)

    def on_switch(is_open, old: Request, now: Place, direction: Direction, rows: list[str]):
        set_ = library.sets[old.title]
        direction = direction if direction in set_.directions else old.direction
        names = tuple(name for name in set_.names if name in rows)
        return quickly(replace(old, direction=direction, names=names), now, is_open)

    def on_term(event: gr.EventData, is_open, old: Request, now: Place):
        set_ = library.sets[old.title]
        switch = index_of(event, len(set_.switches))
        without = objective.toggled(set_, old.without, switch)
        return quickly(replace(old, without=without), now, is_open)

    def on_seed(event: gr.EventData, is_open, old: Request, now: Place):
        set_ = library.sets[old.title]
        button = index_of(event, len(set_.seeds(old.without, old.names)) + 1)
        return quickly(seeds.clicked(set_, old, button), now, is_open)

    def turned(request: Request, now: Place, is_open: bool) -> dict:
        """All that depends on the set."""
        set_ = library.sets[request.title]
        names = list(set_.names)
        return quickly(request, now, is_open) | {
            direction: gr.Radio(choices=direction_choices(set_), value=request.direction),
            rows: gr.CheckboxGroup(
                choices=names, value=list(request.names), visible=len(names) > 1
            ),
            uploads: gr.Column(visible=takes_pictures(set_)),
            recording.frame: gr.Column(visible=takes_recordings(set_)),
            closer.frame: gr.Accordion(visible=takes_pictures(set_)),
            inside: gr.Accordion(visible=takes_pictures(set_)),
        }

    def on_set(is_open: bool, old: Request, now: Place, title: str):
        set_ = library.sets[title]
        request, now = opening(title, set_), stories.chosen(title, now)
        known = {switch.name for switch in set_.switches}
        if old.without and old.without <= known and set_.lacking(old.without):
            request = replace(request, without=old.without)
        # Another set has other examples, but a visitor's own picture stays, not drawn on.
        path = old.path.path if old.is_drawn else old.path
        medium = library.sets[old.title].lesson.medium
        if path and set_.lesson.medium is medium and not set_.is_from_noise:
            request = replace(request, example=None, path=path)
        return turned(request, now, is_open) | told(now)

    def on_step(event: gr.EventData, is_open: bool):
        said = event._data.get("story") if isinstance(event._data, dict) else None
        name = said if said in titles else WHOLE
        listed = stories.steps(name)
        now = Place(name, index_of(event, len(listed)))
        title, step = listed[now.step]
        request = stories.request(title, step)
        return turned(request, now, is_open) | told(now) | {chosen_set: title, **nothing}

    def on_hidden(is_open: bool, old: Request, now: Place):
        request = hiding_place(library, old.title)
        now = stories.chosen(request.title, now)
        shown = turned(request, now, is_open) | told(now)
        return shown | {chosen_set: request.title, **nothing}

    def gone_to(asked: address.Address, is_open: bool) -> dict:
        for sentence in asked.said:
            inform(sentence, "The address")
        title = asked.request.title
        return turned(asked.request, asked.place, is_open) | told(asked.place) | {chosen_set: title}

    def on_arrival(is_open: bool, visit: gr.Request):
        asked = address.read(stories, dict(visit.query_params))
        return gone_to(asked, is_open) if asked else {place: Place()}

    def on_address(event: gr.EventData, is_open: bool):
        said = event._data.get("query") if isinstance(event._data, dict) else ""
        given = dict(parse_qsl(str(said or "").lstrip("?")[:2000]))
        asked = address.read(stories, given) or address.Address(at_opening, Place())
        return gone_to(asked, is_open) | nothing

    def choices(who: str) -> list[tuple[str, str]]:
        seen = guests.seen_by(library, desk, who)
        return [(library.sets[one].title, one) for one in seen]

    def on_open(is_open, old, now, title: str | None, key: str | None, visit: gr.Request):
        if title is None:
            return {place: now}
        dropdown = gr.Dropdown(choices=choices(desk.who(key, visit)), value=title)
        shown = on_set(is_open, old, now, title)
        return shown | {chosen_set: dropdown, tabs: gr.Tabs(selected="translate")}

    def on_example(event: gr.EventData, is_open: bool, old: Request, now: Place):
        set_ = library.sets[old.title]
        index = index_of(event, len(set_.choices))
        chosen = {**nothing}
        if set_.examples:
            chosen[passed] = passing.pass_on("translate", set_, index)
        return quickly(replace(old, example=index, path=None), now, is_open) | chosen

    def on_own(is_open: bool, old: Request, now: Place, path: str | None, visit: gr.Request):
        """First that it is awaited, then what came of it: the rows of the item before would pass
        for this one's."""
        set_ = library.sets[old.title]
        given = recording.given if takes_recordings(set_) else upload
        item = set_.lesson.medium.called
        if path is None:  # Between two pictures of a webcam, or two ways of giving a recording.
            yield {given: gr.skip()}  # What is in the field by now may be another.
            return
        request = replace(old, example=None, path=path)
        awaited = answers.instead(request, ON_ITS_WAY.format(item=item))
        yield sent(request, awaited, now, False)
        try:
            with desk.one_at_a_time(visit.session_hash, f"opening a {item}"):
                own_item(library, request)
            answer = answers.draw(request, run(request, visit))
            yield sent(request, answer, now, is_open)
        except Exception as error:
            sentence = f"{desk.teller.sentence(error)} {choose_one(set_)}"
            yield without_own(is_open, request, now, sentence) | {given: None}

    def without_own(is_open: bool, old: Request, now: Place, sentence: str = ""):
        request = replace(old, example=None, path=None)
        return sent(request, answers.instead(request, sentence), now, is_open)

    def on_download(request: Request, visit: gr.Request) -> str:
        if not request.has_picture:
            raise RefusedError(choose_one(library.sets[request.title]))
        shown, set_ = run(request, visit), library.sets[request.title]
        if isinstance(shown, noise.Noise):
            return written(request, set_, noise.sheet(shown, set_, seeds.named(set_, request)))
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
            footer=f"{set_.title}. {seeds.named(set_, request)}{panels.units(shown, set_.lesson)}",
        )
        return written(request, set_, picture)

    def written(request: Request, set_: CheckpointSet, picture: Image.Image) -> str:
        name = hashlib.sha256(repr(request).encode()).hexdigest()[:8]
        path = Path(downloads.name) / f"{set_.folder.name}-{request.direction}-{name}.png"
        picture.save(path)
        for old in sorted(path.parent.iterdir(), key=lambda p: p.stat().st_mtime)[:-SHEETS]:
            old.unlink()
        return str(path)

    examples = {**NETWORKS, "concurrency_id": "examples"}
    known = [opened, state, place]
    shown = [
        state,
        result,
        thumbnails,
        seed,
        drawing.brushes,
        terms,
        asks,
        measured,
        where,
        example,
        picture,
        looked,
    ]
    around = [direction, rows, uploads, recording.frame, closer.frame, inside, place, bar, heaps]
    by_set = [*shown, *around]
    chosen = [*by_set, chosen_set]
    gr.on([direction.input, rows.input], on_switch, [*known, direction, rows], shown, **QUICK)
    terms.click(on_term, known, shown, **QUICK)
    seed.click(on_seed, known, shown, **QUICK)
    bar.click(on_step, opened, [*chosen, *fields], **QUICK)
    closer.message.click(on_hidden, known, [*chosen, *fields], **QUICK)
    where.click(on_address, opened, [*chosen, *fields], **QUICK)
    chosen_set.input(on_set, [*known, chosen_set], by_set, **QUICK)
    thumbnails.click(on_example, known, [*shown, *fields, passed], **QUICK)
    quietly = {**NETWORKS, "concurrency_id": "uploads", "show_progress": "hidden"}
    for given in fields:
        sending = given.input(on_own, [*known, given], [*shown, given], **quietly)
        given.clear(without_own, known, shown, cancels=sending, **QUICK)
    example.change(on_missing, known, shown, show_progress_on=result, **examples)
    picture.change(on_missing, known, shown, show_progress_on=result, **NETWORKS)

    easel_view.wire(
        drawing, answers, desk, run, sent, quickly, known, shown, state=state, result=result
    )

    def open_when(trigger: Callable, title: gr.State) -> None:
        trigger(on_open, [*known, title, visitor], [*chosen, tabs], **QUICK)

    def arrive(trigger: Callable) -> None:
        trigger(on_arrival, opened, chosen, **QUICK)

    def on_return(is_open: bool, old: Request, now: Place, given: passing.Passed | None):
        index = passing.arrived(given, "translate", library.sets.get(old.title))
        if index is None or old.example is None:
            return {passed: gr.skip()}
        return quickly(replace(old, example=index), now, is_open) | {passed: None}

    def keep_when(trigger: Callable) -> None:
        trigger(on_return, [*known, passed], [*shown, passed], **QUICK)

    download.click(on_download, state, file, **NETWORKS).success(
        None, js=save_file("file"), api_visibility="private"
    )
    return Parts(open_when, chosen_set, choices, arrive, passed, keep_when)
