"""The folder that is written: whole or not at all, and never over anything else.

Knows no network.
"""

from collections.abc import Set
from pathlib import Path

from ...core import files
from .parts import ExportError

CARD = "README.md"
MARK = "python -m cyclegan.export"
"""In every card, by which a folder is known as one that may be replaced."""

ENDINGS = {".onnx", ".pt2"}


def check_folder(folder: Path, names: Set[str] = frozenset()) -> None:
    """Raise ExportError where a folder holds anything but an earlier export.

    names: of what such a one consists of beside its card; of networks without any.
    """
    files.mend_folder(folder)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ExportError(f"{folder} is a file; name a folder.")
    inside = sorted(folder.iterdir())
    if not inside:
        return
    card = folder / CARD
    others = [
        p for p in inside if not (p.name in {CARD, *names} or (not names and p.suffix in ENDINGS))
    ]
    if others:
        raise ExportError(
            f"{folder} holds {files.printable(others[0].name)}, which no export writes; name "
            "another folder, as this one would be replaced."
        )
    if not card.is_file() or MARK not in card.read_text(encoding="utf-8", errors="replace"):
        raise ExportError(
            f"{folder} is not empty, and no card in it says that it is an export; name another "
            "folder, as this one would be replaced."
        )
