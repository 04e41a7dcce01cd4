"""What README, cards and docs say in figures is what lies in the files."""

import json
import re
from pathlib import Path

import pytest

from cyclegan import lessons
from cyclegan.inference import comparisons, evaluation
from cyclegan.inference.comparisons import Comparisons
from cyclegan.labs.ablation import text
from cyclegan.store import checkpoints

ROOT = Path(__file__).parents[1]
SETS = ("drawing", "emoji", "satellite2map")
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


@pytest.mark.parametrize("name", SETS)
def test_a_card_has_the_table_of_its_files(name):
    card = words(f"checkpoints/{name}/README.md")
    lesson, found = lessons.find(name), comparisons.read(checkpoints.BUNDLED / name)
    columns = [m for m in lesson.figures if not m.is_detail]
    folders = names(name)
    results = {folders[folder]: values for folder, values in metrics(name).items()}
    table = evaluation.table(
        results, columns, lambda n, key: folders.get(found.best(folders, n, key))
    )
    for line in table.splitlines():
        assert line in card
    configs = {
        p.name: checkpoints.read_config(p) for p in checkpoints.find(ROOT / "checkpoints" / name)
    }
    pairs = comparisons.switched(configs)
    assert len(pairs) == 2
    for a, b in pairs:
        told = comparisons.told(columns, found.between(a, b, "G"))
        assert f"{folders[a]} against {folders[b]}: {told}." in card
    counts = next(iter(results.values()))
    assert f"{counts['items']} held-out pairs" in card
    assert f"as good as {counts['effective']} independent ones" in card


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


def test_the_reports_words_are_of_its_numbers():
    values = report()
    for one in values["variants"]:
        one["paired"] = one["name"] == "pix2pix"  # It is older than methods.
    written = (LAB / "report" / "report.md").read_text(encoding="utf-8")
    for network in "GF":
        assert text.table(values, network) in written
    assert text._order(values) in written
