"""The checkpoint sets that the page offers, their loaded networks, and what these made.

Knows how much may be kept in memory, and in which thread networks run; knows no components. What
visitors bring is opened in processes with limits (`core.confined`), before any lock is taken.
"""

import hashlib
import os
import secrets
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
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

from ..core import pictures, sound
from ..core.config import Direction, Domains
from ..core.media import PICTURES, Medium
from ..core.sound import Clip, SoundError
from ..inference.translator import LONGEST_SIDE, Translation, Translator
from ..lessons import Example
from ..methods import work
from ..store import checkpoints, opening
from ..store.catalogue import Model, Source
from . import ladders
from .drawn import Drawn
from .ladders import Ladder
from .lane import Lane, Turn
from .sets import ROWS, CheckpointSet, Variant, seeds_of, sets_in, weights_of
from .slack import Slack

MEMORY_LIMIT = 2 * 1024**3
"""Bytes of weights that stay loaded; beyond that, the networks used longest ago go first."""

EXAMPLES_LIMIT = 128 * 1024**2
"""Bytes of translated examples that are remembered; the bundled ones are about 40 MB."""

VISITORS_LIMIT, UPLOADS_LIMIT = 64 * 1024**2, 128 * 1024**2
"""Bytes of what was made of visitors' own pictures, and of these pictures: 160 large ones."""

STAND_BACK = {"examples": 5, "drawn": 5, "pictures": 10, "guests": 12}
"""By how much networks are nicer than the threads that answer; five points are a third of the CPU.
Without it, a class waited five times as long for answers that were there."""

OPENED_LIMIT = 4 * 2**30
"""Bytes on disk of models that visitors opened; beyond that, those opened longest ago go first."""

SHORTEST_SIDE = 96
"""Pixels: networks too heavy even for pictures of this side are not opened for visitors."""

MOST_READ, MOST_HEARD = 120.0, 15.0
"""Seconds of a visitor's recording that are read, and of speech in it that are translated."""

JUDGED, TRUTH_JUDGED = "judged", "truth_judged"
"""Among an example's figures: the mean patch scores of the discriminator of its target domain."""

GONE = "This model is not here any more, or belongs to somebody else; open it again under Models."


@dataclass(frozen=True)
class Upload:
    """A visitor's picture as large as networks are shown it, and the size that it came in."""

    picture: Image.Image
    size: tuple[int, int]

    @property
    def nbytes(self) -> int:
        return _bytes(self.picture)


@dataclass(frozen=True)
class Recording:
    """What a visitor spoke, without its silence and levelled, and sentences on what else is to be
    said of it."""

    clip: Clip
    notes: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        return self.clip.nbytes


class _Sets(dict):
    """Sets by their keys; one that is not there is answered with a sentence."""

    def __missing__(self, key: str) -> CheckpointSet:
        raise checkpoints.CheckpointError(GONE)


class Library:
    """All sets below some folders, the models that visitors opened, and the loaded networks.

    folders: each a set, or a folder of sets (nested folders of runs included).
    device: where networks run. memory: bytes of weights that stay loaded. opened: where what
    visitors open is written; a folder that goes with the library, without. heaviest: the most
    operations that a network of theirs may take for a picture; for a heavier one pictures are
    reduced, down to SHORTEST_SIDE. None for any.

    `sets` has those of the host by title, and those of visitors by a key that nobody can guess;
    `offered` are the host's.
    """

    def __init__(
        self,
        folders: Iterable[Path],
        device: torch.device | str = "cpu",
        memory: int = MEMORY_LIMIT,
        opened: Path | None = None,
        heaviest: float | None = None,
    ):
        self.device = torch.device(device)
        self._own = None if opened else tempfile.TemporaryDirectory(prefix="cyclegan-opened-")
        self._folder = opened or Path(self._own.name)
        self._heaviest = heaviest
        self.sets: dict[str, CheckpointSet] = _Sets()
        folders = [Path(folder) for folder in folders]
        self._ladders = [one for folder in folders for one in ladders.ladders_in(folder)]
        for set_ in (set_ for folder in folders for set_ in sets_in(folder)):
            alike = sum(other.title == set_.title for other in self.sets.values())
            self.sets[f"{set_.title} ({alike + 1})" if alike else set_.title] = set_
        self._guests: OrderedDict[str, int] = OrderedDict()
        self._changing = Lock()
        self._loading: dict[Source, Future] = {}
        self._loaded = _cache(memory, _weights)
        self._of_examples = _cache(EXAMPLES_LIMIT, _views)
        self._of_visitors = _cache(VISITORS_LIMIT, _views)
        self._uploads = _cache(UPLOADS_LIMIT, lambda sent: sent.nbytes)
        self._remembering = Lock()
        self._lanes = {kind: Lane(kind, niceness) for kind, niceness in STAND_BACK.items()}
        self._slack = Slack()

    @property
    def offered(self) -> list[str]:
        """Titles of the host's sets."""
        with self._changing:
            return [key for key in self.sets if key not in self._guests]

    def ladders_of(self, title: str) -> list[Ladder]:
        """The ladder that a visitor's set is, and the host's of the same lesson."""
        set_ = self.sets[title]
        own = ladders.of_set(set_)
        beside = [
            one
            for one in self._ladders
            if one.set_.lesson.name == set_.lesson.name
            and one.set_.is_from_noise == set_.is_from_noise
        ]
        return ([own] if own else []) + beside

    def begin_with(self, name: str) -> None:
        """Put the sets of a lesson first, or the set of a title; raises CheckpointError."""

        def fits(set_: CheckpointSet) -> bool:
            return name in (set_.lesson.name, set_.title)

        with self._changing:
            if not any(map(fits, self.sets.values())):
                listed = ", ".join(dict.fromkeys(s.lesson.name for s in self.sets.values()))
                raise checkpoints.CheckpointError(
                    f"No set here is of the lesson {name}; there are {listed}."
                )
            listed = sorted(self.sets.items(), key=lambda item: not fits(item[1]))
            self.sets.clear()
            self.sets.update(listed)

    def translator(self, source: Source) -> Translator:
        """The networks of a checkpoint, loaded once however many ask at the same moment.

        Each is loaded outside of any lock: one that takes long holds up nobody else's.
        """
        with self._remembering:
            if source in self._loaded:
                return self._loaded[source]
            loading = self._loading.get(source)
            is_first = loading is None
            if is_first:
                loading = self._loading[source] = Future()
        if not is_first:
            return loading.result()
        try:
            found = Translator(source.load(), self.device)
            with self._remembering:
                self._loaded[source] = found
            loading.set_result(found)
            return found
        except BaseException as error:
            loading.set_exception(error)
            raise
        finally:
            with self._remembering:
                del self._loading[source]

    def in_turn(
        self,
        kind: Literal["examples", "drawn", "pictures", "guests"],
        function: Callable,
        *arguments,
        turn: Turn = ("", False),
    ) -> Any:
        """Call what runs networks in the one thread for its kind; returns what it returns.

        turn: of those that wait, each has theirs.

        More at once are no faster on a CPU, and every thread that ever ran networks would keep
        buffers of its own. But an example, which is small and remembered, and what is being drawn,
        which is small and looked at, are not to wait for a visitor's picture, which may take
        seconds, and neither for a visitor's network, which may take any time.
        """

        def do():
            try:
                return function(*arguments)
            finally:
                self._slack.give_back()

        # A shared GPU knows the visitor by the context.
        return self._lanes[kind].do(turn, copy_context().run, do)

    def add(
        self, model: Model, domains: Domains | None = None, image_size: int | None = None
    ) -> str:
        """Open a model that a visitor named; returns the key it has from now on.

        domains, image_size: for foreign files, which do not say. Raises CheckpointError or
        ConfigError.
        """
        key, set_ = self._open(model, domains, image_size, self._heaviest)
        folder = self._folder / key
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        with self._changing:
            self.sets[key] = set_
            self._guests[key] = size
            oldest = list(self._guests)[:-1]
        for old in oldest:
            with self._changing:
                is_full = sum(self._guests.values()) > OPENED_LIMIT
            if is_full:
                self.forget(old)
        return key

    def offer(self, model: Model) -> str:
        """Open a model that the host named, for everybody; returns its title."""
        _, set_ = self._open(model)
        with self._changing:
            alike = sum(other.title == set_.title for other in self.sets.values())
            title = f"{set_.title} ({alike + 1})" if alike else set_.title
            self.sets[title] = replace(set_, title=title, is_guest=False)
        return title

    def _open(
        self,
        model: Model,
        domains: Domains | None = None,
        image_size: int | None = None,
        heaviest: float | None = None,
    ) -> tuple[str, CheckpointSet]:
        """A new key, by which its folder is called, and what a model opens as."""
        key = secrets.token_urlsafe(16)
        folder = self._folder / key
        is_foreign = any(source.is_foreign for source in model.sources)
        try:
            sources = [
                self._converted(source, folder / str(i), domains, image_size)
                for i, source in enumerate(model.sources)
            ]
            variants = tuple(self._opened(source, heaviest) for source in sources)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        said = [f"{domains.x} → {domains.y}" if domains else "", image_size and f"{image_size} px"]
        details = ", ".join(filter(None, said)) if is_foreign else ""
        title = f"{model.name} ({details})" if details else model.name
        set_ = CheckpointSet(title, model.folder, variants, is_guest=True)
        _ = set_.examples  # Read now, in this visitor's time.
        return key, set_

    def _converted(
        self, source: Source, folder: Path, domains: Domains | None, image_size: int | None
    ) -> Source:
        if not source.is_foreign:
            return source
        opening.convert(source.paths, folder, domains, image_size)
        return Source((folder,))

    def _opened(self, source: Source, heaviest: float | None) -> Variant:
        config = checkpoints.read_config(source.paths[0])
        longest = LONGEST_SIDE
        if heaviest is not None and (asked := work(config, longest)) > heaviest:
            longest = int(longest * (heaviest / asked) ** 0.5) // 32 * 32
        if longest < SHORTEST_SIDE:
            raise checkpoints.CheckpointError(
                f"{source.name} is too large a network for this page: {config.generator.words}. On "
                "a machine of your own, python app.py opens it."
            )
        networks = self.translator(source)
        folder = source.paths[0]
        of = {"seeds": seeds_of(folder), "weights": weights_of(folder, config)}
        metrics = checkpoints.read_metrics(folder)
        return Variant(source, networks.config, metrics, networks.directions, longest, **of)

    def forget(self, key: str) -> None:
        """Let go of a model that a visitor opened."""
        with self._changing:
            if self._guests.pop(key, None) is None:
                return
            del self.sets[key]
        shutil.rmtree(self._folder / key, ignore_errors=True)

    def is_guest(self, key: str) -> bool:
        """Whether a visitor opened it."""
        return key in self._guests

    def on_cpu(self) -> "Library":
        """The same sets with networks on the CPU."""
        if self.device.type == "cpu":
            return self
        other = Library([], "cpu")
        other.sets = self.sets
        return other

    def load_all(self) -> None:
        """Load every network now: on a shared GPU each call starts from what is loaded here."""
        offered = [self.sets[key] for key in self.offered]
        for set_ in [*offered, *(ladder.set_ for ladder in self._ladders)]:
            for variant in set_.variants:
                self.translator(variant.source)

    def upload(self, path: str | Drawn, name: str = "Your file") -> Upload:
        """A visitor's picture, decoded once, or what they drew; `name` stands in messages.

        Raises ImageError.
        """
        if isinstance(path, Drawn):
            return Upload(path.picture, path.size)

        def opened() -> Upload:
            found = pictures.open_confined(path, name, LONGEST_SIDE)
            return Upload(found.picture, found.came)

        try:
            return self._opened_once(path, PICTURES, opened)
        except OSError as error:
            sentence = "Your picture is no longer kept here; choose it once more."
            raise pictures.ImageError(sentence) from error

    def recording(self, path: str, medium: Medium, name: str = "Your recording") -> Recording:
        """What a visitor spoke, or the sound of a film of theirs, decoded once, as a medium takes
        it; `name` stands in messages.

        Raises SoundError.
        """

        def opened() -> Recording:
            found = sound.load(path, MOST_READ, name)
            spoken = sound.cleaned(found.clip, name)
            notes = []
            if spoken.seconds > MOST_HEARD:
                spoken = Clip(spoken.samples[: round(MOST_HEARD * spoken.rate)], spoken.rate)
                notes.append(f"{name} is long: its first {MOST_HEARD:.0f} s of speech are taken.")
            if found.damaged:
                notes.append(f"{name} is damaged in places, which were passed over.")
            return Recording(medium.held(medium.kept(spoken, 1)), tuple(notes))

        try:
            return self._opened_once(path, medium, opened)
        except OSError as error:
            sentence = "Your recording is no longer kept here; record it once more."
            raise SoundError(sentence) from error

    def _opened_once(self, path: str, medium: Medium, opened: Callable[[], Any]) -> Any:
        """What a visitor sent, remembered for a while; raises OSError where it is gone."""
        key = path, os.stat(path).st_mtime_ns, medium.name
        with self._remembering:
            if key in self._uploads:
                return self._uploads[key]
        found = opened()
        with self._remembering:
            return self._uploads.setdefault(key, found)

    def translate(self, variant: Variant, item: Any, direction: Direction) -> Translation:
        """What a variant makes of a visitor's own item, remembered for a while."""
        key = _mark(item), variant.source, direction
        return self._remembered(self._of_visitors, key, variant, lambda: item)

    def translate_example(
        self, title: str, variant: Variant, index: int, direction: Direction
    ) -> Translation:
        """What a variant makes of example `index` of a set, remembered from the first time on.

        Where the set has a judge, what it thinks of that and of the truth is among the figures.
        """

        def example() -> Example:
            return self.sets[title].examples[index]

        def item():
            return self.sets[title].lesson.medium.held(example().original(direction))

        def judged(made: Translation) -> Translation:
            judge, _ = self.judge(self.sets[title], direction)
            if judge is None or judge.medium is not PICTURES:
                return made
            truth = judge.medium.held(example().truth(direction))
            seen = {JUDGED: made.translation, TRUTH_JUDGED: truth}
            of = {k: judge.patch_scores(p, direction).mean for k, p in seen.items()}
            return replace(made, figures={**made.figures, **of})

        key = title, index, variant.source, direction
        return self._remembered(self._of_examples, key, variant, item, judged)

    def judge(self, set_: CheckpointSet, direction: Direction) -> tuple[Translator | None, str]:
        """Whose discriminator judges all translations of a set in a direction, so that scores can
        be compared, and the variant's name: the first that ships one, those with all switches on
        before others."""
        for variant in sorted(set_.variants, key=lambda v: v.switches, reverse=True):
            folder = variant.source.paths[0]
            if variant.method.judge(direction) in checkpoints.shipped(folder):
                return self.translator(variant.source), variant.name
        return None, ""

    def _remembered(
        self,
        cache: LRUCache,
        key: tuple,
        variant: Variant,
        item: Callable[[], Any],
        then: Callable[[Translation], Translation] = lambda made: made,
    ) -> Translation:
        with self._remembering:
            if key in cache:
                return cache[key]
        made = then(self.translator(variant.source).translate(item(), key[-1], variant.longest))
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
        for title, set_ in [(key, self.sets[key]) for key in self.offered]:
            rows = set_.rows(set_.without, set_.names[:ROWS])
            near = [row.variant for row in rows if row.variant]
            method = set_.method
            own = [v for v in set_.variants if v.method is method and method.switches]
            others = [v for v in own if method.is_plain(v.config.objective) and v not in near]
            for variant, direction in product([*near, *others], set_.directions):
                for index in range(len(set_.examples)):
                    yield title, variant, index, direction


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
