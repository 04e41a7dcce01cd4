"""What a laboratory measured, read from the report beside its checkpoints.

A laboratory is a folder with report/report.json, which `python -m cyclegan.ablation report`
writes: a checkpoint set, or a folder of sets with a run a seed. What the file lacks is left out.
Knows no markup.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path

from ..labs.ablation.text import COLUMNS
from ..labs.ablation.variants import GROUPS
from ..store import checkpoints
from .library import CheckpointSet, Library, Variant

REPORT = Path("report") / "report.json"
FRAMES = Path("report") / "frames"


class LabError(ValueError):
    """A report cannot be read; the message says which and why."""


@dataclass(frozen=True)
class Measure:
    """Mean over seeds, and the spread between them where there are several."""

    mean: float
    spread: float | None = None


@dataclass(frozen=True)
class Row:
    """One objective. figures: by network ("G", "F") and figure. curves: by name, over `steps`."""

    name: str
    title: str
    terms: str = ""
    source: str = ""
    paired: bool = False
    seeds: int = 0
    figures: dict[str, dict[str, Measure]] = field(default_factory=dict)
    steps: tuple[float, ...] = ()
    terms_over_time: dict[str, tuple[float | None, ...]] = field(default_factory=dict)
    figures_over_time: dict[str, tuple[float | None, ...]] = field(default_factory=dict)

    def mean(self, network: str, figure: str) -> float | None:
        measure = self.figures.get(network, {}).get(figure)
        return None if measure is None else measure.mean

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

    frames: folder of the pictures made in training. unchanged: by network and figure, what a
    picture scores that is handed over as its own translation.
    """

    data: str
    pairs: int | None
    size: int | None
    steps: int | None
    seeds: int
    machine: str
    rows: tuple[Row, ...]
    frames: Path
    frame_rows: int
    frame_side: int
    paper: dict
    unchanged: dict[str, dict[str, float]] = field(default_factory=dict)

    def row(self, name: str) -> Row | None:
        return next((row for row in self.rows if row.name == name), None)

    def columns(self, network: str) -> list[str]:
        """Figures that any row has of "G" or "F"."""
        return [c for c in COLUMNS if any(row.mean(network, c) is not None for row in self.rows)]

    def best(self, network: str, figure: str) -> set[str]:
        """Names of the best rows of a column; outside the contest stand the paired ones, and
        those of fewer seeds than others, which luck may have chosen."""
        running = [row for row in self.rows if not row.paired and row.seeds >= self.seeds]
        found = {
            row.name: COLUMNS[figure].badness(value)
            for row in running
            if (value := row.mean(network, figure)) is not None
        }
        if len(found) < 2:
            return set()
        return {name for name, value in found.items() if value == min(found.values())}

    def groups(self) -> dict[str, list[str]]:
        """Names of rows by the group they belong to; groups without a row are left out."""
        names = [row.name for row in self.rows]
        groups = {g: [n for n in names if n in GROUPS[g]] for g in GROUPS if g != "all"}
        rest = [n for n in names if not any(n in members for members in groups.values())]
        return {g: members for g, members in {**groups, "more": rest}.items() if members}

    def opening(self) -> list[str]:
        """Names of the rows that are shown at first: the paper's, where they are there."""
        return next(iter(self.groups().values()), [])


@dataclass(frozen=True)
class Lab:
    """Where a laboratory lies. weights: one variant a row, by name. examples: title of the set
    whose pictures they are shown on, or None."""

    folder: Path
    weights: dict[str, Variant]
    examples: str | None

    @property
    def directions(self) -> list[tuple[str, str]]:
        """(label, direction), by the names of the domains."""
        domains = next(iter(self.weights.values())).config.domains
        x, y = domains.x, domains.y
        return [(f"G: {x} → {y}", "xy"), (f"F: {y} → {x}", "yx")]


def find(library: Library) -> dict[str, Lab]:
    """The laboratories among a library's sets, by title."""
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
    return found


def _examples(library: Library, title: str) -> str | None:
    """The set itself, or another one of the same data that has examples."""

    def data(set_: CheckpointSet) -> tuple:
        config = set_.variants[0].config
        return config.training.data, config.domains

    wanted = data(library.sets[title])
    alike = [t for t, set_ in library.sets.items() if data(set_) == wanted]
    return next((t for t in [title, *alike] if library.sets[t].examples), None)


def read(folder: Path) -> Report:
    """The report in a set's folder; raises LabError where there is nothing to show in it."""
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
        pairs=_whole(values.get("pairs")),
        size=_whole(values.get("size")),
        steps=_whole(values.get("steps")),
        seeds=_count(values.get("seeds")),
        machine=str(values.get("machine") or ""),
        rows=tuple(rows),
        frames=folder / FRAMES,
        frame_rows=_whole(frames.get("inputs")) or 1,
        frame_side=_whole(frames.get("side")) or 64,
        paper=_dict(values.get("paper")),
        unchanged={
            network: {
                name: v for name, value in _dict(f).items() if (v := number(value)) is not None
            }
            for network, f in _dict(values.get("unchanged")).items()
        },
    )


def _is_named(value: object) -> bool:
    """The name is also a folder's: it must lead nowhere else."""
    name = value.get("name") if isinstance(value, dict) else None
    return isinstance(name, str) and bool(name) and name == Path(name).name and name != ".."


def _row(values: dict) -> Row:
    figures = {
        network: {name: m for name, v in _dict(found).items() if (m := _measure(v)) is not None}
        for network, found in _dict(values.get("figures")).items()
    }
    curves = _dict(values.get("curves"))
    steps = _lines({"steps": curves.get("steps")}).get("steps", ())
    over_time = _dict(curves.get("figures"))
    return Row(
        name=values["name"],
        title=str(values.get("title") or values["name"]),
        terms=str(values.get("terms") or ""),
        source=str(values.get("source") or ""),
        paired=bool(number(_dict(values.get("objective")).get("paired"))),
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


def _measure(value: object) -> Measure | None:
    mean = number(_dict(value).get("mean"))
    return None if mean is None else Measure(mean, number(_dict(value).get("spread")))


def shown(name: str, value: float | None) -> str:
    """A figure as the tables write it."""
    return "–" if value is None else f"{value:.{COLUMNS[name].digits}f}"


def number(value: object) -> float | None:
    """A finite number as it is, anything else as None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _whole(value: object) -> int | None:
    return None if (found := number(value)) is None else int(found)


def _count(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


def _dict(value: object) -> dict:
    return value if isinstance(value, dict) else {}
