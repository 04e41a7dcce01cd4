"""The comparison as markup: all panels there, all words safe, nothing lost."""

import base64
import io
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from tiny import config, noise
from variants import FULL, GAN, GAN_CYCLE, GAN_IDENTITY

from cyclegan import lessons
from cyclegan.core.config import Domains
from cyclegan.core.evidence import Difference
from cyclegan.core.media import PICTURES, Medium
from cyclegan.inference import comparisons
from cyclegan.inference.comparisons import Comparisons
from cyclegan.inference.translator import Translation
from cyclegan.lessons import Lesson
from cyclegan.methods import pix2pix
from cyclegan.methods.cyclegan import Objective
from cyclegan.page import loop, objective, panels, sentence
from cyclegan.page.compare import Shown, VariantRow
from cyclegan.page.markup import formula, render
from cyclegan.page.panels import Heading, Panel
from cyclegan.page.sets import CheckpointSet, Variant
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
        self.words = " ".join(self.words.split())
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


def variant(objective: Objective, metrics: dict | None = None, **training) -> Variant:
    settings = config(objective, **{"data": "made up", **training})
    return Variant(Source((Path(),)), settings, metrics or {})


VIEWS = ("original", "made", "back", "same")
LESSON = Lesson()


def row(
    side: bool,
    cycle_error: float = 5.0,
    colours=COLOURS[0],
    size: tuple[int, int] = (20, 20),
    scores: dict | None = None,
) -> VariantRow:
    views = dict(zip(VIEWS, (flat(colour, size) for colour in colours), strict=True))
    made = Translation(views, {"cycle_error": cycle_error, "identity_error": 7.25})
    name = f"{'with' if side else 'without'} cycle loss"
    return VariantRow(name, side, variant(FULL if side else GAN), made, scores or {})


ABSENT = VariantRow("without cycle loss", False, None, None)
TRUTH = flat((240, 140, 10))


def shown_of(rows: list[VariantRow], truth=None, direction="xy") -> Shown:
    views = variant(FULL).views(direction)
    return Shown(direction, rows, views, truth, "", without=("cycle loss",))


def set_of(*variants: Variant, domains: Domains | None = None) -> CheckpointSet:
    listed = variants or (variant(FULL),)
    if domains:
        listed = [replace(v, config=replace(v.config, domains=domains)) for v in listed]
    return CheckpointSet("made up", Path("nowhere"), tuple(listed))


def heads(direction="xy", truth=None, domains=None) -> list[Heading]:
    set_ = set_of(domains=domains or Domains("satellite", "map"))
    return panels.headings(shown_of([], truth, direction), set_)


def comparison(rows: list[VariantRow], truth=None, lesson=LESSON, **more) -> Page:
    shown = shown_of(rows, truth)
    listed = panels.panels_of(shown, lesson)
    return Page(loop.draw(shown, heads(truth=truth), listed, lesson, **more))


# Formulas

FORMULAS = [
    *(view.formula for direction in ("xy", "yx") for view in variant(FULL).views(direction)),
    *(w.formula for w in (Objective.weights() | pix2pix.Objective.weights()).values()),
    "G",
    "D_Y(G(x))",
    "|F(G(x)) − x|",
    "G(x) + n",
    "0.5 · GAN(M, C) + 10 · E[‖M(x, z) − y‖₂²]",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_well_formed_mathml_and_lose_no_sign(text):
    math = ElementTree.fromstring(formula(text))
    assert math.tag == "math"
    plain = text.translate(str.maketrans("₁₂²", "122", " _"))
    assert "".join(math.itertext()) == plain
    assert [mi.text for mi in math.iter("mi")] == re.findall("[A-Za-z]+", text)


def test_an_index_stands_below_and_a_square_above():
    math = ElementTree.fromstring(formula("D_X(F(y))"))
    ((letter, index),) = math.iter("msub")
    assert (letter.text, index.text) == ("D", "X")
    assert [mi.text for mi in math.findall("mi")] == ["F", "y"]
    ((sign, below, above),) = ElementTree.fromstring(formula("‖x‖₁²")).iter("msubsup")
    assert (sign.text, below.text, above.text) == ("‖", "1", "2")


@pytest.mark.parametrize(
    ("direction", "formulas", "source", "target"),
    [
        ("xy", ["x", "G(x)", "F(G(x))", "F(x)", "y"], "satellite", "map"),
        ("yx", ["y", "F(y)", "G(F(y))", "G(y)", "x"], "map", "satellite"),
    ],
)
def test_headings_of_a_direction(direction, formulas, source, target):
    """The identity output is of the generator into the input's own domain: F for x, G for y."""
    listed = heads(direction, TRUTH)
    assert [head.formula for head in listed] == formulas
    assert heads(direction) == listed[:4]
    original, translation, _, identity, truth = (head.sentence for head in listed)
    assert original.startswith(f"A {source} picture") and target not in original
    assert f"a {target} picture" in translation and source not in translation
    assert source in identity and identity.startswith(formulas[3][0])
    assert target in truth
    assert all(head.sentence.endswith(".") and head.name for head in listed)


def test_articles_and_kinds_in_a_sentence():
    text = "{A_source} to {a_target}: {source}, {target}."
    words = panels.sentence(text, "emoji", "photo", PICTURES)
    assert words == "An emoji picture to a photo picture: emoji, photo."
    assert panels.sentence(text, "X", "sine", Medium()) == "An X to a sine: X, sine."


@pytest.mark.parametrize("direction", ["xy", "yx"])
def test_of_a_visitors_picture_nobody_says_what_it_shows(direction):
    """Whatever a view's sentence calls the item, it is theirs; what networks make is named."""
    shown = replace(shown_of([], direction=direction), is_own=True)
    source, target = ("satellite", "map") if direction == "xy" else ("map", "satellite")
    said = [
        head.sentence
        for head in panels.headings(shown, set_of(domains=Domains("satellite", "map")))
    ]
    assert said[0] == "Your picture, as networks see it."
    assert f"a {target} picture" in said[1] and not any(f"a {source} pict" in s for s in said)
    words = panels.sentence("{A_source}, {a_source}: {a_target}.", "x", "map", is_own=True)
    assert words == "Your picture, your picture: a map picture."


# The grid


@pytest.mark.parametrize("with_truth", [False, True])
@pytest.mark.parametrize("count", [1, 2])
def test_a_figure_for_each_row_and_column(count, with_truth):
    rows = [row(True), row(False, colours=COLOURS[1])][:count]
    page = comparison(rows, TRUTH if with_truth else None)
    once = 2 if with_truth else 1
    figures = once + 3 * count
    assert page.tags["figure"] == page.tags["img"] == page.tags["figcaption"] == figures
    assert len(page.of_class("head")) == 3 + once
    assert len(page.of_class("row")) == count
    shown = [decoded(a["src"]).getpixel((0, 0)) for a in page.all("img")]
    truth = [(240, 140, 10)] if with_truth else []
    (x, *_), made = COLOURS[0], [(same, made, back) for _, made, back, same in COLOURS[:count]]
    assert shown == [x, *truth, *(colour for colours in made for colour in colours)]


def test_every_picture_has_words_of_its_own():
    page = comparison([row(True), row(False)], TRUTH)
    texts = [a["alt"] for a in page.all("img")]
    assert all(texts) and len(set(texts)) == len(texts) == 8
    assert "F(G(x))" in texts[4] and "with cycle loss" in texts[4]
    assert "without cycle loss" in texts[7]


def test_a_missing_variant_says_so():
    page = comparison([row(True), ABSENT])
    assert page.tags["figure"] == 4 and len(page.of_class("arc")) == 1
    assert len(page.of_class("row")) == 2
    assert "Without cycle loss" in page.words and "nothing to compare" in page.words
    assert "no such variant" not in comparison([row(True), row(False)]).words


def test_captions_carry_the_figures():
    words = comparison([row(True, 3.14159, size=(20, 16))]).words
    assert "cycle error 3.1" in words and "identity error 7.2" in words
    assert "20×16" in words and "no ground truth" in words


def test_figures_against_the_truth_begin_with_the_lessons_point():
    lesson = lessons.find("satellite2map")
    first = row(True, scores={"rmse": 23.094, "ssim": 0.4, "sea_iou": 0.5})
    (_, listed), *_ = panels.panels_of(shown_of([first], TRUTH), lesson)
    assert listed[1].caption == "sea IoU 0.500"
    units = panels.units(shown_of([first], TRUTH), lesson)
    assert units == "RMSE, cycle error, identity error: 0–255."
    page = comparison([first], TRUTH, lesson)
    assert "sea IoU 0.500" in page.words


def test_what_a_model_lacks_is_said():
    lone = row(True)
    lone.made.views.pop("back")
    (_, listed), *_ = panels.panels_of(shown_of([lone]), LESSON)
    assert listed[2] == Panel(None, "needs F, which this model lacks")


def test_items_that_are_no_pictures_are_drawn_by_their_lesson(toys):
    example = toys.examples()[0]
    made = Translation({"original": example.x, "made": example.y}, {})
    own = Variant(Source((Path(),)), toys.recipe.config, {})
    one = VariantRow("keep", None, own, made, {"sign_error": 0.25})
    shown = Shown("xy", [one], own.views("xy"), example.y, "")
    set_ = CheckpointSet("toys", Path("nowhere"), (own,))
    listed = panels.panels_of(shown, toys)
    page = Page(loop.draw(shown, panels.headings(shown, set_), listed, toys))
    drawn = [decoded(a["src"]) for a in page.all("img")]
    for picture, item in zip(drawn, (example.x, example.y, example.y), strict=True):
        assert np.array_equal(np.asarray(picture), np.asarray(toys.draw(item)))
    assert "sign error 0.25" in page.words and "A sine, as networks see it." in page.words
    assert sentence.tell(shown, set_) == ""


def test_pictures_are_shown_without_loss():
    picture = noise(17, 9)
    assert np.array_equal(np.asarray(decoded(panels.data_url(picture))), np.asarray(picture))


# Hostile words


def assert_harmless(page: Page) -> None:
    assert "script" not in page.tags and "b" not in page.tags
    assert not any(name.startswith("on") for _, a in page.attributes for name in a)


def test_hostile_domain_names():
    domains = Domains(HOSTILE, HOSTILE)
    listed = heads(truth=TRUTH, domains=domains)
    shown = shown_of([row(True)], TRUTH)
    page = Page(loop.draw(shown, listed, panels.panels_of(shown, LESSON), LESSON))
    assert_harmless(page)
    assert page.words.count(HOSTILE) == 4  # Input, translation, identity and truth name a domain.


def test_hostile_captions_notes_and_names():
    first = VariantRow(HOSTILE, None, variant(FULL), row(True).made)
    head = Heading("x", HOSTILE, HOSTILE)
    rows = [(first, [(head, Panel(TRUTH, HOSTILE))])]
    page = Page(render("panels.comparison", heads=[head], rows=rows, url=panels.Urls()))
    assert_harmless(page)
    assert page.words.count(HOSTILE) == 5
    noted = replace(shown_of([first]), note=HOSTILE)
    assert_harmless(Page(loop.draw(noted, heads(), panels.panels_of(noted, LESSON), LESSON)))
    thumbnails = Page(panels.thumbnails([(HOSTILE, TRUTH)], 0))
    assert_harmless(thumbnails)
    assert thumbnails.all("img")[0]["alt"] == HOSTILE


# Below the grid


def test_thumbnails():
    pictures = [("Iberia", noise(8, 8)), ("Sumatra", noise(8, 8, seed=1))]
    page = Page(panels.thumbnails(pictures, 1))
    buttons = page.all("button")
    assert [b["data-index"] for b in buttons] == ["0", "1"]
    assert [b["aria-pressed"] for b in buttons] == ["false", "true"]
    assert [a["alt"] for a in page.all("img")] == ["Iberia", "Sumatra"]
    none = Page(panels.thumbnails(pictures, None)).all("button")
    assert {b["aria-pressed"] for b in none} == {"false"}


def measured(listed: list[Variant], direction="xy") -> Page:
    return Page(panels.measured(set_of(*listed), direction))


def test_measured():
    """In the lesson's order, without details, as the lesson writes and reads them."""
    G = {"cycle_error": 9.876, "rmse": 41.26, "accuracy_5": 0.123, "sea_iou": 0.914}
    F = {"rmse": 33.33, "cycle_error": 8.04}
    unchanged = {"G": {"rmse": 87.65, "sea_iou": 0.1}, "F": {"rmse": 87.65}}
    metrics = {"pairs": 321, "size": 64, "G": G, "F": F}
    data = {"data": "satellite2map"}
    listed = [
        variant(GAN, metrics, **data),
        variant(GAN_CYCLE, **data),
        variant(FULL, {**metrics, "unchanged": unchanged}, **data),
    ]
    page = measured(listed)
    assert page.tags["tr"] == 4 and page.tags["td"] == 3 * 3
    order = "RMSE ↓", "sea IoU ↑", "cycle error ↓", "GAN + cycle + identity", "GAN", "x itself"
    places = [page.words.index(words) for words in order]
    assert places[:4] + places[5:] == sorted(places[:4] + places[5:])
    for words in ("41.3", "9.9", "0.914", "87.7", "–", "321 held-out pairs of 64×64 pixels"):
        assert words in page.words
    assert "0.123" not in page.words, "a detail"
    assert lessons.find("satellite2map").measure("rmse").reads in page.words
    back = measured(listed, "yx")
    assert "33.3" in back.words and "8.0" in back.words and "y itself" in back.words
    assert back.tags["td"] == 3 * 2 and "41.3" not in back.words
    assert "|G(F(y)) − y|" in back.words, "read in the symbols of F"
    assert panels.measured(set_of(variant(GAN)), "xy") == ""


def test_intervals_and_what_differs_beyond_them(tmp_path):
    """The full variant is the better one in cycle error; in RMSE nobody is."""
    data = {"data": "satellite2map"}

    def member(name: str, objective, rmse: float, error: float) -> Variant:
        G = {"rmse": rmse, "cycle_error": error}
        ends = {"G": {key: [value - 1, value + 2] for key, value in G.items()}}
        found = variant(objective, {"items": 9, "effective": 4, "size": 64, "G": G}, **data)
        found.metrics["intervals"] = ends
        return replace(found, source=Source((tmp_path / name,)))

    listed = member("full", FULL, 54.4, 13.5), member("without", GAN_IDENTITY, 56.6, 29.8)
    pair = {"rmse": Difference(-2.2, -5.0, 0.6), "cycle_error": Difference(-16.3, -17.8, -14.9)}
    comparisons.write(tmp_path, Comparisons({("full", "without"): {"G": pair}}))
    html = panels.measured(CheckpointSet("set", tmp_path, listed), "xy")
    page = Page(html)
    assert "13.5 12.5–15.5" in page.words and "56.6 55.6–58.6" in page.words
    assert html.count('class="best"') == 1 and '<td class="best"><span>13.5</span>' in html
    assert (
        "GAN + cycle + identity against GAN + identity: cycle error 16.3 lower (14.9–17.8); "
        "no difference in RMSE." in page.words
    )
    assert "as good as 4 independent ones" in page.words and "nothing of other seeds" in page.words


def test_figures_of_items_without_truth():
    metrics = {"items": 40, "size": 24, "G": {"cycle_error": 9.0}, "F": {}}
    assert "40 held-out items" in measured([variant(FULL, metrics)]).words


def test_the_objective_has_a_line_a_term_that_is_in_use():
    page = Page(objective.asks(set_of(variant(GAN), variant(GAN_CYCLE))))
    assert page.tags["dt"] == 3 and "identity" not in page.words
    assert "10·‖F(G(x))−x‖1" in page.words and "(GAN(G,DY)+GAN(F,DX))" in page.words
