"""The page as a folder of files that needs no server: networks run in the visitor's own browser.

runtime.py    onnxruntime-web, brought by npm and packed
networks.py   networks as ONNX with their weights in half precision where that changes nothing
told.py       what the page tells: its diagrams, sentences, thresholds and figures as data
card.py       README.md beside it, which a static Space reads
writing.py    the folder, whole or not at all
"""

from collections.abc import Callable
from pathlib import Path

from ..labs.export.command import check_packages
from ..store.catalogue import Model


def write_page(folder: Path, model: Model, say: Callable[[str], None]) -> None:
    """Write the page of a model into a folder, in one move; raises ExportError."""
    check_packages()
    # Here, as it takes packages that may be missing.
    from .writing import write

    write(folder, model, say)
