"""What classifiers say on the page: bars at each station of the loop, a wall, and the rows of the
laboratory."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from opened import opened
from PIL import Image
from test_easel import READ
from test_page import PATIENCE
from variants import lively

from cyclegan import lessons, methods
from cyclegan.core.config import Channels, Config, Discriminator, Generator, Training
from cyclegan.inference.translator import Translator
from cyclegan.labs.ablation.command import main as laboratory
from cyclegan.labs.ablation.variants import groups, known, reference, rival
from cyclegan.lessons.digits import judge
from cyclegan.methods.cycada import Objective
from cyclegan.page import lab_tables, loop, wall, wall_panels
from cyclegan.page.compare import opening, translate
from cyclegan.page.demo import build_demo
from cyclegan.page.lab import read as read_report
from cyclegan.page.library import Library
from cyclegan.store import checkpoints

TITLE = "tests/named"


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Library:
    root = tmp_path_factory.mktemp("digits") / "tests" / "named"
    config = Config(
        generator=Generator(width=2, blocks=1, upsampling="resize"),
        discriminator=Discriminator(width=2),
        objective=Objective(latent=3),
        domains=lessons.find("digits").domains,
        channels=Channels(1, 3),
        training=Training(data="digits", fit="none", steps=3),
        image_size=32,
        facts={"steps": 3},
    )
    without = replace(config, objective=Objective(latent=3, semantic=0.0))
    for seed, (name, one) in enumerate({"with": config, "without": without}.items()):
        checkpoints.save(root / name, one, lively(one, seed).networks)
    return Library([root], "cpu")


def test_each_station_is_named_by_the_classifier_of_its_side(library):
    """By hand, of the pictures as they are shown."""
    shown = translate(library, opening(TITLE, library.sets[TITLE]))
    assert shown.label == 7 and [row.side for row in shown.rows] == [True, False]
    row = shown.rows[0]
    model = library.translator(row.variant.source).model
    namers = {"original": "f_S", "made": "f_T", "back": "f_S"}
    assert row.made.named.keys() == namers.keys()
    for key, role in namers.items():
        pixels = torch.from_numpy(np.array(row.made.views[key])).float() / 127.5 - 1
        pixels = pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)
        with torch.inference_mode():
            shares = model[role](pixels[None]).softmax(1)[0]
        assert row.made.named[key] == pytest.approx(shares.tolist(), abs=1e-5)
        opinion = loop.opinions(row, shown)[key]
        assert opinion.namer == role and [kind for kind, _ in opinion.shares] == list("0123456789")
        assert opinion.says == str(int(shares.argmax()))
        assert opinion.is_other == (opinion.says != "7")


def test_an_own_digit_is_named_and_nobody_says_what_it_is(library, tmp_path):
    path = tmp_path / "own.png"
    lessons.find("digits").draw(lessons.find("digits").examples()[1].x).save(path)
    request = replace(opening(TITLE, library.sets[TITLE]), example=None, path=str(path))
    shown = translate(library, request)
    opinions = loop.opinions(shown.rows[0], shown).values()
    assert shown.label is None and len(opinions) == 3
    assert not any(opinion.is_other for opinion in opinions)


@pytest.mark.parametrize("direction", ["xy", "yx"])
def test_the_wall_frames_what_the_judge_reads_otherwise(library, direction):
    translator: Translator = library.translator(library.sets[TITLE].variants[0].source)
    found = wall.of_row("with it", translator, direction)
    side = 32
    tiles = np.asarray(found.picture)
    across, down = len(found.kinds), len(found.wrong) // len(found.kinds)
    assert (across, down) == (10, wall.EACH)
    step_x, step_y = (tiles.shape[1] - side) // 9, (tiles.shape[0] - side) // (down - 1)
    for place, wrong in enumerate(found.wrong):
        row, label = divmod(place, across)
        left, top = label * step_x, row * step_y
        tile = tiles[top : top + side, left : left + side]
        assert wrong == (judge.says(tile[None])[0] != label)


def test_of_other_methods_there_is_no_wall(library):
    shown = translate(library, opening(TITLE, library.sets[TITLE]))
    assert wall_panels.draw(shown).count('class="tiles"') == 2
    assert wall_panels.draw(replace(shown, walls=())) == ""


def shares_of(page) -> list[list[float]]:
    """The bars of every station, in the order of the page."""
    return page.locator(".loop .opinion").evaluate_all(
        """all => all.map((one) => [...one.querySelectorAll('.kinds span')]
          .map((bar) => parseFloat(bar.style.getPropertyValue('--share'))))"""
    )


@pytest.mark.browser
@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
)
def test_bars_and_wall_in_a_browser(browser, library, scheme, width):
    with opened(build_demo(library)) as address:
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.locator(".loop .opinion").first.wait_for()
        said = page.locator(".loop .opinion")
        assert said.count() == 5, "x once, and two stations a row"
        for i, shares in enumerate(shares_of(page)):
            assert len(shares) == 10 and sum(shares) == pytest.approx(1, abs=0.01)
            assert (
                said.nth(i).locator(".said").inner_text() in said.nth(i).locator("p").inner_text()
            )
        walls = page.locator(".walls .tiles")
        assert walls.count() == 2 and page.locator(".walls .marks span").count() == 120
        page.wait_for_function("document.querySelector('.walls img').naturalWidth >= 320")
        marks, picture = walls.first.locator(".marks").bounding_box(), walls.first.locator("img")
        assert marks["height"] == pytest.approx(picture.bounding_box()["height"], abs=1)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, "nothing reaches out of the page"
        page.close()


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_a_drawn_digit_goes_round_and_is_named_at_each_station(browser, scheme, width):
    """A stroke below a seven of the bundled set: the classifiers say of the drawing what they do
    here, and nobody knows any more what it shows."""
    name = "digits-cycada"
    library = Library([checkpoints.BUNDLED / name], "cpu")
    rows = translate(library, opening(name, library.sets[name])).rows
    with opened(build_demo(library)) as address:
        page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        said = page.locator(".loop .opinion")
        said.first.wait_for()
        before = shares_of(page)
        page.locator("#draw button").click()
        sheet = page.locator(".drawing-sheet canvas")
        sheet.wait_for()
        page.wait_for_function("document.querySelector('.drawing-sheet canvas').width === 32")
        sheet.scroll_into_view_if_needed()
        box = sheet.bounding_box()
        page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.8 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.8 * box["height"], steps=8)
        page.mouse.up()
        page.locator("#result .note", has_text="You drew on Seven").wait_for()
        after = shares_of(page)
        assert len(after) == 5 and after != before
        drawing = np.array(page.evaluate(READ, ".drawing-sheet canvas"), np.uint8)
        drawing = Image.fromarray(drawing.reshape(32, 32, 4)[..., :3])
        for place, row in enumerate(rows):
            named = library.translator(row.variant.source).translate(drawing, "xy").named
            for key in ("original", "made", "back")[place:]:  # x is named once, by the first.
                assert any(one == pytest.approx(named[key], abs=0.01) for one in after), key
        assert page.locator("#result [data-view=truth]").count() == 0
        assert "label flips" not in page.locator(".loop").inner_text()
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0
        page.close()


# In the laboratory

ROWS = ["cycada-all", "cycada-no-cycle"]
TINY = [
    *("--seeds", "1", "--steps", "10", "--jobs", "1"),
    *("--width", "2", "--blocks", "1", "--discriminator-width", "2"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Path:
    """Two rows by the command: the first alone, then both, of which one is there already."""
    folder = tmp_path_factory.mktemp("lab") / "digits"
    first = folder / ROWS[0] / "seed-0" / checkpoints.WEIGHTS
    for rows in (ROWS[:1], ROWS):
        before = first.stat().st_mtime_ns if first.exists() else None
        options = ["--data", "digits", "--variants", ",".join(rows), "--out", str(folder), *TINY]
        assert laboratory(["run", *options]) == 0
    assert first.stat().st_mtime_ns == before, "it goes on, and trains nothing twice"
    assert laboratory(["report", str(folder)]) == 0
    return folder


def test_each_row_lacks_one_term_and_the_last_all_but_gan():
    rows, full = known(), Objective()
    no_cycle = {"cycle_forward": 0.0, "cycle_backward": 0.0}
    assert {name: rows[name].objective for name in groups()["cycada"]} == {
        "cycada-all": full,
        "cycada-no-semantic": replace(full, semantic=0.0),
        "cycada-no-cycle": replace(full, **no_cycle),
        "cycada-no-features": replace(full, features=0.0),
        "cycada-gan": replace(full, **no_cycle, semantic=0.0, features=0.0),
    }
    assert reference(groups()["cycada"]) == "cycada-all"
    assert rival("cycada-all") == "cycada-no-semantic"
    own = methods.find("cycada").recipes["lesson"].training
    for name in groups()["cycada"]:
        training = rows[name].config(lessons.find("digits").recipe.config).training
        assert (training.pool, training.decay, training.ema_decay) == (
            *(own.pool, own.decay, own.ema_decay),
        )


def test_items_without_labels_are_refused_before_a_step(tmp_path, capsys):
    options = ["--data", "drawing", "--variants", "cycada", "--out", str(tmp_path / "lab")]
    assert laboratory(["run", *options]) == 2
    assert "CyCADA learns from labels, and these items have none." in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_the_report_has_accuracies_and_flips_and_says_what_they_are(lab):
    found = json.loads((lab / "report" / "report.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in found["variants"]] == ROWS
    for one in found["variants"]:
        metrics = checkpoints.read_metrics(lab / one["name"] / "seed-0")
        for network, key in (("G", "flips"), ("F", "f_T_right")):
            assert one["figures"][network][key]["mean"] == pytest.approx(metrics[network][key])
    compared = found["comparisons"][0]
    assert "flips" in compared["G"] and "f_T_right" in compared["F"]
    words = (lab / "report" / "report.md").read_text(encoding="utf-8")
    assert "- label flips (↓): Share of translations that show another digit" in words
    assert "- accuracy of f\\_T (↑): Share of held-out items of the side without labels" in words


def test_what_the_method_is_for_stands_first_in_its_table(lab):
    report = read_report(lab)
    keys = {n: [m.key for m in lab_tables.headline(report, report.measures(n))] for n in "GF"}
    assert keys == {
        "G": ["flips", "cycle_error", "diversity"],
        "F": ["f_T_right", "flips", "cycle_error"],
    }
    assert [report.rows[0].made(network) for network in "GF"] == ["G(x, z)", "F(y)"]


@pytest.mark.browser
def test_the_laboratory_in_a_browser(browser, lab):
    with opened(build_demo(Library([lab], "cpu"))) as address:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.get_by_role("tab", name="Ablation").click()
        cells = page.locator("#lab-grid .cell[data-variant]")
        cells.nth(1).wait_for()
        table = page.locator("#lab-table table").first
        assert "label flips" in table.inner_text()
        page.locator("#lab-direction label").nth(1).click()
        table.get_by_text("accuracy of f_T").wait_for()
        for name in ROWS:
            found = checkpoints.read_metrics(lab / name / "seed-0")["F"]["f_T_right"]
            assert f"{known()[name].title}" in table.inner_text()
            assert f"{found:.3f}" in table.inner_text()
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0
        page.close()
