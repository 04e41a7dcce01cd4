"""The sheets of the page: each has its own part of it."""

import re
from collections import defaultdict
from pathlib import Path

from cyclegan.page import markup

STYLES = Path(markup.__file__).parent / "styles"
SHARED = "page.css"


def homes(sheets: dict[str, str]) -> dict[str, set[str]]:
    """The sheets that say how a bare class looks wherever it stands, by class."""
    found = defaultdict(set)
    for name, sheet in sheets.items():
        for selectors in re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)):
            for one in map(str.strip, selectors.split(",")):
                if re.fullmatch(r"\.[\w-]+", one):
                    found[one].add(name)
    return found


def test_homes():
    sheets = {"a": ".x, b .y { } /* .z { } */", "b": "@media print { .x { } } .y:hover { }"}
    assert homes(sheets) == {".x": {"a", "b"}}


def test_a_bare_class_has_one_home():
    """Two sheets that use one name for two things would each hit the other's."""
    sheets = {file.name: file.read_text() for file in STYLES.glob("*.css") if file.name != SHARED}
    several = {one: where for one, where in homes(sheets).items() if len(where) > 1}
    assert sheets and not several
