"""Checkpoint sets: where they lie, which variants they hold, and which answers to a choice.

Reads configs, metrics and examples; loads no network.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image

from .. import lessons, methods
from ..core import pictures
from ..core.config import DIRECTIONS, Config, Direction, Domains
from ..core.figures import distances
from ..core.pictures import ImageError
from ..inference import comparisons
from ..inference.comparisons import Comparisons
from ..inference.translator import LONGEST_SIDE
from ..lessons import DataError, Example, Lesson, examples
from ..methods import Method, Switch, View
from ..methods.method import latents_of
from ..store import checkpoints
from ..store.catalogue import Source

ROWS = 4
"""Variants that are shown at first where each has a row of its own."""

PAIRS = 6
"""Of points between which what is made of noise can be looked at."""

APART = 12
"""Examples of which it is measured how far they are apart; of a visitor's there may be many."""


@dataclass(frozen=True)
class Variant:
    """One checkpoint of a set, before its networks are loaded.

    directions: what it can translate; a foreign file may hold one generator alone. longest: in
    pixels, the side to which pictures are reduced for it. seeds: metrics of all its seeds that were
    measured, by seed. weights: folders of all its seeds of which there are networks, by seed.
    """

    source: Source
    config: Config
    metrics: dict
    directions: tuple[Direction, ...] = ("xy", "yx")
    longest: int = LONGEST_SIDE
    seeds: Mapping[int, dict] = field(default_factory=dict)
    weights: Mapping[int, Path] = field(default_factory=dict)

    def at(self, seed: int) -> "Variant":
        """The same of another of its seeds, one of `weights`."""
        if seed == self.config.training.seed:
            return self
        config = replace(self.config, training=replace(self.config.training, seed=seed))
        source, metrics = Source((self.weights[seed],)), self.seeds.get(seed, {})
        return replace(self, source=source, config=config, metrics=metrics)

    @property
    def metrics_by_seed(self) -> Mapping[int, dict]:
        return self.seeds or {self.config.training.seed: self.metrics}

    @property
    def is_foreign(self) -> bool:
        """Whether it came from other people's files, which say nothing of their objective."""
        return isinstance(self.config.facts.get("layout"), str)

    @property
    def name(self) -> str:
        """The objective's name, or the layout of a foreign file."""
        return self.config.facts["layout"] if self.is_foreign else self.config.objective.name

    @property
    def method(self) -> Method:
        return methods.find(self.config.method)

    @property
    def lesson(self) -> Lesson:
        return lessons.of(self.config)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What its items are labelled with, in the order of the labels; none where nobody says."""
        return tuple(self.config.facts.get("kinds", ())) or self.lesson.kinds

    @property
    def switches(self) -> tuple[bool, ...]:
        """Which of its method's switches are on."""
        return tuple(switch.is_on(self.config.objective) for switch in self.method.switches)

    def views(self, direction: Direction) -> tuple[View, ...]:
        """What its method shows; a foreign file may lack a network for some of it."""
        return self.method.views(self.config, direction)

    def latents(self, direction: Direction) -> list[str]:
        """Names of what a translation is told beside the item: with any, it has many answers."""
        return latents_of(self.views(direction))


@dataclass(frozen=True)
class Row:
    """A line of the comparison, and the variant that answers in it, if there is one.

    side: True for the upper of two, with all that is switched on; False for the lower, without some
    of it; None where each variant has a row of its own.
    """

    name: str
    side: bool | None
    variant: Variant | None


@dataclass(frozen=True)
class CheckpointSet:
    """Variants of one lesson, by their folders' names. is_guest: whether a visitor brought it."""

    title: str
    folder: Path
    variants: tuple[Variant, ...]
    is_guest: bool = False

    @property
    def domains(self) -> Domains:
        return self.variants[0].config.domains

    @property
    def is_from_noise(self) -> bool:
        """Whether its networks take no picture: they make them of noise."""
        return self.method.is_from_noise(self.variants[0].config)

    def arrow(self, direction: Direction) -> str:
        """ "horse → zebra" """
        return " → ".join(self.method.from_to(self.variants[0].config, direction))

    @cached_property
    def lesson(self) -> Lesson:
        return self.variants[0].lesson

    @cached_property
    def method(self) -> Method:
        """The first that has switches, else the first; of methods that are compared the first."""
        found = [variant.method for variant in self.variants]
        if self.compares_methods:
            return found[0]
        return next((method for method in found if method.switches), found[0])

    @cached_property
    def switches(self) -> tuple[Switch, ...]:
        """What its variants may differ in: of files that do not say their objective, nothing."""
        is_unknown = all(variant.is_foreign for variant in self.variants)
        return () if is_unknown or self.compares_methods else self.method.switches

    @cached_property
    def compares_methods(self) -> bool:
        """Whether its variants are of several methods, one each: then these are what differs."""
        return 1 < len(self.variants) == len({variant.method.key for variant in self.variants})

    @cached_property
    def comparisons(self) -> Comparisons:
        """What differs between its variants beyond chance, by their folders' names."""
        return comparisons.read(self.folder)

    @property
    def is_fair(self) -> bool:
        """Whether the variants differ in their objective alone: networks, data, seed, steps."""
        return len({_parts(variant.config) for variant in self.variants}) <= 1

    @property
    def names(self) -> tuple[str, ...]:
        """Of its rows where the method has no switches: a row a variant."""
        return () if self.switches else tuple(self._by_name)

    def rows(
        self,
        without: Set[str] = frozenset(),
        names: Sequence[str] = (),
        seed: int | None = None,
    ) -> tuple[Row, ...]:
        """What is compared: the whole objective, and the same without some of what its switches
        stand for, by their names; without switches, the variants of these names.

        seed: of all of them, where they have it; else those that their folders show."""
        rows = self._shown(without, names)
        if seed not in _common(rows):
            return rows
        return tuple(replace(row, variant=row.variant.at(seed)) for row in rows)

    def seeds(self, without: Set[str] = frozenset(), names: Sequence[str] = ()) -> tuple[int, ...]:
        """Seeds of which all rows have networks; none unless there are several."""
        return _common(self._shown(without, names))

    def _shown(self, without: Set[str], names: Sequence[str]) -> tuple[Row, ...]:
        switches = self.switches
        if not switches:
            return tuple(Row(n, None, self._by_name[n]) for n in self.names if n in names)
        struck = [s.name for s in switches if s.name in without]
        if not struck:
            return Row("with every term", True, self.whole), Row("the same", False, self.whole)
        listed = " and ".join(struck)
        return (
            Row(f"with {listed}", True, self.whole),
            Row(f"without {listed}", False, self.lacking(without)),
        )

    @cached_property
    def whole(self) -> Variant | None:
        """The variant with the first switch on, and as many others as there are."""
        found = [v for v in self._switched if v.switches[0]]
        return max(found, key=lambda v: (sum(v.switches), *self._fitness(v)), default=None)

    def lacking(self, without: Set[str]) -> Variant | None:
        """The variant that has all that the whole one has but what these switches stand for."""
        named = zip(self._on, self.switches, strict=True)
        wanted = tuple(on and switch.name not in without for on, switch in named)
        found = [v for v in self._switched if v.switches == wanted]
        return self.whole if wanted == self._on else max(found, key=self._fitness, default=None)

    @property
    def without(self) -> frozenset[str]:
        """What the lower row lacks at first: the first switch, or what there is a variant for."""
        named = zip(self._on, self.switches, strict=True)
        names = [switch.name for on, switch in named if on]
        listed = (c for n in range(1, len(names) + 1) for c in combinations(names, n))
        known = (frozenset(c) for c in listed if self.lacking(frozenset(c)))
        return next(known, frozenset(names[:1]))

    @property
    def _on(self) -> tuple[bool, ...]:
        """The switches of the upper row."""
        return self.whole.switches if self.whole else (True,) * len(self.switches)

    @property
    def _switched(self) -> list[Variant]:
        own = self.variants if self.switches else ()
        return [v for v in own if v.method is self.method]

    def _fitness(self, variant: Variant) -> tuple[bool, int]:
        """Whether it is plain, and then how much it has in common with the others: not one that
        changes its networks or its training as well."""
        common = sum(self._shared[part] for part in _parts(variant.config))
        return self.method.is_plain(variant.config.objective), common

    @cached_property
    def _shared(self) -> Counter:
        """How many variants have a part of their settings."""
        return Counter(part for variant in self.variants for part in _parts(variant.config))

    @cached_property
    def _by_name(self) -> dict[str, Variant]:
        """Variants of one name are told apart by their folders."""
        if self.compares_methods:
            return {variant.method.name: variant for variant in self.variants}
        count = Counter(variant.name for variant in self.variants)
        return {
            v.name if count[v.name] == 1 else f"{v.name} ({v.source.name})": v
            for v in self.variants
        }

    @property
    def directions(self) -> tuple[Direction, ...]:
        """What every variant can translate."""
        first, *others = (variant.directions for variant in self.variants)
        return tuple(d for d in first if all(d in other for other in others)) or first

    @cached_property
    def apart(self) -> dict[Direction, float]:
        """How far two examples of a side are from each other on average, 0–255: mean |x − x′|.

        0 where there are fewer than two, or of different sizes.
        """
        found: dict[Direction, float] = {}
        for direction in DIRECTIONS:
            items = [e.original(direction) for e in self.examples[:APART]]
            arrays = [self.lesson.medium.arrays(item[None]) for item in items]
            alike = len(items) > 1 and len({array.shape for array in arrays}) == 1
            found[direction] = float(distances(np.concatenate(arrays)).mean()) if alike else 0.0
        return found

    @property
    def choices(self) -> list[str]:
        """Names of the examples to choose from, or of pairs of points where no picture is taken."""
        if self.is_from_noise:
            return [str(number) for number in range(1, PAIRS + 1)]
        return [example.name for example in self.examples]

    @cached_property
    def examples(self) -> list[Example]:
        """The set's own pairs, else its lesson's; read when they are first asked for. None where
        no picture is taken."""
        if self.is_from_noise:
            return []
        try:
            load = _confined if self.is_guest else pictures.load
            return examples.of_set(self.folder, self.lesson, load)
        except (DataError, ImageError, OSError) as error:
            logging.warning("%s has no examples: %s", self.title, error)
            return []


def _common(rows: Sequence[Row]) -> tuple[int, ...]:
    """Seeds of all rows, in their order; none unless there are several."""
    first, *others = (row.variant.weights if row.variant else {} for row in rows) if rows else [{}]
    found = tuple(seed for seed in first if all(seed in other for other in others))
    return found if len(found) > 1 else ()


def _parts(config: Config) -> tuple:
    """All but the objective."""
    return config.generator, config.discriminator, config.training, config.image_size


MOST_PIXELS = 4_000_000
"""Of an example in a visitor's set; those that this project writes have a tenth."""


def _confined(path: Path) -> Image.Image:
    return pictures.open_confined(path, longest=LONGEST_SIDE, most=MOST_PIXELS).picture


def sets_in(folder: Path) -> list[CheckpointSet]:
    """The sets at and below a folder, those of one lesson together, as lessons stand on the shelf.

    What cannot be read is left out with a warning, and so is a run that is still under way. A
    ladder is none: its variants are rungs of one weight, and no rows.
    """
    places = {lesson.name: place for place, lesson in enumerate(lessons.all_lessons())}
    found = [set_ for one in _below(folder) if not _is_ladder(one) for set_ in _at(one)]
    here = [set_ for set_ in found if _can_be_shown(set_)]
    return sorted(here, key=lambda set_: places.get(set_.lesson.name, len(places)))


def _can_be_shown(set_: CheckpointSet) -> bool:
    """Whether what its items need is installed; if not, a warning names it."""
    if missing := set_.lesson.medium.missing:
        logging.warning("Left out: %s needs the package %s.", set_.title, missing)
    return not missing


def rungs_in(folder: Path) -> list[CheckpointSet]:
    """What lies in the ladders at and below a folder, read as sets are."""
    return [set_ for one in _below(folder) if _is_ladder(one) for set_ in _at(one)]


def _is_ladder(folder: Path) -> bool:
    return (folder / checkpoints.LADDER).is_file()


def _below(folder: Path, depth: int = 3) -> Iterator[Path]:
    """A folder and those in it that may hold sets; what lies in a ladder is the ladder's."""
    yield folder
    if not depth or not folder.is_dir() or checkpoints.is_checkpoint(folder) or _is_ladder(folder):
        return
    for child in sorted(folder.iterdir()):
        if child.is_dir() and not checkpoints.is_checkpoint(child):
            yield from _below(child, depth - 1)


def _at(folder: Path) -> list[CheckpointSet]:
    """The set that a folder is; several, where its runs are of several lessons, or where some of
    them translate and others make pictures of noise."""
    by_data: dict[tuple[str, bool], list[Variant]] = {}
    for child in checkpoints.find(folder):
        try:
            config, metrics = checkpoints.read_config(child), checkpoints.read_metrics(child)
        except checkpoints.CheckpointError as error:
            logging.warning("Left out: %s", error)
            continue
        directions = methods.find(config.method).directions(config)
        if directions and not config.is_under_way:
            of = {"seeds": seeds_of(child), "weights": weights_of(child, config)}
            variant = Variant(Source((child,)), config, metrics, directions, **of)
            is_from_noise = methods.find(config.method).is_from_noise(config)
            by_data.setdefault((config.training.data, is_from_noise), []).append(variant)
    title = _title(folder)
    if len(by_data) > 1:
        return [
            CheckpointSet(f"{title}, {variants[0].lesson.title}", folder, tuple(variants))
            for variants in by_data.values()
        ]
    return [CheckpointSet(title, folder, tuple(variants)) for variants in by_data.values()]


def seeds_of(folder: Path) -> dict[int, dict]:
    """Metrics of a variant's seeds, by seed; none where those of any cannot be read."""
    try:
        return checkpoints.metrics_by_seed(folder)
    except checkpoints.CheckpointError as error:
        logging.warning("Left out, with the other seeds beside it: %s", error)
        return {}


def weights_of(folder: Path, config: Config) -> dict[int, Path]:
    """Folders of a variant's seeds with networks, by seed: of those that differ in nothing else."""
    try:
        found = checkpoints.seeds(folder)
        alike = {s: _but_for_seed(checkpoints.read_config(one), config) for s, one in found.items()}
    except checkpoints.CheckpointError:
        return {}  # `seeds_of` has said so.
    return {seed: one for seed, one in found.items() if alike[seed]}


def _but_for_seed(other: Config, config: Config) -> bool:
    training = replace(other.training, seed=config.training.seed)
    return replace(other, training=training, facts=config.facts) == config


def _title(folder: Path) -> str:
    """A bundled set's name, else the last two parts of its path: "runs/horses"."""
    resolved = folder.resolve()
    if resolved.parent == checkpoints.BUNDLED:
        return resolved.name
    return "/".join(resolved.parts[-2:])
