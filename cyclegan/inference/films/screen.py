"""Views of several variants side by side, as the pictures of one film: what stands around them is
drawn once."""

from collections.abc import Sequence

from PIL import Image

from ...core import palette, sheets

SMALLEST = 192
"""Pixels: pictures with a shorter side are shown larger, by whole factors."""


class Screen:
    """heads: over the columns. titles: of the lines. size: (width, height) of the pictures."""

    def __init__(self, heads: Sequence[sheets.Head], titles: Sequence[str], size: tuple[int, int]):
        factor = max(1, -(-SMALLEST // min(size)))
        self._shown = tuple(factor * side for side in size)
        zoom = max(1.0, min(self._shown) / 256)
        sheet, self._places = sheets.surround(heads, titles, self._shown, zoom)
        self.size = tuple(side + side % 2 for side in sheet.size)  # H.264 has even sides.
        self._sheet = Image.new("RGB", self.size, palette.PAPER)
        self._sheet.paste(sheet)

    def draw(self, lines: Sequence[Sequence[Image.Image]]) -> Image.Image:
        """Pictures in RGB or grey, line by line."""
        sheet = self._sheet.copy()
        for places, pictures in zip(self._places, lines, strict=True):
            for place, picture in zip(places, pictures, strict=True):
                if picture.size != self._shown:
                    picture = picture.resize(self._shown, Image.Resampling.NEAREST)
                sheet.paste(picture, place)
        return sheet
