"""A folder of recordings of two speakers as a lesson.

    trainA/ trainB/   sound files of either speaker, a minute of speech each at least
    testA/ testB/     the same sentences, if there are any: equal file names are the same sentence

Silence is cut, loudness levelled. Without test recordings, the end of what each says is held out,
as far as a minute is left. Knows no network; files are opened in a process with walls.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ..core import listing
from ..core.config import Channels, Ranges
from ..core.figures import Figure
from ..core.listing import LeftOut
from ..core.sound import world
from ..core.sound.cleaning import cleaned
from ..core.sound.clip import Clip, SoundError
from ..core.sound.measures import FIGURES, OWN
from ..core.sound.medium import VOICE
from .data import DataError, UnpairedData
from .folder import Folder
from .lesson import Recipe
from .voices import Voices
from .voices.sides import unpaired

LEAST = 60.0
"""Seconds of speech a side."""

SHARE, PIECE, SHOWN = 10, 600, 8
"""A tenth of a side is held out: in pieces of 600 columns, 3 s, and of these at most 8."""

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
        root, left_out = Path(self.name), []
        if not root.is_dir():
            raise DataError(f"{self.name} is no folder here.")
        train = [_side(root / f"train{letter}", size, left_out) for letter in "AB"]
        for letter, side in zip("AB", train, strict=True):
            seconds = sum(one.shape[1] for one in side.values()) * world.FRAME
            check(str(root / f"train{letter}"), seconds, left_out)
        test = [_side(root / f"test{letter}", size, left_out) for letter in "AB"]
        x, y = (list(side.values()) for side in train)
        apart = [_apart(side, size) for side in (x, y)]
        ends = all(held for _, held in apart)
        if all(test):
            test_x, test_y = (list(side.values()) for side in test)
        elif ends:
            (x, test_x), (y, test_y) = apart
        else:
            test_x, test_y = ([one[:, :PIECE] for one in side[:SHOWN]] for side in (x, y))
        return unpaired(
            self.domains,
            *(x, y, test_x, test_y),
            paired=all(test) and list(test[0]) == list(test[1]),
            is_held_out=all(test) or ends,
            said=(f"Left out: {listing.tell(left_out)}.",) if left_out else (),
        )


def speech(path: Path, size: int, name: str) -> Clip:
    """What is spoken in a file. name: stands in messages.

    Raises SoundError, also for less than the `size` columns that networks are shown.
    """
    found = cleaned(VOICE.recorded(path, name), name)
    if found.seconds < size * world.FRAME:
        raise SoundError(f"{name} has less than {VOICE.words_of(size)} of speech.")
    return found


def check(whose: str, seconds: float, left_out: Sequence[LeftOut] = ()) -> None:
    """Raise DataError where a side has too little speech, and say what of it was left out."""
    if seconds >= LEAST:
        return
    why = f" Left out: {listing.tell(left_out)}." if left_out else ""
    raise DataError(
        f"{whose} has {int(seconds)} s of speech, once silence is cut; {LEAST:.0f} s of each "
        f"speaker are the least.{why}"
    )


def _side(folder: Path, size: int, left_out: list[LeftOut]) -> dict[str, Tensor]:
    """Features by file name without its ending."""
    found = {}
    for path in files(folder) if folder.is_dir() else ():
        try:
            features = world.analyse(speech(path, size, path.name))
        except SoundError as error:
            left_out.append(listing.complaint(path.name, error))
            continue
        found[path.stem] = torch.from_numpy(features)
    return found


def _apart(items: Sequence[Tensor], size: int) -> tuple[list[Tensor], list[Tensor]]:
    """What is left for training, and what is held out: the last pieces of what is said, and the
    whole of items that are as short."""
    rest, held = list(items), []
    columns = sum(item.shape[1] for item in items)
    spare = min(columns // SHARE, columns - round(LEAST / world.FRAME))
    while len(held) < SHOWN and rest:
        last = rest.pop()
        cut = last.shape[1] - PIECE if last.shape[1] >= PIECE + size else 0
        spare -= last.shape[1] - cut
        if spare < 0:
            return [*rest, last], held
        held.insert(0, last[:, cut:])
        if cut:
            rest.append(last[:, :cut])
    return rest, held
