"""The comparison as HTML: columns x, G(x), F(G(x)), F(x) and truth; a row a variant.

Pure functions from pictures and figures to markup; style.css says how it looks.
"""

import base64
import io
import re
from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image

from ..core import figures, images
from ..core.config import Domains
from ..inference.translator import Direction, picture_l1
from .compare import Close, Row
from .library import Variant

THUMBNAIL = 116
"""Pixels of the longer side of an example's button: twice as many as it is wide on the page."""


@dataclass(frozen=True)
class Column:
    """What stands over one column: formula (MathML), name, and a plain sentence."""

    formula: str
    name: str
    sentence: str


def data_url(picture: Image.Image) -> str:
    """A lossless PNG that needs no second request."""
    return _data_url(picture, "PNG")


def small_url(picture: Image.Image) -> str:
    """A sketch to choose by, with a sixth of the PNG's bytes."""
    return _data_url(images.reduce(picture, THUMBNAIL), "JPEG", quality=85)


def _data_url(picture: Image.Image, kind: str, **options) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return f"data:image/{kind.lower()};base64,{encoded}"


def formula(text: str) -> str:
    """MathML of plain formulas like "F(G(x))" and "D_Y(G(x))": letters italic, "_" a subscript."""
    parts = []
    for letter, index, sign in re.findall(r"([A-Za-z])(?:_(\w))?|([^\sA-Za-z])", text):
        if index:
            parts.append(f"<msub><mi>{letter}</mi><mi>{index}</mi></msub>")
        elif letter:
            parts.append(f"<mi>{letter}</mi>")
        else:
            parts.append(f'<mo stretchy="false">{escape(sign)}</mo>')
    return f"<math>{''.join(parts)}</math>"


def symbols(direction: Direction) -> dict[str, str]:
    """The formulas of a direction, as plain text."""
    if direction == "xy":
        return {"x": "x", "there": "G(x)", "back": "F(G(x))", "same": "F(x)", "truth": "y"}
    return {"x": "y", "there": "F(y)", "back": "G(F(y))", "same": "G(y)", "truth": "x"}


def columns(direction: Direction, domains: Domains, with_truth: bool) -> list[Column]:
    """The headings of the comparison."""
    s = symbols(direction)
    source, target = domains.x, domains.y
    if direction == "yx":
        source, target = target, source
    back, there = s["same"][0], s["there"][0]
    listed = [
        Column(s["x"], "Input", f"A{_a(source)[1:]} picture, as the networks see it."),
        Column(s["there"], "Translation", f"{there} turns it into {_a(target)} picture."),
        Column(
            s["back"],
            "Reconstruction",
            f"{back} turns that back. The cycle loss asks for {s['x']}.",
        ),
        Column(s["same"], "Identity", f"{back} makes {source} pictures: this one should stay."),
    ]
    if with_truth:
        listed.append(Column(s["truth"], "Truth", f"The real {target}, never seen in training."))
    return listed


def _a(domain: str) -> str:
    vowel = domain[:1].lower() in "aeiou" or domain == "X"
    return f"{'an' if vowel else 'a'} {domain}"


@dataclass(frozen=True)
class Panel:
    """One picture of a row, or a blank, with its figure; `best` sets the figure in bold."""

    picture: Image.Image | None
    caption: str
    best: bool = False


def grid(heads: list[Column], rows: list[tuple[Row, list[Panel]]], note: str = "") -> str:
    """Headings above rows of panels; on a narrow screen each panel carries its own heading."""
    parts = [f'<div class="comparison" style="--columns: {len(heads)}"><div class="heads">']
    for head in heads:
        parts.append(
            f'<div class="head"><div class="formula">{formula(head.formula)}</div>'
            f'<div class="name">{head.name}</div><p>{escape(head.sentence)}</p></div>'
        )
    parts.append("</div>")
    # The input and the truth stand in every row: they are encoded once.
    shown = {id(p.picture): p.picture for _, panels in rows for p in panels if p.picture}
    urls = {key: data_url(picture) for key, picture in shown.items()}
    for row, panels in rows:
        kind = "with" if row.cycle else "without"
        parts.append(
            f'<section class="row {kind}"><h3>{row.title}<span>{escape(row.subtitle)}</span></h3>'
        )
        if row.made is None:
            loss = "with" if row.cycle else "without"
            parts.append(
                f'<p class="absent">No partner trained {loss} the cycle loss is known for this '
                "model: there is nothing to compare it with.</p></section>"
            )
            continue
        parts.append('<div class="panels">')
        for head, panel in zip(heads, panels, strict=True):
            alt = escape(f"{head.name} {head.formula}, {row.title.lower()}")
            image = '<div class="blank"></div>'
            if panel.picture is not None:
                image = f'<img src="{urls[id(panel.picture)]}" alt="{alt}">'
            strong = " best" if panel.best else ""
            parts.append(
                f"<figure>{image}<figcaption>"
                f'<span class="small-head"><span>{formula(head.formula)}</span> {head.name}</span>'
                f'<span class="figure{strong}">{escape(panel.caption)}</span>'
                "</figcaption></figure>"
            )
        parts.append("</div></section>")
    if note:
        parts.append(f'<p class="note">{escape(note)}</p>')
    return "".join(parts) + "</div>"


def panels_of(
    rows: list[Row], truth: Image.Image | None, is_map: bool
) -> list[tuple[Row, list[Panel]]]:
    """The panels of every row, with the smaller of two cycle errors marked."""
    errors = [e for row in rows if row.made and (e := row.made.cycle_error) is not None]
    listed = []
    for row in rows:
        made = row.made
        if made is None:
            listed.append((row, []))
            continue
        best = len(errors) > 1 and made.cycle_error == min(errors)
        panels = [
            Panel(made.original, f"{made.original.width}×{made.original.height} px"),
            Panel(made.translation, _against_truth(made.translation, truth, is_map)),
            _error_panel(made.reconstruction, "cycle", made.cycle_error, best),
            _error_panel(made.identity, "identity", made.identity_error),
        ]
        if truth is not None:
            panels.append(Panel(truth, "ground truth"))
        listed.append((row, panels))
    return listed


def _error_panel(
    picture: Image.Image | None, name: str, error: float | None, best: bool = False
) -> Panel:
    if picture is None:
        return Panel(None, "needs the generator back, which this model lacks")
    return Panel(picture, f"{name} error {error:.1f}", best)


def _against_truth(made: Image.Image, truth: Image.Image | None, is_map: bool) -> str:
    if truth is None:
        return "no ground truth"
    a, b = np.asarray(made), np.asarray(truth)
    words = f"RMSE {figures.rmse(a, b):.0f}"
    return f"{words} · sea IoU {figures.sea_iou(a, b):.2f}" if is_map else words


NEXT = " Now switch the identity loss off: which row still comes back, and is its map still right?"


def verdict(rows: list[Row], direction: Direction, ask: bool) -> str:
    """One sentence that reads the two cycle errors out; `ask` adds what to try next."""
    errors = {row.cycle: row.made.cycle_error for row in rows if row.made}
    if len(errors) < 2 or None in errors.values():
        return ""
    s = symbols(direction)
    return (
        f'<p class="verdict">Here {formula(s["back"])} differs from {formula(s["x"])} by '
        f"<b>{errors[True]:.1f}</b> of 255 on average with the cycle loss, and by "
        f"<b>{errors[False]:.1f}</b> without it.{NEXT if ask else ''}</p>"
    )


def thumbnails(pictures: list[tuple[str, Image.Image]], chosen: int | None) -> str:
    """Example buttons; a click triggers the component's click event with the button's index."""
    buttons = "".join(
        f'<button type="button" data-index="{i}" aria-pressed="{str(i == chosen).lower()}" '
        f'title="{escape(name)}"><img src="{small_url(picture)}" alt="{escape(name)}"></button>'
        for i, (name, picture) in enumerate(pictures)
    )
    name = "" if chosen is None else escape(pictures[chosen][0])
    return (
        f'<div class="thumbnails" role="group" aria-label="Examples">{buttons}'
        f'<span class="place">{name}</span></div>'
    )


MEASURED = {
    "sea_iou": "sea IoU ↑",
    "rmse": "RMSE ↓",
    "ssim": "SSIM ↑",
    "cycle_error": "cycle error ↓",
    "identity_error": "identity error ↓",
    "diversity": "diversity → 1",
}


def measured(variants: list[Variant], direction: Direction) -> str:
    """The set's figures on all held-out pairs, a row a variant; empty without figures."""
    network = "G" if direction == "xy" else "F"
    known = [v for v in variants if v.metrics.get(network) and v.metrics.get("pairs")]
    if not known:
        return ""
    names = [n for n in MEASURED if any(n in v.metrics[network] for v in known)]
    head = "".join(f'<th scope="col">{MEASURED[n]}</th>' for n in names)
    body = ""
    for variant in sorted(known, key=lambda v: (not v.switches[0], not v.switches[1])):
        cells = "".join(f"<td>{number(n, variant.metrics[network].get(n))}</td>" for n in names)
        body += f'<tr><th scope="row">{escape(variant.name)}</th>{cells}</tr>'
    pairs, size = known[0].metrics["pairs"], known[0].metrics["size"]
    return (
        f'<div class="measured"><table><thead><tr><th scope="col">variant</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table><p>{formula(network)} on {pairs} held-out pairs of "
        f"{size}×{size} pixels. Errors are in units of 0 to 255; sea IoU is the overlap of painted "
        "and true sea; diversity is 0 for a collapsed generator and 1 for one as varied as the "
        "real pictures.</p></div>"
    )


def number(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.1f}" if name in ("rmse", "cycle_error", "identity_error") else f"{value:.2f}"


def _score(one: Close) -> str:
    if one.score is None:
        return ""
    truth = "" if one.truth_score is None else f" · the truth {one.truth_score:.2f}"
    return f"mean score {one.score:.2f}{truth}"


def close_ups(close: list[Close], direction: Direction, judge: str) -> str:
    """Difference map, patch scores and the probe's two pictures, a row a variant.

    judge: name of the variant whose discriminator gave the scores, or "" without one.
    """
    if not close:
        return '<p class="absent">There is no way back to look at more closely.</p>'
    s = symbols(direction)
    D = "D_Y" if direction == "xy" else "D_X"
    judged = (
        f"The discriminator of {judge}, on tiles as large as it learned from: "
        "bright passes as real, dark does not."
    )
    heads = [
        Column(
            f"|{s['back']} − {s['x']}|",
            "Difference",
            "What the cycle loses, four times brightened: black is exact.",
        ),
        Column(
            f"{D}({s['there']})",
            "Patch scores",
            judged if judge else "No variant of this set ships its discriminators.",
        ),
        Column(f"{s['there']} + n", "Disturbed", "The translation after noise or JPEG."),
        Column(
            f"{s['back'][0]}({s['there']} + n)",
            "Recovered",
            "If far less comes back than before, the translation carried a hidden message.",
        ),
    ]
    rows = []
    for one in close:
        changed = picture_l1(one.disturbed, one.row.made.translation)
        panels = [
            Panel(one.difference, f"cycle error {one.row.made.cycle_error:.1f}"),
            Panel(one.scored, _score(one)),
            Panel(one.disturbed, f"changed by {changed:.1f}"),
            Panel(one.recovered, f"cycle error {one.recovered_error:.1f}"),
        ]
        rows.append((one.row, panels))
    return grid(heads, rows)
