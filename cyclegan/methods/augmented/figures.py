"""What can be measured of a translation with many answers.

Each figure is of one x, of which G makes ANSWERS pictures, each with a z of its own.
"""

import numpy as np

from ...core.figures import Figure, distances, l1

ANSWERS = 20
"""Answers of an input that are held against each other."""

NAMES = tuple(f"answer_{i}" for i in range(ANSWERS))
"""Of the pictures that G makes of one x, each with another z."""

WITH_TRUTHS_Z = "with_truths_z"
"""Name of G(x, E(x, y))."""


OTHER = "another"
"""Name of G(x, z′), a second answer that is made while it trains."""


def apart(answers: np.ndarray) -> float:
    """Mean |difference| of two of them, (N, H, W, C)."""
    return float(distances(answers).mean())


def answers_apart(**answers: np.ndarray) -> float:
    return apart(np.stack(list(answers.values())))


def answers_diversity(original_answers: np.ndarray, **answers: np.ndarray) -> float:
    """The same over that of all right answers, (A, h, w, C), of which any two are drawn evenly,
    each perhaps twice."""
    count = len(original_answers)
    return answers_apart(**answers) / (apart(original_answers) * (count - 1) / count)


def nearer(truth: np.ndarray, with_truths_z: np.ndarray, **answers: np.ndarray) -> float:
    """Share of the answers that are further from the truth than the one with the truth's own z."""
    own = l1(with_truths_z, truth)
    return float(np.mean([l1(answer, truth) > own for answer in answers.values()]))


def left(truth: np.ndarray, with_truths_z: np.ndarray, **answers: np.ndarray) -> tuple:
    """How far that one is from the truth, and how far the answers are on average."""
    others = np.mean([l1(answer, truth) for answer in answers.values()])
    return l1(with_truths_z, truth), float(others)


def two_answers(made: np.ndarray, another: np.ndarray) -> float:
    return l1(made, another)


FIGURES = (
    Figure(
        "two_answers",
        "distance of two answers",
        unit="0–255",
        decimals=1,
        better="high",
        needs=("made", OTHER),
        of=two_answers,
        is_quick=True,
        reads="How far two answers to one x are apart, 0 to 255: 0 is one answer.",
        formula="|G(x, z) − G(x, z′)|",
    ),
    Figure(
        "answers_apart",
        "distance between answers",
        unit="0–255",
        decimals=1,
        better="high",
        needs=NAMES,
        of=answers_apart,
        reads=f"How far two of {ANSWERS} answers to one x are apart, 0 to 255: 0 is one answer.",
        formula="E[|G(x, z) − G(x, z′)|]",
    ),
    Figure(
        "answers_diversity",
        "diversity of answers",
        decimals=2,
        better="near one",
        needs=(*NAMES, "original_answers"),
        of=answers_diversity,
        over="median",
        reads="The same over how far two of all right answers to that x are apart; the median.",
        formula="median of E[|G(x, z) − G(x, z′)|] / E[|a − a′|]",
    ),
    Figure(
        "truths_z_nearer",
        "nearer with the truth's z",
        decimals=2,
        better="high",
        needs=(*NAMES, WITH_TRUTHS_Z, "truth"),
        of=nearer,
        reads="How often the z that E finds in the true pair brings G(x, z) nearer to y than a z "
        "that was drawn; ½ is chance.",
        formula="P(|G(x, E(x, y)) − y| < |G(x, z) − y|)",
    ),
    Figure(
        "truths_z_left",
        "error left with the truth's z",
        decimals=2,
        needs=(*NAMES, WITH_TRUTHS_Z, "truth"),
        of=left,
        over="ratio",
        reads="How far G(x, z) is from y with the z that E finds in the true pair, over how far it "
        "is with one that was drawn: 1 is no nearer.",
        formula="E[|G(x, E(x, y)) − y|] / E[|G(x, z) − y|]",
    ),
)
