"""The Film tab: a film through two variants, in the trainings' queue.

What is expected is said before it starts; the page then only looks at the job's folder, so that a
closed tab loses nothing. Layout first, wiring last; what is asked and told is in `screening`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from ..core import films as core_films
from ..core.config import Direction
from ..core.media import PICTURES
from ..labs import films
from ..labs.live import Command, ControlError, Director, Status
from . import cards, guests, screening
from .components import NETWORKS, QUICK, open_choice
from .hosting.desk import Desk
from .library import Library
from .markup import absent, render
from .screening import OWN, Asked
from .sets import CheckpointSet

EVERY = 1.0
"""Seconds between two looks at a film."""

NONE_YET = absent(
    "Choose a film and press the button: x, G(x) and F(G(x)) side by side, with the cycle loss and "
    "without it, with the film's own sound and times."
)


@dataclass(frozen=True)
class Parts:
    """Of this tab, what others may use. look_when: wires the event of the tab's opening."""

    look_when: Callable[[Callable], None]


def build(
    library: Library,
    director: Director | None,
    desk: Desk,
    visitor: gr.BrowserState,
) -> Parts:
    """Lay the tab out inside the current Blocks and wire it.

    director: None where nothing may be trained, and no film translated. visitor: holds their key.
    """
    first = _first(library)
    set_ = library.sets[first]
    names = screening.names_of(set_)
    if director is None or not core_films.is_installed():
        why = "not_here" if core_films.is_installed() else "not_installed"
        gr.HTML(render(f"screening.{why}"), apply_default_css=False)
        _recording(set_)
        return Parts(lambda opened: None)

    # Layout.
    timer, job = gr.Timer(EVERY, active=False), gr.State(None)
    with gr.Row(elem_id="film", equal_height=False):
        with gr.Column(scale=0, min_width=272, elem_id="film-asked"):
            chosen = open_choice(
                gr.Dropdown(
                    _choices(library, library.offered),
                    value=first,
                    label="Lesson or model",
                    elem_id="film-set",
                )
            )
            direction = open_choice(
                gr.Radio(_directions(set_), value="xy", label="Direction", elem_id="film-way")
            )
            film = open_choice(
                gr.Dropdown(names, value=names[0][1], label="Film", elem_id="film-name")
            )
            with gr.Column(visible=names[0][1] == OWN, min_width=0) as own:
                file = gr.File(
                    label="Your film, or an animated picture",
                    file_types=["video", ".gif", ".webp", ".png", ".avif", ".mkv"],
                    height=150,
                    elem_id="film-file",
                )
                with gr.Row():
                    begin = gr.Number(0, label="From, s", minimum=0, min_width=80)
                    end = gr.Number(0, label="To, s (0: end)", minimum=0, min_width=80)
                side = gr.Radio(
                    screening.sides(desk),
                    value=screening.sides(desk)[0][1],
                    label="Shorter side, at most",
                    elem_id="film-side",
                )
                if not desk.house.private:
                    gr.HTML(screening.limits(desk), apply_default_css=False)
            steady = gr.Checkbox(False, label="Steady", elem_id="film-steady")
            expect = gr.Button("How long will it take?", size="md", elem_id="film-expect")
            start = gr.Button(
                "Translate the film", variant="primary", size="md", elem_id="film-start"
            )
            stop = gr.Button("Stop and keep", size="md", elem_id="film-stop", interactive=False)
            gr.HTML(render("screening.steady"), apply_default_css=False)
        with gr.Column(scale=1, min_width=320):
            expected = gr.HTML("", elem_id="film-expected", apply_default_css=False)
            with gr.Column(min_width=0) as at_first:
                if not _recording(set_):
                    gr.HTML(NONE_YET, apply_default_css=False)
            state = gr.HTML("", elem_id="film-state", apply_default_css=False)
            still = gr.HTML("", elem_id="film-still", apply_default_css=False)
            shown = _video("film-shown", None)

    # Wiring.
    away = gr.Column(visible=False)
    given = [chosen, direction, film, file, side, begin, end, steady]
    private = {"api_visibility": "private"}

    def asked_of(who: str, values: tuple) -> Asked:
        title, way, name, path, wanted, since, until, is_steady = values
        if title not in guests.seen_by(library, desk, who) or not _is_fit(library.sets[title]):
            raise ControlError("Choose a lesson or a model first.")
        known = [value for _, value in screening.names_of(library.sets[title])]
        if name not in known or way not in library.sets[title].directions:
            raise ControlError("There is no such film here; choose another.")
        since, until = (value if isinstance(value, int | float) else 0 for value in (since, until))
        return Asked(title, way, name, path, wanted, since, until, bool(is_steady))

    def planned(who: str, visit: gr.Request, values: tuple) -> screening.Plan:
        asked = asked_of(who, values)
        desk.check("translated", visit)
        with desk.one_at_a_time(who, "opening a film"):
            kind = "guests" if library.is_guest(asked.title) else "pictures"
            return library.in_turn(
                kind, screening.plan, library, desk, asked, turn=desk.turn(visit)
            )

    def on_expect(visit: gr.Request, key: str | None, *values):
        try:
            found = planned(desk.who(key, visit), visit, values)
        except Exception as error:
            return cards.failed(desk.teller.sentence(error)), "", gr.skip()
        return screening.told(found, director, desk), screening.still(found), away

    def on_start(visit: gr.Request, key: str | None, *values):
        """What is expected first, and then the job."""
        who = desk.who(key, visit)
        idle = (gr.skip(),) * 6
        try:
            found = planned(who, visit, values)
            yield screening.told(found, director, desk), screening.still(found), away, *idle[2:]
            desk.check("started", visit)
            frames = found.film.facts.frames
            id = films.start(director, found.settings, frames, who)
        except Exception as error:
            yield cards.failed(desk.teller.sentence(error)), *idle
            return
        yield (
            gr.skip(),
            gr.skip(),
            away,
            id,
            screening.state(director.status(id)),
            gr.Video(value=None, visible=False),
            gr.Timer(active=True),
        )

    def films_of(visit: gr.Request, key: str | None) -> dict[str, Status]:
        """What a visitor may see and stop."""
        return director.films(None if desk.house.private else desk.who(key, visit))

    def look(visit: gr.Request, key: str | None, id: str | None):
        """The film that is shown, or else the last one of this visitor's."""
        own_films = films_of(visit, key)
        id = id if id in own_films else next(iter(own_films), None)
        if id is None:
            gone = gr.Timer(active=False), gr.Button(interactive=False)
            return None, "", gr.skip(), gr.skip(), gr.Video(value=None, visible=False), *gone
        seen = own_films[id]
        is_over = seen.is_ended
        path = films.film_of(director.folder(id)) if is_over else None
        video = gr.Video(value=path and str(path), visible=path is not None)
        return (
            id,
            screening.state(seen),
            "" if path else gr.skip(),
            away,
            video if is_over else gr.skip(),
            gr.Timer(active=not is_over),
            gr.Button(interactive=not is_over),
        )

    def on_stop(visit: gr.Request, key: str | None, id: str | None):
        if id not in films_of(visit, key):
            raise ControlError("There is no such film here any more.")
        director.command(id, Command("stop"))

    def on_set(title: str, visit: gr.Request, key: str | None):
        if title not in guests.seen_by(library, desk, desk.who(key, visit)):
            raise ControlError("Choose a lesson or a model first.")
        now = library.sets[title]
        listed = screening.names_of(now)
        name = listed[0][1]
        return (
            gr.Radio(choices=_directions(now), value=now.directions[0]),
            gr.Dropdown(choices=listed, value=name),
            gr.Column(visible=name == OWN),
            "",
        )

    looked = [job, state, still, at_first, shown, timer, stop]
    seeing = {"fn": look, "inputs": [visitor, job], "outputs": looked}
    seeing |= {**private, "show_progress": "hidden"}
    chosen.input(on_set, [chosen, visitor], [direction, film, own, expected], **QUICK)
    film.input(lambda name: (gr.Column(visible=name == OWN), ""), film, [own, expected], **QUICK)
    networks = {**NETWORKS, "show_progress_on": expected}
    expect.click(on_expect, [visitor, *given], [expected, still, at_first], **networks)
    begun = start.click(
        on_start,
        [visitor, *given],
        [expected, still, at_first, job, state, shown, timer],
        **networks,
    )
    begun.then(**seeing)
    timer.tick(**seeing)
    stop.click(on_stop, [visitor, job], None, **QUICK).success(**seeing)

    def offer(visit: gr.Request, key: str | None, title: str):
        seen = guests.seen_by(library, desk, desk.who(key, visit))
        return gr.Dropdown(choices=_choices(library, seen), value=title)

    def look_when(opened: Callable) -> None:
        quiet = {**private, "show_progress": "hidden"}
        opened(**seeing).then(offer, [visitor, chosen], chosen, **quiet)

    return Parts(look_when)


def _recording(set_: CheckpointSet) -> bool:
    """Whether there is one of the set's first film; if so it stands there, and says what it is."""
    if not (path := screening.recording(set_)):
        return False
    name = set_.lesson.films()[0].title
    gr.HTML(
        render("screening.recorded", film=name, arrow=set_.arrow("xy")), apply_default_css=False
    )
    _video("film-recorded", path)
    return True


def _video(id: str, path: Path | None) -> gr.Video:
    return gr.Video(
        value=path and str(path),
        label="x, G(x), F(G(x))",
        show_label=False,
        interactive=False,
        visible=path is not None,
        elem_id=id,
        buttons=["download"],
    )


def _is_fit(set_: CheckpointSet) -> bool:
    return set_.lesson.medium is PICTURES and not set_.is_from_noise


def _directions(set_: CheckpointSet) -> list[tuple[str, Direction]]:
    return [(set_.arrow(direction), direction) for direction in set_.directions]


def _first(library: Library) -> str:
    """A set that has films of its own, if there is one: that is what opens."""
    listed = [title for title in library.offered if _is_fit(library.sets[title])]
    return next((t for t in listed if library.sets[t].lesson.films()), listed[0])


def _choices(library: Library, keys: list[str]) -> list[tuple[str, str]]:
    return [(library.sets[k].title, k) for k in keys if _is_fit(library.sets[k])]
