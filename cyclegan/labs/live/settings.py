"""What a live training is made of, as frozen dataclasses, and what a host allows of it.

Knows names and ranges; nothing of processes and tensors.
"""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ... import lessons, methods
from ...core.config import (
    Config,
    ConfigError,
    Direction,
    Training,
    choice,
    medium_of,
    read_objective,
)
from ...core.device import DEVICES
from ...core.media import PICTURES
from ...lessons import Arm
from ...methods.named_recipe import of_objective


def _recipe() -> lessons.Recipe:
    return lessons.find(Training().data).recipe


@dataclass(frozen=True)
class LiveSettings:
    """Two arms and all that they share.

    base: networks, data, size, seed, steps, rate … of both; its objective is the first arm's.
    minutes: stop after this much training, pauses not counted; None for the steps alone.
    device: "auto" for the best there is, or its name.
    """

    base: Config = field(default_factory=lambda: _recipe().config)
    arms: tuple[Arm, Arm] = field(default_factory=lambda: _recipe().arms)
    minutes: float | None = None
    device: str = "auto"

    def __post_init__(self):
        if len(self.arms) != 2:
            raise ConfigError(f"There are {len(self.arms)} arms; a live training has two.")
        base = replace(self.base, objective=self.arms[0].objective)
        object.__setattr__(self, "base", base)
        choice("device", self.device, DEVICES)
        if self.minutes is not None and not 0 < self.minutes < float("inf"):
            raise ConfigError(f"minutes is {self.minutes}; it must be a number above 0.")
        if len({config.method for config in self.configs}) > 1:
            raise ConfigError("Both arms see the same batches and views: give them one method.")
        a, b = (arm.objective for arm in self.arms)
        for name, form in a.forms().items():
            if form.is_shared and getattr(a, name) != getattr(b, name):
                raise ConfigError(f"{form.label} must be the same for both arms.")

    @property
    def method(self) -> methods.Method:
        return methods.find(self.base.method)

    @property
    def direction(self) -> Direction:
        """The one that is looked at while it trains."""
        return self.method.directions(self.base)[0]

    @property
    def configs(self) -> tuple[Config, Config]:
        """Each arm's whole config. Raises ConfigError where size and networks do not fit."""
        facts, objective = self.base.facts, self.arms[1].objective
        if isinstance(recipe := facts.get("recipe"), dict):
            facts = {**facts, "recipe": of_objective(recipe, objective)}
        return self.base, replace(self.base, objective=objective, facts=facts)

    @property
    def slugs(self) -> tuple[str, str]:
        """Each arm's folder: its variant's, told apart where both have the same terms."""
        a, b = (arm.objective.slug for arm in self.arms)
        return a, b if a != b else f"{b}-2"

    def to_dict(self) -> dict:
        arms = [{"method": arm.objective.method, **asdict(arm)} for arm in self.arms]
        return {**asdict(self), "base": self.base.to_dict(), "arms": arms}

    @classmethod
    def from_dict(cls, values: dict) -> "LiveSettings":
        """Rebuild from `to_dict()`'s JSON. Raises ConfigError."""
        base = Config.from_dict(values.get("base", {}))
        try:
            arms = tuple(Arm(str(arm["name"]), read_objective(arm)) for arm in values["arms"])
            until = values.get("identity_steps")
            if until and until < base.training.steps:
                arms = tuple(_without_identity(arm, until) for arm in arms)
            return cls(base, arms, values["minutes"], values["device"])
        except (KeyError, TypeError) as error:
            raise ConfigError(f"The settings of this training are damaged: {error!r}.") from error


def with_own(settings: LiveSettings, folder: Path | str) -> LiveSettings:
    """The same on what a visitor brought, which lies in `folder` now: pictures of any shape, or
    recordings."""
    training = settings.base.training
    is_of_pictures = medium_of(settings.base.generator.kind) == PICTURES.name
    fit = "crop" if is_of_pictures else training.fit
    own = replace(training, data=str(folder), fit=fit)
    return replace(settings, base=replace(settings.base, training=own))


def is_older(values: dict) -> bool:
    """Whether the JSON of settings is of the time when objectives named no method."""
    arms = values.get("arms")
    return isinstance(arms, list) and not any("method" in arm for arm in arms)


def _without_identity(arm: Arm, until: int) -> Arm:
    """Older trainings had the end of the identity term beside their objectives."""
    if not getattr(arm.objective, "identity", 0.0):
        return arm
    return replace(arm, objective=arm.objective.changed("identity", 0.0, until))


@dataclass(frozen=True)
class Limits:
    """What a host allows.

    training: whether anything may be trained. folders: whether a folder of this machine may be
    named as data. steps: of one training; None for any.
    minutes: of one training, and by the clock on the wall from its launch to its end, pauses and
        all, also if it is stopped and goes on in between; None for any.
    at_once: trainings side by side; waiting: how many may queue behind them; per_owner: how many of
        those that train or wait may be one owner's.
    disk, disk_per_owner: bytes of all trainings, and of one owner's; above them, what ended first
        is removed first. None for any. What is nobody's counts for no owner.
    """

    training: bool = True
    folders: bool = True
    minutes: float | None = None
    steps: int | None = 200_000
    image_size: int = 256
    width: int = 128
    batch: int = 16
    at_once: int = 1
    waiting: int = 8
    per_owner: int | None = None
    disk: int | None = None
    disk_per_owner: int | None = None

    def check(self, settings: LiveSettings, uploaded: bool = False) -> None:
        """Raise ConfigError, with the limit, for what this host does not allow.

        uploaded: the pictures are the visitor's own; no folder is named.
        """
        if not self.training:
            raise ConfigError("Training is switched off on this page; its host decides.")
        base = settings.base
        ours = uploaded or lessons.is_registered(base.training.data)
        if not (ours or self.folders):
            raise ConfigError("On this page, folders of its machine are not offered as data.")
        for name, value, most in (
            ("steps", base.training.steps, self.steps),
            ("image size", base.image_size, self.image_size),
            ("generator width", base.generator.width, self.width),
            ("discriminator width", base.discriminator.width, self.width),
            ("batch", base.training.batch, self.batch),
            ("minutes", settings.minutes or 0, self.minutes),
        ):
            if most is not None and value > most:
                raise ConfigError(f"{name} is {value}; this page allows {most} at most.")

    def limited(self, settings: LiveSettings) -> LiveSettings:
        """The same settings, ending no later than the host wants."""
        if self.minutes is None or settings.minutes is not None:
            return settings
        return replace(settings, minutes=self.minutes)
