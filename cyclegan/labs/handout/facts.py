"""What a config says of a training, in words: where, how long, what changed on the way, by what
recipe.

Facts are free-form, and anybody may have written them: what is not as it should be is left out.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ... import lessons
from ...core.config import Config
from ...core.files import is_number
from ...methods import NamedRecipe
from ...training.longer import RECORD
from ...training.signs import Signs
from .document import Recipe

LONGEST, MOST = 600, 50
"""Characters of a sentence, and sentences of a kind."""

CALLED = {
    "steps": "the planned length",
    "rate": "the rate",
    "decay_from": "the step from which the rate falls",
    "decay": "the share of the steps over which the rate falls",
    "batch": "the batch",
    "data": "the data",
}
"""Of what a run may go on with otherwise, by its field."""


def place_of(name: str) -> str:
    """The name of a lesson or of something on the Hub, or the last part of a folder's: where that
    lies is nobody's business."""
    if lessons.is_registered(name):
        return name
    is_place = os.path.lexists(name) or isinstance(lessons.find(name), lessons.Folder)
    return cut((Path(name).name if is_place else name) or name)


def variant(config: Config) -> str:
    """The objective, or the layout of other people's files, which do not say it."""
    return cut(config.facts["layout"]) if is_foreign(config) else config.objective.name


def is_foreign(config: Config) -> bool:
    return isinstance(config.facts.get("layout"), str)


def cut(text: object) -> str:
    words = str(text)
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def steps_done(config: Config) -> int | None:
    done = config.facts.get("steps")
    return done if is_number(done) and isinstance(done, int) and done >= 0 else None


def lasted(seconds: float) -> str:
    """ "42 s", "24 min", "1 h 5 min"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min"


def took(config: Config) -> str:
    """ "in 24 min on CPU, 1 of 2 cores"; "" where nobody says."""
    seconds, machine = config.facts.get("seconds"), config.facts.get("machine")
    parts = []
    if is_number(seconds) and 0 < seconds < 1e10:
        parts.append(f"in {lasted(seconds)}")
    if isinstance(machine, str) and machine:
        parts.append(f"on {cut(machine)}")
    return " ".join(parts)


def length(config: Config) -> str:
    """ "for 5,000 steps", or how far it is."""
    done, planned = steps_done(config), config.training.steps
    if done is None:
        return f"for {planned:,} planned steps"
    if done < planned:
        return f"for {done:,} of {planned:,} planned steps"
    return f"for {done:,} steps"


def events(config: Config, log: Sequence[Mapping] = ()) -> list[str]:
    """What changed on the way, and what was noticed, as sentences."""
    facts, said = config.facts, list(config.objective.remarks)
    if isinstance(began := facts.get("init"), str):
        said.append(f"It began with the weights of {cut(place_of(began))}.")
    went_on = facts.get(RECORD)
    for change in went_on if isinstance(went_on, list) else ():
        if isinstance(change, dict) and change.get("name") in CALLED and is_step(change):
            value = change.get("value")
            words = place_of(value) if isinstance(value, str) else value
            words = f"{words:,}" if type(value) is int and is_number(value) else words
            said.append(
                f"From step {change['step'] + 1:,} on, {CALLED[change['name']]} was {cut(words)}."
            )
    said += facts.get("notes", [])
    said += Signs(log).said
    return [cut(sentence) for sentence in said[:MOST]]


def changed_at(config: Config) -> list[int]:
    """Steps after which something was changed by hand, or went on otherwise."""
    found = []
    for name in (RECORD, "changes"):
        listed = config.facts.get(name)
        found += [c["step"] for c in listed if is_step(c)] if isinstance(listed, list) else []
    return sorted({*found, *(change.end for change in config.objective.schedule)})[:MOST]


def is_step(change: object) -> bool:
    step = change.get("step") if isinstance(change, dict) else None
    return type(step) is int and 0 <= step <= 10**9


def settings(config: Config) -> dict[str, str]:
    """Every setting in words, by a label of a word or two."""
    words = NamedRecipe.of(config, "", "").words(type(config.objective))
    # A config does not say how often there were samples.
    del words["samples"]
    found = {"data": place_of(config.training.data), **words}
    return {**found, "seed": f"{config.training.seed}"}


def recipe(config: Config, title: str = "") -> Recipe | None:
    """What it followed by name; None without one."""
    kept = config.facts.get("recipe")
    if not isinstance(kept, dict) or not isinstance(kept.get("name"), str):
        return None
    left_out = kept.get("left_out")
    return Recipe(
        title or cut(kept["name"]),
        cut(kept["source"]) if isinstance(kept.get("source"), str) else "",
        _words(kept.get("sets")),
        _words(kept.get("otherwise")),
        [cut(s) for s in left_out if isinstance(s, str)][:MOST]
        if isinstance(left_out, list)
        else [],
    )


def _words(values: object) -> list[tuple[str, str]]:
    listed = values.items() if isinstance(values, dict) else ()
    return [(cut(k), cut(v)) for k, v in listed if isinstance(k, str) and isinstance(v, str)][:MOST]
