"""Figures and terms, each defined once: what it is called, how it is written and read, its formula.

A figure says how good something is, on 8-bit pictures as people see them (or on the values of
another medium); a term is what a training minimises or tells of itself. Arrays are (H, W, C) or
(N, H, W, C) uint8 in [0, 255]; errors are in those units. Knows no lesson, no network and no file.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch

Better = Literal["low", "high", "near one"]


@dataclass(frozen=True)
class Measure:
    """What a number is called and how it is written and read.

    key: its name in files. unit: "" where it has none. better: which way it is better.
    reads: one sentence, in the symbols of G. formula: as text.
    """

    key: str
    label: str
    unit: str = ""
    decimals: int = 3
    better: Better = "low"
    reads: str = ""
    formula: str = ""

    @property
    def arrow(self) -> str:
        return {"low": "↓", "high": "↑", "near one": "→ 1"}[self.better]

    @property
    def heading(self) -> str:
        """Label and arrow, as over a column: "RMSE ↓"."""
        return f"{self.label} {self.arrow}"

    def written(self, value: float | None) -> str:
        """A value as every table and caption writes it; "–" for None."""
        return "–" if value is None else f"{value:.{self.decimals}f}"

    def badness(self, value: float) -> float:
        """How far from good a value is, whichever way is better."""
        return {"high": -value, "low": value, "near one": abs(value - 1)}[self.better]

    def read_of(self, network: str) -> str:
        """`reads` in the symbols of a network: those of F are mirrored."""
        return self.reads if network == "G" else mirrored(self.reads)


@dataclass(frozen=True)
class Figure(Measure):
    """A measure of held-out items, and how it is computed.

    needs: names of the arrays that `of` takes by keyword: "original" x, "made" G(x), "back"
        F(G(x)), "same" F(x), "truth" y, "real" any held-out items of the target, or whatever else a
        lesson knows of its items, as "original_NAME" and "truth_NAME".
    of: a number from one item's arrays, of which the mean is taken; pooled: from all at once.
    networks: "GF", or "G" where only translations into Y can be judged by it.
    is_quick: cheap enough for a look in the middle of a training.
    is_detail: for full tables alone.
    """

    needs: frozenset[str] = frozenset()
    of: Callable[..., float] = field(default=lambda: 0.0, compare=False)
    pooled: bool = False
    networks: str = "GF"
    is_quick: bool = False
    is_detail: bool = False

    def measure(self, arrays: Mapping[str, np.ndarray | None]) -> float | None:
        """Its value on items (N, …) by name; None where one of its needs is missing."""
        if any(arrays.get(name) is None for name in self.needs):
            return None
        needed = {name: arrays[name] for name in self.needs}
        if self.pooled:
            return float(self.of(**needed))
        rows = zip(*needed.values(), strict=True)
        return float(np.mean([self.of(**dict(zip(needed, row, strict=True))) for row in rows]))


@dataclass(frozen=True)
class Term(Measure):
    """What a training logs at each step.

    weight: the objective's weight that it already carries; "" where it has none.
    is_told: whether it only tells of the training, and nobody minimises it.
    """

    weight: str = ""
    is_told: bool = False


def named(listed: tuple[Measure, ...]) -> dict[str, Measure]:
    """By key."""
    return {one.key: one for one in listed}


def mirrored(text: str) -> str:
    """A formula or a sentence of G and x in the symbols of F and y."""
    mirror = {
        "F": "G",
        "G": "F",
        "x": "y",
        "y": "x",
        "D_X": "D_Y",
        "D_Y": "D_X",
        "X": "Y",
        "Y": "X",
    }
    return re.sub(r"D_[XY]\b|\b[FGxyXY]\b", lambda found: mirror[found[0]], text)


def l1(a: np.ndarray, b: np.ndarray) -> float:
    """Mean |a − b| over pixels and channels: the cycle error of x and F(G(x)), for one."""
    if a.dtype == np.uint8:
        a = a.astype(np.int16)
    return float(np.abs(a - b).mean())


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


def diversity(made: np.ndarray, real: np.ndarray) -> float:
    """Mean pairwise L1 distance within `made` over the same within `real`, (N, …) each.

    0: all outputs alike (collapsed). 1: as varied as the real items. Needs N ≥ 2 of both.
    """

    def spread(items: np.ndarray) -> float:
        flat = torch.from_numpy(np.ascontiguousarray(items.reshape(len(items), -1))).float()
        return float(torch.pdist(flat, p=1).mean())

    return spread(made) / spread(real)


def _figure(key: str, label: str, of: Callable[..., float], *needs: str, **more) -> Figure:
    return Figure(key, label, of=of, needs=frozenset(needs), **more)


def _accuracy(delta: int, is_detail: bool) -> Figure:
    return _figure(
        f"accuracy_{delta}",
        f"acc<{delta}",
        lambda made, truth: pixel_accuracy(made, truth, delta),
        *("made", "truth"),
        better="high",
        is_detail=is_detail,
        reads=f"Share of pixels within {delta} of 255 of the truth.",
        formula=f"E[max |G(x) − y| < {delta}]",
    )


RMSE = _figure(
    "rmse",
    "RMSE",
    lambda made, truth: rmse(made, truth),
    *("made", "truth"),
    unit="0–255",
    decimals=1,
    is_quick=True,
    reads="Distance of the translation from the truth, 0 to 255.",
    formula="√E[(G(x) − y)²]",
)
SSIM = _figure(
    "ssim",
    "SSIM",
    lambda made, truth: ssim(made, truth),
    *("made", "truth"),
    better="high",
    reads="Likeness of local structure to the truth; 1 is the truth.",
)
CYCLE_ERROR = _figure(
    "cycle_error",
    "cycle error",
    lambda original, back: l1(back, original),
    *("original", "back"),
    unit="0–255",
    decimals=1,
    is_quick=True,
    reads="|F(G(x)) − x|, 0 to 255: what the round trip loses, right or wrong.",
    formula="E[|F(G(x)) − x|]",
)
IDENTITY_ERROR = _figure(
    "identity_error",
    "identity error",
    lambda original, same: l1(same, original),
    *("original", "same"),
    unit="0–255",
    decimals=1,
    reads="|F(x) − x|, 0 to 255: what F changes in its own domain.",
    formula="E[|F(x) − x|]",
)
DIVERSITY = _figure(
    "diversity",
    "diversity",
    lambda made, real: diversity(made, real) if min(len(made), len(real)) > 1 else float("nan"),
    *("made", "real"),
    pooled=True,
    better="near one",
    is_quick=True,
    reads="Variety of the outputs over that of the real ones; 0 is collapse.",
    formula="E[|G(x) − G(x′)|] / E[|y − y′|]",
)

AGAINST_TRUTH = (RMSE, _accuracy(5, True), _accuracy(10, True), _accuracy(16, False), SSIM)
"""What pictures are measured by where the truth is known."""

WITHOUT_TRUTH = (CYCLE_ERROR, IDENTITY_ERROR, DIVERSITY)
"""What needs no truth."""
