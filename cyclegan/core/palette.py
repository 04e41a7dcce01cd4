"""The colours of the project, named by what they mean, for pictures, plots and the page alike.

Every colour value of the package stands here; the style sheets read them as the custom properties
that `css` writes. Knows no variant, no plot and no page.
"""

INK, SOFT, PAPER = "#18181b", "#5b5b66", "#ffffff"
"""Words, words of less weight, and what they stand on."""

ACCENT = "#c2410c"
"""What to look at: the rows with the cycle loss, the best figure, what is chosen."""

RULE = "#e4e4e7"
"""Lines between things."""

DARK_INK, DARK_SOFT, DARK_PAPER = "#f4f4f5", "#a9a9b4", "#18181b"
DARK_ACCENT, DARK_RULE = "#ff922b", "#3f3f46"
"""The same on a dark page."""

WITH, WITHOUT = "#e8590c", "#868e96"
"""Lines with the cycle loss and without it, where a plot cannot tell a light page from a dark."""

SHADE = "#140c1c"
"""What lies over patches that were taken for generated, on a light page and on a dark one."""

FEW = ("#e69f00", "#56b4e9", "#009e73", "#d55e00", "#0072b2", "#cc79a7")
"""Up to six series side by side, distinct to the colour-blind (Okabe and Ito)."""

MANY = (
    *(*FEW[:4], "#3c7fc0"),
    *("#f6cf71", "#a5d8ff", "#8ce0c4", "#ffa98f", "#91a7ff"),
    *(FEW[5], WITHOUT, "#be4bdb", "#82c91e", "#a9714b", "#f06595"),
    *("#15aabf", "#845ef7"),
    *("#5f3dc4", "#2b8a3e", "#c92a2a", "#0b7285", "#b08900", "#74b816"),
    *("#1864ab", "#087f5b", "#a61e4d", "#d9480f", "#495057"),
)
"""Series by their place: five, the same five again as tints of them, and nineteen more."""

HUE, NEUTRAL = "orange", "zinc"
"""The families that the page's buttons and greys are from, by their names in Tailwind."""


def css() -> str:
    """The custom properties that the style sheets draw with, on a light page and on a dark one."""
    light = {"soft": SOFT, "accent": ACCENT, "without": WITHOUT, "shade": SHADE, "clear": PAPER}
    dark = {"soft": DARK_SOFT, "accent": DARK_ACCENT}
    return f":root {{{_properties(light)}}}\n.dark {{{_properties(dark)}}}\n"


def document_css() -> str:
    """The same for a document without the page around it, which follows its reader: dark where the
    system is, and light on paper. What the page's library sets there has its names here."""
    light = {
        **{"soft": SOFT, "accent": ACCENT, "without": WITHOUT, "body-text-color": INK},
        **{"body-background-fill": PAPER, "border-color-primary": RULE},
    }
    dark = {
        **{"soft": DARK_SOFT, "accent": DARK_ACCENT, "body-text-color": DARK_INK},
        **{"body-background-fill": DARK_PAPER, "border-color-primary": DARK_RULE},
    }
    asked = "@media screen and (prefers-color-scheme: dark)"
    return f":root {{{_properties(light)}}}\n{asked} {{:root {{{_properties(dark)}}}}}\n"


def _properties(values: dict[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in values.items())
