"""A live training as HTML: how it is doing, what both arms make of the same inputs, and curves.

Pure functions to what templates/live.html takes; styles/live.css says how it looks. Loops over the
method's views, weights and terms and over the lesson's figures; knows none of them by name.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from .. import lessons
from ..core.charts import Chart, Line, chart
from ..core.config import ConfigError
from ..core.figures import Measure, mirrored
from ..labs.live import Arm, Command, Frame, LiveSettings, Status, control
from ..labs.live.control import RATE
from ..labs.live.status import DATA
from .curves import part
from .lab import number
from .markup import absent, render
from .panels import data_url

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
    "damaged": "Damaged",
}


ASKED = {
    "pause": "Pausing after this step …",
    "continue": "Going on …",
    "step": "One step …",
    "stop": "Stopping after this step; both arms are saved and measured first …",
    "discard": "Discarding it …",
}
"""What is said at once, and until it is done."""


def status(
    seen: Status, settings: LiveSettings, asked: Sequence[Command] = (), waits_for: str = ""
) -> str:
    """State, progress, speed, time left, what was asked for, and what went wrong.

    asked: what is not carried out yet. waits_for: a sentence on a training in the queue.
    """
    said = [STATES.get(seen.state, seen.state)]
    if seen.place:
        said.append(f"place {seen.place} in the queue")
    if seen.step or seen.is_alive:
        said.append(f"step {seen.step:,} of {seen.steps:,}")
    if seen.state == "running" and seen.steps_per_second:
        said.append(f"{seen.steps_per_second:.1f} steps/s, both arms")
    if seen.state == "running" and seen.seconds_left is not None:
        said.append(f"about {about(seen.seconds_left)} left")
    elif seen.seconds:
        said.append(f"{clock(seen.seconds)} trained")
    # Of a process that died, its sentence says as much.
    if seen.state in ("interrupted", "failed") and seen.saved_step:
        said.append(f"kept up to step {seen.saved_step:,}")
    kind = seen.state if seen.state in STATES else ""
    notes = [sentence for sentence in (seen.sentence, seen.notice) if sentence]
    return render(
        "live.status",
        kind=kind,
        done=seen.step,
        steps=max(1, seen.steps),
        now=said,
        details=details(settings),
        asked=[acknowledged(command, settings) for command in asked if _is_open(command, seen)],
        notes=[*([waits_for] if waits_for else []), *notes],
    )


def _is_open(command: Command, seen: Status) -> bool:
    """Whether there is somebody to carry a command out, who has not done so just now."""
    done = {"pause": "paused", "continue": "running"}
    return seen.is_alive and done.get(command.do) != seen.state


def acknowledged(command: Command, settings: LiveSettings) -> str:
    """What is said of a command until it is carried out."""
    if command.do != "set":
        return ASKED[command.do]
    labels = {name: label for label, name in changeable(settings)}
    whose = "both arms" if command.arm is None else settings.arms[command.arm].name
    what = labels.get(command.name, command.name)
    return f"{_capital(what)} becomes {command.value:g} after this step, {whose} …"


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


def about(seconds: float) -> str:
    """A time that is estimated, so roundly that it is steady: "40 s", "4 min", "2 h 5 min"."""
    if seconds <= 90:
        return f"{max(10, math.ceil(seconds / 10) * 10)} s"
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


@dataclass(frozen=True)
class Strip:
    """Columns of pictures under one title, each a formula and a picture a row."""

    kind: str
    title: str
    below: str
    columns: list[tuple[str, list[Image.Image]]]

    @property
    def width(self) -> int:
        return len(self.columns)

    @property
    def rows(self) -> list[list[tuple[str, str]]]:
        """(formula, address) of the pictures, from above."""
        heads = [head for head, _ in self.columns]
        return [
            list(zip(heads, map(data_url, row), strict=True))
            for row in zip(*(pictures for _, pictures in self.columns), strict=True)
        ]


def frame(shown: Frame | None, settings: LiveSettings, changes: Sequence[dict] = ()) -> str:
    """Rows of inputs: x, then what either arm makes of it, then the truth.

    changes: as the status has them; headings are of the objective at the frame's step.
    """
    if shown is None:
        return absent("The first pictures come within seconds of the start.")
    domains, views = settings.base.domains, settings.method.views(settings.base)
    formulas = {view.key: view.formula for view in views}
    strips, columns = [], [len(made) for made in shown.arms]
    original = next((view for view in views if not view.network), None)
    if original:
        heads = [(original.formula, shown.inputs)]
        strips.append(Strip("given", original.name, domains.x, heads))
    for index, (kind, made) in enumerate(zip(ARMS, shown.arms, strict=True)):
        heads = [(formulas.get(key, key), pictures) for key, pictures in made.items()]
        strips.append(Strip(kind, *called(settings.arms[index], index, changes, shown.step), heads))
    if shown.truths:
        head = mirrored(original.formula) if original else "y"
        strips.append(Strip("given", "Truth", domains.y, [(head, shown.truths)]))
    first = 2 if original else 1
    said = f"Both arms at step {shown.step:,}"
    if original and shown.held_out is not None:
        kept = "inputs that neither was trained on"
        said += f", on {kept if shown.held_out else 'inputs of the training'}"
    return render(
        "live.frame",
        strips=strips,
        narrow=first - 1 + max(columns),
        first=first,
        sentence=f"{said}.",
    )


def called(arm: Arm, index: int, changes: Sequence[dict], step: int) -> tuple[str, str]:
    """Title and subtitle of an arm after `step` steps: what it is trained on at that moment.

    An arm is called by what it began with for as long as nobody changed a weight by hand.
    """
    planned = arm.objective.weighed_at(step)
    try:
        by_hand = [c for c in changes if c.get("arm") in (None, index) and c["step"] <= step]
        now = control.since_then(arm.objective, by_hand).weighed_at(step)
    except (ConfigError, KeyError, TypeError):  # What lies on disk makes no sense.
        now = planned
    if now == planned:
        return _capital(arm.name), now.name
    return _capital(now.name), f"began {arm.name}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def choices(logs: tuple[list[dict], list[dict]], settings: LiveSettings) -> list[tuple[str, str]]:
    """Terms that either arm has logged, each as label and key."""
    logged = {name for log in logs for line in log for name in part(line, "terms")}
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
    for index, (kind, arm) in enumerate(zip(ARMS, settings.arms, strict=True)):
        now = {RATE: settings.base.training.rate}
        now |= {name: getattr(arm.objective, name) for name in arm.objective.weights()}
        now |= {c["name"]: c["value"] for c in changes if c.get("arm") in (None, index)}
        values = ", ".join(f"{labels.get(name, name)} {value:g}" for name, value in now.items())
        planned = zip(arm.objective.schedule, arm.objective.remarks, strict=True)
        ahead = [remark for c, remark in planned if (c.end, c.weight) not in done]
        lines.append((kind, _capital(arm.name), ". ".join([values, *ahead])))
    return render("live.weights", lines=lines)


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
    keys = [(kind, "", arm.name) for kind, arm in zip(ARMS, settings.arms, strict=True)]
    return render("live.charts", keys=keys, drawn=drawn, changes=_told(changes, settings))


def _points(log: list[dict], kind: str, name: str) -> list[tuple[int, float]]:
    """(step, value) of one curve, thinned to what can be seen, its last point always among them."""
    read = ((number(line.get("step")), number(part(line, kind).get(name))) for line in log)
    found = [(int(step), value) for step, value in read if None not in (step, value)]
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


def _chart(
    measure: Measure,
    lines: list[list[tuple[int, float]]],
    changes: tuple[dict, ...],
    settings: LiveSettings,
) -> Chart:
    last = max(1, max(step for line in lines for step, _ in line))
    drawn = [
        (Line(kind, line, measure.written(line[-1][1])), arm.name)
        for kind, line, arm in zip(ARMS, lines, settings.arms, strict=True)
        if line
    ]
    now = "; ".join(f"{name}, {line.now}" for line, name in drawn)
    return chart(
        measure.label,
        [line for line, _ in drawn],
        [(0, ""), (last, f"step {last:,}")],
        f"{measure.label} up to step {last:,}: {now}",
        marks=[c["step"] for c in changes if 0 <= c.get("step", -1) <= last],
    )
