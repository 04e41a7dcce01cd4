"""A folder of recordings of two speakers as a lesson.

    trainA/ trainB/   sound files of either speaker, a minute of speech each at least
    testA/ testB/     the same sentences, if there are any: equal file names are the same sentence

Silence is cut, loudness levelled. Knows no network; files are opened in a process with walls.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ..core import listing
from ..core.config import Channels, Ranges
from ..core.figures import Figure
from ..core.sound import world
from ..core.sound.clip import SoundError
from ..core.sound.measures import FIGURES, OWN
from ..core.sound.medium import VOICE
from .data import DataError, UnpairedData
from .folder import Folder
from .lesson import Recipe
from .voices import Voices
from .voices.sides import unpaired

LEAST = 60.0
"""Seconds of speech a side."""

PIECE = 800
"""Columns, 4 s: of what is shown where nothing was held out."""

SHOWN = 8

ENDINGS = VOICE.endings - {".webm", ".mp4", ".mov"}
"""Of files that make a folder one of recordings; films alone do not."""


def files(folder: Path) -> list[Path]:
    """Sound files in a folder and its subfolders, in order."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file())


def is_here(name: str) -> bool:
    """Whether a name is a folder of recordings: both of its sides have sounds and no pictures."""
    return all(_are_sounds(Path(name) / side) for side in ("trainA", "trainB"))


def _are_sounds(side: Path) -> bool:
    found = False
    for path in side.rglob("*"):
        if path.suffix.lower() in listing.SUFFIXES:  # At once, as a rule.
            return False
        found = found or path.suffix.lower() in ENDINGS
    return found


class Recordings(Folder):
    """The recordings of a folder; `name` is its path."""

    medium = VOICE
    own = OWN
    headline = Voices.headline
    troubles = Voices.troubles
    sizes, largest = Voices.sizes, Voices.largest

    @property
    def figures(self) -> tuple[Figure, ...]:
        return FIGURES

    @property
    def recipe(self) -> Recipe:
        """That of the lesson of voices."""
        own = Voices().recipe
        training = replace(own.config.training, data=self.name)
        return replace(own, config=replace(own.config, domains=self.domains, training=training))

    def open(
        self,
        size: int,
        fit: str,
        channels: Channels | None = None,
        ranges: Ranges | None = None,
    ) -> UnpairedData:
        """Raises DataError for a side with too little speech, and where voices cannot be analysed;
        files that cannot be used are left out and named."""
        if not world.is_installed():
            raise DataError("Voices need the package pyworld-prebuilt: pip install it.")
        root, said = Path(self.name), []
        if not root.is_dir():
            raise DataError(f"{self.name} is no folder here.")
        train = [_side(root / f"train{letter}", size, said) for letter in "AB"]
        for letter, side in zip("AB", train, strict=True):
            seconds = sum(one.shape[1] for one in side.values()) * world.FRAME
            if seconds < LEAST:
                raise DataError(
                    f"{root / f'train{letter}'} has {seconds:.0f} s of speech; a minute of each "
                    "speaker is the least."
                )
        test = [_side(root / f"test{letter}", size, said) for letter in "AB"]
        x, y = (list(side.values()) for side in train)
        is_held_out = all(test)
        is_paired = is_held_out and list(test[0]) == list(test[1])
        if is_held_out:
            test_x, test_y = (list(side.values()) for side in test)
        else:
            test_x, test_y = _pieces(x), _pieces(y)
        return unpaired(
            self.domains,
            *(x, y, test_x, test_y),
            paired=is_paired,
            is_held_out=is_held_out,
            said=tuple(said),
        )


def _side(folder: Path, size: int, said: list[str]) -> dict[str, Tensor]:
    """Features by file name without its ending; what is left out is added to `said`."""
    found = {}
    for path in files(folder) if folder.is_dir() else ():
        try:
            features = torch.from_numpy(world.analyse(VOICE.opened(path)))
            if features.shape[1] < size:
                raise SoundError(f"{path.name} is shorter than {VOICE.words_of(size)}.")
        except SoundError as error:
            said.append(f"Left out: {error}")
            continue
        found[path.stem] = features
    return found


def _pieces(items: Sequence[Tensor]) -> list[Tensor]:
    """The beginnings of some items."""
    return [item[:, :PIECE] for item in items[:SHOWN]]
