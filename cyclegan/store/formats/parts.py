"""Weights that a file keeps in parts, put together: spectral norm and weight norm.

Knows how PyTorch names the parts, by its older hooks and by its newer parametrizations. Knows no
layout.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.files import printable
from ..checkpoints import shape
from .reading import FormatError


def _spectral(whole: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """W / σ with σ = uᵀ W v, as in evaluation (Miyato et al. 2018, section 2.1).

    W's rows are the outputs: of a transposed convolution the second side. Where both sides would
    do, u is what training has made of it: the direction of W v.
    """
    found = []
    for side in range(min(2, whole.dim())):
        matrix = whole.transpose(0, side).flatten(1)
        if matrix.shape == (left.numel(), right.numel()):
            made = matrix @ right.flatten()
            sigma = left.flatten() @ made
            found.append((float(sigma / made.norm()), sigma))
    if not found:
        raise ValueError
    return whole / max(found, key=lambda pair: pair[0])[1]


def _weight(length: Tensor, direction: Tensor) -> Tensor:
    """g · v / ‖v‖ (Salimans and Kingma 2016), the norm over all sides that g does not have."""
    sides = length.shape if length.dim() else (1,) * direction.dim()
    if any(a not in (1, b) for a, b in zip(sides, direction.shape, strict=True)):
        raise ValueError
    over = [i for i, side in enumerate(sides) if side == 1]
    return direction * (length / torch.linalg.vector_norm(direction, dim=over, keepdim=True))


@dataclass(frozen=True)
class Norm:
    """name: for people. parts: endings of the keys, the one that tells it first."""

    name: str
    parts: tuple[str, ...]
    join: Callable[..., Tensor]


_NEW = "parametrizations.weight"
NORMS = (
    Norm("spectral norm", ("weight_orig", "weight_u", "weight_v"), _spectral),
    Norm("spectral norm", (f"{_NEW}.original", f"{_NEW}.0._u", f"{_NEW}.0._v"), _spectral),
    Norm("weight norm", ("weight_g", "weight_v"), _weight),
    Norm("weight norm", (f"{_NEW}.original0", f"{_NEW}.original1"), _weight),
)


def joined(weights: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Weights with one key in place of the parts of each, and the norms' names by these keys.

    The order stays. Raises FormatError where a part lacks, or does not fit the others.
    """
    found, names, spent = {}, {}, set()
    for key, value in weights.items():
        if key in spent:
            continue
        layer, norm = _norm_of(key, weights)
        if norm is None:
            found[key] = value
            continue
        keys = [f"{layer}{part}" for part in norm.parts]
        if lacking := [printable(part) for part in keys if part not in weights]:
            raise FormatError(
                f"has {printable(key)}, a part of a {norm.name}, and lacks {', '.join(lacking)}"
            )
        try:
            made = norm.join(*(weights[part].float() for part in keys))
        except (ValueError, RuntimeError) as error:
            sides = ", ".join(f"{printable(part)} {shape(weights[part])}" for part in keys)
            raise FormatError(f"has parts of a {norm.name} that do not fit: {sides}") from error
        found[f"{layer}weight"], names[f"{layer}weight"] = made, norm.name
        spent.update(keys)
    return found, names


def _norm_of(key: str, weights: dict[str, Tensor]) -> tuple[str, Norm | None]:
    """The norm that a key is a part of, and what stands before the part's name."""
    for norm in NORMS:
        for part in norm.parts:
            layer = key.removesuffix(part)
            is_part = layer != key and (not layer or layer.endswith("."))
            if is_part and f"{layer}{norm.parts[0]}" in weights:
                return layer, norm
    return "", None
