"""Close-ups as markup, the curve over the probe's strength, and what the probe found in words."""

from dataclasses import replace

import pytest
from test_panels import LESSON, TRUTH, Page, flat, row, set_of, variant
from test_sentence import APART, set_with
from variants import FULL

from cyclegan.core.charts import Line, chart, round_numbers
from cyclegan.inference.closer import BLUR, JPEG, NOISE, Probe
from cyclegan.page import close_ups
from cyclegan.page.compare import Close, Closer
from cyclegan.page.message import Message, Return

GREEN, GREENER = (40, 200, 40), (40, 200, 70)
"""A translation, and one in which one channel of three is moved by 30 of 255: 10 on average."""

TEN = Probe(NOISE, 10)


def closer(
    scored: bool = True,
    direction="xy",
    judge="GAN + cycle",
    before=3.21,
    after=12.34,
    disturbed=GREENER,
    probe=TEN,
    side=True,
) -> Closer:
    overlay, score = (flat((8, 8, 8)), 0.25) if scored else (None, None)
    points = [(x, before + x / 2) for x in (0, 10, 40)]
    if probe.kind == JPEG:
        points = [(x, before + 50 - x / 2) for x in (95, 50, 5)]
    pictures = flat((9, 9, 9)), overlay, score, 0.75, flat(disturbed), TRUTH
    close = Close(row(side, before), *pictures, after, points)
    views = {view.key: view for view in variant(FULL).views(direction)}
    role = variant(FULL).method.judge(direction)
    return Closer(direction, probe, [close], views, judge if scored else "", role)


def drawn(**more) -> Page:
    return Page(close_ups.draw(closer(**more), set_of()))


def test_close_ups():
    page = drawn()
    assert page.tags["img"] == 4 and page.tags["figure"] == 5, "and a curve"
    for words in (
        *("cycle error 3.2", "score 0.25 · the truth 0.75", "changed by 10.0", "12.3"),
        *("GAN + cycle", "|F(G(x))−x|", "DY(G(x))", "F(G(x)+n)", "with noise of 10 of 255"),
        *("0, taken for generated", "1, for real"),
    ):
        assert words in page.words
    back = drawn(direction="yx").words
    assert "|G(F(y))−y|" in back and "DX(F(y))" in back
    assert all(a["alt"] for a in page.all("img"))


def test_close_ups_without_a_discriminator():
    page = drawn(scored=False)
    assert page.tags["img"] == 3 and len(page.of_class("blank")) == 1
    assert "No variant of this set ships its discriminators" in page.words
    assert "taken for generated" not in page.words
    assert "a way back" in close_ups.draw(Closer(), set_of())


# The curve


@pytest.mark.parametrize(
    ("probe", "over", "ticks"),
    [
        (Probe(NOISE, 10), "deviation of the noise", ["0", "10", "40"]),
        (Probe(JPEG, 50), "quality of the JPEG", ["95", "50", "5"]),
        (Probe(BLUR, 10), "side of the blur, in pixels", ["0", "10", "40"]),
    ],
)
def test_axis_ticks_and_words_are_of_the_disturbance_that_was_asked_for(probe, over, ticks):
    page = drawn(probe=probe)
    assert over in page.words
    lines = [a for a in page.all("polyline") if "line" in a["class"].split()]
    assert len(lines) == 1 and "with" in lines[0]["class"].split()
    points = [tuple(map(float, p.split(","))) for p in lines[0]["points"].split()]
    assert points[0][0] == 0 and points[-1][0] == 100
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    (mark,) = (a for a in page.all("polyline") if a["class"] == "mark")
    assert float(mark["points"].split(",")[0]) == points[1][0], "the strength that was chosen"
    said = page.all("div")
    (label,) = (a["aria-label"] for a in said if a.get("role") == "img")
    assert (over in label and "With cycle loss: 3.2 at 0" in label) or probe.kind == JPEG
    for tick in ticks:
        assert tick in page.words.split() and f" at {tick}" in label
    (key,) = (a for a in page.all("span") if "key" in a.get("class", "").split())
    assert key["class"] == "key with"


def test_variants_without_a_switch_have_colours_and_keys_of_their_own():
    one = closer().found[0]
    found = [
        replace(one, row=replace(one.row, side=None, name=name)) for name in ("first", "second")
    ]
    page = Page(close_ups.draw(replace(closer(), found=found), set_of()))
    lines = [a["style"] for a in page.all("polyline") if a["class"].startswith("line")]
    keys = [a["style"] for a in page.all("span") if a.get("class", "").startswith("key")]
    assert lines == keys and len(set(lines)) == 2


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0, 50.1, 5, [0, 20, 40]),
        (0, 13.5, 5, [0, 5, 10]),
        (0, 0.8, 3, [0, 0.5]),
        (0, 1.0, 3, [0, 0.5, 1.0]),
        (-1, 2, 3, [0, 2]),
        (0, 0, 3, [0]),
        (0, 4e-4, 3, [0, 2e-4, 4e-4]),
    ],
)
def test_ticks_are_round_numbers_in_the_range(low, high, most, expected):
    assert list(round_numbers(low, high, most)) == pytest.approx(expected)


def test_a_chart_has_its_floor_at_zero_and_ends_where_its_ticks_end():
    made = chart("error", [Line("a", [(2, 5.0), (4, 10.0)])], [(0, "0"), (8, "8")], "says")
    ((_, points),) = made.lines
    (x1, y1), (x2, y2) = (map(float, p.split(",")) for p in points)
    assert (x1, x2) == (25, 50) and made.floor == 100
    assert 100 - y2 == pytest.approx(2 * (100 - y1), abs=0.05)
    assert (made.across[0][0], made.across[-1][0]) == (0, 100)


# What the probe found: pictures of a side are 60 apart


def found(**more) -> Page:
    set_ = set_with()
    assert set_.apart == {"xy": APART, "yx": APART}
    return Page(close_ups.draw(closer(**more), set_))


FAINTLY = (40, 200, 55)
"""By 5 of 255 on average."""


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (11.8, 13.0, "rises from 11.8 to 13.0: what comes back outlives it."),
        (11.8, 11.84, "stays at 11.8: what comes back outlives it."),
        (13.0, 11.8, "falls from 13.0 to 11.8: what comes back outlives it."),
        (16.0, 40.0, "rises from 16.0 to 40.0: much of what comes back was written in detail"),
        (16.0, 24.0, "rises from 16.0 to 24.0: some of what comes back was written in detail"),
        (40.0, 58.0, "nothing to be found, as F(G(x)) is not x undisturbed."),
    ],
)
def test_what_was_found_is_said_with_nothing_among_it(before, after, words):
    said = found(before=before, after=after, disturbed=FAINTLY).words
    assert said.startswith(
        "On this picture, with noise of 10 of 255 on G(x), the cycle error with the cycle loss "
    )
    assert words in said


def test_a_strong_disturbance_tells_nothing_by_what_it_takes_away():
    strong = (40, 200, 180)
    said = found(before=16, after=40, disturbed=strong).words
    assert "a fainter one tells more" in said and "of what comes back" not in said
    kept = found(before=16, after=16.5, disturbed=strong).words
    assert "outlives it" in kept, "what outlives it is there for all to see"


def test_no_disturbance_finds_nothing():
    said = found(before=16, after=16, disturbed=GREEN, probe=Probe(NOISE, 0)).words
    assert said.startswith("Without a disturbance of G(x) nothing can be found")


def test_the_words_are_of_the_direction_the_kind_and_the_side():
    probe = Probe(JPEG, 50)
    said = found(direction="yx", probe=probe, side=False, disturbed=FAINTLY).words
    assert said.startswith(
        "On this picture, with JPEG of quality 50 on F(y), the cycle error without the cycle loss "
        "rises"
    )


def test_each_row_has_a_sentence():
    two = [
        closer(before=a, after=b, side=s).found[0] for a, b, s in ((9, 9, True), (50, 51, False))
    ]
    assert Page(close_ups.draw(replace(closer(), found=two), set_with())).words.startswith(
        "On this picture, with noise of 10 of 255 on G(x), the cycle error with the cycle loss "
        "stays at 9.0: what comes back outlives it. Without the cycle loss it "
        "rises from 50.0 to 51.0: nothing to be found, as F(G(x)) is not x undisturbed."
    )


def test_without_other_pictures_only_figures_are_told():
    said = Page(close_ups.draw(closer(), set_of())).words
    assert "rises from 3.2 to 12.3." in said and "outlives" not in said and "written" not in said
    assert LESSON.measure("cycle_error").written(12.34) == "12.3"


# The message: what comes back, and what of that outlives a disturbance


def message(whole, noise, jpeg, blur, changed=5.0, **hidden) -> Message:
    after = {
        name: Return(flat((i, 0, 0)), share, changed)
        for i, (name, share) in enumerate({"noise": noise, "jpeg": jpeg, "blur": blur}.items())
    }
    if hidden:
        hidden = {
            "bare": Return(flat((7, 7, 7)), hidden["bare"]),
            "barely": "in grey alone",
            "real": Return(flat((8, 8, 8)), hidden["real"]),
        }
    what = "the colours" if hidden else ""
    found = Return(flat((9, 0, 0)), whole)
    return Message(flat((1, 2, 3)), flat(GREEN), what, found, after, **hidden)


def told(*messages: Message, can_lead=False, direction="xy") -> Page:
    close = closer(direction=direction)
    sides = (True, False)[: len(messages)]
    found = [
        replace(close.found[0], row=row(side, 3.0), message=read)
        for side, read in zip(sides, messages, strict=True)
    ]
    return Page(close_ups.message(replace(close, found=found), set_with(), can_lead))


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (
            message(0.72, 0.71, 0.72, 0.73),
            "With the cycle loss F(G(x)) comes 72% of the way from another picture to x, after "
            "noise of 10 of 255 71%, after JPEG of quality 75 72%, after a 3×3 blur 73%: nothing "
            "was found hidden in fine detail, as what comes back outlives all three.",
        ),
        (message(0.9, 0.6, 0.8, 0.85), "much of it was written in detail that an eye hardly sees"),
        (message(0.9, 0.8, 0.9, 0.9), "some of it was written in detail that an eye hardly sees"),
        (
            message(0.9, 0.9, 0.9, 0.5, changed=20.0),
            "nothing was found hidden in fine detail, as a 3×3 blur changes what an eye sees",
        ),
        (
            message(0.4, 0.4, 0.4, 0.1),
            "Nothing is to be found with the cycle loss: F(G(x)) is not x even undisturbed.",
        ),
        (
            message(0.83, 0.83, 0.83, 0.67, bare=0.79, real=-0.4),
            "Found with the cycle loss: 83% of the colours come back through G(x), and through "
            "G(x) in grey alone 79%. From the real right picture, in which nothing is hidden, none "
            "do. After noise of 10 of 255 83% come back, after JPEG of quality 75 83%, after a 3×3 "
            "blur 67%: most of it outlives all three.",
        ),
        (message(0.8, 0.8, 0.7, 0.5, bare=0.7, real=0.0), "some is lost by a 3×3 blur."),
        (message(0.8, 0.1, 0.7, 0.5, bare=0.7, real=0.0), "most is lost by noise of 10 of 255."),
        (
            message(0.6, 0.6, 0.6, 0.5, bare=0.5, real=0.5),
            "With the cycle loss 60% of the colours come back through G(x), and from the real "
            "right picture, in which nothing is hidden, 50%: too little to be called found.",
        ),
        (message(0.2, 0.2, 0.2, 0.1, bare=0.2, real=-1.0), "none: too little to be called found."),
        (
            message(-0.1, 0.0, 0.0, 0.0, bare=0.0, real=-1.0),
            "Nothing hidden was found with the cycle loss: next to none of the colours "
            "come back through G(x).",
        ),
    ],
)
def test_a_message_is_told_as_it_was_measured(read, words):
    assert words in told(read).words


def test_each_row_has_its_message_and_the_one_that_carries_most_is_shown():
    low, high = (message(w, w, w, w, bare=w, real=-1.0) for w in (-0.1, 0.9))
    page = told(low, high, direction="yx")
    assert "come back through F(y). Found without the cycle loss" in page.words
    named = [a["alt"] for a in page.all("img")]
    assert len(named) == 8 and all("without" in name for name in named)
    for words in ("G(x) of the real x", "of F(y) in grey alone", "after a 3×3 blur"):
        assert any(name.startswith(words) for name in named)
    assert len(page.of_class("large")) == 1


def test_a_click_leads_to_where_something_is_hidden_unless_one_is_there():
    read = message(0.7, 0.7, 0.7, 0.7)
    assert told(read).tags["button"] == 0 and told(read, can_lead=True).tags["button"] == 1
    nothing = told(can_lead=True)
    assert nothing.tags["button"] == 1 and nothing.tags["img"] == 0
