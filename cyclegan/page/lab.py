"""What a laboratory measured, read from the report beside its checkpoints.

A laboratory is a folder with report/report.json, which `python -m cyclegan.ablation report`
writes: a checkpoint set, or a folder of sets with a run a seed. What the file lacks is left out.
Knows no markup.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from .. import lessons, methods
from ..core.config import METHOD, ConfigError, Direction
from ..core.figures import Measure, mirrored
from ..inference.comparisons import Comparisons
from ..inference.evaluation import as_good_as
from ..labs.ablation import variants
from ..lessons import Lesson
from ..methods import Method
from ..store import checkpoints
from .library import Library
from .sets import CheckpointSet, Variant

REPORT = Path("report") / "report.json"
FRAMES = Path("report") / "frames"

FORMULAS = {"original": "x", "made": "G(x)", "back": "F(G(x))"}
"""Of the views, in a report that does not say."""


class LabError(ValueError):
    """A report cannot be read; the message says which and why."""


@dataclass(frozen=True)
class OverSeeds:
    """Mean over seeds, the spread between them where there are several, and the mean's interval.

    values: seed by seed; the mean alone where a report does not say.
    """

    mean: float
    spread: float | None = None
    interval: tuple[float, float] | None = None
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class ReportRow:
    """One objective, or one that changes something beside it.

    left_out: what its source has and it has not. settings: what else it changes, in words, by a
    label. parameters: of its networks by network ("G", "F": whose figures they bring about) and
    role. figures: by network and figure. formulas: of the views in frames, by key; formulas_back:
    the same from y, which older reports have not. curves: by name, over `steps`.
    """

    name: str
    title: str
    terms: str = ""
    source: str = ""
    left_out: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    method: str = METHOD
    paired: bool = False
    formulas: Mapping[str, str] = field(default_factory=lambda: FORMULAS)
    formulas_back: Mapping[str, str] = field(default_factory=dict)
    seeds: int = 0
    figures: dict[str, dict[str, OverSeeds]] = field(default_factory=dict)
    steps: tuple[float, ...] = ()
    terms_over_time: dict[str, tuple[float | None, ...]] = field(default_factory=dict)
    figures_over_time: dict[str, tuple[float | None, ...]] = field(default_factory=dict)

    def made(self, network: str) -> str:
        """The formula of what "G" or "F" makes."""
        there = self.formulas.get("made", FORMULAS["made"])
        return there if network == "G" else self.formulas_back.get("made", mirrored(there))

    def sizes(self, network: str) -> Mapping[str, int]:
        """Parameters of the networks behind the figures of "G" or "F", by role."""
        return self.parameters.get(network, {})

    def means(self, network: str) -> dict[str, float]:
        """Figures of "G" or "F" by key."""
        return {key: found.mean for key, found in self.figures.get(network, {}).items()}

    def by_seed(self, network: str) -> list[dict[str, float]]:
        """The same seed by seed; a figure that not every seed has is left out."""
        found = self.figures.get(network, {})
        seeds = max((len(one.values) for one in found.values()), default=0)
        whole = {key: one.values for key, one in found.items() if len(one.values) == seeds}
        return [{key: values[i] for key, values in whole.items()} for i in range(seeds)]

    def at(self, figure: str, step: float) -> float | None:
        """A figure of G during training, at the logged step nearest to `step`."""
        known = [
            (abs(s - step), value)
            for s, value in zip(self.steps, self.figures_over_time.get(figure, ()), strict=False)
            if value is not None
        ]
        return min(known)[1] if known else None


@dataclass(frozen=True)
class Report:
    """A laboratory as the page shows it.

    items: on which figures were measured, as good as `effective` independent ones; pairs: whether
    their truth is known. comparisons: of its rows. held_out: False
    where these are training items. frames: folder of the pictures made in training. unchanged: by
    network and figure, what an item scores that is handed over as its own translation. apart: by
    network, how far two different originals are from each other. weights: names of the rows whose
    networks are here.
    """

    data: str
    items: int | None
    effective: int | None
    pairs: bool
    held_out: bool
    size: int | None
    steps: int | None
    seeds: int
    machine: str
    rows: tuple[ReportRow, ...]
    frames: Path
    frame_rows: int
    frame_side: int
    paper: dict
    comparisons: Comparisons = field(default_factory=lambda: Comparisons({}))
    unchanged: dict[str, dict[str, float]] = field(default_factory=dict)
    apart: dict[str, float] = field(default_factory=dict)
    weights: frozenset[str] = frozenset()

    @cached_property
    def lesson(self) -> Lesson:
        return lessons.find(self.data)

    @property
    def measured_on(self) -> str:
        """ "297 held-out pairs, as good as 20 independent ones"; empty where nobody says."""
        where, kind = (
            "held-out" if self.held_out else "training",
            "pairs" if self.pairs else "items",
        )
        like = as_good_as(self.items, self.effective)
        return f"{self.items} {where} {kind}{like}" if self.items else ""

    @property
    def reference(self) -> ReportRow | None:
        """The row that the others are held against."""
        return self.row(variants.reference(row.name for row in self.rows))

    def row(self, name: str | None) -> ReportRow | None:
        return next((row for row in self.rows if row.name == name), None)

    def measures(self, network: str) -> list[Measure]:
        """The figures that any row has of "G" or "F", as tables order them."""
        have = {key: None for row in self.rows for key in row.figures.get(network, {})}
        return [m for m in self.lesson.known(have) if not getattr(m, "is_detail", False)]

    def best(
        self, network: str, measure: Measure, rows: Iterable[ReportRow] | None = None
    ) -> str | None:
        """The row that is better than all others beyond every interval, of `rows` or of all.

        Outside the contest stand the paired ones, and those of fewer seeds than others, which luck
        may have chosen.
        """
        rows = self.rows if rows is None else rows
        running = [r.name for r in rows if not r.paired and r.seeds >= self.seeds]
        return self.comparisons.best(running, network, measure.key)

    def groups(self) -> dict[str, list[str]]:
        """Names of rows by the title of their group; groups without a row are left out."""
        names, known = [row.name for row in self.rows], variants.known()
        found = {
            variants.group_title(group): [name for name in names if name in members]
            for group, members in variants.groups().items()
            if group != variants.ALL
        }
        found["more"] = [name for name in names if name not in known]
        return {title: members for title, members in found.items() if members}

    def term(self, key: str) -> Measure:
        """What a term is called by the first method that logs it."""
        logging = [row.method for row in self.rows if key in row.terms_over_time]
        return method_of(next(iter(logging), METHOD)).term(key)

    def opening_groups(self) -> list[str]:
        """Titles of the groups that are shown at first: the paper's, where it is there; otherwise
        that of the row which all are held against, and the one with most to hold against it, rows
        with networks before others."""

        def to_compare(title: str) -> tuple[int, int]:
            return len(self.weights.intersection(groups[title])), len(groups[title])

        groups, main = self.groups(), self.reference or self.rows[0]
        own = next(title for title, names in groups.items() if main.name in names)
        if own == variants.group_title(variants.PAPER[0]) and len(groups[own]) > 1:
            return [own]
        most = max((title for title in groups if title != own), key=to_compare, default=own)
        return [title for title in groups if title in (own, most)]

    def opening(self) -> list[str]:
        """Names of the rows that are shown at first, and that a class chooses from."""
        groups = self.groups()
        return [name for title in self.opening_groups() for name in groups[title]]

    def missing(self) -> list[str]:
        """Titles of the paper's rows that are not here; none where none of them is."""
        known, paper = variants.known(), variants.groups()[variants.PAPER[0]]
        absent = [known[name].title for name in paper if not self.row(name)]
        return absent if len(absent) < len(paper) else []


@dataclass(frozen=True)
class Lab:
    """Where a laboratory lies. weights: one variant a row, by name. examples: title of the set
    whose pictures they are shown on, or None."""

    folder: Path
    weights: dict[str, Variant]
    examples: str | None

    @property
    def directions(self) -> list[tuple[str, Direction]]:
        """(label, direction) of those in which any row translates, by the names of the domains."""
        found = {}
        for variant in self.weights.values():
            names = variant.config.domains
            for direction in variant.directions:
                views = variant.views(direction)
                role = next((view.network for view in views if view.network), "")
                a, b = (names.x, names.y) if direction == "xy" else (names.y, names.x)
                found.setdefault(direction, f"{role}: {a} → {b}")
        return [(label, direction) for direction, label in found.items()]


def find(library: Library) -> dict[str, Lab]:
    """The laboratories among a library's sets, by title: the one with most to compare first."""
    found: dict[str, Lab] = {}
    for title, set_ in library.sets.items():
        parent = set_.folder.parent
        if (set_.folder / REPORT).exists():
            weights = {v.source.paths[0].name: v for v in set_.variants}
            found[title] = Lab(set_.folder, weights, _examples(library, title))
        elif (parent / REPORT).exists():
            lab = next((lab for lab in found.values() if lab.folder == parent), None)
            if lab is None:
                lab = Lab(parent, {}, _examples(library, title))
                name = "/".join(parent.resolve().parts[-2:])
                found[name if name not in found else str(parent)] = lab
            # Seeds are sorted by name: the first is what the report's pictures are of.
            lab.weights[set_.folder.name] = set_.variants[0]
    return dict(sorted(found.items(), key=lambda item: -len(item[1].weights)))


def _examples(library: Library, title: str) -> str | None:
    """The set itself, or another one of the same data that has examples."""

    def data(set_: CheckpointSet) -> tuple:
        config = set_.variants[0].config
        return config.training.data, config.domains

    wanted = data(library.sets[title])
    alike = [t for t, set_ in library.sets.items() if data(set_) == wanted]
    return next((t for t in [title, *alike] if library.sets[t].examples), None)


def read(folder: Path, weights: Iterable[str] = ()) -> Report:
    """The report in a set's folder; raises LabError where there is nothing to show in it. weights:
    as in `Report`."""
    path = folder / REPORT
    try:
        values = checkpoints.read_json(path)
    except checkpoints.CheckpointError as error:
        raise LabError(str(error)) from error
    listed = values.get("variants")
    rows = [_row(v) for v in listed if _is_named(v)] if isinstance(listed, list) else []
    if not rows:
        raise LabError(f"{path} lists no variants; write it again with the report command.")
    frames = _dict(values.get("frames"))
    return Report(
        data=str(values.get("data") or ""),
        items=_whole(values.get("items")) or _whole(values.get("pairs")),
        effective=_whole(values.get("effective")),
        pairs=bool(_whole(values.get("pairs"))),
        held_out=values.get("held_out") is not False,
        size=_whole(values.get("size")),
        steps=_whole(values.get("steps")),
        seeds=_count(values.get("seeds")),
        machine=str(values.get("machine") or ""),
        rows=tuple(rows),
        frames=folder / FRAMES,
        frame_rows=_whole(frames.get("inputs")) or 1,
        frame_side=_whole(frames.get("side")) or 64,
        paper=_dict(values.get("paper")),
        comparisons=Comparisons.from_json(values.get("comparisons")),
        unchanged={n: _numbers(f) for n, f in _dict(values.get("unchanged")).items()},
        apart=_numbers(values.get("apart")),
        weights=frozenset(weights),
    )


def method_of(key: object) -> Method:
    """A method by what a file calls it; one that is not on the shelf is read as the usual one."""
    try:
        return methods.find(key)
    except (ConfigError, TypeError):
        return methods.find(METHOD)


def _is_named(value: object) -> bool:
    """The name is also a folder's: it must lead nowhere else."""
    name = value.get("name") if isinstance(value, dict) else None
    return isinstance(name, str) and bool(name) and name == Path(name).name and name != ".."


def _row(values: dict) -> ReportRow:
    figures = {
        network: {name: m for name, v in _dict(found).items() if (m := _over_seeds(v)) is not None}
        for network, found in _dict(values.get("figures")).items()
    }
    curves = _dict(values.get("curves"))
    steps = _lines({"steps": curves.get("steps")}).get("steps", ())
    over_time = _dict(curves.get("figures"))
    known = variants.known().get(values["name"])
    # Older reports name no method: there, true pairs were a weight of the one objective.
    paired = values.get("paired", number(_dict(values.get("objective")).get("paired")))
    return ReportRow(
        name=values["name"],
        title=str(values.get("title") or values["name"]),
        terms=str(values.get("terms") or ""),
        source=str(values.get("source") or ""),
        left_out=str(values.get("left_out") or ""),
        settings=_words(values.get("settings")),
        parameters={
            network: {role: n for role, count in _dict(found).items() if (n := _whole(count))}
            for network, found in _dict(values.get("parameters")).items()
        },
        method=known.objective.method if known else method_of(values.get("method")).key,
        paired=bool(paired),
        formulas=_words(values.get("formulas")) or FORMULAS,
        formulas_back=_words(values.get("formulas_back")),
        seeds=_count(values.get("seeds")),
        figures=figures,
        steps=() if None in steps else steps,
        terms_over_time=_lines(_dict(curves.get("terms"))),
        figures_over_time=_lines({n: _dict(v).get("mean") for n, v in over_time.items()}),
    )


def _lines(values: dict) -> dict[str, tuple[float | None, ...]]:
    listed = {name: v for name, v in values.items() if isinstance(v, list)}
    lines = {name: tuple(map(number, v)) for name, v in listed.items()}
    return {name: line for name, line in lines.items() if set(line) - {None}}


def _over_seeds(value: object) -> OverSeeds | None:
    said = _dict(value)
    mean, ends = number(said.get("mean")), said.get("interval")
    ends = tuple(map(number, ends)) if isinstance(ends, list) and len(ends) == 2 else (None,)
    interval = None if None in ends else ends
    if mean is None:
        return None
    listed = said.get("values")
    values = tuple(map(number, listed)) if isinstance(listed, list) else ()
    values = (mean,) if not values or None in values else values
    return OverSeeds(mean, number(said.get("spread")), interval, values)


def _numbers(value: object) -> dict[str, float]:
    return {key: v for key, said in _dict(value).items() if (v := number(said)) is not None}


def _words(value: object) -> dict[str, str]:
    return {key: words for key, words in _dict(value).items() if isinstance(words, str)}


def number(value: object) -> float | None:
    """A finite number as it is, anything else as None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # An integer beyond every float.
        return None


def _whole(value: object) -> int | None:
    return None if (found := number(value)) is None else int(found)


def _count(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


def _dict(value: object) -> dict:
    return value if isinstance(value, dict) else {}
