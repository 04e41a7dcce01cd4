"""A laboratory as HTML: introduction, the grid of all objectives, the tables.

Pure functions from a report and pictures to markup; style.css says how it looks.
"""

import re
from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image

from ..core import figures
from ..inference.translator import Direction, Translation
from ..labs.ablation.text import COLUMNS
from ..labs.ablation.variants import VARIANTS
from .lab import Measure, Report, Row, shown
from .panels import data_url, formula, symbols

HOW_TO = """<p class="sentence">No ablation is here yet. It trains one model under many objectives
and compares them on ground truth:</p>
<pre class="how-to">python -m cyclegan.ablation run --out runs/ablation
python -m cyclegan.ablation report runs/ablation</pre>
<p class="sentence">Start the page again afterwards: this tab then shows the table, the same inputs
through every objective, the curves, and a film of the training.</p>"""

COVER = """<p class="sentence">The results are covered. Say which of the five objectives you expect
to fail, and how; then look.</p>"""

CHOOSE = '<p class="absent">Choose a group of objectives.</p>'
NO_GRID = '<p class="absent">No weights or no examples lie beside this report.</p>'

SECTIONS = {
    "grid": (
        "Same input, every objective",
        "Upper pictures are translations, to be held against the truth; lower ones are the way "
        "back, to be held against the input. Networks of the first seed.",
    ),
    "table": ("Figures", "The best row of one column is seldom the best of the next."),
    "curves": (
        "Curves",
        "Means over seeds; figures are measured on a few held-out pairs while training goes on.",
    ),
    "film": (
        "How two part ways",
        "The same three held-out inputs while two objectives learn, from the same first weights.",
    ),
}

SORT_CLICK = """
element.addEventListener('click', (event) => {
  const head = event.target.closest('th[aria-sort]');
  if (!head) return;
  const body = head.closest('table').tBodies[0], heads = [...head.parentNode.children];
  const {first} = head.dataset, other = first === 'ascending' ? 'descending' : 'ascending';
  const order = head.getAttribute('aria-sort') === first ? other : first;
  const sign = order === 'ascending' ? 1 : -1, column = heads.indexOf(head);
  const value = (row) => row.children[column].dataset.value;
  const compare = (a, b) => {
    const [u, v] = [value(a), value(b)];
    if (u === '' || v === '') return (u === '') - (v === '');
    return sign * (Number(u) - Number(v));
  };
  body.append(...[...body.rows].sort(compare));
  for (const one of heads) one.setAttribute('aria-sort', one === head ? order : 'none');
});
"""


def section(name: str) -> str:
    """The heading of a part of the tab."""
    title, sentence = SECTIONS[name]
    return f'<div class="part"><h2>{title}</h2><p>{sentence}</p></div>'


def introduction(report: Report) -> str:
    """What was run, and how to read it, without a single result."""
    runs = f"<b>{len(report.rows)} objectives</b>"
    if report.seeds:
        fewer = "up to " if any(row.seeds < report.seeds for row in report.rows) else ""
        runs += f", {fewer}{report.seeds} seed{'s' if report.seeds > 1 else ''} each"
    if report.steps:
        runs += f", {report.steps:,} steps"
    on = f" on {escape(report.data)}" if report.data else ""
    size = f" at {report.size} px" if report.size else ""
    pairs = f"; figures are over {report.pairs} held-out pairs" if report.pairs else ""
    return (
        f'<p class="lab-intro">{runs}{on}{size}{pairs}. Networks, data and its order are the same '
        "in every run: a row differs from its neighbour by the terms of its objective alone, so "
        "ask of each what is lost when a term is taken away.</p>"
    )


@dataclass(frozen=True)
class Cell:
    """What one objective makes of the chosen example."""

    row: Row
    made: Translation


def grid(
    cells: list[Cell], x: Image.Image, truth: Image.Image, direction: Direction, with_sea: bool
) -> str:
    """The truth over the input, then for every objective G(x) over F(G(x)).

    Pictures of one kind stand side by side. with_sea: whether translations are maps with sea.
    """
    s = symbols(direction)
    target = np.asarray(truth)
    # Whoever saw the pairs does not compete.
    rivals = [c for c in cells if not c.row.paired]
    rmse = {c.row.name: figures.rmse(np.asarray(c.made.translation), target) for c in cells}
    best_rmse = min((rmse[c.row.name] for c in rivals), default=None)
    errors = [e for c in rivals if (e := c.made.cycle_error) is not None]
    parts = [
        '<div class="variants"><section class="cell given"><h4>The place itself</h4>',
        _figure(truth, f"The truth {s['truth']}", f"{formula(s['truth'])} the truth"),
        _figure(x, f"The input {s['x']}", f"{formula(s['x'])} the input"),
        "</section>",
    ]
    for cell in cells:
        name, title = cell.row.name, escape(cell.row.title)
        there = ""
        if with_sea:
            there = f"sea IoU {figures.sea_iou(np.asarray(cell.made.translation), target):.2f} · "
        there += _strong(f"RMSE {rmse[name]:.0f}", rmse[name] == best_rmse, len(rivals))
        parts.append(
            f'<section class="cell" data-variant="{escape(name)}">'
            f'<h4 title="{escape(cell.row.terms)}">{title}</h4>'
            + _figure(
                cell.made.translation,
                f"{title}: {s['there']}",
                f"{formula(s['there'])} {there}",
            )
        )
        if cell.made.reconstruction is not None:
            error = cell.made.cycle_error
            is_best = error == min(errors, default=None)
            back = _strong(f"cycle error {error:.1f}", is_best, len(rivals))
            parts.append(
                _figure(
                    cell.made.reconstruction,
                    f"{title}: {s['back']}",
                    f"{formula(s['back'])} {back}",
                )
            )
        parts.append("</section>")
    return "".join(parts) + "</div>"


def _figure(picture: Image.Image, alt: str, caption: str) -> str:
    image = f'<img src="{data_url(picture)}" alt="{alt}">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def _strong(words: str, is_best: bool, of: int) -> str:
    return f"<b>{words}</b>" if is_best and of > 1 else words


def table(report: Report, network: str) -> str:
    """Rows objectives, columns figures of G or F; heads sort, the best of a column is marked."""
    columns = report.columns(network)
    if not columns:
        return '<p class="absent">The report holds no figures.</p>'
    heads = '<th scope="col" aria-sort="ascending" data-first="ascending" title="In the order of '
    heads += 'the report"><button type="button">objective</button></th>'
    for name in columns:
        column = COLUMNS[name]
        first = "ascending" if column.better == "↓" else "descending"
        heads += (
            f'<th scope="col" aria-sort="none" data-first="{first}" '
            f'title="{escape(_reads(name, network))}"><button type="button">{_label(name)}'
            "</button></th>"
        )
    best = {name: report.best(network, name) for name in columns}
    body = ""
    for i, row in enumerate(report.rows):
        note = "<small>trained on true pairs: the upper bound</small>" if row.paired else ""
        about = ". ".join(filter(None, (row.terms, row.source)))
        body += (
            f'<tr class="{"paired" if row.paired else ""}"><th scope="row" data-value="{i}" '
            f'title="{escape(about)}">{escape(row.title)}{note}</th>'
        )
        found = row.figures.get(network, {})
        for name in columns:
            is_best = row.name in best[name]
            body += _cell(name, found.get(name), is_best)
        body += "</tr>"
    foot, known = "", report.unchanged.get(network, {})
    if known:
        own = formula("x" if network == "G" else "y")
        cells = "".join(f"<td>{shown(name, known.get(name))}</td>" for name in columns)
        note = "<small>what a generator has to beat</small>"
        foot = f'<tfoot><tr><th scope="row">{own} itself, unchanged{note}</th>{cells}</tr></tfoot>'
    terms = "".join(
        f"<div><dt>{_label(n)}</dt><dd>{escape(_reads(n, network))}</dd></div>" for n in columns
    )
    spread = "± is the spread between seeds. " if report.seeds > 1 else ""
    pairs = f" on {report.pairs} held-out pairs" if report.pairs else ""
    legend = (
        f"{formula(network)}{pairs}. A click on a head sorts. {spread}The best of a column is "
        "marked; rows trained on true pairs, or with fewer seeds, do not compete."
    )
    return (
        f'<div class="lab-table"><div class="wide"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody>{foot}</table></div><p>{legend}</p><dl>{terms}</dl></div>"
    )


def _label(name: str) -> str:
    return f"{escape(COLUMNS[name].label)} {COLUMNS[name].better}"


def _reads(name: str, network: str) -> str:
    """What a figure tells; its formulas are those of G, and mirrored for F."""
    words = COLUMNS[name].reads
    if network == "F":
        mirror = {"F": "G", "G": "F", "x": "y", "y": "x"}
        words = re.sub(r"\b[FGxy]\b", lambda found: mirror[found[0]], words)
    return words


def paper(report: Report) -> str:
    """The paper's own ablation, small: other data, other figures."""
    try:
        names, tables = list(report.paper["figures"]), list(report.paper["tables"])
        heads = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in names)
        parts = []
        for one in tables:
            rows = ""
            for name, values in one["rows"].items():
                title = VARIANTS[name].title if name in VARIANTS else name
                cells = "".join(f"<td>{escape(str(value))}</td>" for value in values)
                rows += f'<tr><th scope="row">{escape(title)}</th>{cells}</tr>'
            parts.append(
                f"<table><caption>Table {escape(str(one['table']))}: "
                f"{escape(str(one['direction']))}</caption><thead><tr><td></td>{heads}</tr></thead>"
                f"<tbody>{rows}</tbody></table>"
            )
        source = f"{escape(str(report.paper['source']))}, on {escape(str(report.paper['data']))}"
    except (KeyError, TypeError, AttributeError):
        return ""
    return (
        f'<div class="paper"><h3>The paper\'s own figures</h3><p>{source}: other '
        "pictures and other figures, so compare the order of the rows, not the numbers. Higher is "
        "better.</p>"
        f'<div class="wide">{"".join(parts)}</div></div>'
    )


def _cell(name: str, measure: Measure | None, is_best: bool) -> str:
    if measure is None:
        return '<td data-value="">–</td>'
    words = f"<span>{shown(name, measure.mean)}</span>"
    if measure.spread is not None:
        words += f"<small> ± {shown(name, measure.spread)}</small>"
    kind = ' class="best"' if is_best else ""
    return f'<td{kind} data-value="{measure.mean!r}">{words}</td>'
