"""CycleGAN as four sources train it: the paper, a book, a course, and the paper on voices.

Each setting stands in its source as cited; what is not followed is said in `left_out`. Knows no
lesson; the objective's fields are those of cyclegan.Objective.
"""

from types import MappingProxyType

from ...core.config import Change, Discriminator, Generator, Training
from ..named_recipe import NamedRecipe

PAPER = NamedRecipe(
    title="the paper",
    source="Zhu et al. 2017, arXiv 1703.10593, sections 7.1 and 7.2",
    image_size=256,
    generator=Generator("resnet", width=64, blocks=9, upsampling="transposed"),
    discriminator=Discriminator("patchgan", width=64),
    training=Training(
        fit="squeeze", batch=1, rate=2e-4, beta1=0.5, decay=0.5, pool=50, ema_decay=0.0
    ),
    objective=MappingProxyType({"cycle_forward": 10.0, "cycle_backward": 10.0, "identity": 0.0}),
    epochs=200,
    left_out=(
        "An epoch is a pass over X; the authors' code counts the larger of the two sets.",
        "The rate falls with every step; in the authors' code it does with every epoch.",
        "The paper takes 6 blocks for 128 pixels (train.py --size 128 --blocks 6), and "
        "for paintings an identity term (--identity 0.5).",
    ),
)

BOOK = NamedRecipe(
    title="the book",
    source="GANs in Action (Langr and Bok 2019), chapter 9, after Keras-GAN",
    image_size=128,
    generator=Generator("unet", width=32, blocks=0, upsampling="resize", norm="layer"),
    discriminator=Discriminator("patch4", width=64, norm="layer"),
    training=Training(
        fit="squeeze",
        batch=1,
        rate=2e-4,
        beta1=0.5,
        decay=0.0,
        pool=0,
        ema_decay=0.0,
        initialisation="glorot",
        order="in-turn",
    ),
    objective=MappingProxyType({"cycle_forward": 10.0, "cycle_backward": 10.0, "identity": 9.0}),
    epochs=100,
    sample_every=10,
    source_batch=64,
    left_out=(
        "The book's batch is 64, for a GPU (train.py --batch 64); 1 fits any machine, and is what "
        "its training function takes by default.",
        "The book squeezes pictures to 128×128 and mirrors both sides of a batch together; here "
        "they are scaled to 143, cropped to 128, and mirrored one by one.",
        "In the book one Adam counts the updates of all its models, so that its bias correction "
        "ends sooner, with an ε of 1e-7; here each count is its own, and ε is 1e-8.",
        "An epoch is a pass over X; the book's is one over the smaller set without its last batch.",
        "Samples are always of the same pictures; the book draws others each time.",
    ),
)

COURSE = NamedRecipe(
    title="the course",
    source="CMU 16-726 (2021), assignment 3, When Cats Meet GANs, after Toronto's CSC 321",
    image_size=64,
    generator=Generator("course", width=32, blocks=1, upsampling="transposed"),
    discriminator=Discriminator("course", width=32),
    training=Training(
        fit="squeeze",
        batch=16,
        rate=3e-4,
        beta1=0.5,
        steps=600,
        decay=0.0,
        pool=0,
        ema_decay=0.0,
        initialisation="pytorch",
        order="in-turn",
    ),
    objective=MappingProxyType(
        {"cycle_forward": 10.0, "cycle_backward": 10.0, "identity": 0.0, "cycle_norm": "l2"}
    ),
    sample_every=100,
    left_out=(
        "The course updates G and F twice a step, once for each way round; here it is one update "
        "for both.",
        "Its loader scales pictures to 1.1 times the size before the crop; here it is 286/256.",
        "It is a class's exercise: published solutions differ in filters, and many take the "
        "absolute difference (train.py --cycle-norm l1).",
        "Later years have nearest upsampling, three blocks and a discriminator of patches.",
        "600 steps are those of the first pictures that it asks for; longer runs of published "
        "solutions have 10,000 (train.py --steps 10000).",
    ),
)

VOICE = NamedRecipe(
    title="CycleGAN-VC",
    source="Kaneko and Kameoka 2017, arXiv 1711.11293, sections 3 and 4",
    image_size=128,
    generator=Generator("gated", width=128, blocks=6, upsampling="shuffle"),
    discriminator=Discriminator("gated", width=128),
    training=Training(
        fit="none",
        batch=1,
        rate=2e-4,
        beta1=0.5,
        steps=400_000,
        decay=0.5,
        pool=0,
        ema_decay=0.0,
        initialisation="pytorch",
        flip="none",
    ),
    objective=MappingProxyType(
        {
            "cycle_forward": 10.0,
            "cycle_backward": 10.0,
            "identity": 5.0,
            "schedule": (Change("identity", 0.0, 10_000, 10_000),),
        }
    ),
    left_out=(
        "The paper's discriminators learn at half the rate; here it is one rate.",
        "Its discriminator gives one score for 128 frames; here it is one for every 16 of them.",
        "Its objective is relative to each speaker's mean and deviation of a coefficient; here to "
        "those of all speech, and the networks to each speaker's.",
        "It says nothing of the weights that networks begin with.",
    ),
)

RECIPES = MappingProxyType({"paper": PAPER, "book": BOOK, "course": COURSE, "voice": VOICE})
"""By the names that `train.py --recipe` takes."""
