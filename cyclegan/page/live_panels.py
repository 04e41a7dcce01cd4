"""A live training as HTML: how it is doing, what both arms make of the same inputs, and curves.

Pure functions; style.css says how it looks. Loops over the method's views, weights and terms and
over the lesson's figures; knows none of them by name.
"""

import math
from html import escape
from pathlib import Path

from PIL import Image

from .. import lessons
from ..core.figures import Measure, mirrored
from ..labs.live import Frame, LiveSettings, Status
from ..labs.live.control import RATE
from ..labs.live.status import DATA
from .panels import data_url, formula

ARMS = ("a", "b")

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
    """What is trained on what: "horse → zebra, 64 px, 24 filters, 4 blocks, seed 0"."""
    base = settings.base
    # Where own pictures lie on the host is nobody's business.
    folder = Path(base.training.data).name
    own = f" ({'own pictures' if folder == DATA else folder})"
    parts = [
        f"{base.domains.x} → {base.domains.y}"
        + ("" if lessons.is_registered(base.training.data) else own),
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


def frame(shown: Frame | None, settings: LiveSettings) -> str:
    """Rows of inputs: x, then what either arm makes of it, then the truth."""
    if shown is None:
        return '<p class="absent">The first pictures come within seconds of the start.</p>'
    domains, views = settings.base.domains, settings.method.views(settings.base)
    formulas = {view.key: view.formula for view in views}
    strips, columns = [], [len(made) for made in shown.arms]
    original = next((view for view in views if not view.network), None)
    if original:
        heads = [(original.formula, shown.inputs)]
        strips.append(_strip("given", original.name, domains.x, heads))
    for kind, arm, made in zip(ARMS, settings.arms, shown.arms, strict=True):
        heads = [(formulas.get(key, key), pictures) for key, pictures in made.items()]
        strips.append(_strip(kind, _capital(arm.name), arm.objective.name, heads))
    if shown.truths:
        head = mirrored(original.formula) if original else "y"
        strips.append(_strip("given", "Truth", domains.y, [(head, shown.truths)]))
    given = len(strips) - len(ARMS)
    first = 2 if original else 1
    said = f"Both arms at step {shown.step:,}"
    if original and shown.held_out is not None:
        kept = "inputs that neither was trained on"
        said += f", on {kept if shown.held_out else 'inputs of the training'}"
    return (
        f'<div class="live-frame" style="--all: {sum(columns) + given}; '
        f'--narrow: {first - 1 + max(columns)}; --from: {first}">{"".join(strips)}</div>'
        f'<p class="live-step">{said}.</p>'
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


def choices(logs: tuple[list[dict], list[dict]], settings: LiveSettings) -> list[tuple[str, str]]:
    """Terms that either arm has logged, each as label and key."""
    logged = {name for log in logs for line in log for name in line.get("terms", {})}
    method = settings.method
    return [(method.term(key).label, key) for key in method.in_order(sorted(logged))]


def changeable(settings: LiveSettings) -> list[tuple[str, str]]:
    """What can be changed on the way, each as label and name: the rate, and the weights."""
    weights = settings.arms[0].objective.weights()
    return [("rate", RATE), *((weight.label, name) for name, weight in weights.items())]


def weights(settings: LiveSettings, changes: tuple[dict, ...]) -> str:
    """What each arm is trained with now, a line an arm, and what is planned for it."""
    labels = {name: label for label, name in changeable(settings)}
    done = {(c["step"], c["name"]) for c in changes}
    lines = []
    for number, (kind, arm) in enumerate(zip(ARMS, settings.arms, strict=True)):
        now = {RATE: settings.base.training.rate}
        now |= {name: getattr(arm.objective, name) for name in arm.objective.weights()}
        now |= {c["name"]: c["value"] for c in changes if c.get("arm") in (None, number)}
        values = ", ".join(f"{labels.get(name, name)} {value:g}" for name, value in now.items())
        planned = zip(arm.objective.schedule, arm.objective.remarks, strict=True)
        ahead = [remark for c, remark in planned if (c.end, c.weight) not in done]
        said = escape(". ".join([values, *ahead]))
        lines.append(f'<p class="key {kind}"><b>{escape(_capital(arm.name))}</b>: {said}</p>')
    return f'<div class="keys lines">{"".join(lines)}</div>'


def charts(
    logs: tuple[list[dict], list[dict]],
    settings: LiveSettings,
    changes: tuple[dict, ...],
    term: str | None,
) -> str:
    """Small line charts over steps, a line an arm: what tells the lesson's point, and one term."""
    lesson = lessons.find(settings.base.training.data)
    listed = [(lesson.measure(key), "figures") for key in lesson.headline]
    listed += [(settings.method.term(term), "terms")] if term else []
    drawn = []
    for measure, kind in listed:
        lines = [_points(log, kind, measure.key) for log in logs]
        if any(lines):
            drawn.append(_chart(measure, lines, changes, settings))
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
    labels = {name: label for label, name in changeable(settings)}
    whose: dict[tuple, list[int]] = {}
    for c in changes:
        arms = [0, 1] if c.get("arm") is None else [c["arm"]]
        whose.setdefault((c["step"] + 1, c["name"], c["value"]), []).extend(arms)
    return [
        f"From step {step:,}: {labels.get(name, name)} {value:g}, "
        + ("both arms" if len(set(arms)) > 1 else settings.arms[arms[0]].name)
        for (step, name, value), arms in whose.items()
    ]


WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 300, 104, 34, 16, 6
"""Of a chart, in its own units."""


def _chart(
    measure: Measure,
    lines: list[list[tuple[int, float]]],
    changes: tuple[dict, ...],
    settings: LiveSettings,
) -> str:
    points = [point for line in lines for point in line]
    last = max(1, max(step for step, _ in points))
    low, high = (limit(0.0, *(value for _, value in points)) for limit in (min, max))
    room = max(1e-9, high - low) * 1.05

    def at(step: float, value: float) -> str:
        x = LEFT + step / last * (WIDTH - LEFT - 4)
        y = HEIGHT - BOTTOM - (value - low) / room * (HEIGHT - BOTTOM - TOP)
        return f"{x:.1f},{y:.1f}"

    marks = "".join(
        f'<polyline class="mark" points="{at(c["step"], low)} {at(c["step"], low + room)}"/>'
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
            now.append(f'<b class="{kind}">{measure.written(line[-1][1])}</b>')
    ticks = "".join(
        f'<text x="{LEFT - 5}" y="{y}" text-anchor="end">{value}</text>'
        for value, y in (
            (measure.written(low) if low else "0", HEIGHT - BOTTOM),
            (measure.written(high), TOP + 10),
        )
    )
    ticks += f'<text x="{WIDTH - 4}" y="{HEIGHT - 3}" text-anchor="end">step {last:,}</text>'
    corners = (at(0, low + room), at(0, low), at(last, low))
    floor = f'<polyline class="axis" points="{" ".join(corners)}"/>'
    names = " and ".join(arm.name for arm in settings.arms)
    label = escape(measure.label)
    return (
        f"<figure><figcaption>{label} <span>{' · '.join(now)}</span></figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{label} over steps, {escape(names)}">{floor}{marks}{drawn}{ticks}</svg>'
        "</figure>"
    )
