"""One palette: every colour value stands in it, and the style sheets draw with its properties; and
words large enough to be read."""

import re
from pathlib import Path

import pytest

import cyclegan
from cyclegan.core import palette
from cyclegan.labs.ablation import variants
from cyclegan.labs.handout.document import HERE
from cyclegan.page.demo import CSS

PACKAGE = Path(cyclegan.__file__).parent
KINDS = {".py", ".css", ".js", ".html"}
FILES = [p for p in PACKAGE.rglob("*") if p.suffix in KINDS and "lessons" not in p.parts]
LITERAL = re.compile(r"#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3})\b|\brgba?\(|\bhsla?\(", re.I)


def luminance(colour: str) -> float:
    """The WCAG's relative luminance of "#rrggbb"."""
    values = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_colours_stand_in_the_palette_alone():
    """Those of a lesson's pictures aside, which are data."""
    found = {p.name: LITERAL.findall(p.read_text(encoding="utf-8")) for p in FILES}
    assert {name for name, literals in found.items() if literals} == {"palette.py"}


def test_the_style_sheet_gets_its_colours():
    """Gradio's own properties aside, what is drawn with is defined, at launch or in the sheet."""
    given = palette.css()
    sheet = "".join(path.read_text(encoding="utf-8") for path in CSS)
    for name in ("soft", "accent", "without"):
        assert f"var(--{name})" in sheet and f"--{name}:" not in sheet and f"--{name}:" in given
    light, dark = given.split(".dark")
    assert f"--soft: {palette.SOFT};" in light and f"--accent: {palette.ACCENT};" in light
    assert f"--soft: {palette.DARK_SOFT};" in dark and f"--accent: {palette.DARK_ACCENT};" in dark


@pytest.mark.parametrize("ink", [palette.INK, palette.SOFT, palette.ACCENT])
def test_words_can_be_read_on_paper(ink):
    """Small type needs a contrast of 4.5, says the WCAG, on white and on the page's greys."""
    for paper in (palette.PAPER, "#f4f4f5"):
        assert contrast(ink, paper) >= 4.5


def test_no_words_are_smaller_than_13_pixels():
    """Of 16 to a rem, as browsers have it unless they are told otherwise."""
    pixels = {"rem": 16, "px": 1}
    for path in [*CSS, HERE / "styles" / "handout.css"]:
        sizes = re.findall(r"font-size: ([\d.]+)(\w+)", path.read_text(encoding="utf-8"))
        assert all(float(size) * pixels[unit] >= 13 for size, unit in sizes), path.name


def test_there_is_a_colour_for_every_variant():
    assert len(set(palette.MANY)) == len(palette.MANY) >= len(variants.known())
    assert len(set(palette.FEW)) == len(palette.FEW)
