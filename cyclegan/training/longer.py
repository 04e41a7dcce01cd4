"""A training that goes on otherwise than planned: longer, at another rate, with another batch.

What its rate does from there on is settled here, for the script and the page. Knows no files.
"""

from dataclasses import replace

from .. import methods
from ..core.config import Config, ConfigError, Training

NEVER = "never"
"""In place of a step from which the rate falls."""


class AskForRateError(ConfigError):
    """The rate has fallen already: nobody but the user can say at which a training goes on."""


def train_on(
    config: Config,
    done: int,
    steps: int | None = None,
    rate: float | None = None,
    decay_from: int | str | None = None,
    batch: int | None = None,
) -> Config:
    """The settings with which a training goes on after `done` steps.

    steps: in all. rate: the base rate from the next step on. decay_from: the step from which on it
    falls to 0, or NEVER. What is None stays; a rate that is given anew falls over the same share of
    the steps that are left, unless decay_from says otherwise. Raises ConfigError, AskForRateError
    among them.
    """
    before = config.training
    if steps is not None and steps <= done:
        raise ConfigError(f"steps is {steps:,}, and {done:,} are done; it must be more than these.")
    if decay_from is not None and decay_from != NEVER and decay_from < done:
        raise ConfigError(
            f"The rate cannot fall from step {decay_from:,} on, since {done:,} are done."
        )
    asked = {"steps": steps, "batch": batch}
    after = replace(before, **{name: n for name, n in asked.items() if n is not None})
    if decay_from == NEVER:
        after = replace(after, decay=0.0, decay_from=None)
    elif decay_from is not None:
        after = replace(after, decay_from=decay_from)
    if rate is not None:
        if decay_from is None and _has_fallen(before, after, done):
            left = int((after.steps - done) * (1 - after.decay))
            after = replace(after, decay_from=done + left if after.decay else None)
        after = replace(after, rate=rate)
    elif after != replace(before, batch=after.batch) and _has_fallen(before, after, done):
        at = before.rate * before.rate_factor(done)
        raise AskForRateError(
            f"By step {done:,} the rate has fallen from {before.rate:g} to {at:g}, so it must be "
            "said at which the training goes on."
        )
    return replace(config, training=after)


def _has_fallen(before: Training, after: Training, done: int) -> bool:
    """Whether the rate of the next step is, or would be, below the base rate."""
    return min(before.rate_factor(done), after.rate_factor(done)) < 1


RECORD = "went_on"
"""Among the facts of a run: what was otherwise from a step on, as {"step", "name", "value"}."""


def recorded(before: Config, after: Config, done: int) -> Config:
    """`after` with what is otherwise from `done` steps on in its facts."""
    a, b = before.training, after.training
    names = ("steps", "rate", "decay_from", "decay", "batch", "data")
    values = {name: getattr(b, name) for name in names if getattr(a, name) != getattr(b, name)}
    if not values:
        return after
    new = [{"step": done, "name": name, "value": value} for name, value in values.items()]
    known = after.facts.get(RECORD)
    listed = [*(known if isinstance(known, list) else []), *new]
    return replace(after, facts={**after.facts, RECORD: listed})


def told(before: Config, after: Config, done: int) -> list[str]:
    """Sentences on how a training goes on, and on what a new length moves."""
    a, b = before.training, after.training
    said = []
    if b.steps != a.steps:
        said.append(f"It goes on from step {done:,} to step {b.steps:,}; planned were {a.steps:,}.")
    falls_elsewhere = b.falls_from < b.steps and b.falls_from != a.falls_from
    if b.rate_words != a.rate_words or falls_elsewhere:
        said.append(f"The rate is {b.rate_words}.")
    if b.batch != a.batch:
        said.append(f"A step sees {b.batch} items of either side from now on; it were {a.batch}.")
    was, now = (c.objective.at(done, c.training.steps) for c in (before, after))
    for name, weight in now.weights().items():
        if (old := getattr(was, name)) != (new := getattr(now, name)):
            said.append(
                f"The weight of {weight.label} moves over the whole length: it goes from {old:g} "
                f"to {new:g} here."
            )
    stages = [methods.find(c.method).stage(done, c.training.steps) for c in (before, after)]
    if stages[0] != stages[1]:
        said.append(f"With the new length, step {done + 1:,} is of the stage {stages[1]} again.")
    return said
