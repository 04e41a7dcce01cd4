"""The laboratory as read and as markup: what is missing is left out, the best is marked."""

import json
import math
from dataclasses import replace

import labs
import pytest
import variants
from labs import FIGURES, STEPS
from test_panels import HOSTILE, Page, flat
from tiny import config, noise

from cyclegan import methods
from cyclegan.labs.ablation.variants import known
from cyclegan.page import curves, film, lab, lab_panels, lab_tables, prediction
from cyclegan.page.lab import LabError
from cyclegan.page.lab_panels import Cell
from cyclegan.page.library import Library
from cyclegan.store import checkpoints
from cyclegan.training.runs import LOG, read_log

FIVE = ["cycle", "gan", "gan-forward", "gan-backward", "cyclegan"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return labs.write(tmp_path_factory.mktemp("labs") / "lab", labs.report())


@pytest.fixture(scope="module")
def report(folder):
    return lab.read(folder)


def best(report, key):
    return report.best("G", report.lesson.measure(key))


def read(tmp_path, values):
    return lab.read(labs.write(tmp_path / "lab", values, frames=False))


# Reading


def test_a_report_is_read(report):
    assert [row.name for row in report.rows] == list(FIGURES)
    assert (report.steps, report.seeds, report.frame_rows) == (300, 2, 3)
    assert report.measured_on == "297 held-out pairs, as good as 20 independent ones"
    assert report.row("gan").means("G")["cycle_error"] == 46.0
    assert "sea_iou" not in report.row("gan").means("F")
    assert [row.name for row in report.rows if row.paired] == ["pix2pix"]
    assert report.reference.name == "cyclegan"


def test_the_bundled_report_is_read_as_it_is():
    """It is older than methods: true pairs are a weight."""
    found = lab.read(checkpoints.BUNDLED / "satellite2map-ablation")
    assert len(found.rows) == 16 and found.measured_on.startswith("297 held-out pairs, as")
    assert [row.name for row in found.rows if row.paired] == ["pix2pix"]
    assert [m.key for m in found.measures("G")] == [
        *("rmse", "accuracy_16", "ssim", "sea_iou", "cycle_error", "identity_error", "diversity")
    ]
    assert ("paired term of G", "paired_G") in curves.choices(found)
    page = Page(film.draw(found, found.row("gan"), found.row("pix2pix")))
    assert len(page.all("img")) == 1 + 2 * 20


def test_groups_are_those_that_have_rows(report):
    groups = report.groups()
    assert list(groups) == ["the paper's five", "the same with identity", "others"]
    assert groups["the paper's five"] == report.opening() == FIVE
    assert report.opening_groups() == ["the paper's five"]


def test_a_single_row_is_shown_beside_the_next_group(tmp_path):
    """The reference of a laboratory of other networks and settings is in a group of its own."""
    values = labs.report(("cyclegan-identity",))
    for name in ("unet", "no-history"):
        own = known()[name]
        row = {**labs.entry("cyclegan-identity"), "name": name, "title": own.title}
        values["variants"].append({**row, "settings": {"history": "none"}})
    found = read(tmp_path, values)
    titles = ["the same with identity", "other networks and settings"]
    assert list(found.groups()) == titles == found.opening_groups()
    assert found.opening() == ["cyclegan-identity", "unet", "no-history"]
    assert found.reference.name == "cyclegan-identity"


def test_without_the_papers_rows_the_group_with_most_to_compare_is_shown():
    """Two groups have five rows each; of one of them networks are here."""
    folder = checkpoints.BUNDLED / "drawing-ablation"
    (found,) = lab.find(Library([folder])).values()
    settings = lab.read(folder, found.weights)
    assert settings.opening_groups() == ["the same with identity", "other networks and settings"]
    assert len(settings.opening()) == 7 and found.weights.keys() <= set(settings.opening())
    assert lab.read(folder, ["quality-cycle"]).opening_groups()[1:] == ["better cycles"]


def test_the_best_of_a_column_respects_where_good_lies(report):
    assert best(report, "sea_iou") == "cyclegan-identity", "pairs do not compete"
    assert best(report, "rmse") == "cyclegan-identity"
    assert best(report, "cycle_error") == "cycle"
    assert best(report, "diversity") == "cyclegan", "nearest to 1, not the largest"
    assert best(report, "ssim") is None


def test_without_a_clear_difference_from_every_other_row_there_is_no_best(tmp_path):
    values = labs.report(("gan", "cyclegan", "cyclegan-identity"))
    for pair in values["comparisons"]:
        if {pair["a"], pair["b"]} == {"cyclegan", "cyclegan-identity"}:
            pair["G"]["rmse"] = [1.0, -0.2, 2.2]
    found = read(tmp_path, values)
    assert best(found, "rmse") is None and best(found, "sea_iou") == "cyclegan-identity"
    del values["comparisons"]
    assert best(read(tmp_path / "older", values), "sea_iou") is None, "nobody compared them"


def test_what_should_be_a_count_or_a_setting_and_is_none_is_left_out(tmp_path):
    values = labs.report(("gan", "cyclegan"))
    values["variants"][0].update(parameters={"G": {"G": "many", "D_Y": 5}, "F": 7}, settings=[1])
    values["variants"][1].update(parameters={"G": {"G": 3, "D_Y": 6}}, settings={"history": 2})
    found = read(tmp_path, values)
    assert [dict(row.sizes("G")) for row in found.rows] == [{"D_Y": 5}, {"G": 3, "D_Y": 6}]
    assert [row.settings for row in found.rows] == [{}, {}] and not found.rows[0].sizes("F")
    words = Page(lab_tables.tables(found, "xy")).words
    assert "parameters: 5 in D_Y" in words and "in G" not in words, "one count is no difference"


def test_what_is_missing_is_left_out(tmp_path):
    values = {"variants": [{"name": "gan"}, {"name": "../up"}, {"title": "nameless"}, 7]}
    found = read(tmp_path, values)
    assert [row.name for row in found.rows] == ["gan"]
    assert (found.measured_on, found.seeds, found.data) == ("", 0, "")
    assert found.measures("G") == [] and curves.choices(found) == []
    assert curves.of_report(found, "gan_G", ["gan"]).empty
    for html in (
        lab_panels.introduction(found),
        lab_tables.tables(found, "xy"),
        lab_panels.paper(found),
        film.draw(found, *found.rows * 2),
        prediction.verdict(found, ["gan"], "gan", "fine"),
    ):
        Page(html)
    assert prediction.Judge(found, ["gan"]).choices == []


def test_numbers_that_are_none_are_left_out(tmp_path):
    values = labs.report(("cycle", "gan"))
    values["variants"][0]["figures"]["G"]["rmse"] = {"mean": math.nan, "spread": None}
    values["variants"][1]["figures"]["G"]["rmse"]["spread"] = None
    values["variants"][0]["curves"]["terms"]["gan_G"] = [0.5, None, "x"]
    found = read(tmp_path, values)
    assert "rmse" not in found.row("cycle").means("G")
    assert found.row("gan").figures["G"]["sea_iou"].interval == (0.275, 0.55)
    assert lab_tables.tables(found, "xy").count("±") == 2 * 4 - 2 + 1, "and once in the legend"
    assert curves.of_report(found, "gan_G", ["cycle"])["step"].tolist() == [100]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"variants": {}}', '{"variants": [1]}', "{"])
def test_a_damaged_report_is_refused_with_a_sentence(tmp_path, text):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.json").write_text(text)
    with pytest.raises(LabError, match=r"report\.json"):
        lab.read(tmp_path)


def test_laboratories_are_found_as_sets_and_as_folders_of_seeds(tmp_path):
    labs.write_all(tmp_path / "bundled" / "lab")
    own = tmp_path / "runs" / "own"
    for name in ("gan", "cyclegan"):
        for seed in (0, 1):
            c = config(known()[name].objective, data="satellite2map", seed=seed)
            variants.write(own / name / f"seed-{seed}", c)
    labs.write(own, labs.report(("gan", "cyclegan")), frames=False)
    variants.write(tmp_path / "runs" / "plain" / "gan")
    library = Library([tmp_path / "bundled", tmp_path / "runs"])
    found = lab.find(library)
    assert list(found) == ["bundled/lab", "runs/own"]
    assert set(found["bundled/lab"].weights) == set(FIGURES)
    assert {n: v.config.training.seed for n, v in found["runs/own"].weights.items()} == {
        "gan": 0,
        "cyclegan": 0,
    }
    assert found["bundled/lab"].examples == "bundled/lab"
    assert found["runs/own"].examples == "own/cyclegan", "its lesson's"
    assert [direction for _, direction in found["runs/own"].directions] == ["xy", "yx"]


# Markup


def test_the_introduction_tells_no_result(report):
    words = Page(lab_panels.introduction(report)).words
    for said in ("7 objectives", "2 seeds", "300 steps", "297"):
        assert said in words
    assert not any(str(value) in words for values in FIGURES.values() for value in values)


def parts(report, direction="xy"):
    """The calm table and what is behind the click."""
    calm, everything = lab_tables.tables(report, direction).split("<details")
    return Page(f"{calm}</div>"), Page(f"<div><details{everything}")


def test_the_table_of_everything_can_be_sorted_and_explains_itself(report):
    _, page = parts(report)
    heads = page.all("th")[:5]
    assert [h["aria-sort"] for h in heads] == ["ascending"] + ["none"] * 4
    assert [h["data-first"] for h in heads] == [
        *("ascending", "ascending", "descending", "ascending", "descending")
    ]
    assert all(h["title"] for h in heads) and page.tags["button"] == 5
    assert page.tags["dt"] == page.tags["dd"] == 4 + 1, "and what pix2pix leaves out"
    cells = page.all("td")
    assert len(cells) == 4 * len(FIGURES)
    sea, rmse, *others = FIGURES["cycle"]
    assert [float(c["data-value"]) for c in cells[:4]] == [rmse, sea, *others]
    best = [i for i, c in enumerate(cells) if c.get("class") == "best"]
    # One a column at the most: RMSE and sea IoU of the sixth row, cycle error of the first, ….
    assert best == [2, 4 * 4 + 3, 4 * 5, 4 * 5 + 1]
    assert page.of_class("paired") == ["tr"] and "upper bound" in page.words
    assert "0.300 ± 0.006 0.150–0.300" in page.words and "80.0 ± 1.6 40.0–80.0" in page.words


def test_the_table_begins_with_the_papers_rows_and_the_lessons_figures(report):
    page, _ = parts(report)
    heads, sea = page.all("th")[:4], [FIGURES[name][0] for name in FIVE]
    assert [h["aria-sort"] for h in heads] == ["ascending"] + ["none"] * 3
    assert "objective sea IoU ↑ cycle error ↓ diversity → 1" in page.words
    cells = [td for td in page.all("td") if "data-value" in td]
    assert [float(c["data-value"]) for c in cells[::3]] == sea and len(cells) == 3 * 5
    best = [i for i, c in enumerate(cells) if c.get("class") == "best"]
    assert best == [1, 4 * 3, 4 * 3 + 2], "of the rows that are shown"
    assert "+ identity" not in page.words and "not run here" not in page.words


def test_bars_lie_on_a_scale_that_is_the_columns(tmp_path):
    """From 0.1 to 0.9: a mean of 0.5 is in the middle, x itself at a quarter of the way."""
    values = labs.report(("gan", "cyclegan"))
    values["unchanged"] = {"G": {"sea_iou": 0.3}}
    for one, mean, ends in zip(values["variants"], (0.5, 0.8), ([0.1, 0.7], None), strict=True):
        found = {"mean": mean, "values": [mean - 0.1, mean + 0.1], "interval": ends}
        one["figures"] = {"G": {"sea_iou": found}}
    page, _ = parts(read(tmp_path, values))
    marks = [a["style"] for a in page.all("i")]
    assert marks == [
        *("left: 25.0%", "left: 0.0%; right: 25.0%", "left: 37.5%", "left: 62.5%", "left: 50.0%"),
        *("left: 25.0%", "left: 75.0%", "left: 100.0%", "left: 87.5%", "left: 25.0%"),
    ]
    assert "scale 0.100 0.900" in page.words
    assert {a["aria-label"] for a in page.all("span") if "role" in a} == {
        *("interval 0.100–0.700", "no interval")
    }


def test_rows_of_the_paper_that_are_not_here_are_named(tmp_path):
    page, everything = parts(read(tmp_path, labs.report(("gan", "cyclegan", "cyclegan-identity"))))
    for title in ("Cycle alone", "GAN + forward cycle", "GAN + backward cycle"):
        assert f"{title} not run here" in page.words
    assert page.of_class("missing") == ["tr"] * 3 and "not run here" not in everything.words
    own = read(tmp_path / "own", labs.report(("cyclegan-identity", "pix2pix")))
    assert "not run here" not in parts(own)[0].words, "a laboratory of other rows"


def test_the_table_of_F_speaks_of_F(report):
    page = Page(lab_tables.tables(report, "yx"))
    assert "sea IoU" not in page.words and "|G(F(y)) − y|" in page.words
    calm, _ = parts(report, "yx")
    assert len([h for h in calm.all("th") if "aria-sort" in h]) == 4, "RMSE in the place of sea IoU"


def test_the_papers_own_table_is_named(report):
    page = Page(lab_panels.paper(report))
    assert page.tags["table"] == 2 and "1703.10593" in page.words and "0.58" in page.words
    assert "GAN + backward cycle" in page.words


def cell(report, name, sea=0.5, rmse=50.0, error=5.0, direction="xy"):
    views = methods.find("cyclegan").views(config(), direction)[1:3]
    pictures = {"made": flat((200, 200, 200)), "back": flat((7, 7, 7))}
    figures = {"cycle_error": error, "rmse": rmse, "sea_iou": sea}
    return Cell(report.row(name), views, pictures, figures)


def test_the_grid_shows_every_objective_and_marks_none(report):
    """One picture does not tell which is best."""
    cells = [
        cell(report, "gan", rmse=100.0, error=30.0),
        cell(report, "cyclegan", rmse=10.04, error=20.0),
        cell(report, "pix2pix", rmse=0.0, error=10.0),
    ]
    x, truth = flat((9, 9, 9)), flat((100, 100, 100))
    html = lab_panels.grid(cells, x, truth, "xy", report)
    page = Page(html)
    assert [a["data-variant"] for a in page.all("section") if "data-variant" in a] == [
        *("gan", "cyclegan", "pix2pix")
    ]
    assert page.tags["img"] == 2 + 2 * 3 and all(a["alt"] for a in page.all("img"))
    assert "RMSE 10.0" in html and "cycle error 20.0" in html and page.tags["b"] == 0
    assert "G(x) sea IoU 0.500 · RMSE 100.0" in page.words, "the lesson's own comes first"
    back = [cell(report, "gan", direction="yx")]
    words = Page(lab_panels.grid(back, x, truth, "yx", report)).words
    assert "G(F(y)) cycle error 5.0" in words and "x the truth" in words and "<b>" not in words


def test_a_method_without_a_way_back_has_no_second_picture(report):
    one = cell(report, "gan")
    alone = replace(one, views=one.views[:1], figures={"rmse": 50.0})
    page = Page(lab_panels.grid([alone], noise(8, 8), noise(8, 8), "xy", report))
    assert page.tags["img"] == 2 + 1 and "F(G(x))" not in page.words


def test_the_film_holds_all_frames_as_they_are(folder, report):
    html = film.draw(report, report.row("gan"), report.row("cyclegan"))
    page = Page(html)
    pictures = page.all("img")
    assert len(pictures) == 1 + 2 * len(STEPS)
    assert sum("hidden" not in a for a in pictures) == 3
    (slider,) = page.all("input")
    assert slider["data-steps"] == "100 200 300" and slider["max"] == slider["value"] == "2"
    frame = folder / "report" / "frames" / "gan" / "000100.webp"
    assert film._url(frame) in html
    assert "sea IoU 0.550 · cycle error 46.0" in page.words and "0.850" in page.words


def test_words_of_a_report_are_only_words(tmp_path):
    values = labs.report(("gan", "cyclegan"))
    values["data"] = HOSTILE
    for one in values["variants"]:
        one.update(title=HOSTILE, terms=HOSTILE, source=HOSTILE, settings={HOSTILE: HOSTILE})
        one.update(parameters={"G": {HOSTILE: len(one["name"])}})
    values["paper"] = {
        "source": HOSTILE,
        "data": HOSTILE,
        "figures": [HOSTILE],
        "tables": [{"table": HOSTILE, "direction": HOSTILE, "rows": {HOSTILE: [HOSTILE]}}],
    }
    found = lab.read(labs.write(tmp_path / "lab", values))
    cells = [cell(found, row.name) for row in found.rows]
    for html in (
        lab_panels.introduction(found),
        lab_tables.tables(found, "xy"),
        lab_panels.paper(found),
        lab_panels.grid(cells, noise(8, 8), flat((1, 1, 1)), "xy", found),
        film.draw(found, *found.rows),
        prediction.verdict(found, ["gan", "cyclegan"], "gan", "alike"),
    ):
        page = Page(html)
        assert "script" not in page.tags
        assert not any("onload" in attributes for _, attributes in page.attributes)


# Prediction


def told(report, names, key):
    """Of each row: in which seeds a choice holds."""
    judge = prediction.Judge(report, names)
    trouble = next((t for t in judge.troubles if t.key == key), None)
    found = [judge.finding(trouble, row) if trouble else judge.fine(row) for row in judge.rows]
    return {one.row.name: one.seeds for one in found}


def measured(tmp_path, apart=50.0, unchanged=None, **seeds):
    """A report without pictures in which rows have these figures of G, seed by seed."""
    values = labs.report(tuple(seeds))
    values |= {"apart": {"G": apart}, "unchanged": {"G": unchanged or {}}}
    for one in values["variants"]:
        figures, one["figures"] = seeds[one["name"]], {"G": {}}
        one["seeds"] = list(range(len(next(iter(figures.values())))))
        for key, listed in figures.items():
            one["figures"]["G"][key] = {"mean": sum(listed) / len(listed), "values": listed}
    return read(tmp_path, values)


def test_every_choice_is_right_of_some_row_and_wrong_of_another(report):
    """None is the measure of the others: half of 50 is the limit of the way back for all."""
    both, none = (True, True), (False, False)
    of = {key: told(report, list(FIGURES), key) for key in ("alike", "elsewhere", "wrong", "fine")}
    assert [name for name, seeds in of["alike"].items() if seeds == both] == ["gan"]
    assert [n for n, seeds in of["elsewhere"].items() if seeds == both] == ["gan", "gan-backward"]
    assert [name for name, seeds in of["wrong"].items() if seeds == both] == ["cycle"]
    assert of["fine"]["cyclegan"] == of["fine"]["gan-forward"] == both
    assert of["fine"]["gan"] == of["wrong"]["gan"] == none


def test_the_reference_is_judged_like_every_other(tmp_path):
    """A CycleGAN that loses x is told so, whoever stands beside it."""
    bad = {"diversity": [0.9], "cycle_error": [30.0], "sea_iou": [0.9]}
    good = {**bad, "cycle_error": [10.0]}
    found = measured(tmp_path, cyclegan=bad, gan=good)
    assert told(found, ["cyclegan", "gan"], "elsewhere") == {"cyclegan": (True,), "gan": (False,)}
    words = Page(prediction.verdict(found, ["cyclegan", "gan"], "cyclegan", "elsewhere")).words
    assert "Right." in words
    assert "cycle error above 25.0, half the distance between two different inputs" in words
    assert "Measured: cycle error 30.0." in words
    words = Page(prediction.verdict(found, ["cyclegan", "gan"], "gan", "elsewhere")).words
    assert "Not so." in words and "GAN alone it does not fail" in words


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ([30.0, 31.0, 32.0], "Right, in all 3 seeds."),
        ([30.0, 31.0, 12.0], "Partly right, in 2 of 3 seeds."),
        ([10.0, 11.0, 12.0], "Not so, in none of 3 seeds."),
    ],
)
def test_seeds_are_judged_one_by_one(tmp_path, errors, said):
    """Though the mean of the second is above the limit too."""
    found = measured(tmp_path, gan={"cycle_error": errors, "diversity": [0.9] * 3})
    words = Page(prediction.verdict(found, ["gan"], "gan", "elsewhere")).words
    assert said in words and "seed by seed: cycle error {:.1f}, {:.1f} and".format(*errors) in words
    opposite = {"Right": "Not so, in none", "Partly": "Partly right, in 1", "Not": "Right, in all"}
    words = Page(prediction.verdict(found, ["gan"], "gan", "fine")).words
    assert opposite[said.replace(",", " ").split()[0]] in words


def test_only_what_could_be_told_is_offered(tmp_path):
    """Of outputs that look alike there is a choice wherever diversity was measured."""
    keys = lambda found: [key for _, key in prediction.Judge(found, ["gan"]).choices]  # noqa: E731
    varied = {"diversity": [0.9]}
    assert keys(measured(tmp_path / "1", gan=varied)) == ["alike", "fine"]
    lost = {"cycle_error": [30.0]}
    assert keys(measured(tmp_path / "2", gan=lost)) == ["elsewhere", "fine"]
    assert keys(measured(tmp_path / "3", apart=None, gan=lost)) == [], "held against nothing"
    assert keys(measured(tmp_path / "4", gan={"ssim": [0.5]})) == []


def test_what_is_further_from_the_truth_than_x_itself_is_wrong(tmp_path):
    """By the figures of x, handed over as its own translation, as any lesson has it."""
    rows = {"gan": {"cycle_error": [9.0], "rmse": [41.0]}, "cyclegan": {"cycle_error": [9.0]}}
    rows["cyclegan"]["rmse"] = [39.0]
    found = replace(measured(tmp_path, unchanged={"rmse": 40.0}, **rows), data="elsewhere")
    assert told(found, list(rows), "wrong") == {"gan": (True,), "cyclegan": (False,)}
    words = Page(prediction.verdict(found, list(rows), "gan", "wrong")).words
    assert "RMSE above 40.0, that of x handed over as its own translation" in words


def test_a_copy_is_told_by_the_pictures(tmp_path):
    """Those of the first seed, as there are no others."""
    folder = labs.write(tmp_path / "lab", labs.report())
    labs.copied(folder, "cycle")
    found = lab.read(folder)
    assert prediction.moved(found, found.row("cycle")) < 0.1
    assert prediction.moved(found, found.row("gan")) > 0.5
    assert told(found, ["cycle", "gan"], "copy") == {"cycle": (True,), "gan": (False,)}
    words = Page(prediction.verdict(found, ["cycle", "gan"], "cycle", "copy")).words
    assert "Right, in the first seed, of which pictures are kept." in words


def test_the_bundled_laboratory_has_an_answer_to_each_choice():
    """Of the paper's five, by the figures of each seed that stand in its report."""
    found = lab.read(checkpoints.BUNDLED / "satellite2map-ablation")
    judge = prediction.Judge(found, FIVE)
    assert [key for _, key in judge.choices] == ["alike", "copy", "elsewhere", "wrong", "fine"]
    lost = told(found, FIVE, "elsewhere")
    assert [name for name, seeds in lost.items() if all(seeds)] == ["gan", "gan-backward"]
    assert told(found, FIVE, "wrong")["cycle"] == (True, False, True), "0.46, 0.69 and 0.45"
    assert told(found, FIVE, "fine")["cyclegan"] == (True, True, True)


# Curves and runs


def test_curves_are_figures_first(report):
    values = [value for _, value in curves.choices(report)]
    assert values == ["sea_iou", "cycle_error", "diversity", "rmse", "gan_G", "D_X"]
    frame = curves.of_report(report, "sea_iou", ["gan", "cyclegan"])
    assert len(frame) == 6 and set(frame["objective"]) == {"GAN alone", "CycleGAN"}
    colours = curves.colours(report)
    assert len(set(colours.values())) == len(FIGURES)
    assert curves.colours(report) == colours
    page = Page(curves.key(report, ["cyclegan", "gan"]))
    assert page.words == "GAN alone CycleGAN" and curves.key(report, []) == ""
    assert [li["style"] for li in page.all("li")] == [
        f"--line: {colours[title]}" for title in ("GAN alone", "CycleGAN")
    ]


def write_run(folder, steps=3, cut=True):
    folder.mkdir(parents=True)
    lines = [
        {
            "step": 100 * (i + 1),
            "seconds_per_step": 0.25,
            "terms": {"gan_G": 1.0 - i / 10, "D_X": 0.5, "D_X_real": 0.2, "D_X_accuracy": 0.8},
            **({"figures": {"sea_iou": 0.5 + i / 10}} if i else {}),
        }
        for i in range(steps)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / LOG).write_text(text + ('{"step": 40' if cut else ""))
    (folder / "config.json").write_text('{"training": {"steps": 1000}}')
    return folder


def test_a_log_that_is_cut_short_is_read_up_to_there(tmp_path):
    log = read_log(write_run(tmp_path / "run"))
    assert [line["step"] for line in log] == [100, 200, 300]
    (tmp_path / "run" / LOG).write_bytes(b'{"step": 1}\n[2]\n\xff\xfe\n\n{"step": 3}')
    assert [line["step"] for line in read_log(tmp_path / "run")] == [1, 3]
    assert read_log(tmp_path) == []


def test_runs_are_found_some_levels_down(tmp_path):
    write_run(tmp_path / "runs" / "horses" / "gan")
    write_run(tmp_path / "runs" / "lab" / "gan" / "seed-0")
    write_run(tmp_path / "runs" / "1" / "2" / "3" / "4" / "5")
    found = curves.find_runs([tmp_path / "runs", tmp_path / "nowhere"])
    assert set(found) == {"runs/horses/gan", "runs/lab/gan/seed-0"}


def test_a_run_under_way_says_how_far_it_is(tmp_path):
    folder = write_run(tmp_path / "run")
    log, origin = read_log(folder), curves.Origin.read(folder)
    words = Page(curves.summary(log, origin)).words
    for said in ("step 300 of 1,000", "0.25 s a step", "about 3 min to go", "sea IoU 0.700"):
        assert said in words
    assert [v for _, v in curves.run_choices(log, origin)] == [
        *("all terms", "discriminators", "sea_iou", "gan_G", "D_X", "D_X_real", "D_X_accuracy")
    ]
    assert set(curves.of_run(log, curves.ALL_TERMS, origin)["term"]) == {
        *("GAN term of G", "loss of D_X")
    }
    opinions = curves.of_run(log, curves.JUDGES, origin)
    assert set(opinions["term"]) == {"D_X on real pictures", "accuracy of D_X"}
    assert curves.of_run(log, "sea_iou", origin)["value"].tolist() == [0.6, 0.7]
    back = [line | {"figures_F": {"sea_iou": 0.1 * i}} for i, line in enumerate(log)]
    assert ("sea IoU of F", "F: sea_iou") in curves.run_choices(back, origin)
    assert curves.of_run(back, "F: sea_iou", origin)["value"].tolist() == [0.0, 0.1, 0.2]
    assert curves.of_run(back, "sea_iou", origin)["value"].tolist() == [0.6, 0.7]
    assert "has won" not in words
    sure = [line | {"terms": {"D_X_accuracy": 1.0}} for line in log]
    assert "Step 300: D_X has won" in Page(curves.summary(sure, origin)).words
    (folder / "config.json").unlink()
    origin = curves.Origin.read(folder)
    assert "step 300 ·" in Page(curves.summary(log, origin)).words
    assert "nothing yet" in curves.summary([], origin)


def test_what_a_picture_scores_unchanged_stands_below_and_does_not_compete(tmp_path):
    values = labs.report()
    values["unchanged"] = {"G": {"rmse": 1.5, "sea_iou": "none"}}
    found = read(tmp_path, values)
    calm, page = parts(found)
    assert "itself, unchanged" in page.words and "1.5" in page.words and "–" in page.words
    assert "itself" not in calm.words, "RMSE is none of its figures"
    assert best(found, "rmse") == "cyclegan-identity"
    assert "unchanged" not in Page(lab_tables.tables(found, "yx")).words


def test_a_row_of_fewer_seeds_does_not_compete(tmp_path):
    values = labs.report()
    next(v for v in values["variants"] if v["name"] == "cyclegan-identity")["seeds"] = [0]
    assert best(read(tmp_path, values), "sea_iou") == "cyclegan"
