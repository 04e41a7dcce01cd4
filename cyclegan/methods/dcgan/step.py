"""What the networks of DCGAN minimise in one step, equation by equation.

T is the augmentation. On the pictures alone D sees T(y) and G(z); with DiffAugment T(y) and
T(G(z)), in D's turn and in G's (Zhao et al. 2020, equations 2 and 3); without, T changes nothing.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ...core import losses
from ...core.augmentation import AUGMENTATIONS
from ..cyclegan.step import judge
from ..method import Losses, Moment
from .networks import LATENT, told
from .objective import Objective

ROLES: Mapping[str, tuple[str, str]] = {"y": ("G", "D_Y"), "x": ("F", "D_X")}
"""Who makes the pictures of a side, and who judges them."""

Z, OF_REAL, OF_GENERATED, IN_MAKERS_TURN = range(4)
"""What a step draws random numbers for."""


def real_of(m: Moment) -> Tensor:
    return m.y if m.objective.side == "y" else m.x


def kinds_of(m: Moment) -> Tensor | None:
    """Labels of the real pictures, with which as many are made."""
    if not m.objective.classes:
        return None
    return m.labels[1 if m.objective.side == "y" else 0]


def seen(images: Tensor, o: Objective, is_real: bool, random: torch.Generator) -> Tensor:
    """T of pictures (N, C, H, W) as D sees them; planes that tell their kind stay as they are."""
    if o.augmentation == "none" or (o.augmentation == "pictures" and not is_real):
        return images
    colours = images.shape[1] - o.classes
    changed = AUGMENTATIONS[o.augmentation](images[:, :colours], random)
    return torch.cat([changed, images[:, colours:]], 1) if o.classes else changed


def made(maker: nn.Module, m: Moment) -> Tensor:
    """G(z) for as many z from N(0, 1) as there are real pictures, with their kinds beside them."""
    kinds, z = kinds_of(m), m.noise(len(real_of(m)), LATENT, key=Z)
    fake = maker(z, kinds) if m.objective.classes else maker(z)
    return told(fake, kinds, m.objective.classes)


def make(model: nn.Module, m: Moment) -> Losses:
    o = m.objective
    G, D = (model[role] for role in ROLES[o.side])
    fake = made(G, m)
    # min over G of −E[log D(T(G(z)))] (Goodfellow et al. 2014, section 3, non-saturating)
    scores = D(seen(fake, o, False, m.random(IN_MAKERS_TURN)))
    term = o.gan * losses.adversarial(scores, True, o.adversarial)
    return Losses({f"gan_{ROLES[o.side][0]}": term}, made={"fake": fake.detach()})


def judge_both(model: nn.Module, m: Moment) -> Losses:
    """−½ E[log D(T(y))] − ½ E[log(1 − D(T(G(z))))] (Goodfellow et al. 2014, equation 1)."""
    o, (_, role) = m.objective, ROLES[m.objective.side]
    real = told(real_of(m), kinds_of(m), o.classes)
    real = seen(real, o, True, m.random(OF_REAL))
    generated = seen(m.made["fake"], o, False, m.random(OF_GENERATED))
    return judge(role, model[role], real, generated, o.adversarial)


def judge_first(model: nn.Module, m: Moment) -> Losses:
    """The same on what G made before it learned in this step."""
    with torch.no_grad():
        m.made["fake"] = made(model[ROLES[m.objective.side][0]], m)
    return judge_both(model, m)
