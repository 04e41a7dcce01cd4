"""What a lesson is: data with two sides, what is true of them, what to measure and to look for.

Everything else asks a lesson instead of knowing it. Knows no lesson, no network and no page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from PIL import Image
from torch import Tensor

from ..core.config import (
    Change,
    Config,
    Direction,
    Discriminator,
    Domains,
    Generator,
    Objective,
    Training,
)
from ..core.figures import AGAINST_TRUTH, DISTRIBUTIONS, WITHOUT_TRUTH, Figure, Measure, named
from ..core.films.parts import Film
from ..core.media import PICTURES, Medium
from ..methods import all_methods
from ..methods.cyclegan import Objective as CycleGANObjective
from .brushes import Brush
from .data import UnpairedData
from .story import BACK, LEARN, Step
from .troubles import ALIKE, COPY, LOST, WRONG, Trouble, Values


def ratio(own: Values, reference: Values, key: str) -> float | None:
    """A figure over the reference's; None where either is missing or there is nothing to divide."""
    a, b = own.get(key), reference.get(key)
    return a / b if a is not None and b else None


@dataclass(frozen=True)
class Arm:
    """One of two trainings side by side: what it is called on the page, and its objective."""

    name: str
    objective: Objective


@dataclass(frozen=True)
class Recipe:
    """What shows the point in minutes: what both arms share, and the two of them.

    config: networks, size, steps, rate; its objective is the first arm's.
    """

    config: Config
    arms: tuple[Arm, Arm]


@dataclass(frozen=True)
class Hidden:
    """Where a translation carries on what it does not show, and how much of that comes back.

    direction, example: where it is seen best, the example by name. figure: key of the share that
    comes back, 1 for all. what: in words, many of them: "the colours". bare, barely: takes out of
    a translation what could still show it openly, and in words what is left: "in grey".
    """

    direction: Direction
    example: str
    figure: str
    what: str
    bare: Callable[[Image.Image], Image.Image]
    barely: str


IDENTITY_STEPS = 300
"""Steps after which the live lesson trains on without the identity term, in both arms. Till then it
settles colours, and teaches a way back without the cycle too; afterwards only the cycle terms keep
that (so Kaneko and Kameoka have it in CycleGAN-VC, arXiv 1711.11293)."""

UNTIL = (Change("identity", 0.0, IDENTITY_STEPS, IDENTITY_STEPS),)

WITH_AND_WITHOUT = (
    Arm("with the cycle loss", CycleGANObjective(schedule=UNTIL)),
    Arm(
        "without the cycle loss",
        CycleGANObjective(cycle_forward=0.0, cycle_backward=0.0, schedule=UNTIL),
    ),
)
"""The same seed with and without the cycle terms: all else is equal, the identity term too."""


NORM = "instance-layer"
"""Of the generators, where a lesson does not say otherwise."""


def quick(data: str, domains: Domains, norm: str = NORM) -> Recipe:
    """Networks that learn on one core while a class looks on.

    norm: of the generators. It and the rate were chosen by experiment (docs/recipes.md).
    """
    config = Config(
        generator=Generator(width=16, blocks=4, upsampling="resize", norm=norm),
        discriminator=Discriminator(width=32),
        objective=WITH_AND_WITHOUT[0].objective,
        domains=domains,
        training=Training(
            data=data, fit="none", steps=1200, rate=4e-4, ema_decay=0.998, precision="auto"
        ),
        image_size=64,
    )
    return Recipe(config, WITH_AND_WITHOUT)


class Lesson:
    """A lesson; a subclass fills in what is here, and `lessons.register` puts it on the shelf."""

    name = ""
    """In files and on command lines."""
    title = ""
    """For people."""
    domains = Domains()
    source = ""
    """Where its data are from."""
    licence = ""
    medium: Medium = PICTURES
    kinds: tuple[str, ...] = ()
    """What its items are labelled with, in the order of the labels; none where they have none."""
    own: tuple[Figure, ...] = ()
    """Figures that no other lesson has."""
    headline: tuple[str, ...] = ("cycle_error", "diversity")
    """Keys of the figures that tell its point: curves, captions and cards begin with them."""
    troubles: tuple[Trouble, ...] = (ALIKE, COPY, LOST, WRONG)
    """What can go wrong here, and how it is told."""
    story: tuple[Step, ...] = (BACK, LEARN)
    """What is told of it, step by step."""
    hidden: Hidden | None = None
    """What its networks hide, if any is known to."""
    norm: str = NORM
    """Of the generators of its recipe."""
    sizes = (32, 48, 64, 96, 128)
    """Crops that the page offers, in pixels."""
    largest = 256
    """The largest crop that its items allow, and what a training takes that is not told, in pixels:
    256 is the paper's."""

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """All that can be measured, in the order of tables."""
        of_methods = (figure for method in all_methods() for figure in method.figures)
        return (*AGAINST_TRUTH, *self.own, *WITHOUT_TRUTH, *of_methods)

    @property
    def recipe(self) -> Recipe:
        return quick(self.name, self.domains, self.norm)

    def open(self, size: int, fit: str) -> UnpairedData:
        """The data for crops of `size` pixels; fit: as in `Training`.

        Raises DataError with a sentence for anything that cannot be trained on.
        """
        raise NotImplementedError

    def is_whole(self, size: int) -> bool:
        """Whether its training items are as large as networks of `size` see them; out of others,
        parts are cut."""
        return False

    def examples(self) -> list["Example"]:
        """Held-out items for the page, the clearest first."""
        return []

    def films(self, direction: Direction = "xy") -> list[Film]:
        """Held-out films of its own, made while they are looked at; those of the other direction
        are their truth, frame by frame."""
        return []

    def brushes(self, direction: Direction) -> Sequence[Brush]:
        """To paint with on what is translated in a direction; none: its own colours are taken."""
        return ()

    def draw(self, kept: Tensor) -> Image.Image:
        """A kept item as people see it."""
        return self.medium.draw(kept)

    def seen(self, with_it: Values, without: Values) -> bool:
        """Whether figures of one look at both live arms show what there is to see."""
        return (ratio(with_it, without, "cycle_error") or 1.0) <= 0.6

    def wrong(self, made: Values, itself: Values) -> str:
        """What is wrong with one translation, as the end of a sentence, or "".

        made: its quick figures against the truth. itself: those of x, handed over as its own
        translation; what is much further from the truth than that is translated for nothing.
        """
        if "rmse" in made and made["rmse"] > 1.25 * itself.get("rmse", float("inf")):
            return "it is further from the truth than the input itself"
        return ""

    def measure(self, key: str) -> Measure:
        """By key; a figure that is not known here is called by its key."""
        known = named((*self.figures, *DISTRIBUTIONS))
        return known.get(key) or Measure(key, key.replace("_", " "))

    def known(self, figures: Mapping[str, object]) -> list[Measure]:
        """The measures of figures by key, in the order of tables, unknown ones last."""
        order = {figure.key: i for i, figure in enumerate(self.figures)}
        keys = sorted(figures, key=lambda key: order.get(key, len(order)))
        return [self.measure(key) for key in keys]


@dataclass(frozen=True)
class Example:
    """A held-out pair, kept: name for people, x and its truth y, and what is known of both."""

    name: str
    x: Tensor
    y: Tensor
    known_x: Mapping[str, object] = field(default_factory=dict)
    known_y: Mapping[str, object] = field(default_factory=dict)

    def original(self, direction: Direction) -> Tensor:
        return self.x if direction == "xy" else self.y

    def truth(self, direction: Direction) -> Tensor:
        return self.y if direction == "xy" else self.x

    def known(self, direction: Direction) -> Mapping[str, object]:
        """What else is known of the original and of its truth, by the names in `Figure.needs`."""
        sides = {"original": self.known_x, "truth": self.known_y}
        if direction == "yx":
            sides = {"original": self.known_y, "truth": self.known_x}
        return {f"{side}_{n}": value for side, own in sides.items() for n, value in own.items()}
