"""CycleGAN (Zhu et al. 2017, arXiv 1703.10593): two translators, two judges, and the way back.

G: X→Y and F: Y→X translate; D_X and D_Y judge. One step of the algorithm (sections 4 and 7.1):

    G and F    minimise  L_GAN(G, D_Y) + L_GAN(F, D_X) + λ L_cyc(G, F) + λ_id L_identity(G, F)
    D_X, D_Y   minimise  ½ (E[(D(real) − 1)²] + E[D(generated)²]), the generated out of a history

Also the three remedies of Wang and Lin 2018 ("CycleGAN with Better Cycles") and, by its options,
DiscoGAN's objective (Kim et al. 2017).
"""

from functools import partial

from torch import nn

from ...core.config import MEDIA, Config, Direction
from ...core.networks import build_discriminator, build_generator
from ..method import ORIGINAL, Method, Player, Switch, View
from .objective import Objective
from .recipes import RECIPES
from .rows import ROWS
from .step import SIDES, from_x, from_y, judge_x, judge_y, on_generated, on_reals
from .terms import opinions, weighed


class CycleGAN(Method):
    """Unpaired translation both ways."""

    key = "cyclegan"
    name = "CycleGAN"
    source = "Zhu et al. 2017, arXiv 1703.10593"
    roles = ("G", "F", "D_X", "D_Y")
    averaged = ("G", "F")
    remembered = ("fake_x", "fake_y")
    media = frozenset({"pictures", *MEDIA.values()})
    Objective = Objective
    rows = ROWS
    recipes = RECIPES
    switches = (
        Switch("cycle loss", ("cycle_forward", "cycle_backward"), "λ"),
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
        translators = Player(("G", "F"), (from_x, from_y))
        judges = Player(("D_X", "D_Y"), (judge_x, judge_y), when=lambda o: o.gan > 0)
        return (translators, judges) if objective.uses("gan") else (translators,)

    def players_in_turn(self, objective: Objective) -> tuple[Player, ...]:
        """D_X and D_Y on reals, then on what G and F make, then G and F, as Keras-GAN has it."""
        if not objective.uses("gan"):
            return self.players(objective)
        judges = (
            Player(("D_X", "D_Y"), tuple(partial(half, s) for s in SIDES), when=lambda o: o.gan > 0)
            for half in (on_reals, on_generated)
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
    "F makes {sources}: this one should stay.",
    *("F", ("original",), "identity_error"),
)
