"""The comparison as markup and as one sheet: all panels there, all words safe, nothing lost."""

import base64
import io
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from tiny import config, noise
from variants import FULL, GAN, GAN_CYCLE

from cyclegan.core.config import Domains, Objective
from cyclegan.inference.translator import Translation
from cyclegan.page import panels, sheet
from cyclegan.page.compare import Close, Row
from cyclegan.page.library import Variant
from cyclegan.page.panels import Column, Panel
from cyclegan.store.catalogue import Source

HOSTILE = '<script>alert(\'x\')</script>" onload="alert(1)" & <b>'
VOID = {"img", "br", "hr", "input"}
COLOURS = [
    [(200, 40, 40), (40, 200, 40), (40, 40, 200), (200, 200, 40)],
    [(40, 200, 200), (200, 40, 200), (120, 60, 20), (20, 120, 60)],
]


class Page(HTMLParser):
    """What a browser makes of markup; refuses tags that do not match."""

    def __init__(self, html: str):
        super().__init__()
        self.tags = Counter()
        self.attributes: list[tuple[str, dict]] = []
        self.words = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag

    def handle_data(self, data):
        self.words += data

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.attributes if name == tag]

    def of_class(self, name: str) -> list[str]:
        return [tag for tag, a in self.attributes if name in (a.get("class") or "").split()]


def decoded(url: str) -> Image.Image:
    head, data = url.split(",", 1)
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data, validate=True)))


def flat(colour: tuple[int, int, int], size: tuple[int, int] = (20, 20)) -> Image.Image:
    return Image.new("RGB", size, colour)


def variant(objective: Objective, metrics: dict | None = None) -> Variant:
    return Variant(Source((Path(),)), config(objective), metrics or {})


def row(
    cycle: bool, cycle_error: float = 5.0, colours=COLOURS[0], size: tuple[int, int] = (20, 20)
) -> Row:
    made = Translation(*(flat(colour, size) for colour in colours), cycle_error, 7.25)
    return Row(cycle, variant(FULL if cycle else GAN), made)


ABSENT = Row(cycle=False, variant=None, made=None)
TRUTH = flat((240, 140, 10))


def heads(direction="xy", with_truth=False, domains=None) -> list[Column]:
    return panels.columns(direction, domains or Domains("satellite", "map"), with_truth)


def comparison(rows: list[Row], truth=None, is_map=False, **more) -> Page:
    listed = panels.panels_of(rows, truth, is_map)
    return Page(panels.grid(heads(with_truth=truth is not None), listed, **more))


# Formulas

FORMULAS = [
    *panels.symbols("xy").values(),
    *panels.symbols("yx").values(),
    "G",
    "D_Y(G(x))",
    "|F(G(x)) − x|",
    "G(x) + n",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_well_formed_mathml_and_lose_no_sign(text):
    math = ElementTree.fromstring(panels.formula(text))
    assert math.tag == "math"
    assert "".join(math.itertext()) == text.replace(" ", "").replace("_", "")
    letters = [sign for sign in text if sign.isalpha()]
    assert [mi.text for mi in math.iter("mi")] == letters
    operators = "".join(mo.text for mo in math.iter("mo"))
    assert operators == "".join(s for s in text if not s.isalpha() and s not in " _")


def test_an_index_stands_below():
    math = ElementTree.fromstring(panels.formula("D_X(F(y))"))
    ((letter, index),) = math.iter("msub")
    assert (letter.text, index.text) == ("D", "X")
    assert [mi.text for mi in math.findall("mi")] == ["F", "y"]


@pytest.mark.parametrize(
    ("direction", "formulas", "source", "target"),
    [
        ("xy", ["x", "G(x)", "F(G(x))", "F(x)", "y"], "satellite", "map"),
        ("yx", ["y", "F(y)", "G(F(y))", "G(y)", "x"], "map", "satellite"),
    ],
)
def test_columns_of_a_direction(direction, formulas, source, target):
    """The identity output is of the generator into the input's own domain: F for x, G for y."""
    listed = heads(direction, with_truth=True)
    assert [head.formula for head in listed] == formulas
    assert heads(direction) == listed[:4]
    original, translation, _, identity, truth = (head.sentence for head in listed)
    assert source in original and target not in original
    assert target in translation and source not in translation
    assert source in identity and identity.startswith(formulas[3][0])
    assert target in truth
    assert all(head.sentence.endswith(".") and head.name for head in listed)


# The grid


@pytest.mark.parametrize("with_truth", [False, True])
@pytest.mark.parametrize("count", [1, 2])
def test_a_figure_for_each_row_and_column(count, with_truth):
    rows = [row(True), row(False, colours=COLOURS[1])][:count]
    page = comparison(rows, TRUTH if with_truth else None)
    columns = 5 if with_truth else 4
    assert page.tags["figure"] == page.tags["img"] == page.tags["figcaption"] == count * columns
    assert len(page.of_class("head")) == columns
    assert len(page.of_class("row")) == count
    shown = [decoded(a["src"]).getpixel((0, 0)) for a in page.all("img")]
    truth = [(240, 140, 10)] if with_truth else []
    assert shown == [c for colours in COLOURS[:count] for c in [*colours, *truth]]


def test_every_picture_has_words_of_its_own():
    page = comparison([row(True), row(False)], TRUTH)
    texts = [a["alt"] for a in page.all("img")]
    assert all(texts) and len(set(texts)) == len(texts) == 10
    assert "F(G(x))" in texts[2] and "with cycle loss" in texts[2]
    assert "without cycle loss" in texts[7]


def test_a_missing_variant_says_so():
    page = comparison([row(True), ABSENT])
    assert page.tags["figure"] == 4
    assert len(page.of_class("row")) == 2
    assert "Without cycle loss" in page.words and "nothing to compare" in page.words
    assert "no such variant" not in comparison([row(True), row(False)]).words


def test_captions_carry_the_figures():
    words = comparison([row(True, 3.14159, size=(20, 16))]).words
    assert "cycle error 3.1" in words and "identity error 7.2" in words
    assert "20×16" in words and "no ground truth" in words


def test_figures_against_the_truth():
    """G(x) is (40, 200, 40) everywhere, the truth (40, 200, 80): sea alone in the truth."""
    truth = flat((40, 200, 80))
    (_, listed), *_ = panels.panels_of([row(True)], truth, is_map=True)
    assert "RMSE 23" in listed[1].caption  # 40 / √3
    assert "sea IoU 0.00" in listed[1].caption
    (_, listed), *_ = panels.panels_of([row(True)], truth, is_map=False)
    assert "RMSE 23" in listed[1].caption and "sea" not in listed[1].caption


def best(rows: list[Row]) -> list[list[int]]:
    return [
        [i for i, p in enumerate(listed) if p.best] for _, listed in panels.panels_of(rows, None, 0)
    ]


def test_the_smaller_cycle_error_is_marked():
    assert best([row(True, 3), row(False, 30)]) == [[2], []]
    assert best([row(True, 30), row(False, 3)]) == [[], [2]]
    assert best([row(True, 3)]) == [[]]
    assert best([row(True, 3), ABSENT]) == [[], []]
    assert comparison([row(True, 3), row(False, 30)]).of_class("best") == ["span"]


def test_pictures_are_shown_without_loss():
    picture = noise(17, 9)
    assert np.array_equal(np.asarray(decoded(panels.data_url(picture))), np.asarray(picture))


# Hostile words


def assert_harmless(page: Page) -> None:
    assert "script" not in page.tags and "b" not in page.tags
    assert not any(name.startswith("on") for _, a in page.attributes for name in a)


def test_hostile_domain_names():
    listed = heads(with_truth=True, domains=Domains(HOSTILE, HOSTILE))
    page = Page(panels.grid(listed, panels.panels_of([row(True)], TRUTH, False)))
    assert_harmless(page)
    assert page.words.count(HOSTILE) == 4  # Input, translation, identity and truth name a domain.


def test_hostile_captions_notes_and_names():
    first = Row(True, variant(FULL), row(True).made)
    listed = [(first, [Panel(TRUTH, HOSTILE)])]
    column = Column("x", "Input", HOSTILE)
    page = Page(panels.grid([column], listed, note=HOSTILE))
    assert_harmless(page)
    assert page.words.count(HOSTILE) == 3
    thumbnails = Page(panels.thumbnails([(HOSTILE, TRUTH)], 0))
    assert_harmless(thumbnails)
    assert thumbnails.all("img")[0]["alt"] == HOSTILE
    close = Page(panels.close_ups([close_up()], "xy", HOSTILE))
    assert_harmless(close)
    assert HOSTILE in close.words


# Below the grid


def test_verdict():
    rows = [row(True, 3.21), row(False, 45.6)]
    page = Page(panels.verdict(rows, "xy", ask=False))
    assert page.words.index("3.2") < page.words.index("with the cycle loss")
    assert page.words.index("45.6") < page.words.index("without it")
    assert (
        "F(G(x))" in page.words and "G(F(y))" in Page(panels.verdict(rows, "yx", ask=False)).words
    )
    assert Page(panels.verdict(rows[::-1], "xy", ask=False)).words == page.words
    assert "switch the identity loss off" in Page(panels.verdict(rows, "xy", ask=True)).words


@pytest.mark.parametrize("rows", [[], [row(True)], [row(True), ABSENT]], ids=len)
def test_no_verdict_over_a_single_variant(rows):
    assert panels.verdict(rows, "xy", ask=False) == ""


def test_thumbnails():
    pictures = [("Iberia", noise(8, 8)), ("Sumatra", noise(8, 8, seed=1))]
    page = Page(panels.thumbnails(pictures, 1))
    buttons = page.all("button")
    assert [b["data-index"] for b in buttons] == ["0", "1"]
    assert [b["aria-pressed"] for b in buttons] == ["false", "true"]
    assert [a["alt"] for a in page.all("img")] == ["Iberia", "Sumatra"]
    none = Page(panels.thumbnails(pictures, None)).all("button")
    assert {b["aria-pressed"] for b in none} == {"false"}


def test_measured():
    G = {"rmse": 41.26, "cycle_error": 9.876, "sea_iou": 0.914}
    F = {"rmse": 33.33, "cycle_error": 8.04}
    metrics = {"pairs": 321, "size": 64, "G": G, "F": F}
    listed = [variant(GAN, metrics), variant(GAN_CYCLE), variant(FULL, metrics)]
    page = Page(panels.measured(listed, "xy"))
    assert page.tags["tr"] == 3 and page.tags["td"] == 2 * 3
    assert page.words.index("GAN + cycle + identity") < page.words.rindex("GAN")
    for words in ("41.3", "9.9", "0.91", "321", "64×64"):
        assert words in page.words
    back = Page(panels.measured(listed, "yx"))
    assert "33.3" in back.words and "8.0" in back.words
    assert back.tags["td"] == 2 * 2 and "41.3" not in back.words
    assert panels.measured([variant(GAN)], "xy") == ""


def test_a_figure_that_one_variant_lacks():
    both = [
        variant(o, {"pairs": 1, "size": 8, "G": g, "F": {}})
        for o, g in ((GAN, {"rmse": 40.0}), (FULL, {"rmse": 30.0, "sea_iou": 0.5}))
    ]
    page = Page(panels.measured(both, "xy"))
    assert page.tags["td"] == 4 and "–" in page.words


def close_up(scored: bool = True) -> Close:
    """The disturbance moves one channel of three by 30 of 255: 10 on average."""
    one = row(True, 3.21)
    disturbed = flat((40, 200, 70))
    overlay, score = (flat((8, 8, 8)), 0.25) if scored else (None, None)
    return Close(one, flat((9, 9, 9)), overlay, score, 0.75, disturbed, TRUTH, 12.34)


def test_close_ups():
    page = Page(panels.close_ups([close_up()], "xy", "GAN + cycle"))
    assert page.tags["figure"] == page.tags["img"] == 4
    for words in (
        "cycle error 3.2",
        "score 0.25 · the truth 0.75",
        "changed by 10.0",
        "12.3",
        "GAN + cycle",
    ):
        assert words in page.words
    assert "DY(G(x))" in page.words
    assert "DX(F(y))" in Page(panels.close_ups([close_up()], "yx", "GAN")).words
    assert all(a["alt"] for a in page.all("img"))


def test_close_ups_without_a_discriminator():
    page = Page(panels.close_ups([close_up(scored=False)], "xy", ""))
    assert page.tags["figure"] == 4 and page.tags["img"] == 3
    assert len(page.of_class("blank")) == 1
    assert "No variant of this set ships its discriminators" in page.words


# The sheet


def drawn(rows: list[Row], truth=None) -> np.ndarray:
    listed = panels.panels_of(rows, truth, False)
    picture = sheet.draw_sheet(heads(with_truth=truth is not None), listed, "made by a test")
    columns = 4 if truth is None else 5
    assert picture.mode == "RGB"
    assert picture.size == sheet.sheet_size(columns, sum(r.made is not None for r in rows))
    return np.asarray(picture)


def where(picture: np.ndarray, colour: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    return (picture == colour).all(-1).nonzero()


def test_the_sheet_shows_every_panel_in_its_place():
    picture = drawn([row(True), row(False, colours=COLOURS[1])])
    centres = []
    for colours in COLOURS:
        for colour in colours:
            y, x = where(picture, colour)
            assert len(x) == sheet.PANEL**2
            assert np.ptp(x) == np.ptp(y) == sheet.PANEL - 1
            centres.append((y.mean(), x.mean()))
    lines = np.reshape(centres, (2, 4, 2))
    assert (np.diff(lines[..., 1], axis=1) > sheet.PANEL).all()  # Left to right, with a gap.
    assert np.ptp(lines[..., 1], axis=0).max() == 0  # One above the other.
    assert np.ptp(lines[..., 0], axis=1).max() == 0
    assert (lines[1, :, 0] - lines[0, :, 0] > sheet.PANEL).all()


def test_the_sheet_is_labelled():
    """There is ink above the pictures, under each of them, and at the bottom; the rim is clear."""
    picture = drawn([row(True)], TRUTH)
    y, _ = where(picture, TRUTH.getpixel((0, 0)))
    ink = (picture < 160).all(-1)
    height, width = ink.shape
    bottom = height - sheet.MARGIN
    assert ink[: y.min()].any()
    for colour in [*COLOURS[0], TRUTH.getpixel((0, 0))]:
        _, x = where(picture, colour)
        assert ink[: y.min(), x.min() : x.max()].any()
        assert ink[y.max() + 1 : bottom, x.min() : x.max()].any()
    assert ink[bottom:].any()
    assert (picture[:8] == 255).all() and (picture[:, :8] == 255).all()
    assert (picture[:, width - 8 :] == 255).all() and (picture[-8:] == 255).all()


def test_the_sheet_can_write_its_own_words():
    """A sign that the font lacks looks like any other sign that it lacks."""
    ((_, listed),) = panels.panels_of([row(True)], TRUTH, is_map=True)
    words = {panel.caption for panel in listed}
    words |= {word for head in heads(with_truth=True) for word in (head.formula, head.name)}

    def sheet_of(caption: str) -> bytes:
        return sheet.draw_sheet(heads()[:1], [(row(True), [Panel(TRUTH, caption)])], "").tobytes()

    unknown = sheet_of("\uffff")
    assert [sign for sign in sorted(set("".join(words))) if sheet_of(sign) == unknown] == []


@pytest.mark.parametrize(("size", "shape"), [((40, 20), (256, 128)), ((10, 40), (64, 256))])
def test_oblong_pictures_keep_their_shape(size, shape):
    picture = drawn([row(True, size=size)])
    for colour in COLOURS[0]:
        y, x = where(picture, colour)
        assert (np.ptp(x) + 1, np.ptp(y) + 1) == shape


def test_a_missing_variant_takes_no_room_on_the_sheet():
    with_absent, alone = drawn([row(True), ABSENT]), drawn([row(True)])
    assert np.array_equal(with_absent, alone)


def test_the_sheet_grows_by_rows_and_columns():
    (w4, h1), (w5, h2) = sheet.sheet_size(4, 1), sheet.sheet_size(5, 2)
    assert w5 - w4 >= sheet.PANEL and h2 - h1 >= sheet.PANEL
