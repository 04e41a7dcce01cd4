"""CyCADA (Hoffman et al. 2018, arXiv 1711.03213): a cycle that keeps what pictures mean.

X has labels and Y has none; a classifier for Y is wanted. In the paper's order:

    pre-train   f_S learns to name pictures of X
    translate   G: X→Y and F: Y→X learn as in CycleGAN; D_X and D_Y judge
    keep        so they go on, and f_S is to name a translation as it names what it was made of
    adapt       f_T learns to name G(x) by the labels of X, and its features of y are to look like
                those of G(x); D_feat judges

In the paper one x has one translation. Where pictures of Y differ in what no x tells, such as
colours, f_T would learn the colours of that one alone: so G is told a z beside x, which E finds in
pictures of Y, as in Augmented CycleGAN (arXiv 1802.10151).
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ...core.config import Config, Direction
from ...core.figures import Term
from ...core.networks import build_discriminator, build_generator
from ..augmented.views import Z, views_of
from ..cyclegan import BACK, MADE
from ..cyclegan.step import judge_x, judge_y
from ..cyclegan.terms import opinions, weighed
from ..method import ORIGINAL, Method, Player, Stage, Switch, View
from .figures import FIGURES, PROBES
from .networks import FeatureJudge, Finder, Namer, ToldGenerator
from .objective import Objective
from .recipes import RECIPES
from .rows import ROWS
from .step import KEEP, adapt, judge_features, pre_train, translate

PRE_TRAIN, TRANSLATE, ADAPT = "pre-train", "translate", "adapt"


class CyCADA(Method):
    """Unpaired translation both ways that keeps labels, and a classifier for pictures of Y."""

    key = "cycada"
    name = "CyCADA"
    source = "Hoffman et al. 2018, arXiv 1711.03213"
    roles = ("G", "F", "E", "D_X", "D_Y", "f_S", "f_T", "D_feat")
    averaged = ("G", "F", "E")
    remembered = ("fake_x", "fake_y")
    media = frozenset({"pictures"})
    usual = "lesson"
    Objective = Objective
    rows = ROWS
    recipes = RECIPES
    figures = FIGURES
    headline = ("f_T_right",)
    stages = (
        Stage(PRE_TRAIN, 0.2, "f_S learns to name x; nobody learns to translate yet."),
        Stage(TRANSLATE, 0.35, "G and F learn to translate; the semantic term does not count yet."),
        Stage(KEEP, 0.05, "the same, and f_S is to name a translation as it names x."),
        Stage(ADAPT, 0.4, "f_T learns from translations; G and F stand still from here on."),
    )
    switches = (
        Switch("semantic loss", ("semantic",)),
        Switch("cycle loss", ("cycle_forward", "cycle_backward"), "λ"),
        Switch("feature loss", ("features",)),
    )
    terms = (
        Term("task_S", "task term of f_S", reads="How far f_S is from the labels of x."),
        weighed(
            "gan", "gan_G", "GAN term of G", "How far D_Y is from taking G(x, z).", "GAN(G, D_Y)"
        ),
        weighed("gan", "gan_F", "GAN term of F", "How far D_X is from taking F(y).", "GAN(F, D_X)"),
        weighed(
            *("cycle_forward", "cycle_forward", "forward cycle term"),
            "What the way from x and back loses.",
            "‖F(G(x, z)) − x‖₁",
        ),
        weighed(
            *("cycle_backward", "cycle_backward", "backward cycle term"),
            "What the way from y and back loses.",
            "‖G(F(y), E(F(y), y)) − y‖₁",
        ),
        weighed(
            *("semantic", "semantic_G", "semantic term of G"),
            "How far f_S is from naming G(x, z) as it names x.",
            "L(f_S(G(x, z)), f_S says of x)",
        ),
        weighed(
            *("semantic", "semantic_F", "semantic term of F"),
            "How far f_S is from naming F(y) as it names y.",
            "L(f_S(F(y)), f_S says of y)",
        ),
        weighed(
            *("task", "task_T", "task term of f_T"),
            "How far f_T is from naming G(x, z) by the label of x.",
            "L(f_T(G(x, z)), label)",
        ),
        weighed(
            *("features", "features", "feature term of f_T"),
            "How far D_feat is from taking features of y for those of translations.",
            "GAN(f_T, D_feat)",
        ),
        *opinions("D_X", "F(y)"),
        *opinions("D_Y", "G(x, z)"),
        Term("D_feat", "loss of D_feat", reads="What D_feat minimises; ¼ where it cannot tell."),
        Term(
            "f_S_accuracy",
            "accuracy of f_S on x",
            better="high",
            is_told=True,
            reads="Share of x that f_S names rightly.",
        ),
        Term(
            "f_T_accuracy",
            "accuracy of f_T on G(x, z)",
            better="high",
            is_told=True,
            reads="Share of translations that f_T names by the label of x.",
        ),
        Term(
            "D_feat_real",
            "D_feat on features of translations",
            is_told=True,
            reads="How far D_feat is from calling features of translations real.",
        ),
        Term(
            "D_feat_generated",
            "D_feat on features of y",
            is_told=True,
            reads="How far D_feat is from calling features of y generated.",
        ),
        Term(
            "D_feat_accuracy",
            "accuracy of D_feat",
            better="high",
            is_told=True,
            reads="Share of D_feat's scores on the right side of ½; ½ where it cannot tell at all.",
        ),
    )

    def networks(self, config: Config) -> dict[str, nn.Module]:
        """E is there with a z, and judges where the objective asks them at any time."""
        x, y, drawn = config.channels.x, config.channels.y, config.training.initialisation
        o, d = config.objective, config.discriminator
        found: dict[str, nn.Module] = {"G": build_generator(config.generator, x, y, drawn)}
        found["F"] = build_generator(config.generator, y, x, drawn)
        if o.latent:
            found["E"] = Finder(config.generator.width, x, y, o.latent)
            found["G"] = ToldGenerator(found["G"], o.latent, found["E"].moments)
        if o.uses("gan"):
            found["D_X"] = build_discriminator(d, x, drawn)
            found["D_Y"] = build_discriminator(d, y, drawn)
        found["f_S"] = Namer(x, o.classes)
        found["f_T"] = Namer(y, o.classes)
        if o.uses("features"):
            found["D_feat"] = FeatureJudge(found["f_T"].wide)
        return found

    def describe(self, config: Config) -> str:
        z = f", z of {config.objective.latent}" if config.objective.latent else ""
        return f"{config.generator.words}{z}"

    def players(self, objective: Objective) -> tuple[Player, ...]:
        """f_S first, then G, F and E with their judges, then f_T with D_feat."""
        o, plays = objective, {"stages": frozenset({TRANSLATE, KEEP})}
        makers = ("G", "F", "E") if o.latent else ("G", "F")
        found = [
            Player(("f_S",), (pre_train,), rate=2.5, stages=frozenset({PRE_TRAIN})),
            Player(makers, (translate,), **plays),
        ]
        if o.uses("gan"):
            judges = judge_x, judge_y
            found.append(Player(("D_X", "D_Y"), judges, when=lambda now: now.gan > 0, **plays))
        plays = {"stages": frozenset({ADAPT})}
        found.append(Player(("f_T",), (adapt,), rate=2.5, **plays))
        if o.uses("features"):
            judge = Player(("D_feat",), (judge_features,), when=lambda n: n.features > 0, **plays)
            found.append(judge)
        return tuple(found)

    def classes(self, objective: Objective) -> int:
        return objective.classes

    def views(self, config: Config, direction: Direction = "xy") -> tuple[View, ...]:
        if config.objective.latent:
            return views_of(direction, both=False)
        listed = (ORIGINAL, MADE, BACK)
        return listed if direction == "xy" else tuple(view.mirrored() for view in listed)

    def probes(self, config: Config, direction: Direction = "xy") -> tuple[View, ...]:
        return PROBES[direction]

    def namers(self, direction: Direction) -> Mapping[str, str]:
        """f_S of pictures of X, and f_T of pictures of Y."""
        of_original, of_made = ("f_S", "f_T") if direction == "xy" else ("f_T", "f_S")
        return {"original": of_original, "made": of_made, "back": of_original}

    def styles(self, config: Config, direction: Direction = "xy") -> Mapping[str, View]:
        return {"z": Z} if config.objective.latent and direction == "xy" else {}

    def latent(self, name: str, config: Config, count: int, random: torch.Generator) -> Tensor:
        return torch.randn(count, config.objective.latent, generator=random)

    def judge(self, direction: Direction) -> str:
        return "D_Y" if direction == "xy" else "D_X"
