"""The folder of a page without a server, whole or not at all, and never over anything else.

Knows no command line.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup

from ..core import files, palette
from ..core.markup import Templates
from ..core.media import PICTURES
from ..inference.translator import Translator
from ..labs.export.folder import CARD, check_folder
from ..labs.export.parts import ExportError
from ..page import markup, objective
from ..page.library import Library
from ..page.sets import CheckpointSet
from ..store import catalogue
from ..store.catalogue import Source
from . import card, runtime, told
from .networks import Network, networks_of

HERE = Path(__file__).parent
SHEETS = ("page", "panels", "objective", "loop", "lens")
"""Of the page's style sheets, those of what is drawn here."""

NETWORKS = "networks"

NAMES = {"index.html", "data.js", "lens.js", "page.js", "runtime.js", NETWORKS}
"""What the folder consists of, beside its card."""

_TEMPLATES = Templates(HERE / "templates")


def write(folder: Path, model: catalogue.Model, say: Callable[[str], None]) -> None:
    """Write the page of a model's variants into `folder`, in one move; `say` hears of each network.

    Raises ExportError, and leaves the folder as it was, where a network cannot be converted or
    npm cannot bring what runs it.
    """
    check_folder(folder, NAMES)
    library = Library([])
    set_ = library.sets[library.offer(model)]
    _check(library, set_)
    script, names = runtime.packed(), _names(set_)
    found: dict[str, dict[str, Network]] = {}
    for source, name in names.items():
        found[name] = dict(networks_of(name, source.load()))
        for role, network in found[name].items():
            size = files.size(len(network.script))
            say(f"{name}/{role}: {size}, at most {network.difference:.2g}/255 from PyTorch")
    roles = {name: list(networks) for name, networks in found.items()}
    data = told.page(library, set_.title, names, roles)
    data |= {"roles": roles, "worker": _script("worker")}
    texts = {
        "index.html": _html(set_),
        "data.js": f"const PAGE = {json.dumps(data, ensure_ascii=False)};\n",
        "lens.js": markup.script("lens"),
        "page.js": _script("page"),
        "runtime.js": script,
        CARD: card.write(model.name, set_),
        **{
            f"{NETWORKS}/{name}-{role}.js": network.script
            for name, networks in found.items()
            for role, network in networks.items()
        },
    }

    def fill(fresh: Path) -> None:
        (fresh / NETWORKS).mkdir()
        for path, text in texts.items():
            files.write_text(fresh / path, text)

    files.replace_folder(folder, fill)


def _check(library: Library, set_: CheckpointSet) -> None:
    if set_.lesson.medium is not PICTURES:
        raise ExportError(f"{set_.title} translates {set_.lesson.medium.name}, not pictures.")
    if any(Translator(v.source.load()).is_deep for v in told.variants_of(set_)):
        raise ExportError(
            f"{set_.title} translates pictures of more than 8 bits, or other channels than grey or "
            "RGB, which browsers cannot open; --onnx writes its networks."
        )
    for direction in set_.directions:
        views = [view for v in told.variants_of(set_) for view in v.views(direction)]
        makers = [view for view in views if view.key == "made"]
        if not any(view.of == ("original",) for view in makers):
            raise ExportError(
                f"{makers[-1].network} of {set_.title} takes something else than one picture, and "
                "a page without a server has networks that take one alone; --onnx writes those."
            )


def _names(set_: CheckpointSet) -> dict[Source, str]:
    """Names of the variants that are fit for files, each once."""
    found: dict[Source, str] = {}
    for number, variant in enumerate(told.variants_of(set_)):
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", variant.source.name).strip(".-") or "model"
        found[variant.source] = f"{name}-{number}" if name in found.values() else name
    return found


def _html(set_: CheckpointSet) -> str:
    pages = (HERE.parent / "page" / "styles" / f"{name}.css" for name in SHEETS)
    sheets = [palette.document_css()]
    sheets += [path.read_text(encoding="utf-8") for path in (*pages, HERE / "styles" / "web.css")]
    return _TEMPLATES.render(
        "web.page",
        title=set_.title,
        domains=set_.domains,
        has_switches=bool(set_.switches),
        directions=[(direction, set_.arrow(direction)) for direction in set_.directions],
        # Our own files and templates.
        style=Markup("".join(sheets)),
        asks=Markup(objective.asks(set_)),
    )


def _script(name: str) -> str:
    return (HERE / "scripts" / f"{name}.js").read_text(encoding="utf-8")
