"""Augmented CycleGAN's objective: the weights of its terms, and the forms that they may have."""

from dataclasses import dataclass

from ...core.config import Channels, Config, ConfigError, at_least, choice, weight
from ...core.config import Objective as BaseObjective
from ..cyclegan.objective import FORMS, check_identity, check_sizes, special, without_identity

SIDES = ("y", "both")
"""Whose pictures have a latent: those of Y alone, or those of X as well."""

GENERATORS, NORMS = ("resnet", "augmented"), ("instance", "layer", "instance-layer")
"""Kinds of generators whose norms z may steer, and the norms."""

MOST_LATENTS = 1024


@dataclass(frozen=True)
class Objective(BaseObjective):
    """Weights as in the authors' code (Almahairi et al. 2018, arXiv 1802.10151, section 4).

    `gan` weighs what G asks of D_Y and F of D_X, `gan_z` what E asks of D_z, `cycle_forward`
    ‖F(G(x, z)) − x‖₁, `cycle_backward` ‖G(F(y), E(F(y), y)) − y‖₁, and `cycle_z`
    ‖E(x, G(x, z)) − z‖₁. `identity`, which they have not, is CycleGAN's: ‖F(x) − x‖₁, and
    ‖G(y, z) − y‖₁ with the z that E finds in y.

    sides: "y" for a z of Y alone, as in the authors' code, or "both", the paper's full model: F
        takes a latent of X too, E_X finds it and D_zX judges it.
    latent: numbers of a z. noise: standard deviation, of pictures in [-1, 1], of what is added to
        G(x, z) and F(y) before they go back; what is hidden in them does not outlive it, so that
        E has to tell.
    judges: times the rate of the generators, that of the discriminators.
    """

    gan: float = weight(
        1.0,
        "GAN",
        "(GAN(G, D_Y) + GAN(F, D_X))",
        "G(x, z) is to look like a picture of the other kind, whatever z is.",
    )
    gan_z: float = weight(
        1.0, "GAN of z", "GAN(E, D_z)", "The z that E finds is to look like one that was drawn."
    )
    cycle_forward: float = weight(
        1.0, "forward cycle", "‖F(G(x, z)) − x‖₁", "The way there and back is to end at x."
    )
    cycle_backward: float = weight(
        1.0,
        "backward cycle",
        "‖G(F(y), E(F(y), y)) − y‖₁",
        "The way there and back is to end at y, with the z that E finds in y.",
    )
    cycle_z: float = weight(
        0.025,
        "cycle of z",
        "‖E(x, G(x, z)) − z‖₁",
        "E is to find the z that G was given, so that G has to show it.",
    )
    identity: float = weight(
        0.0,
        "identity",
        "(‖G(y, E(F(y), y)) − y‖₁ + ‖F(x) − x‖₁)",
        "Each generator is to leave pictures of its own kind alone, which holds colours in place.",
    )
    adversarial: str = "least_squares"
    sides: str = "y"
    latent: int = 16
    noise: float = 0.0
    judges: float = 0.2

    method = "augmented"

    def __post_init__(self):
        choice("adversarial loss", self.adversarial, FORMS)
        choice("sides with a latent", self.sides, SIDES)
        at_least("numbers of a latent", self.latent, 1)
        if self.latent > MOST_LATENTS:
            raise ConfigError(f"latent is above {MOST_LATENTS}, the most that is valid.")
        at_least("noise", self.noise, 0.0)
        at_least("rate of the judges", self.judges, 0.0)
        super().__post_init__()

    def check(self, config: Config) -> None:
        check_sizes(config, self.uses("gan"))
        choice(f"generator of {self.method}", config.generator.kind, GENERATORS)
        choice(f"norm of {self.method}", config.generator.norm, NORMS)
        check_identity(self, config)

    def suited(self, channels: Channels) -> "Objective":
        return without_identity(self, channels)

    @property
    def both(self) -> bool:
        return self.sides == "both"

    @property
    def terms(self) -> tuple[str, ...]:
        has_cycle = {
            "cycle": self.cycle_forward and self.cycle_backward,
            "forward cycle": self.cycle_forward and not self.cycle_backward,
            "backward cycle": self.cycle_backward and not self.cycle_forward,
        }
        qualities = {"log": self.adversarial == "log", "latents on both sides": self.both}
        active = {
            special("GAN", **qualities): self.gan,
            "GAN of z": self.gan_z,
            **has_cycle,
            "cycle of z": self.cycle_z,
            "identity": self.identity,
        }
        return tuple(name for name, weight in active.items() if weight)
