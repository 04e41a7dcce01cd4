"""What the networks of Augmented CycleGAN minimise in one step, equation by equation.

Formulas are those of Almahairi et al. 2018, section 4, as their code has them; z is Y's latent, and
w that of X, where X has one.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ...core import losses
from ..cyclegan.step import judge
from ..method import Losses, Moment

Z, W, ON_FAKE_Y, ON_FAKE_X = range(4)
"""What a step draws random numbers for: Y's latent and X's, and the noise on what goes back."""


def drawn(m: Moment, key: int) -> Tensor:
    """As many latents from N(0, 1) as there are items."""
    return m.noise(len(m.x), m.objective.latent, key=key)


def drawn_w(m: Moment) -> tuple[Tensor, ...]:
    """What F takes beside a picture: nothing, or a w."""
    return (drawn(m, W),) if m.objective.both else ()


def disturbed(fake: Tensor, m: Moment, key: int) -> Tensor:
    """A translation with noise on it, which a message that nobody sees does not outlive
    (Bashkirova et al. 2019, arXiv 1908.01517, section 4.1)."""
    o = m.objective
    return fake + o.noise * m.noise(*fake.shape, key=key) if o.noise else fake


def from_x(model: nn.Module, m: Moment) -> Losses:
    """All that begins with G(x, z)."""
    o, x, terms = m.objective, m.x, {}
    z = drawn(m, Z)
    fake_y = model.G(x, z)
    w = (model.E_X(x, fake_y),) if o.both else ()
    if o.gan:
        # min over G of E[(D_Y(G(x, z)) − 1)²]
        terms["gan_G"] = o.gan * losses.adversarial(model.D_Y(fake_y), True, o.adversarial)
    if o.gan_z and o.both:
        # min over E_X and G of E[(D_zX(E_X(x, G(x, z))) − 1)²]
        terms["gan_E_X"] = o.gan_z * losses.adversarial(model.D_zX(*w), True, o.adversarial)
    if o.cycle_forward:
        # λ E[‖F(G(x, z)) − x‖₁]; with a w, F(G(x, z), E_X(x, G(x, z)))
        terms["cycle_forward"] = o.cycle_forward * losses.cycle(
            x, model.F(disturbed(fake_y, m, ON_FAKE_Y), *w)
        )
    if o.cycle_z:
        # λ_z E[‖E(x, G(x, z)) − z‖₁]
        terms["cycle_z"] = o.cycle_z * losses.cycle(z, model.E(x, fake_y))
    if o.identity:
        # λ_id E[‖F(x) − x‖₁] (Zhu et al. 2017, section 5.2); with a w, the one that E_X finds
        terms["identity_F"] = o.identity * losses.identity(x, model.F(x, *w))
    made = {"fake_y": fake_y, **dict(zip(("code_x",), w, strict=False))}
    return Losses(terms, made=without_gradient(made))


def from_y(model: nn.Module, m: Moment) -> Losses:
    """All that begins with F(y)."""
    o, y, terms = m.objective, m.y, {}
    w = drawn_w(m)
    fake_x = model.F(y, *w)
    made = {"fake_x": fake_x}
    if o.gan_z or o.cycle_backward or o.identity:
        made["code"] = z = model.E(fake_x, y)
    if o.gan:
        # min over F of E[(D_X(F(y)) − 1)²]
        terms["gan_F"] = o.gan * losses.adversarial(model.D_X(fake_x), True, o.adversarial)
    if o.gan_z:
        # min over E and F of E[(D_z(E(F(y), y)) − 1)²]
        terms["gan_E"] = o.gan_z * losses.adversarial(model.D_z(z), True, o.adversarial)
    if o.cycle_backward:
        # λ E[‖G(F(y), E(F(y), y)) − y‖₁]
        terms["cycle_backward"] = o.cycle_backward * losses.cycle(
            y, model.G(disturbed(fake_x, m, ON_FAKE_X), z)
        )
    if o.cycle_z and o.both:
        # λ_z E[‖E_X(F(y, w), y) − w‖₁]
        terms["cycle_w"] = o.cycle_z * losses.cycle(*w, model.E_X(fake_x, y))
    if o.identity:
        # λ_id E[‖G(y, E(F(y), y)) − y‖₁]
        terms["identity_G"] = o.identity * losses.identity(y, model.G(y, z))
    return Losses(terms, made=without_gradient(made))


def without_gradient(made: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach() for name, tensor in made.items()}


def judge_x(model: nn.Module, m: Moment) -> Losses:
    return judge("D_X", model.D_X, m.x, m.made["fake_x"], m.objective.adversarial)


def judge_y(model: nn.Module, m: Moment) -> Losses:
    return judge("D_Y", model.D_Y, m.y, m.made["fake_y"], m.objective.adversarial)


def judge_z(model: nn.Module, m: Moment) -> Losses:
    """½ E[(D_z(z) − 1)²] + ½ E[D_z(E(F(y), y))²], z from N(0, 1)."""
    return judge("D_z", model.D_z, drawn(m, Z), m.made["code"], m.objective.adversarial)


def judge_w(model: nn.Module, m: Moment) -> Losses:
    return judge("D_zX", model.D_zX, drawn(m, W), m.made["code_x"], m.objective.adversarial)


JUDGES = {"D_X": judge_x, "D_Y": judge_y, "D_z": judge_z, "D_zX": judge_w}


def judge_first(role: str, model: nn.Module, m: Moment) -> Losses:
    """What a judge minimises on what is made before anybody learns in this step."""
    with torch.no_grad():
        if role in ("D_Y", "D_zX"):
            m.made["fake_y"] = fake_y = model.G(m.x, drawn(m, Z))
        else:
            m.made["fake_x"] = fake_x = model.F(m.y, *drawn_w(m))
        if role == "D_z":
            m.made["code"] = model.E(fake_x, m.y)
        if role == "D_zX":
            m.made["code_x"] = model.E_X(m.x, fake_y)
    return JUDGES[role](model, m)
