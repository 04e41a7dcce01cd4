"""How people name the two directions of a CycleGAN, in files and in the keys inside them.

Knows names only. What G_A does is the original authors' sense here: X → Y.
"""

import re
from collections.abc import Iterable

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".ckpt")
"""Endings of weight files. They suggest which files to try; what is inside decides."""

WAYS = (
    *(("g_a", "g_b"), ("g", "f"), ("ab", "ba"), ("a2b", "b2a"), ("atob", "btoa")),
    *(("xy", "yx"), ("x2y", "y2x"), ("xtoy", "ytox")),
)
"""X → Y and Y → X; "net", "G", "gen" or "generator" may stand before."""

JUDGE = re.compile(
    r"(?<![a-z0-9])(net_?)?(d(?![a-z0-9])_?|disc?_?|discriminator_?)"
    r"([abxy]((2|to)?[abxy])?)?(?![a-z0-9])",
    re.IGNORECASE,
)
"""A discriminator's name: D_A, netD_X, disc_AB, discriminator_y …"""


def reversals(name: str) -> set[str]:
    """The names, in lower case, that Y → X may have where `name` is X → Y; none if it is not."""
    name = name.lower()
    return {
        re.sub(rf"(?<![a-z0-9])((net)?(g|gen|generator)?[_-]?){a}(?![a-z0-9])", rf"\g<1>{b}", name)
        for a, b in WAYS
    } - {name}


def pair(names: Iterable[str]) -> tuple[str, str] | None:
    """The two weight files among `names` that are the two directions, X → Y first.

    For instance latest_net_G_A.pth and latest_net_G_B.pth. None if there is no such pair, or more
    than one.
    """
    files = {n.lower(): n for n in names if n.endswith(SUFFIXES) and not JUDGE.search(n)}
    pairs = [
        (files[there], files[back]) for there in files for back in reversals(there) & files.keys()
    ]
    return pairs[0] if len(pairs) == 1 else None
