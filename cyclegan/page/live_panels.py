"""A live training in words, as HTML: how it is doing, and what each arm is trained on.

Pure functions to what templates/live.html takes; styles/live.css says how it looks. Loops over the
method's weights; knows none of them by name. What is seen of it is in `stage` and `live_curves`.
"""

import math
from collections.abc import Sequence
from pathlib import Path

from .. import lessons
from ..core.config import ConfigError, Objective
from ..core.media import PICTURES
from ..labs.live import Arm, Command, LiveSettings, Recording, Status, control
from ..labs.live.control import RATE
from ..labs.live.status import DATA
from .markup import render

ARMS = ("a", "b")

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
    stage = stage_of(seen, settings)
    notes = [sentence for sentence in (stage, seen.sentence, seen.notice) if sentence]
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


def recorded(shown: Recording) -> str:
    """Of a recording: that it is one, how long it took, and on what kind of machine."""
    took = f"{shown.seen.step:,} steps in {clock(shown.seen.seconds)}"
    return render(
        "live.recorded",
        sentence=f"both arms trained {took} on {shown.machine}.",
        details=f"{details(shown.settings)}. Every picture and number is from that training.",
    )


def stage_of(seen: Status, settings: LiveSettings) -> str:
    """Which of its method's stages a training is in, and what is learned there; "" after its end,
    and where there is but one."""
    method = settings.method
    if not seen.is_alive or len(method.stages) == 1:
        return ""
    name = method.stage(seen.step, seen.steps)
    place, stage = next((i, s) for i, s in enumerate(method.stages, 1) if s.name == name)
    said = f"Stage {place} of {len(method.stages)}, {name}"
    return f"{said}: {stage.says}" if stage.says else f"{said}."


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
    return f"{capital(what)} becomes {command.value:g} after this step, {whose} …"


def details(settings: LiveSettings) -> str:
    """What is trained on what: "horse → zebra, 64 px, 24 filters, 4 blocks, seed 0"."""
    base, medium = settings.base, lessons.of(settings.base).medium
    # Where own data lie on the host is nobody's business.
    folder, items = Path(base.training.data).name, f"{medium.called}s"
    own = f" ({f'own {items}' if folder == DATA else folder})"
    parts = [
        " → ".join(settings.method.from_to(base, settings.direction))
        + ("" if lessons.is_registered(base.training.data) else own),
        f"{base.image_size} px" if medium is PICTURES else medium.words_of(base.image_size),
        f"{base.generator.width} filters",
        *([f"{base.generator.blocks} blocks"] if base.generator.blocks else []),
        *([f"{base.training.pictures:,} {items} a side"] if base.training.pictures else []),
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


def called(arm: Arm, index: int, changes: Sequence[dict], step: int) -> tuple[str, str]:
    """Title and subtitle of an arm after `step` steps: what it is trained on at that moment.

    An arm is called by what it began with for as long as nobody changed a weight by hand.
    """
    now = trained_on(arm, index, changes, step)
    if now == arm.objective.weighed_at(step):
        return capital(arm.name), now.name
    return capital(now.name), f"began {arm.name}"


def trained_on(arm: Arm, index: int, changes: Sequence[dict], step: int) -> Objective:
    """The objective of an arm after `step` steps, as planned and as changed by hand."""
    try:
        by_hand = [c for c in changes if c.get("arm") in (None, index) and c["step"] <= step]
        return control.since_then(arm.objective, by_hand).weighed_at(step)
    except (ConfigError, KeyError, TypeError):  # What lies on disk makes no sense.
        return arm.objective.weighed_at(step)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


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
        lines.append((kind, capital(arm.name), ". ".join([values, *ahead])))
    return render("live.weights", lines=lines)
