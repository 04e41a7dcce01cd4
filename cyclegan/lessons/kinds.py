"""What pictures of a folder show, by the folder that each lies in: `trainA/cat/1.png` is a cat.

Knows names of files alone. A side without such folders has no labels; a method that needs some is
told why there are none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

UNKNOWN = -1
"""The label of a picture of which nobody says what it shows."""


@dataclass(frozen=True)
class Kinds:
    """names: of the kinds, in the order of their labels. labels: of training X and Y; Y's may all
    be UNKNOWN. test: of held-out X and Y, each None where they are not all known. why_not: a
    sentence where there are no labels, and then all else is empty."""

    names: tuple[str, ...] = ()
    labels: tuple[list[int], list[int]] | None = None
    test: tuple[list[int] | None, list[int] | None] = field(default=(None, None))
    why_not: str = ""


def of_folders(train: Sequence[Sequence[str]], test: Sequence[Sequence[str]]) -> Kinds:
    """By the names of files, "cat/1.png", of trainA and trainB, and of testA and testB."""
    x, y = map(_kinds, train)
    if x is None:
        return Kinds(
            why_not="Put each picture of trainA into a folder of its kind: trainA/cat/1.png. "
            "trainB may have the same folders, or none."
        )
    if y is not None and set(x) != set(y):
        return Kinds(why_not=_unequal(set(x), set(y)))
    names = tuple(sorted(set(x)))
    if len(names) < 2:
        return Kinds(why_not=f"All pictures of trainA lie in {names[0]}; there is nothing to tell.")
    places = {name: i for i, name in enumerate(names)}
    labels = [[places[one] for one in side] for side in (x, y or ())]
    held_out = [_kinds(side) for side in test]
    for side, letter in zip(held_out, "AB", strict=True):
        if more := sorted(set(side or ()) - set(names)):
            return Kinds(why_not=f"test{letter} has {listed(more)}, and trainA has not.")
    known = [side and [places[one] for one in side] for side in held_out]
    return Kinds(names, (labels[0], labels[1] or [UNKNOWN] * len(train[1])), tuple(known))


def listed(names: Sequence[str], most: int = 8) -> str:
    """ "cat, cow and dog"; of many the first ones, and how many more."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _kinds(names: Sequence[str]) -> list[str] | None:
    """The outermost folder of each; None where there are none, or one lies in no folder."""
    parts = [PurePosixPath(name).parts for name in names]
    return [of[0] for of in parts] if parts and all(of[1:] for of in parts) else None


def _unequal(x: set[str], y: set[str]) -> str:
    missing = [
        f"{side} lacks {listed(sorted(lacks))}"
        for side, lacks in (("trainA", y - x), ("trainB", x - y))
        if lacks
    ]
    return (
        f"Both sides must show the same kinds, and {', and '.join(missing)}. Take these away, or "
        "add pictures of them; trainB may also lie in no folders at all, as nobody learns its "
        "labels."
    )
