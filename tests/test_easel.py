"""Drawing on x: what comes from a browser, which of it is answered, and both in a real Chromium."""

import base64
import json
import threading
import time
from dataclasses import replace
from urllib.parse import parse_qsl

import numpy as np
import pytest
from opened import opened
from PIL import Image
from test_compare import equal, request
from test_compare import library as compared_library
from test_handout import OPTIONS, axe
from test_hosted import Visitor, hosted
from test_page import PANELS, PATIENCE
from tiny import noise

from app import build
from cyclegan import lessons
from cyclegan.core.media import PICTURES
from cyclegan.core.pictures import ImageError
from cyclegan.inference.closer import Probe
from cyclegan.lessons import brushes
from cyclegan.lessons.satellite2map import tiles
from cyclegan.page import address, drawn, easel, translate_tab
from cyclegan.page.compare import look_closer, translate
from cyclegan.page.drawn import Drawn
from cyclegan.page.easel_view import Newest, OldError
from cyclegan.page.story import Place, Stories
from cyclegan.store import checkpoints

library = compared_library
MORE = "?lesson=satellite2map&example=morocco"


def sent(picture: Image.Image, number: int = 1, **more) -> dict:
    """As scripts/easel.js tells the server of a picture."""
    pixels = base64.b64encode(picture.convert("RGB").tobytes()).decode()
    return {"number": number, "width": picture.width, "height": picture.height} | (
        {"pixels": pixels, "last": True} | more
    )


def drawn_of(picture: Image.Image, **beneath) -> Drawn:
    return Drawn(picture.size, picture.tobytes(), **beneath)


# What lessons bring along


def all_brushes() -> list:
    return [
        pytest.param(lesson, direction, id=f"{lesson.name} {direction}")
        for lesson in lessons.all_lessons()
        if lesson.medium is PICTURES
        for direction in ("xy", "yx")
    ]


@pytest.mark.parametrize(("lesson", "direction"), all_brushes())
def test_every_lesson_that_ships_has_brushes_that_look_different(lesson, direction):
    found = lesson.brushes(direction)
    assert len({brush.name for brush in found}) == len(found) >= 2
    means = [np.asarray(brush.texture, float).mean((0, 1)) for brush in found]
    apart = [np.abs(a - b).max() for i, a in enumerate(means) for b in means[:i]]
    assert min(apart) > 15


def test_grounds_are_pieces_of_the_bands_that_training_had_of_their_side():
    lesson, width = lessons.find("satellite2map"), tiles.PACKED_WIDTH
    for side, direction, places in (
        ("X", "xy", tiles.GROUNDS_X),
        ("Y", "yx", tiles.GROUNDS_Y),
    ):
        world = tiles.load_world(width)[side.lower()]
        for brush, (latitude, longitude) in zip(
            lesson.brushes(direction), places.values(), strict=True
        ):
            left = round((longitude - tiles.WEST_EDGE) % 360 / 360 * width)
            top = round((90 - latitude) / 360 * width)
            assert any(w <= left <= e - tiles.PIECE for w, e in tiles.bands(side, width)), brush
            pixels = np.asarray(brush.texture)
            whole = world[top : top + tiles.PIECE, left : left + tiles.PIECE]
            assert (pixels[: tiles.PIECE, : tiles.PIECE] == whole).all()
            assert (pixels == pixels[::-1]).all() and (pixels == pixels[:, ::-1]).all()


def test_a_lesson_without_brushes_takes_the_colours_of_the_picture():
    picture = Image.new("RGB", (20, 20), (250, 2, 3))
    picture.paste((1, 1, 120), (0, 0, 20, 5))
    found = brushes.of_picture(picture)
    assert [brush.name for brush in found] == ["red", "navy"], "what there is most of comes first"
    assert found[1].texture.getpixel((0, 0)) == (1, 1, 120)
    assert len(brushes.of_picture(noise(32, 32))) <= brushes.COLOURS
    assert lessons.find("/nowhere/at/all").brushes("xy") == ()


def test_what_is_drawn_with_is_of_the_side_that_is_drawn_on(library):
    set_ = replace(next(iter(library.sets.values())))
    html = easel.draw(set_, "yx", Image.new("RGB", (8, 8), (0, 128, 0)))
    assert 'value="green" checked' in html and 'aria-label="Draw on y"' in html
    assert easel.draw(set_, "xy", np.zeros((3, 8, 8))) == "", "no picture, nothing to draw on"


# From the browser


def test_what_is_sent_is_what_was_drawn():
    picture = noise(7, 5)
    stroke = drawn.read(sent(picture, 4, last=False), 2, None)
    assert equal(stroke.drawn.picture, picture) and stroke.drawn.size == (7, 5)
    assert (stroke.number, stroke.is_last, stroke.drawn.example) == (4, False, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 8},
        {"width": 0, "pixels": ""},
        {"width": -7, "height": -5},
        {"width": 257, "height": 1, "pixels": "AAAA" * 257},
        {"width": 7.0},
        {"height": None},
        {"pixels": None},
        {"pixels": "€" * 140},
        {"pixels": "=" * 140},
        {"number": 0},
        {"number": True},
        {"number": 2**60},
        {"number": "1"},
    ],
)
def test_anything_else_is_refused_in_a_sentence(changes):
    with pytest.raises(ImageError, match="cannot be read"):
        drawn.read(sent(noise(7, 5)) | changes)
    for nothing in (None, [], "drawn"):
        with pytest.raises(ImageError):
            drawn.read(nothing)


def test_only_the_newest_of_a_tab_counts():
    newest = Newest()
    newest.note("anna", 3)
    newest.note("anna", 2)
    newest.check("anna", 3)
    newest.check("ben", 1)
    with pytest.raises(OldError):
        newest.check("anna", 2)


# What is made of it


def test_what_was_drawn_is_translated_as_a_picture_of_ones_own(library, tmp_path):
    picture = noise(32, 32, seed=9)
    picture.save(tmp_path / "own.png")
    asked = request(library, path=drawn_of(picture, example=0))
    own = translate(library, replace(asked, path=str(tmp_path / "own.png")))
    shown = translate(library, asked)
    assert asked.has_picture and asked.is_drawn
    for row, other in zip(shown.rows, own.rows, strict=True):
        assert equal(row.made.original, picture)
        assert equal(row.made.reconstruction, other.made.reconstruction)
        assert row.made.figures == other.made.figures and not row.scores
    assert shown.truth is None and "You drew on Here: its truth is not that" in shown.note
    assert len(look_closer(library, asked, Probe()).found) == 2


def test_an_address_does_not_call_it_the_example(library):
    stories, title = Stories(library), next(iter(library.sets))
    example = request(library, example=0)
    ours = replace(example, example=None, path=drawn_of(noise(8, 8), example=0), direction="yx")
    place = Place(title, 0)
    assert "example" in address.written(stories, example, place)
    assert "step" in address.written(stories, example, place)
    written = address.written(stories, ours, place)
    assert dict(parse_qsl(written)) == {"lesson": title, "direction": "yx"}


# On a hosted page


def said(answer) -> str:
    return json.loads('"' + answer.text.split('data-said=\\"')[1].split('\\"')[0] + '"')


def test_strokes_count_and_a_spent_quota_says_so(tmp_path):
    with hosted(tmp_path, drawing=(2, 0.5)) as (url, _):
        visitor = Visitor(url)
        for number in (1, 2):
            answer = visitor.act("pen", "input", sent(noise(16, 16, seed=number), number))
            assert said(answer) == "" and "You drew on A:" in answer.text
        answer = visitor.act("pen", "input", sent(noise(16, 16, seed=3), 3))
        assert "Much was drawn from your address just now; try again in" in said(answer)
        assert visitor.act("examples", "click", {"index": 1}).status == 200
        other = Visitor(url, address="127.0.0.9")
        assert said(other.act("pen", "input", sent(noise(16, 16), 1))) == ""


def test_a_stranger_gets_a_sentence_and_the_page_goes_on(tmp_path):
    with hosted(tmp_path) as (url, _):
        visitor = Visitor(url)
        bad = sent(noise(16, 16)) | {"height": 17}
        assert "cannot be read" in said(visitor.act("pen", "input", bad))
        for data in (None, {"number": "x"}, {"number": 1, "pixels": "<b>"}):
            assert "Traceback" not in visitor.act("pen", "input", data).text
        assert said(visitor.act("pen", "input", sent(noise(16, 16), 9))) == ""


def test_older_strokes_are_dropped_while_networks_are_busy(tmp_path, monkeypatch):
    """Whatever waits in the queue when a newer one comes never reaches the networks."""
    seen, busy, go = [], threading.Event(), threading.Event()
    real = translate_tab.translate

    def slow(library, asked):
        if asked.is_drawn:
            seen.append(asked.path.pixels[0])
            busy.set()
            assert go.wait(20)
        return real(library, asked)

    monkeypatch.setattr(translate_tab, "translate", slow)
    with hosted(tmp_path) as (url, _):
        visitor = Visitor(url)
        event = visitor.event("pen", "input")
        pictures = [Image.new("RGB", (8, 8), (n, n, n)) for n in range(1, 5)]
        threads = []
        for number, picture in enumerate(pictures, 1):
            data = sent(picture, number)
            thread = threading.Thread(target=visitor.fire, args=(event, data))
            thread.start()
            threads.append(thread)
            assert busy.wait(20)
            time.sleep(0.7)  # Each takes its way through the queue.
        go.set()
        for thread in threads:
            thread.join(30)
    assert seen == [1, 4]


# In a browser


@pytest.fixture(scope="module")
def url():
    with opened(build([checkpoints.BUNDLED])) as address:
        yield address


@pytest.fixture
def page(browser, url, request):
    settings = {"viewport": {"width": 1280, "height": 800}, **getattr(request, "param", {})}
    page = browser.new_page(**settings)
    page.set_default_timeout(PATIENCE)
    mistakes = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.goto(url + MORE)
    page.wait_for_selector("#examples [aria-pressed=true] [alt=Morocco]")
    page.wait_for_selector(PANELS)
    page.locator("#draw button").click()
    page.locator(".drawing-sheet canvas").wait_for()
    page.wait_for_function("document.querySelector('.drawing-sheet canvas').width === 128")
    page.wait_for_timeout(600)
    yield page
    page.close()
    assert not mistakes


X = "#result [data-view=original] figure > img"

READ = """(selector) => {
  const one = document.querySelector(selector), width = one.naturalWidth ?? one.width;
  const canvas = Object.assign(document.createElement('canvas'),
    {width, height: one.naturalHeight ?? one.height});
  const context = canvas.getContext('2d');
  context.drawImage(one, 0, 0);
  return [...context.getImageData(0, 0, canvas.width, canvas.height).data];
}"""

ANSWERED = f"""() => {{
  const read = {READ}, a = read({X!r}), b = read('.drawing-sheet canvas');
  return a.length === b.length && a.every((value, i) => value === b[i]);
}}"""


def pixels(page, selector: str) -> np.ndarray:
    found = np.array(page.evaluate(READ, selector))
    side = int((len(found) / 4) ** 0.5)
    return found.reshape(side, side, 4)[..., :3]


def paint(page, *points: tuple[float, float]) -> None:
    """A stroke of the mouse through points in parts of the picture."""
    box = page.locator(".drawing-sheet canvas").bounding_box()
    at = [(box["x"] + a * box["width"], box["y"] + b * box["height"]) for a, b in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for point in at[1:]:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def choose(page, brush: str) -> None:
    page.locator(".easel label", has_text=brush).filter(
        has=page.locator(f"input[value='{brush}']")
    ).click()


def answered(page) -> None:
    page.wait_for_function(ANSWERED)


def test_starting_over_is_asked_once_more_where_its_answer_is_lost(page):
    bare, lost = page.locator(X).get_attribute("src"), []
    paint(page, (0.2, 0.2), (0.4, 0.2))
    answered(page)

    def lose(route):
        told = route.request.post_data_json.get("event_data")
        if lost or not isinstance(told, dict) or "number" not in told:
            return route.continue_()
        lost.append(told)
        return route.fulfill(json={"event_id": "lost"})

    page.route("**/queue/join*", lose)
    page.get_by_role("button", name="Start over").click()
    page.wait_for_function("([x, bare]) => document.querySelector(x).src === bare", arg=[X, bare])
    assert len(lost) == 1 and "pixels" not in lost[0]


def test_a_lake_in_the_desert_is_answered_in_both_rows(page):
    before = page.locator(PANELS).evaluate_all("all => all.map((one) => one.src)")
    box = page.locator(X).bounding_box()
    choose(page, "sea")
    paint(page, (0.5, 0.6), (0.75, 0.6))
    answered(page)
    after = page.locator(PANELS).evaluate_all("all => all.map((one) => one.src)")
    assert not set(before) & set(after) and len(after) == 7, "all but the truth"
    texture = lessons.find("satellite2map").brushes("xy")[0].texture
    lake = pixels(page, X)[77, 70:90]
    assert (np.abs(lake - np.asarray(texture).mean((0, 1))) < 12).all()
    now = page.locator(X).bounding_box()
    assert all(abs(box[side] - now[side]) < 1 for side in box), "nothing moves under the brush"
    assert "You drew on Morocco" in page.locator("#result .note").inner_text()
    assert page.locator("#result [data-view=truth]").count() == 0
    assert page.locator("#examples [aria-pressed=true]").count() == 0
    assert "example" not in page.url and "lesson=satellite2map" in page.url
    assert page.locator("#result .verdict").inner_text() != ""


def test_undo_goes_back_stroke_by_stroke_and_then_to_the_example(page):
    bare = page.locator(X).get_attribute("src")
    paint(page, (0.2, 0.2), (0.4, 0.2))
    answered(page)
    first = pixels(page, X)
    choose(page, "forest")
    paint(page, (0.6, 0.8), (0.7, 0.8))
    answered(page)
    assert (pixels(page, X) != first).any()
    page.keyboard.press("Control+z")
    answered(page)
    assert (pixels(page, X) == first).all()
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("([x, bare]) => document.querySelector(x).src === bare", arg=[X, bare])
    page.wait_for_selector("#examples [aria-pressed=true] [alt=Morocco]")
    assert page.get_by_role("button", name="Undo").is_disabled()
    page.wait_for_url("**example=morocco*")
    paint(page, (0.2, 0.2), (0.4, 0.2))
    paint(page, (0.2, 0.4), (0.4, 0.4))
    answered(page)
    page.get_by_role("button", name="Start over").click()
    page.wait_for_function("([x, bare]) => document.querySelector(x).src === bare", arg=[X, bare])
    page.get_by_role("button", name="Done").click()
    page.locator("#result [data-view=truth] img").wait_for()


def test_by_keys_alone(page):
    page.get_by_role("button", name="Done").press("Enter")
    assert page.evaluate("document.activeElement.textContent").strip() == "Draw"
    page.keyboard.press("Enter")
    canvas = page.get_by_role("application", name="x, a satellite picture to draw on")
    assert canvas.evaluate("e => e === document.activeElement")
    before = pixels(page, ".drawing-sheet canvas")
    page.keyboard.press("ArrowLeft")
    told = page.locator("#easel [role=status].unseen")
    assert told.inner_text() == "column 64, line 65"
    page.keyboard.down("Space")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    assert told.inner_text() == "sea, column 64, line 89"
    page.keyboard.up("Space")
    assert told.inner_text() == "Brush up, column 64, line 89"
    answered(page)
    changed = (pixels(page, X) != before).any(-1)
    assert changed[70:85, 63].all() and not changed[:50].any()
    once = pixels(page, X)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    answered(page)
    assert (pixels(page, X) != once).any()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.textContent") == "Start over"
    page.locator(".easel input[value=sea]").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".easel input[value='deep sea']").is_checked()
    canvas.press("Escape")
    assert page.evaluate("document.activeElement.textContent").strip() == "Draw"
    assert not canvas.is_visible() and not page.locator(".easel").is_visible()


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("page", [PHONE], indirect=True)
def test_a_finger_paints_and_does_not_scroll(page):
    box = page.locator(".drawing-sheet canvas").bounding_box()
    assert box["width"] >= 260, "wide enough for a finger"
    fingers, top = page.context.new_cdp_session(page), page.evaluate("scrollY")

    def touch(kind: str, *at: float) -> None:
        points = [{"x": at[0], "y": at[1]}] if at else []
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.wait_for_timeout(30)

    x, y = box["x"] + box["width"] / 2, box["y"] + 40
    touch("touchStart", x, y)
    for by in range(20, 140, 20):
        touch("touchMove", x, y + by)
    touch("touchEnd")
    answered(page)
    assert page.evaluate("scrollY") == top
    assert (pixels(page, X)[30:60, 64] - pixels(page, X)[20, 64] < 12).all()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_beside_it_the_lens_looks_and_another_example_begins_anew(page):
    paint(page, (0.2, 0.2), (0.4, 0.2))
    answered(page)
    page.locator("#result [data-view=made] img").first.hover()
    page.locator("#result .lens").first.wait_for()
    assert page.locator("#result .lens").count() == 7
    page.locator("#result .lens .value").first.wait_for()
    page.locator("#examples button").nth(4).click()
    page.wait_for_selector("#examples button:nth-child(5)[aria-pressed=true]")
    answered(page)
    assert page.get_by_role("button", name="Undo").is_disabled()
    page.get_by_label("map → satellite").click()
    page.locator(".easel", has_text="lowland").wait_for()
    page.get_by_role("application", name="y, a map picture to draw on").wait_for()
    answered(page)


def test_a_large_picture_is_drawn_smaller_and_says_so(page, tmp_path):
    noise(400, 300).save(tmp_path / "own.png")
    page.locator("#upload input[type=file]").set_input_files(tmp_path / "own.png")
    page.wait_for_function("document.querySelector('.drawing-sheet canvas').width === 256")
    assert "drawn at 256×192 pixels" in page.locator(".easel .said").inner_text()
    paint(page, (0.5, 0.5), (0.6, 0.5))
    page.wait_for_function("x => document.querySelector(x).naturalWidth === 256", arg=X)
    page.get_by_role("button", name="Start over").click()
    page.wait_for_function("x => document.querySelector(x).naturalWidth === 400", arg=X)


def test_a_spent_quota_is_told_where_one_draws(browser, tmp_path):
    with hosted(tmp_path, drawing=(1, 0.5)) as (url, _):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE)
        page.goto(url)
        page.wait_for_selector(PANELS)
        page.locator("#draw button").click()
        page.wait_for_timeout(600)
        paint(page, (0.3, 0.3), (0.8, 0.3))
        page.get_by_text("Much was drawn from your address just now; try again in").wait_for()
        words = page.locator(".easel .said").inner_text()
        assert words.endswith("The rows still show the picture before that.")
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_where_one_draws(browser, url, scheme, width):
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.wait_for_selector(PANELS)
    page.locator("#draw button").click()
    page.wait_for_timeout(600)
    paint(page, (0.3, 0.3), (0.8, 0.3))
    answered(page)
    found = axe.Axe().run(page, "#results", options=OPTIONS).response["violations"]
    assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
    page.close()
