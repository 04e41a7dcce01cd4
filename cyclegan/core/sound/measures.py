"""What voices are measured by: features (27, T) as `world` has them, aligned in time.

An item that ends before its batch does has NaN from there on.
"""

import numpy as np

from ..figures import Figure
from .world import COEFFICIENTS, PITCH

DECIBELS = 10 / np.log(10)

OCTAVE = 12 / np.log(2)
"""Semitones of a unit of the logarithm of the pitch."""


def spoken(features: np.ndarray) -> np.ndarray:
    """The columns up to an item's end."""
    return features[:, np.isfinite(features[0])]


def _between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(T, U) mel-cepstral distances of all columns of two items, in dB, without the energy c₀."""
    a, b = (side[1:COEFFICIENTS].astype(np.float64) for side in (a, b))
    squares = (a**2).sum(0)[:, None] + (b**2).sum(0) - 2 * a.T @ b
    return DECIBELS * np.sqrt(2 * squares.clip(0))


def aligned(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Dynamic time warping of two items: places in a and in b, and their distances in dB.

    Of all ways from both beginnings to both ends, by steps of one column in either or both, the one
    whose distances have the least sum (Sakoe and Chiba 1978).
    """
    costs = _between(a, b)
    rows, columns = costs.shape
    # A diagonal at a time: best[i] is the sum up to column number − i of b at column i of a.
    sums = np.full((rows + 1, columns + 1), np.inf)
    sums[0, 0] = 0.0
    for number in range(rows + columns - 1):
        i = np.arange(max(0, number - columns + 1), min(rows, number + 1))
        j = number - i
        before = np.minimum(np.minimum(sums[i, j + 1], sums[i + 1, j]), sums[i, j])
        sums[i + 1, j + 1] = costs[i, j] + before
    i, j, way = rows, columns, []
    while i and j:
        way.append((i - 1, j - 1))
        back = sums[i - 1, j - 1], sums[i - 1, j], sums[i, j - 1]
        step = int(np.argmin(back))
        i, j = i - (step != 2), j - (step != 1)
    at_a, at_b = np.array(way[::-1]).T
    return at_a, at_b, costs[at_a, at_b]


def distance(made: np.ndarray, truth: np.ndarray) -> float:
    """Mean mel-cepstral distance on the aligned way, in dB."""
    return float(aligned(spoken(made), spoken(truth))[2].mean())


def pitch_error(made: np.ndarray, truth: np.ndarray) -> float:
    """Root mean square of the difference in pitch, in semitones, where both are voiced on the
    aligned way; NaN where that is nowhere."""
    made, truth = spoken(made), spoken(truth)
    at_made, at_truth, _ = aligned(made, truth)
    a, b = made[PITCH, at_made], truth[PITCH, at_truth]
    both = (a > 0) & (b > 0)
    return float(OCTAVE * np.sqrt(np.square(a - b)[both].mean())) if both.any() else float("nan")


def as_it_is(a: np.ndarray, b: np.ndarray) -> float:
    """Mean mel-cepstral distance column by column, of two items of one length, in dB."""
    a, b = (spoken(side)[1:COEFFICIENTS] for side in (a, b))
    return float(DECIBELS * np.sqrt(2 * np.square(a - b).sum(0)).mean())


def variation(features: np.ndarray) -> float:
    """How much the coefficients move in time: their standard deviation, in the mean over them."""
    return float(spoken(features)[1:COEFFICIENTS].std(1).mean())


DISTANCE = Figure(
    "mcd",
    "mel-cepstral distance",
    unit="dB",
    decimals=2,
    is_quick=True,
    needs=("made", "truth"),
    of=lambda made, truth: distance(made, truth),
    reads="How far the sound of the translation is from the same sentence as the other speaker "
    "says it, once both are aligned in time; loudness and pitch left out.",
    formula="10 / ln 10 · E √(2 Σ (c − c′)²)",
)
OVER_STATISTICS = Figure(
    "mcd_share",
    "distance over that of statistics alone",
    decimals=2,
    needs=("made", "truth", "original_moved"),
    of=lambda made, truth, original_moved: (
        distance(made, truth),
        distance(original_moved, truth),
    ),
    over="ratio",
    reads="That distance over what is left where each coefficient is only moved to the other "
    "speaker's mean and spread: below 1, something was learned.",
)
VARIATION = Figure(
    "variation",
    "variation ratio",
    decimals=2,
    better="near one",
    is_quick=True,
    needs=("made", "real"),
    of=variation,
    over="sides",
    reads="How much the sound moves within a sentence, over that of real speech: below 1 it is "
    "muffled, which the distance rewards.",
    formula="E[σ(G(x))] / E[σ(y)]",
)
PITCH_ERROR = Figure(
    "pitch_error",
    "pitch error",
    unit="semitones",
    decimals=1,
    is_detail=True,
    needs=("made", "truth"),
    of=lambda made, truth: pitch_error(made, truth),
    reads="How far the pitch is from that of the truth, where both are voiced. The networks do not "
    "learn it: it is moved from one speaker's range to the other's.",
    formula="√E[(log₂ f − log₂ f′)²] · 12",
)
CYCLE_ERROR = Figure(
    "cycle_error",
    "cycle error",
    unit="dB",
    decimals=2,
    is_quick=True,
    needs=("original", "back"),
    of=lambda original, back: as_it_is(original, back),
    reads="Mel-cepstral distance of F(G(x)) from x: what the round trip loses, right or wrong.",
    formula="10 / ln 10 · E √(2 Σ (c − c′)²)",
)
IDENTITY_ERROR = Figure(
    "identity_error",
    "identity error",
    unit="dB",
    decimals=2,
    is_quick=True,
    needs=("original", "same"),
    of=lambda original, same: as_it_is(original, same),
    reads="Mel-cepstral distance of F(x) from x: what F changes in its own domain.",
    formula="10 / ln 10 · E √(2 Σ (c − c′)²)",
)
OWN = (DISTANCE, OVER_STATISTICS, VARIATION, PITCH_ERROR)
"""Of voices alone."""

FIGURES = (*OWN, CYCLE_ERROR, IDENTITY_ERROR)
"""In the order of tables; the last two have the keys that they have for pictures."""
