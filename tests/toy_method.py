"""A method of somebody else's, whole in one file: CYCLEGAN_PLUGINS=toy_method,toy_lesson.

A maker M(x, z) and a critic C: no way back, a latent, two stages, unequal rates, items of any
shape. First M learns to keep x; then C joins, which sees the label of what it judges.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from cyclegan import methods
from cyclegan.core import losses
from cyclegan.core.config import Config, Direction, weight
from cyclegan.core.config import Objective as BaseObjective
from cyclegan.core.figures import Term
from cyclegan.methods import Losses, Method, Moment, NamedObjective, Player, Stage, View
from cyclegan.methods.method import ORIGINAL

LATENT = 3
LABELS = 4


@dataclass(frozen=True)
class Objective(BaseObjective):
    """keep: |M(x, z) − x|. critic: what C thinks of M(x, z), once it plays."""

    keep: float = weight(1.0, "keep", "|M(x, z) − x|", "M is to stay near x.")
    critic: float = weight(0.5, "critic", "GAN(M, C)", "M(x, z) is to look like Y.")
    sharp: bool = False

    method = "sketch"


class Maker(nn.Module):
    """x (N, C, …) and z (N, LATENT) to the shape of x, in [-1, 1]."""

    def __init__(self, width: int):
        super().__init__()
        self.of_z = nn.Linear(LATENT, 2)
        self.layers = nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        scale, shift = self.of_z(z).unsqueeze(1).chunk(2, dim=-1)
        flat = x.flatten(1)[..., None]
        return torch.tanh(self.layers(flat * (1 + scale) + shift)).view_as(x)


class Critic(nn.Module):
    """An item (N, C, …) and its label (N,) to a score (N, 1)."""

    def __init__(self, size: int, width: int):
        super().__init__()
        self.of_label = nn.Embedding(LABELS, width)
        self.layers = nn.Sequential(nn.Linear(size, width), nn.LeakyReLU(0.2))
        self.score = nn.Linear(width, 1)

    def forward(self, item: Tensor, label: Tensor) -> Tensor:
        return self.score(self.layers(item.flatten(1)) + self.of_label(label))


def _labels(m: Moment, side: int) -> Tensor:
    if m.labels is None:
        return torch.zeros(len(m.x), dtype=torch.long, device=m.x.device)
    return m.labels[side]


def _make(model: nn.Module, m: Moment) -> Losses:
    o, terms = m.objective, {}
    made = model.M(m.x, m.noise(len(m.x), LATENT))
    if o.keep:
        terms["keep"] = o.keep * losses.cycle(m.x, made)
    if o.critic and m.stage == "both":
        terms["critic"] = o.critic * losses.adversarial(model.C(made, _labels(m, 0)), True)
    return Losses(terms, made={"fake": made.detach()})


def _judge(model: nn.Module, m: Moment) -> Losses:
    real = model.C(m.y, _labels(m, 1))
    fake = model.C(m.made["fake"], _labels(m, 0))
    loss = (losses.adversarial(real, True) + losses.adversarial(fake, False)) / 2
    told = {"C_accuracy": losses.accuracy(real, fake), "spread": functional.mse_loss(real, fake)}
    return Losses({"C": loss}, {name: t.detach() for name, t in told.items()})


ROWS = {
    "sketch": NamedObjective("Sketch", Objective(), "a test", "sketches"),
    "sketch-keep": NamedObjective("Keep alone", Objective(critic=0.0), "a test", "sketches"),
}


class Sketch(Method):
    key = "sketch"
    name = "Maker and critic"
    source = "made up for a test"
    roles = ("M", "C")
    averaged = ("M",)
    remembered = ("fake",)
    stages = (Stage("keep", 0.5), Stage("both", 0.5))
    pool = 4
    Objective = Objective
    terms = (
        Term("keep", "keep term of M", weight="keep"),
        Term("critic", "critic term of M", weight="critic"),
        Term("C", "loss of C"),
        Term("C_accuracy", "accuracy of C", better="high"),
        Term("spread", "spread of C"),
    )
    rows = ROWS

    def networks(self, config: Config) -> dict[str, nn.Module]:
        found = {"M": Maker(config.generator.width)}
        if config.objective.uses("critic"):
            size = config.channels.y * config.image_size
            found["C"] = Critic(size, config.discriminator.width)
        return found

    def players(self, objective: Objective) -> tuple[Player, ...]:
        maker = Player(("M",), (_make,), rate=0.5)
        critic = Player(
            ("C",), (_judge,), rate=2.0, when=lambda o: o.critic > 0, stages=frozenset({"both"})
        )
        return (maker, critic) if objective.uses("critic") else (maker,)

    def views(self, config: Config, direction: Direction = "xy") -> tuple[View, ...]:
        if direction == "yx":
            return ()
        sentence = "M turns it into {a_target}; z is drawn at random."
        return ORIGINAL, View("made", "M(x, z)", "Sketch", sentence, "M", ("original", "z"))

    def latent(self, name: str, config: Config, count: int, random: torch.Generator) -> Tensor:
        return torch.randn(count, LATENT, generator=random)


methods.register(Sketch())
