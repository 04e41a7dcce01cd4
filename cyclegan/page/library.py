"""The checkpoint sets that the page offers, their examples, and their loaded networks.

Knows where sets lie, which variant answers to which switches, and how much may be kept in memory;
knows no components.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import torch
from cachetools import LRUCache
from PIL import Image

from ..core import images
from ..core.config import Config, Domains, Objective
from ..inference.translator import Direction, Translation, Translator
from ..store import checkpoints
from ..store.catalogue import Model, Source
from .slack import Slack

EXAMPLES = "examples"

MEMORY_LIMIT = 2 * 1024**3
"""Bytes of weights that stay loaded; beyond that, the networks used longest ago go first."""

EXAMPLES_LIMIT = 128 * 1024**2
"""Bytes of translated examples that are remembered; the bundled ones are about 30 MB."""

STAND_BACK = {"examples": 5, "pictures": 10}
"""By how much networks are nicer than the threads that answer; five points are a third of the CPU.
Without it, a class waited five times as long for answers that were there."""

GUESTS = 256
"""Models that visitors opened and that are remembered; beyond that, the oldest are forgotten."""


@dataclass(frozen=True)
class Example:
    """A held-out pair: the same place in X and in Y."""

    name: str
    x: Image.Image
    y: Image.Image

    def original(self, direction: Direction) -> Image.Image:
        return self.x if direction == "xy" else self.y

    def truth(self, direction: Direction) -> Image.Image:
        return self.y if direction == "xy" else self.x


@dataclass(frozen=True)
class Variant:
    """One checkpoint of a set, before its networks are loaded.

    directions: what it can translate; a foreign file may hold one generator alone.
    """

    source: Source
    config: Config
    metrics: dict
    directions: tuple[Direction, ...] = ("xy", "yx")

    @property
    def name(self) -> str:
        """The objective's name; a foreign file says nothing of its objective."""
        return self.config.facts.get("layout") or self.config.objective.name

    @property
    def switches(self) -> tuple[bool, bool]:
        """(cycle terms, identity term) on or off."""
        return self.config.objective.has_cycle, bool(self.config.objective.identity)

    @property
    def is_plain(self) -> bool:
        """Whether the objective is the paper's, whole: no half cycle, no remedy, no pairs."""
        o = self.config.objective
        defaults = Objective(o.gan, o.cycle_forward, o.cycle_backward, o.identity)
        return bool(o == defaults and o.gan) and bool(o.cycle_forward) == bool(o.cycle_backward)


@dataclass(frozen=True)
class CheckpointSet:
    """Variants of one dataset, by their folders' names."""

    title: str
    folder: Path
    variants: tuple[Variant, ...]

    @property
    def domains(self) -> Domains:
        return self.variants[0].config.domains

    @property
    def is_fair(self) -> bool:
        """Whether the variants differ in their objective alone: networks, data, seed, steps."""
        configs = [variant.config for variant in self.variants]
        settings = {(c.generator, c.discriminator, c.training, c.image_size) for c in configs}
        return len(settings) <= 1

    def pick(self, cycle: bool, identity: bool) -> Variant | None:
        """The variant with these switches; else one with the right cycle switch; else None."""
        wanted = [v for v in self.variants if v.switches[0] == cycle]
        return max(wanted, key=lambda v: (v.switches[1] == identity, v.is_plain), default=None)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """What every variant can translate."""
        return min((v.directions for v in self.variants), key=len)

    @cached_property
    def examples(self) -> list[Example]:
        """Pairs examples/NAME-x.png and NAME-y.png of this set, by name."""
        found = []
        for path in sorted((self.folder / EXAMPLES).glob("*-x.png")):
            stem = path.name.removesuffix("-x.png")
            name = stem.lstrip("0123456789-").replace("-", " ")
            other = path.with_name(f"{stem}-y.png")
            if not other.exists():
                continue
            found.append(Example(_capitals(name), images.load(path), images.load(other)))
        return found


def _capitals(name: str) -> str:
    return " ".join(word if word == "of" else word.capitalize() for word in name.split())


class _Sets(dict):
    """Sets by title; a title that was forgotten is answered with a sentence."""

    def __missing__(self, title: str) -> CheckpointSet:
        raise checkpoints.CheckpointError(
            f"{title} was opened too long ago; open it again under Models."
        )


class Library:
    """All sets below some folders, the models that visitors opened, and the loaded networks.

    folders: each a set, or a folder of sets (nested folders of runs included).
    device: where networks run. memory: bytes of weights that stay loaded.
    """

    def __init__(
        self,
        folders: Iterable[Path],
        device: torch.device | str = "cpu",
        memory: int = MEMORY_LIMIT,
    ):
        self.device = device
        self.sets: dict[str, CheckpointSet] = _Sets()
        for set_ in (set_ for folder in folders for set_ in _sets_in(Path(folder))):
            alike = sum(other.title == set_.title for other in self.sets.values())
            self.sets[f"{set_.title} ({alike + 1})" if alike else set_.title] = set_
        self._guests: list[str] = []
        self._changing = Lock()
        self._loading = Lock()
        # A model larger than the whole cache takes all of it.
        self._loaded = LRUCache(memory, getsizeof=lambda t: min(_bytes(t), memory))
        self._of_examples = LRUCache(EXAMPLES_LIMIT, getsizeof=_pixel_bytes)
        self._remembering = Lock()
        self._threads = {
            kind: ThreadPoolExecutor(1, kind, initializer=_stand_back, initargs=(niceness,))
            for kind, niceness in STAND_BACK.items()
        }
        self._slack = Slack()

    def translator(self, source: Source) -> Translator:
        """The networks of a checkpoint, loaded once however many ask at the same moment."""
        with self._loading:
            if source not in self._loaded:
                self._loaded[source] = Translator(source.load(), self.device)
            return self._loaded[source]

    def in_turn(self, kind: Literal["examples", "pictures"], function: Callable, *arguments) -> Any:
        """Call what runs networks in the one thread for its kind; returns what it returns.

        More at once are no faster on a CPU, and every thread that ever ran networks would keep
        buffers of its own. But an example, which is small and remembered, is not to wait for a
        visitor's picture, which may take seconds.
        """

        def work():
            try:
                return function(*arguments)
            finally:
                self._slack.give_back()

        # A shared GPU knows the visitor by the context.
        return self._threads[kind].submit(copy_context().run, work).result()

    def add(
        self, model: Model, domains: Domains | None = None, image_size: int | None = None
    ) -> str:
        """Load a model that a visitor named; returns the title it has from now on.

        domains, image_size: for foreign files, which do not say. Raises CheckpointError or
        ConfigError.
        """
        variants = []
        for source in model.sources:
            if source.is_foreign:
                source = replace(source, domains=domains, image_size=image_size)
            networks = self.translator(source)
            metrics = _metrics(source.paths[0])
            variants.append(Variant(source, networks.config, metrics, networks.directions))
        own = (domains, image_size) if model.sources[0].is_foreign else (None, None)
        named = [f"{own[0].x} → {own[0].y}" if own[0] else "", f"{own[1]} px" if own[1] else ""]
        details = ", ".join(filter(None, named))
        title = f"{model.name} ({details})" if details else model.name
        with self._changing:
            if title not in self.sets:
                self._guests.append(title)
            self.sets[title] = CheckpointSet(title, model.folder, tuple(variants))
            if len(self._guests) > GUESTS:
                del self.sets[self._guests.pop(0)]
        return title

    def on_cpu(self) -> "Library":
        """The same sets with networks on the CPU."""
        if torch.device(self.device).type == "cpu":
            return self
        other = Library([], "cpu")
        other.sets = self.sets
        return other

    def load_all(self) -> None:
        """Load every network now: on a shared GPU each call starts from what is loaded here."""
        for set_ in self.sets.values():
            for variant in set_.variants:
                self.translator(variant.source)

    def translate(
        self, variant: Variant, picture: Image.Image, direction: Direction
    ) -> Translation:
        """What a variant makes of a visitor's picture."""
        return self.translator(variant.source).translate(picture, direction)

    def translate_example(
        self, title: str, variant: Variant, index: int, direction: Direction
    ) -> Translation:
        """What a variant makes of example `index` of a set, remembered from the first time on."""
        key = title, variant.source, index, direction
        with self._remembering:
            if key in self._of_examples:
                return self._of_examples[key]
        picture = self.sets[title].examples[index].original(direction)
        made = self.translator(variant.source).translate(picture, direction)
        with self._remembering:
            return self._of_examples.setdefault(key, made)

    def remembers(self, title: str, variant: Variant, index: int, direction: Direction) -> bool:
        """Whether `translate_example` answers without the networks."""
        with self._remembering:
            return (title, variant.source, index, direction) in self._of_examples

    def work_ahead(self, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Translate the examples that the switches lead to, before anybody asks.

        Ends when all are done, when no more can be remembered, or when `is_wanted()` no longer.
        """
        for title, variant, index, direction in self._foreseen():
            with self._remembering:
                is_full = self._of_examples.currsize > 0.9 * self._of_examples.maxsize
            if is_full or not is_wanted():
                return
            self.in_turn("examples", self.translate_example, title, variant, index, direction)

    def _foreseen(self) -> Iterator[tuple[str, Variant, int, Direction]]:
        """What a click can ask for, that which is nearest to the opening page first."""
        for title, set_ in list(self.sets.items()):
            for identity in (True, False):
                variants = filter(None, (set_.pick(cycle, identity) for cycle in (True, False)))
                for variant, direction in product(list(variants), set_.directions):
                    for index in range(len(set_.examples)):
                        yield title, variant, index, direction


def _stand_back(niceness: int) -> None:
    if sys.platform == "linux":  # Elsewhere the whole process would stand back.
        os.nice(niceness)


def _bytes(translator: Translator) -> int:
    return sum(p.numel() * p.element_size() for p in translator.model.parameters())


def _pixel_bytes(made: Translation) -> int:
    pictures = (made.translation, made.reconstruction, made.identity)
    return sum(3 * p.width * p.height for p in pictures if p is not None)


def _sets_in(folder: Path, depth: int = 3) -> list[CheckpointSet]:
    """The set that `folder` is, and those that lie up to `depth` folders below it."""
    found = [set_] if (set_ := _as_set(folder)) else []
    if depth and folder.is_dir() and not checkpoints.is_checkpoint(folder):
        for child in sorted(folder.iterdir()):
            if child.is_dir() and not checkpoints.is_checkpoint(child):
                found += _sets_in(child, depth - 1)
    return found


def _as_set(folder: Path) -> CheckpointSet | None:
    variants = []
    for child in checkpoints.find(folder):
        try:
            config, metrics = checkpoints.read_config(child), _metrics(child)
        except checkpoints.CheckpointError as error:
            logging.warning("Left out: %s", error)
            continue
        # A run that is still under way is not offered.
        if not config.is_under_way:
            variants.append(Variant(Source((child,)), config, metrics))
    if not variants:
        return None
    return CheckpointSet(_title(folder), folder, tuple(variants))


def _metrics(folder: Path) -> dict:
    path = folder / checkpoints.METRICS
    return checkpoints.read_json(path) if path.exists() else {}


def _title(folder: Path) -> str:
    """A bundled set's name, else the last two parts of its path: "runs/horses"."""
    resolved = folder.resolve()
    if resolved.parent == checkpoints.BUNDLED:
        return resolved.name
    return "/".join(resolved.parts[-2:])
