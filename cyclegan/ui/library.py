"""The checkpoint sets that the page offers, their examples, and their loaded networks.

Knows where sets lie and which variant answers to which switches; knows no components.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock

import torch
from PIL import Image

from .. import checkpoints, images
from ..config import Config, Domains
from ..inference import Direction, Translation, Translator

EXAMPLES = "examples"


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
    """One checkpoint of a set, before its networks are loaded."""

    folder: Path
    config: Config
    metrics: dict

    @property
    def name(self) -> str:
        return self.config.objective.name

    @property
    def switches(self) -> tuple[bool, bool]:
        """(cycle terms, identity term) on or off."""
        return self.config.objective.has_cycle, bool(self.config.objective.identity)


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
        exact = [v for v in wanted if v.switches[1] == identity]
        return next(iter(exact or wanted), None)

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


class Library:
    """All sets below some folders, and the networks that were asked for.

    folders: each a set, or a folder of sets (nested folders of runs included).
    device: where networks run.
    """

    def __init__(self, folders: Iterable[Path], device: torch.device | str = "cpu"):
        self.device = device
        found = [set_ for folder in folders for set_ in _sets_in(Path(folder))]
        self.sets: dict[str, CheckpointSet] = {}
        for set_ in found:
            alike = sum(other.title == set_.title for other in self.sets.values())
            self.sets[f"{set_.title} ({alike + 1})" if alike else set_.title] = set_
        self._loading = Lock()
        self._loaded = lru_cache(maxsize=32)(self._load)
        self._of_example = lru_cache(maxsize=256)(self._translate_example)

    def translator(self, folder: Path) -> Translator:
        """The networks of a checkpoint, loaded once however many ask at the same moment."""
        with self._loading:
            return self._loaded(folder)

    def _load(self, folder: Path) -> Translator:
        return Translator(checkpoints.load(folder), self.device)

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
                self.translator(variant.folder)

    def translate(
        self, variant: Variant, picture: Image.Image, direction: Direction
    ) -> Translation:
        """What a variant makes of a visitor's picture."""
        return self.translator(variant.folder).translate(picture, direction)

    def translate_example(
        self, title: str, variant: Variant, index: int, direction: Direction
    ) -> Translation:
        """What a variant makes of example `index` of a set, remembered from the first time on."""
        return self._of_example(title, variant.folder, index, direction)

    def _translate_example(self, title: str, folder: Path, index: int, direction: Direction):
        picture = self.sets[title].examples[index].original(direction)
        return self.translator(folder).translate(picture, direction)


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
            config = checkpoints.read_config(child)
            metrics = child / checkpoints.METRICS
            figures = checkpoints.read_json(metrics) if metrics.exists() else {}
        except checkpoints.CheckpointError as error:
            logging.warning("Left out: %s", error)
            continue
        # A run that is still under way is not offered.
        if config.facts.get("steps") == config.training.steps:
            variants.append(Variant(child, config, figures))
    if not variants:
        return None
    return CheckpointSet(_title(folder), folder, tuple(variants))


def _title(folder: Path) -> str:
    """A bundled set's name, else the last two parts of its path: "runs/horses"."""
    resolved = folder.resolve()
    if resolved.parent == checkpoints.BUNDLED:
        return resolved.name
    return "/".join(resolved.parts[-2:])
