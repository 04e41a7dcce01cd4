"""Many answers on the page: rows of two methods, what z makes of one x, and in a real Chromium."""

import io
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from opened import opened
from PIL import Image
from test_page import PATIENCE
from variants import lively

from cyclegan import lessons
from cyclegan.core import images
from cyclegan.core.config import Config, Discriminator, Generator, Training
from cyclegan.core.files import write_json
from cyclegan.core.markup import formula
from cyclegan.inference import many as places
from cyclegan.inference.translator import Translator
from cyclegan.methods.augmented import Objective
from cyclegan.methods.augmented.networks import ConditionalNorm
from cyclegan.methods.cyclegan import Objective as CycleGANObjective
from cyclegan.page import insides, many, many_panels
from cyclegan.page.answers import Answers
from cyclegan.page.compare import Within, look_inside, needs_networks, opening, translate
from cyclegan.page.demo import build_demo
from cyclegan.page.library import Library
from cyclegan.page.loop import beside
from cyclegan.page.story import Stories
from cyclegan.store import checkpoints

TITLE = "tests/many"


def keep(folder: Path, objective, seed: int) -> Path:
    """A checkpoint of few filters, whose z is heard."""
    config = Config(
        generator=Generator(width=2, blocks=1, upsampling="resize"),
        discriminator=Discriminator(width=2),
        objective=objective,
        domains=lessons.find("glasses").domains,
        training=Training(data="glasses", fit="none", steps=3, seed=0),
        image_size=32,
        facts={"steps": 3},
    )
    model = lively(config, seed)
    for layer in model.modules():
        if isinstance(layer, ConditionalNorm):
            torch.nn.init.normal_(layer.of_z.weight, 0, 0.5)
    checkpoints.save(folder, config, model.networks)
    write_json(folder / checkpoints.METRICS, {"items": 9, "size": 32, "G": {"cycle_error": 9.0}})
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("answers") / "tests" / "many"
    keep(root / "augmented", Objective(latent=3), 1)
    keep(root / "cyclegan", CycleGANObjective(), 2)
    return root


@pytest.fixture(scope="module")
def library(folder) -> Library:
    return Library([folder], "cpu")


def test_two_methods_are_a_row_each(library):
    set_ = library.sets[TITLE]
    assert set_.compares_methods and set_.switches == ()
    assert set_.names == ("Augmented CycleGAN", "CycleGAN")
    request = opening(TITLE, set_)
    shown = translate(library, request)
    assert [row.title for row in shown.rows] == list(set_.names)
    assert [view.formula for view in shown.views] == ["x", "G(x, z)", "F(G(x, z))", "F(x)"]
    assert "partner" not in shown.note
    assert [one.name for one in shown.many] == ["Augmented CycleGAN"]
    assert Stories(library).steps(TITLE) == [], "a story is about what terms do"


@pytest.mark.parametrize(
    ("direction", "key", "given"), [("xy", "made", "x, z"), ("yx", "back", "F(y), E(F(y), y)")]
)
def test_one_can_look_into_a_network_that_z_steers(library, direction, key, given):
    """With the z of the picture that is shown: what goes into its last layer makes that picture."""
    set_, within = library.sets[TITLE], Within(0, key)
    request = replace(opening(TITLE, set_), direction=direction)
    seen = look_inside(library, request, within)
    translator = library.translator(set_.variants[0].source)
    views, made = translator.views(direction), seen.row.made.views
    heard = []
    layer = translator.model.G.layers[-3]
    hook = layer.register_forward_hook(lambda module, arrived, gives: heard.append(gives[0]))
    passes = translator.passes(images.to_tensor(made["original"]), direction)
    hook.remove()
    assert images.to_pictures(passes[key])[0].tobytes() == made[key].tobytes()
    wanted = heard[-1].std(dim=(1, 2)).argsort(descending=True, stable=True)
    assert seen.found.stages[-1].numbers == tuple(wanted.tolist()[:12])
    assert next(view for view in views if view.key == key).network == "G"
    page = insides.draw(seen, within, request)
    assert f"on {formula(given)}" in page and page.count("aria-pressed") == 4


def test_one_method_with_several_variants_keeps_its_switches(folder, tmp_path):
    keep(tmp_path / "both" / "augmented", Objective(latent=3), 1)
    keep(tmp_path / "both" / "cyclegan", CycleGANObjective(), 2)
    keep(tmp_path / "both" / "gan", CycleGANObjective(cycle_forward=0, cycle_backward=0), 3)
    (set_,) = Library([tmp_path / "both"], "cpu").sets.values()
    assert not set_.compares_methods and set_.switches


def test_answers_are_what_the_networks_make(library, folder):
    """Of the x that is shown: with drawn z, at the places of the plane, and by E."""
    set_ = library.sets[TITLE]
    (found,) = translate(library, opening(TITLE, set_)).many
    assert len(found.answers) == many.ANSWERS and len(found.plane) == many.PLACES**2
    assert len(found.walk) == many.STEPS
    translator = Translator(checkpoints.load(folder / "augmented"))
    x = images.to_float(set_.examples[0].original("xy"))[None]
    a, b = translator.latents(translator.views("xy"), 2, many.SEED)["z"]
    assert len(a) == 3

    def made(z: torch.Tensor) -> Image.Image:
        with torch.inference_mode():
            return images.to_pictures(translator.model.G(x, z[None]))[0]

    def apart(one: Image.Image, other: Image.Image) -> int:
        return np.abs(np.asarray(one, int) - np.asarray(other, int)).max()

    last = many.PLACES - 1
    assert apart(found.plane[0], made(many.REACH * (b - a))) <= 1, "a from the left, b from above"
    assert apart(found.plane[last], made(many.REACH * (a + b))) <= 1
    assert apart(found.walk[0], made(a)) <= 1
    assert apart(found.walk[many.STEPS // 4], made(b)) <= 1
    assert apart(found.walk[0], found.walk[many.STEPS // 4]) > 8, "z is heard"
    y = images.to_float(set_.examples[1].truth("xy"))[None]
    with torch.inference_mode():
        z = translator.model.E(translator.model.F(y), y)
    assert apart(found.in_styles[0], made(z[0])) <= 1
    assert found.styles[0].tobytes() == images.to_pictures(y)[0].tobytes()
    assert len(found.styles) == len(found.in_styles) == many.STYLES


def test_a_large_picture_is_reduced_for_its_hundred_answers(library):
    set_ = library.sets[TITLE]
    translator = library.translator(set_.variants[0].source)
    made = translator.translate(Image.new("RGB", (200, 100), (90, 20, 40)))
    found = many.look(translator, "row", made, "xy", [])
    assert found.answers[0].size == (96, 48) and found.styles == found.in_styles == []


def test_where_nothing_is_told_beside_the_item_there_is_one_answer(library):
    """Back from Y: F takes no latent, and its answer is kept as any is."""
    request = replace(opening(TITLE, library.sets[TITLE]), direction="yx")
    shown = translate(library, request)
    assert (
        shown.many == []
        and many_panels.draw(shown.many, ["CycleGAN"], library.sets[TITLE], "yx") == ""
    )
    assert not needs_networks(library, request)
    assert needs_networks(library, replace(request, direction="xy"))


def test_walk():
    found = places.walk(4)
    expected = [(1, 0), (0, 1), (-1, 0), (0, -1)]
    assert [pytest.approx(place, abs=1e-9) for place in found] == expected


def test_what_a_network_is_told_is_drawn(library):
    variant = library.sets[TITLE].variants[0]
    assert beside(variant.views("xy")) == {"made": [("z", "")]}
    assert beside(variant.views("yx")) == {"back": [("z", "E")]}
    assert beside(library.sets[TITLE].variants[1].views("xy")) == {}


def test_the_markup(library):
    set_ = library.sets[TITLE]
    request = opening(TITLE, set_)
    answers = Answers(library)
    assert answers.ready(request) is None
    text = answers.draw(request, translate(library, request)).result
    assert answers.ready(request).result == text
    assert 'title="z, drawn from N(0, 1)"' in text
    assert text.count('aria-valuetext="0.75"') == 2
    film = text.partition('download="walk.webp" href="data:image/webp;base64,')[2]
    with Image.open(io.BytesIO(b64decode(film.partition('"')[0]))) as walk:
        assert walk.is_animated and walk.size == (192, 192)
    assert text.count("<h3>") == 2 + 4 and "CycleGAN takes no " in text
    assert text.count('data-view="same"') == 2, "its head, and the row that has it"


# In a browser


@pytest.fixture
def page(browser, folder):
    with opened(build_demo(Library([folder], "cpu"))) as address:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.wait_for_selector(".many .here")
        yield page
        page.close()


def place(page) -> tuple[str, str]:
    """The column and the line of the plane that are shown."""
    style = "e => [e.style.getPropertyValue('--column'), e.style.getPropertyValue('--line')]"
    return tuple(page.locator(".many .plane").evaluate(style))


@pytest.mark.browser
def test_dials_and_clicks_choose_an_answer(page):
    a, b = (page.locator(f".many input[name={name}]") for name in "ab")
    a.focus()
    page.keyboard.press("ArrowLeft")
    assert a.get_attribute("aria-valuetext") == "0.375" and place(page) == ("5", "2")
    box = page.locator(".many .map").bounding_box()
    page.mouse.click(box["x"] + 2, box["y"] + 2)
    assert place(page) == ("0", "0")
    assert b.get_attribute("aria-valuetext") == "1.5"
    with page.expect_download() as download:
        page.locator(".many a.walk").click()
    with Image.open(download.value.path()) as walk:
        assert walk.n_frames > 1
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, "a phone has it all in sight"
    page.locator("#direction label").nth(1).click()
    page.wait_for_selector(".many", state="detached")
    assert page.locator(".loop .step b").count() == 1, "what E finds on the way back from y"
