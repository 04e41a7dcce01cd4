"""Pictures beside each other as one picture: labelled contact sheets, and plain grids of tiles.

PIL images in, PIL images out. Knows no file, and nothing of what the pictures show.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw, ImageFont, ImageOps

from . import palette

TILE = 192
"""Pixels of a column's tiles, about."""

SIGNS = str.maketrans(
    {
        **{"×": "x", "−": "-", "–": "-", "—": "-", "‖": "|", "≤": "<=", "≥": ">="},
        **{"→": "->", "←": "<-", "↔": "<->", "λ": "lambda"},
        **dict.fromkeys(map(chr, range(0x300, 0x370)), ""),
    }
)
"""What stands for the signs that Pillow's built-in font lacks; accents are left out."""


@dataclass(frozen=True)
class Head:
    """What stands over a column: a heading, and a softer line below it."""

    text: str
    below: str = ""


@dataclass(frozen=True)
class Tile:
    """A picture or a blank, and the caption below it."""

    picture: Image.Image | None
    caption: str = ""


@dataclass(frozen=True)
class Line:
    """Tiles side by side, a title above them, and a softer subtitle beside that."""

    tiles: Sequence[Tile]
    title: str = ""
    subtitle: str = ""


def draw(
    heads: Sequence[Head],
    lines: Sequence[Line],
    title: str = "",
    footer: str = "",
    tile: int = 256,
    sharp: bool = False,
    zoom: float = 1.0,
) -> Image.Image:
    """A contact sheet: title, heads over the columns, lines of tiles, and a footer in small type.

    tile: side of the square that a picture fills by its longer side. sharp: enlarge by whole
    factors alone, so that each pixel stays a square. zoom: of the type; above 1 where the sheet
    will be shown smaller than it is. Text too long for its column goes on below.
    """
    large, plain, small = (round(size * zoom) for size in (24, 18, 15))
    layout = _Layout(max([len(heads), *(len(line.tiles) for line in lines)]), tile)
    # Subtitles begin at one place, to the right of all titles.
    beside = max((_Text(line.title, plain).width for line in lines), default=0) + 2 * plain

    def called(line: Line) -> Image.Image:
        titles = [_Text(line.title, plain)], [_Text(line.subtitle, small, palette.SOFT)]
        return layout.band(titles, [0, beside], at_foot=True)

    def captions(line: Line) -> Image.Image:
        said = [_Text(tile.caption, small, palette.SOFT) for tile in line.tiles]
        return layout.band([_wrapped([text], tile) for text in said], layout.lefts)

    over = [[_Text(h.text, large), _Text(h.below, plain, palette.SOFT)] for h in heads]
    signed = _wrapped([_Text(footer, small, palette.SOFT)], layout.width)
    parts = [
        layout.band([[_Text(title, large)]], [0]),
        layout.band([_wrapped(texts, tile) for texts in over], layout.lefts),
    ]
    for number, line in enumerate(lines):
        named = called(line)
        if number and not named.height:
            parts.append(_paper(layout.width, layout.gap))
        parts += [named, layout.pictures(line, sharp), captions(line)]
    parts.append(layout.band([signed], [0]))
    return ImageOps.expand(stack(parts), layout.rim, palette.PAPER)


def surround(
    heads: Sequence[Head],
    titles: Sequence[str],
    size: tuple[int, int],
    zoom: float = 1.0,
) -> tuple[Image.Image, list[list[tuple[int, int]]]]:
    """A sheet for pictures that change: heads over the columns, and a title over each line of them.

    size: (width, height) of the pictures. Returns the sheet, on which they are missing, and where
    they belong: the (left, top) of each, line by line.
    """
    width, height = size
    large, plain = (round(points * zoom) for points in (24, 18))
    layout = _Layout(len(heads), width)
    over = [[_Text(h.text, large), _Text(h.below, plain, palette.SOFT)] for h in heads]
    parts, places = [layout.band([_wrapped(texts, width) for texts in over], layout.lefts)], []
    for number, title in enumerate(titles):
        named = layout.band([_wrapped([_Text(title, plain)], layout.width)], [0])
        if number and not named.height:
            parts.append(_paper(layout.width, layout.gap))
        parts.append(named)
        top = sum(part.height for part in parts)
        places.append([(layout.rim + left, layout.rim + top) for left in layout.lefts])
        parts.append(_paper(layout.width, height))
    return ImageOps.expand(stack(parts), layout.rim, palette.PAPER), places


def draw_columns(
    columns: Sequence[tuple[Head, Sequence[Image.Image | None]]], title: str = ""
) -> Image.Image:
    """A contact sheet of columns without captions, sharp, with type that bears to be shown small.

    Tiles are as many pixels as the largest picture, or its largest multiple up to TILE.
    """
    longest = max(max(p.size) for _, pictures in columns for p in pictures if p is not None)
    tile = longest * max(1, TILE // longest)
    lines = [
        Line([Tile(picture) for picture in row])
        for row in zip(*(pictures for _, pictures in columns), strict=True)
    ]
    zoom = max(TILE, tile) / 144
    return draw([head for head, _ in columns], lines, title, tile=tile, sharp=True, zoom=zoom)


def stack(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures below each other, on paper as wide as the widest."""
    sheet = _paper(max(p.width for p in pictures), sum(p.height for p in pictures))
    top = 0
    for picture in pictures:
        sheet.paste(picture, (0, top))
        top += picture.height
    return sheet


def grid(rows: Sequence[Sequence[Image.Image]], padding: int = 0) -> Image.Image:
    """Rows of tiles, all with the room of the largest, and `padding` pixels of white around each.

    `cut` is the way back.
    """
    sizes = [tile.size for row in rows for tile in row]
    width, height = (max(sides) + padding for sides in zip(*sizes, strict=True))
    sheet = _paper(padding + len(rows[0]) * width, padding + len(rows) * height)
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            sheet.paste(picture, (padding + j * width, padding + i * height))
    return sheet


def cut(
    sheet: Image.Image, width: int, padding: int = 0, height: int | None = None
) -> list[list[Image.Image]]:
    """The rows of tiles that `grid` made a picture of; squares without a height."""
    size = width, height or width
    lefts, tops = (
        range(padding, length - side + 1, side + padding)
        for length, side in zip(sheet.size, size, strict=True)
    )
    return [[sheet.crop((x, y, x + size[0], y + size[1])) for x in lefts] for y in tops]


@dataclass(frozen=True)
class _Text:
    words: str
    size: int
    ink: str = palette.INK

    @property
    def font(self) -> ImageFont.FreeTypeFont:
        return ImageFont.load_default(self.size)

    @property
    def plain(self) -> str:
        return unicodedata.normalize("NFKD", self.words).translate(SIGNS)

    @property
    def width(self) -> int:
        return round(self.font.getlength(self.plain))

    @property
    def height(self) -> int:
        return round(1.25 * self.size)


def _wrapped(texts: Sequence[_Text], room: int) -> list[_Text]:
    """Each text in lines that `room` holds, in smaller type where a single word is wider."""
    lines = []
    for text in texts:
        widest = max((replace(text, words=word).width for word in text.words.split()), default=0)
        if widest > room:
            text = replace(text, size=max(8, text.size * room // widest))
        line = replace(text, words="")
        for word in text.words.split():
            longer = replace(text, words=f"{line.words} {word}".strip())
            if line.words and longer.width > room:
                lines.append(line)
                longer = replace(text, words=word)
            line = longer
        lines.append(line)
    return lines


@dataclass(frozen=True)
class _Layout:
    """Bands across a sheet, one below the other."""

    columns: int
    tile: int

    @property
    def gap(self) -> int:
        return self.tile // 16

    @property
    def rim(self) -> int:
        """Around the whole sheet."""
        return 2 * self.gap

    @property
    def lefts(self) -> list[int]:
        return [i * (self.tile + self.gap) for i in range(self.columns)]

    @property
    def width(self) -> int:
        return self.lefts[-1] + self.tile

    def band(
        self, columns: Sequence[Sequence[_Text]], lefts: Sequence[int], at_foot: bool = False
    ) -> Image.Image:
        """Columns of text, half a gap above and below; of no height where nothing is said."""
        said = [[text for text in texts if text.words] for texts in columns]
        heights = [sum(text.height for text in texts) for texts in said]
        inner, rim = max(heights, default=0), self.gap // 2
        band = _paper(self.width, inner + 2 * rim if inner else 0)
        pen = ImageDraw.Draw(band)
        for left, texts, height in zip(lefts, said, heights, strict=False):
            top = rim + (inner - height if at_foot else 0)
            for text in texts:
                pen.text((left, top), text.plain, text.ink, text.font)
                top += text.height
        return band

    def pictures(self, line: Line, sharp: bool) -> Image.Image:
        band = _paper(self.width, self.tile)
        for left, each in zip(self.lefts, line.tiles, strict=False):
            if each.picture is not None:
                picture = _fitted(each.picture, self.tile, sharp)
                band.paste(picture, (left, (self.tile - picture.height) // 2))
        return band


def _fitted(picture: Image.Image, tile: int, sharp: bool) -> Image.Image:
    longest = max(picture.size)
    if sharp and longest <= tile:
        factor = tile // longest
        size = tuple(side * factor for side in picture.size)
        return picture.resize(size, Image.Resampling.NEAREST)
    size = tuple(max(1, round(side * tile / longest)) for side in picture.size)
    return picture.resize(size, Image.Resampling.BICUBIC)


def _paper(width: int, height: int) -> Image.Image:
    return Image.new("RGB", (width, height), palette.PAPER)
