"""Markup: folders of templates, and the one way to fill them.

Whatever stands in a place of a template is escaped, unless a template made it. Charts and formulas,
which the page and the reports share, have their templates and style sheets here. Knows
nothing of what else is drawn.
"""

import re
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Macro
from markupsafe import Markup

SHARED = Path(__file__).parent / "templates"
"""What every folder of templates may import from."""

SHEETS = sorted((Path(__file__).parent / "styles").glob("*.css"))
"""Style sheets of what the page and the reports share."""

SMALL = {"₁": "1", "₂": "2", "²": "2"}


class Templates:
    """The templates of a folder: a file a part, a macro in it a piece."""

    def __init__(self, folder: Path):
        self._environment = Environment(
            loader=FileSystemLoader([folder, SHARED]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters["formula"] = formula

    def render(self, macro: str, **values: object) -> str:
        """What a macro of the templates makes of its arguments; "panels.measured" is in
        panels.html.

        Strings among the values are escaped. Returns a plain str: to a `Markup`, whoever else cuts
        it up and adds to it would do so with escapes. A value that is left out raises
        jinja2.UndefinedError where it is used.
        """
        return str(self.macro(macro)(**values))

    def macro(self, name: str) -> Macro:
        file, macro = name.split(".")
        return getattr(self._environment.get_template(f"{file}.html").module, macro)


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
    return _OWN.macro("formulas.formula")(parts)


_OWN = Templates(SHARED)
