"""Other seeds of a variant lie in its folder: measured with it, compared over, never mistaken for
variants."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from test_panels import TRUTH, Page, row, shown_of, variant
from test_sentence import set_with
from tiny import config, noise, pictures
from variants import FULL, GAN, GAN_IDENTITY, write

from cyclegan.core.config import Domains
from cyclegan.inference import command, comparisons, measured
from cyclegan.lessons import UnpairedData
from cyclegan.page import panels, sets
from cyclegan.page import seeds as view
from cyclegan.page.answers import Answers
from cyclegan.page.compare import Shown, needs_networks, opening, translate
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
    for place, (name, objective, listed) in enumerate(
        (("full", FULL, SEEDS), ("gan", GAN_IDENTITY, (1, 2)))
    ):
        for seed in listed:
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


# On the page


@pytest.fixture
def shown_world(world) -> Library:
    """The same with an example."""
    (world / "examples").mkdir()
    for side in "xy":
        noise(24, 24, seed=ord(side)).save(world / "examples" / f"1-here-{side}.png")
    return Library([world])


def asked(library, **changes):
    ((title, set_),) = library.sets.items()
    return replace(opening(title, set_), **changes), set_


def test_a_chosen_seed_is_that_of_both_rows(shown_world):
    """Each row is what a training of that seed makes, with that seed's figures."""
    assert run("world", "--save") == 0
    library = Library([shown_world.sets["world"].folder])
    first, set_ = asked(library)
    assert set_.seeds(first.without) == (1, 2), "those that both have, and no others"
    made = {}
    for seed in (1, 2):
        rows = translate(library, replace(first, seed=seed)).rows
        made[seed] = [line.made.translation.tobytes() for line in rows]
        for line, name in zip(rows, ("full", "gan"), strict=True):
            known = checkpoints.metrics_by_seed(set_.folder / name)[seed]
            assert line.variant.config.training.seed == seed and line.variant.metrics == known
            source = set_.folder / name / ("" if seed == 1 else "seed-2")
            networks = catalogue.load_one(str(source)).model.networks
            loaded = library.translator(line.variant.source).model.networks
            for role in ("G", "F"):
                weights = zip(networks[role].parameters(), loaded[role].parameters(), strict=True)
                assert all((a == b).all() for a, b in weights)
    assert made[1] != made[2]
    as_shown = translate(library, first).rows
    assert [line.made.translation.tobytes() for line in as_shown] == made[1]
    alone = translate(library, replace(first, seed=0)).rows
    assert [line.variant.config.training.seed for line in alone] == [1, 1], "gan has no seed 0"


def test_what_changes_more_than_the_seed_is_no_seed_to_choose(world):
    other = replace(at_seed(FULL, 0), generator=replace(config().generator, width=3))
    write(world / "full" / "seed-0", other)
    (world / "gan" / "seed-2" / "model.safetensors").unlink()
    full, gan = sets.sets_in(world.parent)[0].variants
    assert list(full.weights) == [1, 2] and list(gan.weights) == [1]
    (set_,) = sets.sets_in(world.parent)
    assert set_.seeds(set_.without) == ()


def test_one_click_asks_all_seeds_and_nobody_else_is_asked(shown_world):
    first, set_ = asked(shown_world)
    shown = translate(shown_world, first)
    assert shown.by_seed == {} and view.tell(shown, set_) == ""
    wanted = view.clicked(set_, first, 2)
    assert wanted == replace(first, luck=True) and needs_networks(shown_world, wanted)
    assert view.clicked(set_, wanted, 2) == first
    assert view.clicked(set_, first, 1) == replace(first, seed=2)
    shown = translate(shown_world, wanted)
    assert not needs_networks(shown_world, wanted)
    for seed in (1, 2):
        rows = translate(shown_world, replace(first, seed=seed)).rows
        assert shown.by_seed[seed] == tuple(line.made.cycle_error for line in rows)
    answer = Answers(shown_world).draw(wanted, shown)
    for number, name in enumerate(("with", "without")):
        ends = sorted(pair[number] for pair in shown.by_seed.values())
        assert f"seeds {ends[0]:.1f}–{ends[1]:.1f}" in Page(answer.result).words, name
    same = replace(wanted, without=frozenset())
    assert translate(shown_world, same).by_seed == {}, "a row is not luck beside itself"


def test_the_choice_is_there_where_both_rows_have_several_seeds(shown_world):
    first, set_ = asked(shown_world)
    page = Page(view.control(set_, replace(first, seed=2)))
    assert [a["aria-pressed"] for a in page.all("button")] == ["false", "true", "false"]
    assert page.words == "Seed 1 2 Is it luck?"
    shutil.rmtree(set_.folder / "gan" / "seed-2")
    library = Library([set_.folder])
    alone, set_ = asked(library, luck=True)
    assert view.control(set_, alone) == "" and translate(library, alone).by_seed == {}


def told(pairs: dict, on_all=((), ())) -> str:
    """What is said of these figures of a way back; on_all: over all items, by seed."""
    rows = []
    for side, objective, values in zip((True, False), (FULL, GAN), on_all, strict=True):
        known = {seed: {"G": {"cycle_error": v}} for seed, v in zip(pairs, values, strict=False)}
        rows.append(replace(row(side, 3.0), variant=replace(variant(objective, {}), seeds=known)))
    shown: Shown = replace(shown_of(rows, TRUTH), by_seed=pairs)
    return Page(view.tell(shown, set_with())).words


LISTED = (
    "Seeds 0, 1 and 2: F(G(x)) is {} of 255 away from x with the cycle loss, and {} without it: {}."
)


@pytest.mark.parametrize(
    ("with_it", "without", "verdict"),
    [
        (
            *((7.8, 8.3, 8.4), (77.4, 78.5, 67.8)),
            "no seed of one lies among those of the other, and each of the three is nearer with it",
        ),
        (
            *((9.0, 9.5, 9.1), (3.0, 4.0, 5.0)),
            "no seed of one lies among those of the other, and each of the three is nearer without "
            "it",
        ),
        (
            *((7.0, 9.0, 8.0), (8.5, 12.0, 9.5)),
            "with each of three seeds it is nearer with it, and yet some without it are nearer "
            "than others with it",
        ),
        (
            *((7.0, 9.0, 8.0), (6.5, 8.5, 7.5)),
            "with none of three it is nearer with it",
        ),
        (
            *((7.0, 9.0, 8.0), (8.5, 8.5, 7.5)),
            "it depends on the seed, nearer with it with one of three",
        ),
    ],
)
def test_luck_is_told_as_far_as_the_seeds_carry_it(with_it, without, verdict):
    pairs = dict(enumerate(zip(with_it, without, strict=True)))
    listed = (" · ".join(f"{v:.1f}" for v in side) for side in (with_it, without))
    assert told(pairs) == LISTED.format(*listed, verdict)
    assert "always" not in told(pairs)


def test_beside_one_picture_stands_what_all_of_them_came_to_with_these_seeds():
    pairs = {0: (7.0, 70.0), 1: (8.0, 71.0), 2: (9.0, 72.0)}
    said = told(pairs, ((7.0, 8.0, 9.0), (60.0, 62.0, 64.0)))
    assert "Over all held-out ones it is 8.0 ± 1.0 with it and 62.0 ± 2.0 without" in said
    assert "held-out" not in told(pairs, ((7.0, 8.0), (60.0, 62.0, 64.0))), "one is missing"
