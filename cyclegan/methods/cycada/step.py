"""What the networks of CyCADA minimise in one step, equation by equation.

Equations are those of Hoffman et al. 2018 (arXiv 1711.03213). S is X and T is Y there. They have
no z: of a y, E says what G has to be told beside an x, as in the backward cycle of Augmented
CycleGAN (Almahairi et al. 2018). Without it, G(x, z) is G(x).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...core import losses
from ..cyclegan.step import judge
from ..method import Losses, Moment

KEEP = "keep"
"""The stage in which f_S is asked. Before it, while G and F find each other, what f_S cannot read
would be taken for what G does wrong: the authors' code too leaves the term out at first."""


def task(scores: Tensor, labels: Tensor) -> Tensor:
    """L_task: −E[log softmax(scores)[label]] (equation 1)."""
    return functional.cross_entropy(scores.float(), labels)


def accuracy(scores: Tensor, labels: Tensor) -> Tensor:
    """Share of items that scores name as their labels do, without gradient."""
    return (scores.argmax(1) == labels).float().mean()


def pre_train(model: nn.Module, m: Moment) -> Losses:
    """f_S on labelled pictures of X: L_task(f_S, X) (equation 1)."""
    (labels, _), scores = m.labels, model.f_S(m.x)
    return Losses({"task_S": task(scores, labels)}, {"f_S_accuracy": accuracy(scores, labels)})


def same_label(f_S: nn.Module, x: Tensor, fake_y: Tensor) -> Tensor:
    """L_task(f_S, G(x), p(f_S, x)), where p is what f_S says, right or wrong (equation 4)."""
    with torch.no_grad():
        said = f_S(x).argmax(1)
    return task(f_S(fake_y), said)


def of(G: nn.Module, x: Tensor, z: Tensor | None) -> Tensor:
    """G(x, z); G(x) where there is no z."""
    return G(x) if z is None else G(x, z)


def translate(model: nn.Module, m: Moment) -> Losses:
    """G, F and E: each way there and back, G with the z of another picture.

    x and y were drawn apart, so that the z of a y says nothing of the x beside it.
    """
    o, x, y, terms = m.objective, m.x, m.y, {}
    fake_x = model.F(y)
    z = model.E(fake_x, y) if o.latent else None
    fake_y = of(model.G, x, None if z is None else z.detach())
    if o.gan:
        # min over G of L_GAN(G, D_Y), and over F of L_GAN(F, D_X) (equation 2)
        terms["gan_G"] = o.gan * losses.adversarial(model.D_Y(fake_y), True, o.adversarial)
        terms["gan_F"] = o.gan * losses.adversarial(model.D_X(fake_x), True, o.adversarial)
    if o.cycle_forward:
        # λ E[‖F(G(x, z)) − x‖₁] (one half of equation 3)
        terms["cycle_forward"] = o.cycle_forward * losses.cycle(x, model.F(fake_y))
    if o.cycle_backward:
        # λ E[‖G(F(y), E(F(y), y)) − y‖₁] (the other half)
        terms["cycle_backward"] = o.cycle_backward * losses.cycle(y, of(model.G, fake_x, z))
    if o.semantic and m.stage == KEEP:
        # L_task(f_S, G(x, z), p(f_S, x)) (one half of equation 4)
        terms["semantic_G"] = o.semantic * same_label(model.f_S, x, fake_y)
    if o.semantic and m.stage == KEEP and o.semantic_ways == "both":
        # L_task(f_S, F(y), p(f_S, y)) (the other half)
        terms["semantic_F"] = o.semantic * same_label(model.f_S, y, fake_x)
    return Losses(terms, made={"fake_x": fake_x.detach(), "fake_y": fake_y.detach()})


def adapt(model: nn.Module, m: Moment) -> Losses:
    """f_T on translations with the labels of X, and on pictures of Y without any.

    Each x of the batch is translated with the z of every y of it: N² translations.
    """
    o, f_T, x, labels = m.objective, model.f_T, m.x, m.labels[0]
    with torch.no_grad():
        z = None
        if o.latent:
            z = model.E(model.F(m.y), m.y).repeat(len(x), 1)
            x, labels = (one.repeat_interleave(len(m.y), 0) for one in (x, labels))
        fake_y = of(model.G, x, z)
    of_fake = f_T.features(fake_y)
    # L_task(f_T, G(x, z), label of x) (equation 1, on translations)
    terms, made = {"task_T": o.task * task(f_T.last(of_fake), labels)}, {}
    told = {"f_T_accuracy": accuracy(f_T.last(of_fake.detach()), labels)}
    if o.features:
        of_y = f_T.features(m.y)
        # min over f_T of L_GAN(f_T, D_feat) (the feature term of equation 5)
        scores = model.D_feat(of_y)
        terms["features"] = o.features * losses.adversarial(scores, True, o.adversarial)
        made = {"features_x": of_fake.detach(), "features_y": of_y.detach()}
    return Losses(terms, told, made)


def judge_features(model: nn.Module, m: Moment) -> Losses:
    """D_feat tells what f_T makes of translations from what it makes of Y."""
    of_x, of_y = m.made["features_x"], m.made["features_y"]
    return judge("D_feat", model.D_feat, of_x, of_y, m.objective.adversarial)
