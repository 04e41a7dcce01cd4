"""How people name the two directions of a CycleGAN, in files and in the keys inside them.

Knows names only. What G_A does is the original authors' sense here: X → Y.
"""

import re
from collections.abc import Iterable, Mapping

SUFFIXES = (".safetensors", ".pth", ".pth.tar", ".pt", ".pt.tar", ".bin", ".ckpt")
"""Endings of weight files, in any case. They suggest which files to try; what is inside decides."""

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

EPOCH = re.compile(r"(?<![a-z0-9])(?:epoch[_-]?)?(latest|\d+)(?![a-z0-9])", re.IGNORECASE)
"""When in a training a file was saved: latest_net_G_A, 5_net_G_A, G_AB_100, gen_epoch5."""


def is_weights(name: str) -> bool:
    """Whether a file may hold weights, by its name."""
    return name.lower().endswith(SUFFIXES)


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
    pairs = _pairs(_generators(names))
    return pairs[0] if len(pairs) == 1 else None


def models(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The generators among weight files, one or a pair X → Y first, by what tells them apart.

    That is the epoch in their names, "latest" or "5", after the folder they lie in; where there is
    none, or two have the same, their first name. Discriminators are passed over, unless there is
    nothing else.
    """
    files = _generators(names) or sorted(filter(is_weights, names))
    pairs = _pairs(files)
    paired = {name for both in pairs for name in both}
    found: dict[str, tuple[str, ...]] = {}
    for model in [*pairs, *((name,) for name in files if name not in paired)]:
        folder, _, file = model[0].rpartition("/")
        epochs = EPOCH.findall(file)
        mark = "/".join(filter(None, (folder, epochs[-1].lower()))) if epochs else model[0]
        found[model[0] if mark in found else mark] = model
    return found


def the_one(found: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """What is meant where nothing is named: all there is, the only pair, or the latest."""
    pairs = [files for files in found.values() if len(files) == 2]
    if len(found) == 1 or len(pairs) == 1:
        return (pairs or list(found.values()))[0]
    return found.get("latest")


def _generators(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if is_weights(name) and not JUDGE.search(name))


def _pairs(files: list[str]) -> list[tuple[str, str]]:
    named = {name.lower(): name for name in files}
    return [(named[a], named[b]) for a in named for b in sorted(reversals(a) & named.keys())]
