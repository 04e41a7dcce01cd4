"""Augmented CycleGAN as its authors' code trains it, and as two cores train it in minutes.

What is not followed is said in `left_out`. Knows no lesson; the objective's fields are those of
augmented.Objective.
"""

from types import MappingProxyType

from ...core.config import Discriminator, Generator, Training
from ..named_recipe import NamedRecipe

PAPER = NamedRecipe(
    title="the authors",
    source="Almahairi et al. 2018, arXiv 1802.10151, and their code for edges and shoes "
    "(github.com/aalmah/augmented_cyclegan)",
    image_size=64,
    generator=Generator("augmented", width=32, blocks=3, upsampling="transposed"),
    discriminator=Discriminator("patchgan", width=64),
    training=Training(
        fit="squeeze",
        place="middle",
        flip="none",
        batch=32,
        rate=2e-4,
        beta1=0.5,
        decay=0.5,
        pool=0,
        ema_decay=0.0,
        order="in-turn",
    ),
    objective=MappingProxyType(
        {
            **{"gan": 1.0, "gan_z": 1.0, "cycle_forward": 1.0, "cycle_backward": 1.0},
            **{"cycle_z": 0.025, "identity": 0.0, "sides": "y", "latent": 16, "judges": 0.2},
        }
    ),
    epochs=50,
    left_out=(
        "Their γ and β are what a ReLU leaves of a function of z, and begin near 0; here γ begins "
        "near 1, and neither has a ReLU.",
        "The second norm of a residual block hears no z there, and a ReLU stands behind its sum.",
        "Their discriminators are a PatchGAN of two halvings for Y, and four convolutions of "
        "3×3 down to one score, with 32 filters, for X; here both are CycleGAN's.",
        "E and D_z have batch norm there; here neither has a norm, E sees how y differs from x, "
        "and its weights are drawn so that pairs differ in z at first.",
        "Gradients of a norm above 500 are cut there.",
        "The rate falls with every step; in their code it does with every epoch.",
    ),
)

LESSON = NamedRecipe(
    title="the lesson",
    source="what two cores train in minutes (docs/augmented.md)",
    image_size=64,
    generator=Generator(width=16, blocks=4, upsampling="resize", norm="layer"),
    discriminator=Discriminator(width=32),
    training=Training(
        fit="none",
        steps=4000,
        batch=1,
        rate=4e-4,
        decay=0.5,
        pool=0,
        ema_decay=0.999,
        precision="auto",
    ),
    objective=MappingProxyType(
        {
            **{"gan": 1.0, "gan_z": 0.5, "cycle_forward": 10.0, "cycle_backward": 10.0},
            **{"cycle_z": 0.3, "identity": 5.0, "sides": "y", "latent": 4, "judges": 1.0},
        }
    ),
)

RECIPES = MappingProxyType({"paper": PAPER, "lesson": LESSON})
"""By the names that `train.py --recipe` takes."""
