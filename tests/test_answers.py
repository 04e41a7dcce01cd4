"""What a class asks for again and again is translated and drawn once."""

from dataclasses import replace

import pytest
from tiny import config, noise
from variants import FULL, GAN, write

from cyclegan.core.config import Training
from cyclegan.inference.translator import Translator
from cyclegan.page import answers
from cyclegan.page.answers import Answers
from cyclegan.page.compare import Request, translate
from cyclegan.page.library import Library


@pytest.fixture
def library(tmp_path):
    write(tmp_path / "set" / "full", FULL)
    write(tmp_path / "set" / "gan", GAN, seed=1)
    (tmp_path / "set" / "examples").mkdir()
    for index in range(4):
        for side in "xy":
            path = tmp_path / "set" / "examples" / f"{index}-place-{side}.png"
            noise(32, 32, seed=index + ord(side)).save(path)
    return Library([tmp_path / "set"])


def request(library, **changes) -> Request:
    title = next(iter(library.sets))
    return Request(title, "xy", library.sets[title].without, **changes)


def test_an_answer_is_drawn_once_and_needs_nothing_after(library, monkeypatch):
    known, asked = Answers(library), request(library, example=1)
    assert known.ready(asked) is None
    made = known.draw(asked, translate(library, asked))
    assert made.result.count("<img") == 8 and made.thumbnails.count("<img") == 4
    monkeypatch.setattr(Translator, "translate", None)
    monkeypatch.setattr(Answers, "draw", None)
    assert known.ready(asked) is made


def test_what_is_translated_but_not_drawn_is_drawn_without_the_networks(library, monkeypatch):
    known, asked = Answers(library), request(library, example=1)
    expected = known.draw(asked, translate(library, asked))
    monkeypatch.setattr(Translator, "translate", None)
    assert Answers(library).ready(asked) == expected


def test_a_picture_of_ones_own_needs_the_networks_once(library, tmp_path, monkeypatch):
    noise(32, 32).save(tmp_path / "own.png")
    known, asked = Answers(library), request(library, path=str(tmp_path / "own.png"))
    assert known.ready(asked) is None
    made = known.draw(asked, translate(library, asked))
    assert made.result.count("<img") == 7
    monkeypatch.setattr(Translator, "translate", None)
    assert known.ready(asked) == made and not known._kept
    assert known.ready(replace(asked, without=frozenset())).result.count("<img") == 7
    assert known.ready(replace(asked, direction="yx")) is None


def test_without_a_picture_there_is_a_sentence(library):
    assert "Choose an example" in Answers(library).ready(request(library)).result


def test_a_set_without_examples_asks_for_none(tmp_path):
    """As one of MNIST and UCI, of whose digits nobody knows the other side."""
    write(tmp_path / "set" / "full", replace(config(FULL), training=Training(data="digits-uci")))
    library = Library([tmp_path / "set"])
    (set_,) = library.sets.values()
    assert answers.choose_one(set_) == "Choose a picture of your own."


def test_no_more_markup_is_kept_than_may_be(library, monkeypatch):
    library.work_ahead()
    asked = [request(library, example=index) for index in range(4)]
    size = sum(map(len, vars(Answers(library).ready(asked[0])).values()))
    monkeypatch.setattr(answers, "KEPT", int(2.5 * size))
    known = Answers(library)
    for one in asked:
        known.ready(one)
    monkeypatch.setattr(Answers, "draw", lambda *_: None)
    assert [known.ready(one) is not None for one in asked] == [False, False, True, True]


def test_an_answer_does_not_outlive_its_models(library):
    known, asked = Answers(library), request(library, example=1)
    known.draw(asked, translate(library, asked))
    set_ = library.sets[asked.title]
    library.sets[asked.title] = replace(set_, variants=set_.variants[:1])
    assert known.ready(asked).result.count("<img") == 5
