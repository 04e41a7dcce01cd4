"""The report in words: report.md from report.json's numbers, and the paper's own figures.

Knows what each figure is for and which way it is better; concludes nothing that is not computed.
"""

import shlex
from dataclasses import dataclass

from .variants import GROUPS, VARIANTS

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


@dataclass(frozen=True)
class Column:
    """A figure of the tables. better: "↑", "↓" or "→ 1". reads: what it tells, in one line."""

    label: str
    better: str
    digits: int
    reads: str

    def badness(self, value: float) -> float:
        """How far from good a value is, whichever way is better."""
        return {"↑": -value, "↓": value, "→ 1": abs(value - 1)}[self.better]


COLUMNS = {
    "sea_iou": Column("sea IoU", "↑", 3, "is the sea where it is; swapped colours score near 0"),
    "rmse": Column("RMSE", "↓", 1, "distance of the translation from the truth, 0 to 255"),
    "accuracy_16": Column("acc<16", "↑", 3, "share of pixels within 16 of 255 of the truth"),
    "ssim": Column("SSIM", "↑", 3, "likeness of local structure to the truth; 1 is the truth"),
    "cycle_error": Column(
        "cycle error", "↓", 1, "|F(G(x)) − x|, 0 to 255: what the round trip loses, right or wrong"
    ),
    "identity_error": Column(
        "identity error", "↓", 1, "|F(x) − x|, 0 to 255: what F changes in its own domain"
    ),
    "diversity": Column(
        "diversity", "→ 1", 3, "variety of the outputs over that of the real ones; 0 is collapse"
    ),
}

MAIN = "cyclegan"


def panels(report: dict) -> dict[str, tuple[str, str]]:
    """Curves to draw: figures where there is ground truth, else the weighted terms."""
    if report["pairs"]:
        names = ("sea_iou", "cycle_error", "diversity")
        have = report["variants"][0]["curves"]["figures"]
        return {COLUMNS[n].label: ("figures", n) for n in names if n in have}
    names = {"adversarial term of G": "gan_G", "forward cycle": "cycle_forward", "D_Y": "D_Y"}
    have = [variant["curves"]["terms"] for variant in report["variants"]]
    return {k: ("terms", n) for k, n in names.items() if any(n in terms for terms in have)}


def markdown(report: dict) -> str:
    """report.md."""
    measured = report["pairs"] > 0
    parts = [f"# Ablation on {report['data']}", _what_was_run(report)]
    if measured:
        parts += [
            "## G: X → Y on held-out pairs",
            table(report, "G"),
            _legend(report),
            "## F: Y → X on held-out pairs",
            table(report, "F"),
        ]
    else:
        parts.append(
            "These pictures are unpaired: without ground truth there are no figures, only losses "
            "and pictures."
        )
    parts += [
        "## The same inputs through all variants",
        "G(x), of each variant's first seed:\n\n![x and G(x) by variant](inputs.png)",
        "F(G(x)):\n\n![x and F(G(x)) by variant](reconstructions.png)",
        "## Curves",
        "Means over seeds; the band reaches from the lowest seed to the highest, on a few held-out "
        "pairs.\n\n![curves](curves.png)"
        if measured
        else "Weighted terms, means over seeds.\n\n![curves](curves.png)",
        "## The paper's own figures",
        _paper(report),
    ]
    if measured:
        parts += ["### The order compared", _order(report)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _what_was_run(report: dict) -> str:
    g, d, t = (report["settings"][part] for part in ("generator", "discriminator", "training"))
    machine = report["machine"]
    machine = machine if isinstance(machine, str) else "; ".join(machine)
    seeds = ", ".join(map(str, report["seeds"]))
    names = ",".join(variant["name"] for variant in report["variants"])
    command = (
        f"python -m cyclegan.ablation run --data {shlex.quote(report['data'])} --variants {names} "
        f"--seeds {max(report['seeds']) + 1} --steps {report['steps']} --size {report['size']} "
        f"--width {g['width']} --blocks {g['blocks']} --discriminator-width {d['width']} "
        f"--precision {t['precision']} --out DIR"
    )
    pairs = f", measured on {report['pairs']} held-out pairs" if report["pairs"] else ""
    fewer = [v for v in report["variants"] if v["seeds"] != report["seeds"]]
    note = "".join(
        f"\n- {v['title']} has the seeds {', '.join(map(str, v['seeds']))} only" for v in fewer
    )
    return (
        f"- data: {report['data']}, {report['size']}×{report['size']} pixels{pairs}\n"
        f"- networks: {g['kind']} generators of {g['blocks']} blocks and {g['width']} filters "
        f"({g['upsampling']} upsampling), {d['kind']} discriminators of {d['width']} filters\n"
        f"- training: {report['steps']} steps of batch {t['batch']}, {t['precision']}; seeds "
        f"{seeds}; all but the objective is equal\n"
        f"- machine: {machine}{note}\n\n```bash\n{command}\n```"
    )


def table(report: dict, network: str) -> str:
    """Variants × figures: mean ± standard deviation over seeds, the best of a column bold.

    What was trained on true pairs is not in the running: it is the upper bound. Neither is a row
    of fewer seeds than others, which luck may have chosen.
    """
    variants = report["variants"]
    columns = {k: c for k, c in COLUMNS.items() if k in variants[0]["figures"][network]}
    lines = [
        "| variant | " + " | ".join(f"{c.label} {c.better}" for c in columns.values()) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    alone = [v for v in variants if not v["objective"]["paired"]]
    running = [v for v in alone if v["seeds"] == report["seeds"]] or alone or variants
    best = {
        key: min(column.badness(v["figures"][network][key]["mean"]) for v in running)
        for key, column in columns.items()
    }
    for v in variants:
        cells = []
        for key, column in columns.items():
            found = v["figures"][network][key]
            cell = f"{found['mean']:.{column.digits}f}"
            if v in running and column.badness(found["mean"]) == best[key]:
                cell = f"**{cell}**"
            if found["spread"] is not None:
                cell += f" ± {found['spread']:.{column.digits}f}"
            cells.append(cell)
        lines.append(f"| {v['title']} | " + " | ".join(cells) + " |")
    if report.get("unchanged"):
        known = report["unchanged"][network]
        cells = [f"{known[k]:.{c.digits}f}" if k in known else "–" for k, c in columns.items()]
        own = "x" if network == "G" else "y"
        lines.append(f"| *{own} itself, unchanged* | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _legend(report: dict) -> str:
    seeds = len(report["seeds"])
    how = f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "one seed, no spread"
    lines = [
        f"Each cell: {how}; bold: the best of those trained without true pairs"
        + (
            ", over all seeds."
            if any(v["seeds"] != report["seeds"] for v in report["variants"])
            else "."
        )
    ]
    have = report["variants"][0]["figures"]["G"]
    lines += [f"- {c.label} ({c.better}): {c.reads}" for k, c in COLUMNS.items() if k in have]
    return "\n".join([lines[0], "", *lines[1:]])


def _paper(report: dict) -> str:
    paper = report["paper"]
    lines = [
        f"{paper['source']}, on {paper['data']}; {', '.join(paper['figures'])}, all ↑. Other data "
        "and other figures than ours: only the order of the rows can be compared. – stands where "
        "we could not check the paper's figure against a second source.",
        "",
        "| the paper's row | "
        + " | ".join(f"{t['direction']} (Table {t['table']})" for t in paper["tables"])
        + " | ours: sea IoU | ours: RMSE |",
        "|---|" + "---:|" * (len(paper["tables"]) + 2),
    ]
    ours = {v["name"]: v["figures"]["G"] for v in report["variants"]}
    for name in GROUPS["paper"]:
        cells = [
            " / ".join(f"{value:.2f}" for value in t["rows"][name]) if name in t["rows"] else "–"
            for t in paper["tables"]
        ]
        for key in ("sea_iou", "rmse"):
            found = ours.get(name, {}).get(key)
            cells.append(f"{found['mean']:.{COLUMNS[key].digits}f}" if found else "–")
        lines.append(f"| {VARIANTS[name].title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _order(report: dict) -> str:
    """What CycleGAN gains over each other row, here and in the paper, as computed."""
    ours = {v["name"]: v["figures"]["G"] for v in report["variants"]}
    if MAIN not in ours:
        return "CycleGAN itself is not among these runs."
    lines = []
    for name in GROUPS["paper"]:
        if name == MAIN or name not in ours:
            continue
        verdicts: dict[str, list[str]] = {"better": [], "worse": [], "not told apart": []}
        for key, column in COLUMNS.items():
            if key in ours[MAIN]:
                verdict = compare(column, ours[MAIN][key], ours[name][key])
                verdicts[verdict].append(column.label)
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
        lines.append(f"- against {VARIANTS[name].title}: {told}")
    rule = (
        "CycleGAN's G here and in the paper. Not told apart are means that differ by no more than "
        "their two standard deviations together"
        + ("." if len(report["seeds"]) > 1 else "; one seed has none, so that nothing is certain.")
    )
    return rule + "\n\n" + "\n".join(lines)


def compare(column: Column, a: dict, b: dict) -> str:
    """Whether figure `a` is "better" or "worse" than `b`, or "not told apart"."""
    lead = column.badness(b["mean"]) - column.badness(a["mean"])
    if abs(lead) <= (a["spread"] or 0) + (b["spread"] or 0):
        return "not told apart"
    return "better" if lead > 0 else "worse"


def _sentence(verdicts: dict[str, list[str]]) -> str:
    told = [f"{verdict} in {', '.join(names)}" for verdict, names in verdicts.items() if names]
    return "; ".join(told) + "."
