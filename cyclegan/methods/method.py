"""What a method is: networks by role, players that learn from terms, and views that can be shown.

Everything else loops over these: the trainer over the players, the page over the views. Knows no
method, no lesson and no file.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import torch
from torch import Tensor, nn

from ..core import losses
from ..core.config import DIRECTIONS, Config, ConfigError, Direction, Objective
from ..core.figures import Figure, Term, mirrored, named
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
        latents, that the network takes; or a view that is computed for it alone and not shown.
        figure: the key of the figure that stands under it.
    """

    key: str
    formula: str
    name: str
    sentence: str
    network: str = ""
    of: "tuple[str | View, ...]" = ()
    figure: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Keys of views and names of latents that it is computed of, at whatever depth."""
        parts = ((one,) if isinstance(one, str) else one.names for one in self.of)
        return tuple(dict.fromkeys(name for part in parts for name in part))

    @property
    def roles(self) -> tuple[str, ...]:
        """Of all networks that compute it, its own first."""
        hidden = (role for one in self.of if isinstance(one, View) for role in one.roles)
        return tuple(dict.fromkeys(role for role in (self.network, *hidden) if role))

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

    def random(self, key: int = 0) -> torch.Generator:
        """Random numbers, on the CPU, that depend on the step, the seed and `key` alone."""
        mixed = (self.seed * 1_000_003 + self.step) * 1_000_003 + key
        return torch.Generator().manual_seed(mixed % 2**63)

    def noise(self, *shape: int, key: int = 0) -> Tensor:
        """Numbers from N(0, 1) that depend on the step, the seed and `key` alone."""
        return torch.randn(*shape, generator=self.random(key)).to(self.x.device)


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
    """A part of the training in which some players play; share: of the steps. says: what is learned
    in it, for whoever watches, as a sentence without its first capital."""

    name: str
    share: float = 1.0
    says: str = ""


@dataclass(frozen=True)
class Switch:
    """A part of the objective that can be taken away, to see what it is for.

    name: "cycle loss". weights: the objective's, 0 each without it. symbol: of these in formulas,
    "λ", if they have one in common.
    """

    name: str
    weights: tuple[str, ...]
    symbol: str = ""

    def is_on(self, objective: Objective) -> bool:
        return any(objective.uses(weight) for weight in self.weights)

    def called(self, on: bool) -> str:
        return f"{'with' if on else 'without'} {self.name}"


@dataclass(frozen=True)
class Contrast:
    """What shows a method's point where nothing can be taken away: a choice of its objective.

    form: its name. arms: two of its values, each with what an arm of it is called. pictures: how
    many training pictures show it, None for all.
    """

    form: str
    arms: Mapping[str, str]
    pictures: int | None = None


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
    """What sources train it with, by the names on the command line; "lesson" is among them only
    where the method has one for lessons that are made for another."""
    usual = ""
    """The recipe that it trains by where none is named; "" for the program's own defaults."""
    figures: tuple[Figure, ...] = ()
    """What can be measured of it beside what every method has; they may need `probes`."""
    headline: tuple[str, ...] = ()
    """Keys of those that tell its point, before a lesson's own."""
    switches: tuple[Switch, ...] = ()
    """What is shown with and without: the first in two rows, a second by a tick. Without any, the
    variants are rows."""
    contrast: Contrast | None = None
    """What is trained side by side where there are no switches."""

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

    def live_views(self, config: Config, direction: Direction = "xy") -> tuple[View, ...]:
        """What is seen in a direction while it trains: the views, and what tells its point where
        nobody can ask for more."""
        return self.views(config, direction)

    def probes(self, config: Config, direction: Direction = "xy") -> tuple[View, ...]:
        """What is computed beside the views for figures alone, of "truth" too where it is known."""
        return ()

    def latent(self, name: str, config: Config, count: int, random: torch.Generator) -> Tensor:
        """(count, …) random numbers for a latent that a view names."""
        raise NotImplementedError(f"{self.name} has no latent {name}.")

    def styles(self, config: Config, direction: Direction = "xy") -> Mapping[str, View]:
        """By name, latents of a direction that can be found in a picture of its target: the view
        that finds one, of the views of the other direction."""
        return {}

    def fed(self, objective: Objective, items: Tensor, random: torch.Generator) -> Tensor:
        """Training items of a batch, floats (N, C, …), as its networks are shown them: what is done
        to them beside crops and mirroring."""
        return items

    def classes(self, objective: Objective) -> int:
        """How many kinds of items its networks are told of, by the training items' labels."""
        return 0

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

    def opinions(
        self,
        networks: Mapping[str, nn.Module],
        config: Config,
        direction: Direction,
        items: Tensor,
    ) -> Tensor | None:
        """How real the judge of a direction calls float items (N, C, …): (N,) in [0, 1].

        None without such a judge, or where it cannot be asked about an item alone.
        """
        judge = networks.get(self.judge(direction))
        kind = getattr(config.objective, "adversarial", "least_squares")
        return None if judge is None else losses.opinions(judge(items), kind)

    def namers(self, direction: Direction) -> Mapping[str, str]:
        """By key of a view of a direction, the role of the network that says what it shows, as a
        score for each kind of items; empty where there is none."""
        return {}

    def term(self, key: str) -> Term:
        """By key; one that is not known is called by its key."""
        return named(self.terms).get(key) or Term(key, key.replace("_", " "))

    def directions(self, config: Config) -> tuple[Direction, ...]:
        return tuple(d for d in DIRECTIONS if self.views(config, d))

    def is_from_noise(self, config: Config) -> bool:
        """Whether nothing is handed over, in any direction: what it makes, it makes of noise."""
        return not any(has_input(self.views(config, d)) for d in self.directions(config))

    def from_to(self, config: Config, direction: Direction) -> tuple[str, str]:
        """What goes in and what comes out, for people: "flat" and "3D", or "noise" and "3D"."""
        a, b = config.domains.x, config.domains.y
        given, made = (a, b) if direction == "xy" else (b, a)
        views = self.views(config, direction)
        return ("noise" if views and not has_input(views) else given), made

    def arrow(self, config: Config) -> str:
        """All of it in a word or two: "flat ↔ 3D", "noise → 3D"."""
        if not self.is_from_noise(config):
            return f"{config.domains.x} ↔ {config.domains.y}"
        return " → ".join(self.from_to(config, self.directions(config)[0]))

    def task(self, config: Config) -> str:
        """What its networks do, after "to": "translate flat into 3D and back"."""
        directions = self.directions(config)
        given, made = self.from_to(config, directions[0] if directions else "xy")
        if self.is_from_noise(config):
            return f"make {made} pictures out of {given}"
        return f"translate {given} into {made}{' and back' if len(directions) > 1 else ''}"

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


def has_input(views: Sequence[View]) -> bool:
    """Whether views begin with an item that is handed over: what is made of noise alone has none.

    There are as many items then as latents are drawn.
    """
    return any(not view.network for view in views)


HANDED_OVER = ("original", "truth")
"""What views may take that is neither computed nor drawn."""


def latents_of(views: Sequence[View]) -> list[str]:
    """Names of the latents that views take."""
    keys = {*HANDED_OVER, *(view.key for view in views)}
    return list(dict.fromkeys(n for view in views for n in view.names if n not in keys))


def show(
    views: Sequence[View], networks: Mapping[str, nn.Module], given: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Compute views of a batch: `given` has the original and the latents, and whatever view is to
    be taken as it is. Returns them by key."""
    found = dict(given)

    def computed(view: View) -> Tensor:
        takes = (found[one] if isinstance(one, str) else computed(one) for one in view.of)
        return networks[view.network](*takes)

    for view in views:
        if view.key not in found:
            found[view.key] = computed(view)
    return {view.key: found[view.key] for view in views}


def wanted(views: Sequence[View], keys: Iterable[str]) -> tuple[View, ...]:
    """The views of `keys`, and those that they are computed of."""
    keys = set(keys)
    for view in reversed(views):
        if view.key in keys:
            keys |= set(view.names)
    return tuple(view for view in views if view.key in keys or not view.network)
