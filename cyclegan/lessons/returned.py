"""What comes back through a picture that shows none of it: one figure, and the same after what is
done to that picture, or with another latent.

Knows no lesson.
"""

from collections.abc import Callable

from ..core.figures import Figure

CLEAN, ANOTHER_Z = "back", "back_with_another_z"

DISTURBED = {
    "noise": (" after noise", ", after noise of 10 of 255 on it"),
    "jpeg": (" after JPEG", ", after it was a JPEG of quality 75"),
    "blur": (" after blur", ", after it was blurred by 3×3"),
}
"""By what is done to it: behind the figure's label, and in its sentence."""


def family(
    key: str, label: str, of: Callable, known: tuple[str, ...], reads: str, formula: str
) -> tuple[Figure, ...]:
    """The figures `key` and `key`_…, of F's way back: shares, 1 where all comes back.

    of: (original, back, *known) to two sums, as of a `Figure` over "ratio". known: what else is
    known of an item. reads: a sentence with {} where it says how.
    """

    def figure(how: str, behind: str, words: str, back: str) -> Figure:
        return Figure(
            f"{key}_{how}" if how else key,
            label + behind,
            better="high",
            decimals=2,
            networks="F",
            needs=("original", back, *known),
            of=lambda original, **found: of(original, found[back], *(found[k] for k in known)),
            over="ratio",
            is_quick=back == CLEAN,
            is_detail=how in DISTURBED,
            reads=reads.format(words),
            formula=formula,
        )

    return (
        figure("", "", "", CLEAN),
        figure("another_z", " with another z", ", with a z that was drawn", ANOTHER_Z),
        *(figure(how, *said, f"back_after_{how}") for how, said in DISTURBED.items()),
    )
