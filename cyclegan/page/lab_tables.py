"""What a laboratory measured, as tables: a calm one of a few rows and figures, and all of it.

Pure functions from a report to what templates/lab_tables.html takes; styles/lab.css says how it
looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..core.config import Direction
from ..core.figures import Measure
from ..inference.evaluation import NETWORK
from ..labs.ablation import variants
from . import surprises, trained
from .lab import OverSeeds, Report, ReportRow, method_of
from .markup import absent, render
from .surprises import Surprise, Trained

SHOWN = 3
"""Figures of the calm table."""


@dataclass(frozen=True)
class Bar:
    """Places on the scale of a column, in percent from its left end.

    low, high: of the interval, None without one. seeds: of each seed, where there are several.
    itself: of x, handed over as its own translation.
    """

    mean: float
    low: float | None = None
    high: float | None = None
    seeds: tuple[float, ...] = ()
    itself: float | None = None


@dataclass(frozen=True)
class Scale:
    """What the bars of a column have in common: values at its two ends."""

    left: float
    right: float

    @classmethod
    def of(cls, found: Sequence[OverSeeds], itself: float | None) -> "Scale":
        """As wide as all means, seeds and intervals, and where x itself lies."""
        values = [v for one in found for v in (one.mean, *one.values, *(one.interval or ()))]
        values += [] if itself is None else [itself]
        return cls(min(values), max(values))

    def at(self, value: float) -> float:
        """50 where all values are one."""
        width = self.right - self.left
        return round(100 * (value - self.left) / width, 1) if width else 50.0

    def bar(self, found: OverSeeds, itself: float | None) -> Bar:
        low, high = map(self.at, found.interval) if found.interval else (None, None)
        seeds = tuple(map(self.at, found.values)) if found.values[1:] else ()
        own = None if itself is None else self.at(itself)
        return Bar(self.at(found.mean), low, high, seeds, own)


@dataclass(frozen=True)
class Cell:
    """A figure of a row; found is None where the row has none."""

    measure: Measure
    found: OverSeeds | None
    is_best: bool
    bar: Bar | None = None


@dataclass(frozen=True)
class Row:
    """beside: what stands below its title."""

    of: ReportRow
    beside: list[str]
    cells: list[Cell]


@dataclass(frozen=True)
class Column:
    """scale: None in a table without bars."""

    measure: Measure
    itself: float | None
    scale: Scale | None = None

    @property
    def has_itself(self) -> bool:
        return self.itself is not None


def tables(
    report: Report, direction: Direction, both: tuple[Trained, Trained, str] | None = None
) -> str:
    """Rows objectives, columns figures of G or F; heads sort, the best of a column is marked.

    both: this laboratory and what another tab has of the same data, as `trained.beside` finds them.
    """
    network = NETWORK[direction]
    measures = report.measures(network)
    if not measures:
        return absent("The report holds no figures.")
    itself = report.unchanged.get(network, {})
    opening = [row for name in report.opening() if (row := report.row(name))]
    chosen = headline(report, measures)

    def told(rows: Sequence[ReportRow], of: Sequence[Measure]) -> list[Surprise]:
        main, subjects = report.reference, trained.of_rows(rows, network)
        name = main and main.name
        return surprises.tell(subjects, of, report.comparisons, itself, direction, name)

    other = both and surprises.elsewhere(*both, chosen)
    return render(
        "lab_tables.tables",
        network=network,
        own="x" if network == "G" else "y",
        made=report.rows[0].made(network),
        on=f" on {report.measured_on}" if report.measured_on else "",
        columns=[_with_scale(opening, network, m, itself.get(m.key)) for m in chosen],
        rows=_rows(report, opening, network, chosen, with_bars=True),
        missing=report.missing(),
        told=[*told(opening, chosen), *([other] if other else [])],
        all_columns=[Column(m, itself.get(m.key)) for m in measures],
        all_rows=_rows(report, report.rows, network, measures),
        all_told=told(report.rows, measures),
        seeds=report.seeds,
        competing=_competing(report),
    )


def headline(report: Report, measures: Sequence[Measure]) -> list[Measure]:
    """That of the method that is compared, and the lesson's, as far as they are there; then others,
    up to three."""
    main = report.reference or report.rows[0]
    keys = [*method_of(main.method).headline, *report.lesson.headline]
    first = sorted((m for m in measures if m.key in keys), key=lambda m: keys.index(m.key))
    return [*first, *(m for m in measures if m not in first)][:SHOWN]


def _with_scale(
    rows: Sequence[ReportRow], network: str, measure: Measure, itself: float | None
) -> Column:
    found = [one for row in rows if (one := row.figures.get(network, {}).get(measure.key))]
    return Column(measure, itself, Scale.of(found, itself) if found else None)


def _rows(
    report: Report,
    listed: Sequence[ReportRow],
    network: str,
    measures: Sequence[Measure],
    with_bars: bool = False,
) -> list[Row]:
    best = {m.key: report.best(network, m, listed) for m in measures}
    roles = variants.uneven([row.sizes(network) for row in listed])
    itself: Mapping[str, float] = report.unchanged.get(network, {})
    scales = {m.key: _with_scale(listed, network, m, itself.get(m.key)).scale for m in measures}
    rows = []
    for row in listed:
        cells = []
        for m in measures:
            found, scale = row.figures.get(network, {}).get(m.key), scales[m.key]
            bar = scale.bar(found, itself.get(m.key)) if with_bars and found and scale else None
            cells.append(Cell(m, found, row.name == best[m.key], bar))
        rows.append(Row(row, _beside(row, network, roles), cells))
    return rows


def _beside(row: ReportRow, network: str, roles: list[str]) -> list[str]:
    """What stands below the title of a row: what is special about it, and how large it is."""
    special = [f"{label}: {words}" for label, words in row.settings.items()]
    sizes = [f"{row.sizes(network)[r]:,} in {r}" for r in roles if r in row.sizes(network)]
    said = ["; ".join(special), f"parameters: {', '.join(sizes)}" if sizes else ""]
    if row.paired:
        said.append("trained on true pairs: the upper bound")
    return [line for line in said if line]


def _competing(report: Report) -> str:
    """Who is no rival of the others, as a clause; "" where all are."""
    out = ["trained on true pairs"] if any(row.paired for row in report.rows) else []
    out += ["with fewer seeds"] if any(row.seeds < report.seeds for row in report.rows) else []
    return f"; rows {' or '.join(out)} do not compete" if out else ""
