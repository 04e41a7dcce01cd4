"""All files of an export, each checked before any of them is put in place.

Knows no command line.
"""

from math import isfinite
from pathlib import Path

import torch

from ...core import files
from ...store.checkpoints import Checkpoint
from . import card, check, convert
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
    return [
        _checked(part, path, kind, check.difference(part, batches, run))
        for path, kind, run in (
            (onnx, precision, check.in_onnxruntime(onnx, part)),
            (program, torch.float32, check.in_torch_export(program)),
        )
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
