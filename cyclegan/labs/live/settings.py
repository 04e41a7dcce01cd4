"""What a live training is made of, as frozen dataclasses, and what a host allows of it.

Knows names and ranges; nothing of processes and tensors.
"""

from dataclasses import asdict, dataclass, replace

from ...core.config import (
    Config,
    ConfigError,
    Discriminator,
    Domains,
    Generator,
    Objective,
    Training,
)

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Arm:
    """One of the two trainings: what it is called on the page, and its objective."""

    name: str
    objective: Objective


IDENTITY_STEPS = 300
"""Steps after which the lesson trains on without the identity term, in both arms. Till then it
settles which colour is the sea, and teaches a way back without the cycle too; afterwards only the
cycle terms keep that (so Kaneko and Kameoka have it in CycleGAN-VC, arXiv 1711.11293)."""

LESSON = (
    Arm("with the cycle loss", Objective()),
    Arm("without the cycle loss", Objective(cycle_forward=0.0, cycle_backward=0.0)),
)
"""The same seed with and without the cycle terms: all else is equal, the identity term too."""

QUICK = Config(
    generator=Generator(width=16, blocks=4, upsampling="resize"),
    discriminator=Discriminator(width=32),
    domains=Domains("satellite", "map"),
    training=Training(steps=1200, ema_decay=0.998, precision="auto"),
    image_size=64,
)
"""Networks that learn satellite2map on one core while a class looks on."""


@dataclass(frozen=True)
class LiveSettings:
    """Two arms and all that they share.

    base: networks, data, size, seed, steps, rate … of both; its objective is not used.
    minutes: stop after this much training, pauses not counted; None for the steps alone.
    device: "cpu", "cuda", or "auto" for the best there is.
    identity_steps: after these, both arms go on without the identity term, as if their weight had
        been set to 0 by hand; None to keep it. `train.py --resume` goes on with what is so far.
    """

    base: Config = QUICK
    arms: tuple[Arm, Arm] = LESSON
    minutes: float | None = None
    device: str = "auto"
    identity_steps: int | None = IDENTITY_STEPS

    def __post_init__(self):
        if len(self.arms) != 2:
            raise ConfigError(f"There are {len(self.arms)} arms; a live training has two.")
        if self.device not in DEVICES:
            raise ConfigError(f"device is {self.device!r}; valid are {', '.join(DEVICES)}.")
        if self.minutes is not None and not 0 < self.minutes < float("inf"):
            raise ConfigError(f"minutes is {self.minutes}; it must be a number above 0.")
        if len({bool(config.objective.paired) for config in self.configs}) > 1:
            raise ConfigError("Both arms see the same batches: true pairs, or neither of them.")
        if self.identity_steps is None:
            return
        if not 1 <= self.identity_steps < float("inf"):
            raise ConfigError(
                f"The identity term ends after step {self.identity_steps}; that must be at least 1."
            )
        for arm in self.arms if self.identity_steps < self.base.training.steps else ():
            o = arm.objective
            if not (o.gan or o.has_cycle or o.paired):
                raise ConfigError(
                    f"The arm “{arm.name}” has no term left when identity ends after step "
                    f"{self.identity_steps}; give it another, or keep identity to the end."
                )

    @property
    def configs(self) -> tuple[Config, Config]:
        """Each arm's whole config. Raises ConfigError where size and networks do not fit."""
        a, b = (replace(self.base, objective=arm.objective) for arm in self.arms)
        return a, b

    @property
    def slugs(self) -> tuple[str, str]:
        """Each arm's folder: its variant's, told apart where both have the same terms."""
        a, b = (arm.objective.slug for arm in self.arms)
        return a, b if a != b else f"{b}-2"

    def to_dict(self) -> dict:
        return {**asdict(self), "arms": [asdict(arm) for arm in self.arms]}

    @classmethod
    def from_dict(cls, values: dict) -> "LiveSettings":
        """Rebuild from `to_dict()`'s JSON. Raises ConfigError."""
        base = Config.from_dict(values.get("base", {}))
        try:
            arms = tuple(
                Arm(str(arm["name"]), Config.from_dict({"objective": arm["objective"]}).objective)
                for arm in values["arms"]
            )
            # Older trainings keep the term to the end, and say nothing of it.
            until = values.get("identity_steps")
            return cls(base, arms, values["minutes"], values["device"], until)
        except (KeyError, TypeError) as error:
            raise ConfigError(f"The settings of this training are damaged: {error!r}.") from error


@dataclass(frozen=True)
class Limits:
    """What a host allows.

    training: whether anything may be trained. folders: whether a folder of this machine may be
    named as data. minutes, steps: of one training; None for any.
    at_once: trainings side by side; waiting: how many may queue behind them.
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

    def check(self, settings: LiveSettings, uploaded: bool = False) -> None:
        """Raise ConfigError, with the limit, for what this host does not allow.

        uploaded: the pictures are the visitor's own; no folder is named.
        """
        if not self.training:
            raise ConfigError("Training is switched off on this page; its host decides.")
        base = settings.base
        if base.training.data != "satellite2map" and not (uploaded or self.folders):
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
