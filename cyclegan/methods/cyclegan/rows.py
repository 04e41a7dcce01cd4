"""CycleGAN's rows of the laboratory: the paper's, and what others made of its objective."""

from dataclasses import replace

from ..method import NamedObjective
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
        f"{ALONE} Their equation has D_X(x), as in the row original-quality-cycle. {BOUNDS}",
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
}
