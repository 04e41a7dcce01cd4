"""Figures and terms, each defined once: what it is called, how it is written and read, its formula.

A figure says how good something is, on 8-bit pictures as people see them (or on the values of
another medium); a term is what a training minimises or tells of itself. Arrays are (H, W, C) or
(N, H, W, C) in [0, 255], mostly uint8; errors are in those units. Knows no lesson, no network and
no file.
"""

import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch

from . import evidence
from .evidence import Blocks, Estimate

Better = Literal["low", "high", "near one"]

MOST = 1000
"""Items of which all pairs are taken; of more, one each of so many blocks: memory is the square."""

Over = Literal["mean", "median", "ratio", "sides", "difference", "pairs", "any"]
"""How a figure comes from items: see `Figure`."""


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

    def within(self, interval: Sequence[float] | None) -> str:
        """An interval as it stands behind a value: "12.9–14.2"; "" for None."""
        return "" if interval is None else "–".join(self.written(end) for end in interval)

    def badness(self, value: float) -> float:
        """How far from good a value is, whichever way is better; of an array, elementwise."""
        return {"high": -value, "low": value, "near one": abs(value - 1)}[self.better]

    def read_of(self, network: str) -> str:
        """`reads` in the symbols of a network: those of F are mirrored."""
        return self.reads if network == "G" else mirrored(self.reads)


@dataclass(frozen=True)
class Figure(Measure):
    """A measure of held-out items, and how it is computed.

    needs: names of the arrays that `of` takes by keyword: "original" x, "made" G(x), "back"
        F(G(x)), "back_after_NAME" the same where the disturbance of a name came upon G(x), "same"
        F(x), "truth" y, "real" any held-out items of the target, or whatever else a
        lesson knows of its items, as "original_NAME" and "truth_NAME". Of what is made of noise
        also "judged_NAME" and "nearest_NAME" (AGAINST_TRAINING).
    of, over: "mean" or "median": `of` takes one item's arrays and gives a number, of which that is
        taken. "ratio": it gives two, and the sum of the first over the sum of the second is taken.
        "sides": it takes one array of one item; its mean over the first of `needs`, over that of
        the second. "difference": the same, less that of the second. "pairs": it takes a
        collection, and gives the distances of all pairs in it, as pdist does; their mean in the
        first of `needs` over that in the second. "any": it takes the arrays of all items at once.
    networks: "GF", or "G" (or "F") where only translations into Y (or X) can be judged by it.
    is_quick: cheap enough for a look in the middle of a training.
    is_detail: for full tables alone.
    """

    needs: tuple[str, ...] = ()
    of: Callable[..., float] = field(default=lambda: 0.0, compare=False)
    over: Over = "mean"
    networks: str = "GF"
    is_quick: bool = False
    is_detail: bool = False

    def __post_init__(self):
        if isinstance(self.needs, Set) and self.over in ("sides", "difference", "pairs"):
            raise TypeError(f"{self.key}: needs has an order where over is {self.over!r}.")

    def measure(self, arrays: Mapping[str, np.ndarray | None]) -> float | None:
        """Its value on items (N, …) by name; None where one of its needs is missing, or where it is
        not defined on these items."""
        found = self.estimate(arrays, {})
        return found and found.value

    def estimate(
        self, arrays: Mapping[str, np.ndarray | None], blocks: Mapping[str, Blocks]
    ) -> Estimate | None:
        """The same with what its interval is made of.

        blocks: of the items behind an array, by its name; an item whose blocks are not given stands
        for itself.
        """
        if any(arrays.get(name) is None for name in self.needs):
            return None
        needed = {name: arrays[name] for name in self.needs}
        of = {n: blocks.get(n) or Blocks.by(range(len(a))) for n, a in needed.items()}
        found = self._estimate(needed, list(of.values()))
        return found if np.isfinite(found.value) else None

    def _estimate(self, needed: dict[str, np.ndarray], blocks: list[Blocks]) -> Estimate:
        if self.over in ("sides", "difference"):
            sides = [np.array([self.of(one) for one in items]) for items in needed.values()]
            of = evidence.of_sides if self.over == "sides" else evidence.of_difference
            return of(sides[0], blocks[0], sides[1], blocks[1])
        if self.over == "pairs":
            sides, of = [], []
            for items, known in zip(needed.values(), blocks, strict=True):
                some = known.firsts(MOST) if len(items) > MOST else np.arange(len(items))
                sides.append(np.asarray(self.of(items[some])))
                of.append(known.only(some))
            return evidence.of_pairs(sides[0], of[0], sides[1], of[1])
        if self.over == "any":
            return evidence.of_any(
                lambda places: self.of(**{n: items[places] for n, items in needed.items()}),
                blocks[0],
            )
        return self.of_values(self.values(needed), blocks[0])

    def values(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """(N, …) what `of` gives for each item; of a figure over single items alone."""
        needed = {name: arrays[name] for name in self.needs}
        rows = zip(*needed.values(), strict=True)
        found = [self.of(**dict(zip(needed, row, strict=True))) for row in rows]
        return np.array(found, dtype=float).reshape(len(found), -1)

    def of_values(self, values: np.ndarray, blocks: Blocks) -> Estimate:
        """The figure of what `values` gave, and its interval."""
        if self.over == "median":
            return evidence.of_median(values[:, 0], blocks)
        below = values[:, 1] if self.over == "ratio" else np.ones(len(values))
        return evidence.of_ratio(values[:, 0], below, blocks)


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


def _signed(a: np.ndarray) -> np.ndarray:
    """Values that can be subtracted from each other."""
    return a.astype(np.int16) if a.dtype == np.uint8 else a


def l1(a: np.ndarray, b: np.ndarray) -> float:
    """Mean |a − b| over pixels and channels: the cycle error of x and F(G(x)), for one."""
    return float(np.abs(_signed(a) - b).mean())


def rmse(a: np.ndarray, b: np.ndarray) -> float:
    """Root of the mean squared difference over pixels and channels."""
    return float(np.sqrt(np.square(a.astype(np.float64) - b).mean()))


def pixel_accuracy(a: np.ndarray, b: np.ndarray, delta: int) -> float:
    """Share of pixels whose largest channel difference is below `delta` (Fu et al. 2019)."""
    return float((np.abs(_signed(a) - b).max(-1) < delta).mean())


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004) of two pictures of at least 7×7, by scikit-image."""
    # Imported here, since SciPy behind it takes longer to load than the page to open.
    from skimage.metrics import structural_similarity

    return float(structural_similarity(a, b, channel_axis=-1, data_range=255))


def gradient(picture: np.ndarray) -> float:
    """Mean |difference| of neighbouring pixels of (H, W, C), over both axes: how sharp it is."""
    values = _signed(picture)
    return float(np.mean([np.abs(np.diff(values, axis=axis)).mean() for axis in (0, 1)]))


def warping_error(made: np.ndarray, panned: np.ndarray, pan: int) -> float:
    """Mean |moved G(x) − G(moved x)| over what both show (Lai et al. 2018, with a known flow).

    made, panned: (H, W, C) of x, and of x with the window `pan` pixels further right.
    """
    return l1(made[:, pan:], panned[:, :-pan])


def distances(items: np.ndarray) -> np.ndarray:
    """Mean |difference| of all pairs among items (N, …), condensed: (N (N − 1) / 2,)."""
    flat = torch.from_numpy(np.ascontiguousarray(items.reshape(len(items), -1))).float()
    return torch.pdist(flat, p=1).numpy() / flat.shape[1]


def _figure(key: str, label: str, of: Callable[..., float], *needs: str, **more) -> Figure:
    return Figure(key, label, of=of, needs=needs, **more)


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
    reads="Likeness of local structure to the truth, in windows of 7×7 pixels; 1 is the truth. "
    "Like RMSE it rewards blur.",
)
SHARPNESS = _figure(
    "sharpness",
    "gradient ratio",
    gradient,
    *("made", "real"),
    over="sides",
    better="near one",
    reads="Mean difference of neighbouring pixels over that of real pictures: below 1 is blurred.",
    formula="E[|∇G(x)|] / E[|∇y|]",
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
    distances,
    *("made", "real"),
    over="pairs",
    better="near one",
    is_quick=True,
    reads="Variety of the outputs over that of the real ones; 0 is collapse.",
    formula="E[|G(x) − G(x′)|] / E[|y − y′|]",
)


def nearest(items: np.ndarray, trained: np.ndarray) -> np.ndarray:
    """(N,) of each item of (N, …) the distance to the nearest of `trained`, (M, …): the root of the
    mean squared difference."""
    a, b = (torch.from_numpy(np.ascontiguousarray(s.reshape(len(s), -1))) for s in (items, trained))
    found = torch.cdist(a.float(), b.float(), compute_mode="donot_use_mm_for_euclid_dist")
    return found.min(1).values.numpy() / a.shape[1] ** 0.5


NEAREST = _figure(
    "nearest",
    "nearest training picture",
    float,
    *("nearest_made", "nearest_real"),
    over="sides",
    better="near one",
    decimals=2,
    is_quick=True,
    reads="How far a sample is from its nearest training picture, over how far held-out pictures "
    "are from theirs: 1 is as new as these, near 0 is copied.",
    formula="E[minₜ |G(z) − t|₂] / E[minₜ |y − t|₂]",
)
D_GAP = _figure(
    "d_gap",
    "D's gap",
    float,
    *("judged_trained", "judged_real"),
    over="difference",
    decimals=2,
    is_quick=True,
    reads="How much more real D calls training pictures than held-out ones, of 1 at most: 0 where "
    "it treats them alike, 1 where it knows the training pictures by heart.",
    formula="E[D(t)] − E[D(y)]",
)


def _judged(of: str, whom: str, better: Better, formula: str) -> Figure:
    return _figure(
        f"judged_{of}",
        f"D on {whom}",
        float_of,
        f"judged_{of}",
        better=better,
        decimals=2,
        is_quick=True,
        is_detail=True,
        reads=f"How real D calls {whom}, from 0 to 1; ½ where it cannot tell.",
        formula=formula,
    )


def float_of(**found: float) -> float:
    """The one number that is given."""
    (value,) = found.values()
    return float(value)


JUDGED = (
    _judged("trained", "training pictures", "low", "E[D(t)]"),
    _judged("real", "held-out pictures", "high", "E[D(y)]"),
    _judged("made", "samples", "high", "E[D(G(z))]"),
)
AGAINST_TRAINING = (NEAREST, D_GAP, *JUDGED)
"""What holds networks that make pictures of noise against the pictures that they learned from."""
TELLS_OF_NOISE = (JUDGED[:2], (NEAREST,), (DIVERSITY,))
"""What tells the point of such networks, in place of a lesson's headline: what stands together is
of one scale."""

PANS = (1, 2, 4)
"""Pixels by which a picture is panned; 4 is the stride of the paper's networks."""


def _warping(pan: int) -> Figure:
    return _figure(
        f"warping_{pan}",
        f"warping error at {pan} px",
        lambda still, **panned: warping_error(still, panned[f"panned_{pan}"], pan),
        *("still", f"panned_{pan}"),
        unit="0–255",
        decimals=1,
        is_detail=pan > 1,
        reads=f"Flicker: what G changes, 0 to 255, when the picture is panned by {pan} px.",
        formula=f"E[|pan G(x) − G(pan x)|], {pan} px",
    )


AGAINST_TRUTH = (RMSE, _accuracy(5, True), _accuracy(10, True), _accuracy(16, False), SSIM)
"""What pictures are measured by where the truth is known."""

KID = Measure(
    "kid",
    "KID",
    decimals=4,
    reads="Distance of the features of all translations from those of real pictures, without pairs "
    "(kernel Inception distance); 0, or a little below it, is alike.",
    formula="E[k(φ(G(x)), φ(G(x′)))] + E[k(φ(y), φ(y′))] − 2 E[k(φ(G(x)), φ(y))]",
)
KID_SPREAD = Measure(
    "kid_spread", "spread of KID", decimals=4, reads="Standard deviation of KID over subsets."
)
FID = Measure(
    "fid",
    "FID",
    decimals=1,
    reads="Distance of two Gaussians, fitted to the features of all translations and of real "
    "pictures (Fréchet Inception distance); of few pictures mostly bias.",
    formula="|μ − ν|² + tr(Σ + T − 2 √(ΣT))",
)
DISTRIBUTIONS = (KID, KID_SPREAD, FID)
"""Of whole collections; measured where somebody names a feature network."""

WARPING = tuple(_warping(pan) for pan in PANS)

WITHOUT_TRUTH = (
    *(SHARPNESS, CYCLE_ERROR, IDENTITY_ERROR, DIVERSITY),
    *AGAINST_TRAINING,
    *WARPING,
)
"""What needs no truth."""
