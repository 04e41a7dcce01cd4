"""From the name of a model to its Translator: for Python, as `cyclegan.load`."""

import sys
from pathlib import Path

from ..core import device as devices
from ..core.registry import load_plugins
from ..store import catalogue
from .translator import Translator


def load(name: str | Path, device: str = "auto") -> Translator:
    """The Translator of a model, by the one name that it has everywhere (`store.catalogue`).

    name: a variant of a bundled set, as "drawing/gan-cycle-identity"; a run, folder or weight file;
    or user/repo[@revision][:part] on the Hub, which is brought here first. device: "auto" for the
    best one there is, or "cpu", "cuda", "mps". What a foreign file does not tell, and was taken for
    granted, is said on stderr. Raises CheckpointError, with the names that are valid, and
    ConfigError for a device that is not here.
    """
    load_plugins()
    where = devices.choose(device)
    checkpoint = catalogue.load_one(str(name))
    for note in catalogue.notes_of(checkpoint):
        print(note, file=sys.stderr)
    return Translator(checkpoint, where)
