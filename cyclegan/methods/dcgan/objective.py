"""DCGAN's objective: one game of G and D, and the forms that it may have."""

from dataclasses import dataclass

from ...core.augmentation import AUGMENTATIONS
from ...core.config import Config, ConfigError, at_least, choice, form, weight
from ...core.config import Objective as BaseObjective
from ..cyclegan.objective import FORMS, gan_loss, special
from .networks import SIZES

KIND = "dcgan"
"""Of both networks, in a config."""

SIDES = ("y", "x")
"""Whose pictures are learned."""

MOST_CLASSES = 1000

CALLED = {"pictures": "augmented pictures", "diffaugment": "DiffAugment"}
"""Augmentations, as part of a variant's name."""

OFFERED = {"none": "none", "pictures": "of the pictures alone", "diffaugment": "DiffAugment"}
"""The same, to choose from."""

SEEN = {"none": "", "pictures": " on T(y), G(z)", "diffaugment": " on T(y), T(G(z))"}
"""What D sees, in a formula."""


@dataclass(frozen=True)
class Objective(BaseObjective):
    """`gan` weighs what G asks of D.

    adversarial: "log", the paper's and the course's (Goodfellow et al. 2014, non-saturating), or
        "least_squares" (Mao et al. 2017).
    augmentation: "none"; "pictures", T(y) for real pictures alone, the course's crops, flips,
        turns, stretches and colours, which G then learns too; "diffaugment", T for whatever D sees,
        real or generated, with G's gradient through T (Zhao et al. 2020, equations 2 and 3).
    side: "y" for pictures of Y, made by G, or "x" for pictures of X, made by F.
    classes: kinds that the training items are labelled with, from 0 on, if they are to be told to
        both networks; 0 for none.
    """

    gan: float = weight(1.0, "GAN", "GAN(G, D_Y)", "G(z) is to look like a real picture.")
    adversarial: str = gan_loss("log")
    augmentation: str = form("none", "Augmentation", OFFERED)
    side: str = form("y", "What is learned", {"y": "{y}", "x": "{x}"}, is_shared=True)
    classes: int = 0

    method = "dcgan"

    def __post_init__(self):
        choice("adversarial loss", self.adversarial, FORMS)
        choice("augmentation", self.augmentation, tuple(AUGMENTATIONS))
        choice("side", self.side, SIDES)
        at_least("classes", self.classes, 0)
        if self.classes > MOST_CLASSES:
            raise ConfigError(f"classes is above {MOST_CLASSES}, the most that is valid.")
        super().__post_init__()

    def check(self, config: Config) -> None:
        for part, kind in (
            ("generator", config.generator.kind),
            ("discriminator", config.discriminator.kind),
        ):
            if kind != KIND:
                raise ConfigError(
                    f"DCGAN has networks of its own; the {part} is {kind}, and must be {KIND}."
                )
        if config.image_size not in SIZES:
            raise ConfigError(
                f"image size is {config.image_size}; DCGAN makes pictures of "
                f"{', '.join(map(str, SIZES))} pixels."
            )

    @property
    def terms(self) -> tuple[str, ...]:
        log, seen = self.adversarial == "log", CALLED.get(self.augmentation)
        qualities = {"least squares": not log, **({seen: True} if seen else {})}
        return (special("GAN", **qualities, **({"by kind": True} if self.classes else {})),)

    @property
    def formula(self) -> str:
        text = super().formula + SEEN[self.augmentation]
        if self.side == "y":
            return text
        return text.replace("G, D_Y", "F, D_X").replace("G(z)", "F(z)").replace("T(y)", "T(x)")
