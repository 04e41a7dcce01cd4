"""Contact sheets: every picture where it belongs, all words beside the pictures, none on them."""

import numpy as np
import pytest
import torch
from PIL import Image
from tiny import noise
from torchvision.utils import make_grid

from cyclegan.core import images, sheets
from cyclegan.core.sheets import Head, Line, Tile

COLOURS = [[(200, 40, 40), (40, 200, 40)], [(40, 40, 200), (200, 200, 40)], [(40, 200, 200)]]
HEADS = [Head("G(x)", "Translation"), Head("F(G(x))", "Reconstruction")]
LONG = "a caption of more words than one line below so small a picture can hold"


def flat(colour: tuple[int, int, int], size: tuple[int, int] = (20, 20)) -> Image.Image:
    return Image.new("RGB", size, colour)


def lines(caption: str = "", title: str = "", size: tuple[int, int] = (20, 20)) -> list[Line]:
    """Two lines of two pictures, and one that has a blank."""
    rows = [[Tile(flat(colour, size), caption) for colour in row] for row in COLOURS]
    rows[2].append(Tile(None, caption))
    return [Line(row, title, title and "with a subtitle") for row in rows]


def places(sheet: Image.Image) -> dict[tuple[int, int, int], tuple[int, int, int, int]]:
    """(left, top, right, bottom) of each colour, which is nowhere else."""
    found = {}
    for colour in [colour for row in COLOURS for colour in row]:
        y, x = (np.asarray(sheet) == colour).all(-1).nonzero()
        left, top, right, bottom = x.min(), y.min(), x.max() + 1, y.max() + 1
        assert len(x) == (right - left) * (bottom - top)  # Nothing is written over a picture.
        found[colour] = left, top, right, bottom
    return found


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"title": "A block", "footer": "made by a test"},
        {"heads": HEADS, "caption": "cycle error 5.0", "line": "With cycle loss", "footer": LONG},
        {"heads": [Head(LONG, LONG)] * 2, "caption": LONG, "line": LONG, "footer": LONG},
    ],
)
@pytest.mark.parametrize("tile", [64, 256])
def test_pictures_lie_in_rows_and_columns(words, tile):
    listed = lines(words.get("caption", ""), words.get("line", ""))
    named = words.get("title", ""), words.get("footer", "")
    sheet = sheets.draw(words.get("heads", []), listed, *named, tile=tile)
    found = [[places(sheet)[colour] for colour in row] for row in COLOURS]
    for row in found:
        assert {(r - x, b - y) for x, y, r, b in row} == {(tile, tile)}
        assert len({y for _, y, _, _ in row}) == 1
    for column in zip(*found[:2], strict=True):
        assert len({x for x, *_ in column}) == 1
    (first, right), (below, _), _ = found
    assert right[0] > first[2] and below[1] > first[3]
    rim = np.asarray(sheet)[:, : first[0]]
    assert (rim == 255).all() and sheet.width - right[2] == first[0]


def test_every_picture_has_its_words():
    """Ink over the columns and the lines, under each picture and its blank, and at the bottom."""
    sheet = sheets.draw(HEADS, lines("said", "A row"), "Title", "signed")
    ink = (np.asarray(sheet) < 160).all(-1)
    found = places(sheet)
    for left, _, right, bottom in found.values():
        assert ink[bottom + 1 : bottom + 32, left:right].any()
    (left, top, right, _), beside = (found[colour] for colour in COLOURS[0])
    assert ink[: top - 40, left:right].any() and ink[top - 32 : top, left:right].any()
    assert ink[: top - 40, beside[0] : beside[2]].any()
    bottom = found[COLOURS[2][0]][3]
    assert ink[bottom + 1 : bottom + 32, beside[0] : beside[2]].any()
    assert ink[bottom + 40 :].any()


def test_a_word_too_wide_for_its_column_is_set_smaller():
    """Nothing of it reaches into the next column."""
    head = Head("G(x)", "(class-conditional)")
    sheet = np.asarray(sheets.draw([head, Head("x")], lines()[:1], tile=128))
    between = sheet[:60, 2 * 8 + 128 :][:, :6]
    assert (between == 255).all()


def test_a_sheet_without_lines_keeps_its_words():
    sheet = sheets.draw(HEADS, [], footer="signed")
    assert sheet.width == sheets.draw(HEADS, lines()).width and sheet.height < 256
    assert (np.asarray(sheet) < 160).any()


@pytest.mark.parametrize(("size", "shape"), [((40, 20), (256, 128)), ((10, 40), (64, 256))])
def test_oblong_pictures_keep_their_shape(size, shape):
    for left, top, right, bottom in places(sheets.draw([], lines(size=size))).values():
        assert (right - left, bottom - top) == shape


@pytest.mark.parametrize(("side", "large"), [(24, 192), (64, 192), (80, 160), (200, 200)])
def test_columns_are_enlarged_by_whole_pixels(side, large):
    column = [noise(side, side, seed=seed) for seed in range(2)]
    sheet = np.asarray(sheets.draw_columns([(HEADS[0], column), (HEADS[1], [None, column[0]])]))
    square = np.ones((large // side, large // side, 1), np.uint8)
    wanted = [np.kron(np.asarray(picture), square) for picture in column]

    def is_at(top: int, left: int, picture: np.ndarray) -> bool:
        return np.array_equal(sheet[top:, left:][:large, :large], picture)

    left, pitch = 2 * (large // 16), large + large // 16
    (top,) = (y for y in range(len(sheet) - large) if is_at(y, left, wanted[0]))
    assert is_at(top + pitch, left, wanted[1]) and is_at(top + pitch, left + pitch, wanted[0])
    assert (sheet[top:, left + pitch :][:large] == 255).all()


def test_blocks_are_stacked_from_the_left():
    upper, lower = noise(30, 10), noise(20, 20)
    sheet = np.asarray(sheets.stack([upper, lower]))
    assert sheet.shape == (30, 30, 3) and np.array_equal(sheet[:10], np.asarray(upper))
    assert np.array_equal(sheet[10:, :20], np.asarray(lower)) and (sheet[10:, 20:] == 255).all()


def test_a_sheet_can_write_the_words_of_the_page():
    """A sign that the font lacks looks like any other sign that it lacks."""
    words = ["128×128 px", "RMSE 57 · sea IoU 0.90", "λ‖F(G(x)) − x‖", "X ↔ Y", "X → Y", "Gemälde"]

    def caption(text: str) -> bytes:
        return sheets.draw([], [Line([Tile(flat(COLOURS[0][0]), text)])]).tobytes()

    unknown = caption("\uffff")
    assert [sign for sign in sorted(set("".join(words))) if caption(sign) == unknown] == []


# Plain grids


def test_a_grid_is_torchvisions():
    """With its layout, grids of older runs can be read, which torchvision drew."""
    tiles = torch.rand(12, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    theirs = make_grid(tiles, nrow=4, padding=2, pad_value=1.0)
    pictures = images.to_pictures(tiles)
    ours = sheets.grid([pictures[i : i + 4] for i in (0, 4, 8)], padding=2)
    assert np.array_equal(ours, images.to_pictures(theirs[None])[0])


@pytest.mark.parametrize("padding", [0, 2])
def test_a_grid_is_cut_into_its_tiles_again(padding):
    tiles = [[noise(8, 8, seed=3 * i + j) for j in range(3)] for i in range(2)]
    sheet = sheets.grid(tiles, padding)
    assert sheet.size == (3 * 8 + 4 * padding, 2 * 8 + 3 * padding)
    assert np.array_equal(sheets.cut(sheet, 8, padding), tiles)
