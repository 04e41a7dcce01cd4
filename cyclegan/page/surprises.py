"""What goes against the rule in a table of figures, and why: told where it stands.

Everything is computed from figures, their intervals and what variants are trained on; what a figure
asks is the figure's own sentence. Knows no lesson, no method and no variant by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from .. import methods
from ..core.config import Direction, Objective
from ..core.evidence import Interval
from ..core.figures import Measure
from ..inference.comparisons import Comparisons, listed
from ..inference.evaluation import NETWORK

NAMED = 3
"""Rows or figures that are named in a sentence; of more, the number is."""


@dataclass(frozen=True)
class Subject:
    """A row of a table.

    name: in comparisons. objective: None where it is not known. figures: of one network, by key: a
    value, and its interval or None. settings: what it has otherwise than others.
    """

    name: str
    title: str
    objective: Objective | None
    figures: Mapping[str, tuple[float, Interval | None]]
    settings: Mapping[str, str] = field(default_factory=dict)

    def told(self, measure: Measure) -> str:
        """ "CycleGAN (0.790)"."""
        value, _ = self.figures.get(measure.key, (None, None))
        return f"{self.title} ({measure.written(value)})"


@dataclass(frozen=True)
class Surprise:
    """point: what it is, in short. seen: in which figures. why: what explains it."""

    point: str
    seen: str
    why: str


@dataclass(frozen=True)
class Trained:
    """What stands under a title in one of the tabs, and how it was trained."""

    title: str
    networks: str
    steps: int | None
    seeds: int
    subjects: Sequence[Subject]

    @property
    def words(self) -> str:
        """ "ResNet, 4 blocks, 16 filters; 2,000 steps; 3 seeds"."""
        steps = f"{self.steps:,} steps" if self.steps else ""
        seeds = f"{self.seeds} seeds" if self.seeds > 1 else "one seed"
        return "; ".join(filter(None, (self.networks, steps, seeds)))


def tell(
    subjects: Sequence[Subject],
    measures: Sequence[Measure],
    compared: Comparisons,
    itself: Mapping[str, float],
    direction: Direction,
    main: str | None = None,
) -> list[Surprise]:
    """All surprises of a table.

    itself: figures of the input, as its own translation. main: the row that is named first.
    """
    network = NETWORK[direction]
    return [
        *_unjudged(subjects, measures, compared, direction),
        *_unchanged(subjects, measures, itself, network, main),
    ]


def is_judged(objective: Objective, direction: Direction) -> bool:
    """Whether a discriminator ever asks that translations look like the other side."""
    method = methods.find(objective.method)
    return method.judge(direction) in method.playing(objective)


def _unjudged(
    subjects: Sequence[Subject],
    measures: Sequence[Measure],
    compared: Comparisons,
    direction: Direction,
) -> list[Surprise]:
    """Rows without a discriminator that are no worse in several figures than those with one."""
    points, of = [], []
    for own in subjects:
        other = _judged_partner(own, subjects, direction)
        found = compared.between(own.name, other.name, NETWORK[direction]) if other else {}
        known = [m for m in measures if m.key in found]
        better = [m for m in known if found[m.key].is_clear and found[m.key].value < 0]
        alike = [m for m in known if not found[m.key].is_clear]
        if better or len(alike) > 1:
            parts = [f"better than {other.title} in {_labels(better)}" if better else ""]
            parts.append(f"not told apart from {other.title} in {_labels(alike)}" if alike else "")
            points.append(f"{own.title} is {' and '.join(filter(None, parts))}")
            of += [own, other]
    if not points:
        return []
    looks = [m for m in measures if "real" in getattr(m, "needs", ())]
    values = [f"{m.label} of {listed([one.told(m) for one in of])}" for m in looks]
    beside = f", and at what tells of all of them together: {'; '.join(values)}" if values else ""
    return [
        Surprise(
            "What was trained without a discriminator is no worse.",
            f"{'; '.join(points)}.",
            "Nothing ever asked these translations to look like the other side, and hardly a "
            "figure asks it: an error in pixels is small for what stays near the input and for "
            "what is blurred, and a way back says nothing of what lies on it. Look at the pictures"
            f"{beside}.",
        )
    ]


def _judged_partner(
    own: Subject, subjects: Sequence[Subject], direction: Direction
) -> Subject | None:
    """The row that has all of this one's terms, and a discriminator, with fewest others."""
    if own.objective is None or is_judged(own.objective, direction):
        return None
    weights = own.objective.weights()

    def added(other: Subject) -> list[str] | None:
        if type(other.objective) is not type(own.objective) or other.settings != own.settings:
            return None
        if not is_judged(other.objective, direction):
            return None
        a, b = (_timeless(one.objective) for one in (own, other))
        differ = [f.name for f in fields(a) if getattr(a, f.name) != getattr(b, f.name)]
        return differ if all(n in weights and not getattr(a, n) for n in differ) else None

    partners = [(len(names), other) for other in subjects if (names := added(other)) is not None]
    return min(partners, key=lambda one: one[0])[1] if partners else None


def _unchanged(
    subjects: Sequence[Subject],
    measures: Sequence[Measure],
    itself: Mapping[str, float],
    network: str,
    main: str | None,
) -> list[Surprise]:
    """Figures in which the input itself is better than what networks make of it."""
    own, hard, far = "x" if network == "G" else "y", [], []
    by_words: dict[str, list[str]] = {}
    measured = [m for m in measures if any(m.key in one.figures for one in subjects)]
    for measure in (m for m in measured if m.key in itself):
        beside = {one.name: _beside(one, measure, itself[measure.key]) for one in subjects}
        hows = set(beside.values()) - {""}
        if hows == {"better"}:
            far.append(measure)
        if beside.get(main) != "alike":
            hows -= {"alike"}  # What lacks something may well be no better.
        said = [
            words
            + _some([one for one in subjects if beside[one.name] == how], subjects, main, measure)
            for how, words in (("worse", "better than "), ("alike", "not told apart from "))
            if how in hows
        ]
        if said:
            hard.append(measure)
            words = f"{measure.label} ({measure.written(itself[measure.key])})"
            by_words.setdefault(" and ".join(said), []).append(words)
    if not hard:
        return []
    points = "; ".join(f"in {listed(of)} it is {said}" for said, of in by_words.items())
    asked = "".join(f" {m.label}: {m.read_of(network)}" for m in hard[:NAMED])
    rest = f" In {_labels(far)} every row is better than {own}." if far else ""
    return [
        Surprise(
            f"{own} itself, handed over as its own translation, is hard to beat.",
            f"{points[0].upper()}{points[1:]}.",
            f"A figure asks only for what it says, and {own} may have that before any translation."
            f"{asked if len(hard) <= NAMED else ''}{rest} One figure is never enough.",
        )
    ]


def _some(
    some: Sequence[Subject], of: Sequence[Subject], main: str | None, measure: Measure
) -> str:
    """ "3 of 5 rows, CycleGAN (0.790) among them"; one or two are named."""
    if len(some) < NAMED and len(some) < len(of):
        return listed([one.told(measure) for one in some])
    count = "every row" if len(some) == len(of) else f"{len(some)} of {len(of)} rows"
    named = next((one.told(measure) for one in some if one.name == main), "")
    return f"{count}, {named} among them" if named else count


def _beside(own: Subject, measure: Measure, itself: float) -> str:
    """How a row stands beside the input itself: "better", "worse" or "alike"; "" if unknown."""
    if measure.key not in own.figures:
        return ""
    value, interval = own.figures[measure.key]
    ends = interval or (value, value)
    badness = [measure.badness(end) for end in ends]
    holds_best = measure.better == "near one" and ends[0] <= 1 <= ends[1]
    least, most = 0.0 if holds_best else min(badness), max(badness)
    if most < measure.badness(itself):
        return "better"
    return "worse" if least > measure.badness(itself) else "alike"


def _labels(measures: Sequence[Measure]) -> str:
    return listed([measure.label for measure in measures])


def elsewhere(
    here: Trained, there: Trained, tab: str, measures: Sequence[Measure]
) -> Surprise | None:
    """Where the same objectives stand in another tab and were trained otherwise; None if not."""
    if here.words == there.words:
        return None
    by_objective = {
        _timeless(o.objective): o for o in there.subjects if o.objective and not o.settings
    }
    differ: list[str] = []
    for own in here.subjects:
        other = by_objective.get(_timeless(own.objective)) if own.objective else None
        if other is None or own.settings:
            continue
        for m in measures:
            a, b = own.figures.get(m.key), other.figures.get(m.key)
            if a and b and _lie_apart(a, b):
                differ.append(
                    f"{own.title}, {m.label}: {m.written(a[0])} here, {m.written(b[0])} there"
                )
    if not differ:
        return None
    more = len(differ) - NAMED
    said = "; ".join(differ[:NAMED]) + (f"; and {more} more" if more > 0 else "")
    return Surprise(
        f"The tab {tab} says otherwise of some of these objectives.",
        f"{said}.",
        f"Here: {here.words}. There, under {there.title}: {there.words}. What fails in small "
        "networks or a short training may not in others, nor the other way round; and one seed is "
        "one throw of the dice.",
    )


def _timeless(objective: Objective) -> Objective:
    return replace(objective, schedule=())


def _lie_apart(a: tuple[float, Interval | None], b: tuple[float, Interval | None]) -> bool:
    """Whether two values' intervals have nothing in common; never without both."""
    return bool(a[1] and b[1]) and (a[1][1] < b[1][0] or b[1][1] < a[1][0])


def on_one(
    main: Subject,
    rival: Subject,
    over_all: tuple[Subject, Subject],
    measures: Sequence[Measure],
    compared: Comparisons,
    network: str,
) -> Surprise | None:
    """Of one example on which a rival is better, where over all items the main row is.

    over_all: the two of them, with the figures of all items.
    """
    found = [
        m
        for m in measures
        if all(m.key in one.figures for one in (main, rival, *over_all))
        and m.badness(rival.figures[m.key][0]) < m.badness(main.figures[m.key][0])
        and (one := compared.difference(main.name, rival.name, network, m.key))
        and one.is_clear
        and one.value < 0
    ]
    if not found:
        return None

    def told(a: Subject, b: Subject) -> str:
        pairs = [(m, m.written(a.figures[m.key][0]), m.written(b.figures[m.key][0])) for m in found]
        return listed([f"{m.label} {x} against {y}" for m, x, y in pairs])

    return Surprise(
        "Here the rule fails.",
        f"{rival.title} is better than {main.title}: {told(rival, main)}.",
        f"Over all items it is the other way round, {told(*over_all[::-1])}: one example may go "
        "against the many.",
    )
