"""The page's markup: a file of templates for each part of it, and the one way to fill them.

No other module of the page writes a tag, and none escapes by hand: a test holds that. Knows no
panel.
"""

from pathlib import Path

from ..core.markup import Templates, formula

__all__ = ["absent", "formula", "render", "script"]

TEMPLATES = Path(__file__).parent / "templates"

SCRIPTS = Path(__file__).parent / "scripts"

render = Templates(TEMPLATES).render


def script(name: str) -> str:
    """One of the page's few scripts."""
    return (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")


def absent(sentence: str) -> str:
    """What stands where there is nothing to show."""
    return render("common.absent", sentence=sentence)
