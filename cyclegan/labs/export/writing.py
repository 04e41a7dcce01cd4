"""All files of an export, each checked before any of them is put in place.

Knows no command line.
"""

from math import inf, isfinite
from pathlib import Path

import torch

from ...core import files
from ...store.checkpoints import Checkpoint
from . import card, check, convert, graphs
from .folder import CARD
from .parts import ExportError, Part, Written

MOST = 1.0
"""Units of 1/255 by which what computes in float32 may differ from PyTorch."""


def write(
    folder: Path, name: str, checkpoint: Checkpoint, parts: tuple[Part, ...], is_half: bool
) -> list[Written]:
    """Write and check both forms of all parts, and the card, into `folder`, in one move.

    is_half: whether ONNX computes in float16. Raises ExportError, and leaves the folder as it was,
    where something cannot be converted or computes something else.
    """
    found: list[Written] = []

    def fill(fresh: Path) -> None:
        for part in parts:
            found.extend(_write_part(fresh, checkpoint, part, is_half))
        text = card.write(name, checkpoint, found, check.sizes(checkpoint.config))
        files.write_text(fresh / CARD, text)

    files.replace_folder(folder, fill)
    return found


def _write_part(folder: Path, checkpoint: Checkpoint, part: Part, is_half: bool) -> list[Written]:
    onnx, program = folder / f"{part.role}.onnx", folder / f"{part.role}.pt2"
    precision = torch.float16 if is_half else torch.float32
    convert.write(part, onnx, program, precision)
    batches = check.pictures(checkpoint.config, checkpoint.folder, part)
    found = check.difference(part, batches, check.in_onnxruntime(onnx, part))
    if is_half:
        # Of onnxruntime that is too little: on a CPU it computes most of such layers in float32.
        by_layers = check.difference(part, batches, graphs.rounded(part, precision))
        found = max(found, by_layers, key=lambda one: one if isfinite(one) else inf)
    again = check.difference(part, batches, check.in_torch_export(program))
    return [
        _checked(part, onnx, precision, found),
        _checked(part, program, torch.float32, again),
    ]


def _checked(part: Part, path: Path, kind: torch.dtype, difference: float) -> Written:
    """Raises ExportError."""
    precision = str(kind).removeprefix("torch.")
    if not isfinite(difference):
        raise ExportError(
            f"{path.name} computes what is no number in {precision}, and nothing was written."
        )
    if kind == torch.float32 and difference > MOST:
        raise ExportError(
            f"{path.name} differs from PyTorch by {difference:.3g}/255, more than the "
            f"{MOST:g}/255 that is allowed, and nothing was written."
        )
    return Written(part, path.name, precision, path.stat().st_size, difference)
