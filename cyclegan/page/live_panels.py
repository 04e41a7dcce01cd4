"""A live training as HTML: how it is doing, what both arms make of the same inputs, and curves.

Pure functions; style.css says how it looks.
"""

import math
from html import escape
from pathlib import Path

from PIL import Image

from ..labs.ablation.text import COLUMNS
from ..labs.live import Frame, LiveSettings, Status
from ..labs.live.control import RATE, TERMS
from .panels import data_url, formula

ARMS = ("a", "b")

FIGURES = ("sea_iou", "cycle_error", "diversity")

POINTS = 300
"""Of one line in a chart, which is not much wider in pixels."""

STATES = {
    "queued": "Waiting",
    "starting": "Starting",
    "running": "Training",
    "paused": "Paused",
    "measuring": "Measuring",
    "finished": "Finished",
    "stopped": "Stopped and kept",
    "interrupted": "Interrupted",
    "died": "Its process died",
    "failed": "Failed",
}


def status(seen: Status, settings: LiveSettings) -> str:
    """State, progress, speed, time left, and what went wrong."""
    said = [f"<b>{escape(STATES.get(seen.state, seen.state))}</b>"]
    if seen.place:
        said.append(f"place {seen.place} in the queue")
    if seen.step or seen.is_alive:
        said.append(f"step {seen.step:,} of {seen.steps:,}")
    if seen.state == "running" and seen.steps_per_second:
        said.append(f"{seen.steps_per_second:.1f} steps/s, both arms")
    if seen.state == "running" and seen.seconds_left is not None:
        said.append(f"{clock(seen.seconds_left)} left")
    elif seen.seconds:
        said.append(f"{clock(seen.seconds)} trained")
    # Of a process that died, its sentence says as much.
    if seen.state in ("interrupted", "failed") and seen.saved_step:
        said.append(f"kept up to step {seen.saved_step:,}")
    notes = "".join(f"<p>{escape(text)}</p>" for text in (seen.sentence, seen.notice) if text)
    return (
        f'<div class="live-status {escape(seen.state)}"><progress max="{max(1, seen.steps)}" '
        f'value="{seen.step}"></progress><p class="now">{" · ".join(said)}</p>'
        f'<p class="what">{escape(details(settings))}</p>{notes}</div>'
    )


def details(settings: LiveSettings) -> str:
    """What is trained on what: "satellite → map, 64 px, 24 filters, 4 blocks, seed 0"."""
    base = settings.base
    # Where own pictures lie on the host is nobody's business.
    own = "" if base.training.data == "satellite2map" else f" ({Path(base.training.data).name})"
    parts = [
        f"{base.domains.x} → {base.domains.y}{' (own pictures)' if own == ' (data)' else own}",
        f"{base.image_size} px",
        f"{base.generator.width} filters",
        f"{base.generator.blocks} blocks",
        f"seed {base.training.seed}",
    ]
    if settings.minutes:
        parts.append(f"{settings.minutes:g} minutes at most")
    return ", ".join(parts)


def clock(seconds: float) -> str:
    """ "42 s", "3:05 min", "1:02 h"."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}:{seconds:02d} min"
    return f"{minutes // 60}:{minutes % 60:02d} h"


def frame(shown: Frame | None, settings: LiveSettings, held_out: bool = True) -> str:
    """Rows of inputs: x, then G(x) and F(G(x)) of either arm, then the truth.

    held_out: whether the inputs were kept from training.
    """
    if shown is None:
        return '<p class="absent">The first pictures come within seconds of the start.</p>'
    domains = settings.base.domains
    strips = [_strip("given", "Input", domains.x, [("x", shown.inputs)])]
    for i, kind in enumerate(ARMS):
        columns = [("G(x)", shown.translations[i]), ("F(G(x))", shown.reconstructions[i])]
        arm = settings.arms[i]
        strips.append(_strip(kind, _capital(arm.name), arm.objective.name, columns))
    if shown.truths:
        strips.append(_strip("given", "Truth", domains.y, [("y", shown.truths)]))
    which = "pictures that neither was trained on" if held_out else "pictures of the training"
    return (
        f'<div class="live-frame">{"".join(strips)}</div>'
        f'<p class="live-step">Both arms at step {shown.step:,}, on {which}.</p>'
    )


def _strip(kind: str, title: str, below: str, columns: list[tuple[str, list[Image.Image]]]) -> str:
    heads = "".join(f"<span>{formula(head)}</span>" for head, _ in columns)
    rows = list(zip(*(pictures for _, pictures in columns), strict=True))
    cells = "".join(
        f'<img src="{data_url(picture)}" alt="{escape(f"{title}: {head}, input {number}")}">'
        for number, row in enumerate(rows, 1)
        for (head, _), picture in zip(columns, row, strict=True)
    )
    return (
        f'<section class="strip {kind}" style="--columns: {len(columns)}"><h3>{escape(title)}</h3>'
        f'<p>{escape(below)}</p><div class="heads">{heads}</div><div class="cells">{cells}</div>'
        "</section>"
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def choices(logs: tuple[list[dict], list[dict]]) -> list[str]:
    """Terms of the objective that either arm has logged."""
    return list(
        dict.fromkeys(name for log in logs for line in log for name in line.get("terms", {}))
    )


def weights(settings: LiveSettings, changes: tuple[dict, ...]) -> str:
    """What each arm is trained with now, a line an arm."""
    lines = []
    for number, (kind, arm) in enumerate(zip(ARMS, settings.arms, strict=True)):
        now = {RATE: settings.base.training.rate}
        now |= {term: getattr(arm.objective, term) for term in TERMS}
        now |= {c["name"]: c["value"] for c in changes if c.get("arm") in (None, number)}
        values = ", ".join(f"{words(name)} {value:g}" for name, value in now.items())
        lines.append(f'<p class="key {kind}"><b>{escape(_capital(arm.name))}</b>: {values}</p>')
    return f'<div class="keys lines">{"".join(lines)}</div>'


def words(name: str) -> str:
    """A term for people: "forward cycle" of "cycle_forward", "GAN G" of "gan_G"."""
    cycle, _, way = name.partition("cycle_")
    return f"{way} cycle" if way and not cycle else name.replace("_", " ").replace("gan", "GAN")


def charts(
    logs: tuple[list[dict], list[dict]],
    settings: LiveSettings,
    changes: tuple[dict, ...],
    term: str | None,
) -> str:
    """Small line charts over steps, a line an arm: the figures, and one term of the objective."""
    listed = [(COLUMNS[name].label, "figures", name) for name in FIGURES]
    listed += [(words(term), "terms", term)] if term else []
    drawn = []
    for label, kind, name in listed:
        lines = [_points(log, kind, name) for log in logs]
        if any(lines):
            drawn.append(_chart(label, lines, changes, settings))
    if not drawn:
        return ""
    keys = "".join(
        f'<span class="key {kind}">{escape(arm.name)}</span>'
        for kind, arm in zip(ARMS, settings.arms, strict=True)
    )
    told = "".join(f"<li>{escape(text)}</li>" for text in _told(changes, settings))
    return f'<div class="keys">{keys}</div><div class="charts">{"".join(drawn)}</div>' + (
        f'<ul class="changes">{told}</ul>' if told else ""
    )


def _points(log: list[dict], kind: str, name: str) -> list[tuple[int, float]]:
    """(step, value) of one curve, thinned to what can be seen, its last point always among them."""
    found = [
        (line["step"], line[kind][name])
        for line in log
        if name in line.get(kind, {}) and math.isfinite(line[kind][name])
    ]
    every = -(-len(found) // POINTS) or 1
    return found[::-every][::-1]


def _told(changes: tuple[dict, ...], settings: LiveSettings) -> list[str]:
    """A line a change; one that both arms saw at once is one."""
    whose: dict[tuple, list[int]] = {}
    for c in changes:
        arms = [0, 1] if c.get("arm") is None else [c["arm"]]
        whose.setdefault((c["step"] + 1, c["name"], c["value"]), []).extend(arms)
    return [
        f"From step {step:,}: {words(name)} {value:g}, "
        + ("both arms" if len(set(arms)) > 1 else settings.arms[arms[0]].name)
        for (step, name, value), arms in whose.items()
    ]


WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 300, 104, 34, 16, 6
"""Of a chart, in its own units."""


def _chart(
    label: str,
    lines: list[list[tuple[int, float]]],
    changes: tuple[dict, ...],
    settings: LiveSettings,
) -> str:
    points = [point for line in lines for point in line]
    last = max(1, max(step for step, _ in points))
    top = max(1e-9, max(value for _, value in points)) * 1.05

    def at(step: float, value: float) -> str:
        x = LEFT + step / last * (WIDTH - LEFT - 4)
        y = HEIGHT - BOTTOM - max(0.0, value) / top * (HEIGHT - BOTTOM - TOP)
        return f"{x:.1f},{y:.1f}"

    marks = "".join(
        f'<polyline class="mark" points="{at(c["step"], 0)} {at(c["step"], top)}"/>'
        for c in changes
        if 0 <= c.get("step", -1) <= last
    )
    drawn, now = "", []
    for kind, line in zip(ARMS, lines, strict=True):
        if line:
            path = " ".join(at(*point) for point in line)
            drawn += f'<polyline class="line {kind}" points="{path}"/>'
            if len(line) == 1:
                x, y = path.split(",")
                drawn += f'<circle class="dot {kind}" cx="{x}" cy="{y}" r="2"/>'
            now.append(f'<b class="{kind}">{_number(line[-1][1])}</b>')
    ticks = "".join(
        f'<text x="{LEFT - 5}" y="{y}" text-anchor="end">{_number(value)}</text>'
        for value, y in ((0, HEIGHT - BOTTOM), (top / 1.05, TOP + 10))
    )
    ticks += f'<text x="{WIDTH - 4}" y="{HEIGHT - 3}" text-anchor="end">step {last:,}</text>'
    floor = f'<polyline class="axis" points="{at(0, top)} {at(0, 0)} {at(last, 0)}"/>'
    names = " and ".join(arm.name for arm in settings.arms)
    return (
        f"<figure><figcaption>{escape(label)} <span>{' · '.join(now)}</span></figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(f"{label} over steps, {names}")}">{floor}{marks}{drawn}{ticks}</svg>'
        "</figure>"
    )


def _number(value: float) -> str:
    if value >= 9.95:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.01 else f"{value:.1g}"
