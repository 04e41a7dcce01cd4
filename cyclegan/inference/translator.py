"""Translator: what one checkpoint makes of an item, in every direction that its method has.

Items in, items out (pictures, if the medium is pictures); the caller never sees a tensor, unless it
asks `passes` for a batch. Networks are loaded once and never changed, so any number of threads may
use one Translator.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .. import lessons
from ..core import figures, images, pictures
from ..core.config import DIRECTIONS, Direction
from ..core.media import PICTURES, Medium
from ..methods import View
from ..methods.method import latents_of, show, wanted
from ..store.checkpoints import Checkpoint
from . import closer, inside, strips
from .inside import Box

LONGEST_SIDE = 512
"""Pixels; a picture with a longer side is reduced before it is translated, unless asked not to be.
What is larger goes through the networks by strips."""

JUDGED = 512
"""Pixels; a discriminator judges tiles of the training's size, or of this one if that is larger."""

LARGEST_SIDE = 4096
"""Pixels; the most that `longest_side` may be. The paper's networks stay below 4 GB up to there."""


@dataclass(frozen=True)
class Translation:
    """What one variant makes of one item x (for direction "yx", read y, F and G swapped).

    views: by the keys of the method's views: "original" is x as the networks saw it, "made" G(x),
        "back" F(G(x)), "same" F(x); pictures are RGB or grey, of one size.
    figures: those that need no truth, by key: "cycle_error" is the mean |F(G(x)) − x| in 0–255
        units, "identity_error" the mean |F(x) − x|.
    What the checkpoint has no network for is not there, and None as an attribute.
    """

    views: Mapping[str, Any]
    figures: Mapping[str, float]

    @property
    def original(self) -> Any:
        return self.views.get("original")

    @property
    def translation(self) -> Any:
        return self.views.get("made")

    @property
    def reconstruction(self) -> Any:
        return self.views.get("back")

    @property
    def identity(self) -> Any:
        return self.views.get("same")

    @property
    def cycle_error(self) -> float | None:
        return self.figures.get("cycle_error")

    @property
    def identity_error(self) -> float | None:
        return self.figures.get("identity_error")


class Translator:
    """Runs the networks of one checkpoint.

    checkpoint: its model is moved to `device`.
    """

    def __init__(self, checkpoint: Checkpoint, device: torch.device | str = "cpu"):
        self.config = checkpoint.config
        self.model = checkpoint.model.to(device)
        self.method = self.model.method
        self.device = torch.device(device)
        self.medium: Medium = lessons.find(self.config.training.data).medium

    @property
    def is_deep(self) -> bool:
        """Whether what goes in or comes out is more than 8-bit pictures in grey or RGB."""
        sides = self.config.ranges.x, self.config.ranges.y
        channels = self.config.channels.x, self.config.channels.y
        return any(sides) or any(count not in images.MODES for count in channels)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions that this checkpoint translates in."""
        return tuple(d for d in DIRECTIONS if any(view.key == "made" for view in self.views(d)))

    def views(self, direction: Direction = "xy") -> tuple[View, ...]:
        """What it can show in a direction: the method's views for which its networks are there."""
        _check(direction)
        found, missing = [], set()
        for view in self.method.views(self.config, direction):
            if (view.network and self.model[view.network] is None) or missing & set(view.of):
                missing.add(view.key)
            else:
                found.append(view)
        return tuple(found)

    def _views(self, direction: Direction) -> tuple[View, ...]:
        if direction not in self.directions and direction in DIRECTIONS:
            raise ValueError(f"This checkpoint has no generator for the direction {direction}.")
        return self.views(direction)

    def channels(self, direction: Direction) -> int:
        """Of what goes in."""
        return self.config.channels.x if direction == "xy" else self.config.channels.y

    def judge(self, direction: Direction) -> torch.nn.Module | None:
        """The discriminator that scores translations of this direction, or None."""
        _check(direction)
        role = self.method.judge(direction)
        return self.model[role] if role else None

    def multiple(self, direction: Direction) -> int:
        """Pixels of which the networks of a direction take multiples."""
        networks = [self.model[view.network] for view in self._views(direction) if view.network]
        return max(getattr(network, "multiple", 1) for network in networks)

    def latents(self, views: tuple[View, ...], count: int, seed: int = 0) -> dict[str, Tensor]:
        """(count, …) numbers for every latent that the views take; the same for the same seed."""
        random = torch.Generator().manual_seed(seed)
        names = (name for name in latents_of(views) if name != "original")
        return {n: self.method.latent(n, self.config, count, random).to(self.device) for n in names}

    @torch.inference_mode()
    def passes(
        self, originals: Tensor, direction: Direction = "xy", keys: Sequence[str] = ()
    ) -> dict[str, Tensor]:
        """(N, C, …) in [-1, 1], pictures of any size, to the views that networks make of them.

        keys: of the views that are wanted; all where none are named. Sizes that the networks do not
        take are padded by reflection and cropped back.
        """
        views = self._views(direction)
        views = wanted(views, keys) if keys else views
        first = next(view for view in views if view.network)
        fitted = self.medium.fit(originals.to(self.device), self.model[first.network])
        given = {"original": fitted, **self.latents(views, len(originals))}
        # Not as one batch: that saves 3 % of a small picture, and costs up to 7 % of a larger one.
        made = show(views, self.model.networks, given)
        return {
            view.key: self.medium.unfit(made[view.key], originals) for view in views if view.network
        }

    def translate(
        self,
        item: Any,
        direction: Direction = "xy",
        longest_side: int = LONGEST_SIDE,
        progress: Callable[[float], None] | None = None,
    ) -> Translation:
        """Translate one item; a picture is a file or a PIL picture, of any size and mode.

        A picture is taken as `pictures.load` takes it: upright, in 8-bit RGB, transparency over
        white; a side above `longest_side` is reduced first. For networks of more bits or other
        bands a file is refused: `as_they_are.translate` takes these.

        A picture still larger than LONGEST_SIDE goes through the networks by strips: the same
        result but for rounding, in a bounded memory. progress: is told the share that is done, up
        to 1. Raises ValueError for a longest side not from 1 to LARGEST_SIDE, or for a direction
        without a generator, and ImageError for what is no picture, or where the networks are too
        wide for so large a one.
        """
        if not 1 <= longest_side <= LARGEST_SIDE:
            raise ValueError(f"longest_side is {longest_side}; valid are 1 to {LARGEST_SIDE}.")
        progress = progress or (lambda share: None)
        if self.medium is PICTURES:
            item = pictures.reduce(self._opened(item, longest_side), longest_side)
            item = images.with_channels(item, self.channels(direction))
        kept = self.medium.kept(item, self.channels(direction))

        def held(made: Tensor) -> Any:
            return self.medium.held(self.medium.to_kept(made)[0])

        return self._translation(
            {"original": item, **self.made_of(kept, direction, held, progress)}
        )

    def _opened(self, item: Path | str | Image.Image, longest_side: int) -> Image.Image:
        """A picture in 8-bit RGB; raises ImageError."""
        is_plain = isinstance(item, Image.Image) and item.mode in images.MODES.values()
        if self.is_deep and not is_plain:
            raise pictures.ImageError(
                "These networks take more than 8-bit pictures in grey or RGB, whose black and "
                "white are their collection's; translate the file by inference.as_they_are."
            )
        return pictures.load(item, longest=longest_side)

    def made_of(
        self,
        kept: Tensor,
        direction: Direction,
        finish: Callable[[Tensor], Any],
        progress: Callable[[float], None] = lambda share: None,
    ) -> dict[str, Any]:
        """What `finish` makes of every view, a (1, C, …) in [-1, 1], of one item as it is kept.

        A picture larger than LONGEST_SIDE goes through the networks by strips.
        """
        if self.medium is PICTURES and max(kept.shape[1:]) > LONGEST_SIDE:
            return self._by_strips(kept, direction, finish, progress)
        passes = self.passes(self.medium.to_float(kept)[None], direction)
        progress(1.0)
        return {key: finish(made) for key, made in passes.items()}

    def _translation(self, views: dict[str, Any]) -> Translation:
        arrays = {key: self.array(item)[None] for key, item in views.items()}
        found = {f.key: f.measure(arrays) for f in figures.WITHOUT_TRUTH}
        return Translation(views, {key: v for key, v in found.items() if v is not None})

    def array(self, item: Any) -> np.ndarray:
        """One item as figures take it."""
        if isinstance(item, Image.Image):
            return np.asarray(item) if item.mode == "RGB" else np.asarray(item)[..., None]
        return self.medium.arrays(item[None])[0]

    def _by_strips(
        self,
        kept: Tensor,
        direction: Direction,
        finish: Callable[[Tensor], Any],
        progress: Callable[[float], None],
    ) -> dict[str, Any]:
        """The views one after the other, so that few tensors live at once."""
        views = [view for view in self._views(direction) if view.network]
        tensors: dict[str, Tensor] = {}
        made: dict[str, Any] = {}
        for done, view in enumerate(views):
            network, (source,) = self.model[view.network], view.of
            if source == "original":  # Anew each time, as it takes a twentieth of the memory.
                original = self.medium.to_float(kept)[None].to(self.device)
                given = self.medium.fit(original, network)
            else:
                given = tensors[source]
            tensors[view.key] = strips.run(
                network, given, lambda share, done=done: progress((done + share) / len(views))
            )
            del given
            made[view.key] = finish(images.crop(tensors[view.key], *kept.shape[1:]))
            needed = {name for later in views[done + 1 :] for name in later.of}
            tensors = {key: tensor for key, tensor in tensors.items() if key in needed}
        return made

    @torch.inference_mode()
    def reconstruct(self, translation: Image.Image, direction: Direction = "xy") -> Image.Image:
        """F of a (perhaps disturbed) picture of G(x): the second half of the cycle alone.

        Raises ValueError where the checkpoint has no way back.
        """
        back = next((view for view in self._views(direction) if view.key == "back"), None)
        if back is None:
            raise ValueError("This checkpoint has no generator back.")
        network = self.model[back.network]
        padded = self.medium.fit(images.to_tensor(translation).to(self.device), network)
        large = max(translation.size) > LONGEST_SIDE
        made = strips.run(network, padded) if large else network(padded)
        return images.to_pictures(images.crop(made, translation.height, translation.width))[0]

    @torch.inference_mode()
    def inside(self, given: Image.Image, view: View) -> inside.Inside:
        """What goes on in the network of a view while it makes that of a picture."""
        network = self.model[view.network]
        tensor = images.to_tensor(given).to(self.device)
        return inside.look(network, self.medium.fit(tensor, network))

    @torch.inference_mode()
    def reach_of(self, judge: torch.nn.Module, picture: Image.Image) -> tuple[int, Box]:
        """The side of what one judgement of a discriminator sees, and where that is for the one in
        the middle of a picture: left, top, right, bottom."""
        least = min(self.config.image_size, JUDGED)
        return inside.reach(judge, images.pad(images.to_tensor(picture).to(self.device), 1, least))

    @torch.inference_mode()
    def patch_scores(
        self, translation: Image.Image, direction: Direction = "xy"
    ) -> closer.PatchScores:
        """What the target domain's discriminator gives the patches of `translation`.

        Judged in tiles of the training's size (at most JUDGED), as D learned: its patches have
        always reached over the edge of a tile, and a larger picture's inside looks like none that
        it has seen. Tiles overlap by half, and of each the middle counts, so that none of their
        edges is seen. For a least-squares objective 1 means real and 0 generated. Raises ValueError
        where the checkpoint ships no discriminator.
        """
        judge = self.judge(direction)
        if judge is None:
            raise ValueError(f"The variant {self.config.objective.name} ships no discriminator.")
        half = min(self.config.image_size, JUDGED) // 2
        side = 2 * half
        padded = images.pad(images.to_tensor(translation).to(self.device), half, side)
        # (1, C, rows, columns, side, side) to one batch of tiles
        tiles = padded.unfold(2, side, half).unfold(3, side, half)
        channels, rows, columns = tiles.shape[1:4]
        scores = judge(tiles.permute(0, 2, 3, 1, 4, 5).reshape(-1, channels, side, side))[:, 0]
        if getattr(self.config.objective, "adversarial", "") == "log":
            scores = scores.sigmoid()
        scores = scores.view(rows, columns, *scores.shape[1:]).float().cpu().numpy()
        down, right = (
            _counting(judge.first + judge.stride * np.arange(count), tiled, half, length)
            for count, tiled, length in zip(
                scores.shape[2:], (rows, columns), translation.size[::-1], strict=True
            )
        )
        (row, y, i), (column, x, j) = down, right
        values = scores[row[:, None], column, i[:, None], j]
        return closer.PatchScores(values, y, x)


def _counting(
    middles: np.ndarray, tiles: int, half: int, length: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Along one side of a picture: tile, place in the picture, and number in the tile of the
    patches that count: those in the middle of a tile and in the picture, and one at least.

    middles: of the patches, in a tile. tiles: how many, each `half` a tile behind the one before.
    """
    found = [
        (tile, half * tile + middle, number)
        for tile in range(tiles)
        for number, middle in enumerate(middles)
        if (tile == 0 or middle >= half / 2) and (tile == tiles - 1 or middle < 1.5 * half)
    ]
    inside = [one for one in found if one[1] <= length] or found[:1]
    return tuple(map(np.array, zip(*inside, strict=True)))


def _check(direction: str) -> None:
    if direction not in DIRECTIONS:
        raise ValueError(f"direction is {direction!r}; valid are {' and '.join(DIRECTIONS)}.")


def picture_l1(a: Image.Image, b: Image.Image) -> float:
    """Mean absolute difference of two pictures of one size, in 0–255 units."""
    return figures.l1(np.asarray(a), np.asarray(b))
