"""What the Train tab shows of a training: all that is new since the page's last look.

The page itself carries marks of what it has: an answer that is lost on its way was never drawn, so
that the next look brings it again. Knows Gradio and who may see what; wires nothing.
"""

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

import gradio as gr

from ..labs.live import ControlError, Director, LiveSettings, Status
from ..store.checkpoints import CheckpointError
from . import cards, live_panels
from .hosting.desk import Desk
from .hosting.errors import inform
from .markup import absent, render

PAUSE, GO_ON = "Pause", "Go on"
START, START_LATER = "Start", "Start (waits in the queue)"

BOTH = ("both arms", -1)

NONE_YET = absent(
    "Press Start: the same networks begin twice, as two arms, from the same weights and see the "
    "same pictures in the same order; only the objective differs. The first pictures come within "
    "seconds, the difference within minutes."
)

SHOWN = ("chosen", "state", "frame", "charts", "term", "whose", "what", "weights", "kept", "start")
"""What a look draws, beside the buttons."""

BUTTONS = ("pause", "step", "stop", "discard", "apply", "use", "take", "longer", "publish")

MARKS = "marks"


@dataclass(frozen=True)
class Part:
    """What a component is to show. is_of: what it is drawn of; the same again is not sent."""

    is_of: object
    update: object

    @property
    def mark(self) -> str:
        return hashlib.sha256(repr(self.is_of).encode()).hexdigest()[:12]


def words(html: str) -> Part:
    return Part(html, html)


@dataclass(frozen=True)
class Seen:
    """A training that a page shows: its status, and what others there are.

    known: all that this visitor sees, by id. steers: whether this one is theirs to steer. busy:
    whether what is started now has to wait. asked: what waits to be carried out.
    """

    id: str
    status: Status
    known: Mapping[str, Status]
    steers: bool
    busy: bool
    waits_for: str
    asked: tuple


class Looks:
    """Of one page's director, at the visitors' desk."""

    def __init__(self, director: Director, desk: Desk):
        self.director, self.desk = director, desk

    def seen_by(self, who: str) -> dict[str, Status]:
        """The trainings that a visitor sees: their own, or all of them."""
        if self.desk.house.is_class or self.desk.visitors.is_host(who):
            return self.director.all()
        return self.director.of(who) if who else {}

    def may_steer(self, who: str, id: str) -> bool:
        return self.desk.visitors.may_steer(who, self.director.owner(id))

    def check_sight(self, who: str, id: str | None) -> Status:
        """Raises ControlError for a training that this visitor does not see."""
        seen = self.seen_by(who).get(id) if isinstance(id, str) else None
        if seen is None:
            gone = self.director.gone(id) if isinstance(id, str) else ""
            raise ControlError(gone or "There is no such training here any more.")
        return seen

    def check_hand(self, who: str, id: str | None) -> Status:
        """Raises ControlError for a training that is another's to steer."""
        seen = self.check_sight(who, id)
        if not self.may_steer(who, id):
            raise ControlError("This training is steered by whoever started it.")
        return seen

    def look(self, who: str, id: object, wanted: object, had: object) -> tuple:
        """Updates of SHOWN, of BUTTONS, and the new marks; skipped where a page has them already.

        id, wanted: the training and the term that it shows. had: its marks.
        """
        given, wanted = (one if isinstance(one, str) else None for one in (id, wanted))
        known = self.seen_by(who)
        if given is not None and given not in known and (said := self.director.gone(given)):
            inform(said, "Removed")
        marks = _marks(had)
        everything = self.director.all()
        alive = {i: seen for i, seen in everything.items() if seen.is_alive}
        queued = sum(seen.state == "queued" for seen in everything.values())
        busy = len(alive) + queued >= self.director.limits.at_once
        id = given if given in known else _first(known)
        if id is None:
            return _new({**_nothing(), "start": _start(busy)}, marks, "nothing", given)
        asked = tuple(self.director.pending(id))
        waits_for = self._waits_for(known, alive, who) if known[id].place else ""
        seen = Seen(id, known[id], known, self.may_steer(who, id), busy, waits_for, asked)
        labels = [label(i, s) for i, s in known.items()]
        of = (id, known[id], seen.steers, busy, waits_for, asked, wanted, labels)
        if marks.get("whole") == (whole := Part(of, None).mark) and id == given:
            return (gr.skip(),) * (len(SHOWN) + len(BUTTONS) + 1)
        try:
            parts = self._parts(seen, wanted)
        except (ControlError, CheckpointError, OSError):
            if seen.status.state != "damaged":  # Discarded since, by somebody else.
                return (gr.skip(),) * (len(SHOWN) + len(BUTTONS) + 1)
            parts = _damaged(seen)
        return _new({**parts, "start": _start(busy)}, marks, whole, given, id)

    def _parts(self, seen: Seen, wanted: str | None) -> dict[str, Part]:
        """Raises ControlError, CheckpointError or OSError for one that is damaged, or gone."""
        director, id, changes = self.director, seen.id, seen.status.changes
        settings, logs = director.settings(id), director.curves(id)
        pictures = director.frame(id)
        terms = live_panels.choices(logs, settings)
        if wanted not in [name for _, name in terms]:
            wanted = terms[0][1] if terms else None
        whose = [BOTH, *((arm.name, i) for i, arm in enumerate(settings.arms))]
        what = live_panels.changeable(settings)
        return {
            "chosen": _listing(seen),
            "state": words(live_panels.status(seen.status, settings, seen.asked, seen.waits_for)),
            "frame": words(live_panels.frame(pictures, settings, changes)),
            "charts": words(live_panels.charts(logs, settings, changes, wanted)),
            "term": Part(terms, gr.Dropdown(choices=terms, value=wanted, visible=bool(terms))),
            "whose": Part((id, whose), gr.Dropdown(choices=whose, value=BOTH[1])),
            "what": Part((id, what), gr.Dropdown(choices=what, value=_differing(settings, what))),
            "weights": words(live_panels.weights(settings, changes)),
            "kept": words(self._kept(seen)),
            **_buttons(seen),
        }

    def _waits_for(self, known: Mapping, alive: Mapping[str, Status], who: str) -> str:
        """What a training in the queue waits for, and what to do."""
        if not alive:
            return ""
        paused = all(seen.state == "paused" for seen in alive.values())
        theirs = [i for i in alive if i in known and self.may_steer(who, i)]
        name = label_of(theirs[0]) if theirs else ""
        if paused and name:
            return (
                f"It waits behind a paused training: {name}. Choose that one in the list: Go on "
                "lets it train to its end, Stop and keep ends it now. This one then starts by "
                "itself."
            )
        if paused:
            return "It waits behind a paused training of somebody else, and starts after that one."
        return f"It starts by itself when {name or 'the one that is training'} has ended."

    def _kept(self, seen: Seen) -> str:
        if not (step := seen.status.saved_step):
            return render("train.kept", sentence="There is no checkpoint yet.", folders=())
        folders = ()
        if self.desk.house.private:
            folders = [shlex.quote(str(folder)) for folder in self.director.arms(seen.id)]
        sentence = f"Both arms are kept as of step {step:,}."
        return render("train.kept", sentence=sentence, folders=folders)


def _first(known: Mapping[str, Status]) -> str | None:
    """What is shown where nothing is chosen: what trains or waits, or else the newest."""
    alive = [i for i, seen in known.items() if seen.is_alive or seen.state == "queued"]
    return next(iter([*alive, *known]), None)


def _marks(had: object) -> dict[str, str]:
    """Marks that a browser handed back, or none."""
    try:
        found = json.loads(had) if isinstance(had, str) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _new(
    parts: Mapping[str, Part],
    had: Mapping[str, str],
    whole: str,
    given: str | None,
    id: str | None = None,
) -> tuple:
    """The updates of parts whose marks a page does not have, and its new marks."""
    marks = {name: part.mark for name, part in parts.items()} | {"whole": whole}
    updates = {
        name: gr.skip() if had.get(name) == marks[name] else part.update
        for name, part in parts.items()
    }
    if id != given:  # A choice that stands is left alone, as it may be changing just now.
        updates["chosen"] = gr.Dropdown(choices=parts["chosen"].is_of, value=id)
    listed = [updates[name] for name in (*SHOWN, *BUTTONS)]
    return *listed, gr.skip() if marks == had else json.dumps(marks)


def _nothing() -> dict[str, Part]:
    """What the page shows without any training."""
    return {
        "chosen": Part([], gr.Dropdown(choices=[], value=None)),
        "state": words(NONE_YET),
        **{name: words("") for name in ("frame", "charts", "weights", "kept")},
        "term": Part([], gr.Dropdown(choices=[], value=None, visible=False)),
        **{name: Part(None, gr.skip()) for name in ("whose", "what")},
        **_buttons(None),
    }


def _damaged(seen: Seen) -> dict[str, Part]:
    """A training whose settings cannot be read: what is wrong, and that it can be discarded."""
    wrong = words(cards.failed(seen.status.sentence))
    return {**_nothing(), "chosen": _listing(seen), "state": wrong, **_buttons(seen)}


def _listing(seen: Seen) -> Part:
    listed = [(label(id, status), id) for id, status in seen.known.items()]
    return Part(listed, gr.Dropdown(choices=listed))


def _start(busy: bool) -> Part:
    """Calm where what is started has to wait."""
    word, variant = (START_LATER, "secondary") if busy else (START, "primary")
    return Part(busy, gr.Button(word, variant=variant))


def _differing(settings: LiveSettings, changeable: list[tuple[str, str]]) -> str:
    """What is offered for a change at first: that by which the arms differ."""
    a, b = (arm.objective for arm in settings.arms)
    names = [name for _, name in changeable]
    differ = [name for name in names if getattr(a, name, None) != getattr(b, name, None)]
    return next(iter(differ), names[0])


def label(id: str, seen: Status) -> str:
    """ "05:41 horses-3f2a · waiting, place 1"."""
    place = f", place {seen.place}" if seen.place else ""
    state = live_panels.STATES.get(seen.state, seen.state).lower()
    return f"{label_of(id)} · {state}{place}"


def label_of(id: str) -> str:
    # "2026-11-22-0541-horses-3f2a": the day is not what tells trainings apart.
    return f"{id[11:13]}:{id[13:15]} {id[16:]}"


def _buttons(seen: Seen | None) -> dict[str, Part]:
    """As they make sense now."""
    word, can = PAUSE, dict.fromkeys(BUTTONS, False)
    if seen is not None:
        status, steers = seen.status, seen.steers
        runs = status.is_alive and status.state != "measuring" and steers
        kept = bool(status.saved_step)
        word = GO_ON if status.state == "paused" or status.is_resumable else PAUSE
        can = {
            "pause": runs or (status.is_resumable and steers),
            "step": status.state == "paused" and steers,
            "stop": runs or (status.state == "queued" and steers),
            "discard": steers,
            "apply": runs,
            **{"use": kept, "take": kept, "publish": kept and steers},
            "longer": kept and steers and status.is_ended and status.state != "damaged",
        }
    updates = {name: gr.Button(interactive=is_on) for name, is_on in can.items()}
    updates["pause"] = gr.Button(word, interactive=can["pause"])
    return {name: Part((can[name], word), update) for name, update in updates.items()}
