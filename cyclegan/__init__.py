"""CycleGAN (Zhu et al. 2017, arXiv 1703.10593): train it, load it, and see what each loss does.

    translator = cyclegan.load("drawing/gan-cycle-identity")
    translator.translate("picture.png").reconstruction.save("back.png")
    run = cyclegan.train("drawing", steps=100, cycle="none")

`docs/python.md` has the rest.

The rooms, in the direction in which data flows: core, methods, store, lessons, inference, training,
labs, page. The modules that lie here are commands: `python -m cyclegan.translate`, and so on.
"""

import importlib
import os

# Tensors of 2 MiB and more in huge pages, where Linux has them: PyTorch asks when it allocates its
# first one. Otherwise fresh 4-KiB pages take up to a third of a large picture's processor time.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

_PUBLIC = {
    "Translation": "inference.translator:Translation",
    "Translator": "inference.translator:Translator",
    "config": "core.config",
    "evaluate": "inference.evaluation:evaluate",
    "images": "core.images",
    "lessons": "lessons",
    "load": "inference.loading:load",
    "model": "methods.model",
    "models": "store.catalogue",
    "push": "labs.publishing.pushing:push",
    "read_log": "training.runs:read_log",
    "sheets": "core.sheets",
    "train": "training.command:train",
}
"""Names for `from cyclegan import …`: rooms, modules, and what is in these. A name is imported when
it is asked for, so that a door waits for nothing that it does not use."""


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    where, _, what = _PUBLIC[name].partition(":")
    module = importlib.import_module(f"{__name__}.{where}")
    return getattr(module, what) if what else module


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
