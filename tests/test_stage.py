"""The stage: what is sent of frames, what stands around them, and what is told of each step."""

import json
from dataclasses import replace

import pytest
from test_live_panels import SETTINGS, change, pictures, text, tree

from cyclegan import lessons
from cyclegan.labs.live import LiveSettings
from cyclegan.page import stage
from cyclegan.page.live_panels import details
from cyclegan.page.panels import data_url
from cyclegan.page.stage import draw, feed


def of(html: str, tag: str, kind: str) -> list[dict]:
    """Attributes of the elements that have a class."""
    found = (one.attrib for one in tree(html).iter(tag))
    return [one for one in found if kind in one.get("class", "").split()]


def phases(html: str) -> list[list[dict]]:
    return [json.loads(arm["data-phases"]) for arm in of(html, "section", "arm")]


def test_before_the_first_frame_there_is_a_sentence():
    assert "first pictures come" in draw("id", None, SETTINGS)


@pytest.mark.parametrize("truth", [True, False])
def test_what_is_given_stands_there_and_what_is_made_has_its_place(truth):
    shown = pictures(rows=3, truth=truth)
    html = draw("some-id", shown, SETTINGS)
    images = [one.attrib for one in tree(html).iter("img")]
    assert [one["src"] for one in images[:3]] == [data_url(x) for x in shown.inputs]
    assert ["hidden" in one for one in images[:3]] == [False, True, True]
    assert [one["src"] for one in images[6:]] == [data_url(y) for y in shown.truths]
    labels = [one.get("aria-label") for one in tree(html).iter("canvas")]
    arms = ("With the cycle loss", "Without the cycle loss")
    assert labels == [f"{arm}: {view}" for arm in arms for view in ("G(x)", "F(G(x))")]
    (top,), (sight,) = of(html, "div", "stage"), of(html, "div", "sight")
    assert (top["data-id"], top["data-rows"]) == ("some-id", "3")
    assert f"--views: 2; --ratio: 8 / 8; --before: 1; --behind: {int(truth)}" in sight["style"]
    assert [one.get("data-choose") for one in tree(html).iter("button")][:3] == ["0", "1", "2"]


def test_a_single_input_leaves_no_choice():
    html = draw("id", pictures(rows=1), SETTINGS)
    assert not of(html, "div", "inputs")


def test_the_stage_shows_the_views_that_there_are():
    """By their formulas; one that the method does not know goes by its key."""
    html = draw("id", pictures(views=("made", "other")), SETTINGS)
    assert [one.get("data-formula") for one in tree(html).iter("canvas")] == ["G(x)", "other"] * 2


@pytest.mark.parametrize(
    ("held_out", "words"),
    [
        (True, "Pictures and curves are of inputs that neither was trained on."),
        (False, "Pictures and curves are of inputs of the training."),
        (None, ""),
    ],
)
def test_it_says_whether_its_inputs_were_held_out(held_out, words):
    shown = text(draw("id", pictures(held_out=held_out), SETTINGS))
    assert shown.endswith(words) and ("Pictures and curves" in shown) == bool(words)


def test_weights_are_told_of_every_step():
    """Identity ends at step 300 in either arm, as planned; one weight is changed by hand."""
    changes = (change(100, "cycle_forward", 2.5, arm=0), change(300, "identity", 0.0, None))
    html = draw("id", pictures(), SETTINGS, changes)
    a, b = phases(html)
    assert [phase["from"] for phase in a] == [0, 100, 300]
    assert [dict(phase["weights"])["identity"] for phase in a] == ["5", "5", "0"]
    assert [dict(phase["weights"])["forward cycle"] for phase in a] == ["10", "2.5", "2.5"]
    assert [phase["from"] for phase in b] == [0, 300]
    assert a[0]["title"] == "With the cycle loss" and a[1]["below"] == "began with the cycle loss"
    first = [text_of for text_of in text(html).split() if text_of == "10"]
    assert len(first) == 2, "the weights of the beginning stand there without a script"


def test_a_weight_that_moves_slowly_is_told_on_the_way():
    slow = tuple(
        replace(arm, objective=replace(arm.objective, schedule=(end,)))
        for arm, end in zip(
            SETTINGS.arms,
            [replace(arm.objective.schedule[0], start=100, end=180) for arm in SETTINGS.arms],
            strict=True,
        )
    )
    a, _ = phases(draw("id", pictures(), replace(SETTINGS, arms=slow)))
    told = {phase["from"]: float(dict(phase["weights"])["identity"]) for phase in a}
    assert told[0] == 5 and told[140] == 2.5 and told[180] == 0 and len(told) == 9


def test_flags_stand_where_something_changed():
    changes = (
        *(change(300, "identity", 0.0, arm) for arm in (0, 1)),
        change(400, "rate", 1e-4, None),
        change(400, "cycle_forward", 2.5),
    )
    flags = of(draw("id", pictures(), SETTINGS, changes), "button", "flag")
    assert [(one["data-step"], one["aria-label"]) for one in flags] == [
        ("300", "Identity ends: to step 300"),
        ("400", "Rate 0.0001, forward cycle 2.5: to step 400"),
    ]


def test_a_feed_says_which_frames_it_brings_and_which_there_are():
    html = feed("some-id", [1, 5, 9], [stage.Sheet(b"web", [5, 9], 2)])
    (top,) = of(html, "div", "feed")
    assert (top["data-id"], top["data-steps"]) == ("some-id", "1 5 9")
    (image,) = (one.attrib for one in tree(html).iter("img"))
    assert (image["data-steps"], image["data-across"]) == ("5 9", "2")
    assert image["src"] == "data:image/webp;base64,d2Vi"


def test_voices_have_words_of_their_own():
    recipe = lessons.find("voices").recipe
    voices = LiveSettings(recipe.config, recipe.arms)
    assert "first drawings come" in draw("id", None, voices)
    said = details(voices)
    assert "0.6 s, " in said and "px" not in said, "128 frames of 5 ms"
