"""Curves of a live training: tracks over the same steps, their values, and marks of changes."""

import json

import pytest
from test_live_panels import SETTINGS, change, log, text, tree

from cyclegan.page.live_curves import charts, choices, judge


def lines(html: str, kind: str) -> list[list[tuple[float, float]]]:
    return [
        [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        for line in tree(html).iter("polyline")
        if line.attrib["class"] == kind
    ]


def test_without_a_point_there_is_no_chart():
    assert charts(([], []), SETTINGS, (), None) == ""
    assert charts(([{"step": 1, "terms": {}}], []), SETTINGS, (change(0),), "gan_G") == ""
    assert charts(([{"step": 1}], []), SETTINGS, (), "gan_G") == "", "a damaged line"
    assert choices(([{"step": 1}], []), SETTINGS) == []


def test_curves_lie_where_their_values_are():
    """Higher values higher up, later steps further right, both arms on one scale."""
    html = charts((log(0.2, 0.4, 0.8), log(0.1, 0.1)), SETTINGS, (), None)
    (a,), (b,) = lines(html, "line a"), lines(html, "line b")
    assert [x for x, _ in a] == sorted(x for x, _ in a) and a[1][0] == b[1][0]
    floor = lines(html, "axis")[0][1][1]
    heights = [floor - y for _, y in (*a, *b)]
    assert heights[1:] == pytest.approx(
        [2 * heights[0], 4 * heights[0], heights[0] / 2, heights[0] / 2], abs=0.15
    )
    for x, y in (*a, *b):
        assert 0 <= x <= 100 and 0 <= y <= 100
    assert "0.800 · 0.100" in text(html) and "step 30" in text(html)


def test_a_single_point_is_seen():
    html = charts((log(0.5), log(0.5)), SETTINGS, (), None)
    assert [p.attrib["class"] for p in tree(html).iter("path")] == ["dot a", "dot b"]


def test_an_arm_without_a_term_has_no_line():
    with_cycle, without = log(1, 2, term="cycle_forward"), log(1, 2, term="gan_G")
    assert choices((with_cycle, without), SETTINGS) == [
        ("GAN term of G", "gan_G"),
        ("forward cycle term", "cycle_forward"),
    ]
    html = charts((with_cycle, without), SETTINGS, (), "cycle_forward")
    assert len(lines(html, "line a")) == 2 and len(lines(html, "line b")) == 1
    captions = ["".join(c.itertext()) for c in tree(html).iter("figcaption")]
    assert captions == ["sea IoU 2.000 · 2.000", "forward cycle term 2.000"]


def test_a_chart_of_any_term_that_was_logged():
    told = log(0.5, 0.75, term="D_Y_accuracy"), log(0.5, 1.0, term="mystery_term")
    assert choices(told, SETTINGS) == [
        ("accuracy of D_Y", "D_Y_accuracy"),
        ("mystery term", "mystery_term"),
    ]
    assert "accuracy of D_Y 0.750" in text(charts(told, SETTINGS, (), "D_Y_accuracy"))
    assert "mystery term 1.000" in text(charts(told, SETTINGS, (), "mystery_term"))


def test_what_falls_below_zero_is_drawn_there():
    html = charts((log(-1, 2), log(0)), SETTINGS, (), None)
    (a,), axis = lines(html, "line a"), lines(html, "axis")[0]
    assert a[0][1] == axis[1][1] > a[1][1], "the lowest value is the floor"
    (rule, _) = (points[0][1] for points in lines(html, "rule"))
    assert axis[1][1] > rule > a[1][1], "zero is a line between"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_no_chart_holds_what_is_no_number(value):
    html = charts((log(1, value, 2), log(value)), SETTINGS, (), "gan_G")
    assert "nan" not in html.lower() and "inf" not in html.lower()
    assert len(lines(html, "line a")[0]) == 2


def test_zeros_alone_are_a_line_on_the_floor():
    html = charts((log(0, 0), log(0, 0)), SETTINGS, (), None)
    assert lines(html, "line a")[0][0][1] == lines(html, "axis")[0][1][1]


def test_a_long_log_is_thinned_to_what_can_be_seen():
    values = [1.0] * 4999 + [3.0]
    html = charts((log(*values), []), SETTINGS, (), None)
    (line,) = lines(html, "line a")
    assert 250 <= len(line) <= 301 and line[-1][1] < line[-2][1], "the last is always there"
    assert len(html) < 20_000


def test_changes_are_marked_at_their_steps_and_told_once():
    changes = (
        change(10, arm=0),
        change(10, "rate", 1e-3, arm=0),
        change(10, "rate", 1e-3, arm=1),
        change(99),
        change(15, "gan", 0.0, arm=None),
    )
    html = charts((log(1, 2, 3), log(1, 2, 3)), SETTINGS, changes, None)
    marks = {points[0][0] for points in lines(html, "mark")}
    assert len(marks) == 2, "those of steps 10 and 15; 99 has not come yet"
    told = ["".join(item.itertext()) for item in tree(html).iter("li")]
    assert told == [
        "From step 11: forward cycle 0.5, with the cycle loss",
        "From step 11: rate 0.001, both arms",
        "From step 100: forward cycle 0.5, with the cycle loss",
        "From step 16: GAN 0, both arms",
    ]


def values(html: str) -> list[dict]:
    """What each track says of its lines, step by step."""
    tracks = [one.attrib for one in tree(html).iter("div") if one.get("class") == "track"]
    return [json.loads(track["data-written"]) for track in tracks]


def test_each_step_has_its_value_in_words():
    html = charts((log(0.5, 0.25), log(1)), SETTINGS, (), None)
    assert values(html)[0] == {"a": [[10, "0.500"], [20, "0.250"]], "b": [[10, "1.000"]]}


def test_all_tracks_end_at_the_same_step():
    """Figures come at looks alone, terms at every line."""
    a = [*log(0.5, 0.25), {"step": 40, "terms": {"gan_G": 1.0}}]
    html = charts((a, log(0.5)), SETTINGS, (), "gan_G")
    figure, term = lines(html, "line a")
    assert figure[-1][0] == 50 and term[-1][0] == 100
    assert (
        next(one for one in tree(html).iter("div") if one.get("data-last")).get("data-last") == "40"
    )


def test_the_discriminator_that_sees_the_translation_has_a_track():
    a = [{"step": 1, "terms": {"D_X_accuracy": 0.5, "D_Y_accuracy": 0.75, "gan_G": 1.0}}]
    assert judge((a, []), SETTINGS) == "D_Y_accuracy"
    assert judge((log(1), []), SETTINGS) is None
    shown = text(charts((a, []), SETTINGS, (), "gan_G"))
    assert "accuracy of D_Y 0.750" in shown and "accuracy of D_X" not in shown
    assert len(values(charts((a, []), SETTINGS, (), "D_Y_accuracy"))) == 1, "not twice"
