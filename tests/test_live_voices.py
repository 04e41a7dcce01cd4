"""Live trainings of voices: what can be heard of them on the way, kept as their frames are."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from live_root import directing, write
from sound_files import tone
from test_live import queued, work
from test_live import settings as of_pictures
from test_live_panels import pictures, text, tree
from test_stage import of
from tiny import dataset

from cyclegan import lessons
from cyclegan.core.config import Discriminator, Generator
from cyclegan.core.sound import measures, opening, world
from cyclegan.inference import Translator
from cyclegan.labs.live import LiveSettings, Status, listens, reel, worker
from cyclegan.labs.live.worker import Worker
from cyclegan.page import looking, stage
from cyclegan.page.panels import flac_url
from cyclegan.store import checkpoints

pytest.importorskip("pyworld")

CLIPS = [f"{arm}-{view}" for arm in "ab" for view in ("back", "made", "same")]


def settings(steps: int = 3, data: str = "voices") -> LiveSettings:
    """The lesson's, with tiny networks."""
    recipe = lessons.find("voices").recipe
    base = replace(
        recipe.config,
        generator=Generator("gated", width=2, blocks=1, upsampling="shuffle"),
        discriminator=Discriminator("gated", width=2),
        training=replace(recipe.config.training, data=data, steps=steps),
        image_size=32,
    )
    return LiveSettings(base, recipe.arms, device="cpu")


def heard(content: bytes, tmp_path: Path):
    path = tmp_path / "heard.flac"
    path.write_bytes(content)
    return opening.load(path, 60).clip


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A training of three steps that was looked at after each of them."""
    folder = queued(tmp_path_factory.mktemp("voices") / "run", settings())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "LOOK_EVERY", 0.0)
        patch.setattr(worker, "LOOK_SHARE", 1.0)
        assert work(folder).state == "finished"
    return folder


def test_what_both_arms_say_is_kept_less_often_than_what_they_draw(trained):
    assert reel.steps(trained) == [0, 1, 2, 3]
    assert listens.steps(trained) == [0, 3], "at first, at the end, and every 15 s between"
    first, last = (listens.read(trained, step) for step in (0, 3))
    assert sorted(first) == sorted(last) == CLIPS
    assert first["a-made"] == first["b-made"], "the arms began alike"
    assert len({*last.values(), first["a-made"]}) == 1 + len(CLIPS)
    assert sorted(listens.read_given(trained)) == ["x", "y"]


def test_what_is_heard_is_what_the_arm_makes_of_the_first_input(trained, tmp_path):
    data = lessons.find("voices").open(32, "none")
    x = lessons.find("voices").medium.held(data.test_x[0])
    given = heard(listens.read_given(trained)["x"], tmp_path)
    np.testing.assert_allclose(given.samples, x.samples, atol=1e-3)
    found = listens.read(trained, 3)
    for letter, slug in zip("ab", settings().slugs, strict=True):
        made = Translator(checkpoints.load(trained / slug)).translate(x)
        for key in ("made", "back", "same"):
            clip = heard(found[f"{letter}-{key}"], tmp_path)
            wanted = world.analyse(made.views[key])
            assert clip.seconds == pytest.approx(x.seconds, abs=0.01)
            assert measures.distance(world.analyse(clip), wanted) < 1


def test_sounds_take_a_share_of_the_time_that_looks_do_not(tmp_path):
    made = Worker(queued(tmp_path / "run", settings()))
    made.listens.do(lambda: None)
    assert not made.listens.is_due and made.looks.is_due
    assert (made.listens.every, made.listens.share) == (15.0, 0.03)


def test_no_clip_is_longer_than_its_beginning():
    medium, item = lessons.find("voices").medium, lessons.find("voices").open(32, "none").test_x[4]
    assert item.shape[1] * world.FRAME > listens.SECONDS
    assert medium.held(medium.beginning(item, listens.SECONDS)).seconds == listens.SECONDS


def test_of_pictures_nothing_is_heard(tmp_path):
    data = dataset(tmp_path / "noise")
    folder = queued(tmp_path / "run", of_pictures(data, steps=1))
    assert work(folder).state == "finished"
    assert reel.steps(folder) and not (folder / listens.LISTENS).exists()
    assert listens.steps(folder) == [] and listens.read_given(folder) == {}


def test_who_resumes_hears_no_step_that_was_lost(tmp_path):
    folder = queued(tmp_path / "run", settings(steps=1))
    for step in (0, 1, 900):
        listens.keep(folder, step, {"a-made": tone(seconds=0.1)})
    assert work(folder).state == "finished"
    assert listens.steps(folder) == [0, 1], "900 was never saved"
    assert sorted(listens.read(folder, 1)) == CLIPS, "and was made anew"


def test_they_are_bounded_and_spread(tmp_path):
    clip = tone(seconds=0.1)
    for step in range(0, 10 * listens.MOST, 2):
        listens.keep(tmp_path, step, {"a-made": clip})
    kept = listens.steps(tmp_path)
    assert len(kept) == listens.MOST and kept[0] == 0 and kept[-1] == 10 * listens.MOST - 2
    assert np.diff(kept).max() <= 4 * np.diff(kept).min()
    assert len(list((tmp_path / listens.LISTENS).iterdir())) == listens.MOST, "nothing is left"


def test_only_what_was_kept_is_read_back(tmp_path, monkeypatch):
    listens.keep(tmp_path, 7, {"a-made": tone(seconds=0.1), "b-made": tone(seconds=0.2)})
    folder = tmp_path / listens.LISTENS / "0000007"
    (folder / "b-made.flac").write_bytes(b"<html>")
    (folder / "c-made.flac").write_bytes(b"fLaC")
    (folder / "a-<b>.flac").write_bytes(b"fLaC")
    (tmp_path / listens.LISTENS / "notes").mkdir()
    assert listens.steps(tmp_path) == [7] and list(listens.read(tmp_path, 7)) == ["a-made"]
    monkeypatch.setattr(listens, "MAX_BYTES", 10)
    assert listens.read(tmp_path, 7) == {} == listens.read(tmp_path, 8)


# On the page


def test_a_look_sends_only_sounds_that_a_page_does_not_have(tmp_path, monkeypatch):
    folder = tmp_path / "2026-11-22-0541-voices-3f2a"
    with directing(tmp_path, monkeypatch) as director:
        looks = looking.Looks(director, desk=None)
        write(tmp_path, folder.name, Status("running"))

        def sent(mark: str) -> tuple[list[str], str]:
            part = looks._feed(folder.name, None, {"feed": mark})
            return re.findall(r'<i data-step="(\d+)"', part.update), part.mark

        def add(step: int) -> None:
            reel.keep(folder, step, pictures().inputs[0])
            listens.keep(folder, step, {"a-made": tone(seconds=0.1)})

        add(0)
        reel.keep(folder, 4, pictures().inputs[0])
        steps, mark = sent("")
        assert steps == ["0"] and sent(mark) == ([], mark)
        assert sent(f"{folder.name} 4")[0] == ["0"], "of a page that knew none"
        listens.keep(folder, 4, {"a-made": tone(seconds=0.1)})
        steps, mark = sent(mark)
        assert steps == ["4"], "which came after its frame"
        add(9)
        _, mark = sent(mark)
        for kept in (reel, listens):
            kept.forget_after(folder, 4)
        assert sent(mark)[0] == ["0", "4"]
        monkeypatch.setattr(looking, "SENT", 1)
        part = looks._feed(folder.name, None, {"feed": f"{folder.name} 4 -1"})
        assert sent(f"{folder.name} 4 -1")[0] == ["0"] and not part.is_of


def test_players_stand_below_what_they_play_and_are_called_by_it():
    sounds = {"x": b"fLaC1", "y": b"fLaC2"}
    html = stage.draw("id", pictures(views=("made", "back", "same")), settings(), heard=sounds)
    players = [one.attrib for one in tree(html).iter("audio")]
    assert [one.get("aria-label") for one in players] == ["Input x", *[None] * 6, "Truth y"]
    assert [one["src"] for one in players if "src" in one] == [*map(flac_url, sounds.values())]
    arms = ("with the cycle loss", "without the cycle loss")
    views = ("Translation G(x)", "Reconstruction F(G(x))", "Identity F(x)")
    said = [one["data-words"] for one in players[1:7]]
    assert said == [f"{view}, {arm}" for arm in arms for view in views]
    assert sorted(one["data-name"] for one in players[1:7]) == CLIPS
    assert len(of(html, "figure", "heard")) == 8
    assert "Input 1 can be heard" in text(html) and "Drawings and curves are of" in text(html)


def test_of_pictures_there_is_no_player():
    html = stage.draw("id", pictures(), LiveSettings())
    assert not list(tree(html).iter("audio")) and "heard" not in html
