"""Ladders: what is one, what its figures are said to show, and what its rungs make of a picture."""

import json
import re
from dataclasses import replace

import pytest
from ladders import IDENTITY, LAMBDAS, examples, ladder, samples, with_blocks
from test_noise import keep
from test_panels import Page
from tiny import config, noise
from variants import FULL, GAN, write

from cyclegan.core.charts import Spot, plane
from cyclegan.core.figures import Measure
from cyclegan.inference.translator import Translator
from cyclegan.methods.cyclegan import Objective
from cyclegan.page import ladder_panels, ladders, sets, trend
from cyclegan.page.compare import opening
from cyclegan.page.library import Library
from cyclegan.page.rungs import climb
from cyclegan.store import catalogue, checkpoints

PEAK = [
    [(60.0, 0.78), (64.0, 0.76)],
    [(20.0, 0.84), (18.0, 0.82)],
    [(8.0, 0.60), (8.4, 0.62)],
]
"""What comes back is ever nearer; the translation is best in the middle."""


def one(folder):
    (found,) = ladders.ladders_in(folder)
    return found


def test_rungs_are_in_the_order_of_their_weight_and_called_by_it(tmp_path):
    found = one(ladder(tmp_path / "mine", values=(10.0, 0.0, 100.0, 0.1)))
    assert [value for value, _ in found.rungs] == [0, 0.1, 10, 100]
    for value, variant in found.rungs:
        objective = variant.config.objective
        assert (objective.cycle_forward, objective.cycle_backward) == (value, value)
        assert variant.source.paths[0].name == f"{value:g}"
    assert (found.title, found.called(0.1)) == ("λ 0 to 100", "λ 0.1")
    assert found.of == "the weight of the cycle loss"


def test_another_weight_has_the_name_of_its_term(tmp_path):
    found = one(ladder(tmp_path, weights=IDENTITY, values=(0.0, 5.0)))
    assert (found.title, found.of) == ("identity 0 to 5", "the weight of the identity loss")
    found = one(ladder(tmp_path / "half", weights=("cycle_forward",), values=(0.0, 5.0)))
    assert (found.title, found.of) == (
        "forward cycle 0 to 5",
        "the weight of the forward cycle",
    )


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "ladder.json").write_text("{"), "ladder.json"),
        (lambda folder: (folder / "ladder.json").write_text('{"weights": ["lambda"]}'), "cycle_b"),
        (lambda folder: (folder / "ladder.json").write_text('{"weights": 3}'), "no weights"),
        (
            lambda folder: write(folder / "5", with_blocks(config(Objective(), data="drawing"), 2)),
            "differs from the rung",
        ),
        (
            lambda folder: write(folder / "5", config(Objective(identity=1), data="drawing")),
            "differs from the rung",
        ),
        (
            lambda folder: write(folder / "5", config(Objective(cycle_forward=5), data="drawing")),
            "differs from the rung",
        ),
    ],
)
def test_what_is_no_ladder_is_left_out_with_a_warning(spoil, said, tmp_path, caplog):
    ladder(tmp_path / "mine")
    spoil(tmp_path / "mine")
    assert ladders.ladders_in(tmp_path) == [] and sets.sets_in(tmp_path) == []
    assert said in caplog.text


def test_one_rung_is_no_ladder(tmp_path, caplog):
    ladder(tmp_path, values=(10.0,))
    assert ladders.ladders_in(tmp_path) == [] and "fewer than two rungs" in caplog.text


@pytest.fixture
def library(tmp_path) -> Library:
    """Of a set with its ladder, and one of another lesson without."""
    folder = tmp_path / "library"
    write(folder / "drawings" / "full", config(FULL, data="drawing"))
    write(folder / "drawings" / "gan", config(GAN, data="drawing"), seed=3)
    examples(folder / "drawings")
    write(folder / "others" / "full", config(FULL, data="emoji"))
    ladder(folder / "ladders" / "cycle", PEAK)
    return Library([folder])


def title_of(library: Library, data: str) -> str:
    return next(title for title, set_ in library.sets.items() if set_.lesson.name == data)


def test_a_ladder_is_there_for_the_sets_of_its_lesson(library):
    (found,) = library.ladders_of(title_of(library, "drawing"))
    assert found.title == "λ 0 to 10"
    assert library.ladders_of(title_of(library, "emoji")) == []
    assert len(library.sets) == 2, "and it is no set"


def test_a_set_of_pictures_from_noise_stands_beside_a_ladder_and_has_none(tmp_path):
    """Of the same lesson: a rung translates, and is nothing beside what translates nothing."""
    write(tmp_path / "drawings" / "full", config(FULL, data="drawing"))
    ladder(tmp_path / "ladders" / "cycle", PEAK)
    keep(tmp_path / "noise" / "none", "none", 0)
    path = tmp_path / "noise" / "none" / checkpoints.CONFIG
    values = json.loads(path.read_text())
    values["training"]["data"] = "drawing"
    path.write_text(json.dumps(values))
    library = Library([tmp_path])
    found = {set_.is_from_noise: title for title, set_ in library.sets.items()}
    assert library.sets[found[True]].lesson.name == "drawing"
    assert library.ladders_of(found[True]) == []
    assert [one.title for one in library.ladders_of(found[False])] == ["λ 0 to 10"]


def test_a_ladder_that_a_visitor_opens_is_its_own(tmp_path):
    write(tmp_path / "set" / "full", config(FULL, data="emoji"))
    library = Library([tmp_path / "set"])
    key = library.add(catalogue.find(str(ladder(tmp_path / "mine", PEAK))))
    (found,) = library.ladders_of(key)
    assert [value for value, _ in found.rungs] == list(LAMBDAS) and found.set_.is_guest


# What is said


def said(folder, figures, direction="xy", **more) -> str:
    parts = trend.tell(one(ladder(folder, figures, **more)), direction)
    return "".join(part.words for part in parts)


def test_what_the_measured_curve_shows(tmp_path):
    assert said(tmp_path, PEAK) == (
        "From λ 0 to 10 F(G(x)) comes nearer to x, in cycle error from 62.0 ± 2.8 to 8.2 ± 0.3 of "
        "255. From λ 0 to 0.1 G(x) comes nearer to y, in silhouette IoU from 0.770 ± 0.014 to "
        "0.830 ± 0.014. From λ 0.1 to 10 G(x) goes further from y, in silhouette IoU from 0.830 ± "
        "0.014 to 0.610 ± 0.014. From λ 0 to 10 the way back gains and the translation loses. "
        "Means and standard deviations over 2 seeds; what is within the interval of a difference, "
        "over held-out items and seeds, is none."
    )


def test_the_other_direction_is_told_in_its_own_symbols(tmp_path):
    told = said(tmp_path, PEAK, "yx")
    assert told.startswith("From λ 0 to 10 G(F(y)) comes nearer to y, ")
    assert "F(y) goes further from x" in told


def test_no_more_is_said_than_the_differences_carry(tmp_path):
    told = said(tmp_path / "none", PEAK, sure=1000)
    assert told.startswith(
        "In cycle error there is no difference between any two of these: none of them brings "
        "F(G(x)) nearer to x beyond chance. In silhouette IoU there is no difference"
    )
    assert "nearer to x," not in told and "loses" not in told
    level = [[(60.0, 0.7)], [(8.0, 0.7)], [(8.01, 0.7)]]
    told = said(tmp_path / "level", level)
    assert "From λ 0 to 0.1 F(G(x)) comes nearer to x, in cycle error from 60.0 to 8.0 of" in told
    assert "From λ 0.1 to 10 there is no difference in cycle error. " in told
    assert told.endswith("Of one seed each: another may fall otherwise.")
    worse = said(tmp_path / "worse", [[(8.0, 0.8)], [(8.0, 0.6)], [(8.0, 0.4)]])
    assert "From λ 0 to 10 G(x) goes further from y, in silhouette IoU from 0.800 to 0.400" in worse
    assert "gains" not in worse
    dent = said(tmp_path / "dent", [[(8.0, 0.8)], [(30.0, 0.8)], [(8.0, 0.8)]])
    assert "In cycle error some of these differ, but neither λ 0 nor 10 from the best" in dent


def test_figures_that_nobody_compared_are_not_compared_here(tmp_path):
    folder = ladder(tmp_path, PEAK)
    (folder / "comparisons.json").unlink()
    told = "".join(part.words for part in trend.tell(one(folder), "xy"))
    assert told.startswith("F(G(x)) was not compared with x from rung to rung. ")
    assert "nearer" not in told
    assert trend.tell(one(ladder(tmp_path / "bare")), "xy") == []


def test_a_comparison_that_the_figures_deny_counts_for_nothing(tmp_path):
    folder = ladder(tmp_path, PEAK)
    path = folder / "10" / checkpoints.METRICS
    path.write_text(path.read_text().replace("8.0", "80.0"))
    assert "was not compared" in "".join(part.words for part in trend.tell(one(folder), "xy"))


# What is made


def test_every_rung_is_asked_about_the_picture_that_is_shown(library, tmp_path):
    title = title_of(library, "drawing")
    set_ = library.sets[title]
    start = opening(title, set_)
    own = tmp_path / "own.png"
    noise(30, 22, seed=9).save(own)
    for request in (start, replace(start, direction="yx", example=1)):
        (found,) = climb(library, request)
        item = set_.lesson.medium.held(set_.examples[request.example].original(request.direction))
        for row, (value, variant) in zip(found.rows, found.ladder.rungs, strict=True):
            networks = Translator(checkpoints.load(variant.source.paths[0]))
            made = networks.translate(item, request.direction)
            assert row.title == f"λ {value:g}"
            assert row.made.translation.tobytes() == made.translation.tobytes()
            assert row.made.reconstruction.tobytes() == made.reconstruction.tobytes()
            assert row.made.cycle_error == made.cycle_error
            assert "rmse" in row.scores
        assert found.truth is not None
    (found,) = climb(library, replace(start, example=None, path=str(own)))
    assert found.original.size == (30, 22) and found.truth is None
    assert all(row.made.translation.size == (30, 22) and not row.scores for row in found.rows)
    assert climb(library, opening(title_of(library, "emoji"), library.sets[title])) == []


def test_all_rungs_lie_over_each_other_and_the_first_is_seen(library):
    title = title_of(library, "drawing")
    html = ladder_panels.draw(climb(library, opening(title, library.sets[title])))
    page = Page(html)
    alts = [a["alt"] for a in page.all("img")]
    assert alts == [
        "Input x",
        *("G(x), λ 0", "G(x), λ 0.1", "G(x), λ 10"),
        *("F(G(x)), λ 0", "F(G(x)), λ 0.1", "F(G(x)), λ 10"),
        "Truth y",
    ]
    assert [a["alt"] for a in page.all("img") if "hidden" not in a] == [
        *("Input x", "G(x), λ 0", "F(G(x)), λ 0", "Truth y"),
    ]
    assert len({a["src"] for a in page.all("img")}) == 8
    (slider,) = page.all("input")
    assert (slider["min"], slider["max"], slider["aria-valuetext"]) == ("0", "2", "λ 0")
    assert slider["aria-label"] == "λ, the weight of the cycle loss"
    assert "3 trainings that differ in the weight of the cycle loss alone: ResNet" in page.words
    assert "λ 0: cycle error 60.0, silhouette IoU 0.780" in page.words
    assert "early in training" not in page.words


def test_without_figures_there_are_pictures_and_nothing_is_claimed(tmp_path):
    write(tmp_path / "drawings" / "full", config(FULL, data="drawing"))
    examples(tmp_path / "drawings")
    ladder(tmp_path / "ladders" / "cycle")
    library = Library([tmp_path])
    title = title_of(library, "drawing")
    html = ladder_panels.draw(climb(library, opening(title, library.sets[title])))
    assert "λ, the weight" in html and "plane" not in html and "verdict" not in html


def test_pictures_early_in_training_are_those_that_all_rungs_kept(library):
    title = title_of(library, "drawing")
    folder = library.ladders_of(title)[0].set_.folder
    for value, colour in zip(LAMBDAS, ((200, 0, 0), (0, 200, 0), (0, 0, 200)), strict=True):
        for step in (100, 200):
            samples(folder / f"{value:g}", step, colour)
    samples(folder / "10", 400, (9, 9, 9))
    page = Page(ladder_panels.draw(climb(library, opening(title, library.sets[title]))))
    alts = [a["alt"] for a in page.all("img") if "after" in a["alt"]]
    assert alts == [f"G(x) after {n} steps, λ {v:g}" for n in (100, 200) for v in LAMBDAS]
    assert "nothing was measured at these steps" in page.words


# Where it is drawn


def test_a_plane_has_its_spots_where_their_values_are():
    spots = [Spot(0.0, 0.5, "seed", ((0.0, 20.0), (0.4, 0.6))), Spot(100.0, 1.0, "seed")]
    way = [(0.0, 0.5, "0"), (100.0, 1.0, "10")]
    found = plane("up", "across", spots, way, "all of it")
    # Seven hundredths of the spread beyond the values, but not below 0.
    right, low, high = 107.0, 0.4 - 0.042, 1.0 + 0.042
    down = [100 * (high - y) / (high - low) for y in (0.5, 1.0)]
    places = [tuple(map(float, point.split(","))) for point in found.way]
    assert places == [
        (0.0, pytest.approx(down[0], abs=0.01)),
        (pytest.approx(100 * 100 / right, abs=0.01), pytest.approx(down[1], abs=0.01)),
    ]
    assert [point for _, point, _ in found.spots] == found.way
    across, up = (re.split("[ ,]", ends) for ends in found.spots[0][2])
    assert float(across[2]) == pytest.approx(100 * 20 / right, abs=0.01) and across[1] == across[3]
    assert up[0] == up[2] == "0" and found.spots[1][2] == []
    assert [words for _, words in found.across] == ["0", "50", "100"]
    assert {words for *_, words in found.names} == {"0", "10"}


def test_names_keep_clear_of_each_other():
    way = [(0.0, 0.0, "a"), (50.0, 50.0, "b"), (51.0, 50.0, "c"), (100.0, 100.0, "d")]
    found = plane("", "", [Spot(x, y) for x, y, _ in way], way, "")
    sides = {name: side for _, _, side, name in found.names}
    assert sides["b"] != sides["c"] or {sides["b"], sides["c"]} <= {"above", "below"}
    assert all(side in ("right", "left", "above", "below") for side in sides.values())
    flat = plane("", "", [Spot(1.0, 2.0)], [(1.0, 2.0, "a"), (1.0, 2.0, "b")], "")
    assert len(flat.names) == 2, "even where all values are the same"


@pytest.mark.parametrize(
    ("better", "seeds", "times", "worst"),
    [
        ("low", (30.0, 90.0, 20.0), 3.0, 90.0),
        ("high", (0.8, 0.2, 0.9), 4.0, 0.2),
        ("low", (30.0, 90.0), 1.0, 90.0),
        ("near one", (1.0, 1.01, 1.2), 1.0, 1.2),
        ("low", (0.0, 0.0, 5.0), 1.0, 5.0),
    ],
)
def test_a_seed_that_stands_apart(better, seeds, times, worst):
    measure = Measure("key", "label", better=better)
    found, values = trend.Trend(measure, [dict(enumerate(seeds))], None).odd(0)
    assert found == pytest.approx(times) and values[-1] == worst
    assert sorted(values) == sorted(seeds)
