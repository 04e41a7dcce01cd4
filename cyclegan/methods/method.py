"""What a method is: networks by role, players that learn from terms, and views that can be shown.

Everything else loops over these: the trainer over the players, the page over the views. Knows no
method, no lesson and no file.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import torch
from torch import Tensor, nn

from ..core.config import DIRECTIONS, Config, ConfigError, Direction, Objective
from ..core.figures import Term, mirrored, named
from .named_objective import NamedObjective
from .named_recipe import NamedRecipe


@dataclass(frozen=True)
class View:
    """Something that can be shown of an item.

    key: "original", "made" (the translation), "back" (the reconstruction), "same" (the identity
        output), or whatever a method has; figures need arrays by these names.
    formula: "F(G(x))". name: "Reconstruction". sentence: what it is, with {source} and {target}
        for the domains' names, and {a_source}, {a_target} with their articles; of a visitor's own
        picture {a_source} is "your picture".
    network: the role that computes it, "" for the input. of: the keys of views, or the names of
        latents, that the network takes. figure: the key of the figure that stands under it.
    """

    key: str
    formula: str
    name: str
    sentence: str
    network: str = ""
    of: tuple[str, ...] = ()
    figure: str = ""

    def mirrored(self) -> "View":
        """The same of the other direction."""
        words, formula, network = map(mirrored, (self.sentence, self.formula, self.network))
        return replace(self, sentence=words, formula=formula, network=network)


ORIGINAL = View("original", "x", "Input", "{A_source}, as networks see it.")


@dataclass
class Moment:
    """All that a player learns from in one step.

    x, y: batches (N, C, …) in [-1, 1]; true pairs where the method asks for them. labels: of x and
        of y, (N,) each, or None.
    objective: the weights of this step. made: what players before this one made in it, without
        gradient, perhaps out of the history.
    step: steps done before. stage: the name of the method's stage that it is in. seed: of the
        training and the process.
    """

    x: Tensor
    y: Tensor
    objective: Objective
    labels: tuple[Tensor, Tensor] | None = None
    step: int = 0
    stage: str = ""
    seed: int = 0
    made: dict[str, Tensor] = field(default_factory=dict)

    def noise(self, *shape: int, key: int = 0) -> Tensor:
        """Numbers from N(0, 1) that depend on the step, the seed and `key` alone."""
        mixed = (self.seed * 1_000_003 + self.step) * 1_000_003 + key
        random = torch.Generator().manual_seed(mixed % 2**63)
        return torch.randn(*shape, generator=random).to(self.x.device)


@dataclass(frozen=True)
class Losses:
    """What a part of a player comes to.

    terms: weighted, by the keys of the method's terms: their sum is minimised.
    told: other numbers for the log. made: tensors without gradient, for the players after it.
    """

    terms: Mapping[str, Tensor]
    told: Mapping[str, Tensor] = field(default_factory=dict)
    made: Mapping[str, Tensor] = field(default_factory=dict)


Part = Callable[["nn.Module", Moment], Losses]


@dataclass(frozen=True)
class Player:
    """Networks that learn together.

    roles: those that learn; all others stand still meanwhile. parts: (model, moment) → Losses; each
        part shares weights alone with the others, so that they may be computed side by side.
    rate: times the training's. when: whether it plays under an objective at all.
    stages: names of the stages in which it plays; empty for all.
    """

    roles: tuple[str, ...]
    parts: tuple[Part, ...]
    rate: float = 1.0
    when: Callable[[Objective], bool] = lambda objective: True
    stages: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Stage:
    """A part of the training in which some players play; share: of the steps."""

    name: str
    share: float = 1.0


@dataclass(frozen=True)
class Switch:
    """A part of the objective that can be taken away, to see what it is for.

    name: "cycle loss". weights: the objective's, 0 each without it.
    """

    name: str
    weights: tuple[str, ...]

    def is_on(self, objective: Objective) -> bool:
        return any(objective.uses(weight) for weight in self.weights)

    def called(self, on: bool) -> str:
        return f"{'with' if on else 'without'} {self.name}"


class Method:
    """A method; a subclass fills in what is here, and `methods.register` puts it on the shelf."""

    key = ""
    """In files and on command lines."""
    name = ""
    """For people."""
    source = ""
    """Where it is from."""
    roles: tuple[str, ...] = ()
    """All networks, in the order in which they are made."""
    averaged: tuple[str, ...] = ()
    """Those of which a moving average is kept, for samples, figures and saving."""
    remembered: tuple[str, ...] = ()
    """What players make that others see out of a history of older ones."""
    terms: tuple[Term, ...] = ()
    """What is logged, in the order of the log."""
    stages: tuple[Stage, ...] = (Stage("whole"),)
    media: frozenset[str] = frozenset()
    """Names of the media that it takes; empty for any."""
    is_paired = False
    """Whether it trains on true pairs, and so is no rival of those that do not."""
    pool = 50
    """Generated items that the history holds, unless a training says otherwise."""
    Objective: type[Objective]
    rows: Mapping[str, NamedObjective] = {}
    """What the laboratory compares, by name; the row that is called like the method, or else the
    first, is what the others are held against."""
    recipes: Mapping[str, NamedRecipe] = {}
    """What sources train it with, by the names on the command line; "lesson" is not among them, as
    every lesson has its own."""
    switches: tuple[Switch, ...] = ()
    """What is shown with and without: the first in two rows, a second by a tick. Without any, the
    variants are rows."""

    def networks(self, config: Config) -> dict[str, nn.Module]:
        """Fresh networks by role, in the order of `roles`; those that nobody needs are left out."""
        raise NotImplementedError

    def describe(self, config: Config) -> str:
        """The networks in a few words: "ResNet, 9 blocks, 64 filters"."""
        return " and ".join(self.roles)

    def players(self, objective: Objective) -> tuple[Player, ...]:
        """In the order in which they play; each sees what those before it made."""
        raise NotImplementedError

    def players_in_turn(self, objective: Objective) -> tuple[Player, ...]:
        """Those for updates in turn: each learns from the networks as the one before it left them.

        Players with the same roles share an optimiser. Empty where the method knows no such order.
        """
        return ()

    def views(self, config: Config, direction: Direction = "xy") -> tuple[View, ...]:
        """What can be shown in a direction; empty where there is none in it."""
        raise NotImplementedError

    def latent(self, name: str, config: Config, count: int, random: torch.Generator) -> Tensor:
        """(count, …) random numbers for a latent that a view names."""
        raise NotImplementedError(f"{self.name} has no latent {name}.")

    def playing(self, objective: Objective) -> list[str]:
        """Roles of the networks that learn under an objective."""
        return [role for player in self.players(objective) for role in player.roles]

    def is_plain(self, objective: Objective) -> bool:
        """Whether an objective is the usual one but for whole switches: no half of one, no remedy.

        Schedules do not count.
        """
        usual, weights = self.Objective(), objective.weights()
        halved = [w for s in self.switches if s.is_on(objective) for w in s.weights]
        always = set(weights) - {w for switch in self.switches for w in switch.weights}
        forms = {f.name for f in fields(objective)} - set(weights) - {"schedule"}
        return all(objective.uses(w) for w in (*halved, *always)) and all(
            getattr(objective, name) == getattr(usual, name) for name in forms
        )

    def without(self, objective: Objective, switch: Switch) -> Objective | None:
        """An objective with all that a switch takes away taken away; None if nothing is left."""
        try:
            return replace(objective, **dict.fromkeys(switch.weights, 0.0))
        except ConfigError:
            return None

    def recipe(self, name: str, beside: Sequence[str] = ()) -> NamedRecipe:
        """One of its recipes; raises ConfigError. beside: names that are valid too."""
        if name not in self.recipes:
            listed = ", ".join((*self.recipes, *beside))
            valid = f"valid are {listed}" if listed else "it has none"
            raise ConfigError(f"{self.name} has no recipe {name!r}; {valid}.")
        return self.recipes[name]

    def judge(self, direction: Direction) -> str:
        """The role that scores translations of a direction patch by patch, "" without one.

        Its network says where its patches lie, as those in core/networks do (`first`, `stride`).
        """
        return ""

    def term(self, key: str) -> Term:
        """By key; one that is not known is called by its key."""
        return named(self.terms).get(key) or Term(key, key.replace("_", " "))

    def directions(self, config: Config) -> tuple[Direction, ...]:
        return tuple(d for d in DIRECTIONS if self.views(config, d))

    def stage(self, step: int, steps: int) -> str:
        """The name of the stage after `step` of `steps` steps."""
        done = 0.0
        for stage in self.stages:
            done += stage.share
            if step < round(done * steps):
                return stage.name
        return self.stages[-1].name

    def in_order(self, terms: Iterable[str]) -> list[str]:
        """Keys of terms as a person lists them."""
        places = {term.key: i for i, term in enumerate(self.terms)}
        return sorted(terms, key=lambda key: places.get(key, len(places)))


def latents_of(views: Sequence[View]) -> list[str]:
    """Names of what views take that is no view."""
    keys = {view.key for view in views}
    return list(dict.fromkeys(n for view in views for n in view.of if n not in keys))


def show(
    views: Sequence[View], networks: Mapping[str, nn.Module], given: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Compute views of a batch: `given` has the original and the latents. Returns them by key."""
    found = dict(given)
    for view in views:
        if view.network:
            found[view.key] = networks[view.network](*(found[name] for name in view.of))
    return {view.key: found[view.key] for view in views}


def wanted(views: Sequence[View], keys: Iterable[str]) -> tuple[View, ...]:
    """The views of `keys`, and those that they are computed of."""
    keys = set(keys)
    for view in reversed(views):
        if view.key in keys:
            keys |= set(view.of)
    return tuple(view for view in views if view.key in keys or not view.network)
