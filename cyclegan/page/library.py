"""The checkpoint sets that the page offers, their loaded networks, and what these made.

Knows how much may be kept in memory, and in which thread networks run; knows no components.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import numpy as np
import torch
from cachetools import LRUCache
from PIL import Image

from ..core import images
from ..core.config import Direction, Domains
from ..inference.translator import LONGEST_SIDE, Translation, Translator
from ..store import checkpoints
from ..store.catalogue import Model, Source
from .sets import ROWS, CheckpointSet, Variant, read_metrics, sets_in
from .slack import Slack

MEMORY_LIMIT = 2 * 1024**3
"""Bytes of weights that stay loaded; beyond that, the networks used longest ago go first."""

EXAMPLES_LIMIT = 128 * 1024**2
"""Bytes of translated examples that are remembered; the bundled ones are about 40 MB."""

VISITORS_LIMIT, UPLOADS_LIMIT = 64 * 1024**2, 16 * 1024**2
"""Bytes of what was made of visitors' own pictures, and of these pictures: twenty large ones."""

STAND_BACK = {"examples": 5, "pictures": 10}
"""By how much networks are nicer than the threads that answer; five points are a third of the CPU.
Without it, a class waited five times as long for answers that were there."""

GUESTS = 256
"""Models that visitors opened and that are remembered; beyond that, the oldest are forgotten."""


@dataclass(frozen=True)
class Upload:
    """A visitor's picture as large as networks are shown it, and the size that it came in."""

    picture: Image.Image
    size: tuple[int, int]


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
        self.device = torch.device(device)
        self.sets: dict[str, CheckpointSet] = _Sets()
        for set_ in (set_ for folder in folders for set_ in sets_in(Path(folder))):
            alike = sum(other.title == set_.title for other in self.sets.values())
            self.sets[f"{set_.title} ({alike + 1})" if alike else set_.title] = set_
        self._guests: list[str] = []
        self._changing = Lock()
        self._loading = Lock()
        self._loaded = _cache(memory, _weights)
        self._of_examples = _cache(EXAMPLES_LIMIT, _views)
        self._of_visitors = _cache(VISITORS_LIMIT, _views)
        self._uploads = _cache(UPLOADS_LIMIT, lambda upload: _bytes(upload.picture))
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
            metrics = read_metrics(source.paths[0])
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
        if self.device.type == "cpu":
            return self
        other = Library([], "cpu")
        other.sets = self.sets
        return other

    def load_all(self) -> None:
        """Load every network now: on a shared GPU each call starts from what is loaded here."""
        for set_ in self.sets.values():
            for variant in set_.variants:
                self.translator(variant.source)

    def upload(self, path: str, name: str = "Your file") -> Upload:
        """A visitor's picture, decoded once; `name` stands in messages. Raises ImageError."""
        try:
            key = path, os.stat(path).st_mtime_ns
        except OSError as error:
            sentence = "Your picture is no longer kept here; choose it once more."
            raise images.ImageError(sentence) from error
        with self._remembering:
            if key in self._uploads:
                return self._uploads[key]
        whole = images.load(path, name)
        upload = Upload(images.reduce(whole, LONGEST_SIDE), whole.size)
        with self._remembering:
            return self._uploads.setdefault(key, upload)

    def translate(self, variant: Variant, item: Any, direction: Direction) -> Translation:
        """What a variant makes of a visitor's own item, remembered for a while."""
        key = _mark(item), variant.source, direction
        return self._remembered(self._of_visitors, key, variant, lambda: item)

    def translate_example(
        self, title: str, variant: Variant, index: int, direction: Direction
    ) -> Translation:
        """What a variant makes of example `index` of a set, remembered from the first time on."""

        def item():
            set_ = self.sets[title]
            return set_.lesson.medium.held(set_.examples[index].original(direction))

        key = title, index, variant.source, direction
        return self._remembered(self._of_examples, key, variant, item)

    def _remembered(
        self, cache: LRUCache, key: tuple, variant: Variant, item: Callable[[], Any]
    ) -> Translation:
        with self._remembering:
            if key in cache:
                return cache[key]
        made = self.translator(variant.source).translate(item(), key[-1])
        with self._remembering:
            return cache.setdefault(key, made)

    def remembers(self, title: str, variant: Variant, index: int, direction: Direction) -> bool:
        """Whether `translate_example` answers without the networks."""
        with self._remembering:
            return (title, index, variant.source, direction) in self._of_examples

    def remembers_own(self, variant: Variant, item: Any, direction: Direction) -> bool:
        """Whether `translate` answers without the networks."""
        key = _mark(item), variant.source, direction
        with self._remembering:
            return key in self._of_visitors

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
            for second in (True, False) if len(set_.method.switches) > 1 else (True,):
                rows = [set_.row(name, second) for name in set_.rows[:ROWS]]
                for variant, direction in product(filter(None, rows), set_.directions):
                    for index in range(len(set_.examples)):
                        yield title, variant, index, direction


def _stand_back(niceness: int) -> None:
    if sys.platform == "linux":  # Elsewhere the whole process would stand back.
        os.nice(niceness)


def _cache(limit: int, size: Callable[[Any], int]) -> LRUCache:
    """By bytes; what is larger than the whole cache takes all of it."""
    return LRUCache(limit, getsizeof=lambda value: min(size(value), limit))


def _weights(translator: Translator) -> int:
    return sum(p.numel() * p.element_size() for p in translator.model.parameters())


def _views(made: Translation) -> int:
    return sum(map(_bytes, made.views.values()))


def _bytes(item: Any) -> int:
    if isinstance(item, Image.Image):
        return item.width * item.height * len(item.getbands())
    return item.nbytes


def _mark(item: Any) -> tuple:
    """What tells one item from another: its content and its form."""
    array = np.ascontiguousarray(item)
    form = getattr(item, "mode", ""), array.shape, str(array.dtype)
    return *form, hashlib.sha256(array.data).digest()
