"""The whole comparison as one labelled picture, for slides and notes."""

from PIL import Image, ImageDraw, ImageFont

from .panels import Column, Panel, Row

PANEL = 256
GAP = 16
MARGIN = 32
HEAD = 62
TITLE = 40
CAPTION = 32
INK, SOFT, PAPER, ACCENT = (24, 24, 27), (100, 100, 110), (255, 255, 255), (217, 72, 15)
PLAIN = str.maketrans({"×": "x", "−": "-", "→": "->", "·": "-", "–": "-", "‖": "|"})
"""Signs that Pillow's built-in font lacks."""


def sheet_size(columns: int, rows: int) -> tuple[int, int]:
    """(width, height) in pixels of a sheet."""
    width = 2 * MARGIN + columns * PANEL + (columns - 1) * GAP
    return width, 2 * MARGIN + HEAD + rows * (TITLE + PANEL + CAPTION)


def draw_sheet(
    heads: list[Column], rows: list[tuple[Row, list[Panel]]], footer: str
) -> Image.Image:
    """Draw headings, rows and figures on white; `footer` stands at the bottom in small type."""
    rows = [(row, panels) for row, panels in rows if panels]
    sheet = Image.new("RGB", sheet_size(len(heads), len(rows)), PAPER)
    draw = ImageDraw.Draw(sheet)
    large, plain, small = (ImageFont.load_default(size) for size in (24, 18, 15))
    lefts = [MARGIN + i * (PANEL + GAP) for i in range(len(heads))]
    for left, head in zip(lefts, heads, strict=True):
        draw.text((left, MARGIN), head.formula.translate(PLAIN), INK, large)
        draw.text((left, MARGIN + 30), head.name, SOFT, plain)
    top = MARGIN + HEAD
    for row, panels in rows:
        draw.text((MARGIN, top + 8), row.title, INK, plain)
        draw.text((MARGIN + 200, top + 10), row.subtitle, SOFT, small)
        top += TITLE
        for left, panel in zip(lefts, panels, strict=True):
            if panel.picture is not None:
                picture = _fit(panel.picture)
                sheet.paste(picture, (left, top + (PANEL - picture.height) // 2))
            ink = ACCENT if panel.best else SOFT
            draw.text((left, top + PANEL + 6), panel.caption.translate(PLAIN), ink, small)
        top += PANEL + CAPTION
    draw.text((MARGIN, top + 6), footer.translate(PLAIN), SOFT, small)
    return sheet


def _fit(picture: Image.Image) -> Image.Image:
    scale = PANEL / max(picture.size)
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    return picture.resize(size, Image.Resampling.BICUBIC)
