"""The report in words: report.md from report.json's numbers, and the paper's own figures.

Knows what each figure is for and which way it is better; concludes nothing that is not computed.
"""

import shlex

from ... import lessons, methods
from ...core.figures import Measure
from ...core.media import PICTURES
from ...inference import comparisons
from ...inference.comparisons import Comparisons
from ...inference.evaluation import as_good_as
from ..markdown import fenced, plain
from .variants import beside, groups, known, uneven

PAPER = {
    "source": "Zhu et al. 2017, arXiv 1703.10593",
    "data": "Cityscapes",
    "figures": ["per-pixel accuracy", "per-class accuracy", "class IoU"],
    "tables": [
        {
            "table": 4,
            "direction": "labels → photo",
            "rows": {
                "cycle": [0.22, 0.07, 0.02],
                "gan": [0.51, 0.11, 0.08],
                "gan-forward": [0.55, 0.18, 0.12],
                "cyclegan": [0.52, 0.17, 0.11],
            },
        },
        {
            "table": 5,
            "direction": "photo → labels",
            "rows": {
                "gan": [0.53, 0.11, 0.07],
                "gan-backward": [0.01, 0.06, 0.01],
                "cyclegan": [0.58, 0.22, 0.16],
            },
        },
    ],
}
"""Rows of the paper's ablation, as far as they could be checked against a second source."""


MAIN = "cyclegan"
"""The paper's own row, which its others are held against."""


def measures(report: dict, network: str, full: bool = False) -> list[Measure]:
    """The figures that a report has of a network, in the order of tables; full: details too."""
    have = {key: None for v in report["variants"] for key in v["figures"].get(network, {})}
    found = lessons.find(report["data"]).known(have)
    return [m for m in found if full or not getattr(m, "is_detail", False)]


def panels(report: dict) -> dict[str, tuple[str, str]]:
    """Curves to draw: the lesson's headline, where it was looked at, else weighted terms."""
    lesson, variants = lessons.find(report["data"]), report["variants"]
    have = {name for v in variants for name in v["curves"]["figures"]}
    if found := [name for name in lesson.headline if name in have]:
        return {lesson.measure(name).label: ("figures", name) for name in found}
    rows = known()
    terms = {
        name: methods.find(rows[v["name"]].objective.method).term(name)
        for v in variants
        for name in v["curves"]["terms"]
    }
    weighed = [term for term in terms.values() if term.weight] or list(terms.values())
    return {term.label: ("terms", term.key) for term in weighed[:3]}


def markdown(report: dict) -> str:
    """report.md."""
    measured, on = any(v["figures"] for v in report["variants"]), items(report)
    has_back = any("back" in v["formulas"] for v in report["variants"])
    parts = [f"# Ablation on {plain(report['data'])}", _what_was_run(report)]
    if measured:
        parts += [f"## G: X → Y on {on}", table(report, "G"), _legend(report)]
        if of_F := measures(report, "F"):
            alone = [m for m in of_F if m not in measures(report, "G")]
            parts += [f"## F: Y → X on {on}", table(report, "F"), "\n".join(_explained(alone))]
        if not report["pairs"]:
            parts.append(
                "These items are unpaired: without ground truth there are the figures that need "
                "none."
            )
    else:
        parts.append("There were too few held-out items to measure on: losses and pictures alone.")
    if told := other_settings(report):
        parts += ["## What rows change beside the objective", told]
    if told := left_out(report):
        parts += ["## What rows leave out of their sources, or change", told]
    parts += [
        "## The same inputs through all variants",
        "Translations, of each variant's first seed:\n\n![x and G(x) by variant](inputs.png)",
        "The way back:\n\n![x and F(G(x)) by variant](reconstructions.png)" if has_back else "",
        "## Curves",
        f"Means over seeds; the band reaches from the lowest seed to the highest, on a few {on}."
        "\n\n![curves](curves.png)"
        if measured
        else "Weighted terms, means over seeds.\n\n![curves](curves.png)",
    ]
    ours = {v["name"] for v in report["variants"]}
    if ours & set(groups()["paper"]):
        parts += ["## The paper's own figures", _paper(report)]
        if measured:
            parts += ["### The order compared", _order(report)]
    return "\n\n".join(part for part in parts if part) + "\n"


def other_settings(report: dict) -> str:
    """A line for every row that changes more than its objective, with what came of it; "" without
    one."""
    rows, measured = {v["name"]: v for v in report["variants"]}, measures(report, "G", full=True)
    compared, lines = Comparisons.from_json(report["comparisons"]), []
    for name, v in rows.items():
        if not v.get("settings"):  # As in reports of before.
            continue
        parts = [f"{label}: {words}" for label, words in v["settings"].items()]
        line = f"- {plain(v['title'])}: {plain('; '.join(parts))}."
        if other := rows.get(beside(name)):
            told = comparisons.told(measured, compared.between(name, other["name"], "G"))
            line += f" G against {plain(other['title'])}: {told}." if told else ""
        lines.append(line)
    return "\n".join(lines)


def left_out(report: dict) -> str:
    """A line for every row whose source has more than it; "" without one."""
    return "\n".join(
        f"- {plain(v['title'])} ({plain(v['source'])}): {plain(v['left_out'])}"
        for v in report["variants"]
        if v["left_out"]
    )


def items(report: dict) -> str:
    kind = "pairs" if report["pairs"] else "items"
    return f"held-out {kind}" if report["held_out"] else f"training {kind} (none were held out)"


def _what_was_run(report: dict) -> str:
    t, machine = report["settings"]["training"], report["machine"]
    machine = machine if isinstance(machine, str) else "; ".join(machine)
    seeds = ", ".join(map(str, report["seeds"]))
    side, is_picture = report["size"], lessons.find(report["data"]).medium is PICTURES
    size = f"{side}×{side} pixels" if is_picture else f"size {side}"
    pairs = f", measured on {report['items']} {items(report)}" if report["items"] else ""
    others = ""
    if any(v.get("settings") for v in report["variants"]):
        others = ", and in rows that change something beside it, all but that"
    fewer = [v for v in report["variants"] if v["seeds"] != report["seeds"]]
    note = "".join(
        f"\n- {v['title']} has the seeds {', '.join(map(str, v['seeds']))} only" for v in fewer
    )
    return (
        f"- data: {plain(report['data'])}, {size}{pairs}\n"
        f"- networks: {report['networks']}\n"
        f"- training: {report['steps']} steps of batch {t['batch']}, {t['precision']}; seeds "
        f"{seeds}; all but the objective is equal{others}\n"
        f"- machine: {plain(machine)}{note}\n\n{fenced(command(report, report['data']), 'bash')}"
    )


def command(report: dict, data: str) -> str:
    """What trains all of it again. data: as the command is to name it."""
    g, d, t = (report["settings"][part] for part in ("generator", "discriminator", "training"))
    names = ",".join(variant["name"] for variant in report["variants"])
    return (
        f"python -m cyclegan.ablation run --data {shlex.quote(data)} --variants {names} "
        f"--seeds {max(report['seeds']) + 1} --steps {report['steps']} --size {report['size']} "
        f"--width {g['width']} --blocks {g['blocks']} --discriminator-width {d['width']} "
        f"--precision {t['precision']} --out DIR"
    )


def running(report: dict) -> list[str]:
    """Names of the rows that run against each other. What was trained on true pairs does not: it is
    the upper bound. Neither does a row of fewer seeds than others, which luck may have chosen."""
    variants = report["variants"]
    alone = [v for v in variants if not v["paired"]]
    found = [v for v in alone if v["seeds"] == report["seeds"]] or alone or variants
    return [v["name"] for v in found]


def table(report: dict, network: str) -> str:
    """Variants × figures: mean ± standard deviation over seeds, and the interval over items; and
    how many parameters their networks have, where rows differ in that.

    Bold is what is better than all that run against it, beyond every interval.
    """
    variants = report["variants"]
    columns = measures(report, network)
    sizes = [v.get("parameters", {}).get(network, {}) for v in variants]
    roles = uneven(sizes)
    heads = [f"parameters of {role}" for role in roles] + [m.heading for m in columns]
    lines = [
        "| variant | " + " | ".join(map(plain, heads)) + " |",
        "|---|" + "---:|" * len(heads),
    ]
    compared = Comparisons.from_json(report["comparisons"])
    best = {m.key: compared.best(running(report), network, m.key) for m in columns}
    for v, size in zip(variants, sizes, strict=True):
        cells = [f"{size[role]:,}" if role in size else "–" for role in roles]
        for m in columns:
            if not _has(v, network, m):
                cells.append(m.written(None))
                continue
            found = v["figures"][network][m.key]
            cell = m.written(found["mean"])
            if v["name"] == best[m.key]:
                cell = f"**{cell}**"
            if found["spread"] is not None:
                cell += f" ± {m.written(found['spread'])}"
            if found["interval"]:
                cell += f" ({m.within(found['interval'])})"
            cells.append(cell)
        lines.append(f"| {plain(v['title'])} | " + " | ".join(cells) + " |")
    if report.get("unchanged"):
        itself = report["unchanged"].get(network, {})
        cells = ["–"] * len(roles) + [m.written(itself.get(m.key)) for m in columns]
        own = "x" if network == "G" else "y"
        lines.append(f"| *{own} itself, unchanged* | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _has(variant: dict, network: str, measure: Measure) -> bool:
    return measure.key in variant["figures"].get(network, {})


def _legend(report: dict) -> str:
    seeds = len(report["seeds"])
    how = f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "one seed, no spread"
    like = as_good_as(report["items"], report["effective"])
    lines = [
        f"Each cell: {how} (95 % interval over the items{like}, by block bootstrap); bold: better "
        "than all others that were trained without true pairs"
        + (
            ", over all seeds"
            if any(v["seeds"] != report["seeds"] for v in report["variants"])
            else ""
        )
        + ", beyond the interval of the difference"
        + (" over items and over seeds." if seeds > 1 else " over items; other seeds may differ.")
    ]
    return "\n".join([*lines, "", *_explained(measures(report, "G"))])


def _explained(listed: list[Measure]) -> list[str]:
    return [f"- {plain(m.label)} ({m.arrow}): {m.reads}" for m in listed]


def _paper(report: dict) -> str:
    paper = report["paper"]
    headline = lessons.find(report["data"]).headline
    beside = [m for m in measures(report, "G") if "truth" in getattr(m, "needs", ())]
    beside = sorted(beside, key=lambda m: m.key not in headline)[:2]
    lines = [
        f"{paper['source']}, on {paper['data']}; {', '.join(paper['figures'])}, all ↑. Other data "
        "and other figures than ours: only the order of the rows can be compared. – stands where "
        "we could not check the paper's figure against a second source.",
        "",
        "| the paper's row | "
        + " | ".join(f"{t['direction']} (Table {t['table']})" for t in paper["tables"])
        + "".join(f" | ours: {m.label}" for m in beside)
        + " |",
        "|---|" + "---:|" * (len(paper["tables"]) + len(beside)),
    ]
    ours = {v["name"]: v["figures"].get("G", {}) for v in report["variants"]}
    rows = known()
    for name in groups()["paper"]:
        cells = [
            " / ".join(f"{value:.2f}" for value in t["rows"][name]) if name in t["rows"] else "–"
            for t in paper["tables"]
        ]
        for m in beside:
            found = ours.get(name, {}).get(m.key)
            cells.append(m.written(found and found["mean"]) if name in ours else "not run here")
        lines.append(f"| {rows[name].title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _order(report: dict) -> str:
    """What CycleGAN gains over each other row, here and in the paper, as computed."""
    if MAIN not in {v["name"] for v in report["variants"]}:
        return "CycleGAN itself is not among these runs."
    rule = (
        "CycleGAN's G here and in the paper. Not told apart is what differs by less than the "
        "interval of the difference on the same items"
        + (
            " and seeds (Student's t)."
            if len(report["seeds"]) > 1
            else "; one seed says nothing of others."
        )
    )
    return rule + "\n\n" + "\n".join(f"- {line}" for line in order(report))


def order(report: dict) -> list[str]:
    """The same, a line a row; none where CycleGAN itself is not there."""
    ours = {v["name"]: v["figures"].get("G", {}) for v in report["variants"]}
    if MAIN not in ours:
        return []
    compared, lines = Comparisons.from_json(report["comparisons"]), []
    for name in groups()["paper"]:
        if name == MAIN or name not in ours:
            continue
        verdicts: dict[str, list[str]] = {"better": [], "worse": [], "not told apart": []}
        for m in measures(report, "G"):
            if one := compared.difference(MAIN, name, "G", m.key):
                word = "better" if one.value < 0 else "worse"
                verdicts[word if one.is_clear else "not told apart"].append(m.label)
        told = _sentence(verdicts)
        for t in report["paper"]["tables"]:
            if name in t["rows"]:
                theirs = {"better": [], "worse": [], "equal": []}
                rows = zip(
                    report["paper"]["figures"], t["rows"][MAIN], t["rows"][name], strict=True
                )
                for label, a, b in rows:
                    theirs["better" if a > b else "worse" if a < b else "equal"].append(label)
                told += f" The paper's Table {t['table']}: {_sentence(theirs)}"
        lines.append(f"against {known()[name].title}: {told}")
    return lines


def _sentence(verdicts: dict[str, list[str]]) -> str:
    told = [f"{verdict} in {', '.join(names)}" for verdict, names in verdicts.items() if names]
    return "; ".join(told) + "."
