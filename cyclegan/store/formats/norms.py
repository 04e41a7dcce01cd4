"""What stands beside a generator's convolutions in a file: norms, and the biases before them.

Knows which norms are the generators' own, which may be left out without a change, and which make
another network. Knows nothing of files, or of X and Y.
"""

import re
from dataclasses import replace

import torch
from torch import Tensor

from ...core.files import printable
from .layouts import BY_SHAPE, OURS, WITH_BIASES, Generator, form
from .reading import FormatError

COUNT = "num_batches_tracked"
STATISTICS = ("running_mean", "running_var", COUNT)

BY_AVERAGES = (
    "It has batch norms, which go by the averages of its training here, as in the original "
    "authors' test with --eval; without that they go by each picture's own."
)


def cleaned(found: Generator) -> Generator:
    """Without statistics and norms that change nothing, and with the biases that are nothing.

    Norms that go by their statistics become batch norms of ours. Raises FormatError where a norm is
    another than these, or does not say what it goes by.
    """
    averaged = {key.rpartition(".")[0] for key in found.weights if key.endswith(STATISTICS)}
    scaled = _scaled(found)
    if averaged and _goes_by_averages(found, min(averaged), bool(averaged & {*scaled})):
        return _with_batch_norm(found, averaged)
    weights, notes = dict(found.weights), list(found.notes)
    for norm in scaled:
        scale, shift = weights.pop(f"{norm}.weight"), weights.pop(f"{norm}.bias")
        if not (_is_all(scale, 1) and _is_all(shift, 0)):
            raise FormatError(
                f"has scales and shifts in its norm {printable(norm)}; the generators here have "
                "instance norm without any"
            )
        notes.append("The scales of its instance norm are all 1 and are left out.")
    if averaged:
        # Networks of 2017 kept them, and their authors dropped them when they loaded a file.
        notes.append("The running statistics of its instance norm are left out, as they should be.")
        weights = {key: value for key, value in weights.items() if not key.endswith(STATISTICS)}
    is_biased, is_ours = _is_biased(found), found.layout == OURS
    if not is_biased and found.layout in WITH_BIASES:
        raise FormatError(
            f"has no biases but the last: {found.layout} has them with instance norm, and none "
            "with batch norm, whose averages are not there, or without a norm"
        )
    # A convolution before a norm needs no bias: without any, 0 is the same network and no guess.
    # One that lacks where others are there is a damaged file.
    if not (is_biased or is_ours):
        shapes = {key: value.shape for key, value in form(found.settings).named_parameters()}
        for key in _biases(found):
            weights.setdefault(key, torch.zeros(shapes[found.names[key]]))
    if not (scaled or averaged) and (found.layout == BY_SHAPE or not (is_biased or is_ours)):
        biases = "" if is_biased else "has no biases before its norms, and "
        notes.append(f"It {biases}says nothing of the norms: instance norm is taken for granted.")
    return replace(found, weights=weights, notes=tuple(notes))


def _scaled(found: Generator) -> list[str]:
    """The norms that have scales and shifts."""
    norms = [
        key.removesuffix(".weight")
        for key, value in found.weights.items()
        if key.endswith(".weight") and key not in found.names and value.dim() == 1
    ]
    for norm in norms:
        if f"{norm}.bias" not in found.weights:
            raise FormatError(
                f"has {printable(norm)}.weight, of an activation that learns or of another norm; "
                "the generators here have ReLU, and instance norm or batch norm"
            )
    return norms


def _biases(found: Generator) -> list[str]:
    return [key for key in found.names if key.endswith(".bias")]


def _is_biased(found: Generator) -> bool:
    """Whether there is a bias before any norm; the last convolution has none behind it."""
    return any(key in found.weights for key in _biases(found)[:-1])


def _is_all(values: Tensor, number: float) -> bool:
    return values.is_floating_point() and bool((values.float() == number).all())


def _goes_by_averages(found: Generator, norm: str, is_scaled: bool) -> bool:
    """Whether norms with statistics use them once training is over, as any batch norm does, and an
    instance norm that counts its batches. PyTorch before 0.4 kept them of all instance norms."""
    is_biased, counts = _is_biased(found), any(key.endswith(COUNT) for key in found.weights)
    if is_biased and not is_scaled and (found.layout in WITH_BIASES or not counts):
        return False
    # These have a bias before an instance norm, and none before a batch norm.
    is_told = not is_biased and found.layout in (*WITH_BIASES, OURS)
    if not (counts or is_told):
        raise FormatError(
            f"has running statistics in {printable(norm)}, and does not say whether its norm goes "
            "by them: early versions of PyTorch wrote them of instance norms too, which do not"
        )
    return True


def _with_batch_norm(found: Generator, averaged: set[str]) -> Generator:
    """The norm behind each convolution as a batch norm of ours; the bias before it becomes a part
    of its mean."""
    settings = replace(found.settings, norm="batch")
    ours = form(settings).state_dict()
    weights = {key: value for key, value in found.weights.items() if not key.endswith(COUNT)}
    names = {key: our for key, our in found.names.items() if our in ours}
    left = set(averaged)
    for key, our in found.names.items():
        layer, our_norm = key.removesuffix(".weight"), _next(our.removesuffix(".weight"))
        if layer == key or f"{our_norm}.running_mean" not in ours:
            continue
        norm = _next(layer)
        if norm not in left:
            raise FormatError(
                f"has a batch norm, {printable(min(averaged))}, and none behind {printable(layer)}"
            )
        left.remove(norm)
        mean, variance = (weights.get(f"{norm}.{part}") for part in STATISTICS[:2])
        if mean is None or variance is None or mean.shape != variance.shape:
            raise FormatError(f"lacks a part of the batch norm {printable(norm)}")
        if bool((variance < 0).any()):
            raise FormatError(f"has variances below 0 in {printable(norm)}")
        bias = weights.pop(f"{layer}.bias", None)
        if bias is not None:
            if bias.shape != mean.shape:
                raise FormatError(f"has a bias in {printable(layer)} that does not fit its norm")
            weights[f"{norm}.running_mean"] = mean.float() - bias.float()
        weights.setdefault(f"{norm}.weight", torch.ones(mean.shape))
        weights.setdefault(f"{norm}.bias", torch.zeros(mean.shape))
        names |= {
            f"{norm}.{part}": f"{our_norm}.{part}" for part in ("weight", "bias", *STATISTICS[:2])
        }
    if left:
        raise FormatError(f"has a batch norm, {printable(min(left))}, where no norm is known")
    notes = (*found.notes, BY_AVERAGES)
    return replace(found, settings=settings, weights=weights, names=names, notes=notes)


def _next(layer: str) -> str:
    """The name of the layer behind another in one nn.Sequential; "" where it has no number."""
    number = re.search(r"\d+$", layer)
    return f"{layer[: number.start()]}{int(number[0]) + 1}" if number else ""
