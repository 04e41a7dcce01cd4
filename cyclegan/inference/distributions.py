"""KID and FID: how far translations are, as a collection, from real pictures of their domain.

Of features of both, by torchmetrics. Neither needs pairs: a translation is held against all
held-out pictures of the other side. Knows no network and no file.
"""

import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from ..core.figures import FID, KID
from ..core.media import PICTURES
from ..lessons import DataError, UnpairedData
from .feature_network import FEATURES, SIDE

SUBSETS = 100
LARGEST_SUBSET = 1000
"""As the library has them, and Bińkowski et al. (2018)."""


@dataclass(frozen=True)
class Distribution:
    """Of translations into one domain. made, real: how many pictures. fid: None where not asked.

    kid, kid_spread: mean and standard deviation over SUBSETS subsets of `subset` pictures a side.
    """

    kid: float
    kid_spread: float
    made: int
    real: int
    subset: int
    fid: float | None = None

    @property
    def values(self) -> dict[str, float]:
        """Without what was not asked."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    @property
    def kid_written(self) -> str:
        return f"{KID.written(self.kid)} ± {KID.written(self.kid_spread)}"


def check(data: UnpairedData) -> None:
    """Raise DataError where there is nothing to compare."""
    if data.medium is not PICTURES:
        raise DataError(f"KID and FID are of pictures, and these data are {data.medium.name}.")
    if (fewer := min(len(data.test_x), len(data.test_y))) < 2:
        raise DataError(
            f"KID and FID need at least two held-out pictures a side, and here is {fewer}."
            if fewer
            else "KID and FID need at least two held-out pictures a side; one side has none."
        )


def subset_size(made: int, real: int) -> int:
    """Half of the fewer pictures, at most LARGEST_SUBSET, at least 2.

    Over halves, drawn without replacement, a mean varies as it does over whole collections of other
    pictures (the delete-half jackknife: Shao & Wu 1989); so does KID where the two sides differ.
    Subsets of all would not vary at all.
    """
    return max(2, min(LARGEST_SUBSET, min(made, real) // 2))


def compare(made: Tensor, real: Tensor, with_fid: bool = True) -> Distribution:
    """KID, and FID, of features (N, d) and (M, d) with N, M ≥ 2.

    The same each time, and leaves PyTorch's random numbers as they are.
    """
    # Imported here, as they may be missing.
    from torchmetrics.image.fid import FrechetInceptionDistance
    from torchmetrics.image.kid import KernelInceptionDistance

    given = nn.Identity()  # Each picture goes through the network once, for both.
    given.num_features = made.shape[1]
    subset = subset_size(len(made), len(real))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*will save all extracted features in buffer")
        kid = KernelInceptionDistance(given, SUBSETS, subset)
    metrics = [kid, FrechetInceptionDistance(given)] if with_fid else [kid]
    for metric in metrics:
        metric.update(real, real=True)
        metric.update(made, real=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        mean, spread = map(float, kid.compute())
    fid = float(metrics[1].compute()) if with_fid else None
    return Distribution(mean, spread, len(made), len(real), subset, fid)


def said(of_G: Distribution) -> str:
    """What was compared, and what so many pictures tell."""
    fewer = min(of_G.made, of_G.real)
    sentence = (
        f"KID and FID are of {of_G.made:,} pictures of X and {of_G.real:,} of Y, translations of "
        f"one side against the real ones of the other, all scaled to {SIDE}×{SIDE} pixels; behind "
        f"± stands the standard deviation over {SUBSETS} subsets of {of_G.subset:,} a side."
    )
    if fewer < 4:
        return f"{sentence} From {fewer} pictures a side neither tells anything."
    if fewer < FEATURES:
        return (
            f"{sentence} FID from {fewer:,} pictures, fewer than its {FEATURES:,} features, is "
            "mostly bias: it compares with FIDs of as many alone. KID is not, but of few pictures "
            "its spread is wide."
        )
    return sentence


def table(found: Mapping[str, Mapping[str, Distribution]]) -> str:
    """A Markdown table, a row a variant and network."""
    lines = [f"| variant | | {KID.heading} | {FID.heading} |", "|---|---|---:|---:|"]
    for name, networks in found.items():
        for network, one in networks.items():
            lines.append(f"| {name} | {network} | {one.kid_written} | {FID.written(one.fid)} |")
    return "\n".join(lines)
