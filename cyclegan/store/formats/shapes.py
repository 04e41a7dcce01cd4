"""Generators of any other layout with the paper's topology, placed layer by layer by shape.

Where shapes leave two places open, numbers in the names tell, or the order in the file.
"""

import re
from dataclasses import replace
from itertools import pairwise

import torch

from ...core import config
from ...core.files import printable
from .layouts import BY_SHAPE, CHANNELS, Generator, Weights, generator
from .reading import FormatError


def by_shape(prefix: str, weights: Weights, in_order: bool) -> Generator:
    """Any other names: a convolution's place follows from its shape, or else from the order."""
    kernels = {
        key.removesuffix(".weight"): tuple(value.shape)
        for key, value in weights.items()
        if key.endswith(".weight") and value.dim() == 4
    }
    sevens = [layer for layer, sides in kernels.items() if sides[2:] == (7, 7)]
    if len(sevens) != 2:
        raise FormatError(f"has {len(sevens)} 7×7 convolutions where a generator has two")
    if kernels[sevens[0]] == kernels[sevens[1]]:  # With 3 filters.
        sevens = _sorted(sevens, in_order)
    first, last = sorted(sevens, key=lambda layer: kernels[layer][1] not in CHANNELS)
    w = kernels[first][0]
    if kernels[first][1] not in CHANNELS or kernels[last][:2] not in [(c, w) for c in CHANNELS]:
        raise FormatError(
            f"begins with {printable(first)} {kernels[first]} and ends with {printable(last)} "
            f"{kernels[last]}; the generators here take and give pictures of 1 or 3 channels"
        )

    def of(out: int, channels: int) -> list[str]:
        return [layer for layer, sides in kernels.items() if sides == (out, channels, 3, 3)]

    blocks = _sorted(of(4 * w, 4 * w), in_order)
    outer, inner = of(2 * w, w), of(4 * w, 2 * w)
    upsampling, up = "resize_zeros", of(2 * w, 4 * w) + of(w, 2 * w)
    if not up:
        # A transposed convolution's weights are (in, out): those up look like those down.
        upsampling = "transposed"
        outer, inner = (_down_first(layers, weights, in_order) for layers in (outer, inner))
        outer, inner, up = outer[:1], inner[:1], inner[1:] + outer[1:]
    if not len(outer) == len(inner) == 1 or len(up) != 2 or len(blocks) % 2:
        raise FormatError(
            f"has {len(outer + inner)} convolutions down, {len(up)} up and {len(blocks)} in blocks "
            f"at {w} filters, where 2, 2 and an even number are expected"
        )
    _check_numbering(blocks)
    settings = config.Generator(width=w, blocks=len(blocks) // 2, upsampling=upsampling)
    layers = [layer[len(prefix) :] for layer in (first, *outer, *inner, *blocks, *up, last)]
    note = (
        "The layout is known by its shapes alone: padding, activations and upsampling, which the "
        "file does not state, are taken to be the paper's"
        f"{'' if upsampling == 'transposed' else ', and the upsampling nearest-neighbour'}."
    )
    return replace(generator(BY_SHAPE, prefix, settings, weights, layers), notes=(note,))


# The order of layers that have the same shape


def _sorted(layers: list[str], in_order: bool) -> list[str]:
    """By the numbers in the names, and by the words: as they come, else by the alphabet."""
    words = list(dict.fromkeys(part for layer in layers for part in _parts(layer)))
    rank = {word: i for i, word in enumerate(words if in_order else sorted(words))}

    def place(layer: str) -> list[tuple[bool, int]]:
        parts = _parts(layer)
        return [(False, int(p)) if p.isdecimal() else (True, rank[p]) for p in parts]

    ordered = sorted(layers, key=place)
    if not in_order:
        for before, after in pairwise(ordered):
            both = zip(_parts(before), _parts(after), strict=False)
            first = next((parts for parts in both if parts[0] != parts[1]), ("", ""))
            if not all(part.isdecimal() for part in first):
                raise FormatError(
                    f"does not say which is first, {printable(before)} or {printable(after)}: "
                    "safetensors sorts its keys; the same weights in a .pth would say it"
                )
    return ordered


def _parts(layer: str) -> list[str]:
    return re.findall(r"\d+|\D+", layer)


def _down_first(layers: list[str], weights: Weights, in_order: bool) -> list[str]:
    """Of a convolution down and a transposed one up with kernels of one shape, that down first."""
    biases = {layer: weights.get(f"{layer}.bias", torch.empty(0)).numel() for layer in layers}
    if len(set(biases.values())) > 1:  # Down it doubles the channels, up it halves them.
        return sorted(layers, key=lambda layer: -biases[layer])
    up = {layer: bool(re.search("up|dec|trans", layer, re.IGNORECASE)) for layer in layers}
    if len(set(up.values())) > 1:
        return sorted(layers, key=lambda layer: up[layer])
    return _sorted(layers, in_order)


def _check_numbering(blocks: list[str]) -> None:
    """Raises FormatError where numbered blocks leave a number out: one of them is lost."""
    if not blocks:
        return
    numbers = [[int(part) for part in _parts(layer) if part.isdecimal()] for layer in blocks]
    places = (sorted(set(place)) for place in zip(*numbers, strict=False))
    outermost = next((found for found in places if len(found) > 1), [])
    # Of one block alone, the outermost numbers are those of its two convolutions.
    if len(outermost) == len(blocks) // 2 and outermost[-1] - outermost[0] >= len(outermost) > 0:
        raise FormatError(
            f"lacks a block between {printable(blocks[0])} and {printable(blocks[-1])}"
        )
