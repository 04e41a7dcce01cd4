"""Where everything in a frame was in the frame before.

Known exactly where the maker of a film says so, else by scikit-image's optical flow (Le Besnerais
and Champagnat 2005, iterative Lucas-Kanade), on frames reduced to 128 pixels, which takes a
fraction of what networks do.
"""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

FLOW_SIDE = 128
"""Pixels of the shorter side on which flow is looked for; it is smooth between them."""

RADIUS, WARPS = 5, 5
"""Of scikit-image's iterative Lucas-Kanade: pixels of its window, and iterations a level."""

ALIKE = 12.0
"""Of 255: by so much a pixel may differ from where it was, until it counts for half."""

CUT = 30.0
"""Of 255: mean difference from the moved frame before, above which it shows something else."""


@dataclass(frozen=True)
class Motion:
    """From a frame to the one before.

    back: (H, W, 2) pixels to the right and down, from each place to where it was. trust: (H, W)
    from 0 to 1, 0 where it was not in the picture. camera: (right, down) pixels by which most of
    it moved, forwards.
    """

    back: Tensor
    trust: Tensor
    camera: tuple[float, float]

    def warped(self, before: Tensor) -> Tensor:
        """(N, C, H, W) of the frame before, as it would look now."""
        return warped(before, self.back)


def known(size: tuple[int, int], moved: tuple[int, int]) -> Motion:
    """All of a frame of `size`, (width, height), moved by (right, down) pixels."""
    right, down = moved
    back = torch.tensor([-right, -down]).float().expand(size[1], size[0], 2)
    return Motion(back, _inside(back), (float(right), float(down)))


def estimated(before: Image.Image, now: Image.Image) -> Motion | None:
    """By optical flow; None where `now` shows something else than `before` (a cut)."""
    # Imported here, since SciPy behind it takes longer to load than a command to begin.
    from skimage.registration import optical_flow_ilk

    scale = min(1.0, FLOW_SIDE / min(now.size))
    size = tuple(max(1, round(side * scale)) for side in now.size)
    small = [np.asarray(p.convert("L").resize(size, Image.Resampling.BOX)) for p in (now, before)]
    a, b = (values.astype(np.float32) / 255 for values in small)
    if min(size) > 2 * RADIUS:
        down, right = optical_flow_ilk(a, b, radius=RADIUS, num_warp=WARPS, dtype=np.float32)
        found = torch.from_numpy(np.stack([right, down]))
    else:  # Too small to look for anything.
        found = torch.zeros(2, *a.shape)
    back = functional.interpolate(
        found[None], size=(now.height, now.width), mode="bilinear", align_corners=False
    )[0].permute(1, 2, 0)
    back = back * torch.tensor([now.width / size[0], now.height / size[1]])
    a, b = (torch.from_numpy(np.array(p)).permute(2, 0, 1)[None].float() for p in (now, before))
    inside = _inside(back)
    differs = (a - warped(b, back)).abs().mean(1)[0]
    seen = differs[inside > 0]
    if not len(seen) or float(seen.mean()) > CUT:
        return None
    trust = inside * torch.exp2(-((differs / ALIKE) ** 2))
    right, down = (-float(back[..., axis].median()) for axis in (0, 1))
    return Motion(back, trust, (right, down))


def warped(before: Tensor, back: Tensor) -> Tensor:
    """(N, C, H, W), each place of which takes what was where `back` leads."""
    height, width = back.shape[:2]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    places = torch.stack([x, y], -1) + back
    places = 2 * places / torch.tensor([max(width - 1, 1), max(height - 1, 1)]) - 1
    places = places.to(before).expand(len(before), -1, -1, -1)
    options = {"mode": "bicubic", "padding_mode": "border", "align_corners": True}
    return functional.grid_sample(before, places, **options)


def _inside(back: Tensor) -> Tensor:
    """(H, W): 1 where a place was in the picture before, else 0."""
    height, width = back.shape[:2]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    right, down = x + back[..., 0], y + back[..., 1]
    is_in = (right >= 0) & (right <= width - 1) & (down >= 0) & (down <= height - 1)
    return is_in.float()
