"""DCGAN as its paper trains it, and as two cores train it while a class looks on.

What the paper leaves open is its authors' code for faces (github.com/Newmu/dcgan_code). Knows no
lesson; the objective's fields are those of dcgan.Objective.
"""

from types import MappingProxyType

from ...core.config import Discriminator, Generator, Training
from ..named_recipe import NamedRecipe
from .objective import KIND

PAPER = NamedRecipe(
    title="the paper",
    source="Radford et al. 2015, arXiv 1511.06434, section 4 and figure 1",
    image_size=64,
    generator=Generator(KIND, width=128, blocks=0, upsampling="transposed", norm="batch"),
    discriminator=Discriminator(KIND, width=128, norm="batch"),
    training=Training(
        fit="crop",
        flip="none",
        batch=128,
        rate=2e-4,
        beta1=0.5,
        decay=0.0,
        pool=0,
        ema_decay=0.0,
        order="in-turn",
    ),
    objective=MappingProxyType({"adversarial": "log", "augmentation": "none"}),
    epochs=25,
    left_out=(
        "z is drawn from N(0, 1), as in the authors' later code; the paper draws it evenly from a "
        "cube.",
        "Convolutions are 4×4, as in the authors' later code (github.com/soumith/dcgan.torch); "
        "those of figure 1 are 5×5.",
        "The weight decay of 1e-5 in the authors' code is left out.",
        "D learns first and then G, from the same pictures; in the authors' code they take turns "
        "from batch to batch.",
    ),
)

LESSON = NamedRecipe(
    title="the lesson",
    source="what two cores train in minutes (docs/dcgan.md)",
    image_size=64,
    generator=Generator(KIND, width=12, blocks=0, upsampling="resize", norm="batch"),
    discriminator=Discriminator(KIND, width=16, norm="batch"),
    training=Training(
        fit="crop",
        flip="none",
        steps=2000,
        batch=16,
        rate=2e-4,
        beta1=0.5,
        decay=0.0,
        pool=0,
        ema_decay=0.99,
        precision="auto",
    ),
    objective=MappingProxyType({"adversarial": "log", "augmentation": "none"}),
)

RECIPES = MappingProxyType({"paper": PAPER, "lesson": LESSON})
