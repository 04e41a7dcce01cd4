"""Own recordings of two speakers, from the form to what both arms say, with a real worker."""

from pathlib import Path

import numpy as np
import pytest
from sound_files import write as write_sound
from test_live import director as really_directing
from test_page_train import STAGE, choose, choose_data, says, until, visit
from test_page_train_voices import NAMES, labels, page_of, tuned

from cyclegan.core.sound import Clip
from cyclegan.lessons.voices.read import load

pytest.importorskip("pyworld")
pytestmark = pytest.mark.browser


def test_two_speakers_train_and_are_heard(browser, tmp_path):
    pack = load()
    files = {}
    for side, clips in (("x", pack.recorded_x), ("y", pack.recorded_y)):
        whole = Clip(np.resize(np.concatenate([one.samples for one in clips]), 64 * 16_000))
        files[side] = write_sound(tmp_path / f"{side}.flac", whole, "flac")
    short = write_sound(tmp_path / "short.wav", pack.recorded_x[0])
    with (
        really_directing(tmp_path / "live", None, "--grace", "30") as director,
        page_of(director) as address,
    ):
        page = visit(browser, address)
        choose_data(page, "my recordings", "own-recordings")
        assert page.locator("#own-pictures").is_hidden()
        says(page, "One recording, and eleven times as it is fed", where="#twelve")
        page.get_by_role("button", name="Networks and length").click()
        for label, option in {"Size, frames": "64", "Filters": "8", "Blocks": "2"}.items():
            choose(page, label, option)
        page.get_by_label("Steps", exact=True).fill("2")
        assert page.get_by_label("Recordings a side").is_visible()
        upload(page, "x", short)
        upload(page, "y", files["y"])
        page.locator("#start").click()
        says(page, "X has 2 s of speech, once silence is cut; 60 s of each", where="#problem")
        assert director.all() == {}
        page.get_by_label("Clear").first.click()
        upload(page, "x", files["x"])
        page.get_by_label("X is").fill("Ada's voice")
        page.locator("#preview").click()
        until(page, lambda: page.locator("#as-fed img").count() == 40 + 12)
        says(page, "Cut at random: each is 0.3 s then.", where="#as-fed")
        says(page, "One recording, and eleven times", "X: 6", where="#as-fed")
        page.locator("#start").click()
        until(page, lambda: director.all())
        (id,) = director.all()
        until(page, lambda: director.status(id).state == "finished", 240)
        says(page, "Finished", "Trained to the end: 2 steps.")
        says(page, "Ada's voice → Y (own recordings), 0.3 s")
        page.locator(STAGE).wait_for()
        tuned(page)
        assert labels(page) == ["Input x", *(f"{name}, step 2" for name in NAMES)], "no truth"
        says(page, "inputs that neither was trained on", where="#live-pictures")
        assert not page.mistakes
        page.close()


def upload(page, side: str, file: Path) -> None:
    page.locator(f"#spoken-{side} input[type=file]").set_input_files(file)
    page.locator(f"#spoken-{side} .file-preview").wait_for()
