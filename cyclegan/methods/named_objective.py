"""A row of the laboratory: an objective, and what else it changes, with where the idea is from.

Knows the fields of a config; no source, no method and no lesson.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from ..core.config import Config, ConfigError, Discriminator, Generator, Objective, Training
from ..core.networks import as_large


@dataclass(frozen=True)
class NamedObjective:
    """A row: its title, its objective, where the idea is from, its group.

    left_out: sentences on what its source has and the row has not. earlier: what its objective was
        in versions before, so that their runs stay the row's.
    changes: what it has otherwise than the rows beside it, by part of a config and by field, as in
        {"training": {"pool": 0}}. A network of another kind gets the width at which it has about as
        many parameters as the one that it stands in for.
    size: the only side of pictures, in pixels, at which it is what its title says; None for any.
    """

    title: str
    objective: Objective
    source: str
    group: str
    left_out: str = ""
    earlier: tuple[Objective, ...] = ()
    changes: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    size: int | None = None

    def config(self, base: Config) -> Config:
        """The settings with which the row trains beside rows that train with those of `base`.

        Those of the row itself stay as they are. Raises ConfigError where they do not fit.
        """
        if self.size not in (None, base.image_size):
            raise ConfigError(
                f"{self.title} is what it says for pictures of {self.size} pixels alone, not of "
                f"{base.image_size}; leave it out."
            )
        parts = {part: _changed(getattr(base, part), how) for part, how in self.changes.items()}
        return replace(base, objective=self.objective, **parts)

    def left_out_by(self, objective: Objective) -> str:
        """The same of a run of the row, which may have trained with an earlier objective."""
        if objective == self.objective:
            return self.left_out
        was, today = asdict(objective), asdict(self.objective)
        weights = objective.weights()
        names = {k: weights[k].label if k in weights else k.replace("_", " ") for k in was}
        others = ", ".join(
            f"{name} {was[k]} instead of {today[k]}"
            for k, name in names.items()
            if was[k] != today[k]
        )
        return f"{self.left_out} Trained before today's values: {others}.".strip()


Part = Generator | Discriminator | Training


def _changed(part: Part, how: Mapping[str, object]) -> Part:
    kind = how.get("kind")
    if kind is not None and kind != part.kind:
        part = as_large(part.as_kind(kind), part)
    return replace(part, **how)
