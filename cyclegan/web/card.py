"""README.md of a page without a server, which a static Space on the Hub reads as well.

Knows no network.
"""

import json

from ..labs.export.folder import MARK
from ..labs.markdown import code, plain
from ..labs.publishing.card import license_of
from ..page.sets import CheckpointSet
from .runtime import LICENSE

ISOLATED = {
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "cross-origin",
}
"""With these headers browsers let WebAssembly use all cores."""


def write(name: str, set_: CheckpointSet) -> str:
    front = {
        "title": f"Cycle consistency: {set_.title}",
        "emoji": "🔁",
        "sdk": "static",
        "app_file": "index.html",
        "license": license_of(set_.variants[0].source.paths[0]),
        "custom_headers": ISOLATED,
    }
    lesson, licence = set_.lesson, set_.lesson.licence
    stated = f" Pictures: {plain(lesson.source)}; {plain(licence)}." if lesson.source else ""
    # JSON is YAML, and quotes whatever needs it.
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front.items()]
    return "\n".join(
        [
            "---",
            *lines,
            "---",
            "",
            f"# {plain(name)}, in the browser",
            "",
            f"{plain(set_.domains.x)} to {plain(set_.domains.y)} and back, with and without a term "
            "of the objective. Open `index.html`, by a double click or from any static host: the "
            "networks run in the visitor's own browser, by WebGPU where it has that and by "
            "WebAssembly else, and no picture leaves it. Where a browser opens no page from a "
            "folder, run `python -m http.server` in this one and open http://localhost:8000.",
            "",
            f"Written by {code(f'{MARK} {name} --web')}.{stated} Networks are run by {LICENSE}.",
            "",
        ]
    )
