"""Where in a file the generators are, and that nothing else is there.

Knows what may stand beside a generator, and what of it may be left out without a change. Knows
nothing of files, or of X and Y.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from ...core import config
from ...core.files import printable
from ..checkpoints import shape
from .directions import JUDGE, reversals
from .layouts import (
    BLOCK,
    NEST,
    OURS,
    UPIT,
    Generator,
    Weights,
    flat,
    form,
    nested,
    own_unet,
)
from .norms import cleaned
from .reading import FormatError
from .shapes import by_shape

MOST_GENERATORS = 16
"""That are looked at; every further one would be held against all weights."""


def generators(weights: Weights, in_order: bool) -> list[Generator]:
    """All generators among the weights of a file.

    in_order: whether the weights come in the order in which the network was built. Raises
    FormatError where there is none, or where something is left over that is no discriminator's.
    The rest of `checkpoints.restore`'s checks is its own: keys, shapes, types and numbers.
    """
    found, rest = [], dict(weights)
    prefixes = _prefixes(weights)
    if len(prefixes) > MOST_GENERATORS:
        raise FormatError(f"holds {len(prefixes)} generators; a CycleGAN has two")
    for prefix, recognise in prefixes.items():
        own = {key: rest.pop(key) for key in weights if key in rest and key.startswith(prefix)}
        found.append(cleaned(recognise(prefix, own, in_order)))
    found = _without_aliases(_once(found), rest)
    beside = [printable(key) for key, value in rest.items() if _is_figure(value)]
    judges = _take_judges(rest, list(weights))
    if not weights:
        raise FormatError("holds no weights at all")
    if not found:
        what = "a discriminator, but no generator" if judges else "no generator that is known here"
        first = ", ".join(f"{printable(key)} {shape(weights[key])}" for key in list(weights)[:3])
        raise FormatError(f"holds {what}; its first weights are {first}")
    if rest:
        more = f" and {len(rest) - 3} more" if len(rest) > 3 else ""
        keys = ", ".join(printable(key) for key in list(rest)[:3])
        raise FormatError(f"has {keys}{more}, which {found[0].title} does not")
    if beside:
        note = f"Numbers beside the networks are left out: {', '.join(beside[:5])}."
        found[0] = replace(found[0], notes=(*found[0].notes, note))
    return [replace(generator, judges=judges) for generator in found]


Recognise = Callable[[str, Weights, bool], Generator]


def _prefixes(weights: Mapping[str, Tensor]) -> dict[str, Recognise]:
    """What the keys of each generator begin with, and who recognises the rest of them."""
    found: dict[str, Recognise] = {}
    first_block: dict[str, int] = {}
    for key, value in weights.items():
        if match := BLOCK.fullmatch(key):
            index = int(match[2])
            first_block[match[1]] = min(index, first_block.get(match[1], index))
        elif match := NEST.fullmatch(key):
            found[match[1]] = nested
        elif key.endswith("down.0.0.weight") and value.shape[1:] in ((1, 4, 4), (3, 4, 4)):
            found[key.removesuffix("down.0.0.weight")] = own_unet
    # In one nn.Sequential with the paper's topology, the layers 0 to 9 lie before the blocks.
    found |= {prefix: flat for prefix, index in first_block.items() if index >= 10}
    # Any other: the innermost name that two 7×7 convolutions share.
    sevens = [
        key
        for key, value in weights.items()
        if value.dim() == 4 and value.shape[2:] == (7, 7) and not key.startswith(tuple(found))
    ]
    above = [["", *(key[: dot.end()] for dot in re.finditer(r"\.", key))] for key in sevens]
    shared = Counter(prefix for prefixes in above for prefix in prefixes)
    for prefixes in above:
        if twice := [prefix for prefix in prefixes if shared[prefix] > 1]:
            found[twice[-1]] = by_shape
    return found


def _is_figure(value: Tensor) -> bool:
    """A loss or the like; a whole number counts steps or epochs."""
    return value.dim() == 0 and value.is_floating_point()


# What is there twice

_AVERAGE = re.compile(r"[._-]?(?<![a-z])(ema|average|averaged|avg)(?![a-z])", re.IGNORECASE)


def _once(found: list[Generator]) -> list[Generator]:
    """Each network once: of one and its moving average the average, of two that are equal one.

    But for two that are called the two directions.
    """
    plain = {g.prefix: _AVERAGE.sub("", f".{g.prefix}").strip("._-") for g in found}
    kept: list[Generator] = []
    for one in found:
        name = printable(one.prefix.rstrip("."))
        others = [g for g in found if g is not one and plain[g.prefix] == plain[one.prefix]]
        is_average = plain[one.prefix] != one.prefix.strip("._-")
        if others and not is_average:
            continue
        if others:
            note = f"{name} is taken, the moving average, and what it is the average of left out."
            one = replace(one, notes=(*one.notes, note))
        alike = next((i for i, other in enumerate(kept) if _are_equal(one, other)), None)
        if alike is None:
            kept.append(one)
            continue
        note = f"{name} has the same weights as {printable(kept[alike].prefix.rstrip('.'))}."
        kept[alike] = replace(kept[alike], notes=(*kept[alike].notes, note))
    return kept


def _are_equal(one: Generator, other: Generator) -> bool:
    if other.prefix.lower() in reversals(one.prefix) or one.prefix.lower() in reversals(
        other.prefix
    ):
        return False
    a, b = ({g.names.get(k, k): v for k, v in g.weights.items()} for g in (one, other))
    same = one.settings == other.settings and a.keys() == b.keys()
    return same and all(torch.equal(a[key], b[key]) for key in a)


def _without_aliases(found: list[Generator], rest: Weights) -> list[Generator]:
    """The generators, and out of them and of `rest` what is one tensor with a weight of theirs."""
    used = {_place(v) for g in found for key, v in g.weights.items() if key in g.names}
    for key in [key for key, value in rest.items() if _place(value) in used]:
        del rest[key]
    return [
        replace(
            g,
            weights={k: v for k, v in g.weights.items() if k in g.names or _place(v) not in used},
        )
        for g in found
    ]


def _place(value: Tensor) -> tuple:
    """Where a tensor's numbers lie; what is empty lies nowhere."""
    if not value.numel():
        return (id(value),)
    return value.data_ptr(), value.dtype, value.shape, value.stride()


def _take_judges(rest: Weights, keys: list[str]) -> dict[str, Weights]:
    """Takes the discriminators out of what is left: called so, or ending in a single channel."""
    levels = zip(*(key.split(".")[:-1] for key in keys), strict=False)
    root = next((i for i, names in enumerate(levels) if len(set(names)) > 1), 0)
    groups: dict[str, list[str]] = {}
    for key in list(rest):
        if rest[key].dim() == 0:
            del rest[key]  # A counter of steps or epochs.
        else:
            groups.setdefault("".join(key.split(".")[root : root + 1]), []).append(key)
    judges = {}
    for name, own in groups.items():
        scores = any(rest[key].dim() == 4 and len(rest[key]) == 1 for key in own)
        if scores or any(map(JUDGE.search, own)):
            judges[name] = {key: rest.pop(key) for key in own}
    return judges


def discriminators(
    G: Generator, F: Generator
) -> tuple[config.Discriminator, Weights, dict[str, str]] | None:
    """D_X and D_Y where the file of G and F has such as ours, else None.

    Settings, weights by the file's keys, and our keys by the file's.
    """
    if G.layout == UPIT:  # Its D_A judges what its G_A paints.
        prefixes = {"D_X": F.prefix, "D_Y": G.prefix}
        prefixes = {name: re.sub(r"G_(?=[AB]\.$)", "D_", p) for name, p in prefixes.items()}
    elif G.layout == OURS:
        root = re.sub(r"G\.(layers\.)?$", "", G.prefix)
        prefixes = {name: f"{root}{name}.layers." for name in ("D_X", "D_Y")}
    else:
        return None
    judges = {key: value for own in G.judges.values() for key, value in own.items()}
    first = judges.get(f"{prefixes['D_X']}0.weight", torch.empty(0))
    kind = "patch4" if f"{prefixes['D_X']}12.weight" in judges else "patchgan"
    norm = "batch" if f"{prefixes['D_X']}3.running_mean" in judges else "instance"
    try:
        settings = config.Discriminator(kind, len(first), norm)
    except config.ConfigError:
        return None
    shapes = {key: value.shape for key, value in form(settings).state_dict().items()}
    weights, names = {}, {}
    for name, prefix in prefixes.items():
        own = {key: value for key, value in judges.items() if key.startswith(prefix)}
        ours = {key: f"layers.{key[len(prefix) :]}" for key in own}
        if {ours[key]: value.shape for key, value in own.items()} != shapes:
            return None
        weights |= own
        names |= {key: f"{name}.{our}" for key, our in ours.items()}
    return settings, weights, names
