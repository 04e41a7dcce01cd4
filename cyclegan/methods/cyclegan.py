"""CycleGAN (Zhu et al. 2017, arXiv 1703.10593): two translators, two judges, and the way back.

G: X→Y and F: Y→X translate; D_X and D_Y judge. One step of the algorithm (sections 4 and 7.1):

    G and F    minimise  L_GAN(G, D_Y) + L_GAN(F, D_X) + λ L_cyc(G, F) + λ_id L_identity(G, F)
    D_X, D_Y   minimise  ½ (E[(D(real) − 1)²] + E[D(generated)²]), the generated out of a history

Also the three remedies of Wang and Lin 2018 ("CycleGAN with Better Cycles") and, by its options,
DiscoGAN's objective (Kim et al. 2017).
"""

from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from ..core import losses
from ..core.config import Config, ConfigError, Direction, choice, weight
from ..core.config import Objective as BaseObjective
from ..core.figures import Term
from ..core.networks import build_discriminator, build_generator
from .method import ORIGINAL, Losses, Method, Moment, NamedObjective, Player, Switch, View
from .published import RECIPES

FORMS = ("least_squares", "log")

QUALITIES = ("off", "translation", "original")
"""Whose quality weighs the cycle: nobody's, D_Y(G(x)), or D_X(x)."""


@dataclass(frozen=True)
class Objective(BaseObjective):
    """Weights of the terms of the full objective (paper: equation 3; identity: section 5.2).

    `gan` weighs both adversarial terms, `cycle_forward` ‖F(G(x)) − x‖, `cycle_backward`
    ‖G(F(y)) − y‖, and `identity` ‖G(y) − y‖₁ + ‖F(x) − x‖₁ (the paper: 0.5 λ = 5, the book:
    0.9 λ = 9).

    The three remedies of Wang and Lin change the cycle terms:
    cycle_features: γ, the share of the cycle that is taken on the discriminator's features; it
        grows linearly from 0 to this at the end of training.
    cycle_decay: the share of λ that is gone by the end; it shrinks linearly.
    cycle_quality: multiply by a discriminator's opinion, kept in [0, 1] and without gradient: by
        "translation" D_Y(G(x)), the mean over the batch, as their words have it; by "original"
        D_X(x), of each picture, as their equation has it.
    """

    gan: float = weight(
        1.0,
        "GAN",
        "(GAN(G, D_Y) + GAN(F, D_X))",
        "G(x) is to look like a picture of the other kind, but need not be one of this x.",
    )
    cycle_forward: float = weight(
        10.0, "forward cycle", "‖F(G(x)) − x‖₁", "The way there and back is to end at x."
    )
    cycle_backward: float = weight(
        10.0, "backward cycle", "‖G(F(y)) − y‖₁", "The way there and back is to end at y."
    )
    identity: float = weight(
        5.0,
        "identity",
        "(‖G(y) − y‖₁ + ‖F(x) − x‖₁)",
        "Each generator is to leave pictures of its own kind alone, which holds colours in place.",
    )
    adversarial: str = "least_squares"
    cycle_norm: str = "l1"
    cycle_features: float = 0.0
    cycle_decay: float = 0.0
    cycle_quality: str = "off"

    method = "cyclegan"

    def __post_init__(self):
        choice("adversarial loss", self.adversarial, FORMS)
        choice("cycle norm", self.cycle_norm, ("l1", "l2"))
        choice("cycle_quality", self.cycle_quality, QUALITIES)
        super().__post_init__()
        for name in ("cycle_features", "cycle_decay"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must lie in [0, 1].")
        if self.cycle_features or self.cycle_quality != "off":
            for step in (0, *(change.end for change in self.schedule)):
                now = self._weights_at(step)
                if not (now["gan"] and (now["cycle_forward"] or now["cycle_backward"])):
                    raise ConfigError(
                        "cycle_features and cycle_quality ask the discriminators about the cycle; "
                        "they need both the GAN and a cycle term, from the first step to the last."
                    )

    def check(self, config: Config) -> None:
        check_sizes(config, self.uses("gan"))
        if self.uses("identity") and config.channels.x != config.channels.y:
            raise ConfigError(
                f"Identity hands a generator what it is to make; with {config.channels.x} "
                f"channels in X and {config.channels.y} in Y it must be off (weight 0)."
            )

    @property
    def has_cycle(self) -> bool:
        return bool(self.cycle_forward or self.cycle_backward)

    def at(self, step: int, steps: int) -> "Objective":
        now, done = super().at(step, steps), step / steps
        if now.cycle_decay:
            left = 1 - now.cycle_decay * done
            there, back = now.cycle_forward * left, now.cycle_backward * left
            now = replace(now, cycle_forward=there, cycle_backward=back, cycle_decay=0.0)
        if now.cycle_features:
            now = replace(now, cycle_features=now.cycle_features * done)
        return now

    @property
    def terms(self) -> tuple[str, ...]:
        both = self.cycle_forward and self.cycle_backward
        cycle = "cycle" if both else "forward cycle" if self.cycle_forward else "backward cycle"
        qualities = {
            "L2": self.cycle_norm == "l2",
            "features": self.cycle_features,
            "decaying": self.cycle_decay,
            "quality": self.cycle_quality == "translation",
            "quality of originals": self.cycle_quality == "original",
        }
        cycle = special(cycle, **qualities)
        active = {
            special("GAN", log=self.adversarial == "log"): self.gan,
            cycle: self.has_cycle,
            "identity": self.identity,
        }
        return tuple(name for name, weight in active.items() if weight)

    @property
    def formula(self) -> str:
        text = super().formula
        if self.cycle_norm == "l2":
            for original in "xy":
                text = text.replace(f")) − {original}‖₁", f")) − {original}‖₂²")
        return text

    @classmethod
    def from_older(cls, values: dict) -> dict | None:
        """True pairs were a weight of this objective, 0 where it is this method's."""
        kept = {name: value for name, value in values.items() if name != "paired"}
        return None if values.get("paired") else kept

    @classmethod
    def renewed(cls, values: dict) -> dict:
        """The opinion of the translation was once the only one, on or off."""
        was = values.get("cycle_quality")
        if not isinstance(was, bool):
            return values
        return {**values, "cycle_quality": "translation" if was else "off"}


def special(term: str, **qualities: object) -> str:
    """A term's name with what is special about it: "cycle (L2, decaying)"."""
    listed = ", ".join(name for name, holds in qualities.items() if holds)
    return f"{term} ({listed})" if listed else term


def check_sizes(config: Config, judged: bool) -> None:
    """Raise ConfigError where the networks do not take pictures of the config's size."""
    multiple, least = config.generator.multiple, config.generator.smallest
    if config.image_size % multiple or config.image_size < least:
        raise ConfigError(
            f"image size is {config.image_size}; the {config.generator.kind} generator takes "
            f"multiples of {multiple} from {least} up."
        )
    # Below that the last instance norm of the discriminator has a single number to normalise.
    least = {"patchgan": 24, "patch4": 32, "course": 64}[config.discriminator.kind]
    if judged and config.image_size < least:
        raise ConfigError(
            f"image size is {config.image_size}; the {config.discriminator.kind} discriminator "
            f"takes {least} pixels and more."
        )


def translate(
    x: Tensor,
    y: Tensor,
    G: nn.Module,
    F: nn.Module,
    D_X: nn.Module | None,
    D_Y: nn.Module | None,
    o: Objective,
    weight: float,
) -> tuple[dict[str, Tensor], Tensor]:
    """All that begins with G(x); of the other way, with the names of X and Y exchanged.

    x, y: (N, C, H, W) in [-1, 1]. Translation and identity share one pass, since instance norm
    treats every image on its own. Returns the weighted terms, and G(x).
    """
    terms, worth = {}, None
    if o.identity:
        fake_y, same_y = G(torch.cat([x, y])).split([len(x), len(y)])
    else:
        fake_y = G(x)
    if o.gan:
        # min over G of E[(D_Y(G(x)) − 1)²] (equation 1, least squares)
        scores = D_Y(fake_y)
        terms["gan"] = o.gan * losses.adversarial(scores, True, o.adversarial)
        if o.cycle_quality == "translation":
            worth = losses.opinion(scores, o.adversarial)
    if weight:
        if o.cycle_quality == "original":
            worth = torch.stack([losses.opinion(scores, o.adversarial) for scores in D_X(x)])
        # λ E[‖F(G(x)) − x‖₁] (one half of equation 2)
        terms["cycle"] = weight * cycle(x, F(fake_y), D_X, o, worth)
    if o.identity:
        # λ_id E[‖G(y) − y‖₁] (section 5.2)
        terms["identity"] = o.identity * losses.identity(y, same_y)
    return terms, fake_y.detach()


def cycle(
    x: Tensor, cycled_x: Tensor, D_X: nn.Module | None, o: Objective, worth: Tensor | None
) -> Tensor:
    """‖F(G(x)) − x‖ with the remedies of Wang and Lin.

    worth: of each picture, (N,), or of the batch, (): D_X(x) in their equation; None is 1.
    """
    # E[D_X(x) (γ ‖f_{D_X}(F(G(x))) − f_{D_X}(x)‖₁ + (1 − γ) ‖F(G(x)) − x‖₁)]
    pixels = losses.cycle(x, cycled_x, o.cycle_norm, worth)
    if not o.cycle_features:
        return pixels
    share, f = o.cycle_features, D_X.features
    features = losses.cycle(f(x).detach(), f(cycled_x), o.cycle_norm, worth)
    return share * features + (1 - share) * pixels


def judge(name: str, D: nn.Module, real: Tensor, generated: Tensor, form: str) -> Losses:
    """What a discriminator minimises, ½ (real half + generated half), and what it thinks."""
    scores = D(torch.cat([real, generated])).split([len(real), len(generated)])
    is_real = (True, False)
    halves = [losses.adversarial(s, r, form) for s, r in zip(scores, is_real, strict=True)]
    told = {
        f"{name}_real": halves[0].detach(),
        f"{name}_generated": halves[1].detach(),
        f"{name}_accuracy": losses.accuracy(*scores, form),
    }
    return Losses({name: (halves[0] + halves[1]) / 2}, told)


def _from_x(model: nn.Module, m: Moment) -> Losses:
    o, nets = m.objective, (model.G, model.F, model.D_X, model.D_Y)
    terms, fake_y = translate(m.x, m.y, *nets, o, o.cycle_forward)
    return Losses(called(terms, "G", "cycle_forward"), made={"fake_y": fake_y})


def _from_y(model: nn.Module, m: Moment) -> Losses:
    o, nets = m.objective, (model.F, model.G, model.D_Y, model.D_X)
    terms, fake_x = translate(m.y, m.x, *nets, o, o.cycle_backward)
    return Losses(called(terms, "F", "cycle_backward"), made={"fake_x": fake_x})


def _judge_x(model: nn.Module, m: Moment) -> Losses:
    return judge("D_X", model.D_X, m.x, m.made["fake_x"], m.objective.adversarial)


def _judge_y(model: nn.Module, m: Moment) -> Losses:
    return judge("D_Y", model.D_Y, m.y, m.made["fake_y"], m.objective.adversarial)


SIDES = {"x": ("D_X", "F"), "y": ("D_Y", "G")}
"""Whose judge and whose maker stand on which side."""


def _on_reals(side: str, model: nn.Module, m: Moment) -> Losses:
    """E[(D(real) − 1)²] alone; the generators of the step before make what comes after it."""
    D, maker = SIDES[side]
    real, other = (m.x, m.y) if side == "x" else (m.y, m.x)
    scores = model[D](real)
    with torch.no_grad():
        made = {f"fake_{side}": model[maker](other), f"scores_{side}": scores.detach()}
    return Losses(
        {f"{D}_real": losses.adversarial(scores, True, m.objective.adversarial)}, made=made
    )


def _on_generated(side: str, model: nn.Module, m: Moment) -> Losses:
    """E[D(generated)²] alone; the real half is told of as it was before its update."""
    (D, _), form = SIDES[side], m.objective.adversarial
    scores, on_reals = model[D](m.made[f"fake_{side}"]), m.made[f"scores_{side}"]
    term = losses.adversarial(scores, False, form)
    both = losses.adversarial(on_reals, True, form) + term.detach()
    told = {D: both / 2, f"{D}_accuracy": losses.accuracy(on_reals, scores, form)}
    return Losses({f"{D}_generated": term}, told)


def called(terms: dict[str, Tensor], generator: str, cycle: str = "") -> dict[str, Tensor]:
    """Terms of one way by the names in the log."""
    return {cycle if name == "cycle" else f"{name}_{generator}": t for name, t in terms.items()}


def opinions(D: str, other: str) -> tuple[Term, ...]:
    """The terms that tell of a discriminator: D_Y judges what G makes, D_X what F makes."""
    return (
        Term(D, f"loss of {D}", reads=f"What {D} minimises; ¼ where it cannot tell at all."),
        Term(
            f"{D}_real",
            f"{D} on real pictures",
            reads=f"How far {D} is from calling real pictures real.",
            formula=f"E[({D}({D[-1].lower()}) − 1)²]",
            is_told=True,
        ),
        Term(
            f"{D}_generated",
            f"{D} on generated pictures",
            reads=f"How far {D} is from calling generated pictures generated.",
            formula=f"E[{D}({other})²]",
            is_told=True,
        ),
        Term(
            f"{D}_accuracy",
            f"accuracy of {D}",
            better="high",
            is_told=True,
            reads=f"Share of {D}'s scores on the right side of ½; ½ where it cannot tell at all.",
        ),
    )


def weighed(name: str, key: str, label: str, reads: str, formula: str) -> Term:
    """A term of the objective, as it is logged."""
    return Term(key, label, weight=name, reads=reads, formula=formula)


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


class CycleGAN(Method):
    """Unpaired translation both ways."""

    key = "cyclegan"
    name = "CycleGAN"
    source = "Zhu et al. 2017, arXiv 1703.10593"
    roles = ("G", "F", "D_X", "D_Y")
    averaged = ("G", "F")
    remembered = ("fake_x", "fake_y")
    media = frozenset({"pictures"})
    Objective = Objective
    rows = ROWS
    recipes = RECIPES
    switches = (
        Switch("cycle loss", ("cycle_forward", "cycle_backward")),
        Switch("identity loss", ("identity",)),
    )
    terms = (
        weighed("gan", "gan_G", "GAN term of G", "How far D_Y is from taking G(x).", "GAN(G, D_Y)"),
        weighed("gan", "gan_F", "GAN term of F", "How far D_X is from taking F(y).", "GAN(F, D_X)"),
        weighed(
            *("cycle_forward", "cycle_forward", "forward cycle term"),
            "What the way from x and back loses.",
            "‖F(G(x)) − x‖₁",
        ),
        weighed(
            *("cycle_backward", "cycle_backward", "backward cycle term"),
            "What the way from y and back loses.",
            "‖G(F(y)) − y‖₁",
        ),
        weighed(
            "identity", "identity_G", "identity term of G", "What G changes in y.", "‖G(y) − y‖₁"
        ),
        weighed(
            "identity", "identity_F", "identity term of F", "What F changes in x.", "‖F(x) − x‖₁"
        ),
        *opinions("D_X", "F(y)"),
        *opinions("D_Y", "G(x)"),
    )

    def networks(self, config: Config) -> dict[str, nn.Module]:
        """D_X and D_Y are there where the objective has a GAN term at any time."""
        x, y, drawn = config.channels.x, config.channels.y, config.training.initialisation
        found = {
            "G": build_generator(config.generator, x, y, drawn),
            "F": build_generator(config.generator, y, x, drawn),
        }
        if config.objective.uses("gan"):
            found["D_X"] = build_discriminator(config.discriminator, x, drawn)
            found["D_Y"] = build_discriminator(config.discriminator, y, drawn)
        return found

    def describe(self, config: Config) -> str:
        return config.generator.words

    def players(self, objective: Objective) -> tuple[Player, ...]:
        """G and F first, then D_X and D_Y on what they made (section 7.1)."""
        translators = Player(("G", "F"), (_from_x, _from_y))
        judges = Player(("D_X", "D_Y"), (_judge_x, _judge_y), when=lambda o: o.gan > 0)
        return (translators, judges) if objective.uses("gan") else (translators,)

    def players_in_turn(self, objective: Objective) -> tuple[Player, ...]:
        """D_X and D_Y on reals, then on what G and F make, then G and F, as Keras-GAN has it."""
        if not objective.uses("gan"):
            return self.players(objective)
        judges = (
            Player(("D_X", "D_Y"), tuple(partial(half, s) for s in SIDES), when=lambda o: o.gan > 0)
            for half in (_on_reals, _on_generated)
        )
        return (*judges, *self.players(objective)[:1])

    def views(self, config: Config, direction: Direction = "xy") -> tuple[View, ...]:
        same = config.channels.x == config.channels.y
        listed = (ORIGINAL, MADE, BACK, *((SAME,) if same else ()))
        return listed if direction == "xy" else tuple(view.mirrored() for view in listed)

    def judge(self, direction: Direction) -> str:
        return "D_Y" if direction == "xy" else "D_X"


MADE = View("made", "G(x)", "Translation", "G turns it into {a_target}.", "G", ("original",))
BACK = View(
    *("back", "F(G(x))", "Reconstruction"),
    "F turns that back. The cycle loss asks for x.",
    *("F", ("made",), "cycle_error"),
)
SAME = View(
    *("same", "F(x)", "Identity"),
    "F makes {source} pictures: this one should stay.",
    *("F", ("original",), "identity_error"),
)
