"""What a variant makes of frame after frame: each by itself, or steady.

Networks with strides see a picture by a grid, and what moves over the grid by a pixel comes out
otherwise: translations of a film flicker. Three things are done about it, none of which trains:

1. *The grid goes along* with the camera: a frame is laid on the grid as the frame before was, by
   up to a stride of mirrored pixels at its left and top. Of what moves as a whole nothing is
   aliased any more, and nothing is blurred.
2. *Norms share their moments* over frames, as moving averages, so that what comes in at one edge
   does not change the whole picture.
3. *Translations are blended along the flow*: a pixel is half what the networks make of it now, and
   half what it was in the frame before, where it is known to be the same.

A cut begins all three anew.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from ...core import images
from ...core.config import Direction
from ...core.networks.layers import layer_norm
from ..translator import Translator
from .motion import Motion

SHARE = 0.1
"""Of a frame's own moments in those that it is normed by."""

BLEND = 0.5
"""Of what was in the frame before, where it is the same."""

LARGEST_STRIDE = 8
"""Pixels of the coarsest grid that goes along; networks with larger ones follow a part of it."""

DIRECT = 2**20
"""Pixels of a frame that goes through networks at once; what is larger goes by strips, whose norms
share nothing."""


class SharedMoments(TorchFunctionMode):
    """While it is entered, norms over a picture take moving averages of their moments.

    Norms are known by their order: within `begin()` and `begin()` a network runs as it always does.
    """

    def __init__(self, share: float = SHARE):
        super().__init__()
        self.share = share
        self._kept: list[tuple[Tensor, Tensor]] = []
        self._place = 0

    def begin(self) -> None:
        """The next frame."""
        self._place = 0

    def forget(self) -> None:
        self._kept, self._place = [], 0

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if function is functional.group_norm:
            return self._group_norm(*args, **kwargs)
        if function is functional.instance_norm:
            return self._instance_norm(*args, **kwargs)
        if function is layer_norm:
            return self._layer_norm(*args, **kwargs)
        return function(*args, **kwargs)

    def _moments(self, x: Tensor, groups: int) -> tuple[Tensor, Tensor]:
        """Mean and variance, (groups,) each, shared with the frames before."""
        variance, mean = torch.var_mean(x.float().reshape(groups, -1), dim=1, correction=0)
        square = variance + mean**2
        place, self._place = self._place, self._place + 1
        if place == len(self._kept):
            self._kept.append((mean, square))
        else:
            before, square_before = self._kept[place]
            mean = before.lerp(mean, self.share)
            square = square_before.lerp(square, self.share)
            self._kept[place] = mean, square
        return mean, (square - mean**2).clamp_min(0)

    def _group_norm(
        self,
        x: Tensor,
        num_groups: int,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        eps: float = 1e-5,
    ) -> Tensor:
        each = x.shape[1] // num_groups
        mean, variance = (m.repeat_interleave(each) for m in self._moments(x, num_groups))
        return functional.batch_norm(x, mean, variance, weight, bias, False, 0.0, eps)

    def _instance_norm(
        self,
        x: Tensor,
        running_mean: Tensor | None = None,
        running_var: Tensor | None = None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        use_input_stats: bool = True,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        return self._group_norm(x, x.shape[1], weight, bias, eps)

    def _layer_norm(self, x: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> Tensor:
        mean, variance = self._moments(x, 1)
        around = (x.float() - mean) / (variance.sqrt() + eps)
        return (gamma * around + beta).to(x.dtype)


class Frames:
    """Takes frames in their order, and gives what a variant makes of each.

    keys: of the views that are wanted. is_steady: whether anything is done about flicker.
    """

    def __init__(
        self,
        translator: Translator,
        direction: Direction,
        keys: Sequence[str],
        is_steady: bool = False,
    ):
        self.translator, self.direction, self.keys = translator, direction, tuple(keys)
        self.is_steady = is_steady
        self._stride = min(translator.multiple(direction), LARGEST_STRIDE)
        self._moments = SharedMoments()
        self._before: dict[str, Tensor] = {}
        self._moved = [0.0, 0.0]

    @torch.inference_mode()
    def take(self, x: Tensor, motion: Motion | None = None) -> dict[str, Tensor]:
        """(1, C, H, W) in [-1, 1] to the views of it, alike.

        motion: since the frame before; None for the first one, and after a cut.
        """
        if not self.is_steady:
            return self._made(x)
        if motion is None:
            self._moments.forget()
            self._before, self._moved = {}, [0.0, 0.0]
        else:
            self._moved = [a + b for a, b in zip(self._moved, motion.camera, strict=True)]
        made = self._on_its_grid(x)
        if motion is not None:
            trust = BLEND * motion.trust.to(x)
            for key, now in made.items():
                before = motion.warped(self._before[key])
                made[key] = torch.lerp(now, before, trust).clamp(-1, 1)
        self._before = made
        return made

    def _on_its_grid(self, x: Tensor) -> dict[str, Tensor]:
        """A frame laid on the networks' grid as the one before was, mirrored around."""
        height, width = x.shape[2:]
        left, top = (round(-moved) % self._stride for moved in self._moved)
        more = self._stride - 1
        if min(height, width) <= more:
            return self._made(x)
        # Of one size, wherever it lies.
        around = (left, more - left, top, more - top)
        made = self._made(functional.pad(x, around, mode="reflect"))
        return {
            key: view[..., top : top + height, left : left + width] for key, view in made.items()
        }

    def _made(self, x: Tensor) -> dict[str, Tensor]:
        if x.shape[2] * x.shape[3] > DIRECT:
            kept = images.to_bytes(x)[0]
            return self.translator.made_of(kept, self.direction, lambda made: made, keys=self.keys)
        if not self.is_steady:
            return self._chosen(self.translator.passes(x, self.direction, self.keys))
        self._moments.begin()
        with self._moments:
            return self._chosen(self.translator.passes(x, self.direction, self.keys))

    def _chosen(self, made: dict[str, Tensor]) -> dict[str, Tensor]:
        return {key: made[key] for key in self.keys}
