"""Where in a file the generators are, and that nothing else is there.

Knows what may stand beside a generator's convolutions and beside a generator, and what of it may
be left out without a change. Knows nothing of files, or of X and Y.
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
from .directions import JUDGE
from .layouts import BLOCK, NEST, OURS, UPIT, Generator, Weights, flat, form, nested, own_unet
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
        found.append(_cleaned(recognise(prefix, own, in_order)))
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
        elif key.endswith("down.0.0.weight") and value.shape[1:] == (3, 4, 4):
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


# What stands beside the convolutions

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def _cleaned(found: Generator) -> Generator:
    """Without statistics and norms that change nothing, and with the biases that are nothing."""
    weights, notes = dict(found.weights), list(found.notes)
    averaged = {key.rpartition(".")[0] for key in weights if key.endswith(_STATISTICS)}
    norms = [
        key.removesuffix(".weight")
        for key, value in weights.items()
        if key.endswith(".weight") and key not in found.names and value.dim() == 1
    ]
    for norm in norms:
        scale, shift = weights.pop(f"{norm}.weight"), weights.pop(f"{norm}.bias", torch.zeros(1))
        if norm in averaged:
            raise FormatError(
                f"has a batch norm, {printable(norm)}; the generators here have instance norm"
            )
        if not (_is_all(scale, 1) and _is_all(shift, 0)):
            raise FormatError(
                f"has scales and shifts in its norm {printable(norm)}; the generators here have "
                "instance norm without any"
            )
        notes.append("The scales of its instance norm are all 1 and are left out.")
    if averaged:
        # Networks of 2017 kept them, and their authors dropped them when they loaded a file.
        notes.append("The running statistics of its instance norm are left out, as they should be.")
        weights = {key: value for key, value in weights.items() if not key.endswith(_STATISTICS)}
    # A convolution before a norm needs no bias: without any, 0 is the same network and no guess.
    # One that lacks where others are there is a damaged file.
    biases = [key for key in found.names if key.endswith(".bias")]
    if not any(key in weights for key in biases[:-1]):
        shapes = {key: value.shape for key, value in form(found.settings).named_parameters()}
        for key in biases:
            weights.setdefault(key, torch.zeros(shapes[found.names[key]]))
    return replace(found, weights=weights, notes=tuple(notes))


def _is_all(values: Tensor, number: float) -> bool:
    return values.is_floating_point() and bool((values.float() == number).all())


def _take_judges(rest: Weights, keys: list[str]) -> Weights:
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
    for own in groups.values():
        scores = any(rest[key].dim() == 4 and len(rest[key]) == 1 for key in own)
        if scores or any(map(JUDGE.search, own)):
            judges |= {key: rest.pop(key) for key in own}
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
    first = G.judges.get(f"{prefixes['D_X']}0.weight", torch.empty(0))
    kind = "patch4" if f"{prefixes['D_X']}12.weight" in G.judges else "patchgan"
    try:
        settings = config.Discriminator(kind, len(first))
    except config.ConfigError:
        return None
    shapes = {key: value.shape for key, value in form(settings).state_dict().items()}
    weights, names = {}, {}
    for name, prefix in prefixes.items():
        own = {key: value for key, value in G.judges.items() if key.startswith(prefix)}
        ours = {key: f"layers.{key[len(prefix) :]}" for key in own}
        if {ours[key]: value.shape for key, value in own.items()} != shapes:
            return None
        weights |= own
        names |= {key: f"{name}.{our}" for key, our in ours.items()}
    return settings, weights, names
