"""The story, and the address: what they lead to is there, and a stranger's words are only words."""

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from test_panels import HOSTILE, Page
from tiny import config, noise
from variants import FULL, GAN, GAN_CYCLE, GAN_IDENTITY, write

from cyclegan import lessons
from cyclegan.lessons.story import HEAPS, POINTS
from cyclegan.methods import pix2pix
from cyclegan.page import address, story
from cyclegan.page.address import NOTHING
from cyclegan.page.compare import opening
from cyclegan.page.library import Library
from cyclegan.page.story import WHOLE, Place, Stories
from cyclegan.store import checkpoints

CYCLE, IDENTITY = "cycle loss", "identity loss"


@pytest.fixture
def library(tmp_path):
    """Two sets with two examples each, of four variants and of two."""
    held = {"four": (FULL, GAN_CYCLE, GAN_IDENTITY, GAN), "two": (FULL, GAN_IDENTITY)}
    for name, objectives in held.items():
        for objective in objectives:
            write(tmp_path / name / objective.slug, objective)
        (tmp_path / name / "examples").mkdir()
        for number, place in enumerate(("old-town", "sea")):
            for side in "xy":
                path = tmp_path / name / "examples" / f"{number}-{place}-{side}.png"
                noise(24, 24, seed=number).save(path)
    return Library([tmp_path / "four", tmp_path / "two"])


@pytest.fixture(scope="module")
def bundled():
    return Library([checkpoints.BUNDLED])


def reading(library, text: str):
    return address.read(Stories(library), dict(parse_qsl(text, keep_blank_values=True)))


def written(library, request):
    """The address of a request."""
    return address.written(Stories(library), request, Place())


# The story


def test_the_whole_story_has_every_point_where_there_are_networks_for_it(bundled):
    told = Stories(bundled).steps(WHOLE)
    assert [step.point for _, step in told] == list(POINTS)
    for title, step in told:
        set_, asked = bundled.sets[title], Stories(bundled).request(title, step)
        assert set_.lesson.story and all(row.variant for row in set_.rows(asked.without))
        names = [example.name for example in set_.examples]
        assert not step.example or names[asked.example] == step.example


UNTOLD = ("drawing-ablation",)
"""Bundled sets without a partner that lacks what a story is told with."""


def test_each_lesson_has_a_shorter_one_of_its_own(bundled):
    for title, set_ in bundled.sets.items():
        own = Stories(bundled).steps(title)
        if set_.is_from_noise or not set_.switches or title in UNTOLD:
            assert own == [], "there is no term to be without"
            continue
        assert 1 < len(own) <= len(POINTS) and {one for one, _ in own} == {title}


def test_a_step_without_networks_or_pictures_is_left_out(library):
    _, two = library.offered
    points = [step.point for _, step in Stories(library).steps(two)]
    assert points == ["back", "learn"], "no heaps of data that nobody has"
    write(library.sets[two].folder.parent / "alone" / "full", FULL)
    alone = Library([library.sets[two].folder.parent / "alone"])
    assert Stories(alone).steps(WHOLE) == []
    assert "CycleGAN" in Page(Stories(alone).bar(Place())).words


def test_where_nobody_can_train_there_is_no_step_to_a_training(bundled):
    points = [step.point for _, step in Stories(bundled, trains=False).steps(WHOLE)]
    assert points == [point for point in POINTS if point != "learn"]


def test_whoever_chooses_another_lesson_is_in_its_story(bundled):
    first, *_, other = (t for t in bundled.offered if Stories(bundled).steps(t))
    assert Stories(bundled).chosen(first, Place()) == Place()
    assert Stories(bundled).chosen(other, Place()) == Place(other)
    at = next(i for i, (t, _) in enumerate(Stories(bundled).steps(WHOLE)) if t != first)
    there = Stories(bundled).steps(WHOLE)[at][0]
    assert Stories(bundled).chosen(there, Place(WHOLE, at)) == Place(WHOLE, at)


@pytest.mark.parametrize("step", range(len(POINTS)))
def test_a_step_asks_before_it_answers(bundled, step):
    page = Page(Stories(bundled).bar(Place(WHOLE, step)))
    assert page.tags["details"] == page.tags["summary"] == 1
    assert not any("open" in a for a in page.all("details"))
    current = [a for a in page.all("button") if a.get("aria-current") == "step"]
    assert [a["data-index"] for a in current] == [str(step)]
    assert "{" not in page.words, "names of domains stand in their places"


def test_the_heaps_are_of_the_training_and_partners_stand_beside_x_alone(bundled):
    title, step = Stories(bundled).steps(WHOLE)[0]
    assert step.spot == HEAPS
    page = Page(Stories(bundled).heaps(Place(WHOLE, 0)))
    partners = page.of_class("partner")
    assert len(partners) == story.HEAP and page.tags["img"] == 3 * story.HEAP
    sources = [a["src"] for a in page.all("img")]
    own, y = sources[: 2 * story.HEAP], sources[2 * story.HEAP :]
    assert not set(own[1::2]) & set(y), "no partner lies in the other heap"
    data = lessons.find(bundled.sets[title].lesson.name).open(64, "none")
    assert len(data.train_x) > story.HEAP
    assert Stories(bundled).heaps(Place(WHOLE, 1)) == ""


# The address


def test_what_is_shown_can_be_asked_for_again(library):
    four, two = library.offered
    start = opening(four, library.sets[four])
    for asked, place in [
        (start, Place()),
        (replace(start, example=1, direction="yx"), Place()),
        (replace(start, without=frozenset({CYCLE, IDENTITY})), Place(WHOLE, 1)),
        (replace(start, without=frozenset()), Place(four)),
        (opening(two, library.sets[two]), Place(two, 0)),
    ]:
        text = address.written(Stories(library), asked, place)
        found = reading(library, text)
        assert (found.request, found.place, found.said) == (asked, place, ())


def test_a_seed_can_be_handed_on_by_a_link(bundled):
    """And whether all were asked; not one that is shown anyway, or that a row does not have."""
    start = opening("drawing", bundled.sets["drawing"])
    shown, *others = bundled.sets["drawing"].seeds(start.without)
    assert others and "seed" not in written(bundled, replace(start, seed=shown))
    for seed in others:
        asked = replace(start, seed=seed, luck=True)
        assert f"seed={seed}" in written(bundled, asked)
        assert reading(bundled, written(bundled, asked)).request == asked
    struck = replace(start, seed=others[0], without=frozenset({IDENTITY}))
    assert bundled.sets["drawing"].seeds(struck.without) == ()
    assert "seed" not in written(bundled, struck)
    for text in ("lesson=drawing&seed=7", "lesson=satellite2map&seed=1", "lesson=drawing&seed=x"):
        found = reading(bundled, text)
        assert found.request.seed is None and "which is not here" in found.said[0]


def test_rows_of_a_set_without_switches_can_be_asked_for(tmp_path):
    for name, objective in (("a, b", pix2pix.Objective()), ("A b", pix2pix.Objective(paired=7.0))):
        write(tmp_path / "pairs" / name, config(objective, data="made up"))
    library = Library([tmp_path / "pairs"])
    (title,) = library.offered
    start = opening(title, library.sets[title])
    assert len(start.names) == 2 and "rows=" not in written(library, start)
    for names in (start.names[:1], start.names[1:], ()):
        asked = replace(start, names=names)
        text = written(library, asked)
        assert f"rows={NOTHING}" in text or names
        assert reading(library, text).request == asked
    found = reading(library, "rows=blue")
    assert found.request == start and "rows=blue" in found.said[0]


def test_rows_where_switches_are_instead_are_not_here(library):
    four, _ = library.offered
    found = reading(library, "rows=none")
    assert found.request == opening(four, library.sets[four]) and "rows=none" in found.said[0]


def test_words_of_an_address_are_told_apart():
    words = address.slugs(["Run A", "run-a", "run, a", "none", "sea"])
    assert words == ["run-a", "run-a-2", "run-a-3", "none-2", "sea"]


def test_names_are_words_in_the_address(library):
    four, _ = library.offered
    asked = opening(four, library.sets[four])
    text = address.written(Stories(library), replace(asked, without=frozenset({IDENTITY})), Place())
    assert "example=old-town" in text and "without=identity-loss" in text


def test_a_visitors_own_is_in_no_address(library, tmp_path):
    four, _ = library.offered
    asked = opening(four, library.sets[four])
    own = replace(asked, example=None, path="/tmp/me.png")
    assert written(library, own) == written(library, replace(own, path=None))
    assert "example" in written(library, asked) and "example" not in written(library, own)
    write(tmp_path / "theirs" / "full", config(FULL))
    assert address.written(Stories(library), replace(asked, title="a guest's"), Place()) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lesson=nowhere", "lesson=nowhere"),
        ("example=moon", "old-town, sea"),
        ("without=gan", "cycle-loss, identity-loss, none"),
        ("direction=zz", "xy, yx"),
        ("step=99", "step=99"),
        ("step=-1", "step=-1"),
        ("story=epic", "story=epic"),
        ("colour=red", "'colour'"),
    ],
)
def test_what_is_asked_for_in_vain_is_said_and_the_default_stays(library, text, words):
    four, _ = library.offered
    found = reading(library, text)
    assert found.request == opening(four, library.sets[four]) and found.place == Place()
    (sentence,) = found.said
    assert words in sentence


def test_what_no_network_was_trained_without_is_said(library):
    _, two = library.offered
    found = reading(library, f"lesson={two}&without=identity-loss")
    assert found.request.without == {CYCLE}
    assert found.said == ("No network was trained without identity loss.",)


def test_a_step_sets_the_page_and_what_else_is_said_goes_before_it(library):
    found = reading(library, "step=1&example=sea")
    title, step = Stories(library).steps(WHOLE)[0]
    assert found.place == Place(WHOLE, 0)
    assert found.request == replace(Stories(library).request(title, step), example=1)


@pytest.mark.parametrize("text", ["", "tab=train", "predict", "present&tab=ablation", "host=abc"])
def test_what_is_not_of_this_asks_for_nothing(library, text):
    assert reading(library, text) is None


def test_hostile_words_are_only_words(library):
    found = address.read(Stories(library), dict.fromkeys((*address.OWN, HOSTILE), HOSTILE))
    assert len(found.said) == len(address.OWN) + 1
    assert all(len(sentence) < 300 for sentence in found.said)
    page = Page(address.markup(Stories(library), found.request, found.place))
    assert page.tags["script"] == 0
