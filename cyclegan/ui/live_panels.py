"""A live training as HTML: how it is doing, what both arms make of the same inputs, and curves.

Pure functions; style.css says how it looks.
"""

from html import escape

from PIL import Image

from ..ablation.text import COLUMNS
from ..config import Domains
from ..live import Frame, LiveSettings, Status
from .panels import data_url, formula

ARMS = ("a", "b")

FIGURES = ("sea_iou", "cycle_error", "diversity")

ROWS = 3
"""Inputs that are shown: as many as leave room for the charts on one screen."""

STATES = {
    "queued": "Waiting",
    "starting": "Starting",
    "running": "Training",
    "paused": "Paused",
    "measuring": "Measuring on all held-out pairs",
    "finished": "Finished",
    "stopped": "Stopped and kept",
    "interrupted": "Interrupted: the page was closed",
    "died": "Its process died",
    "failed": "Failed",
}


def status(seen: Status, settings: LiveSettings) -> str:
    """State, progress, speed, time left, and what went wrong."""
    words = [f"<b>{STATES.get(seen.state, seen.state)}</b>"]
    if seen.place:
        words.append(f"place {seen.place} in the queue")
    if seen.step or seen.is_alive:
        words.append(f"step {seen.step:,} of {seen.steps:,}")
    if seen.state == "running" and seen.steps_per_second:
        words.append(f"{seen.steps_per_second:.1f} steps/s, both arms")
    if seen.state == "running" and seen.seconds_left is not None:
        words.append(f"{clock(seen.seconds_left)} left")
    elif seen.seconds:
        words.append(f"{clock(seen.seconds)} trained")
    if seen.state in ("died", "interrupted", "failed"):
        words.append(f"the checkpoint of step {seen.saved_step:,} is kept")
    base = settings.base
    details = (
        f"{base.training.data if '/' not in base.training.data else 'own pictures'}, "
        f"{base.image_size} px, {base.generator.width} filters, {base.generator.blocks} blocks, "
        f"seed {base.training.seed}"
    )
    notes = "".join(f"<p>{escape(text)}</p>" for text in (seen.sentence, seen.notice) if text)
    return (
        f'<div class="live-status {seen.state}"><progress max="{max(1, seen.steps)}" '
        f'value="{seen.step}"></progress><p class="now">{" · ".join(words)}</p>'
        f'<p class="what">{escape(details)}</p>{notes}</div>'
    )


def clock(seconds: float) -> str:
    """ "42 s", "3:05 min", "1:02 h"."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}:{seconds:02d} min"
    return f"{minutes // 60}:{minutes % 60:02d} h"


def frame(shown: Frame | None, settings: LiveSettings) -> str:
    """Rows of inputs: x, then G(x) and F(G(x)) of either arm, then the truth."""
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
    return (
        f'<div class="live-frame">{"".join(strips)}</div>'
        f'<p class="live-step">Both arms at step {shown.step:,}, on pictures that neither was '
        "trained on.</p>"
    )


def _strip(kind: str, title: str, below: str, columns: list[tuple[str, list[Image.Image]]]) -> str:
    heads = "".join(f"<span>{formula(head)}</span>" for head, _ in columns)
    rows = list(zip(*(pictures for _, pictures in columns), strict=True))[:ROWS]
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
    return list(dict.fromkeys(name for log in logs for line in log for name in line["terms"]))


def charts(
    logs: tuple[list[dict], list[dict]],
    settings: LiveSettings,
    changes: tuple[dict, ...],
    term: str | None,
) -> str:
    """Small line charts over steps, a line an arm: the figures, and one term of the objective."""
    listed = [(COLUMNS[name].label, "figures", name) for name in FIGURES]
    listed += [(term.replace("_", " "), "terms", term)] if term else []
    drawn = []
    for label, kind, name in listed:
        lines = [
            [(line["step"], line[kind][name]) for line in log if name in line.get(kind, {})]
            for log in logs
        ]
        if any(lines):
            drawn.append(_chart(label, lines, changes, settings))
    if not drawn:
        return ""
    keys = "".join(
        f'<span class="key {kind}">{escape(arm.name)}</span>'
        for kind, arm in zip(ARMS, settings.arms, strict=True)
    )
    told = "".join(f"<li>{escape(_told(change, settings))}</li>" for change in changes)
    return f'<div class="keys">{keys}</div><div class="charts">{"".join(drawn)}</div>' + (
        f'<ul class="changes">{told}</ul>' if told else ""
    )


def _told(change: dict, settings: LiveSettings) -> str:
    arm, name = change.get("arm"), str(change.get("name", "")).replace("_", " ")
    whose = "both arms" if arm is None else settings.arms[arm].name
    return f"From step {change.get('step', 0):,}: {name} {change.get('value')}, {whose}"


WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 300, 150, 34, 18, 8
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
    return f"{value:.1f}" if value >= 9.95 else f"{value:.2f}" if value else "0"


def domains_of(x: str, y: str) -> Domains:
    """What own pictures show, by the visitor's word."""
    return Domains(x.strip()[:40] or "X", y.strip()[:40] or "Y")
