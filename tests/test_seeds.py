"""Other seeds of a variant lie in its folder: measured with it, compared over, never mistaken for
variants."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tiny import config, pictures
from variants import FULL, GAN_IDENTITY, write

from cyclegan.core.config import Domains
from cyclegan.inference import command, comparisons, measured
from cyclegan.lessons import UnpairedData
from cyclegan.page import panels, sets
from cyclegan.page.library import Library
from cyclegan.store import catalogue, checkpoints

SEEDS = (0, 1, 2)


def at_seed(objective, seed: int):
    found = config(objective, data="satellite2map")
    return replace(found, training=replace(found.training, seed=seed))


@pytest.fixture
def world(tmp_path, monkeypatch) -> Path:
    """A bundled set: "full" of seed 1 that is shown with two others, "gan" of seeds 1 and 2."""
    folder = tmp_path / "bundled" / "world"
    for place, (name, objective, seeds) in enumerate(
        (("full", FULL, SEEDS), ("gan", GAN_IDENTITY, (1, 2)))
    ):
        for seed in seeds:
            where = folder / name if seed == 1 else folder / name / f"seed-{seed}"
            write(where, at_seed(objective, seed), seed=10 * place + seed)
    monkeypatch.setattr(checkpoints, "BUNDLED", folder.parent)
    x, y = pictures(5), pictures(5, seed=1)
    data = UnpairedData(Domains(), x, y, x, y, paired=True, in_memory=True)
    monkeypatch.setattr(command, "open_data", lambda *named: data)
    return folder


def run(*argv: object) -> int:
    return command.main([str(word) for word in argv])


def test_seeds_of_a_variant(world):
    assert checkpoints.find(world) == [world / "full", world / "gan"]
    full = world / "full"
    assert checkpoints.seeds(full) == {0: full / "seed-0", 1: full, 2: full / "seed-2"}
    assert checkpoints.metrics_by_seed(full) == {}
    one = catalogue.load_one("world/full/seed-2")
    assert one.config.training.seed == 2, "every seed is a model of its own, too"
    (set_,) = sets.sets_in(world.parent)
    assert [variant.source.name for variant in set_.variants] == ["full", "gan"]


def test_all_seeds_are_measured_and_told(world, capsys):
    assert run("world", "--save") == 0
    out = capsys.readouterr().out
    rows = [line.split(" | ")[:2] for line in out.splitlines() if line.startswith("| ")][1:]
    assert rows[:4] == [
        ["| GAN + cycle + identity", "G"],
        ["| *its 3 seeds*", "G"],
        ["| GAN + cycle + identity", "F"],
        ["| *its 3 seeds*", "F"],
    ]
    assert "that interval is about other seeds too" in out
    by_seed = checkpoints.metrics_by_seed(world / "full")
    assert list(by_seed) == list(SEEDS) and by_seed[1] == checkpoints.read_metrics(world / "full")
    errors = [by_seed[seed]["G"]["cycle_error"] for seed in SEEDS]
    assert len(set(errors)) == 3
    mean, spread = sum(errors) / 3, (sum((e - sum(errors) / 3) ** 2 for e in errors) / 2) ** 0.5
    assert f"{mean:.1f} ± {spread:.1f}" in out.split("*its 3 seeds* | G")[1].split("\n")[0]


def test_comparisons_are_over_the_seeds_that_both_have(world):
    assert run("world", "--save") == 0
    found = comparisons.read(world).difference("full", "gan", "G", "rmse")
    full, gan = (checkpoints.metrics_by_seed(world / name) for name in ("full", "gan"))
    apart = [full[seed]["G"]["rmse"] - gan[seed]["G"]["rmse"] for seed in (1, 2)]
    assert found.value == pytest.approx(sum(apart) / 2, abs=1e-3)
    (set_,) = sets.sets_in(world.parent)
    shown = panels.measured(set_, "xy")
    assert "against" in shown, "the page takes them for true"
    assert "3 seeds" in shown and " ± " in shown


def test_seeds_stand_in_the_json_and_in_the_table_of_items(world, capsys, tmp_path):
    assert run("world", "--json", "--items", tmp_path / "items.csv") == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["GAN + cycle + identity", "GAN + identity"]
    assert list(found["GAN + cycle + identity"]["seeds"]) == ["0", "1", "2"]
    text = (tmp_path / "items.csv").read_text(encoding="utf-8")
    assert {line.split(",G,")[0] for line in text.splitlines() if ",G," in line} == {
        '"GAN + cycle + identity, seed 0"',
        "GAN + cycle + identity",
        '"GAN + cycle + identity, seed 2"',
        "GAN + identity",
        '"GAN + identity, seed 2"',
    }


def test_figures_of_seeds_whose_weights_are_elsewhere(world):
    assert run("world", "--save") == 0
    before = checkpoints.metrics_by_seed(world / "full")
    (world / "full" / "seed-0" / "model.safetensors").unlink()
    assert checkpoints.metrics_by_seed(world / "full") == before
    assert list(checkpoints.seeds(world / "full")) == [1, 2]


def test_of_two_of_one_seed_the_one_that_is_shown_counts(world):
    shutil.copytree(world / "full" / "seed-2", world / "full" / "seed-9")
    for one in (world / "full" / "seed-0", world / "full" / "seed-9"):
        write(one, at_seed(FULL, 1), seed=5)
    full = world / "full"
    assert checkpoints.seeds(full) == {1: full, 2: full / "seed-2"}


def test_a_damaged_seed_hides_no_variant(world, caplog):
    assert run("world", "--save") == 0
    (world / "full" / "seed-0" / "config.json").write_text("{")
    (set_,) = sets.sets_in(world.parent)
    full, gan = set_.variants
    assert (full.source.name, dict(full.seeds), list(gan.seeds)) == ("full", {}, [1, 2])
    assert "seed-0" in caplog.text
    assert "±" in panels.measured(set_, "xy"), "of the other variant"


def test_a_set_that_a_visitor_opens_has_its_seeds(world):
    assert run("world", "--save") == 0
    library = Library([])
    key = library.add(catalogue.find(str(world)))
    (set_,) = sets.sets_in(world.parent)
    assert [v.seeds for v in library.sets[key].variants] == [v.seeds for v in set_.variants]
    assert "3 seeds" in panels.measured(library.sets[key], "xy")


def test_one_variant_of_several_seeds_is_compared_with_nothing(world):
    assert run(world / "full", "--save") == 0
    assert not (world / "full" / "comparisons.json").exists()
    found = command.measure_all([world / "full"], "cpu")
    assert measured.compare(found).pairs == {}
