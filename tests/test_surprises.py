"""What goes against the rule in a table is found by its figures, and explained."""

from dataclasses import replace

import labs
import pytest
import variants
from test_panels import Page
from tiny import config

from cyclegan import lessons
from cyclegan.core.evidence import Difference
from cyclegan.inference.comparisons import Comparisons
from cyclegan.methods.cyclegan import Objective
from cyclegan.page import lab, lab_tables, surprises, trained
from cyclegan.page.library import Library
from cyclegan.page.surprises import Subject, Trained
from cyclegan.store import checkpoints

FULL = Objective(identity=0.0)
UNJUDGED = replace(FULL, gan=0.0)
MEASURES = [lessons.find("satellite2map").measure(k) for k in ("rmse", "sea_iou", "diversity")]


def subject(name, objective, **figures):
    """Figures are values, or values with their intervals."""
    found = {k: v if isinstance(v, tuple) else (v, None) for k, v in figures.items()}
    return Subject(name, name.upper(), objective, found)


def compared(a, b, **found):
    """Differences of a from b: below 0 the first is the better one."""
    return Comparisons({(a, b): {"G": {k: Difference(*ends) for k, ends in found.items()}}})


def tell(subjects, comparisons=None, itself=None, main=None):
    comparisons = comparisons or Comparisons({})
    return surprises.tell(subjects, MEASURES, comparisons, itself or {}, "xy", main)


BETTER, ALIKE, WORSE = (-3.0, -4.0, -2.0), (0.1, -1.0, 1.2), (3.0, 2.0, 4.0)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"rmse": BETTER}, "CYCLE is better than FULL in RMSE."),
        (
            {"rmse": BETTER, "sea_iou": ALIKE, "diversity": WORSE},
            "CYCLE is better than FULL in RMSE and not told apart from FULL in sea IoU.",
        ),
        (
            {"rmse": WORSE, "sea_iou": ALIKE, "diversity": ALIKE},
            "CYCLE is not told apart from FULL in sea IoU and diversity.",
        ),
        ({"rmse": WORSE, "sea_iou": ALIKE}, None),
        ({"rmse": WORSE}, None),
        ({}, None),
    ],
)
def test_a_row_without_a_discriminator_that_is_no_worse(found, said):
    rows = [subject("cycle", UNJUDGED, diversity=0.8), subject("full", FULL, diversity=0.9)]
    told = tell(rows, compared("cycle", "full", **found))
    assert [one.seen for one in told] == [said] * bool(said)
    if said:
        assert "diversity of CYCLE (0.800) and FULL (0.900)" in told[0].why


def test_it_is_held_against_the_row_that_has_a_discriminator_beside_its_terms():
    """Identity beside it, and so identity there too; never a row that lacks one of its terms."""
    own = subject("own", replace(UNJUDGED, identity=5.0))
    with_it, without = subject("with", replace(FULL, identity=5.0)), subject("without", FULL)
    found = {("own", name): {"G": {"rmse": Difference(*BETTER)}} for name in ("with", "without")}
    (told,) = tell([own, without, with_it], Comparisons(found))
    assert "better than WITH in" in told.seen and "WITHOUT" not in told.seen
    assert tell([own, without], Comparisons(found)) == []
    unlike = replace(with_it, settings={"history": "none"})
    assert tell([own, unlike], Comparisons(found)) == [], "it differs in more"
    assert tell([subject("gan", None), with_it], Comparisons(found)) == [], "nobody knows"


def test_every_variant_with_a_discriminator_is_judged():
    assert surprises.is_judged(FULL, "xy") and surprises.is_judged(FULL, "yx")
    assert not surprises.is_judged(UNJUDGED, "xy")


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        (
            {"sea_iou": (0.80, (0.75, 0.85))},
            "In sea IoU (0.890) it is better than every row, A (0.800)",
        ),
        (
            {"sea_iou": (0.88, (0.84, 0.91))},
            "In sea IoU (0.890) it is not told apart from every row",
        ),
        ({"sea_iou": (0.95, (0.92, 0.97))}, None),
        ({"sea_iou": 0.80}, "In sea IoU (0.890) it is better than every row"),
        ({"rmse": (50.0, (48.0, 52.0))}, None),
        ({"rmse": (150.0, (148.0, 152.0))}, "In RMSE (108.0) it is better than every row"),
        ({"diversity": (0.9, (0.7, 1.2))}, None),
        ({"diversity": (0.2, (0.1, 0.3))}, "In diversity (0.660) it is better than every row"),
        ({"diversity": (1.2, (0.6, 2.0))}, "In diversity (0.660) it is not told apart from"),
    ],
)
def test_the_input_itself_against_what_networks_make(figures, said):
    """Beyond the row's interval, whichever way is better; an interval around 1 holds the best."""
    itself = {"sea_iou": 0.89, "rmse": 108.0, "diversity": 0.66}
    told = tell([subject("a", FULL, **figures)], itself=itself, main="a")
    assert len(told) == bool(said)
    if said:
        assert said in told[0].seen and "One figure is never enough." in told[0].why


def test_of_what_is_no_better_than_the_input_the_main_row_counts():
    """That a variant which lacks something is no better surprises nobody."""
    poor = subject("poor", None, sea_iou=(0.85, (0.80, 0.92)))
    good = subject("good", FULL, sea_iou=(0.95, (0.92, 0.97)))
    assert tell([good, poor], itself={"sea_iou": 0.89}, main="good") == []
    (told,) = tell([good, poor], itself={"sea_iou": 0.89}, main="poor")
    assert told.seen == "In sea IoU (0.890) it is not told apart from POOR (0.850)."


def test_what_a_figure_asks_is_its_own_sentence():
    row = subject("a", FULL, sea_iou=0.5, rmse=50.0)
    (told,) = tell([row], itself={"sea_iou": 0.89, "rmse": 108.0})
    assert f"sea IoU: {MEASURES[1].reads} In RMSE every row is better than x." in told.why
    (told,) = surprises.tell([row], MEASURES[:1], Comparisons({}), {"rmse": 40.0}, "yx")
    assert told.point.startswith("y itself, handed over"), "of F it is y"


def test_where_two_tabs_differ_their_trainings_are_named():
    here = Trained("large", "ResNet, 6 blocks", 10_000, 1, [subject("a", FULL, rmse=(9, (8, 10)))])
    other = [subject("b", FULL, rmse=(20.0, (18.0, 22.0)))]
    there = Trained("small", "ResNet, 4 blocks", 2_000, 3, other)
    told = surprises.elsewhere(here, there, "Ablation", MEASURES)
    assert (
        "The tab Ablation says otherwise" in told.point and "A, RMSE: 9.0 here, 20.0" in told.seen
    )
    assert "Here: ResNet, 6 blocks; 10,000 steps; one seed." in told.why
    assert "under small: ResNet, 4 blocks; 2,000 steps; 3 seeds." in told.why
    near = replace(there, subjects=[subject("b", FULL, rmse=(10.5, (9.5, 11.5)))])
    assert surprises.elsewhere(here, near, "Ablation", MEASURES) is None, "the intervals meet"
    unlike = replace(there, subjects=[replace(other[0], objective=UNJUDGED)])
    assert surprises.elsewhere(here, unlike, "Ablation", MEASURES) is None


def test_one_example_may_go_against_the_many():
    main, rival = subject("full", FULL, rmse=60.0), subject("gan", None, rmse=50.0)
    over_all = subject("full", FULL, rmse=54.0), subject("gan", None, rmse=68.0)
    measures, rule = MEASURES[:1], compared("full", "gan", rmse=BETTER)
    told = surprises.on_one(main, rival, over_all, measures, rule, "G")
    assert told.seen == "GAN is better than FULL: RMSE 50.0 against 60.0."
    assert "the other way round, RMSE 68.0 against 54.0" in told.why
    assert surprises.on_one(rival, main, over_all, measures, rule, "G") is None
    unclear = compared("full", "gan", rmse=ALIKE)
    assert surprises.on_one(main, rival, over_all, measures, unclear, "G") is None, "no rule"


def test_the_bundled_laboratory_explains_what_it_shows():
    """Cycle alone + identity, and x itself in sea IoU, as its report has them."""
    library = Library([checkpoints.BUNDLED])
    title = "satellite2map-ablation"
    found = lab.read(checkpoints.BUNDLED / title)
    words = Page(lab_tables.tables(found, "xy", trained.beside(library, title, "xy"))).words
    assert "Cycle alone + identity is better than CycleGAN + identity in cycle error" in words
    assert "In sea IoU (0.890) it is better than every row, CycleGAN (0.790) among them" in words
    assert "The tab Translate says otherwise" in words and "2,000 steps; 3 seeds" in words
    here, there, tab = trained.beside(library, "satellite2map", "xy")
    assert (here.title, there.title, tab) == ("satellite2map", title, "Ablation")
    here, there, tab = trained.beside(library, "drawing", "xy")
    assert (here.title, there.title, tab) == ("drawing", "drawing-ablation", "Ablation")
    assert trained.beside(library, "emoji", "xy") is None, "it has no laboratory"


def test_sets_of_other_data_are_not_beside_each_other(tmp_path):
    labs.write(tmp_path / "lab", labs.report(("gan", "cyclegan")))
    for place, data in (("lab/gan", "satellite2map"), ("own/gan", "emoji")):
        variants.write(tmp_path / place, config(FULL, data=data))
    library = Library([tmp_path / "lab", tmp_path / "own"])
    assert [trained.beside(library, title, "xy") for title in library.offered] == [None, None]
