"""CyCADA's objective: a task, two translators, and what is to stay the same on the way."""

from dataclasses import dataclass

from ...core.config import Config, ConfigError, choice, weight
from ...core.config import Objective as BaseObjective
from ..augmented.objective import GENERATORS, MOST_LATENTS, NORMS
from ..cyclegan.objective import FORMS, check_sizes, special

MOST_CLASSES = 1000

WAYS = ("there", "both")

OF_TRANSLATORS = ("gan", "cycle_forward", "cycle_backward", "semantic")
"""Terms that G and F learn from."""


@dataclass(frozen=True)
class Objective(BaseObjective):
    """Weights of the terms of the full objective (Hoffman et al. 2018, equation 5).

    adversarial: of all three games, "least_squares" or "log", the paper's.
    classes: kinds that the training items are labelled with, from 0 on. Labels of X are learned
        from; those of Y are looked at by nobody who learns.
    latent: numbers of a z, which tells G what x does not; E finds it in pictures of Y. 0 for the
        paper's G, which makes one picture of each x.
    semantic_ways: "there" for the semantic term of G alone, "both" for that of F too, as in the
        paper: f_S is to name F(y) as it names y, which it has to know for that.
    """

    task: float = weight(
        1.0,
        "task",
        "L_task(f_T)",
        "f_T is to name what translations show, by the labels of X.",
    )
    gan: float = weight(
        1.0,
        "GAN",
        "(GAN(G, D_Y) + GAN(F, D_X))",
        "G(x, z) is to look like a picture of the other kind, but need not be one of this x.",
    )
    cycle_forward: float = weight(
        10.0, "forward cycle", "‖F(G(x, z)) − x‖₁", "The way there and back is to end at x."
    )
    cycle_backward: float = weight(
        10.0,
        "backward cycle",
        "‖G(F(y), z) − y‖₁",
        "The way there and back is to end at y, with the z that E finds in y.",
    )
    semantic: float = weight(
        0.02,
        "semantic",
        "L_sem(G)",
        "f_S is to name a translation as it names the x that it was made of.",
    )
    features: float = weight(
        0.1,
        "features",
        "GAN(f_T, D_feat)",
        "What f_T makes of y before its last layer is to look like what it makes of G(x, z).",
    )
    adversarial: str = "least_squares"
    classes: int = 10
    latent: int = 8
    semantic_ways: str = "there"

    method = "cycada"

    def __post_init__(self):
        choice("adversarial loss", self.adversarial, FORMS)
        choice("ways of the semantic term", self.semantic_ways, WAYS)
        if not 2 <= self.classes <= MOST_CLASSES:
            raise ConfigError(f"classes is {self.classes}; valid are 2 to {MOST_CLASSES}.")
        if not 0 <= self.latent <= MOST_LATENTS:
            raise ConfigError(f"latent is {self.latent}; valid are 0 to {MOST_LATENTS}.")
        super().__post_init__()
        if not self.uses("task"):
            raise ConfigError("Without the task term f_T learns nothing; give it a weight.")
        if not any(map(self.uses, OF_TRANSLATORS)):
            raise ConfigError(
                "G and F learn from GAN, cycle and semantic terms, and all are off; give at least "
                "one a weight."
            )

    def check(self, config: Config) -> None:
        check_sizes(config, self.uses("gan"))
        if self.latent:
            choice(f"generator of {self.method}", config.generator.kind, GENERATORS)
            choice(f"norm of {self.method}", config.generator.norm, NORMS)
        for side, channels in (("X", config.channels.x), ("Y", config.channels.y)):
            if channels not in (1, 3):
                raise ConfigError(
                    f"Pictures of {side} have {channels} channels; f_S and f_T see 1 or 3."
                )

    @property
    def terms(self) -> tuple[str, ...]:
        """The task is in every variant, and in no name."""
        both = self.cycle_forward and self.cycle_backward
        cycle = "cycle" if both else "forward cycle" if self.cycle_forward else "backward cycle"
        active = {
            special("GAN", log=self.adversarial == "log"): self.gan,
            cycle: self.cycle_forward or self.cycle_backward,
            special("semantic", both_ways=self.semantic_ways == "both"): self.semantic,
            "features": self.features,
        }
        return tuple(name for name, weight in active.items() if weight)
