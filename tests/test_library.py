"""The library: which sets are found, which variant answers to which switches, what is kept."""

import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from threading import Barrier, Event

import numpy as np
import pytest
from PIL import Image
from tiny import config, noise
from variants import FULL, GAN, GAN_CYCLE, GAN_IDENTITY, write

from cyclegan import lessons
from cyclegan.core import files
from cyclegan.core.config import Change, Domains, Generator
from cyclegan.core.media import PICTURES
from cyclegan.inference.translator import Translator
from cyclegan.lessons import DataError, Folder
from cyclegan.lessons.satellite2map import tiles
from cyclegan.methods import pix2pix
from cyclegan.methods.cyclegan import Objective
from cyclegan.page import cards
from cyclegan.page.library import Library
from cyclegan.page.sets import CheckpointSet, Variant
from cyclegan.store import checkpoints
from cyclegan.store.catalogue import Model, Source

GOLDEN = Path(__file__).parent / "golden"


def put_examples(folder: Path, *names: str) -> None:
    (folder / "examples").mkdir(parents=True)
    for seed, name in enumerate(names):
        for side in "xy":
            picture = noise(24, 24, seed=2 * seed + (side == "y"))
            picture.save(folder / "examples" / f"{name}-{side}.png")


def found(*folders: Path) -> dict[str, list[str]]:
    """Titles and their variants' folders."""
    sets = Library(folders).sets
    return {title: [v.source.name for v in set_.variants] for title, set_ in sets.items()}


# Finding sets


def test_bundled_sets_have_short_titles(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "BUNDLED", tmp_path / "bundled")
    write(tmp_path / "bundled" / "world" / "gan-cycle", GAN_CYCLE)
    write(tmp_path / "bundled" / "world" / "gan", GAN)
    write(tmp_path / "bundled" / "horses" / "gan", GAN)
    put_examples(tmp_path / "bundled" / "world", "a")
    expected = {"horses": ["gan"], "world": ["gan", "gan-cycle"]}
    assert found(tmp_path / "bundled") == expected
    assert found(tmp_path / "bundled" / "world") == {"world": ["gan", "gan-cycle"]}


def test_a_single_checkpoint_is_a_set(tmp_path):
    write(tmp_path / "runs" / "mine", GAN)
    assert found(tmp_path / "runs" / "mine") == {"runs/mine": ["mine"]}


def test_a_folder_of_runs_is_a_set(tmp_path):
    write(tmp_path / "runs" / "b", GAN)
    write(tmp_path / "runs" / "a", FULL)
    (title, variants), *more = found(tmp_path / "runs").items()
    assert title == f"{tmp_path.name}/runs" and variants == ["a", "b"] and not more


def test_deeper_runs(tmp_path):
    write(tmp_path / "runs" / "g" / "exp" / "gan", GAN)
    write(tmp_path / "runs" / "mine", GAN)
    assert list(found(tmp_path / "runs")) == [f"{tmp_path.name}/runs", "g/exp"]


def test_nested_runs(tmp_path):
    write(tmp_path / "runs" / "monet" / "gan", GAN)
    write(tmp_path / "runs" / "monet" / "gan-cycle", GAN_CYCLE)
    write(tmp_path / "runs" / "horses" / "gan", GAN)
    assert found(tmp_path / "runs") == {
        "runs/horses": ["gan"],
        "runs/monet": ["gan", "gan-cycle"],
    }


def test_several_folders(tmp_path):
    write(tmp_path / "a" / "gan", GAN)
    write(tmp_path / "b" / "c" / "gan", GAN)
    titles = list(found(tmp_path / "a", tmp_path / "b", tmp_path / "gone"))
    assert titles == [f"{tmp_path.name}/a", "b/c"]


def test_other_files_are_passed_over(tmp_path):
    write(tmp_path / "set" / "gan", GAN)
    (tmp_path / "set" / "README.md").write_text("card")
    (tmp_path / "set" / "half").mkdir()
    (tmp_path / "set" / "half" / "config.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    (tmp_path / "a-file").write_text("")
    assert list(found(tmp_path).values()) == [["gan"]]
    assert found(tmp_path / "a-file", tmp_path / "empty") == {}


@pytest.mark.parametrize("steps_done", [0, 1, 9_999])
def test_unfinished_runs_are_passed_over(steps_done, tmp_path):
    c = config(steps=10_000)
    write(tmp_path / "runs" / "done", c)
    write(tmp_path / "runs" / "under-way", c, steps_done=steps_done)
    assert list(found(tmp_path / "runs").values()) == [["done"]]
    assert found(tmp_path / "runs" / "under-way") == {}


@pytest.mark.parametrize("file", ["config.json", "metrics.json"])
def test_a_damaged_run_does_not_hide_the_others(file, tmp_path, caplog):
    write(tmp_path / "runs" / "good", GAN)
    write(tmp_path / "runs" / "bad", FULL)
    (tmp_path / "runs" / "bad" / file).write_text("{")
    assert list(found(tmp_path / "runs").values()) == [["good"]]
    assert f"bad/{file}" in caplog.text


def test_sets_come_in_the_order_of_their_lessons(tmp_path):
    listed = [lesson.name for lesson in lessons.all_lessons()]
    folders = dict(zip("zyx", [*listed[:2], "elsewhere"], strict=True))
    for name, data in folders.items():
        write(tmp_path / name / "gan", config(GAN, data=data))
    titles = [title.rpartition("/")[2] for title in found(tmp_path)]
    assert titles == list(folders), "the shelf's first, others last"


def test_a_ladder_is_no_set(tmp_path):
    """Its variants differ in one weight step by step, which no row and no switch can show."""
    write(tmp_path / "ladders" / "cycle" / "10", FULL)
    write(tmp_path / "plain" / "full", FULL)
    assert list(found(tmp_path / "ladders")) != []
    (tmp_path / "ladders" / "cycle" / checkpoints.LADDER).write_text("{}")
    assert list(found(tmp_path)) == [f"{tmp_path.name}/plain"]


def test_runs_of_several_lessons_are_several_sets(tmp_path):
    for name, data in (("a", "horses"), ("b", "maps"), ("c", "horses")):
        write(tmp_path / "runs" / name, config(GAN, data=data))
    title = f"{tmp_path.name}/runs"
    assert found(tmp_path / "runs") == {f"{title}, horses": ["a", "c"], f"{title}, maps": ["b"]}


def test_two_sets_of_one_title_are_both_there(tmp_path):
    for place in ("here", "there"):
        write(tmp_path / place / "runs" / "mine", GAN)
    both = found(tmp_path / "here" / "runs" / "mine", tmp_path / "there" / "runs" / "mine")
    assert len(both) == 2


def test_what_a_variant_knows_before_its_networks_are_loaded(tmp_path, monkeypatch):
    write(tmp_path / "set" / "gan", GAN_IDENTITY)
    write(tmp_path / "set" / "plain", GAN)
    files.write_json(tmp_path / "set" / "gan" / "metrics.json", {"pairs": 3})
    monkeypatch.setattr(checkpoints, "load", None)
    ((_, set_),) = Library([tmp_path / "set"]).sets.items()
    first, second = set_.variants
    assert first.name == "GAN + identity" and second.name == "GAN"
    assert first.metrics == {"pairs": 3} and second.metrics == {}
    assert set_.domains == config().domains


# Switches

FOUR = {(False, False): GAN, (False, True): GAN_IDENTITY, (True, False): GAN_CYCLE}
FOUR[True, True] = FULL


def set_of(*objectives: Objective) -> CheckpointSet:
    variants = [
        Variant(Source((Path(str(i)),)), config(o, data="made up"), {})
        for i, o in enumerate(objectives)
    ]
    return CheckpointSet("made up", Path("nowhere"), tuple(variants))


CYCLE, IDENTITY = "cycle loss", "identity loss"


def lacking(switches: tuple[bool, ...]) -> frozenset[str]:
    """Names of the switches that are off."""
    return frozenset(n for n, on in zip((CYCLE, IDENTITY), switches, strict=True) if not on)


def test_each_choice_of_switches_has_its_variant():
    set_ = set_of(*FOUR.values())
    for switches, objective in FOUR.items():
        picked = set_.lacking(lacking(switches))
        assert picked.config.objective == objective
        assert picked.switches == switches


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_only_what_was_asked_for_is_taken_away(size):
    """No variant stands in a row that says "without" what it has, nor the reverse."""
    for held in combinations(FOUR, size):
        set_ = set_of(*(FOUR[switches] for switches in held))
        cyclic = [switches for switches in held if switches[0]]
        best = max(cyclic, default=None)
        assert (set_.whole and set_.whole.switches) == best
        for without in map(lacking, FOUR):
            upper, lower = set_.rows(without)
            assert upper.variant is set_.whole
            if lower.variant:
                base = best or (True, True)
                off = {n for n, on in zip((CYCLE, IDENTITY), base, strict=True) if not on}
                assert lacking(lower.variant.switches) == without | off
            struck = {name for name in (CYCLE, IDENTITY) if name in without}
            assert all(name in lower.name for name in struck)
        opening = set_.without
        lesser = [s for s in held if s != best and (best is None or s[1] <= best[1])]
        assert opening and bool(set_.lacking(opening)) == bool(lesser)


@pytest.mark.parametrize("one", [{"cycle_forward": 0}, {"cycle_backward": 0}])
def test_one_cycle_term_is_a_cycle(one):
    set_ = set_of(Objective(**one))
    assert set_.whole is set_.variants[0]
    assert set_.lacking(frozenset({CYCLE})) is None


def test_the_papers_whole_objective_goes_before_halves_and_remedies():
    whole = Objective(schedule=(Change("identity", 0.0, 300, 300),))
    others = Objective(cycle_backward=0), Objective(gan=0), Objective(cycle_decay=0.5)
    assert set_of(*others, whole).whole.config.objective is whole


def test_of_one_objective_the_variant_goes_before_that_changes_nothing_else():
    """As in a laboratory of other networks and settings, by whatever names they come first."""
    plain = config(FULL, data="made up")
    configs = [
        replace(plain, generator=replace(plain.generator, norm="batch")),
        replace(plain, discriminator=replace(plain.discriminator, norm="batch")),
        replace(plain, training=replace(plain.training, pool=0)),
        plain,
        replace(plain, generator=Generator("course", 2, 1)),
    ]
    variants = [Variant(Source((Path(str(i)),)), c, {}) for i, c in enumerate(configs)]
    set_ = CheckpointSet("made up", Path("nowhere"), tuple(variants))
    assert set_.whole.config is plain and not set_.is_fair


def test_rows_are_the_whole_objective_and_what_is_left_of_it():
    set_ = set_of(*FOUR.values(), pix2pix.Objective())
    told = [(row.name, row.variant.config.objective) for row in set_.rows({CYCLE})]
    assert told == [("with cycle loss", FULL), ("without cycle loss", GAN_IDENTITY)]
    names = [row.name for row in set_.rows({IDENTITY, CYCLE})]
    assert names[1] == "without cycle loss and identity loss"
    alike = set_.rows()
    assert alike[0].variant is alike[1].variant and set_.names == ()


def test_without_switches_every_variant_has_a_row():
    set_ = set_of(pix2pix.Objective(), pix2pix.Objective(gan=0.0), pix2pix.Objective(paired=1.0))
    name = "GAN (log, conditional) + paired"
    assert set_.names == (f"{name} (0)", "paired", f"{name} (2)")
    assert [row.variant for row in set_.rows(names=set_.names)] == list(set_.variants)
    assert set_.rows(names=("gone",)) == ()


def test_a_lesson_can_open_first(tmp_path):
    for name, data in (("a", "drawing"), ("b", "emoji"), ("c", "emoji")):
        write(tmp_path / name / "full", config(FULL, data=data))
    library = Library([tmp_path])
    a, b, c = library.offered
    library.begin_with("emoji")
    assert library.offered == [b, c, a]
    library.begin_with(a)
    assert library.offered == [a, b, c]
    with pytest.raises(
        checkpoints.CheckpointError, match="lesson voices; there are drawing, emoji"
    ):
        library.begin_with("voices")


# Examples


def test_examples_are_pairs(tmp_path):
    write(tmp_path / "set" / "gan", GAN)
    put_examples(tmp_path / "set", "02-gulf-of-guinea", "01-iberia", "03-half")
    (tmp_path / "set" / "examples" / "03-half-y.png").unlink()
    noise(8, 8).save(tmp_path / "set" / "examples" / "readme.png")
    ((_, set_),) = Library([tmp_path / "set"]).sets.items()
    assert [e.name for e in set_.examples] == ["Iberia", "Gulf of Guinea"]
    for example, seed in zip(set_.examples, (2, 0), strict=True):
        sides = [np.asarray(noise(24, 24, seed=s)) for s in (seed, seed + 1)]
        for direction, expected in (("xy", sides), ("yx", sides[::-1])):
            kept = example.original(direction), example.truth(direction)
            for side, picture in zip(kept, expected, strict=True):
                assert np.array_equal(np.asarray(PICTURES.held(side)), picture)


def test_examples_are_read_when_they_are_asked_for_and_once(tmp_path, monkeypatch):
    """A set without any of its own has its lesson's."""
    asked = []
    monkeypatch.setattr(Folder, "examples", lambda self: asked.append(self.name) or ["one"])
    write(tmp_path / "set" / "gan", GAN)
    ((_, set_),) = Library([tmp_path / "set"]).sets.items()
    assert not asked
    assert set_.examples == set_.examples == ["one"] and len(asked) == 1


def test_examples_that_cannot_be_read_are_none(monkeypatch, caplog):
    def fail(self):
        raise DataError("The pictures are gone.")

    monkeypatch.setattr(Folder, "examples", fail)
    assert set_of(GAN).examples == [] and "The pictures are gone." in caplog.text


def test_the_bundled_examples():
    ((_, set_),) = Library([checkpoints.BUNDLED / "satellite2map"]).sets.items()
    assert [e.name for e in set_.examples] == list(tiles.EXAMPLES)
    for example in set_.examples:
        x, y = (np.asarray(PICTURES.held(side)) for side in (example.x, example.y))
        assert x.shape == y.shape == (128, 128, 3)
        assert x.std() > 10 and y.std() > 10
        # The map's sea is where the satellite sees dark blue: the two show one place.
        sea, brightness = tiles.sea_mask(y), x[..., 0].astype(float)
        assert brightness[sea].mean() < brightness[~sea].mean() - 20, example.name


# Networks


@pytest.fixture
def library(tmp_path) -> Library:
    write(tmp_path / "set" / "full", FULL)
    write(tmp_path / "set" / "gan", GAN, seed=1)
    put_examples(tmp_path / "set", "a", "b")
    return Library([tmp_path / "set"])


def title_and_variants(library: Library) -> tuple[str, tuple[Variant, ...]]:
    ((title, set_),) = library.sets.items()
    return title, set_.variants


@pytest.fixture
def loads(monkeypatch) -> Counter:
    """How often each checkpoint is loaded; loading takes a while, as real ones do."""
    counted, load = Counter(), checkpoints.load

    def slow_load(folder: Path):
        counted[folder.name] += 1
        time.sleep(0.1)
        return load(folder)

    monkeypatch.setattr(checkpoints, "load", slow_load)
    return counted


@pytest.fixture
def translations(monkeypatch) -> Counter:
    """How often each variant translates in each direction."""
    counted, translate = Counter(), Translator.translate

    def counting(self, picture, direction="xy", *more):
        counted[self.config.objective.name, direction] += 1
        return translate(self, picture, direction, *more)

    monkeypatch.setattr(Translator, "translate", counting)
    return counted


def test_networks_are_loaded_when_asked_for_and_once(library, loads):
    _, (full, gan) = title_and_variants(library)
    assert not loads
    first = library.translator(full.source)
    assert library.translator(full.source) is first
    assert loads == {"full": 1}
    assert library.translator(gan.source) is not first
    assert loads == {"full": 1, "gan": 1}


def test_eight_threads_at_the_same_moment_load_once(library, loads):
    _, (full, _) = title_and_variants(library)
    together = Barrier(8)

    def ask(_: int) -> Translator:
        together.wait(10)
        return library.translator(full.source)

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(ask, range(8)))
    assert loads == {"full": 1}
    assert all(translator is got[0] for translator in got)


def test_a_translation_is_that_of_its_variant(library):
    _, variants = title_and_variants(library)
    picture = noise(28, 24, seed=9)
    for variant in variants:
        alone = Translator(variant.source.load())
        for direction in ("xy", "yx"):
            made = library.translate(variant, picture, direction)
            expected = alone.translate(picture, direction)
            assert np.array_equal(np.asarray(made.translation), np.asarray(expected.translation))
            assert made.cycle_error == expected.cycle_error


def test_a_visitors_picture_is_translated_once(library, translations):
    """Whatever differs in a pixel or in its form is another picture."""
    _, (full, gan) = title_and_variants(library)
    own = noise(24, 24)
    first = library.translate(full, own, "xy")
    assert library.translate(full, own.copy(), "xy") is first
    assert library.remembers_own(full, own.copy(), "xy")
    assert translations == {(full.name, "xy"): 1}
    others = [
        (full, own, "yx"),
        (gan, own, "xy"),
        (full, noise(24, 24, seed=1), "xy"),
        (full, Image.frombytes("RGB", (48, 12), own.tobytes()), "xy"),
        (full, own.convert("L"), "xy"),
    ]
    for other in others:
        assert not library.remembers_own(*other)
        library.translate(*other)
    assert translations.total() == 6


def test_no_more_of_visitors_is_remembered_than_may_be(tmp_path, library, monkeypatch):
    one = 4 * 3 * 24 * 24
    monkeypatch.setattr("cyclegan.page.library.VISITORS_LIMIT", 3 * one)
    small = Library([tmp_path / "set"])
    _, (full, _) = title_and_variants(small)
    asked = [(full, noise(24, 24, seed=seed), "xy") for seed in range(5)]
    for each in asked:
        small.translate(*each)
    assert [small.remembers_own(*each) for each in asked] == [False, False, True, True, True]
    large = full, noise(100, 100), "xy"
    small.translate(*large)
    assert small.remembers_own(*large), "one alone may take all of it"


def test_an_upload_is_decoded_once_and_reduced(library, tmp_path, monkeypatch):
    noise(1024, 40).save(tmp_path / "own.png")
    first = library.upload(str(tmp_path / "own.png"))
    assert first.size == (1024, 40) and first.picture.size == (512, 20)
    monkeypatch.setattr("cyclegan.core.pictures.load", None)
    assert library.upload(str(tmp_path / "own.png")) is first


def test_an_example_is_translated_once(library, translations):
    title, (full, gan) = title_and_variants(library)
    first = library.translate_example(title, full, 0, "xy")
    assert library.translate_example(title, full, 0, "xy") is first
    assert translations == {(full.name, "xy"): 1}
    # Whatever is asked for differently is another translation.
    others = [
        library.translate_example(title, full, 1, "xy"),
        library.translate_example(title, full, 0, "yx"),
        library.translate_example(title, gan, 0, "xy"),
    ]
    assert translations == {(full.name, "xy"): 2, (full.name, "yx"): 1, (gan.name, "xy"): 1}
    made = [np.asarray(t.translation) for t in (first, *others)]
    assert not any(np.array_equal(a, b) for a, b in combinations(made, 2))


def test_an_example_is_translated_from_its_own_side(library):
    title, (full, _) = title_and_variants(library)
    example = library.sets[title].examples[1]
    for direction in ("xy", "yx"):
        original = PICTURES.held(example.original(direction))
        made = library.translate_example(title, full, 1, direction)
        assert np.array_equal(np.asarray(made.original), np.asarray(original))
        again = library.translate(full, original, direction)
        assert np.array_equal(np.asarray(made.translation), np.asarray(again.translation))


def test_work_ahead_leaves_nothing_to_a_click(library, translations):
    library.work_ahead()
    done = dict(translations)
    assert set(done.values()) == {2}, "both examples, once"
    assert len(done) == 4, "two variants in two directions"
    title, variants = title_and_variants(library)
    for variant, index, direction in product(variants, (0, 1), ("xy", "yx")):
        assert library.remembers(title, variant, index, direction)
        library.translate_example(title, variant, index, direction)
    library.work_ahead()
    assert translations == done


def test_work_ahead_ends_when_it_is_not_wanted(library, translations):
    library.work_ahead(iter([True, True, False]).__next__)
    assert translations.total() == 2


def test_no_more_examples_are_remembered_than_may_be(tmp_path, library, translations, monkeypatch):
    one = 4 * 3 * 24 * 24
    monkeypatch.setattr("cyclegan.page.library.EXAMPLES_LIMIT", 3 * one)
    small = Library([tmp_path / "set"])
    small.work_ahead()
    assert translations.total() == 3, "it does not chase what is forgotten again"
    title, (full, gan) = title_and_variants(small)
    asked = [(title, v, i, d) for v, i, d in product((full, gan), (0, 1), ("xy", "yx"))]
    for one_of_all in asked:
        small.translate_example(*one_of_all)
        assert small.remembers(*one_of_all)
    assert sum(small.remembers(*a) for a in asked) == 3


def test_networks_take_turns_in_one_thread(library):
    running, most, order, threads = [], [], [], set()

    def work(number: int) -> int:
        running.append(number)
        most.append(len(running))
        order.append(number)
        threads.add(threading.get_ident())
        time.sleep(0.02)
        running.remove(number)
        return number

    with ThreadPoolExecutor(4) as pool:
        asked = []
        for number in range(6):
            asked.append(pool.submit(library.in_turn, "pictures", work, number))
            time.sleep(0.01)
        assert [a.result() for a in asked] == list(range(6))
    assert order == list(range(6)), "first come, first served"
    assert max(most) == 1 and len(threads) == 1
    with pytest.raises(ZeroDivisionError):
        library.in_turn("pictures", lambda: 1 / 0)
    assert library.in_turn("pictures", work, 7) == 7


def test_an_example_does_not_wait_for_a_picture(library):
    held = Event()
    with ThreadPoolExecutor(1) as pool:
        picture = pool.submit(library.in_turn, "pictures", held.wait, 30)
        assert library.in_turn("examples", lambda: 7) == 7
        assert not picture.done()
        held.set()


def golden(*names: str, **kinds) -> Model:
    paths = tuple(GOLDEN / name for name in names)
    return Model(" + ".join(names), (Source(paths, **kinds),), GOLDEN)


def test_a_foreign_model_is_added_under_its_name_and_what_was_said_of_it(tmp_path):
    library = Library([])
    key = library.add(golden("latest_net_G_A.pth"), Domains("horse", "zebra"), 128)
    set_ = library.sets[key]
    assert set_.title == "latest_net_G_A.pth (horse → zebra, 128 px)" and len(key) == 22
    assert set_.directions == ("xy",) and set_.domains == Domains("horse", "zebra")
    assert set_.variants[0].config.image_size == 128
    assert set_.variants[0].name == "the original authors' generator"
    plain = library.add(golden("upit_pytorch_model.bin"))
    assert library.sets[plain].title == "upit_pytorch_model.bin"
    assert library.sets[plain].directions == ("xy", "yx")
    assert library.offered == [], "nobody else is told of them"


def test_a_bad_model_leaves_nothing_behind(tmp_path):
    (tmp_path / "bad.pth").write_bytes(b"no weights")
    library = Library([])
    with pytest.raises(checkpoints.CheckpointError):
        library.add(Model("bad", (Source((tmp_path / "bad.pth",)),), tmp_path))
    assert not library.sets


def test_the_networks_used_longest_ago_go_first(tmp_path):
    folders = [tmp_path / "set" / objective.slug for objective in (FULL, GAN, GAN_CYCLE)]
    for folder, objective in zip(folders, (FULL, GAN, GAN_CYCLE), strict=True):
        write(folder, objective)
    a, b, c = (Source((folder,)) for folder in folders)
    size = sum(p.numel() * p.element_size() for p in a.load().model.parameters())
    library = Library([], memory=2 * size)
    first, second = library.translator(a), library.translator(b)
    assert library.translator(a) is first
    library.translator(c)
    assert library.translator(a) is first, "used since"
    assert library.translator(b) is not second, "forgotten, and loaded again"


def test_a_model_larger_than_the_cache_still_serves(tmp_path):
    write(tmp_path / "set" / "gan", GAN)
    library = Library([], memory=10)
    source = Source((tmp_path / "set" / "gan",))
    assert library.translator(source) is library.translator(source)


def test_guests_are_forgotten_oldest_first(tmp_path, monkeypatch):
    model, folder = golden("latest_net_G_A.pth"), tmp_path / "opened"
    library = Library([], opened=folder)
    first = library.add(model)
    size = sum(path.stat().st_size for path in folder.rglob("*.*"))
    monkeypatch.setattr("cyclegan.page.library.OPENED_LIMIT", 2.5 * size)
    second, third = library.add(model), library.add(model)
    assert list(library.sets) == [second, third]
    assert sorted(path.name for path in folder.iterdir()) == sorted([second, third])
    with pytest.raises(checkpoints.CheckpointError, match="not here any more"):
        library.sets[first]
    library.forget(second)
    assert list(library.sets) == [third] and not (folder / second).exists()


# Cards


def test_a_card_says_of_which_variant_its_figures_are(tmp_path):
    metrics = {"pairs": 9, "size": 24, "G": {"cycle_error": 3.25}, "F": {}}
    for objective in (FULL, GAN):
        write(tmp_path / "two" / objective.slug, objective)
        (tmp_path / "two" / objective.slug / checkpoints.METRICS).write_text(json.dumps(metrics))
    write(tmp_path / "one" / "gan", GAN)
    (tmp_path / "one" / "gan" / checkpoints.METRICS).write_text(json.dumps(metrics))
    library = Library([tmp_path / "two", tmp_path / "one"])
    for title, whose in zip(library.offered, (True, False), strict=True):
        shelf = cards.shelf(library, [title])
        assert "cycle error 3.2" in shelf
        assert ("of GAN + cycle + identity:" in shelf) == whose, "of one variant it is plain"
