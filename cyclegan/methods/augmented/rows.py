"""Augmented CycleGAN's row of the laboratory."""

from types import MappingProxyType

from ..named_objective import NamedObjective
from .objective import Objective

ROWS = MappingProxyType(
    {
        "augmented": NamedObjective(
            "Augmented CycleGAN",
            Objective(),
            "Almahairi et al. 2018, arXiv 1802.10151, and their code",
            "others",
            left_out="Its batch of 32 pictures, its own generators and its epochs: the row has the "
            "networks, the batch and the rate of the rows beside it.",
        )
    }
)
