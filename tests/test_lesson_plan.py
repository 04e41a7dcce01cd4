"""docs/lesson.md, followed literally: at each of its addresses the page says what it quotes."""

import re
from pathlib import Path

import pytest
from opened import opened

import app
from cyclegan.store import checkpoints

pytestmark = pytest.mark.browser

PLAN = (Path(__file__).parent.parent / "docs" / "lesson.md").read_text(encoding="utf-8")
STEPS = [
    (address, re.findall(r'The page says: "(.+?)"', text))
    for address, text in re.findall(r"^## [^\n]*`(\?[^`]+)`\n(.*?)(?=^## )", PLAN, re.M | re.S)
]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Of a page on which a class can train, which is its last step."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "RUNS", tmp_path_factory.mktemp("runs"))
        with opened(app.build([checkpoints.BUNDLED], train_minutes=None)) as address:
            yield address


def test_the_plan_has_every_step_and_quotes_the_page():
    addresses = [address for address, _ in STEPS]
    assert [a for a in addresses if "step" in a] == [f"?step={n}" for n in range(1, 6)]
    assert sum("predict" in address for address in addresses) == 1
    assert all(said for address, said in STEPS)


@pytest.mark.parametrize(("address", "quoted"), STEPS, ids=[address for address, _ in STEPS])
def test_the_page_says_what_the_plan_quotes(browser, url, address, quoted):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(60_000)
    page.goto(url + address)
    if "step" in address:
        page.wait_for_selector(".told")
        answer = page.locator(".told details p")
        assert not answer.is_visible(), "asked before it is answered"
        page.locator(".told summary").click()
        answer.wait_for()
    elif "predict" in address:
        page.get_by_text("Of which objective?").wait_for()
        assert page.locator("#lab-table table").count() == 0, "covered until somebody predicts"
    for words in quoted:
        page.wait_for_function(
            "words => document.body.innerText.replace(/\\s+/g, ' ').includes(words)", arg=words
        )
    page.close()
