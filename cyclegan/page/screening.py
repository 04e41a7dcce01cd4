"""What a visitor asks of a film, what is expected of it, and how it is doing.

Knows no component; the tab is in `film_tab`, the queue in `labs.films`.
"""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ..core.config import Direction
from ..core.films import Film, FilmError, FilmFile
from ..core.films.reading import MAX_PIXELS
from ..inference.films import Row, Translating
from ..inference.films.command import SIDES, duration
from ..labs import films
from ..labs.live import Director, Status
from ..store.checkpoints import BUNDLED
from . import panels
from .hosting.desk import Desk
from .library import Library
from .markup import render
from .sets import CheckpointSet

OWN = "your own film"

RECORDINGS = BUNDLED / "films"
"""The first film of a lesson, as the bundled set translates it, steady: LESSON.mp4."""


@dataclass(frozen=True)
class Asked:
    """What a visitor chose. film: the name of a lesson's film, or OWN. path: of their own. side: a
    key of SIDES. first, last: seconds; last 0 for the end."""

    title: str
    direction: Direction
    film: str
    path: str | None
    side: str
    first: float
    last: float
    is_steady: bool


@dataclass(frozen=True)
class Plan:
    """What is expected. seconds: for the whole film, once it has its turn. first: its first frame,
    translated."""

    settings: films.FilmSettings
    film: Film
    seconds: float
    first: Image.Image
    is_cut: bool


def names_of(set_: CheckpointSet) -> list[tuple[str, str]]:
    """Titles and names of the films that a set can be shown."""
    listed = [(film.title, film.name) for film in set_.lesson.films()]
    return [*listed, (OWN.capitalize(), OWN)]


def recording(set_: CheckpointSet) -> Path | None:
    """What ships of the set's first film, translated."""
    path = RECORDINGS / f"{set_.lesson.name}.mp4"
    is_ours = set_.folder.resolve() == BUNDLED.resolve() / set_.lesson.name
    return path if is_ours and set_.lesson.films() and path.is_file() else None


def sides(desk: Desk) -> list[tuple[str, str]]:
    """What a film's shorter side may be reduced to: words, and the key in SIDES."""
    listed = [(f"{key} px" if value else key, key) for key, value in SIDES.items()]
    return [one for one in listed if desk.house.private or SIDES[one[1]]]


def settings(library: Library, desk: Desk, asked: Asked) -> tuple[films.FilmSettings, Film, bool]:
    """What goes into the queue, its film, and whether the host's limit of length cut it.

    Raises FilmError.
    """
    set_ = library.sets[asked.title]
    shown = set_.rows(set_.without, set_.names[:2])
    rows = tuple(films.Shown(row.name, row.variant.source) for row in shown if row.variant)
    common = {"rows": rows, "direction": asked.direction, "is_steady": asked.is_steady}
    common["device"] = library.device.type
    if asked.film != OWN:
        made = films.FilmSettings(f"{set_.lesson.name}/{asked.film}", **common)
        return made, made.film(), False
    if not asked.path:
        raise FilmError("Choose a film first.")
    if asked.side not in (known := [key for _, key in sides(desk)]):
        raise FilmError(f"The shorter side is one of {', '.join(known)}.")
    is_hosted = not desk.house.private
    most = desk.limits.film_pixels if is_hosted else MAX_PIXELS
    longest = desk.limits.film_seconds if is_hosted else None
    first, last = max(0.0, asked.first or 0.0), asked.last or None
    if longest is not None:
        last = min(last or float("inf"), first + longest)
    path = Path(asked.path)
    if not path.is_file():
        raise FilmError("Your film is no longer kept here; choose it once more.")
    whole = FilmFile(path, SIDES[asked.side], first, asked.last or None, "Your film", most)
    is_cut = last is not None and whole.facts.seconds > last - first
    made = films.FilmSettings(
        str(path),
        name="Your film",
        shortest=SIDES[asked.side],
        first=first,
        last=last,
        most=most,
        **common,
    )
    return made, made.film(), is_cut


def plan(library: Library, desk: Desk, asked: Asked) -> Plan:
    """Raises FilmError. Runs networks on the first frame."""
    made, film, is_cut = settings(library, desk, asked)
    rows = [Row(row.title, library.translator(row.source)) for row in made.rows]
    tried = Translating(film, rows, made.direction, made.is_steady).rehearse()
    return Plan(made, film, tried.seconds * film.facts.frames, tried.picture, is_cut)


def told(found: Plan, director: Director, desk: Desk) -> str:
    """What is expected, in words."""
    facts, limits = found.film.facts, director.limits
    notes = list(facts.notes)
    if found.is_cut:
        notes.append(
            f"Of a film this page takes {desk.limits.film_seconds:g} s: it ends there, unless you "
            "choose another part."
        )
    if limits.minutes is not None and found.seconds > limits.minutes * 60:
        notes.append(
            f"This page gives a film {limits.minutes:g} minutes; what is finished by then is kept."
        )
    before = sum(seen.is_alive or seen.state == "queued" for seen in director.jobs().values())
    if before >= limits.at_once:
        notes.append("It waits for its turn: a training or a film is under way.")
    return render("screening.plan", words=facts.words, time=duration(found.seconds), notes=notes)


def still(found: Plan) -> str:
    """Its first frame, for as long as there is no film."""
    return render("screening.still", picture=panels.photo_url(found.first))


def limits(desk: Desk) -> str:
    """What a hosted page takes, in words."""
    of = desk.limits
    return render(
        "screening.limits",
        seconds=f"{of.film_seconds:g}",
        megapixels=f"{of.film_pixels / 1e6:.0f}",
        mib=f"{of.upload >> 20:,}",
    )


def state(seen: Status) -> str:
    """How a film is doing."""
    left = None if seen.seconds_left is None else duration(seen.seconds_left)
    return render("screening.state", seen=seen, left=left)
