"""Who says which digit a picture shows: a classifier that saw the training digits of all domains.

It takes no part in any training, and judges what others make. `teach` trains it.
"""

from functools import lru_cache

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from ...core import images
from ...core.networks.classifier import Classifier
from .read import PICTURES

FILE = "judge.safetensors"


def seen(pictures: np.ndarray) -> Tensor:
    """uint8 (N, H, W, C) of one channel or three as floats (N, 3, H, W) in [-1, 1]."""
    kept = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    return images.to_float(kept).expand(-1, 3, -1, -1)


@lru_cache(maxsize=1)
def _judge() -> Classifier:
    network = Classifier(3, 10)
    network.load_state_dict({n: w.float() for n, w in load_file(PICTURES / FILE).items()})
    return network.eval()


@torch.no_grad()
def says(pictures: np.ndarray) -> np.ndarray:
    """Which digits uint8 (N, H, W, C) of one channel or three show: (N,) whole numbers."""
    return _judge()(seen(pictures)).argmax(1).numpy()
