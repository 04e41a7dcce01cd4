"""What any source of training pictures gives: two training collections and two held-out ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ..core.config import Domains


class DataError(ValueError):
    """The data cannot be used for training; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class UnpairedData:
    """Pictures of two domains as uint8 (3, H, W).

    train_x, train_y: each side at least the crop; sizes may differ from picture to picture.
    test_x, test_y: held out. If `paired`, test_y[i] is the ground truth of test_x[i].
    in_memory: whether indexing is free, or decodes a file each time.
    train_truth: the ground truth of train_x, for the paired upper bound alone, or None.
    """

    domains: Domains
    train_x: Sequence[Tensor]
    train_y: Sequence[Tensor]
    test_x: Sequence[Tensor]
    test_y: Sequence[Tensor]
    paired: bool
    in_memory: bool
    train_truth: Sequence[Tensor] | None = None
