"""The page in a real headless Chromium, over the bundled checkpoint set."""

import re
from dataclasses import replace

import pytest
from opened import opened
from PIL import Image
from variants import FULL, write

from app import build
from cyclegan.page.demo import launch_options
from cyclegan.store import checkpoints

pytestmark = pytest.mark.browser

PATIENCE = 60_000
PANELS = "#result .loop img"


@pytest.fixture(scope="module")
def url():
    with opened(build([checkpoints.BUNDLED])) as address:
        yield address


@pytest.fixture
def page(browser, url):
    """A fresh visitor at 1280×800 with the first result in sight."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE)
    page.outbound = []
    page.on("request", lambda request: page.outbound.append(request.url))
    page.goto(url)
    page.wait_for_selector(PANELS)
    yield page
    page.close()


def sources(page, selector=PANELS):
    return [image.get_attribute("src") for image in page.query_selector_all(selector)]


def wait_for_change(page, before, selector=PANELS):
    page.wait_for_function(
        "([selector, before]) => { const now = [...document.querySelectorAll(selector)]"
        ".map(image => image.src); return now.length && now.join() !== before.join(); }",
        arg=[selector, before],
    )
    return sources(page, selector)


def choose(page, index):
    before = sources(page)
    page.locator("#examples button").nth(index).click()
    return wait_for_change(page, before)


def test_opens_with_the_first_result_and_calls_nobody(page, url):
    assert len(sources(page)) == 8
    assert page.locator("#result h3").all_inner_texts()[0].startswith("With cycle loss")
    assert all(request.startswith((url, "data:", "blob:")) for request in page.outbound)


def test_input_and_truth_stand_once_and_the_rows_differ(page):
    shown = sources(page)
    assert len(set(shown)) == 8
    named = [image.get_attribute("alt") for image in page.query_selector_all(PANELS)]
    assert named[:2] == ["Input x", "Truth y"]
    kinds = ["Identity F(x)", "Translation G(x)", "Reconstruction F(G(x))"]
    assert named[2:] == [f"{k}, {w} cycle loss" for w in ("with", "without") for k in kinds]


def test_the_loop_is_closed_with_the_loss_and_open_without(page):
    """An arc runs from above F(G(x)) around to x, and a broken one below; both tell their error."""
    arcs = page.locator("#result .arc")
    assert arcs.count() == 2
    closed, broken = (
        arcs.nth(i).evaluate("e => getComputedStyle(e).borderLeftStyle") for i in (0, 1)
    )
    assert (closed, broken) == ("solid", "dashed")
    words = arcs.all_inner_texts()
    assert all(re.fullmatch(r"cycle error \d+\.\d", text) for text in words)
    boxes = [page.locator(PANELS).nth(i).bounding_box() for i in (0, 4, 7)]
    x, back, back_without = ((b["x"] + b["width"] / 2, b["y"]) for b in boxes)
    for number, end in ((0, back), (1, back_without)):
        arc = arcs.nth(number).bounding_box()
        assert abs(arc["x"] - x[0]) < 3 and abs(arc["x"] + arc["width"] - end[0]) < 3
    above, below = (arcs.nth(i).bounding_box() for i in (0, 1))
    assert above["y"] < back[1] <= above["y"] + above["height"] + 8, "down to F(G(x))"
    assert below["y"] > back_without[1]


def test_an_example_changes_every_panel(page):
    before = sources(page)
    after = choose(page, 4)
    assert len(after) == 8 and not set(before) & set(after)
    assert page.locator("#examples button").nth(4).get_attribute("aria-pressed") == "true"


def strike(page, name):
    """Click a term of the lower row, by its name."""
    page.get_by_role("switch", name=f"without {name}").click()


def test_a_click_strikes_a_term_out_of_the_lower_row(page):
    before = sources(page)
    strike(page, "identity loss")
    after = wait_for_change(page, before)
    titles = page.locator("#result h3").all_inner_texts()
    assert titles[1] == "Without cycle loss and identity loss"
    assert before[:5] == after[:5] and not set(before[5:]) & set(after[5:])
    strike(page, "cycle loss")
    wait_for_change(page, after)
    switches = page.get_by_role("switch")
    assert [s.get_attribute("aria-checked") for s in switches.all()] == ["false", "true"]
    assert page.locator("#result .arc.open").count() == 0, "both were asked for the way back"


def test_switches_are_there_for_the_keyboard(page):
    switch = page.get_by_role("switch", name="without identity loss")
    switch.focus()
    before = sources(page)
    page.keyboard.press("Space")
    wait_for_change(page, before)


def test_a_class_chooses_the_seed_of_both_rows(page, url):
    buttons = page.get_by_role("group", name="Seed of both rows").get_by_role("button")
    assert buttons.all_inner_texts() == ["0", "1", "2"]
    before = sources(page)
    page.get_by_role("button", name="seed 2").click()
    after = wait_for_change(page, before)
    assert before[:2] == after[:2] and not set(before[2:]) & set(after[2:]), "x and y stay"
    page.wait_for_url("**seed=2*")
    page.reload()
    page.wait_for_selector("#seeds [aria-label='seed 2'][aria-pressed=true]")
    page.wait_for_function(f"document.querySelectorAll('{PANELS}')[7]?.src === '{after[7]}'")
    strike(page, "identity loss")
    wait_for_change(page, after)
    strike(page, "cycle loss")
    page.locator("#result h3").get_by_text("Without identity loss").wait_for()
    page.locator("#seeds button").first.wait_for(state="detached")
    assert "seed" not in page.url, "the lower row has one"


def test_one_click_asks_whether_it_is_luck(page):
    page.get_by_role("button", name="Is it luck?").click()
    said = page.locator("#result p.luck")
    said.wait_for()
    words = " ".join(said.inner_text().split())
    listed = re.findall(r"((?:\d+\.\d · ){2}\d+\.\d)", words)
    with_it, without = ([float(v) for v in side.split(" · ")] for side in listed)
    arcs = page.locator("#result .arc").all_inner_texts()
    assert [float(re.search(r"[\d.]+", arc)[0]) for arc in arcs] == [with_it[0], without[0]]
    for arc, side in zip(arcs, (with_it, without), strict=True):
        assert f"seeds {min(side):.1f}–{max(side):.1f}" in arc
    assert max(with_it) < min(without) and "no seed of one lies among those of the other" in words
    assert "Over all held-out ones it is" in words and " ± " in words and "always" not in words
    page.get_by_role("button", name="Is it luck?").click()
    said.wait_for(state="detached")


def test_of_one_seed_nothing_is_asked(page, url):
    page.goto(f"{url}?lesson=satellite2map")
    page.locator("#direction").get_by_text("satellite → map").wait_for()
    page.locator("#seeds button").first.wait_for(state="detached")


def story(page, number):
    page.locator(".steps button").nth(number - 1).click()
    page.wait_for_selector(f".steps li:nth-child({number}) [aria-current]")


def test_the_first_step_shows_heaps_and_partners_after_a_click(page):
    story(page, 1)
    page.wait_for_selector(".heaps img")
    assert not page.locator("#result").is_visible()
    assert not page.locator(".heaps .partner").first.is_visible()
    page.locator(".told summary").click()
    page.locator(".heaps .partner").first.wait_for(state="visible")
    story(page, 2)
    page.locator("#result").wait_for(state="visible")


def test_a_step_keeps_its_answer_until_it_is_asked_for(page):
    story(page, 2)
    verdict = page.locator("#result .verdict")
    assert verdict.count() == 1 and not verdict.is_visible()
    page.locator(".told summary").click()
    verdict.wait_for(state="visible")


def test_the_address_follows_and_back_and_reload_lead_there_again(page):
    choose(page, 4)
    page.wait_for_url("**example=pineapple*")
    before = sources(page)
    strike(page, "identity loss")
    page.wait_for_url("**without=cycle-loss,identity-loss*")
    struck = wait_for_change(page, before)
    page.reload()
    page.wait_for_selector(PANELS)
    page.wait_for_function(f"document.querySelectorAll('{PANELS}')[7]?.src === '{struck[7]}'")
    page.go_back()
    page.wait_for_function(f"document.querySelectorAll('{PANELS}')[7]?.src === '{before[7]}'")
    page.get_by_role("tab", name="Models").click()
    page.wait_for_url("**tab=models*")
    page.go_back()
    page.locator("#result").wait_for(state="visible")


def test_a_copied_link_opens_what_is_shown_and_nothing_else(page, url, browser):
    story(page, 3)
    page.wait_for_url("**step=3*")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("button", name="Copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(url) and "host" not in link
    other = browser.new_page()
    other.goto(link)
    other.wait_for_selector(".steps li:nth-child(3) [aria-current]", timeout=PATIENCE)
    titles = "[...document.querySelectorAll('#result h3')].map(h => h.innerText).join()"
    other.wait_for_function(f"{titles}.includes('Without identity loss')")
    other.close()


def test_what_an_address_asks_for_in_vain_is_said(page, url):
    page.goto(f"{url}?lesson=nowhere")
    page.get_by_text("lesson=nowhere, which is not here").wait_for()
    assert len(sources(page)) == 8


def test_before_a_class_keys_go_through_the_story(page):
    page.get_by_role("button", name="Present", exact=True).click()
    page.wait_for_url("**present*")
    assert not page.locator("#upload").is_visible()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".steps li:nth-child(1) [aria-current]")
    page.keyboard.press("ArrowRight")
    page.locator(".told details[open]").wait_for()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".steps li:nth-child(2) [aria-current]")
    page.get_by_role("button", name="Exit", exact=True).click()
    page.locator("#upload").wait_for(state="visible")


def test_the_other_direction_swaps_input_and_truth(page):
    before = sources(page)
    page.locator("#direction label").nth(1).click()
    after = wait_for_change(page, before)
    assert after[:2] == before[1::-1]


def test_the_comparison_downloads_as_one_picture(page):
    with page.expect_download() as download:
        page.locator("#download").click()
    path = download.value.path()
    assert download.value.suggested_filename.endswith(".png")
    with Image.open(path) as sheet:
        assert sheet.format == "PNG" and 5 < sheet.width / 256 < 6 and 2 < sheet.height / 256 < 4
        assert len(sheet.convert("RGB").getcolors(2**24)) > 1000


def test_look_closer_shows_maps_scores_and_the_probe(page):
    page.get_by_text("Look closer").click()
    page.wait_for_selector("#close-ups .panels img")
    before = sources(page, "#close-ups .panels img")
    assert len(before) == 8
    found, curve = page.locator("#close-ups .verdict"), page.locator("#close-ups .chart")
    keys = page.locator("#close-ups .keys").inner_text()
    assert keys.split("\n") == ["With cycle loss", "Without cycle loss"]
    assert curve.locator(".line").count() == 2
    for kind, over in (
        ("JPEG", "quality of the JPEG"),
        ("Gaussian noise", "deviation of the noise"),
    ):
        page.get_by_label(kind, exact=True).click()
        after = wait_for_change(page, before, "#close-ups .panels img")
        assert before[0] == after[0] and before[2] != after[2] and before[3] != after[3]
        assert over in curve.inner_text() and over in curve.get_by_role("img").get_attribute(
            "aria-label"
        )
        assert ("JPEG of quality 50" if kind == "JPEG" else "noise of 10") in found.inner_text()
        before = after


def message(page):
    """What was found of a hidden message, once it is of what is shown."""
    page.wait_for_selector("#message .verdict")
    return page.locator("#message .verdict").inner_text()


def share(words, before):
    """A share in words, or 0 for "none"."""
    (said,) = re.findall(re.escape(before) + r" (none|\d+%)", words)
    return 0 if said == "none" else int(said.removesuffix("%"))


def test_a_click_shows_where_something_is_hidden_and_what_outlives_a_disturbance(page):
    page.get_by_text("Look closer").click()
    assert "Found" not in message(page)
    page.get_by_role("button", name="Show where something is hidden").click()
    page.locator("#message strong", has_text=re.compile("^Found$")).wait_for()
    page.wait_for_url("**direction=yx*")
    words = " ".join(message(page).split())
    assert words.startswith("Found with the cycle loss: ")
    assert "of the colours come back" in words and "in which nothing is hidden, none do" in words
    assert "Nothing hidden was found without the cycle loss" in words
    whole, bare = share(words, "with the cycle loss:"), share(words, "in grey alone")
    after = ("noise of 10 of 255", "JPEG of quality 75", "a 3×3 blur")
    kept = [share(words, f"fter {name}") for name in after]
    assert 50 < min(kept) <= whole <= 100 and 50 < bare <= whole
    assert page.locator("#message button").count() == 0, "one is there"
    large, small = (page.locator("#message img").nth(i).bounding_box() for i in (0, 1))
    assert large["width"] >= 3 * 64 and large["width"] > 2 * small["width"]


def test_where_nothing_is_hidden_the_page_says_so(page, url):
    page.goto(f"{url}?lesson=satellite2map")
    page.locator("#direction").get_by_text("satellite → map").wait_for()
    page.get_by_text("Look closer").click()
    words = " ".join(message(page).split())
    assert "nothing was found hidden in fine detail" in words and "Found" not in words
    shares = [int(said) for said in re.findall(r"(\d+)%", words)]
    assert len(shares) == 4 and max(shares) - min(shares) < 5, "as measured"
    page.get_by_role("button", name="Show where something is hidden").click()
    page.locator("#message strong", has_text=re.compile("^Found$")).wait_for()
    assert "lesson=drawing" in page.url, "where it is known of"


def test_a_blur_is_a_probe_as_well(page):
    page.get_by_text("Look closer").click()
    page.wait_for_selector("#close-ups .panels img")
    before = sources(page, "#close-ups .panels img")
    page.get_by_label("Blur", exact=True).click()
    wait_for_change(page, before, "#close-ups .panels img")
    assert "a 3×3 blur on" in page.locator("#close-ups .verdict").inner_text()
    assert "side of the blur" in page.locator("#close-ups .chart").inner_text()


def test_the_arrow_keys_move_the_probe_and_all_that_hangs_on_it(page):
    page.get_by_text("Look closer").click()
    page.wait_for_selector("#close-ups .panels img")
    before, found = sources(page, "#close-ups .panels img"), page.locator("#close-ups .verdict")
    page.locator("#probe input[type=range]").first.press("ArrowRight")
    wait_for_change(page, before, "#close-ups .panels img")
    assert "noise of 11 of 255" in found.inner_text()


def test_a_picture_of_ones_own_is_translated_and_reduced(page, tmp_path):
    Image.effect_noise((1400, 700), 90).convert("CMYK").save(tmp_path / "own.jpg")
    before = sources(page)
    page.locator("#upload input[type=file]").first.set_input_files(tmp_path / "own.jpg")
    assert len(wait_for_change(page, before)) == 7
    widths = {round(p.bounding_box()["width"]) for p in page.locator("#result .place").all()}
    steps = [step.bounding_box()["width"] for step in page.locator("#result .step").all()]
    assert max(widths) - min(widths) <= 1 and min(steps) > 30, "no truth, and the same columns"
    note = page.locator("#result .note").inner_text()
    assert "1400×700" in note and "512" in note


def test_a_second_picture_of_ones_own_is_translated_as_well(page, tmp_path):
    for number in (1, 2):
        Image.effect_noise((40, 30), 90 * number).save(tmp_path / "own.png")
        before = sources(page)
        page.locator("#upload input[type=file]").first.set_input_files(tmp_path / "own.png")
        assert len(wait_for_change(page, before)) == 7
        assert page.locator("#upload img").count() == 1, "it stays in sight"
        choose(page, number)


def test_an_arrow_is_a_way_into_its_network(page):
    """By the keyboard: activations, layers and reach of that network on that picture."""
    arrow = page.locator(".loop .row.without .step i", has_text="G")
    assert arrow.get_attribute("aria-label") == "Look inside G"
    arrow.focus()
    page.keyboard.press("Enter")
    inside = page.locator("#insides .inside")
    inside.wait_for()
    pressed = inside.locator("[aria-pressed=true]")
    assert pressed.all_text_contents() == ["G on x", "lower row"]
    assert inside.locator("h3").all_inner_texts()[:3] == [
        *("After the encoder", "After the blocks", "Before the last layer")
    ]
    assert inside.locator(".maps img").count() == 36
    total = inside.locator(".sum-of td").last.inner_text()
    assert total == "777,315", "of the ResNet with 24 filters and 4 blocks, counted by hand"
    assert "70×70 pixels" in inside.locator(".reach").last.inner_text()
    before = sources(page, "#insides .maps img")
    inside.locator("button", has_text="upper row").click()
    after = wait_for_change(page, before, "#insides .maps img")
    inside.locator("button[data-key=back]").click()
    wait_for_change(page, after, "#insides .maps img")
    assert inside.locator(".reach").count() == 1, "what comes back is judged by nobody here"
    before = sources(page, "#insides .maps img")
    choose(page, 5)
    wait_for_change(page, before, "#insides .maps img")


def test_look_closer_follows_the_visitor(page):
    page.get_by_text("Look closer").click()
    page.wait_for_selector("#close-ups .panels img")
    before = sources(page, "#close-ups .panels img")
    choose(page, 3)
    after = wait_for_change(page, before, "#close-ups .panels img")
    page.get_by_text("Look closer").click()
    choose(page, 5)
    page.wait_for_timeout(1500)
    assert sources(page, "#close-ups .panels img") == after, "nobody looks"


@pytest.mark.parametrize("kind", ["text", "truncated"])
def test_a_bad_file_is_answered_with_a_sentence_and_the_page_lives(page, tmp_path, kind):
    path = tmp_path / "bad.png"
    Image.effect_noise((300, 300), 90).save(path)
    path.write_bytes(b"This is no picture." if kind == "text" else path.read_bytes()[:4000])
    page.locator("#upload input[type=file]").first.set_input_files(path)
    page.get_by_text("not a picture" if kind == "text" else "damaged or cut short").wait_for()
    nothing_is_chosen(page)
    assert page.locator("#results .error").count() == 0, "no mark of Gradio's lies over the result"
    assert page.locator("#upload img").count() == 0, "the bad file is taken away"
    assert len(choose(page, 2)) == 8


def nothing_is_chosen(page) -> None:
    """No row that would pass for a result, no example marked, and a word on what to do."""
    page.locator("#result").get_by_text("Choose an example, or a picture of your own.").wait_for()
    assert not sources(page)
    assert page.locator("#examples button[aria-pressed=true]").count() == 0


def test_a_picture_that_is_taken_away_takes_its_rows_along(page, tmp_path):
    """At once, also while the networks are still busy with it; what then comes of it is not
    shown."""
    page.get_by_text("Look closer").click()
    page.wait_for_selector("#close-ups .panels img")
    Image.effect_noise((700, 700), 90).save(tmp_path / "own.png")
    page.locator("#upload input[type=file]").first.set_input_files(tmp_path / "own.png")
    page.get_by_text("on its way through the networks").wait_for()
    assert not sources(page) and page.locator("#result .wrap.full").count() == 0
    page.get_by_label("Remove Image").click()
    nothing_is_chosen(page)
    page.wait_for_function("!document.querySelector('#close-ups .panels img')")
    page.wait_for_timeout(4000)
    nothing_is_chosen(page)
    page.locator("#download").click()
    page.locator(".toast-body").get_by_text("Choose an example").wait_for()
    assert len(choose(page, 2)) == 8


@pytest.mark.parametrize("width", [1280, 390])
def test_a_webcam_can_be_used_in_the_small_field(browser, url, width):
    """The question is inside of the field, the shutter inside of the picture, and both are hit."""
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.goto(url)
    page.wait_for_selector(PANELS, timeout=PATIENCE)
    field = page.locator("#upload")
    field.get_by_label("Capture from camera").click()
    asked = field.get_by_text("Click to Access Webcam")
    inside(asked, field)
    asked.click()
    shutter = field.get_by_label("capture photo")
    video = field.locator("video")
    shutter.wait_for()
    page.wait_for_timeout(500)
    inside(shutter, field)
    inside(video, field)
    assert shutter.bounding_box()["height"] < video.bounding_box()["height"] / 3
    shutter.click()
    page.wait_for_function(f"document.querySelectorAll('{PANELS}').length === 7", timeout=PATIENCE)
    heads = page.locator("#result .head p").all_text_contents()
    assert "Your picture, as networks see it" in " ".join(heads)
    page.close()


def inside(part, whole) -> None:
    part, whole = part.bounding_box(), whole.bounding_box()
    for at, size in (("x", "width"), ("y", "height")):
        assert whole[at] <= part[at], (part, whole)
        assert part[at] + part[size] <= whole[at] + whole[size], (part, whole)


def test_somebody_elses_lesson_and_method_are_shown_without_switches(browser, toys, tmp_path):
    """Signals, which nobody can upload; then pictures, whose switches come with them."""
    for arm in toys.recipe.arms:
        settings = replace(toys.recipe.config, objective=arm.objective)
        write(tmp_path / "toys" / "signals" / arm.objective.slug, settings)
    write(tmp_path / "sets" / "pictures" / "full", FULL)
    demo = build([str(tmp_path / "toys"), str(tmp_path / "sets")])
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(demo))
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE)
    try:
        page.goto(address)
        page.wait_for_selector(PANELS)
        assert len(sources(page)) == 4, "x, y, and two of G(x)"
        assert page.locator("#result h3").all_inner_texts() == ["keep", "keep + critic"]
        assert not page.locator("#upload").is_visible()
        assert page.get_by_role("switch").count() == 0
        page.get_by_label("keep + critic").click()
        page.wait_for_function(f"document.querySelectorAll('{PANELS}').length === 3")
        assert not page.get_by_text("Look closer").is_visible(), "there is nothing to look at"
        page.locator("#chosen-set input").click()
        page.get_by_role("option", name="sets/pictures").click()
        page.locator("#sum", has_text="no network for it").wait_for()
        page.get_by_text("Look closer").click()
        Image.effect_noise((40, 30), 90).save(tmp_path / "own.png")
        page.locator("#upload input[type=file]").first.set_input_files(tmp_path / "own.png")
        page.wait_for_function(f"document.querySelectorAll('{PANELS}').length === 4")
        page.locator("#close-ups .keys").get_by_text("With cycle loss").wait_for()
    finally:
        page.close()
        demo.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_down_only(browser, url, scheme):
    phone = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    phone.goto(url)
    phone.wait_for_selector(PANELS, timeout=PATIENCE)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    for words in ("The objective", "What was measured"):
        phone.get_by_text(words, exact=True).click()
    phone.wait_for_selector("#measured table")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    first = phone.locator(PANELS).first.bounding_box()
    assert first["y"] < 844, "the first result is in sight without a scroll"
    phone.close()


def test_a_small_screen_cuts_nothing_and_a_large_one_is_used(page):
    widths = {}
    for width, height in ((1024, 768), (1280, 800), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        for tab, table in (("Ablation", "#lab-table .wide"), ("Translate", "#measured .wide")):
            page.get_by_role("tab", name=tab).click()
            if tab == "Translate" and not page.locator(table).is_visible():
                page.get_by_text("What was measured").click()
            page.locator(table).first.wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            inside, outside = page.locator(table).first.evaluate(
                "element => [element.scrollWidth, element.clientWidth]"
            )
            # Both are rounded, each its own way.
            assert inside <= outside + 1, f"{tab} at {width}: the table is cut"
        box = page.locator(PANELS).first.bounding_box()
        widths[width] = box["width"]
        loop = page.locator("#result .loop").bounding_box()
        assert loop["x"] + loop["width"] <= width
        assert loop["height"] < height, "both rows are seen at once"
    assert widths[1920] > 1.5 * widths[1280] and widths[1024] > 100
