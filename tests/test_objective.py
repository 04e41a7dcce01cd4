"""The objective as a control: summands with their numbers, and a switch where there is a choice."""

from dataclasses import replace

import pytest
from test_panels import Page, set_of, variant
from variants import FULL, GAN, GAN_CYCLE, GAN_IDENTITY

from cyclegan.methods import pix2pix
from cyclegan.methods.cyclegan import Objective
from cyclegan.page import objective

CYCLE, IDENTITY = "cycle loss", "identity loss"
FOUR = tuple(variant(one) for one in (FULL, GAN_CYCLE, GAN_IDENTITY, GAN))


def switches(page: Page) -> dict[str, bool]:
    """Of the lower row: whether each is on, by its name."""
    listed = [a for a in page.all("button") if a.get("role") == "switch"]
    return {a["aria-label"]: a["aria-checked"] == "true" for a in listed}


def test_each_row_has_its_summands_and_the_lower_one_its_switches():
    page = Page(objective.control(set_of(*FOUR), frozenset({CYCLE})))
    assert page.words.count("10·(‖F(G(x))−x‖1+‖G(F(y))−y‖1)") == 2
    assert page.words.count("5·(‖G(y)−y‖1+‖F(x)−x‖1)") == 2
    assert page.words.count("GAN(G,DY)+GAN(F,DX)") == 2
    assert switches(page) == {"without cycle loss": True, "without identity loss": False}


def test_numbers_are_those_of_the_whole_objective():
    whole = variant(Objective(cycle_forward=3.0, cycle_backward=7.0, identity=0.25))
    page = Page(objective.control(set_of(whole, variant(GAN)), frozenset({CYCLE})))
    assert "3·‖F(G(x))−x‖1+7·‖G(F(y))−y‖1" in page.words
    assert "0.25·(‖G(y)−y‖1" in page.words


def test_what_no_network_exists_for_cannot_be_struck_and_says_so():
    page = Page(objective.control(set_of(FOUR[0], FOUR[2]), frozenset({CYCLE})))
    assert switches(page) == {"without cycle loss": True}
    assert "no network for it" in page.words
    said = [a["title"] for a in page.all("span") if "title" in a]
    assert said == ["No network was trained without the identity loss and with the rest as it is"]


def test_a_click_strikes_out_and_puts_back():
    set_ = set_of(*FOUR)
    once = objective.toggled(set_, frozenset({CYCLE}), 1)
    assert once == {CYCLE, IDENTITY}
    assert objective.toggled(set_, once, 0) == {IDENTITY}
    lone = set_of(FOUR[0], FOUR[2])
    assert objective.toggled(lone, frozenset({CYCLE}), 1) == {CYCLE}, "there is no such network"


@pytest.mark.parametrize("foreign", [False, True])
def test_where_nothing_is_known_to_be_taken_away_there_is_no_control(foreign):
    one = FOUR[0] if foreign else variant(pix2pix.Objective())
    if foreign:
        one = replace(one, config=replace(one.config, facts={"layout": "somebody's"}))
    assert objective.control(set_of(one), frozenset()) == ""
