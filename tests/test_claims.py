"""What README, cards and docs say in figures is what lies in the files."""

import json
import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
import torch

from cyclegan import lessons
from cyclegan.core.figures import Figure
from cyclegan.inference import comparisons, evaluation
from cyclegan.inference.comparisons import Comparisons
from cyclegan.labs.ablation import text
from cyclegan.lessons.digits import judge
from cyclegan.page import ladders, trend
from cyclegan.store import checkpoints

ROOT = Path(__file__).parents[1]
SETS = ("drawing", "emoji", "satellite2map")
PAIRS = {"turned": 1}
"""Of each card, how many pairs of variants differ in one loss: two in those of SETS."""
LAB = checkpoints.BUNDLED / "satellite2map-ablation"


def words(path: Path | str) -> str:
    """A file on one line, so that breaks do not matter."""
    return " ".join((ROOT / path).read_text(encoding="utf-8").split())


def metrics(name: str) -> dict[str, dict]:
    """By the folder of the variant."""
    folder = checkpoints.BUNDLED / name
    return {path.name: checkpoints.read_metrics(path) for path in checkpoints.find(folder)}


def names(name: str) -> dict[str, str]:
    found = checkpoints.find(checkpoints.BUNDLED / name)
    return {path.name: checkpoints.read_config(path).objective.name for path in found}


def measured(lesson: lessons.Lesson, results: Mapping[str, dict]) -> list[Figure]:
    """Columns of a card's table."""
    known = {key for values in results.values() for n in ("G", "F") for key in values.get(n, ())}
    return [m for m in lesson.figures if m.key in known and not m.is_detail]


def test_the_card_of_many_answers_says_what_its_files_do():
    card, values, folders = (
        words("checkpoints/glasses/README.md"),
        metrics("glasses"),
        names("glasses"),
    )
    results = {folders[folder]: found for folder, found in values.items()}
    found = comparisons.read(checkpoints.BUNDLED / "glasses")
    table = evaluation.table(
        results,
        measured(lessons.find("glasses"), results),
        lambda n, key: folders.get(found.best(folders, n, key)),
    )
    assert all(line in card for line in table.splitlines())
    g, f = values["augmented"]["G"], values["augmented"]["F"]
    plain, back = values["cyclegan"]["G"], values["cyclegan"]["F"]
    for said in (
        f"{g['answers_diversity']:.2f} times as far apart",
        f"drawn in {g['truths_z_nearer']:.0%}".replace("%", " %"),
        f"leaves {g['truths_z_left']:.2f} of the error",
        f"from others {f['glasses_returned']:.0%} returns".replace("%", " %"),
        f"and {f['glasses_returned_another_z']:.0%} with one".replace("%", " %"),
        f"answer is {g['answer_error']:.1f} away",
        f"has {back['glasses_returned']:.0%} of it".replace("%", " %"),
        f"changes {g['outside']:.1f} of 255 outside the glasses, CycleGAN's {plain['outside']:.1f}",
        f"loses {g['cycle_error']:.1f} against {plain['cycle_error']:.1f}",
    ):
        assert said in card, said


@pytest.mark.parametrize("name", [*SETS, *PAIRS])
def test_a_card_has_the_table_of_its_files(name):
    card = words(f"checkpoints/{name}/README.md")
    lesson, found = lessons.find(name), comparisons.read(checkpoints.BUNDLED / name)
    folders = names(name)
    results = {folders[folder]: values for folder, values in metrics(name).items()}
    columns = measured(lesson, results)
    table = evaluation.table(
        results, columns, lambda n, key: folders.get(found.best(folders, n, key))
    )
    for line in table.splitlines():
        assert line in card
    configs = {
        p.name: checkpoints.read_config(p) for p in checkpoints.find(ROOT / "checkpoints" / name)
    }
    pairs = comparisons.switched(configs)
    assert len(pairs) == PAIRS.get(name, 2)
    for a, b in pairs:
        told = comparisons.told(columns, found.between(a, b, "G"))
        assert f"{folders[a]} against {folders[b]}: {told}." in card
    counts = next(iter(results.values()))
    assert f"{counts['items']} held-out pairs" in card
    assert f"as good as {counts['effective']} independent ones" in card


def test_the_card_of_pictures_from_noise_has_the_table_of_its_files():
    name = "emoji-from-noise"
    lesson, found = lessons.find("emoji"), comparisons.read(checkpoints.BUNDLED / name)
    folders = names(name)
    results = {folders[folder]: values for folder, values in metrics(name).items()}
    table = evaluation.table(
        results,
        measured(lesson, results),
        lambda n, key: folders.get(found.best(folders, n, key)),
    )
    card = words(f"checkpoints/{name}/README.md")
    assert len(results) == 2 and all(line in card for line in table.splitlines())
    assert f"as good as {results['GAN']['effective']} independent ones" in card


def test_what_is_said_of_labels_that_stay_is_what_the_files_have():
    """Of the shown seed, which is the first of three; and of the judge, who is asked here."""
    name = "digits-cycada"
    card, told = words(f"checkpoints/{name}/README.md"), words("docs/cycada.md")
    folders, values = names(name), metrics(name)
    found = comparisons.read(checkpoints.BUNDLED / name)
    results = {folders[folder]: of for folder, of in values.items()}
    table = evaluation.table(
        results,
        measured(lessons.find("digits"), results),
        lambda n, key: folders.get(found.best(folders, n, key)),
    )
    assert len(results) == 3 and all(line in card for line in table.splitlines())
    right = {folder: f"{of['F']['f_T_right']:.3f}" for folder, of in values.items()}
    (source,) = {f"{of['F']['f_S_right']:.3f}" for of in values.values()}
    rows = {
        "GAN + cycle + semantic + features, all terms": right["gan-cycle-semantic-features"],
        "all but the semantic term": right["gan-cycle-features"],
        "all but the cycle": right["gan-semantic-features"],
        "grey digits alone (f_S)": source,
    }
    number = r"\d\.\d{3}"
    for row, seed_0 in rows.items():
        said = rf"\| {re.escape(row)} \| {number} \({number}–{number}\): {seed_0}, {number}, "
        assert re.search(said, told), (row, seed_0)
    assert f"over three seeds ({rows['GAN + cycle + semantic + features, all terms']}, " in card
    count = results["GAN + cycle + features"]["items"]
    assert f"{count} held-out pairs" in card and f"all {count} held-out digits" in told
    data = lessons.find("digits").open(32, "none")
    says = judge.says(data.medium.arrays(torch.stack(list(data.test_y))))
    wrong = (says != np.array(data.known_y["label"])).mean()
    for text_ in (card, told):
        assert f"The judge errs on {wrong:.3f} of real coloured digits" in text_


def test_the_readmes_table():
    readme = words("README.md")
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    listed = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    rows = [(row[0], row[1], row[2:]) for row in listed if len(row) == 7 and row[0] in SETS]
    assert len(rows) == 6
    keys = ("cycle_error", "rmse", "sea_iou", "sharpness", "diversity")
    for set_, variant, cells in rows:
        folder = next(f for f, name in names(set_).items() if name == variant)
        found = metrics(set_)[folder]
        for key, said in zip(keys, cells, strict=True):
            if key not in found["G"]:
                assert said == "–"
                continue
            value, low, high = map(float, re.fullmatch(r"(\S+) \((\S+)–(\S+)\)", said).groups())
            expected = [found["G"][key], *found["intervals"]["G"][key]]
            decimals = len(said.split(" ")[0].partition(".")[2])
            assert [value, low, high] == [round(number, decimals) for number in expected]
    for name in ("drawing", "satellite2map"):
        pair = comparisons.read(checkpoints.BUNDLED / name).between(
            "gan-cycle-identity", "gan-identity", "G"
        )
        one = pair["cycle_error"]
        assert f"{-one.value:.1f} ({-one.high:.1f}–{-one.low:.1f}, " in readme
        if pair["rmse"].is_clear:
            said = "{0.value:.1f} ({0.low:.1f}–{0.high:.1f}) further in `{1}`"
            assert said.format(pair["rmse"], name) in readme
        else:
            assert f"no difference in `{name}`, nor in sea IoU" in readme
    assert not pair["sea_iou"].is_clear


def report() -> dict:
    return json.loads((LAB / "report" / "report.json").read_text(encoding="utf-8"))


def test_every_mean_and_spread_that_docs_and_the_card_tell_is_the_reports():
    """Numbers with ± in the lesson plan and the laboratory's card stand in the report's tables."""
    table = words(LAB / "report" / "report.md")
    for path in ("docs/lesson.md", "checkpoints/satellite2map-ablation/README.md"):
        told = re.findall(r"(\d+\.\d+) ± (\d+\.\d+)", words(path))
        assert len(told) > 5
        for mean, spread in told:
            # The lesson plan writes two decimals where the report has three.
            digits = len(mean.partition(".")[2])
            known = re.findall(r"(\d+\.\d+)\*{0,2} ± (\d+\.\d+)", table)
            assert any(
                f"{float(m):.{digits}f}" == mean and f"{float(s):.{digits}f}" == spread
                for m, s in known
            ), (path, mean, spread)


DRAWN = checkpoints.BUNDLED / "drawing-ablation"


def test_the_laboratory_of_networks_and_settings_says_what_its_report_does():
    values = json.loads((DRAWN / "report" / "report.json").read_text(encoding="utf-8"))
    card, found = words(DRAWN / "README.md"), Comparisons.from_json(values["comparisons"])
    cells = (
        *(("G", "rmse", 1), ("G", "silhouette_iou", 3), ("G", "colour_error", 1)),
        *(("G", "cycle_error", 1), ("G", "identity_error", 1), ("G", "diversity", 3)),
        *(("F", "cycle_error", 1), ("F", "colour_returned", 2)),
    )
    for row in values["variants"]:
        sizes, figures = row["parameters"]["G"], row["figures"]
        told = [f"{sizes['G']:,}", f"{sizes['D_Y']:,}"] + [
            f"{figures[n][key]['mean']:.{d}f} ± {figures[n][key]['spread']:.{d}f}"
            for n, key, d in cells
        ]
        assert f"| {row['title']} | {' | '.join(told)} |" in card
    for name, network, key, digits in (
        ("gan-identity", "F", "colour_returned", 2),
        *(("unet", "F", key, d) for key, d in (("cycle_error", 1), ("colour_returned", 2))),
        ("unet", "F", "rmse", 1),
        ("whole-picture", "G", "cycle_error", 1),
        ("whole-picture", "G", "silhouette_iou", 3),
        ("batch-norm", "F", "identity_error", 1),
        *((name, "G", "cycle_error", 1) for name in ("feature-cycle", "decaying-cycle")),
        ("all-remedies", "G", "cycle_error", 1),
    ):
        one = found.difference(name, "cyclegan-identity", network, key)
        low, value, high = sorted(map(abs, (one.low, one.value, one.high)))
        assert one.is_clear
        assert f"{value:.{digits}f}" in card, (name, key)
        assert f"{low:.{digits}f}–{high:.{digits}f})" in card, (name, key)
    plain = {(n, key) for n, key, _ in cells}
    same = (("no-history", plain), ("no-augmentation", plain), ("gan-identity", SAME_CYCLE))
    for name, listed in (*same, ("all-remedies", SAME_PICTURES)):
        for network, key in listed:
            one = found.difference(name, "cyclegan-identity", network, key)
            assert not one.is_clear, (name, network, key)


SAME_CYCLE = {("G", "cycle_error"), ("F", "cycle_error")}
SAME_PICTURES = {("G", "rmse"), ("G", "silhouette_iou"), ("G", "colour_error")}
"""Figures in which no difference is told of."""


def test_what_each_seed_does_is_said_as_it_is():
    rows = {v["name"]: v["figures"]["G"] for v in report()["variants"]}

    def seeds(row: str, key: str, mark: str) -> str:
        return mark.join(f"{value:.2f}" for value in rows[row][key]["values"])

    lesson = words("docs/lesson.md")
    for row in ("cyclegan", "gan-backward", "cyclegan-identity"):
        assert seeds(row, "sea_iou", " | ") in lesson
    card = words("checkpoints/satellite2map/README.md")
    for row, key in (("gan", "diversity"), ("cyclegan", "sea_iou"), ("gan-backward", "sea_iou")):
        assert seeds(row, key, ", ") in card
    worse = [
        f"{a - b:.0f}"
        for a, b in zip(
            rows["cycle"]["rmse"]["values"], rows["cyclegan"]["rmse"]["values"], strict=True
        )
    ]
    assert f"worse by {worse[0]}, {worse[1]} and {worse[2]}, seed by seed" in lesson


def test_differences_that_the_lesson_and_the_laboratory_tell():
    found = Comparisons.from_json(report()["comparisons"])
    lesson, card = words("docs/lesson.md"), words(LAB / "README.md")
    for a, b, key, said, path in (
        (
            "cyclegan",
            "gan",
            "cycle_error",
            "{0:.1f} more than CycleGAN's ({1:.1f}–{2:.1f} more)",
            lesson,
        ),
        ("cyclegan", "gan", "sea_iou", "{0:.2f} less ({1:.2f}–{2:.2f})", lesson),
        ("cycle", "cyclegan", "cycle_error", "by {0:.1f} ({1:.1f}–{2:.1f})", lesson),
        (
            "cycle-identity",
            "cyclegan-identity",
            "cycle_error",
            "(by {0:.1f}, {1:.1f}–{2:.1f})",
            lesson,
        ),
        (
            "pix2pix",
            "cyclegan-identity",
            "rmse",
            "{0:.1f} below CycleGAN + identity ({1:.1f}–{2:.1f})",
            lesson,
        ),
        ("cyclegan", "gan", "cycle_error", "cycle error {0:.1f} lower ({1:.1f}–{2:.1f})", card),
        ("cyclegan", "gan", "sea_iou", "sea IoU {0:.3f} higher ({1:.3f}–{2:.3f})", card),
        (
            "cyclegan-identity",
            "gan-identity",
            "cycle_error",
            "{0:.1f} lower ({1:.1f}–{2:.1f})",
            card,
        ),
        ("cyclegan-identity", "gan-identity", "sea_iou", "{0:.3f} higher ({1:.3f}–{2:.3f})", card),
    ):
        one = found.difference(a, b, "G", key)
        assert one.is_clear and one.value < 0
        assert said.format(-one.value, -one.high, -one.low) in path
    for a, b, key in (
        ("cyclegan", "gan", "diversity"),
        ("cycle", "cyclegan", "rmse"),
        ("cyclegan-identity", "cyclegan", "sea_iou"),
        ("cycle-identity", "cyclegan-identity", "sea_iou"),
    ):
        assert not found.difference(a, b, "G", key).is_clear


def test_the_lesson_climbs_the_ladder_as_it_was_measured():
    """Its table, and the ways up and down that it tells."""
    (found,) = ladders.ladders_in(checkpoints.BUNDLED / "ladders" / "drawing-cycle")
    lesson, said = words("docs/lesson.md"), trend.tell(found, "xy")
    told = "".join(part.words for part in said)
    assert found.title == "λ 0 to 100" and f"*{found.title}*" in lesson
    assert f"| λ | {' | '.join(f'{value:g}' for value, _ in found.rungs)} |" in lesson
    for row, key, digits in (
        ("cycle error of F(G(x))", "cycle_error", 1),
        ("silhouette IoU of G(x)", "silhouette_iou", 2),
    ):
        seeds = [list(variant.metrics_by_seed.values()) for variant in found.variants]
        assert all(len(of) == 3 for of in seeds), "means of three seeds"
        means = [fmean(one["G"][key] for one in of) for of in seeds]
        assert f"| {row} | {' | '.join(f'{m:.{digits}f}' for m in means)} |" in lesson
    cycle, truth = (trend.trend(found, "xy", m) for m in trend.axes(found, "xy"))
    from_a_tenth = {*combinations(range(1, 5), 2)}
    assert from_a_tenth <= cycle.worse and (0, 1) not in cycle.worse
    assert "From 0.1 on, the way back gets better with every rung." in lesson
    assert "From λ 0 to 100 F(G(x)) comes nearer to x" in told
    assert "From λ 0 to 1 there is no difference in silhouette IoU" in told
    assert "From λ 1 to 100 G(x) goes further from y" in told
    assert (truth.near, truth.far) == (0, 2)


def test_one_seed_turned_its_colours_without_identity_and_the_cards_say_which():
    (found,) = ladders.ladders_in(checkpoints.BUNDLED / "ladders" / "emoji-identity")
    by_rung = [variant.metrics_by_seed for variant in found.variants]
    assert [value for value, _ in found.rungs] == [0, 0.5, 5]
    errors = [[of[seed]["G"]["colour_error"] for seed in (0, 1, 2)] for of in by_rung]
    card = words("checkpoints/ladders/README.md")
    for of in errors:
        assert "{:.1f}, {:.1f} and {:.1f}".format(*of) in card
    cycle = [by_rung[0][seed]["G"]["cycle_error"] for seed in (2, 0, 1)]
    assert "({:.1f}, against {:.1f} and {:.1f})".format(*cycle) in card
    turned = max(errors[0])
    assert turned == errors[0][2] > 2 * sorted(errors[0])[1], "one alone, the one that is shown"
    assert {variant.config.training.seed for variant in found.variants} == {2}
    assert f"(colour error {turned:.0f})" in words("checkpoints/emoji/README.md")
    assert not trend.trend(found, "xy", trend.axes(found, "xy")[1]).worse, "no claim on means"
    said = "".join(part.words for part in trend.tell(found, "xy"))
    others = " and ".join(f"{value:.1f}" for value in errors[0][:2])
    assert "At identity 0 one of 3 seeds stands apart" in said
    assert f"in colour error at {turned:.1f} where the others are at {others}" in said


def test_the_reports_words_are_of_its_numbers():
    values = report()
    for one in values["variants"]:
        one["paired"] = one["name"] == "pix2pix"  # It is older than methods.
    written = (LAB / "report" / "report.md").read_text(encoding="utf-8")
    for network in "GF":
        assert text.table(values, network) in written
    assert text._order(values) in written
