"""What the Train tab shows of a training: all that is new since the page's last look.

The page itself carries marks of what it has: an answer that is lost on its way was never drawn, so
that the next look brings it again. Knows Gradio and who may see what; wires nothing.
"""

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import gradio as gr

from .. import lessons
from ..labs.live import ControlError, Director, Frame, LiveSettings, Recording, Status, recorded
from ..store.checkpoints import CheckpointError
from . import cards, live_curves, live_panels, stage
from .hosting.desk import Desk
from .hosting.errors import inform
from .markup import absent, render

PAUSE, GO_ON = "Pause", "Go on"
START, START_LATER = "Start live", "Start live (waits in the queue)"

BOTH = ("both arms", -1)

NONE_YET = absent(
    "Press Start live: the same networks begin twice, as two arms, from the same weights and see "
    "the same data in the same order; only the objective differs. The first frame comes within "
    "seconds, the difference within minutes."
)

SHOWN = (
    *("chosen", "state", "feed", "frame", "charts", "term", "whose", "what", "weights", "kept"),
    *("start", "at_once", "asks", "change", "came"),
)
"""What a look draws, beside the buttons. at_once: Start beside a recording; asks, change, came:
what only a training has."""

BUTTONS = ("pause", "step", "stop", "discard", "apply", "use", "take", "longer", "publish")

RECORDED = "recorded-"
"""Before a lesson's name, where the stage shows its recording."""

SENT = 2**21
"""Bytes of frames that one look sends, about; those after it send the rest."""


@dataclass(frozen=True)
class Part:
    """What a component is to show. is_of: what it is drawn of; the same again is not sent.

    says: the mark itself, where it tells the next look something.
    """

    is_of: object
    update: object
    says: str = ""

    @property
    def mark(self) -> str:
        if self.says:
            return self.says
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

    def look(self, who: str, id: object, wanted: object, had: object, data: object) -> tuple:
        """Updates of SHOWN, of BUTTONS, and the new marks; skipped where a page has them already.

        id, wanted: the training and the term that it shows. had: its marks. data: what is chosen to
        be trained on, of which a recording stands there as long as there is no training.
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
        id = given if given in known else None
        if id is None and (recording := recording_of(given)):
            return self._recorded(given, recording, wanted, busy, known, marks, given)
        id = id or _first(known)
        if id is None and (recording := recording_of(first := recording_id(data))):
            return self._recorded(first, recording, wanted, busy, known, marks, given)
        if id is None:
            return _new({**_nothing(), **_start(busy)}, marks, "nothing", given)
        asked = tuple(self.director.pending(id))
        waits_for = self._waits_for(known, alive, who) if known[id].place else ""
        seen = Seen(id, known[id], known, self.may_steer(who, id), busy, waits_for, asked)
        labels = [label(i, s) for i, s in known.items()]
        of = (id, known[id], seen.steers, busy, waits_for, asked, wanted, labels)
        if marks.get("whole") == (whole := Part(of, None).mark) and id == given:
            return (gr.skip(),) * (len(SHOWN) + len(BUTTONS) + 1)
        try:
            parts = self._parts(seen, wanted, marks)
        except (ControlError, CheckpointError, OSError):
            if seen.status.state != "damaged":  # Discarded since, by somebody else.
                return (gr.skip(),) * (len(SHOWN) + len(BUTTONS) + 1)
            parts = _damaged(seen)
        if parts["feed"].says and not parts["feed"].is_of:  # There is more to be sent.
            whole = ""
        return _new({**parts, **_start(busy)}, marks, whole, given, id)

    def _recorded(
        self,
        id: str,
        recording: Recording,
        wanted: str | None,
        busy: bool,
        known: Mapping[str, Status],
        marks: Mapping[str, str],
        given: str | None,
    ) -> tuple:
        """A lesson's recording on the stage, as a training would stand there."""
        labels = _labels(known)
        whole = Part((id, recording.seen, busy, wanted, labels), None).mark
        if marks.get("whole") == whole and id == given:
            return (gr.skip(),) * (len(SHOWN) + len(BUTTONS) + 1)
        parts = {
            **_nothing(),
            "chosen": _listing(known),
            **of_recording(id, recording, wanted),
            **_start(busy),
            "at_once": Part((True, busy), gr.Button(_word(busy), visible=True)),
        }
        return _new(parts, marks, whole, given, id)

    def _feed(self, id: str, newest: Frame | None, marks: Mapping[str, str]) -> Part:
        """The frames and sounds that came since the last ones that this page has.

        is_of: whether these are all. The mark says up to which steps they go.
        """
        steps = self.director.frames(id)
        if not steps and newest:  # Of the time when no others were kept.
            sheet = stage.Sheet(newest.made, [newest.step])
            html = stage.feed(id, sheet.steps, [sheet])
            return Part(True, html, f"{id} {newest.step}")
        had, *reached = marks.get("feed", "").split(" ")
        heard = self.director.listens(id)
        last, listened = _reached(reached if had == id else [], steps, heard)
        sheets, listens, sent = [], [], 0
        for step in steps:
            if step <= last or sent > SENT:
                continue
            if (webp := self.director.made_at(id, step)) is not None:
                sheets.append(stage.Sheet(webp, [step]))
                sent += len(webp)
            last = step
        for step in heard:
            if step <= listened or sent > SENT:
                continue
            listens.append(stage.Listen(step, self.director.heard_at(id, step)))
            sent += sum(map(len, listens[-1].clips.values()))
            listened = step
        is_all = [last, listened] == [steps[-1] if steps else -1, heard[-1] if heard else -1]
        feed = stage.feed(id, steps, sheets, heard, listens)
        return Part(is_all, feed, f"{id} {last} {listened}")

    def _parts(self, seen: Seen, wanted: str | None, marks: Mapping[str, str]) -> dict[str, Part]:
        """Raises ControlError, CheckpointError or OSError for one that is damaged, or gone."""
        director, id, changes = self.director, seen.id, seen.status.changes
        settings, logs = director.settings(id), director.curves(id)
        pictures = director.frame(id)
        whose = [BOTH, *((arm.name, i) for i, arm in enumerate(settings.arms))]
        what = live_panels.changeable(settings)
        return {
            "chosen": _listing(seen.known),
            "state": words(live_panels.status(seen.status, settings, seen.asked, seen.waits_for)),
            "feed": self._feed(id, pictures, marks),
            "frame": words(stage.draw(id, pictures, settings, changes, self.director.heard_of(id))),
            **_curves(logs, settings, changes, wanted),
            "whose": Part((id, whose), gr.Dropdown(choices=whose, value=BOTH[1])),
            "what": Part((id, what), gr.Dropdown(choices=what, value=_differing(settings, what))),
            "weights": words(live_panels.weights(settings, changes)),
            "kept": words(self._kept(seen)),
            **_only_of_trainings(True),
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


def _reached(said: Sequence[str], *there: Sequence[int]) -> list[int]:
    """Up to which steps a page has what there is, as its mark said; -1 for nothing.

    What has gone back to a checkpoint is sent anew.
    """
    found = [int(one) if one.isascii() and one.isdigit() else -1 for one in said]
    found += [-1] * len(there)
    return [one if one in steps else -1 for one, steps in zip(found, there, strict=False)]


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
        "chosen": Part(recordings(), gr.Dropdown(choices=recordings(), value=None)),
        "state": words(NONE_YET),
        **{name: words("") for name in ("feed", "frame", "charts", "weights", "kept")},
        "term": Part([], gr.Dropdown(choices=[], value=None, visible=False)),
        **{name: Part(None, gr.skip()) for name in ("whose", "what")},
        **_only_of_trainings(False),
        **_buttons(None),
    }


def _only_of_trainings(is_one: bool) -> dict[str, Part]:
    return {
        "at_once": Part(False, gr.Button(visible=False)),
        "asks": Part(is_one, gr.Row(visible=is_one)),
        "change": Part(is_one, gr.Accordion(visible=is_one)),
        "came": Part(is_one, gr.Accordion(visible=is_one)),
    }


def of_recording(id: str, recording: Recording, wanted: str | None) -> dict[str, Part]:
    """What the stage shows of a recording. wanted: the term of its last curve."""
    settings, seen = recording.settings, recording.seen
    sheet = stage.Sheet(recording.sheet, recording.steps, recording.across)
    return {
        "state": words(live_panels.recorded(recording)),
        "feed": Part((id, seen), stage.feed(id, recording.steps, [sheet])),
        "frame": words(stage.draw(id, recording.frame, settings, seen.changes)),
        **_curves(recording.logs, settings, seen.changes, wanted),
    }


def _curves(
    logs: live_curves.Logs, settings: LiveSettings, changes: tuple[dict, ...], wanted: str | None
) -> dict[str, Part]:
    terms = live_curves.choices(logs, settings)
    if wanted not in [name for _, name in terms]:
        wanted = terms[0][1] if terms else None
    return {
        "charts": words(live_curves.charts(logs, settings, changes, wanted)),
        "term": Part(terms, gr.Dropdown(choices=terms, value=wanted, visible=bool(terms))),
    }


def recording_id(data: object) -> str | None:
    """The id of a lesson's recording, by the lesson's name; None where there is none."""
    names = [lesson.name for lesson in lessons.all_lessons()]
    return f"{RECORDED}{data}" if data in names and recorded.exists(data) else None


def instead(id: str | None, data: str) -> str | None:
    """What is to be shown when other data are chosen; a training stays."""
    return recording_id(data) if id is None or id.startswith(RECORDED) else id


def recording_of(id: str | None) -> Recording | None:
    if id is None or recording_id(id.removeprefix(RECORDED)) != id:
        return None
    return recorded.find(id.removeprefix(RECORDED))


def recordings() -> list[tuple[str, str]]:
    """(label, id) of all that ship."""
    found = ((lesson.title, recording_id(lesson.name)) for lesson in lessons.all_lessons())
    return [(f"recorded · {title}", id) for title, id in found if id]


def _damaged(seen: Seen) -> dict[str, Part]:
    """A training whose settings cannot be read: what is wrong, and that it can be discarded."""
    wrong = words(cards.failed(seen.status.sentence))
    parts = {**_nothing(), "chosen": _listing(seen.known), "state": wrong}
    return {**parts, **_only_of_trainings(True), **_buttons(seen)}


def _labels(known: Mapping[str, Status]) -> list[tuple[str, str]]:
    """(label, id) of all that the stage can show: trainings, then recordings."""
    return [*((label(id, status), id) for id, status in known.items()), *recordings()]


def _listing(known: Mapping[str, Status]) -> Part:
    listed = _labels(known)
    return Part(listed, gr.Dropdown(choices=listed))


def _start(busy: bool) -> dict[str, Part]:
    """Calm where what is started has to wait."""
    variant = "secondary" if busy else "primary"
    return {"start": Part(busy, gr.Button(_word(busy), variant=variant))}


def _word(busy: bool) -> str:
    return START_LATER if busy else START


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
