"""CycleGAN's objective: the weights of its terms, and the forms that they may have."""

from dataclasses import dataclass, replace
from typing import Any

from ...core.config import (
    FROM_NOISE,
    Channels,
    Config,
    ConfigError,
    choice,
    form,
    medium_of,
    weight,
)
from ...core.config import Objective as BaseObjective

FORMS = ("least_squares", "log")


def gan_loss(usual: str) -> Any:
    """The field of an objective that chooses between FORMS."""
    return form(usual, "GAN loss", {name: name.replace("_", " ") for name in FORMS})


QUALITIES = ("off", "translation", "original")
"""Whose quality weighs the cycle: nobody's, D_Y(G(x)), or D_X(x)."""


@dataclass(frozen=True)
class Objective(BaseObjective):
    """Weights of the terms of the full objective (paper: equation 3; identity: section 5.2).

    `gan` weighs both adversarial terms, `cycle_forward` ‖F(G(x)) − x‖, `cycle_backward`
    ‖G(F(y)) − y‖, and `identity` ‖G(y) − y‖₁ + ‖F(x) − x‖₁ (the paper: 0.5 λ = 5, the book:
    0.9 λ = 9).

    The three remedies of Wang and Lin change the cycle terms:
    cycle_features: γ, the share of the cycle that is taken on the discriminator's features; it
        grows linearly from 0 to this at the end of training.
    cycle_decay: the share of λ that is gone by the end; it shrinks linearly.
    cycle_quality: multiply by a discriminator's opinion, kept in [0, 1] and without gradient: by
        "translation" D_Y(G(x)), the mean over the batch, as their words have it; by "original"
        D_X(x), of each picture, as their equation has it.
    """

    gan: float = weight(
        1.0,
        "GAN",
        "(GAN(G, D_Y) + GAN(F, D_X))",
        "G(x) is to look like a picture of the other kind, but need not be one of this x.",
    )
    cycle_forward: float = weight(
        10.0, "forward cycle", "‖F(G(x)) − x‖₁", "The way there and back is to end at x."
    )
    cycle_backward: float = weight(
        10.0, "backward cycle", "‖G(F(y)) − y‖₁", "The way there and back is to end at y."
    )
    identity: float = weight(
        5.0,
        "identity",
        "(‖G(y) − y‖₁ + ‖F(x) − x‖₁)",
        "Each generator is to leave pictures of its own kind alone, which holds colours in place.",
    )
    adversarial: str = gan_loss("least_squares")
    cycle_norm: str = "l1"
    cycle_features: float = 0.0
    cycle_decay: float = 0.0
    cycle_quality: str = "off"

    method = "cyclegan"

    def __post_init__(self):
        choice("adversarial loss", self.adversarial, FORMS)
        choice("cycle norm", self.cycle_norm, ("l1", "l2"))
        choice("cycle_quality", self.cycle_quality, QUALITIES)
        super().__post_init__()
        for name in ("cycle_features", "cycle_decay"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must lie in [0, 1].")
        if self.cycle_features or self.cycle_quality != "off":
            for step in (0, *(change.end for change in self.schedule)):
                now = self._weights_at(step)
                if not (now["gan"] and (now["cycle_forward"] or now["cycle_backward"])):
                    raise ConfigError(
                        "cycle_features and cycle_quality ask the discriminators about the cycle; "
                        "they need both the GAN and a cycle term, from the first step to the last."
                    )

    def check(self, config: Config) -> None:
        check_sizes(config, self.uses("gan"))
        check_identity(self, config)

    def suited(self, channels: Channels) -> "Objective":
        return without_identity(self, channels)

    @property
    def has_cycle(self) -> bool:
        return bool(self.cycle_forward or self.cycle_backward)

    def at(self, step: int, steps: int) -> "Objective":
        now, done = super().at(step, steps), step / steps
        if now.cycle_decay:
            left = 1 - now.cycle_decay * done
            there, back = now.cycle_forward * left, now.cycle_backward * left
            now = replace(now, cycle_forward=there, cycle_backward=back, cycle_decay=0.0)
        if now.cycle_features:
            now = replace(now, cycle_features=now.cycle_features * done)
        return now

    @property
    def terms(self) -> tuple[str, ...]:
        both = self.cycle_forward and self.cycle_backward
        cycle = "cycle" if both else "forward cycle" if self.cycle_forward else "backward cycle"
        qualities = {
            "L2": self.cycle_norm == "l2",
            "features": self.cycle_features,
            "decaying": self.cycle_decay,
            "quality": self.cycle_quality == "translation",
            "quality of originals": self.cycle_quality == "original",
        }
        cycle = special(cycle, **qualities)
        active = {
            special("GAN", log=self.adversarial == "log"): self.gan,
            cycle: self.has_cycle,
            "identity": self.identity,
        }
        return tuple(name for name, weight in active.items() if weight)

    @property
    def formula(self) -> str:
        text = super().formula
        if self.cycle_norm == "l2":
            for original in "xy":
                text = text.replace(f")) − {original}‖₁", f")) − {original}‖₂²")
        return text

    @classmethod
    def from_older(cls, values: dict) -> dict | None:
        """True pairs were a weight of this objective, 0 where it is this method's."""
        kept = {name: value for name, value in values.items() if name != "paired"}
        return None if values.get("paired") else kept

    @classmethod
    def renewed(cls, values: dict) -> dict:
        """The opinion of the translation was once the only one, on or off."""
        was = values.get("cycle_quality")
        if not isinstance(was, bool):
            return values
        return {**values, "cycle_quality": "translation" if was else "off"}


def special(term: str, **qualities: object) -> str:
    """A term's name with what is special about it: "cycle (L2, decaying)"."""
    listed = ", ".join(name for name, holds in qualities.items() if holds)
    return f"{term} ({listed})" if listed else term


def check_identity(objective: BaseObjective, config: Config) -> None:
    """Raise ConfigError for an identity term of two sides that differ in channels."""
    if objective.uses("identity") and config.channels.x != config.channels.y:
        raise ConfigError(
            f"Identity hands a generator what it is to make; with {config.channels.x} "
            f"channels in X and {config.channels.y} in Y it must be off (weight 0)."
        )


def without_identity(objective: BaseObjective, channels: Channels) -> Any:
    """The same without that term where the sides differ in channels."""
    if channels.x == channels.y or not objective.uses("identity"):
        return objective
    schedule = tuple(c for c in objective.schedule if c.weight != "identity")
    return replace(objective, identity=0.0, schedule=schedule)


def check_sizes(config: Config, judged: bool) -> None:
    """Raise ConfigError where the networks do not take items of the config's size, or none, or
    each of another kind."""
    kinds = {"generator": config.generator.kind, "discriminator": config.discriminator.kind}
    for part, kind in kinds.items():
        if kind in FROM_NOISE:
            raise ConfigError(
                f"The {kind} {part} is for pictures out of noise; it translates none."
            )
    if medium_of(kinds["generator"]) != medium_of(kinds["discriminator"]):
        raise ConfigError(
            f"The {kinds['generator']} generator is for {medium_of(kinds['generator'])}, and the "
            f"{kinds['discriminator']} discriminator for {medium_of(kinds['discriminator'])}."
        )
    multiple, least = config.generator.multiple, config.generator.smallest
    if config.image_size % multiple or config.image_size < least:
        raise ConfigError(
            f"image size is {config.image_size}; the {config.generator.kind} generator takes "
            f"multiples of {multiple} from {least} up."
        )
    # Below that the last instance norm of the discriminator has a single number to normalise.
    least = {"patchgan": 24, "patch4": 32, "course": 64, "gated": 32}[config.discriminator.kind]
    if judged and config.image_size < least:
        raise ConfigError(
            f"image size is {config.image_size}; the {config.discriminator.kind} discriminator "
            f"takes {least} pixels and more."
        )
