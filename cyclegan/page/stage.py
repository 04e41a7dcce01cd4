"""The stage of the Train tab: one input, what both arms make of it, and a scrubber through time.

Pure functions to what templates/stage.html takes; styles/stage.css says how it looks. The frames
come apart from it, as WebPs that a browser keeps, so that a look sends only those that are new, and
so do sounds; scripts/stage.js draws them and moves whatever is tied to a step. A live training and
a recording are shown alike. Loops over the method's views and weights; knows none of them by name.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .. import lessons
from ..core.figures import mirrored
from ..core.media import Medium
from ..labs.live import Frame, LiveSettings
from ..methods import View
from .live_panels import ARMS, called, capital, changeable, trained_on
from .markup import absent, render
from .panels import data_url, flac_url

RAMP = 8
"""Steps at which a weight is told that moves slowly."""


@dataclass(frozen=True)
class Sheet:
    """A WebP with the frames of some steps, `across` of them side by side."""

    webp: bytes
    steps: Sequence[int]
    across: int = 1

    @property
    def url(self) -> str:
        return "data:image/webp;base64," + base64.b64encode(self.webp).decode()


@dataclass(frozen=True)
class Listen:
    """What can be heard of a step: FLAC files by arm and view, as `Director.heard_at` has them."""

    step: int
    clips: Mapping[str, bytes]

    @property
    def urls(self) -> dict[str, str]:
        return {name: flac_url(content) for name, content in self.clips.items()}


@dataclass(frozen=True)
class ViewShown:
    """key: its arm and its own, as in a `Listen`. name, formula: as in the method's view."""

    key: str
    name: str
    formula: str


@dataclass(frozen=True)
class ArmShown:
    """kind: its class. phases: JSON, what is said of it from which step on."""

    kind: str
    title: str
    below: str
    views: Sequence[ViewShown]
    weights: Sequence[tuple[str, str]]
    phases: str


def feed(
    id: str,
    steps: Sequence[int],
    sheets: Sequence[Sheet],
    heard: Sequence[int] = (),
    listens: Sequence[Listen] = (),
) -> str:
    """Frames and sounds that a browser does not have yet. steps, heard: of all that there are."""
    return render("stage.feed", id=id, steps=steps, sheets=sheets, heard=heard, listens=listens)


def draw(
    id: str,
    shown: Frame | None,
    settings: LiveSettings,
    changes: Sequence[dict] = (),
    heard: Mapping[str, bytes] | None = None,
) -> str:
    """x, what either arm makes of it, and the truth. id: of the training, as in its feed.

    changes: as the status has them. heard: FLAC files of "x" and "y", where they can be heard.
    Nothing here is of the frame's step but what never changes.
    """
    medium = lessons.of(settings.base).medium
    if shown is None:
        return absent(f"The first {medium.drawn_as} come within seconds of the start.")
    views = settings.method.live_views(settings.base, settings.direction)
    known = {view.key: view for view in views}
    original = next((view for view in views if not view.network), None)
    keys = list(shown.arms[0])
    made = shown.arms[0][keys[0]]
    arms = [
        _arm(kind, index, [_view(kind, key, known) for key in keys], settings, changes)
        for index, kind in enumerate(ARMS)
    ]
    sounds = {name: flac_url(content) for name, content in (heard or {}).items()}
    return render(
        "stage.stage",
        id=id,
        symbol=original.formula if original else "",
        source=settings.base.domains.x,
        inputs=[data_url(picture) for picture in shown.inputs] if original else [],
        rows=len(made),
        arms=arms,
        mirror=mirrored(original.formula) if original else "y",
        target=settings.base.domains.y,
        truths=[data_url(picture) for picture in shown.truths],
        ratio=f"{made[0].width} / {made[0].height}",
        flags=_flags(settings, changes),
        sounds=sounds,
        sentence=_on(shown, medium) if original else OF_NOISE,
    )


OF_NOISE = "Both arms are given the same noise, and the same at every step."


def _on(shown: Frame, medium: Medium) -> str:
    if shown.held_out is None:
        return ""
    kept = "inputs that neither was trained on" if shown.held_out else "inputs of the training"
    return f"{capital(medium.drawn_as)} and curves are of {kept}."


def _view(kind: str, key: str, known: Mapping[str, View]) -> ViewShown:
    name, formula = (known[key].name, known[key].formula) if key in known else ("", key)
    return ViewShown(f"{kind}-{key}", name, formula)


def _arm(
    kind: str,
    index: int,
    views: Sequence[ViewShown],
    settings: LiveSettings,
    changes: Sequence[dict],
) -> ArmShown:
    arm = settings.arms[index]
    phases = []
    for step in _turns(settings, changes):
        title, below = called(arm, index, changes, step)
        now = trained_on(arm, index, changes, step)
        weights = [(w.label, f"{getattr(now, name):.3g}") for name, w in now.weights().items()]
        phase = {"title": title, "below": below, "weights": weights}
        if not phases or phase != {k: v for k, v in phases[-1].items() if k != "from"}:
            phases.append({"from": step, **phase})
    first = phases[0]
    told = json.dumps(phases, separators=(",", ":"), ensure_ascii=False)
    return ArmShown(kind, first["title"], first["below"], views, first["weights"], told)


def _turns(settings: LiveSettings, changes: Sequence[dict]) -> list[int]:
    """Steps from which on a weight may be another, as planned or by hand."""
    found = {0, *(c["step"] for c in changes if isinstance(c.get("step"), int))}
    for arm in settings.arms:
        for change in arm.objective.schedule:
            way = change.end - change.start
            found |= {change.start + way * i // RAMP for i in range(RAMP + 1)}
    return sorted(found)


def _flags(settings: LiveSettings, changes: Sequence[dict]) -> list[tuple[int, str]]:
    """(step, words) of what changed on the way: "identity ends"."""
    labels = {name: label for label, name in changeable(settings)}
    found: dict[int, list[str]] = {}
    for change in changes:
        name = labels.get(change["name"], change["name"])
        ends = "ends" if not change["value"] else f"{change['value']:g}"
        words = f"{name} {ends}"
        here = found.setdefault(change["step"], [])
        if words not in here:
            here.append(words)
    return [(step, capital(", ".join(words))) for step, words in sorted(found.items())]
