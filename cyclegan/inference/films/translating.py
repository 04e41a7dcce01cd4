"""A whole film through several variants, from its first frame to its last, or as far as it gets."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from PIL import Image
from torch import Tensor

from ...core import figures, images, sheets
from ...core.config import Direction
from ...core.films import Film, FilmError, Frame, Sound, Writer
from ...core.media import PICTURES
from ..translator import Translator
from . import motion
from .motion import Motion
from .screen import Screen
from .steady import Frames

SHOWN = ("original", "made", "back")
"""Keys of the views that a film has, where a variant makes them."""

REHEARSED = 3
"""Frames that are timed before a film is begun; one, where it takes longer than PATIENCE."""

PATIENCE = 4.0
"""Seconds."""


@dataclass(frozen=True)
class Row:
    """A line of the film: its title, and what makes it."""

    title: str
    translator: Translator


class Rehearsal(NamedTuple):
    """Seconds that a frame takes, and how the first one looks."""

    seconds: float
    picture: Image.Image


@dataclass
class Tally:
    """Of one row's translations so far.

    flicker: sum over pairs of frames whose motion is known, of which there are `pairs`, of the mean
        |moved G(x) − next G(x)|, 0–255: `figures.warping_error` along whatever motion it was.
    gradient: sum of `figures.gradient` over `frames`.
    """

    flicker: float = 0.0
    pairs: int = 0
    gradient: float = 0.0
    frames: int = 0


@dataclass(frozen=True)
class Done:
    """What became of a film.

    path: where it lies; None where it has no frame. frames, seconds: its length. is_whole: whether
    it is all of it. why: a sentence on what ended it before, or "". flicker, gradient: means a
    row, as in `Tally`; None where no motion was known.
    """

    path: Path | None
    frames: int
    seconds: float
    is_whole: bool
    why: str = ""
    flicker: tuple[float | None, ...] = ()
    gradient: tuple[float, ...] = ()


class Translating:
    """Raises FilmError where the rows cannot show the same views of a film."""

    def __init__(
        self, film: Film, rows: Sequence[Row], direction: Direction = "xy", is_steady: bool = False
    ):
        self.film, self.rows, self.is_steady = film, rows, is_steady
        self.direction: Direction = direction
        for row in rows:
            _check(row.translator, direction)
        shared = [{view.key for view in row.translator.views(direction)} for row in rows]
        listed = rows[0].translator.views(direction)
        self._views = [v for v in listed if v.key in SHOWN and all(v.key in of for of in shared)]
        self._keys = [view.key for view in self._views if view.network]
        heads = [sheets.Head(view.formula, view.name) for view in self._views]
        titles = [row.title for row in rows]
        self.screen = Screen(heads, titles, film.facts.size)

    def rehearse(self) -> Rehearsal:
        """By the first frame: translated, drawn, and written nowhere."""
        frame = next(one for one in self.film if isinstance(one, Frame))
        show = self._show()
        began = perf_counter()
        picture = show(frame, [])  # Memory is found and kernels are chosen.
        if perf_counter() - began > PATIENCE:
            return Rehearsal(perf_counter() - began, picture)
        found = []
        for _ in range(REHEARSED):
            began = perf_counter()
            show(frame, [])
            found.append(perf_counter() - began)
        return Rehearsal(float(np.median(found)), picture)

    def run(
        self,
        path: Path,
        told: Callable[[int], None] = lambda frames: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Done:
        """Write the film `path`, an .mp4.

        told: after each frame, how many there are. cancelled: asked before each. Whatever ends it,
        what is finished is kept (see `core.films.writing`). Raises FilmError where nothing can be
        written at all.
        """
        facts = self.film.facts
        writer = Writer(path, self.screen.size, facts.rate, facts.sound_rate, facts.channels)
        tallies = [Tally() for _ in self.rows]
        show, sounds, why = self._show(), [], ""
        try:
            for one in self.film:
                if cancelled():
                    why = "It was stopped."
                    break
                if isinstance(one, Sound):
                    sounds.append(one)
                    continue
                writer.add(Frame(show(one, tallies), one.time))
                while sounds and sounds[0].time <= one.time:
                    writer.add(sounds.pop(0))
                told(writer.frames)
            if not why:
                for sound in sounds:
                    writer.add(sound)
        except FilmError as error:
            why = str(error)
        except BaseException:
            writer.end(is_whole=False)
            raise
        if not writer.frames and not why:
            why = f"{self.film.name} holds no frame that can be read."
        kept = writer.end(is_whole=not why)
        return Done(
            kept,
            writer.frames,
            writer.seconds,
            not why,
            why,
            tuple(t.flicker / t.pairs if t.pairs else None for t in tallies),
            tuple(t.gradient / max(1, t.frames) for t in tallies),
        )

    def _show(self) -> Callable[[Frame, list[Tally]], Image.Image]:
        """What shows frames, in their order; it keeps what it needs of the one before."""
        makers = [
            Frames(row.translator, self.direction, self._keys, self.is_steady) for row in self.rows
        ]
        before: Frame | None = None
        shown: list[Tensor] = []

        def show(frame: Frame, tallies: list[Tally]) -> Image.Image:
            nonlocal before, shown
            moved = self._motion(before, frame)
            made = [maker.take(self._given(row, frame), moved) for maker, row in self._each(makers)]
            lines = [self._line(frame, one) for one in made]
            if tallies:
                now = [images.to_bytes(one["made"]) for one in made]
                for tally, is_, was in zip(tallies, now, shown or now, strict=True):
                    if moved is not None:
                        tally.flicker += flicker(was, is_, moved)
                        tally.pairs += 1
                    tally.gradient += figures.gradient(is_[0].permute(1, 2, 0).numpy())
                    tally.frames += 1
                shown = now
            before = frame
            return self.screen.draw(lines)

        return show

    def _each(self, makers: list[Frames]) -> Iterator[tuple[Frames, Row]]:
        return zip(makers, self.rows, strict=True)

    def _motion(self, before: Frame | None, frame: Frame) -> Motion | None:
        """Since the frame before, where it is known, or wanted."""
        if before is None:
            return None
        if frame.moved is not None:
            return motion.known(frame.picture.size, frame.moved)
        return motion.estimated(before.picture, frame.picture) if self.is_steady else None

    def _given(self, row: Row, frame: Frame) -> Tensor:
        channels = row.translator.channels(self.direction)
        picture = images.with_channels(frame.picture, channels)
        return images.to_tensor(picture).to(row.translator.device)

    def _line(self, frame: Frame, made: dict[str, Tensor]) -> list[Image.Image]:
        return [
            images.to_pictures(made[view.key])[0] if view.network else frame.picture
            for view in self._views
        ]


def flicker(before: Tensor, now: Tensor, moved: Motion) -> float:
    """Mean |moved before − now|, 0–255, over what both show: `figures.warping_error` along any
    motion. before, now: (1, C, H, W) uint8."""
    both = moved.trust > 0.5
    differs = (moved.warped(before.float()).round() - now.float()).abs().mean(1)[0]
    return float(differs[both].mean()) if bool(both.any()) else 0.0


def _check(translator: Translator, direction: Direction) -> None:
    """Raise FilmError for what does not translate pictures."""
    if translator.medium is not PICTURES or translator.is_deep:
        raise FilmError("Films are of pictures in grey or RGB with 8 bits, and this model is not.")
    if translator.is_from_noise:
        raise FilmError("This model makes its pictures of noise, and so takes no film.")
    if direction not in translator.directions:
        raise FilmError(f"This model has no generator for the direction {direction}.")
