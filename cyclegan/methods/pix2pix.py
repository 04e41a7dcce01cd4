"""pix2pix (Isola et al. 2017, arXiv 1611.07004): translation learned from true pairs.

The upper bound for CycleGAN, which sees none. Taken from the paper: a discriminator that sees the
input beside the output (equation 1), the L1 distance to the truth (equation 3) with λ = 100
(equation 4), the log loss in its non-saturating form, no history of generated pictures. Left out:
dropout as the source of noise. Added: both directions are trained, each with a generator and a
discriminator of its own that share nothing; so F(G(x)) can be shown, though no term asks for x.
Networks are chosen as for CycleGAN; the paper's are `--generator unet`-like, with skip connections.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..core import losses
from ..core.config import Config, Direction, choice, weight
from ..core.config import Objective as BaseObjective
from ..core.networks import build_discriminator, build_generator
from .cyclegan import BACK, MADE, SAME
from .cyclegan.objective import FORMS, check_sizes, gan_loss, special
from .cyclegan.step import called, judge
from .cyclegan.terms import opinions, weighed
from .method import ORIGINAL, Losses, Method, Moment, Player, View
from .named_objective import NamedObjective


@dataclass(frozen=True)
class Objective(BaseObjective):
    """`gan` weighs both adversarial terms, `paired` ‖G(x) − y‖₁ + ‖F(y) − x‖₁ on true pairs."""

    gan: float = weight(
        1.0,
        "GAN (conditional)",
        "(GAN(G, D_Y | x) + GAN(F, D_X | y))",
        "G(x) is to look like a picture of the other kind beside this x.",
    )
    paired: float = weight(
        100.0, "paired", "(‖G(x) − y‖₁ + ‖F(y) − x‖₁)", "G(x) is to be the truth y of this x."
    )
    adversarial: str = gan_loss("log")

    method = "pix2pix"

    def __post_init__(self):
        choice("adversarial loss", self.adversarial, FORMS)
        super().__post_init__()

    def check(self, config: Config) -> None:
        check_sizes(config, self.uses("gan"))

    @property
    def terms(self) -> tuple[str, ...]:
        gan = special("GAN", log=self.adversarial == "log", conditional=True)
        active = {gan: self.gan, "paired": self.paired}
        return tuple(name for name, weight in active.items() if weight)

    @classmethod
    def from_older(cls, values: dict) -> dict | None:
        """True pairs were a weight of the one objective that there was."""
        if not values.get("paired"):
            return None
        known = {"gan": 1.0, "adversarial": "least_squares", **values}
        return {name: known[name] for name in ("gan", "paired", "adversarial")}


def _translate(
    x: Tensor, y: Tensor, G: nn.Module, D: nn.Module | None, o: Objective
) -> tuple[dict[str, Tensor], Tensor]:
    """All that is asked of G on pairs; returns the weighted terms, and the pair (x, G(x))."""
    terms, fake_y = {}, G(x)
    pair = torch.cat([x, fake_y], dim=1)
    if o.gan:
        # −E[log D(x, G(x))] (equation 1, non-saturating)
        terms["gan"] = o.gan * losses.adversarial(D(pair), True, o.adversarial)
    if o.paired:
        # λ E[‖y − G(x)‖₁] (equations 3 and 4)
        terms["paired"] = o.paired * losses.paired(y, fake_y)
    return terms, pair.detach()


def _from_x(model: nn.Module, m: Moment) -> Losses:
    terms, pair = _translate(m.x, m.y, model.G, model.D_Y, m.objective)
    return Losses(called(terms, "G"), made={"fake_y": pair})


def _from_y(model: nn.Module, m: Moment) -> Losses:
    terms, pair = _translate(m.y, m.x, model.F, model.D_X, m.objective)
    return Losses(called(terms, "F"), made={"fake_x": pair})


def _judge_x(model: nn.Module, m: Moment) -> Losses:
    real = torch.cat([m.y, m.x], dim=1)
    return judge("D_X", model.D_X, real, m.made["fake_x"], m.objective.adversarial)


def _judge_y(model: nn.Module, m: Moment) -> Losses:
    real = torch.cat([m.x, m.y], dim=1)
    return judge("D_Y", model.D_Y, real, m.made["fake_y"], m.objective.adversarial)


ROWS = {
    "pix2pix": NamedObjective(
        "Paired (pix2pix)",
        Objective(adversarial="least_squares"),
        "Isola et al. 2017, with least squares: the upper bound, trained on true pairs",
        "others",
        "Their log loss, their U-Net with its skips and its noise by dropout: the loss is least "
        "squares and the generators are the laboratory's, as in all other rows. F is trained "
        "beside G.",
    )
}


class Pix2Pix(Method):
    """Paired translation both ways."""

    key = "pix2pix"
    name = "pix2pix"
    source = "Isola et al. 2017, arXiv 1611.07004"
    roles = ("G", "F", "D_X", "D_Y")
    averaged = ("G", "F")
    remembered = ("fake_x", "fake_y")
    media = frozenset({"pictures"})
    is_paired = True
    pool = 0
    Objective = Objective
    rows = ROWS
    terms = (
        weighed("gan", "gan_G", "GAN term of G", "How far D_Y is from taking (x, G(x)).", ""),
        weighed("gan", "gan_F", "GAN term of F", "How far D_X is from taking (y, F(y)).", ""),
        weighed(
            *("paired", "paired_G", "paired term of G"),
            "How far G(x) is from the truth.",
            "‖G(x) − y‖₁",
        ),
        weighed(
            *("paired", "paired_F", "paired term of F"),
            "How far F(y) is from the truth.",
            "‖F(y) − x‖₁",
        ),
        *opinions("D_X", "y, F(y)"),
        *opinions("D_Y", "x, G(x)"),
    )

    def networks(self, config: Config) -> dict[str, nn.Module]:
        x, y, drawn = config.channels.x, config.channels.y, config.training.initialisation
        found = {
            "G": build_generator(config.generator, x, y, drawn),
            "F": build_generator(config.generator, y, x, drawn),
        }
        if config.objective.uses("gan"):
            for role in ("D_X", "D_Y"):
                found[role] = build_discriminator(config.discriminator, x + y, drawn)
        return found

    def describe(self, config: Config) -> str:
        return config.generator.words

    def players(self, objective: Objective) -> tuple[Player, ...]:
        translators = Player(("G", "F"), (_from_x, _from_y))
        judges = Player(("D_X", "D_Y"), (_judge_x, _judge_y), when=lambda o: o.gan > 0)
        return (translators, judges) if objective.uses("gan") else (translators,)

    def views(self, config: Config, direction: Direction = "xy") -> tuple[View, ...]:
        back = replace(BACK, sentence="F, trained apart, turns that back: no term asks for x.")
        same = replace(SAME, sentence="F was never shown {a_source} as its input.")
        alike = config.channels.x == config.channels.y
        listed = (ORIGINAL, MADE, back, *((same,) if alike else ()))
        return listed if direction == "xy" else tuple(view.mirrored() for view in listed)
