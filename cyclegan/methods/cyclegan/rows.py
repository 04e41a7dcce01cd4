"""CycleGAN's rows of the laboratory: the paper's, what others made of its objective, and rows that
change one thing beside it: networks, norm, history, augmentation."""

from dataclasses import replace

from ..named_objective import NamedObjective
from .objective import Objective

PAPER = "Zhu et al. 2017, Tables 4 and 5"
WANG_LIN = "Wang and Lin 2018, arXiv 2408.15374"

ALONE = (
    "Their objective takes all three remedies together and has no identity term: here one stands "
    "alone beside identity, to be held against the row without it."
)
GAMMA = (
    "Their γ rises with the epochs to a value close to 1, but not 1; as we found no number, the "
    "straight line from 0 to 0.9 is ours. Their features are those of the discriminator's last "
    "layer, taken here as what its last convolution makes the scores of."
)
DECAY = (
    "Their λ falls with the epochs, but not to 0; as we found no number, the straight line from "
    "10 to 1 is ours."
)
BOUNDS = (
    "The bounds of the weight, 0 and 1, are ours, and nothing learns through it: in their equation "
    "it is the discriminator's bare score."
)

_PLAIN = Objective(identity=0.0)
_PAPER = {
    "cycle": ("Cycle alone", replace(_PLAIN, gan=0.0)),
    "gan": ("GAN alone", replace(_PLAIN, cycle_forward=0.0, cycle_backward=0.0)),
    "gan-forward": ("GAN + forward cycle", replace(_PLAIN, cycle_backward=0.0)),
    "gan-backward": ("GAN + backward cycle", replace(_PLAIN, cycle_forward=0.0)),
    "cyclegan": ("CycleGAN", _PLAIN),
}
_FULL = replace(_PLAIN, identity=5.0)

ROWS = {
    **{name: NamedObjective(title, o, PAPER, "paper") for name, (title, o) in _PAPER.items()},
    **{
        f"{name}-identity": NamedObjective(
            f"{title} + identity",
            replace(o, identity=5.0),
            f"{PAPER}; identity: section 5.2",
            "identity",
        )
        for name, (title, o) in _PAPER.items()
    },
    "discogan": NamedObjective(
        "DiscoGAN's objective",
        Objective(1.0, 1.0, 1.0, 0.0, adversarial="log", cycle_norm="l2"),
        "Kim et al. 2017: log loss, L2 reconstruction",
        "others",
        "Of their code, the objective's feature matching (0.9 beside 0.1 of the GAN term), the "
        "weight of the reconstruction against both (0.01 for 10,000 steps, then 0.5; here 1 to 1, "
        "as in the paper's equations), pictures in [0, 1], where a square weighs a quarter of "
        "what it does here, the networks (four convolutions of stride 2 and their mirror image, "
        "batch norm, one score a picture), batches of 64 and more, two updates of the generators "
        "to one of the discriminators, the weight decay of 1e-5, and no history of generated "
        "pictures.",
    ),
    "l2-cycle": NamedObjective(
        "CycleGAN + identity, L2 cycle",
        replace(_FULL, cycle_norm="l2"),
        "a course's exercise: squared instead of absolute differences",
        "others",
        "In the exercise that we found (Toronto's CSC321, assignment 4) the square has weight 1, "
        "no identity term stands beside it, and the networks are small ones for 32 pixels; here "
        "λ is 10 and all else is CycleGAN's.",
    ),
    "feature-cycle": NamedObjective(
        "CycleGAN + identity, cycle on features",
        replace(_FULL, cycle_features=0.9),
        WANG_LIN,
        "better-cycles",
        f"{ALONE} {GAMMA}",
        earlier=(replace(_FULL, cycle_features=0.5),),
    ),
    "decaying-cycle": NamedObjective(
        "CycleGAN + identity, decaying cycle",
        replace(_FULL, cycle_decay=0.9),
        WANG_LIN,
        "better-cycles",
        f"{ALONE} {DECAY}",
    ),
    "quality-cycle": NamedObjective(
        "CycleGAN + identity, cycle weighed by D_Y(G(x))",
        replace(_FULL, cycle_quality="translation"),
        f"{WANG_LIN}, in words: the quality of the translation",
        "better-cycles",
        f"{ALONE} Their equation has D_X(x), as in the row whose cycle is weighed by it. {BOUNDS}",
    ),
    "original-quality-cycle": NamedObjective(
        "CycleGAN + identity, cycle weighed by D_X(x)",
        replace(_FULL, cycle_quality="original"),
        f"{WANG_LIN}, the equation",
        "better-cycles",
        f"{ALONE} {BOUNDS}",
    ),
    "all-remedies": NamedObjective(
        "CycleGAN, all three remedies",
        replace(_PLAIN, cycle_features=0.9, cycle_decay=0.9, cycle_quality="original"),
        f"{WANG_LIN}, the full objective",
        "better-cycles",
        f"{GAMMA} {DECAY} {BOUNDS}",
    ),
    "unet": NamedObjective(
        "CycleGAN + identity, U-Net",
        _FULL,
        "GANs in Action (Langr and Bok 2019), section 9.5.2; Isola et al. 2017, sections 3.2.1 and "
        "4.3",
        "settings",
        "The book's layer norm, its discriminators, initial weights, updates in turn and missing "
        "history: all but the generators is as in the other rows. Their width is not the book's "
        "32, but the one that gives about as many parameters as the ResNets there have.",
        changes={"generator": {"kind": "unet"}},
    ),
    "whole-picture": NamedObjective(
        "CycleGAN + identity, one score a picture",
        _FULL,
        "Isola et al. 2017, section 4.4: ImageGAN against patches",
        "settings",
        "Their ImageGAN is a PatchGAN with more stages, for 256 pixels. Here the discriminators "
        "are those of CMU's 16-726, after DCGAN, which come to one score at 64 pixels and have "
        "about as many parameters; beside that they have ReLU in place of leaky ReLU, a norm "
        "behind the first convolution, and no biases. A 70×70 patch of the other rows reaches "
        "over the edges of 64 pixels and sees 47 to 63 of them a side: what differs is less how "
        "much is seen than that one score is asked for in place of 36.",
        changes={"discriminator": {"kind": "course"}},
        size=64,
    ),
    "batch-norm": NamedObjective(
        "CycleGAN + identity, batch norm",
        _FULL,
        "Ioffe and Szegedy 2015, arXiv 1502.03167; against it: Ulyanov et al. 2016, arXiv "
        "1607.08022",
        "settings",
        "Batches of more than one: with one picture, as in all rows here, it is instance norm in "
        "training, with a scale and a shift a channel. What differs is what comes after: "
        "translation goes by the averages of the training (the original authors' test with "
        "--eval), of pictures, translations and those of the identity term together; they are "
        "averaged once more, like the weights. It is in generators and discriminators.",
        changes={"generator": {"norm": "batch"}, "discriminator": {"norm": "batch"}},
    ),
    "no-history": NamedObjective(
        "CycleGAN + identity, no history",
        _FULL,
        "Shrivastava et al. 2017, arXiv 1612.07828, section 2.3; Zhu et al. 2017, section 7.1",
        "settings",
        "The history of 50 generated pictures of the other rows: each discriminator sees what has "
        "just been made, alone.",
        changes={"training": {"pool": 0}},
    ),
    "no-augmentation": NamedObjective(
        "CycleGAN + identity, no augmentation",
        _FULL,
        "the original authors' code: scaled to 286/256, cropped, mirrored; Isola et al. 2017, "
        "section 6.2",
        "settings",
        "Random crops and mirroring: it sees the middle of each picture, as it is. Scaling has no "
        "row of the laboratory; and where pictures are as large as the crops, as in the lessons "
        "that ship, mirroring is all that differs.",
        changes={"training": {"place": "middle", "flip": "none"}},
    ),
}
