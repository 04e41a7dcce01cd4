"""Translator: what one checkpoint makes of a picture, in both directions.

Pictures in, pictures out; the caller never sees a tensor, unless it asks `passes` for a batch.
Networks are loaded once and never changed, so any number of threads may use one Translator.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ..core import figures, images
from ..store.checkpoints import Checkpoint
from . import strips

Direction = Literal["xy", "yx"]

LONGEST_SIDE = 512
"""Pixels; a picture with a longer side is reduced before it is translated, unless asked not to be.
What is larger goes through the networks by strips."""

LARGEST_SIDE = 4096
"""Pixels; the most that `longest_side` may be. The paper's networks stay below 4 GB up to there."""


class Passes(NamedTuple):
    """Batches (N, 3, H, W) in [-1, 1] that the generators make of x (for direction "yx": of y).

    reconstruction, identity: None where the checkpoint has G alone.
    """

    translation: Tensor
    reconstruction: Tensor | None
    identity: Tensor | None


@dataclass(frozen=True)
class Translation:
    """What one variant makes of one picture x (for direction "yx", read y, F and G swapped).

    original: x as the networks saw it. translation: G(x). reconstruction: F(G(x)).
    identity: F(x). All RGB, of one size.
    cycle_error, identity_error: mean |F(G(x)) − x| and |F(x) − x| in 0–255 units.
    What F makes, and its errors, are None where the checkpoint has G alone.
    """

    original: Image.Image
    translation: Image.Image
    reconstruction: Image.Image | None
    identity: Image.Image | None
    cycle_error: float | None
    identity_error: float | None


class Translator:
    """Runs the generators and discriminators of one checkpoint.

    checkpoint: its model is moved to `device`.
    """

    def __init__(self, checkpoint: Checkpoint, device: torch.device | str = "cpu"):
        self.config = checkpoint.config
        self.model = checkpoint.model.to(device)
        self.device = torch.device(device)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions that this checkpoint translates in."""
        return ("xy",) if self.model.F is None else ("xy", "yx")

    def _generators(self, direction: Direction) -> tuple:
        """The generator of this direction, and the one back or None."""
        G, F = self.model.G, self.model.F
        there, back = _by(direction, (G, F), (F, G))
        if there is None:
            raise ValueError("This checkpoint has no generator for the direction yx.")
        return there, back

    def judge(self, direction: Direction):
        """The discriminator that scores translations of this direction, or None."""
        if self.config.objective.paired:  # It judges pairs, and there is only one half.
            return None
        return _by(direction, self.model.D_Y, self.model.D_X)

    @torch.inference_mode()
    def passes(self, originals: Tensor, direction: Direction = "xy") -> Passes:
        """(N, 3, H, W) in [-1, 1], any H and W, to translation, reconstruction and identity.

        Sizes that the generators do not take are padded by reflection and cropped back.
        """
        there, back = self._generators(direction)
        height, width = originals.shape[-2:]
        padded = images.pad(originals.to(self.device), there.multiple, there.smallest)
        translated = there(padded)
        if back is None:
            return Passes(images.crop(translated, height, width), None, None)
        # Not as one batch: that saves 3 % of a small picture, and costs up to 7 % of a larger one.
        made = (translated, back(translated), back(padded))
        return Passes(*(images.crop(t, height, width) for t in made))

    def translate(
        self,
        picture: Image.Image,
        direction: Direction = "xy",
        longest_side: int = LONGEST_SIDE,
        progress: Callable[[float], None] | None = None,
    ) -> Translation:
        """Translate one RGB picture of any size; a side above `longest_side` is reduced first.

        A picture still larger than LONGEST_SIDE goes through the networks by strips: the same
        result but for rounding, in a bounded memory. progress: is told the share that is done, up
        to 1. Raises ValueError for a longest side not from 1 to LARGEST_SIDE, and ImageError where
        the networks are too wide for so large a picture.
        """
        if not 1 <= longest_side <= LARGEST_SIDE:
            raise ValueError(f"longest_side is {longest_side}; valid are 1 to {LARGEST_SIDE}.")
        original = images.reduce(picture, longest_side)
        if max(original.size) > LONGEST_SIDE:
            made = self._by_strips(original, direction, progress or (lambda share: None))
        else:
            passes = self.passes(images.to_tensor(original), direction)
            made = [t if t is None else images.to_pictures(t)[0] for t in passes]
            if progress:
                progress(1.0)
        translation, reconstruction, identity = made
        return Translation(
            original,
            translation,
            reconstruction,
            identity,
            cycle_error=reconstruction and picture_l1(reconstruction, original),
            identity_error=identity and picture_l1(identity, original),
        )

    def _by_strips(
        self, original: Image.Image, direction: Direction, progress: Callable[[float], None]
    ) -> list[Image.Image | None]:
        """The pictures of `passes`, one after the other, so that few tensors live at once."""
        there, back = self._generators(direction)
        count = 1 if back is None else 3

        def x() -> Tensor:  # Anew each time, as it takes a twentieth of the memory.
            x = images.to_tensor(original).to(self.device)
            return images.pad(x, there.multiple, there.smallest)

        def run(network: nn.Module, source: Tensor, done: int) -> tuple[Tensor, Image.Image]:
            made = strips.run(network, source, lambda share: progress((done + share) / count))
            return made, images.to_pictures(images.crop(made, original.height, original.width))[0]

        translated, translation = run(there, x(), 0)
        if back is None:
            return [translation, None, None]
        reconstruction = run(back, translated, 1)[1]
        del translated
        return [translation, reconstruction, run(back, x(), 2)[1]]

    @torch.inference_mode()
    def reconstruct(self, translation: Image.Image, direction: Direction = "xy") -> Image.Image:
        """F of a (perhaps disturbed) picture of G(x): the second half of the cycle alone.

        Raises ValueError where the checkpoint has G alone.
        """
        _, back = self._generators(direction)
        if back is None:
            raise ValueError("This checkpoint has no generator back.")
        padded = images.pad(
            images.to_tensor(translation).to(self.device), back.multiple, back.smallest
        )
        large = max(translation.size) > LONGEST_SIDE
        made = strips.run(back, padded) if large else back(padded)
        return images.to_pictures(images.crop(made, translation.height, translation.width))[0]

    @torch.inference_mode()
    def patch_scores(self, translation: Image.Image, direction: Direction = "xy") -> np.ndarray:
        """Scores (h, w) of the target domain's discriminator, one a patch of `translation`.

        Judged in tiles of the training's size, as D learned: its patches have always reached over
        the edge of a tile, and a larger picture's inside looks like none that it has seen. For a
        least-squares objective 1 means real and 0 generated. Raises ValueError where the
        checkpoint ships no discriminator.
        """
        judge = self.judge(direction)
        if judge is None:
            raise ValueError(f"The variant {self.config.objective.name} ships no discriminator.")
        side = self.config.image_size
        padded = images.pad(images.to_tensor(translation).to(self.device), side, side)
        # (1, 3, rows, columns, side, side) to one batch of tiles, and their scores back in place
        tiles = padded.unfold(2, side, side).unfold(3, side, side)
        rows, columns = tiles.shape[2:4]
        scores = judge(tiles.permute(0, 2, 3, 1, 4, 5).reshape(-1, 3, side, side))[:, 0]
        h, w = scores.shape[1:]
        scores = scores.view(rows, columns, h, w).transpose(1, 2).reshape(rows * h, columns * w)
        # The mirrored margin's scores are dropped, or the others would lie beside their patches.
        height, width = (
            max(1, round(count * kept / whole))
            for count, kept, whole in zip(
                scores.shape,
                (translation.height, translation.width),
                padded.shape[-2:],
                strict=True,
            )
        )
        scores = images.crop(scores, height, width)
        if self.config.objective.adversarial == "log":
            scores = scores.sigmoid()
        return scores.float().cpu().numpy()


def _by(direction: Direction, xy, yx):
    if direction not in ("xy", "yx"):
        raise ValueError(f"direction is {direction!r}; valid are xy and yx.")
    return xy if direction == "xy" else yx


def picture_l1(a: Image.Image, b: Image.Image) -> float:
    """Mean absolute difference of two pictures of one size, in 0–255 units."""
    return figures.l1(np.asarray(a), np.asarray(b))
