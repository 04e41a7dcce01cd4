"""A laboratory as HTML: introduction, the grid of all objectives, the tables.

Pure functions from a report and pictures to markup; style.css says how it looks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from PIL import Image

from ..core.figures import Measure, mirrored
from ..core.media import PICTURES
from ..labs.ablation import variants
from ..lessons import Lesson
from ..methods import View
from .lab import FORMULAS, OverSeeds, Report, ReportRow
from .panels import data_url, formula

HOW_TO = """<p class="sentence">No ablation is here yet. It trains one model under many objectives
and compares them on ground truth:</p>
<pre class="how-to">python -m cyclegan.ablation run --out runs/ablation
python -m cyclegan.ablation report runs/ablation</pre>
<p class="sentence">Start the page again afterwards: this tab then shows the table, the same inputs
through every objective, the curves, and a film of the training.</p>"""

COVER = """<p class="sentence">The results are covered. Say which of the objectives you expect to
fail, and how; then look.</p>"""

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
        "Means over seeds; figures are measured on a few held-out items while training goes on.",
    ),
    "film": (
        "How two part ways",
        "The same held-out inputs while two objectives learn, from the same first weights.",
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
    on = f" on {escape(report.lesson.title)}" if report.data else ""
    is_picture = report.lesson.medium is PICTURES
    side = f"{report.size} px" if is_picture else f"size {report.size}"
    size = f" at {side}" if report.size else ""
    pairs = f"; figures are over {report.measured_on}" if report.measured_on else ""
    return (
        f'<p class="lab-intro">{runs}{on}{size}{pairs}. Networks, data and its order are the same '
        "in every run: a row differs from its neighbour by the terms of its objective alone, so "
        "ask of each what is lost when a term is taken away.</p>"
    )


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


def grid(cells: list[Cell], x: Image.Image, truth: Image.Image, symbol: str, lesson: Lesson) -> str:
    """The truth over the input, then for every objective its translation over the way back.

    Pictures of one kind stand side by side. symbol: of the input.
    """
    # Whoever saw the pairs does not compete.
    rivals = [cell for cell in cells if not cell.row.paired]
    best = {}
    for key in {key for cell in rivals for key in cell.figures}:
        badness = lesson.measure(key).badness
        found = {badness(cell.figures[key]) for cell in rivals if key in cell.figures}
        best[key] = min(found) if len(found) > 1 else None
    y = mirrored(symbol)
    parts = [
        '<div class="variants"><section class="cell given"><h4>The item itself</h4>',
        _figure(truth, f"The truth {y}", f"{formula(y)} the truth"),
        _figure(x, f"The input {symbol}", f"{formula(symbol)} the input"),
        "</section>",
    ]
    for cell in cells:
        title = escape(cell.row.title)
        parts.append(
            f'<section class="cell" data-variant="{escape(cell.row.name)}">'
            f'<h4 title="{escape(cell.row.terms)}">{title}</h4>'
        )
        for view in cell.views:
            words = []
            for measure in cell.told(lesson, view):
                value = cell.figures[measure.key]
                said = f"{escape(measure.label)} {measure.written(value)}"
                is_best = measure.badness(value) == best.get(measure.key)
                words.append(f"<b>{said}</b>" if is_best else said)
            parts.append(
                _figure(
                    cell.pictures[view.key],
                    f"{title}: {escape(view.formula)}",
                    f"{formula(view.formula)} {' · '.join(words)}",
                )
            )
        parts.append("</section>")
    return "".join(parts) + "</div>"


def _figure(picture: Image.Image, alt: str, caption: str) -> str:
    image = f'<img src="{data_url(picture)}" alt="{alt}">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def table(report: Report, network: str) -> str:
    """Rows objectives, columns figures of G or F; heads sort, the best of a column is marked."""
    measures = report.measures(network)
    if not measures:
        return '<p class="absent">The report holds no figures.</p>'
    heads = '<th scope="col" aria-sort="ascending" data-first="ascending" title="In the order of '
    heads += 'the report"><button type="button">objective</button></th>'
    for measure in measures:
        first = "descending" if measure.better != "low" else "ascending"
        heads += (
            f'<th scope="col" aria-sort="none" data-first="{first}" '
            f'title="{escape(measure.read_of(network))}"><button type="button">'
            f"{escape(measure.heading)}</button></th>"
        )
    best = {measure.key: report.best(network, measure) for measure in measures}
    body = ""
    for i, row in enumerate(report.rows):
        note = "<small>trained on true pairs: the upper bound</small>" if row.paired else ""
        about = ". ".join(filter(None, (row.terms, row.source)))
        body += (
            f'<tr class="{"paired" if row.paired else ""}"><th scope="row" data-value="{i}" '
            f'title="{escape(about)}">{escape(row.title)}{note}</th>'
        )
        found = row.figures.get(network, {})
        for m in measures:
            body += _cell(m, found.get(m.key), row.name in best[m.key])
        body += "</tr>"
    foot, known = "", report.unchanged.get(network, {})
    if known:
        own = formula("x" if network == "G" else "y")
        cells = "".join(f"<td>{m.written(known.get(m.key))}</td>" for m in measures)
        note = "<small>what a generator has to beat</small>"
        foot = f'<tfoot><tr><th scope="row">{own} itself, unchanged{note}</th>{cells}</tr></tfoot>'
    terms = "".join(
        f"<div><dt>{escape(m.heading)}</dt><dd>{escape(m.read_of(network))}</dd></div>"
        for m in measures
    )
    spread = "± is the spread between seeds. " if report.seeds > 1 else ""
    on = f" on {report.measured_on}" if report.measured_on else ""
    paired = any(row.paired for row in report.rows)
    made = report.rows[0].formulas.get("made", FORMULAS["made"])
    made = made if network == "G" else mirrored(made)
    legend = (
        f"{formula(made)}{on}. A click on a head sorts. {spread}The best of a column is marked; "
        f"rows {'trained on true pairs, or ' if paired else ''}with fewer seeds"
        f"{',' if paired else ''} do not compete."
    )
    return (
        f'<div class="lab-table"><div class="wide"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody>{foot}</table></div><p>{legend}</p><dl>{terms}</dl></div>"
    )


def paper(report: Report) -> str:
    """The paper's own ablation, small: other data, other figures."""
    try:
        names, tables = list(report.paper["figures"]), list(report.paper["tables"])
        known = variants.known()
        heads = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in names)
        parts = []
        for one in tables:
            rows = ""
            for name, values in one["rows"].items():
                title = known[name].title if name in known else name
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


def _cell(measure: Measure, found: OverSeeds | None, is_best: bool) -> str:
    if found is None:
        return '<td data-value="">–</td>'
    words = f"<span>{measure.written(found.mean)}</span>"
    if found.spread is not None:
        words += f"<small> ± {measure.written(found.spread)}</small>"
    kind = ' class="best"' if is_best else ""
    return f'<td{kind} data-value="{found.mean!r}">{words}</td>'
