"""CycleGAN (Zhu et al. 2017, arXiv 1703.10593): train it, load it, and see what each loss does.

The rooms, in the direction in which data flows: core, methods, store, lessons, inference, training,
labs, page. The modules that lie here are commands: `python -m cyclegan.translate`, and so on.
"""

import importlib
import os

# Tensors of 2 MiB and more in huge pages, where Linux has them: PyTorch asks when it allocates its
# first one. Otherwise fresh 4-KiB pages take up to a third of a large picture's processor time.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

_PUBLIC = {
    "config": "core.config",
    "images": "core.images",
    "model": "methods.model",
    "models": "store.catalogue",
}
"""Names for `from cyclegan import …`, as README and published model cards have them."""


def __getattr__(name: str):
    if name in _PUBLIC:
        return importlib.import_module(f"{__name__}.{_PUBLIC[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
