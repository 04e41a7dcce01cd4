"""A live training as HTML: what is said of each state, pictures, curves and their marks."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from tiny import noise

from cyclegan.core.config import Domains
from cyclegan.labs.live import Arm, Command, Frame, LiveSettings, Status
from cyclegan.labs.live.control import ACTIONS
from cyclegan.methods.cyclegan import Objective
from cyclegan.page import live_panels
from cyclegan.page.live_panels import (
    about,
    charts,
    choices,
    clock,
    details,
    frame,
    status,
    weights,
)

SETTINGS = LiveSettings()
HOSTILE = replace(
    SETTINGS,
    base=replace(SETTINGS.base, domains=Domains('<img src=x onerror="1">', "a & b")),
    arms=(Arm("<script>1</script>", Objective()), Arm('"quoted"', Objective(identity=0))),
)


def tree(html: str) -> ElementTree.Element:
    """The markup, which must be well-formed; an image has no end in HTML."""
    closed = re.sub(r"(<img [^>]*)>", r"\1/>", html)
    return ElementTree.fromstring(f"<root>{closed}</root>")


def text(html: str) -> str:
    """As a browser shows it: whitespace is one space."""
    return " ".join("".join(tree(html).itertext()).split())


def log(*values: float, term: str = "gan_G", figure: str = "sea_iou") -> list[dict]:
    return [
        {"step": 10 * i, "terms": {term: value}, "figures": {figure: value}}
        for i, value in enumerate(values, 1)
    ]


# The state


def test_a_clock_reads_as_people_say_it():
    assert [clock(s) for s in (0, 59.4, 59.6, 185, 3599, 3600, 3725)] == [
        *("0 s", "59 s", "1:00 min", "3:05 min", "59:59 min", "1:00 h", "1:02 h"),
    ]


RUNNING = Status(
    "running", step=1234, steps=2000, saved_step=1200, steps_per_second=2.34, seconds=500.0
)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Status("queued", place=2, steps=2000), ["Waiting", "place 2 in the queue"]),
        (Status("starting", steps=2000), ["Starting", "step 0 of 2,000"]),
        (
            replace(RUNNING, seconds_left=340.0),
            ["Training", "step 1,234 of 2,000", "2.3 steps/s, both arms", "about 6 min left"],
        ),
        (RUNNING, ["Training", "8:20 min trained"]),
        (replace(RUNNING, state="paused"), ["Paused", "8:20 min trained"]),
        (replace(RUNNING, state="interrupted"), ["Interrupted", "kept up to step 1,200"]),
        (replace(RUNNING, state="failed", sentence="The disk is full."), ["The disk is full."]),
        (replace(RUNNING, state="died", sentence="It died."), ["Its process died", "It died."]),
        (replace(RUNNING, notice="A weight is off."), ["A weight is off."]),
        (replace(RUNNING, state="something new"), ["something new"]),
    ],
)
def test_each_state_in_words(seen, words):
    shown = text(status(seen, SETTINGS))
    assert all(word in shown for word in words)
    bar = tree(status(seen, SETTINGS)).find(".//progress").attrib
    assert (bar["max"], bar["value"]) == (str(max(1, seen.steps)), str(seen.step))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "10 s"),
        (41, "50 s"),
        (90, "90 s"),
        (91, "2 min"),
        (600, "10 min"),
        (3601, "1 h 1 min"),
    ],
)
def test_what_is_left_is_told_roundly(seconds, words):
    assert about(seconds) == words


def test_what_was_asked_is_said_until_it_is_done():
    asked = [Command("pause"), Command("set", "identity", 0.0), Command("set", "rate", 1e-4, 1)]
    shown = text(status(RUNNING, SETTINGS, asked))
    assert "Pausing after this step …" in shown
    assert "Identity becomes 0 after this step, both arms …" in shown
    assert "Rate becomes 0.0001 after this step, without the cycle loss …" in shown
    for do in ACTIONS:
        command = Command(do, *(["gan"] if do == "set" else []))
        seen = replace(RUNNING, state="paused") if do == "continue" else RUNNING
        assert "…" in text(status(seen, SETTINGS, [command])), do
    ended = replace(RUNNING, state="stopped")
    assert "…" not in text(status(ended, SETTINGS, asked)), "nobody is there to do it"


def test_a_training_in_the_queue_says_what_it_waits_for():
    seen = Status("queued", place=1, steps=9)
    assert "behind a paused one" in text(
        status(seen, SETTINGS, (), "It waits behind a paused one.")
    )


def test_what_is_not_known_is_not_said():
    shown = text(status(Status("failed", steps=10, sentence="No."), SETTINGS))
    assert "kept" not in shown and "steps/s" not in shown and "left" not in shown
    assert "place" not in text(status(RUNNING, SETTINGS))


def test_details_tell_no_path_of_the_host():
    def of(data: str) -> str:
        training = replace(SETTINGS.base.training, data=data)
        return details(replace(SETTINGS, base=replace(SETTINGS.base, training=training)))

    assert of("satellite2map") == "satellite → map, 64 px, 16 filters, 4 blocks, seed 0"
    assert of("/home/me/live/2026-own/data").startswith("satellite → map (own pictures), ")
    assert of("/home/me/horses").startswith("satellite → map (horses), ")
    assert details(replace(SETTINGS, minutes=2.5)).endswith(", 2.5 minutes at most")


def test_whatever_a_visitor_named_is_escaped():
    sentence = replace(RUNNING, sentence="<script>2</script>", notice="<b>")
    html = status(sentence, HOSTILE) + frame(pictures(), HOSTILE)
    html += charts((log(1), log(2)), HOSTILE, (change(10, arm=1),), "gan_G")
    html += weights(HOSTILE, ())
    assert "<script" not in html and "<img src=x" not in html
    assert "a & b" in text(status(RUNNING, HOSTILE))


# Pictures


def pictures(
    rows: int = 2, truth: bool = True, views: tuple = ("made", "back"), held_out: bool | None = True
) -> Frame:
    def column(seed: int):
        return [noise(8, 8, seed=10 * seed + i) for i in range(rows)]

    a, b = ({view: column(10 * arm + i) for i, view in enumerate(views)} for arm in (1, 2))
    return Frame(7, column(0), (a, b), column(5) if truth else [], held_out)


def test_before_the_first_frame_there_is_a_sentence():
    assert "first pictures come" in frame(None, SETTINGS)


@pytest.mark.parametrize("truth", [True, False])
def test_a_frame_has_each_picture_in_its_place(truth):
    shown = pictures(truth=truth)
    html = tree(frame(shown, SETTINGS))
    heads = [head.text for head in html.iter("h3")]
    assert heads == ["Input", "With the cycle loss", "Without the cycle loss", "Truth"][: 3 + truth]
    found = [image.attrib for image in html.iter("img")]
    assert len(found) == 2 * (5 + truth)
    assert found[3]["alt"] == "With the cycle loss: F(G(x)), input 1"
    assert found[3]["src"] == live_panels.data_url(shown.arms[0]["back"][0])
    assert found[8]["src"] == live_panels.data_url(shown.arms[1]["made"][1])


def test_a_frame_shows_the_views_that_it_has():
    """By their formulas; one that the method does not know goes by its key."""
    shown = frame(pictures(views=("made", "other")), SETTINGS)
    alts = [image.attrib["alt"] for image in tree(shown).iter("img")]
    assert alts[2:4] == [f"With the cycle loss: {head}, input 1" for head in ("G(x)", "other")]
    assert "--all: 6; --narrow: 3; --from: 2" in shown
    assert "--all: 4; --narrow: 2; --from: 2" in frame(pictures(views=("made",)), SETTINGS)


@pytest.mark.parametrize(
    ("held_out", "words"),
    [
        (True, "Both arms at step 7, on inputs that neither was trained on."),
        (False, "Both arms at step 7, on inputs of the training."),
        (None, "Both arms at step 7."),
    ],
)
def test_a_frame_says_whether_its_inputs_were_held_out(held_out, words):
    assert text(frame(pictures(held_out=held_out), SETTINGS)).endswith(words)


def headed(*changes: dict, step: int) -> list[tuple[str, str]]:
    """Title and subtitle of either arm."""
    found = list(tree(frame(replace(pictures(), step=step), SETTINGS, changes)).iter("section"))
    return [(arm.find("h3").text, arm.find("p").text) for arm in found[1:3]]


def test_headings_follow_the_objective_of_the_moment():
    """The identity term ends at step 300 in either arm, as planned; the rest by hand."""
    a, b = "With the cycle loss", "Without the cycle loss"
    assert headed(step=299) == [(a, "GAN + cycle + identity"), (b, "GAN + identity")]
    planned = [change(300, "identity", 0.0, arm) for arm in (0, 1)]
    assert headed(*planned, step=300) == [(a, "GAN + cycle"), (b, "GAN")]
    by_hand = [change(10, name, 0.0) for name in ("cycle_forward", "cycle_backward")]
    assert headed(*by_hand, step=9)[0] == (a, "GAN + cycle + identity"), "not yet"
    assert headed(*by_hand, step=10)[0] == ("GAN + identity", "began with the cycle loss")
    assert headed(*by_hand, step=10)[1] == (b, "GAN + identity"), "that of the other arm"
    both = change(20, "identity", 2.0, None), change(25, "rate", 0.1, None)
    assert headed(*both, step=20)[1] == ("GAN + identity", "began without the cycle loss")
    assert headed(both[1], step=30)[1][0] == b, "a rate is no part of the objective"
    assert headed(change(5, "nonsense"), step=30)[0] == (a, "GAN + cycle + identity")


# Curves


def change(step: int, name: str = "cycle_forward", value: float = 0.5, arm: int | None = 0) -> dict:
    return {"step": step, "name": name, "value": value, "arm": arm}


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
    assert len(html) < 10_000


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


def test_weights_of_now_take_changes_into_account():
    changes = (change(5), change(6, "rate", 1e-4, None))
    a, b = tree(weights(SETTINGS, changes)).iter("p")
    assert "".join(a.itertext()) == (
        "With the cycle loss: rate 0.0001, GAN 1, forward cycle 0.5, backward cycle 10, "
        "identity 5. The weight of identity is 0 from step 301 on."
    )
    assert "".join(b.itertext()) == (
        "Without the cycle loss: rate 0.0001, GAN 1, forward cycle 0, backward cycle 0, "
        "identity 5. The weight of identity is 0 from step 301 on."
    )
    ended = change(300, "identity", 0.0, None)
    a, b = tree(weights(SETTINGS, (ended,))).iter("p")
    for line in (a, b):
        assert "".join(line.itertext()).endswith(", identity 0")
