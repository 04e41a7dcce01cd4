"""Voices as a medium: held as clips, kept as WORLD's features (`world`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageColor
from torch import Tensor, nn
from torch.nn import functional

from .. import containers, palette
from ..figures import Figure
from ..media import Medium
from . import opening, world, writing
from .cleaning import cleaned
from .clip import Clip, SoundError
from .measures import CYCLE_ERROR, IDENTITY_ERROR, spoken
from .neither import remark

LEARNED = world.COEFFICIENTS

LONGEST = 300.0
"""Seconds of a file."""


@dataclass(frozen=True, eq=False)
class Synthesised(Clip):
    """A clip that was made of features, with these: (27, T)."""

    features: np.ndarray = None


class Voice(Medium):
    """Clips; kept as float32 (27, T), a column every 5 ms, as `world` has them.

    Networks learn from the 24 coefficients of training items, which are relative to their speaker's
    mean and deviation. Held-out items are whole, absolute, and as long as the longest of them:
    behind its end an item has NaN.
    """

    name = "voice"
    called = "recording"
    is_heard = True
    pipeline = "audio-to-audio"
    unit = "frames"
    ending = ".flac"
    endings = frozenset(
        (
            *(".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".aif", ".aiff"),
            *(".webm", ".mp4", ".mov"),
        )
    )
    figures: tuple[Figure, ...] = (CYCLE_ERROR, IDENTITY_ERROR)

    @property
    def missing(self) -> str:
        if not world.is_installed():
            return "pyworld-prebuilt"
        return "" if containers.is_installed() else "av"

    def to_kept(self, made: Tensor) -> Tensor:
        return made.detach().float().cpu()

    def of_side(self, kept: Tensor, side: int) -> Tensor:
        return torch.cat(
            [kept[: world.WHOSE], torch.full_like(kept[:1], side), kept[world.NOISE :]]
        )

    def held(self, kept: Tensor) -> Clip:
        """Raises SoundError without its package."""
        features = spoken(kept.numpy())
        clip = world.synthesise(features)
        return Synthesised(clip.samples, clip.rate, features)

    def kept(self, held: Clip, channels: int) -> Tensor:
        """Raises SoundError for a clip that cannot be analysed, or without its package."""
        of_features = isinstance(held, Synthesised)
        return torch.from_numpy(held.features if of_features else world.analyse(held))

    def unlike(self, kept: Tensor, network: nn.Module) -> str:
        known = (network.means.cpu().numpy(), network.deviations.cpu().numpy())
        return remark(kept.numpy(), *known, int(network.target))

    def opened(self, path: Path) -> Clip:
        """What is spoken in a file, without silence and at an even loudness; raises SoundError."""
        return cleaned(self.recorded(path, path.name), path.name)

    def recorded(self, path: Path, name: str) -> Clip:
        """All that a file holds. name: stands in messages. Raises SoundError."""
        found = opening.load(path, LONGEST, name)
        if found.is_longer:
            raise SoundError(f"{name} lasts more than {LONGEST:g} s; cut it shorter.")
        return found.clip

    def written(self, held: Clip) -> bytes:
        return writing.flac(held)

    def draw(self, kept: Tensor) -> Image.Image:
        return draw(kept.numpy())

    def cut(self, item: Tensor, size: int, random: torch.Generator) -> Tensor:
        """`size` columns of the coefficients alone: the rest is not learned."""
        start = int(torch.randint(item.shape[1] - size + 1, (), generator=random))
        return item[:LEARNED, start : start + size]

    def middle(self, item: Tensor, size: int) -> Tensor:
        start = (item.shape[1] - size) // 2
        return item[:LEARNED, start : start + size]

    def plain(self, part: Tensor, sides: tuple[Tensor, Tensor], side: int) -> Tensor:
        """Coefficients (24, T) that are relative to a speaker, as they are: (27, T), of which the
        other rows are empty. sides: means and deviations of both speakers."""
        mean, deviation = (of[side, :LEARNED, None] for of in sides)
        rest = torch.zeros(world.ROWS - LEARNED, part.shape[1])
        return torch.cat([part * deviation + mean, rest])

    def beginning(self, item: Tensor, seconds: float) -> Tensor:
        return item[:, : round(seconds / world.FRAME)]

    def words_of(self, size: int) -> str:
        return f"{size * world.FRAME:.1f} s".replace(".0 s", " s")

    def words_of_held_out(self, size: int) -> str:
        return f"up to {self.words_of(size)}"

    def held_out(
        self, x: Sequence[Tensor], y: Sequence[Tensor], size: int
    ) -> tuple[Tensor, Tensor]:
        longest = max(item.shape[1] for item in (*x, *y))
        sides = ([self.of_side(one, i) for one in side] for i, side in enumerate((x, y)))
        return tuple(torch.stack([_ended(one, longest) for one in side]) for side in sides)


def _ended(item: Tensor, length: int) -> Tensor:
    return functional.pad(item, (0, length - item.shape[1]), value=torch.nan)


VOICE = Voice()

SIDE = 128
"""Pixels of a drawing's sides, whatever the item's length."""

RANGE = 7.0
"""From paper to ink, in nepers: 60 dB."""


def draw(features: np.ndarray) -> Image.Image:
    """(C, T) as people see it: time to the right, the mel scale upward, loud parts dark. Of
    coefficients alone, which are relative, these: the first one below, high ones dark."""
    known = spoken(features)
    coefficients = known[:LEARNED]
    if len(features) == LEARNED:
        ink = np.clip(0.5 + coefficients / 6, 0, 1)[::-1]
    else:
        bands = (np.arange(SIDE) + 0.5) / SIDE
        levels = np.cos(np.pi * np.arange(LEARNED) * bands[:, None]) @ coefficients
        ink = np.clip(1 + (levels - levels.max()) / RANGE, 0, 1)[::-1]
    paper, dark = (np.array(ImageColor.getrgb(c)) for c in (palette.PAPER, palette.INK))
    pixels = paper + (dark - paper) * ink[..., None]
    picture = Image.fromarray(pixels.round().astype(np.uint8))
    return picture.resize((SIDE, SIDE), Image.Resampling.BOX)
