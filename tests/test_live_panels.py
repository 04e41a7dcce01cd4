"""A live training in words: what is said of each state, and what each arm is trained on."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from tiny import noise

from cyclegan.core.config import Domains
from cyclegan.labs.live import Arm, Command, Frame, LiveSettings, Status
from cyclegan.labs.live.control import ACTIONS
from cyclegan.methods.cycada import Objective as CyCADA
from cyclegan.methods.cyclegan import Objective
from cyclegan.page import live_curves, stage
from cyclegan.page.live_panels import about, called, clock, details, status, weights

SETTINGS = LiveSettings()
HOSTILE = replace(
    SETTINGS,
    base=replace(SETTINGS.base, domains=Domains('<img src=x onerror="1">', "a & b")),
    arms=(Arm("<script>1</script>", Objective()), Arm('"quoted"', Objective(identity=0))),
)


def tree(html: str) -> ElementTree.Element:
    """The markup, which must be well-formed; some elements have no end in HTML, or no value."""
    closed = re.sub(r"(<(?:img|input) [^>]*)>", r"\1/>", html)
    closed = re.sub(r" hidden(?=[ />])", ' hidden=""', closed)
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


def test_a_method_of_stages_says_in_which_it_is():
    """Of 1,600 steps, by the table of docs/cycada.md: 320, 560, 80 and 640."""
    arms = Arm("with", CyCADA()), Arm("without", CyCADA(semantic=0.0))
    settings = replace(SETTINGS, arms=arms)
    said = {
        step: text(status(replace(RUNNING, step=step, steps=1600), settings))
        for step in (0, 319, 320, 879, 880, 959, 960, 1600)
    }
    places = {0: 1, 319: 1, 320: 2, 879: 2, 880: 3, 959: 3, 960: 4, 1600: 4}
    names = {1: "pre-train: f_S", 2: "translate: G", 3: "keep: the same", 4: "adapt: f_T"}
    for step, place in places.items():
        assert f"Stage {place} of 4, {names[place]}" in said[step], step
    assert "Stage" not in text(status(RUNNING, SETTINGS)), "of a method of one stage"
    assert "Stage" not in text(status(replace(RUNNING, state="finished"), settings))


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
    changes = (change(10, arm=1),)
    html = status(sentence, HOSTILE) + stage.draw("id", pictures(), HOSTILE, changes)
    html += live_curves.charts((log(1), log(2)), HOSTILE, changes, "gan_G")
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


def change(step: int, name: str = "cycle_forward", value: float = 0.5, arm: int | None = 0) -> dict:
    return {"step": step, "name": name, "value": value, "arm": arm}


def headed(*changes: dict, step: int) -> list[tuple[str, str]]:
    """Title and subtitle of either arm."""
    return [called(arm, index, changes, step) for index, arm in enumerate(SETTINGS.arms)]


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
