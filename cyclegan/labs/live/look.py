"""What both arms make of the same few held-out items: one frame for the eye, figures for curves.

One pass serves both. The newest frame is a single lossless file, replaced in one move, so that both
arms are always shown at the same step; what the arms made is kept as well (reel.py). What can be
heard is kept of one item, and less often (listens.py): a voice takes longer than a drawing.
"""

import re
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from ... import methods
from ...core import files, sheets
from ...core.config import Config
from ...core.sound.clip import Clip
from ...inference import evaluation
from ...lessons import HeldOut, UnpairedData
from ...methods import Method, View
from ...training import setup
from ...training.trainer import Trainer
from . import listens, reel, stored

FRAME = "frame.png"

MAX_BYTES, MAX_PIXELS, MOST_TILES = 2**26, 2**24, 100
"""Of a frame that is read back: bytes, pixels, and tiles in a row or a column."""

VIEW = re.compile(r"[\w.+-]{1,64}")
"""The key of a view."""

SHOWN, PROBED = 4, 8
"""Held-out items of a frame, and those that the figures are means of (the shown among them)."""

ACROSS, DOWN = 8, 3
"""Samples of a frame, where all is made of noise: one tile an arm holds them."""


@dataclass(frozen=True)
class Frame:
    """What is seen at one step. Rows of pictures, one a held-out input; of noise, one in all.

    inputs: x, empty where all is made of noise. arms: of either arm, pictures by the key of a view,
        such as "made" for G(x).
    truths: y where the items are pairs, or empty.
    held_out: whether the inputs were kept from training; older frames do not say.
    """

    step: int
    inputs: list[Image.Image]
    arms: tuple[dict[str, list[Image.Image]], dict[str, list[Image.Image]]]
    truths: list[Image.Image]
    held_out: bool | None = None

    @property
    def made(self) -> bytes:
        """What both arms made, as the frames that are kept (reel.py)."""
        columns = [column for arm in self.arms for column in arm.values()]
        return reel.encoded(reel.sheet(list(zip(*columns, strict=True))))


def views_shown(method: Method, config: Config, held: HeldOut) -> tuple[View, ...]:
    """What a frame shows of each arm: what networks make, but for what takes a pass of its own."""
    slow = {f.key for f in held.figures if not f.is_quick}
    views = method.live_views(config, method.directions(config)[0])
    return tuple(v for v in views if v.network and v.figure not in slow)


class Looker:
    """Looks at trainers through the same few held-out items again and again.

    configs: of either arm. draw: a kept item as people see it.
    """

    def __init__(
        self,
        data: UnpairedData,
        configs: Sequence[Config],
        draw: Callable[[Tensor], Image.Image],
    ):
        config, method = configs[0], methods.find(configs[0].method)
        self.direction = method.directions(config)[0]
        self.from_noise = method.is_from_noise(config)
        count = setup.PROBED_FROM_NOISE if self.from_noise else PROBED
        self.held = data.held_out(config.image_size, count).every_other_first()
        known = data.trained(config.image_size, self.direction) if self.from_noise else None
        self.trained = known
        self.is_held_out = data.is_held_out
        self.configs, self.draw = configs, draw
        self.views = [view.key for view in views_shown(method, config, self.held)]
        medium = self.held.medium
        self.is_heard = medium.is_heard and not medium.missing
        self._heard: dict[str, Tensor] = {}

    def look(self, folder: Path, trainers: list[Trainer]) -> list[dict[str, float]]:
        """Write the frame of this step into `folder`, and keep it; returns each arm's figures.

        Figures are there where there are two held-out items of either side; those that need the
        truth, where they are pairs.
        """
        held, figures, columns = self.held, [], []
        for arm, trainer, config in zip("ab", trainers, self.configs, strict=True):
            look = trainer.networks, trainer.method, config, held, trainer.device, self.views
            kept, found = evaluation.glance(*look, self.direction, self.trained)
            columns += [self._tiles(kept[key]) for key in self.views]
            self._heard |= {f"{arm}-{key}": kept[key][0] for key in self.views}
            figures.append(found)
        made, tiles = columns, columns
        if not self.from_noise:
            truths = [self._tiles(held.y)] if held.paired else []
            tiles = [self._tiles(held.x), *made, *truths]
        picture = sheets.grid(list(zip(*tiles, strict=True)))
        notes = PngInfo()
        for name, value in (
            ("step", trainers[0].steps_done),
            ("rows", len(tiles[0])),
            ("columns", len(tiles)),
            ("views", " ".join(self.views)),
            ("held_out", "yes" if self.is_held_out else "no"),
        ):
            notes.add_text(name, str(value))
        files.write_atomically(
            folder / FRAME,
            lambda path: picture.save(path, "PNG", pnginfo=notes, compress_level=1),
        )
        side = reel.SIDE * (ACROSS if self.from_noise else 1)
        sheet = reel.sheet(list(zip(*made, strict=True)), side)
        reel.keep(folder, trainers[0].steps_done, sheet)
        return figures

    def listen(self, folder: Path, step: int) -> None:
        """Keep what both arms made of the first item at the last look, to be heard."""
        given = {"x": self.held.x[0], **({"y": self.held.y[0]} if self.held.paired else {})}
        if not listens.steps(folder):
            listens.keep_given(folder, self._clips(given))
        listens.keep(folder, step, self._clips(self._heard))

    def _clips(self, items: Mapping[str, Tensor]) -> dict[str, Clip]:
        medium, most = self.held.medium, listens.SECONDS
        return {name: medium.held(medium.beginning(one, most)) for name, one in items.items()}

    def _tiles(self, items: Tensor) -> list[Image.Image]:
        """Pictures of a column: of the first items, or one of many samples."""
        if not self.from_noise:
            return [self.draw(each) for each in items[:SHOWN]]
        drawn = [self.draw(each) for each in items[: ACROSS * DOWN]]
        across = min(ACROSS, len(drawn))
        return [sheets.grid([drawn[i : i + across] for i in range(0, len(drawn), across)])]


def read_frame(folder: Path) -> Frame | None:
    """The newest frame of a live training; None before the first, and where it is damaged."""
    path = folder / FRAME
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return None
        with Image.open(path, formats=["PNG"]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return None
            picture.load()
            return _cut(picture.convert("RGB"), picture.text)
    # What Pillow raises of damaged files, and what a note raises that is missing or no number.
    except (OSError, SyntaxError, ValueError, KeyError, struct.error, zlib.error):
        return None
    except Image.DecompressionBombError:
        return None


def _cut(sheet: Image.Image, notes: dict[str, str]) -> Frame | None:
    """A frame out of its one picture; None, KeyError or ValueError where the notes do not fit."""
    rows, step = int(notes["rows"]), int(notes["step"])
    if not (1 <= rows <= MOST_TILES and 0 <= step <= stored.MOST):
        return None
    height = max(1, sheet.height // rows)
    # Older frames are of square tiles, and of these views.
    columns = int(notes["columns"]) if "columns" in notes else sheet.width // height
    views = notes.get("views", "made back").split()
    if columns - 2 * len(views) not in (0, 1, 2) or not all(map(VIEW.fullmatch, views)):
        return None
    if columns > MOST_TILES or sheet.width % columns or sheet.height % rows:
        return None
    width = sheet.width // columns
    tiles = sheets.cut(sheet, width, height=height)
    made = [list(column) for column in zip(*tiles, strict=True)]
    inputs = made.pop(0) if columns > 2 * len(views) else []
    arms = [dict(zip(views, made[i : i + len(views)], strict=True)) for i in (0, len(views))]
    truths = made[2 * len(views) :]
    held_out = {"yes": True, "no": False}.get(notes.get("held_out"))
    return Frame(step, inputs, (arms[0], arms[1]), truths[0] if truths else [], held_out)
