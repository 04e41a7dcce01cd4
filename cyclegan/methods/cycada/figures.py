"""What can be measured of classifiers, on held-out items whose labels are known."""

import numpy as np

from ...core.figures import Figure
from ..method import View


def is_named(scores: np.ndarray, label: int) -> bool:
    """Whether the highest of scores (classes,) is that of a label."""
    return bool(scores.argmax() == label)


FIGURES = (
    Figure(
        "f_T_right",
        "accuracy of f_T",
        better="high",
        needs=("by_f_T", "original_label"),
        of=lambda by_f_T, original_label: is_named(by_f_T, original_label),
        networks="F",
        reads="Share of held-out items of the side without labels that f_T names rightly: what "
        "CyCADA is for.",
        formula="E[f_T(y) = label(y)]",
    ),
    Figure(
        "f_S_right",
        "accuracy of f_S",
        better="high",
        needs=("by_f_S", "original_label"),
        of=lambda by_f_S, original_label: is_named(by_f_S, original_label),
        reads="Share of held-out items that f_S names rightly; of the side without labels it is "
        "what source pictures alone teach.",
        formula="E[f_S(x) = label(x)]",
    ),
    Figure(
        "made_right",
        "translations named rightly",
        better="high",
        needs=("made_by_f", "original_label"),
        of=lambda made_by_f, original_label: is_named(made_by_f, original_label),
        reads="Share of translations that the classifier of their side names by the label of what "
        "they were made of.",
        formula="E[f(G(x, z)) = label(x)]",
    ),
)

_ORIGINAL, _MADE = ("original",), ("made",)

PROBES = {
    "xy": (
        View("by_f_S", "f_S(x)", "Name", "", "f_S", _ORIGINAL),
        View("made_by_f", "f_T(G(x, z))", "Name", "", "f_T", _MADE),
    ),
    "yx": (
        View("by_f_T", "f_T(y)", "Name", "", "f_T", _ORIGINAL),
        View("by_f_S", "f_S(y)", "Name", "", "f_S", _ORIGINAL),
        View("made_by_f", "f_S(F(y))", "Name", "", "f_S", _MADE),
    ),
}
"""Scores of what is shown in a direction, (classes,) an item."""
