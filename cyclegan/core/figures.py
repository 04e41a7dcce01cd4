"""The figures of this project, each defined once, on 8-bit pictures as people see them.

Arrays are (H, W, 3) or (N, H, W, 3) uint8 in [0, 255]; errors are in those units. Knows no
network and no file.
"""

import numpy as np
import torch

from ..lessons.satellite2map import sea_mask


def l1(a: np.ndarray, b: np.ndarray) -> float:
    """Mean |a − b| over pixels and channels: the cycle error of x and F(G(x)), for one."""
    return float(np.abs(a.astype(np.int16) - b).mean())


def rmse(a: np.ndarray, b: np.ndarray) -> float:
    """Root of the mean squared difference over pixels and channels."""
    return float(np.sqrt(np.square(a.astype(np.float64) - b).mean()))


def pixel_accuracy(a: np.ndarray, b: np.ndarray, delta: int) -> float:
    """Share of pixels whose largest channel difference is below `delta` (Fu et al. 2019)."""
    return float((np.abs(a.astype(np.int16) - b).max(-1) < delta).mean())


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004) of two pictures of at least 7×7, by scikit-image."""
    # Imported here, since SciPy behind it takes longer to load than the page to open.
    from skimage.metrics import structural_similarity

    return float(structural_similarity(a, b, channel_axis=-1, data_range=255))


def sea_iou(made: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of the sea pixels of two maps, pooled over all pictures.

    A pixel is sea where blue − red > 30; 1 where neither holds any.
    """
    a, b = sea_mask(made), sea_mask(truth)
    union = (a | b).sum()
    return float((a & b).sum() / union) if union else 1.0


def diversity(made: np.ndarray, real: np.ndarray) -> float:
    """Mean pairwise L1 distance within `made` over the same within `real`, (N, H, W, 3) each.

    0: all outputs alike (collapsed). 1: as varied as the real pictures. Needs N ≥ 2.
    """

    def spread(pictures: np.ndarray) -> float:
        flat = torch.from_numpy(pictures.reshape(len(pictures), -1)).float()
        return float(torch.pdist(flat, p=1).mean())

    return spread(made) / spread(real)
