"""The diagram: drawn from any method's views, an arc where something comes back."""

from dataclasses import replace

import pytest
from test_panels import LESSON, TRUTH, Page, heads, row, shown_of

from cyclegan import methods
from cyclegan.core.config import Config
from cyclegan.methods import View
from cyclegan.page import loop, panels

CYCLEGAN = methods.find("cyclegan").views(Config())


def drawn(rows, truth=TRUTH) -> Page:
    shown = shown_of(rows, truth)
    return Page(loop.draw(shown, heads(truth=truth), panels.panels_of(shown, LESSON), LESSON))


def keys(route: loop.Route) -> tuple[list[str], list[str]]:
    return [view.key for view in route.aside], [view.key for view in route.way]


def test_identity_stands_aside_and_the_way_back_closes_the_loop():
    route = loop.route(CYCLEGAN)
    assert route.original.key == "original"
    assert keys(route) == (["same"], ["made", "back"]) and route.closing.key == "back"


def test_a_method_without_a_way_back_has_a_line_and_no_arc():
    route = loop.route(CYCLEGAN[:2])
    assert keys(route) == ([], ["made"]) and route.closing is None


def test_a_way_of_three_closes_at_its_end():
    there = View("there", "H(F(G(x)))", "On", "", "H", ("back",), "cycle_error")
    route = loop.route((*CYCLEGAN[:3], there))
    assert keys(route) == ([], ["made", "back", "there"]) and route.closing.key == "there"


@pytest.mark.parametrize(("count", "places"), [(1, ["above"]), (2, ["above", "below"]), (3, [])])
def test_arcs_run_around_up_to_two_rows(count, places):
    """Of more rows the errors stand below the pictures."""
    rows = [row(True, 3.14), row(False, 45.0), row(True, 7.0)][:count]
    page = drawn(rows)
    arcs, told = page.of_class("arc"), ["cycle error 3.1", "cycle error 45.0", "cycle error 7.0"]
    assert len(arcs) == len(places)
    assert all(page.words.count(words) == 1 for words in told[:count])
    of = {place: "section" in page.of_class(place) for place in ("above", "below")}
    assert [place for place in of if of[place]] == places


def test_without_the_loss_the_arc_is_open():
    page = drawn([row(True), row(False)])
    assert len(page.of_class("open")) == 2, "the arc, and its end at x"
    assert not drawn([row(True)]).of_class("open")


def test_rows_without_sides_are_not_called_open():
    assert not drawn([replace(row(False), side=None)]).of_class("open")


def test_what_the_judge_thinks_hangs_off_the_translation():
    plain = row(True)
    figures = {**plain.made.figures, "judged": 1.3, "truth_judged": 0.66}
    judged = replace(plain, made=replace(plain.made, figures=figures))
    shown = shown_of([judged, row(False)], TRUTH)
    listed = panels.panels_of(shown, LESSON)
    page = Page(loop.draw(shown, heads(truth=TRUTH), listed, LESSON, judge="D_Y"))
    (gauge,) = (a for _, a in page.attributes if "gauge" in (a.get("class") or "").split())
    assert gauge["aria-label"].startswith("D_Y scores G(x) 1.30, and the truth 0.66")
    (scale,) = (a for _, a in page.attributes if a.get("class") == "scale")
    assert scale["style"] == "--score: 1; --truth: 0.66", "a bar ends where its scale does"
    assert not drawn([judged]).of_class("gauge"), "a method without a judge has none"
