"""What a comparison says: computed from figures, and true of them."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path

import pytest
from PIL import Image
from test_panels import TRUTH, Page, row, set_of, shown_of, variant
from variants import FULL, GAN, GAN_CYCLE, write

from cyclegan import lessons
from cyclegan.core.config import Domains
from cyclegan.lessons import Lesson
from cyclegan.page import sentence, sets
from cyclegan.page.sets import CheckpointSet

APART = 60.0
"""How far another picture is."""


class Told(Lesson):
    """A lesson with a word on what is wrong."""

    def wrong(self, made, itself):
        return "left is right" if made.get("swapped") else ""


class Known(CheckpointSet):
    """With a known distance between pictures."""

    @cached_property
    def apart(self):
        return {"xy": APART, "yx": APART}

    @cached_property
    def lesson(self):
        return Told()


def set_with(**metrics) -> Known:
    """Of variants whose figures over all items are "with_it" and "without"."""
    listed = [
        variant(objective, {"G": metrics[name]} if name in metrics else {})
        for objective, name in ((FULL, "with_it"), (GAN, "without"))
    ]
    plain = set_of(*listed, domains=Domains("left", "right"))
    return Known(plain.title, plain.folder, plain.variants)


def said(
    a: float,
    b: float,
    truth=TRUTH,
    direction="xy",
    wrong=(),
    same=7.0,
    scores=({"rmse": 1.0}, {"rmse": 1.0}),
    **metrics,
):
    set_ = set_with(**metrics)
    rows = [row(True, a), row(False, b)]
    rows = [
        replace(
            one,
            variant=next(v for v in set_.variants if v.switches[0] is one.side),
            scores={**scores[not one.side], **({"swapped": 1.0} if one.side in wrong else {})},
            made=replace(one.made, figures={**one.made.figures, "identity_error": same}),
        )
        for one in rows
    ]
    shown = shown_of(rows, truth, direction)
    return Page(sentence.tell(shown, set_))


def test_the_way_back_is_what_the_loss_keeps():
    page = said(8.1, 44.0)
    assert page.words == (
        "With the cycle loss F(G(x)) is x again, 8.1 of 255 away; without it, 44.0 away, 73% of "
        "the way to another picture."
    )
    assert "G(F(y)) is y again" in said(8.1, 44.0, direction="yx").words


def test_further_than_another_picture_is_all_of_the_way():
    assert "100% of the way" in said(8.1, 90.0).words


@pytest.mark.parametrize(("a", "b"), [(14.5, 16.3), (16.3, 14.5), (1.0, 2.5), (40.0, 45.0)])
def test_what_is_hardly_a_difference_is_called_none(a, b):
    words = said(a, b).words
    assert "makes no difference to the way back" in words
    assert f"{a:.1f}" in words and f"{b:.1f}" in words and "again" not in words


def test_where_the_rule_fails_it_is_said():
    plain = said(15.0, 9.0).words
    assert plain == (
        "Here the rule fails: with the cycle loss F(G(x)) is 15.0 of 255 away from x, and without "
        "it 9.0."
    )
    known = said(15.0, 9.0, with_it={"cycle_error": 13.5}, without={"cycle_error": 29.9}).words
    assert known.startswith(plain) and "it is 13.5 against 29.9" in known
    other = said(15.0, 9.0, with_it={"cycle_error": 33.0}, without={"cycle_error": 29.9}).words
    assert other == plain, "what would not explain it is left out"


def test_in_between_there_are_numbers_alone():
    words = said(8.0, 25.0).words
    assert (
        words == "F(G(x)) differs from x by 8.0 of 255 with the cycle loss, and by 25.0 without it."
    )


def test_a_good_way_back_and_a_wrong_translation():
    page = said(8.1, 44.0, wrong=(True, False))
    assert "It comes back, and yet the translation is wrong: left is right." in page.words
    assert page.words.index("x again") < page.words.index("left is right")
    lost = said(40.0, 58.0, wrong=(True,)).words
    assert "The translation is wrong: left is right." in lost and "comes back, and yet" not in lost


def test_a_wrong_translation_without_the_loss():
    words = said(8.1, 44.0, wrong=(False,)).words
    assert words.endswith("Without the cycle loss left is right.")


@pytest.mark.parametrize(
    ("key", "with_it", "without", "told"),
    [
        ("rmse", 60.0, 40.0, "40.0 against 60.0"),
        ("rmse", 40.0, 60.0, ""),
        ("rmse", 41.0, 40.0, ""),
        ("ssim", 0.6, 0.8, "0.800 against 0.600"),
        ("ssim", 0.8, 0.6, ""),
    ],
)
def test_a_translation_that_is_nearer_without_the_loss(monkeypatch, key, with_it, without, told):
    monkeypatch.setattr(Told, "headline", ("cycle_error", key))
    words = said(8.1, 44.0, scores=({key: with_it}, {key: without})).words
    assert ("the cycle loss does not ask for the truth" in words) is bool(told) and told in words
    other = said(44.0, 8.1, scores=({key: with_it}, {key: without}), direction="yx").words
    assert ("F(y) is nearer to x" in other) is bool(told)
    words = said(8.1, 44.0, scores=({key: with_it}, {key: without}), wrong=(False,)).words
    assert "left is right" in words and "is nearer" not in words


def test_the_same_picture_for_every_input():
    words = said(8.1, 44.0, without={"diversity": 0.2}).words
    assert words.endswith(
        "Without the cycle loss G makes much the same of everything (diversity 0.200)."
    )
    assert "much the same" not in said(8.1, 44.0, without={"diversity": 0.8}).words


def test_a_picture_of_neither_kind():
    page = said(50.0, 58.0, truth=None, same=35.0)
    assert page.words.startswith(
        "This is not a left picture as these networks know them: even F(x), which is to leave one "
        "alone, changes it by 35.0 of 255."
    )
    assert "rule fails" not in page.words and "differs" not in page.words
    assert "not a left" not in said(50.0, 58.0, same=35.0).words, "an example is one"
    assert "not a left" not in said(8.0, 44.0, truth=None, same=9.0).words


def test_struck_terms_are_named_and_no_rule_is_broken_but_that_of_the_loss():
    """GAN + cycle below: both rows were asked for the way back."""
    set_ = Known("made up", Path("nowhere"), (variant(FULL), variant(GAN_CYCLE)))
    rows = [row(True, 15.0), replace(row(False, 9.0), variant=set_.variants[1])]
    rows = [replace(one, scores={"swapped": float(not one.side)}) for one in rows]
    shown = replace(shown_of(rows, TRUTH), without=("identity loss",))
    words = Page(sentence.tell(shown, set_)).words
    assert "with the identity loss" in words and "rule fails" not in words
    assert "Without the identity loss it comes back, and yet left is right" in words
    assert "consistent, but wrong" in words
    both = replace(shown, without=("cycle loss", "identity loss"))
    words = Page(sentence.tell(both, set_)).words
    assert "with the cycle loss and identity loss, and by 9.0 without them" in words
    assert sentence.tell(replace(shown, without=()), set_) == "", "both rows are the same"


@pytest.mark.parametrize("rows", [[], [row(True)]], ids=len)
def test_nothing_is_said_of_a_single_row(rows):
    assert sentence.tell(shown_of(rows, TRUTH), set_with()) == ""


def test_where_no_other_picture_is_known_there_are_numbers():
    set_ = set_of(variant(FULL), variant(GAN))
    page = Page(sentence.tell(shown_of([row(True, 8.1), row(False, 44.0)]), set_))
    assert page.words.startswith("F(G(x)) differs from x by 8.1")


COLOURS = {"colour_error": 30.0, "rmse": 40.0}


@pytest.mark.parametrize(
    ("lesson", "made", "itself", "words"),
    [
        ("satellite2map", {"sea_iou": 0.1}, {}, "sea and land have changed places"),
        ("satellite2map", {"sea_iou": 0.5}, {}, "much of the sea is not where it is"),
        ("satellite2map", {"sea_iou": 0.9, "rmse": 99.0}, {"rmse": 9.0}, ""),
        ("satellite2map", {"rmse": 99.0}, {"rmse": 9.0}, "it is further from the truth than"),
        ("satellite2map", {"rmse": 55.0}, {"rmse": 50.0}, ""),
        ("drawing", {"silhouette_iou": 0.3}, {}, "the shape is not the true one"),
        ("drawing", {"silhouette_iou": 0.3}, {"silhouette_iou": 0.2}, ""),
        ("drawing", {"silhouette_iou": 0.8, "rmse": 190.0}, {"rmse": 80.0}, ""),
        ("emoji", {**COLOURS, "colour_error": 78.0}, COLOURS, "the colours are not the true ones"),
        ("emoji", {"colour_error": 34.0, "rmse": 99.0}, COLOURS, ""),
        ("turned", {"turned": 0.0, "unturned": 0.9}, {}, "it was never turned"),
        ("turned", {"turned": 0.2, "unturned": 0.1}, {}, "it was not turned as it should be"),
        ("turned", {"turned": 0.9, "unturned": 0.0}, {}, ""),
    ],
)
def test_the_shipped_lessons_know_what_is_wrong(lesson, made, itself, words):
    found = lessons.find(lesson).wrong(made, itself)
    assert found.startswith(words) and bool(found) == bool(words)


def test_examples_are_as_far_apart_as_their_pictures(tmp_path):
    """Two flat pictures of levels 10 and 70: 60."""
    write(tmp_path / "set" / "gan", GAN)
    (tmp_path / "set" / "examples").mkdir()
    for name, levels in (("1-a", (10, 0)), ("2-b", (70, 30))):
        for side, level in zip("xy", levels, strict=True):
            Image.new("RGB", (8, 8), (level,) * 3).save(
                tmp_path / "set" / "examples" / f"{name}-{side}.png"
            )
    (set_,) = sets.sets_in(tmp_path / "set")
    assert set_.apart == {"xy": 60.0, "yx": 30.0}


def test_of_many_examples_a_few_are_compared(tmp_path, monkeypatch):
    """A visitor's set may bring a hundred large ones: all pairs of them would fill the memory."""
    write(tmp_path / "set" / "gan", GAN)
    (tmp_path / "set" / "examples").mkdir()
    for number in range(4):
        for side in "xy":
            name = f"{number}-e-{side}.png"
            picture = Image.new("RGB", (8, 8), (10 * number**2,) * 3)
            picture.save(tmp_path / "set" / "examples" / name)
    monkeypatch.setattr(sets, "APART", 2)
    (set_,) = sets.sets_in(tmp_path / "set")
    assert set_.apart["xy"] == 10.0
