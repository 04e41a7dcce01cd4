"""A laboratory as HTML: introduction, the grid of all objectives, the paper's own tables.

Pure functions from a report and pictures to what templates/lab.html takes; styles/lab.css says how
it looks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from ..core.config import Direction
from ..core.figures import Measure, mirrored
from ..core.media import PICTURES
from ..inference.evaluation import NETWORK
from ..labs.ablation import variants
from ..lessons import Lesson
from ..methods import View
from . import surprises, trained
from .lab import Report, ReportRow, number
from .markup import absent, render
from .panels import data_url
from .surprises import Subject, Surprise

HOW_TO, COVER = render("lab.how_to"), render("lab.cover")

CHOOSE = absent("Choose a group of objectives.")
NOTHING_TO_PREDICT = absent("Nothing was measured here that a prediction could be held against.")
NO_GRID = absent("No weights or no examples lie beside this report.")

SECTIONS = {
    "grid": (
        "Same input, every objective",
        "Upper pictures are translations, to be held against the truth; lower ones are the way "
        "back, to be held against the input. Networks of the first seed.",
    ),
    "table": ("Figures", "Only what is better than every other row beyond chance is marked."),
    "curves": (
        "Curves",
        "Means over seeds; figures are measured on a few held-out items while training goes on.",
    ),
    "film": (
        "How two part ways",
        "The same held-out inputs while two objectives learn, from the same first weights.",
    ),
}


def section(name: str) -> str:
    """The heading of a part of the tab."""
    title, sentence = SECTIONS[name]
    return render("lab.section", title=title, sentence=sentence)


def introduction(report: Report) -> str:
    """What was run, and how to read it, without a single result."""
    how = ""
    if report.seeds:
        fewer = "up to " if any(row.seeds < report.seeds for row in report.rows) else ""
        how += f", {fewer}{report.seeds} seed{'s' if report.seeds > 1 else ''} each"
    if report.steps:
        how += f", {report.steps:,} steps"
    if report.data:
        how += f" on {report.lesson.title}"
    if report.size:
        is_picture = report.lesson.medium is PICTURES
        how += f" at {report.size} px" if is_picture else f" at size {report.size}"
    if report.measured_on:
        how += f"; figures are over {report.measured_on}"
    others = sum(bool(row.settings) for row in report.rows)
    objectives = len(report.rows) - others
    return render("lab.introduction", objectives=objectives, others=others, how=how)


@dataclass(frozen=True)
class Cell:
    """What one objective makes of the chosen example.

    views: what is shown of it, the translation first. pictures: by the views' keys. figures: of
    this one example, by key.
    """

    row: ReportRow
    views: tuple[View, ...]
    pictures: Mapping[str, Image.Image]
    figures: Mapping[str, float]

    def told(self, lesson: Lesson, view: View) -> list[Measure]:
        """The figures that stand under a view: its own, or those of the truth."""
        if view.figure:
            return [lesson.measure(view.figure)] if view.figure in self.figures else []
        below = {other.figure for other in self.views}
        found = lesson.known({key: None for key in self.figures if key not in below})
        return sorted(found, key=lambda m: m.key not in lesson.headline)


@dataclass(frozen=True)
class Drawn:
    """One picture of a cell. told: what stands below it."""

    url: str
    formula: str
    told: list[str]


def grid(
    cells: list[Cell], x: Image.Image, truth: Image.Image, direction: Direction, report: Report
) -> str:
    """The truth over the input, then for every objective its translation over the way back.

    Pictures of one kind stand side by side. Below stands where this one goes against the rule.
    """
    symbol, lesson = "x" if direction == "xy" else "y", report.lesson

    def drawn(cell: Cell, view: View) -> Drawn:
        found = cell.told(lesson, view)
        told = [f"{m.label} {m.written(cell.figures[m.key])}" for m in found]
        return Drawn(data_url(cell.pictures[view.key]), view.formula, told)

    given = [("truth", mirrored(symbol), data_url(truth)), ("input", symbol, data_url(x))]
    shown = [(cell.row, [drawn(cell, view) for view in cell.views]) for cell in cells]
    told = _against_the_rule(cells, report, NETWORK[direction])
    return render("lab.grid", given=given, cells=shown, told=[told] if told else [])


def _against_the_rule(cells: list[Cell], report: Report, network: str) -> Surprise | None:
    """Of the report's reference, and the row without what its method takes away first."""
    by_name = {cell.row.name: cell for cell in cells}
    main = report.reference and by_name.get(report.reference.name)
    rival = main and by_name.get(variants.rival(main.row.name))
    if not rival:
        return None
    rows = main.row, rival.row
    here = [
        Subject(row.name, row.title, None, {k: (v, None) for k, v in cell.figures.items()})
        for row, cell in zip(rows, (main, rival), strict=True)
    ]
    all_, measures = trained.of_rows(rows, network), report.lesson.known(main.figures)
    return surprises.on_one(*here, tuple(all_), measures, report.comparisons, network)


@dataclass(frozen=True)
class PaperTable:
    """One table of the paper, in words."""

    number: str
    direction: str
    rows: list[tuple[str, list[str]]]


def paper(report: Report) -> str:
    """The paper's own ablation, small: other data, other figures."""
    known = variants.known()
    try:
        said = report.paper
        tables = [
            PaperTable(
                str(one["table"]),
                str(one["direction"]),
                [
                    (
                        known[name].title if name in known else name,
                        ["–" if number(value) is None else str(value) for value in values],
                    )
                    for name, values in one["rows"].items()
                ],
            )
            for one in said["tables"]
        ]
        return render(
            "lab.paper",
            source=str(said["source"]),
            data=str(said["data"]),
            figures=[str(name) for name in said["figures"]],
            tables=tables,
        )
    except (KeyError, TypeError, AttributeError):
        return ""
