"""Markup: a file of templates for each part of the page, and the one way to fill them.

Whatever stands in a place of a template is escaped, unless a template made it. No other module of
the page writes a tag, and none escapes by hand: a test holds that. Knows no panel.
"""

import re
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Macro
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"

SCRIPTS = Path(__file__).parent / "scripts"

SMALL = {"₁": "1", "₂": "2", "²": "2"}


def render(macro: str, **values: object) -> str:
    """What a macro of the templates makes of its arguments; "panels.measured" is in panels.html.

    Strings among the values are escaped. Returns a plain str: to a `Markup`, Gradio or whoever else
    cuts it up and adds to it would do so with escapes. A value that is left out raises
    jinja2.UndefinedError where it is used.
    """
    return str(_macro(macro)(**values))


def script(name: str) -> str:
    """One of the page's few scripts."""
    return (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")


def _macro(name: str) -> Macro:
    file, macro = name.split(".")
    return getattr(_ENVIRONMENT.get_template(f"{file}.html").module, macro)


@lru_cache(256)  # The same few stand over every answer.
def formula(text: str) -> Markup:
    """MathML of plain formulas like "F(G(x))" and "10 · GAN(G, D_Y)".

    Single letters are italic and words are not; "_" begins an index, and ₁ and ² are set as such.
    """
    tokens = r"([A-Za-z]+)(?:_(\w+))?|(\d+(?:\.\d+)?)|([^\s₁₂²])(₁|₂)?(²)?"
    parts = [
        (letters, index, digits, sign, SMALL.get(below, ""), SMALL.get(above, ""))
        for letters, index, digits, sign, below, above in re.findall(tokens, text)
    ]
    return _macro("common.formula")(parts)


def absent(sentence: str) -> str:
    """What stands where there is nothing to show."""
    return render("common.absent", sentence=sentence)


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_ENVIRONMENT.filters["formula"] = formula
