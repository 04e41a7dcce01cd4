"""From what a visitor asks for to what the networks answer, without any component or markup.

`translate` and `look_closer` are all that the page asks of the networks.
"""

from collections.abc import Callable, Container, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from ..core.config import Direction
from ..core.media import PICTURES
from ..core.sound import spectrogram
from ..inference import closer, inside
from ..inference.closer import Probe
from ..inference.evaluation import NETWORK, against_truth
from ..inference.translator import LONGEST_SIDE, Translation, picture_l1
from ..lessons import Example
from ..methods import View
from . import many, message, wall
from .drawn import Drawn
from .library import JUDGED, TRUTH_JUDGED, Library
from .many import Many
from .message import Message
from .sets import ROWS, CheckpointSet, Variant
from .wall import Wall


@dataclass(frozen=True)
class Request:
    """What a visitor wants to see. Small and picklable: it may cross into a GPU process.

    title: of the checkpoint set. without: names of the switches whose terms the lower row lacks.
    names: of the rows, where its method has no switches. example: index of an example, or None for
    `path`, that of a visitor's own picture, or what they drew. seed: of all rows, None for those
    that their folders show. luck: whether all seeds are asked.
    """

    title: str
    direction: Direction
    without: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    example: int | None = None
    path: str | Drawn | None = None
    seed: int | None = None
    luck: bool = False

    @property
    def has_picture(self) -> bool:
        return self.example is not None or self.path is not None

    @property
    def is_drawn(self) -> bool:
        return isinstance(self.path, Drawn)

    def shows_the_same(self, other: "Request") -> bool:
        """Whether it is about the same picture of the same set, on the same way."""
        parts = ("title", "direction", "example", "path")
        return all(getattr(self, part) == getattr(other, part) for part in parts)


def opening(title: str, set_: CheckpointSet) -> Request:
    """What is shown of a set at first: its first example, and what the method's point is."""
    example = 0 if set_.choices else None
    names = set_.names[:ROWS]
    return Request(title, set_.directions[0], set_.without, names, example)


def hiding_place(library: Library, title: str) -> Request | None:
    """Where something is hidden, in the set of a title if its lesson knows, else in the first."""
    for known in dict.fromkeys([title, *library.offered]):
        set_ = library.sets[known]
        hidden = set_.lesson.hidden
        names = [example.name for example in set_.examples] if hidden else []
        if hidden and hidden.example in names and hidden.direction in set_.directions:
            start, example = opening(known, set_), names.index(hidden.example)
            return replace(start, direction=hidden.direction, example=example)
    return None


@dataclass(frozen=True)
class Within:
    """A wish to see inside a network: the row by its place, and the view that it makes."""

    row: int = 0
    key: str = "made"


@dataclass(frozen=True)
class VariantRow:
    """One variant's line of the comparison; without a variant it says that there is none.

    name, side, variant: as in `sets.Row`. scores: the translation's quick figures against the
    truth, by key; empty without a truth.
    """

    name: str
    side: bool | None
    variant: Variant | None
    made: Translation | None
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def title(self) -> str:
        if self.variant and self.variant.is_foreign:
            return "As published"  # Its objective is not known.
        if self.side is None:
            return self.name
        return self.name[:1].upper() + self.name[1:]

    @property
    def subtitle(self) -> str:
        """The variant's name, where the title is not that already."""
        return self.variant.name if self.variant and self.title != self.name else ""

    @property
    def is_open(self) -> bool:
        """Whether nothing asked its way back to close: its method's first switch is off."""
        if self.side is None or self.variant is None:
            return False
        return self.variant.switches[:1] == (False,)

    @property
    def judged(self) -> tuple[float, float] | None:
        """The mean scores of D that the translation and the truth get, where somebody asked it."""
        of = self.made.figures if self.made else {}
        return (of[JUDGED], of[TRUTH_JUDGED]) if JUDGED in of else None

    def figure(self, view: View) -> float | None:
        """The figure that a view names."""
        return self.made.figures.get(view.figure) if self.made else None


@dataclass(frozen=True)
class Close:
    """One variant under the magnifying glass.

    scored, score: the patch scores as an overlay and their mean, or None without a discriminator;
    truth_score: the mean that the truth gets, where it is known.
    recovered: what comes back from the `disturbed` translation, with its cycle error. points:
    (strength, cycle error) of ever stronger disturbances. message: how much of x comes back, and
    what of that outlives a disturbance; None where there is nothing to hold it against.
    """

    row: VariantRow
    difference: Image.Image
    scored: Image.Image | None
    score: float | None
    truth_score: float | None
    disturbed: Image.Image
    recovered: Image.Image
    recovered_error: float
    points: Sequence[tuple[float, float]] = ()
    message: Message | None = None

    @property
    def error(self) -> float:
        """Of the way back from the translation as it is."""
        return self.row.made.cycle_error

    @property
    def changed(self) -> float:
        """By how much the translation is disturbed: mean difference, 0–255."""
        return picture_l1(self.disturbed, self.row.made.translation)


@dataclass(frozen=True)
class Closer:
    """What a look closer comes to; nothing is found where no row has a way back.

    direction, probe: what was asked. views: by key, those that it is about. judge: name of the
    variant whose discriminator gave the scores, "" without one; role: of that discriminator.
    """

    direction: Direction = "xy"
    probe: Probe = field(default_factory=Probe)
    found: Sequence[Close] = ()
    views: Mapping[str, View] = field(default_factory=dict)
    judge: str = ""
    role: str = ""


@dataclass(frozen=True)
class Insides:
    """What a look inside comes to.

    view: that the network makes. given, made: pictures, of what comes in and goes out. judge: the
    reach and the box of one judgement on the picture that is made, with the role that gives it;
    None without a discriminator.
    """

    row: VariantRow
    view: View
    given: Image.Image
    made: Image.Image
    found: inside.Inside
    judge: tuple[str, int, inside.Box] | None = None


@dataclass(frozen=True)
class Shown:
    """What one request comes to; views are the columns, truth is as the page holds an item.

    unchanged: quick figures of the item itself, handed over as its own translation, by key.
    without: names of the switches whose terms the lower row lacks, in the method's order.
    is_own: whether the item is a visitor's. unlike: a sentence where that is unlike all that the
    networks learned from. by_seed: the figures of the way back with all
    that is switched on and without some of it, by seed; empty unless all seeds were asked.
    many: some of the answers of the rows that have many. label: of the item, where it is known.
    walls: translations of other held-out items, of the rows whose networks name what they show.
    """

    direction: Direction
    rows: list[VariantRow]
    views: tuple[View, ...]
    truth: Any
    note: str
    unchanged: Mapping[str, float] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    is_own: bool = False
    unlike: str = ""
    by_seed: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    many: Sequence[Many] = ()
    label: int | None = None
    walls: Sequence[Wall] = ()

    def view(self, key: str) -> View | None:
        return next((view for view in self.views if view.key == key), None)


def translate(library: Library, request: Request) -> Shown:
    """Run every wanted variant on one item. Raises pictures.ImageError for a bad picture."""
    set_, direction = library.sets[request.title], request.direction
    lines = set_.rows(request.without, request.names, request.seed)
    variants = [line.variant for line in lines if line.variant]
    notes, example, unlike = notes_on(set_, variants), None, ""
    if request.example is not None:
        example = set_.examples[request.example]
    else:
        own = own_item(library, request)
        notes += _notes_on_own(library, request, variants)
        if variants:
            unlike = library.translator(variants[0].source).unlike(own, direction)

    def translated(variant: Variant) -> Translation:
        if example is not None:
            return library.translate_example(request.title, variant, request.example, direction)
        return library.translate(variant, own, direction)

    made = {line.name: line.variant and translated(line.variant) for line in lines}
    rows = [
        VariantRow(
            line.name,
            line.side,
            line.variant,
            made[line.name],
            scores(line.variant, made[line.name].translation, example, direction)
            if line.variant and example
            else {},
        )
        for line in lines
    ]
    if set_.lesson.medium.is_heard:
        notes.append(spectrogram.WORDS)
    truth = None if example is None else set_.lesson.medium.held(example.truth(direction))
    shown = variants or set_.variants[:1]
    unchanged = {}
    if example and (c := shown[0].config.channels).x == c.y:
        item = set_.lesson.medium.held(example.original(direction))
        unchanged = scores(shown[0], item, example, direction)
    views = views_of(shown, direction)
    return Shown(
        direction,
        rows,
        views,
        truth,
        " ".join(notes),
        unchanged,
        without=struck(set_, request.without),
        is_own=example is None,
        unlike=unlike,
        by_seed=_by_seed(set_, request, views, translated),
        many=_many(library, request, rows),
        label=example and example.known(direction).get("original_label"),
        walls=_walls(library, direction, rows),
    )


def own_item(library: Library, request: Request) -> Any:
    """A visitor's own item as networks are shown it; raises ImageError or SoundError."""
    medium = library.sets[request.title].lesson.medium
    if medium.is_heard:
        return library.recording(request.path, medium).clip
    return library.upload(request.path).picture


def _notes_on_own(library: Library, request: Request, variants: Sequence[Variant]) -> Sequence[str]:
    """Sentences on a visitor's own item."""
    set_ = library.sets[request.title]
    if set_.lesson.medium.is_heard:
        return library.recording(request.path, set_.lesson.medium).notes
    (width, height), notes = library.upload(request.path).size, []
    longest = min([v.longest for v in variants], default=LONGEST_SIDE)
    if max(width, height) > longest:
        notes.append(
            f"Your picture has {width}×{height} pixels and was reduced to {longest} on "
            "its longer side."
        )
    if request.is_drawn and request.path.example is not None:
        name = set_.examples[request.path.example].name
        notes.append(
            f"You drew on {name}: its truth is not that of your picture, and so nothing is "
            "measured against it."
        )
    return notes


def _many(library: Library, request: Request, rows: Sequence[VariantRow]) -> list[Many]:
    """Of the rows whose translation is told something beside the item."""
    set_, direction = library.sets[request.title], request.direction
    if set_.lesson.medium is not PICTURES:
        return []
    others = [e.truth(direction) for i, e in enumerate(set_.examples) if i != request.example]
    styles = [set_.lesson.medium.held(one) for one in others]
    return [
        many.look(library.translator(row.variant.source), row.title, row.made, direction, styles)
        for row in rows
        if row.variant and row.variant.latents(direction)
    ]


def _walls(library: Library, direction: Direction, rows: Sequence[VariantRow]) -> list[Wall]:
    found = [
        wall.of_row(row.title, library.translator(row.variant.source), direction)
        for row in rows
        if row.variant and row.variant.method.namers(direction)
    ]
    return [one for one in found if one]


def can_be_luck(set_: CheckpointSet, request: Request) -> bool:
    """Whether two different rows have networks of several seeds."""
    return bool(request.without and set_.switches and set_.seeds(request.without))


def _by_seed(
    set_: CheckpointSet,
    request: Request,
    views: Sequence[View],
    translated: Callable[[Variant], Translation],
) -> dict[int, tuple[float, float]]:
    """As in `Shown`; empty where a row has no way back."""
    back = next((view for view in views if view.key == "back"), None)
    found = {}
    for seed, variants in _all_seeds(set_, request).items():
        figures = tuple(translated(v).figures.get(back.figure) for v in variants) if back else ()
        if len(figures) != 2 or None in figures:
            return {}
        found[seed] = figures
    return found


def _all_seeds(set_: CheckpointSet, request: Request) -> dict[int, list[Variant]]:
    """The variants of both rows by seed, where all are asked."""
    if not (request.luck and can_be_luck(set_, request)):
        return {}
    seeds = set_.seeds(request.without)
    return {seed: [row.variant for row in set_.rows(request.without, (), seed)] for seed in seeds}


def struck(set_: CheckpointSet, without: Set[str]) -> tuple[str, ...]:
    """Names of switches in their method's order."""
    return tuple(switch.name for switch in set_.switches if switch.name in without)


def views_of(variants: Sequence[Variant], direction: Direction) -> tuple[View, ...]:
    """The columns of a comparison: all that any of the variants shows."""
    found: dict[str, View] = {}
    for view in (view for variant in variants for view in variant.views(direction)):
        found.setdefault(view.key, view)
    return tuple(found.values())


def notes_on(set_: CheckpointSet, variants: Sequence[Variant]) -> list[str]:
    """Sentences that stand below a comparison of these variants."""
    said = []
    if not set_.is_fair:
        said.append("The variants of this set differ in more than their objective.")
    said += remarks(variants)
    return said if set_.switches or set_.compares_methods else said + alone(set_)


def alone(set_: CheckpointSet) -> list[str]:
    """The sentence that something is missing to compare a set with, if it is."""
    switches = set_.method.switches
    if not switches or len({on for v in set_.variants for on in v.switches[:1]}) > 1:
        return []
    side = "without" if any(v.switches[:1] == (True,) for v in set_.variants) else "with"
    return [f"It has no partner trained {side} the {switches[0].name} to compare it with."]


def remarks(variants: Sequence[Variant]) -> list[str]:
    """Sentences that one should know of variants: their files' notes, and their schedules."""
    found = []
    for variant in variants:
        found += variant.config.facts.get("notes", [])
        for remark in variant.config.objective.remarks:
            shared = all(remark in other.config.objective.remarks for other in variants)
            found.append(remark if shared else f"{variant.name}: {remark}")
    return list(dict.fromkeys(found))


def scores(variant: Variant, made: Any, example: Example, direction: Direction) -> dict[str, float]:
    """Quick figures of a translation of an example against the truth, by key."""
    lesson, config = variant.lesson, variant.config
    own, other = config.channels.x, config.channels.y
    own, other = (own, other) if direction == "xy" else (other, own)
    medium = lesson.medium

    def array(held: Any, channels: int) -> np.ndarray:
        return medium.arrays(medium.kept(held, channels)[None])[0]

    known = {
        "original": array(medium.held(example.original(direction)), own),
        "made": array(made, other),
        "truth": array(medium.held(example.truth(direction)), other),
    }
    is_reduced = known["made"].shape != known["truth"].shape
    if medium is PICTURES and is_reduced:
        return {}
    known |= example.known(direction)
    return against_truth(lesson.figures, known, NETWORK[direction])


def needs_networks(library: Library, request: Request) -> bool:
    """Whether `translate` would run any: not for what is remembered."""
    set_ = library.sets[request.title]
    rows = set_.rows(request.without, request.names, request.seed)
    variants = [row.variant for row in rows if row.variant]
    has_many = any(variant.latents(request.direction) for variant in variants)
    if has_many and set_.lesson.medium is PICTURES:
        return True  # Of many answers nothing is kept but what is drawn of them.
    variants += [variant for of in _all_seeds(set_, request).values() for variant in of]
    if request.example is None:
        own = own_item(library, request)
        known = (library.remembers_own(v, own, request.direction) for v in variants)
    else:
        title, index, direction = request.title, request.example, request.direction
        known = (library.remembers(title, v, index, direction) for v in variants)
    return not all(known)


def is_of_a_picture(view: View, views: Container[str]) -> bool:
    """Whether its network is handed another view, first of all; what comes beside may steer it."""
    return bool(view.network and view.of) and view.of[0] in views


def look_inside(library: Library, request: Request, within: Within) -> Insides | None:
    """Follow the picture of a request through a network; None where there is none of that kind."""
    set_, direction = library.sets[request.title], request.direction
    if set_.is_from_noise:
        return None
    rows = [row for row in translate(library, request).rows if row.made]
    if set_.lesson.medium is not PICTURES or within.row >= len(rows):
        return None
    row = rows[within.row]
    view = next((v for v in row.variant.views(direction) if v.key == within.key), None)
    made = row.made.views
    if view is None or not is_of_a_picture(view, made) or view.key not in made:
        return None
    translator, given = library.translator(row.variant.source), made[view.of[0]]
    judge, role = translator.judge(direction), translator.method.judge(direction)
    return Insides(
        row,
        view,
        given,
        made[view.key],
        translator.inside(made, view, direction),
        (role, *translator.reach_of(judge, given)) if judge is not None else None,
    )


def look_closer(library: Library, request: Request, probe: Probe) -> Closer:
    """Close-ups of every row that has a way back; a medium other than pictures has none to show.

    All rows are judged by one discriminator, that of the first variant that ships one, so that
    their scores can be compared.
    """
    set_, direction = library.sets[request.title], request.direction
    if set_.is_from_noise:
        return Closer(direction, probe)
    shown = translate(library, request)
    rows = [row for row in shown.rows if row.made and row.made.reconstruction is not None]
    if set_.lesson.medium is not PICTURES or not rows:
        return Closer(direction, probe)
    judge, name = library.judge(set_, direction)
    truth_score = None
    if judge and shown.truth is not None:
        truth_score = judge.patch_scores(shown.truth, direction).mean
    example = None if request.example is None else set_.examples[request.example]
    found = []
    for row in rows:
        translator = library.translator(row.variant.source)
        made = row.made

        @cache
        def recover(by: Probe, made=made, translator=translator):
            disturbed = by.disturb(made.translation)
            return disturbed, translator.reconstruct(disturbed, direction, made.original)

        def error(by: Probe, recover=recover, made=made):
            return picture_l1(recover(by)[1], made.original)

        scored, score = None, None
        if judge:
            patches = judge.patch_scores(made.translation, direction)
            scored, score = closer.score_overlay(made.translation, patches), patches.mean
        difference = closer.difference_map(made.reconstruction, made.original)
        points = [(by.strength, error(by)) for by in probe.growing()]
        of_judge = scored, score, truth_score
        back = *recover(probe), error(probe)
        read = message.read(set_, direction, example, made, translator, recover)
        found.append(Close(row, difference, *of_judge, *back, points, read))
    views = {view.key: view for view in shown.views}
    return Closer(direction, probe, found, views, name, set_.method.judge(direction))
