"""The laboratory: what is trained, what survives a kill, and what the report makes of it."""

import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from markupsafe import escape
from PIL import Image
from tiny import SIZE, config, dataset, same

from cyclegan import lessons
from cyclegan.core import files, images, palette, sheets
from cyclegan.core.config import Config, ConfigError
from cyclegan.core.evidence import RESAMPLES, Difference, Estimate
from cyclegan.core.media import PICTURES
from cyclegan.core.pictures import load
from cyclegan.inference.comparisons import Comparisons
from cyclegan.labs.ablation import command, estimates, pictures, report, run, text, variants
from cyclegan.labs.ablation.command import main
from cyclegan.labs.ablation.variants import choose, groups, is_paired, known
from cyclegan.lessons import HeldOut, open_data
from cyclegan.page import curves, film, lab_panels, lab_tables
from cyclegan.page.lab import read as read_report
from cyclegan.page.markup import formula
from cyclegan.store import checkpoints
from cyclegan.training import setup as training
from cyclegan.training.runs import Run, RunError

ROOT = Path(__file__).parent.parent
STEPS = 4
SHOWN = ["cycle", "gan", "cyclegan", "pix2pix"]

TINY = ["--size", str(SIZE), "--width", "2", "--blocks", "1", "--discriminator-width", "2"]
ONE_THREAD = ["--jobs", str(os.cpu_count())]
"""A worker's threads are its share of the cores."""


def base(steps: int = STEPS, data: str = "satellite2map") -> Config:
    return config(steps=steps, data=data, fit="none")


@pytest.fixture(autouse=True)
def worker(monkeypatch):
    """This process takes a worker's place where a test calls `run._train`."""
    monkeypatch.setattr(run, "_worker", {"device": torch.device("cpu"), "stop": threading.Event()})


def train_all(runs: dict[Path, Config]) -> None:
    for folder, settings in runs.items():
        run._train(folder, settings)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """Four variants with two seeds each on real pairs."""
    lab = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "_worker", {"device": torch.device("cpu"), "stop": threading.Event()})
        train_all(run.plan(lab, base(), SHOWN, 2))
    return lab


@pytest.fixture(scope="module")
def written(trained) -> Path:
    return report.write(trained, trained / "report").parent


def read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# Variants


def test_names_are_unique_and_fit_for_folders():
    """A row that changes something else has the objective of the one that it is held against."""
    rows = known()
    assert len({row.title for row in rows.values()}) == len(rows)
    objectives = [row.objective for row in rows.values() if not row.changes]
    assert len({o.slug for o in objectives}) == len({o.name for o in objectives}) == len(objectives)
    for name in [*rows, *(o.slug for o in objectives)]:
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")


def test_the_papers_five_rows():
    rows, five = known(), groups()["paper"]
    weights = {
        name: (o.gan, o.cycle_forward, o.cycle_backward, o.identity)
        for name, o in ((name, rows[name].objective) for name in five)
    }
    assert weights == {
        "cycle": (0, 10, 10, 0),
        "gan": (1, 0, 0, 0),
        "gan-forward": (1, 10, 0, 0),
        "gan-backward": (1, 0, 10, 0),
        "cyclegan": (1, 10, 10, 0),
    }
    for name in five:
        with_identity = rows[f"{name}-identity"].objective
        assert with_identity == replace(rows[name].objective, identity=5.0)


def test_variants_are_chosen_by_name_or_group_each_once_in_order():
    assert choose(["cyclegan", "paper", "gan"]) == list(groups()["paper"])
    assert choose(["pix2pix", "cycle"]) == ["cycle", "pix2pix"]
    assert choose(["all"]) == list(known())
    with pytest.raises(ConfigError, match=r"no variant vae; valid are cycle, gan.*paper, identity"):
        choose(["gan", "vae"])


def test_the_others_are_held_against_the_method_itself():
    assert variants.reference(["gan", "cyclegan", "pix2pix"]) == "cyclegan"
    assert variants.reference(["pix2pix", "gan"]) is None, "pairs are no measure for the others"
    assert variants.rival("cyclegan") == "gan", "without the cycle loss"
    assert variants.rival("gan") is variants.rival("cycle") is variants.rival("pix2pix") is None


def test_every_variant_has_its_place_in_the_pictures():
    placed = [name for _, names in pictures.present(known()) for name in names]
    assert sorted(placed) == sorted(known())
    titles = [title for title, _ in pictures.present(["pix2pix", "gan"])]
    assert titles == ["The paper's five", "Others"]
    assert max(len(names) for _, names in pictures.present(known())) <= len(palette.FEW)


SOURCES = {  # A word that tells what each leaves out, at least.
    "discogan": ["feature matching", "0.01", "weight decay"],
    "l2-cycle": ["weight 1", "no identity"],
    "augmented": ["batch of 32", "its own generators"],
    "pix2pix": ["log loss", "U-Net"],
    "feature-cycle": ["close to 1", "0.9 is ours"],
    "decaying-cycle": ["not to 0", "is ours"],
    "quality-cycle": ["D_X(x)"],
    "original-quality-cycle": ["bounds"],
    "all-remedies": ["close to 1", "not to 0", "bounds"],
    "unet": ["layer norm", "not the book's 32"],
    "whole-picture": ["more stages", "16-726", "47 to 63", "36"],
    "batch-norm": ["with one picture", "--eval", "averaged once more"],
    "no-history": ["50 generated pictures"],
    "no-augmentation": ["mirroring", "Scaling has no row"],
    "cycada-all": ["z is ours", "begins late", "together"],
}


def test_rows_of_other_papers_say_what_they_leave_out(capsys):
    """In the laboratory's help as well; the paper's own rows leave out nothing, and those of CyCADA
    without a term what its first does."""
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    rows = known()
    assert {name for name, row in rows.items() if row.left_out} == set(SOURCES)
    told_of = ("others", "better-cycles", "settings")
    rest = {name for group in told_of for name in groups()[group]}
    assert set(SOURCES) == {*rest, groups()["cycada"][0]}
    for name, words in SOURCES.items():
        assert all(word in rows[name].left_out for word in words)
        assert f"{name} ({rows[name].source}) leaves out or changes: {rows[name].left_out}" in told


# Rows that change something beside the objective

SETTINGS = ["unet", "whole-picture", "batch-norm", "no-history", "no-augmentation"]
LIVE = lessons.find("drawing").recipe.config
"""16 filters, 4 blocks, discriminators of 32: what the command trains on it."""


def resnet_size(width: int, blocks: int) -> int:
    """c7s1-k, d2k, d4k, R4k, u2k, uk, c7s1-3: kernels of 49 and 9 places, each with its biases."""
    k = width
    down = [(49, 3, k), (9, k, 2 * k), (9, 2 * k, 4 * k)] + [(9, 4 * k, 4 * k)] * 2 * blocks
    up = [(9, 4 * k, 2 * k), (9, 2 * k, k), (49, k, 3)]
    return sum(places * i * o + o for places, i, o in down + up)


def unet_size(width: int) -> int:
    """The book's, of 4×4 kernels: four stages down, and up with a skip beside all but one."""
    k = width
    down = [(3, k), (k, 2 * k), (2 * k, 4 * k), (4 * k, 8 * k)]
    up = [(8 * k, 4 * k), (8 * k, 2 * k), (4 * k, k), (2 * k, 3)]
    return sum(16 * i * o + o for i, o in down + up)


def changed(base: Config, row: str) -> dict[str, object]:
    """What a row's settings have otherwise, field by field."""
    own = known()[row].config(base)
    found = {}
    for part in ("generator", "discriminator", "training"):
        a, b = (getattr(each, part) for each in (own, base))
        pairs = {f: (getattr(a, f), getattr(b, f)) for f in vars(a)}
        found |= {f"{part}.{f}": ours for f, (ours, theirs) in pairs.items() if ours != theirs}
    assert own.image_size == base.image_size and own.domains == base.domains
    return found


def test_each_changes_one_thing_and_has_the_objective_of_the_reference():
    rows = known()
    assert list(groups()["settings"]) == SETTINGS
    assert {rows[name].objective for name in SETTINGS} == {rows["cyclegan-identity"].objective}
    width = min(range(1, 99), key=lambda k: abs(unet_size(k) - resnet_size(16, 4)))
    assert {name: changed(LIVE, name) for name in SETTINGS} == {
        "unet": {"generator.kind": "unet", "generator.width": width},
        "whole-picture": {"discriminator.kind": "course"},
        "batch-norm": {"generator.norm": "batch", "discriminator.norm": "batch"},
        "no-history": {"training.pool": 0},
        "no-augmentation": {"training.place": "middle", "training.flip": "none"},
    }
    for name in SETTINGS:  # What is planned once is planned alike the next time.
        assert rows[name].config(rows[name].config(LIVE)) == rows[name].config(LIVE)


def test_they_are_held_against_the_row_without_their_change():
    assert {variants.beside(name) for name in SETTINGS} == {"cyclegan-identity"}
    assert variants.beside("cyclegan-identity") is variants.beside("vae") is None
    assert variants.reference(["cyclegan-identity", *SETTINGS]) == "cyclegan-identity"
    assert variants.reference(["cyclegan", "cyclegan-identity", *SETTINGS]) == "cyclegan"
    assert variants.reference(SETTINGS) is None
    # Without its cycle loss each would be compared with another network as well.
    assert {variants.rival(name) for name in SETTINGS} == {None}
    assert variants.rival("cyclegan-identity") == "gan-identity"


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("whole-picture", 128, "whole-picture: CycleGAN + identity, one score a picture is what"),
        ("unet", SIZE, "unet: image size is 24; the unet generator takes multiples of 16"),
    ],
)
def test_where_a_row_is_not_what_it_says_it_is_not_trained(name, size, words, tmp_path):
    with pytest.raises(ConfigError, match=re.escape(words)):
        run.plan(tmp_path, replace(base(), image_size=size), ["cyclegan", name], 1)
    assert not any(tmp_path.iterdir())


@pytest.fixture(scope="module")
def settings_lab(tmp_path_factory) -> Path:
    """The reference and all five, at the size that the whole picture needs."""
    folder = tmp_path_factory.mktemp("settings")
    data, lab = dataset(folder / "data", size=70, test=3), folder / "lab"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "_worker", {"device": torch.device("cpu"), "stop": threading.Event()})
        train_all(settings_plan(lab, data))
    return lab


def settings_plan(lab: Path, data: Path) -> dict[Path, Config]:
    started = replace(base(2, str(data)), image_size=64)
    return run.plan(lab, started, ["cyclegan-identity", *SETTINGS], 1)


def test_a_laboratory_of_settings_says_what_each_row_has_otherwise(settings_lab):
    data = settings_lab.parent / "data"
    runs = settings_plan(settings_lab, data)
    assert all(run.is_done(folder) for folder in runs), "what is done is known again"
    text_of = report.write(settings_lab, settings_lab / "report").read_text(encoding="utf-8")
    found = read_json(settings_lab / "report" / "report.json")
    rows = {v["name"]: v for v in found["variants"]}
    assert rows["cyclegan-identity"]["settings"] == {}
    assert rows["unet"]["settings"] == {"generators": "U-Net, 1 filters"}
    assert rows["whole-picture"]["settings"] == {"discriminators": "down to one score, 2 filters"}
    assert rows["no-history"]["settings"] == {"history": "none"}
    assert rows["no-augmentation"]["settings"] == {"crops": "the middle of each, never mirrored"}
    assert rows["batch-norm"]["settings"]["generators"] == (
        "ResNet, 1 block, 2 filters, batch norm"
    )
    assert rows["unet"]["parameters"]["G"]["G"] == unet_size(1)
    assert rows["no-history"]["parameters"]["F"]["F"] == resnet_size(2, 1)
    # In place of a bias each normed channel has a scale and a shift, and the last layer keeps its.
    normed = 2 + 4 + 8 + 2 * 8 + 4 + 2
    assert rows["batch-norm"]["parameters"]["G"]["G"] == resnet_size(2, 1) + normed
    assert (found["networks"], found["settings"]["generator"]["kind"]) == (
        "ResNet, 1 block, 2 filters",
        "resnet",
    )

    assert "| variant | parameters of G | parameters of D\\_Y | gradient ratio" in text_of
    assert f"| CycleGAN + identity, U-Net | {unet_size(1):,} | " in text_of
    assert "but the objective is equal, and in rows that change something beside it" in text_of
    _, told = text_of.split("## What rows change beside the objective\n\n")
    lines = told.split("\n\n")[0].splitlines()
    assert len(lines) == 5
    assert lines[0].startswith(
        "- CycleGAN + identity, U-Net: generators: U-Net, 1 filters. "
        "G against CycleGAN + identity: "
    )
    assert "--variants cyclegan-identity,unet,whole-picture,batch-norm,no-history" in text_of


def test_the_page_tells_of_them_too(settings_lab):
    report.write(settings_lab, settings_lab / "report")
    found = read_report(settings_lab)
    assert found.reference.name == "cyclegan-identity"
    words = " ".join(lab_panels.introduction(found).split())
    assert "1 objective and 5 other settings" in words and "for what a row says of itself" in words
    html = lab_tables.tables(found, "xy")
    for name in SETTINGS:
        assert escape(known()[name].left_out) in html and known()[name].title in html
    assert "generators: U-Net, 1 filters" in html
    assert f"parameters: {unet_size(1):,} in G" in html and "history: none" in html
    # Where all are of one size, nobody needs to be told.
    alike = replace(found, rows=(found.row("cyclegan-identity"), found.row("no-history")))
    assert "parameters:" not in lab_tables.tables(alike, "xy")


def test_a_row_that_changes_more_than_it_says_is_refused(settings_lab, tmp_path, capsys):
    lab = tmp_path / "lab"
    shutil.copytree(settings_lab, lab, ignore=shutil.ignore_patterns("report"))
    path = lab / "unet" / "seed-0" / "config.json"
    kept = read_json(path)
    for part, fields, words in (
        ("generator", {"width": 8}, "in more than what its row says of generator"),
        ("training", {"pool": 0}, "differ in training"),
    ):
        files.write_json(path, {**kept, part: {**kept[part], **fields}})
        assert words in refusal(capsys, str(lab))
    files.write_json(path, kept)
    assert [one.variant for one in report.read(lab)] == ["cyclegan-identity", *SETTINGS]
    # Alone it is as it is: nothing tells what it has otherwise.
    for name in ("cyclegan-identity", *SETTINGS[1:]):
        shutil.rmtree(lab / name)
    (alone,) = report.summarise(report.read(lab))["variants"]
    assert alone["settings"] == {}


# Planning


def test_all_variants_are_trained_with_one_seed_before_the_next(tmp_path):
    runs = run.plan(tmp_path, base(), ["gan", "cyclegan"], 2)
    assert [str(folder.relative_to(tmp_path)) for folder in runs] == [
        "gan/seed-0",
        "cyclegan/seed-0",
        "gan/seed-1",
        "cyclegan/seed-1",
    ]
    for folder, settings in runs.items():
        assert settings.objective == known()[folder.parent.name].objective
        assert settings.training.seed == int(folder.name[-1])
        same_but = replace(settings, objective=base().objective, training=base().training)
        assert same_but == base()


def test_a_lab_with_other_settings_is_refused(trained, capsys):
    run.plan(trained, base(), SHOWN, 3)
    with pytest.raises(RunError, match=r"cycle/seed-0 holds a run with other settings; choose"):
        run.plan(trained, base(steps=STEPS + 1), SHOWN, 1)
    argv = ["run", *TINY, "--blocks", "2", "--steps", str(STEPS), "--variants", "gan"]
    assert main([*argv, "--out", str(trained)]) == 2
    assert "ablation: " in (err := capsys.readouterr().err) and "other settings" in err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--seeds", "0"], "--seeds must be at least 1."),
        (["--jobs", "0"], "--jobs must be at least 1."),
        (["--variants", "vae"], "There is no variant vae"),
        (["--steps", "0"], "steps is 0"),
        (["--data", "/nowhere"], "There is no folder /nowhere."),
    ],
)
def test_wrong_flags(flags, words, tmp_path, capsys):
    assert main(["run", "--out", str(tmp_path / "lab"), *TINY, *flags]) == 2
    err = capsys.readouterr().err
    assert err.startswith("ablation: ") and words in err and err.count("\n") == 1
    assert not (tmp_path / "lab").exists()


HALF = replace(known()["feature-cycle"].objective, cycle_features=0.5)
"""The row's objective in versions before."""


def test_a_lab_goes_on_with_the_objective_that_its_row_had(tmp_path):
    """All seeds of it, and it alone; a report tells of what was trained."""
    lab, name = tmp_path / "lab", "feature-cycle"
    begun = replace(base(), objective=HALF)
    train_all({lab / name / "seed-0": begun})
    runs = run.plan(lab, base(), ["decaying-cycle", name], 2)
    assert [c.objective for f, c in runs.items() if f.parent.name == name] == [HALF, HALF]
    assert runs[lab / "decaying-cycle" / "seed-0"].objective.cycle_decay == 0.9
    assert run.plan(tmp_path, base(), [name], 1)[tmp_path / name / "seed-0"].objective == (
        known()[name].objective
    )
    (found,) = report.summarise(report.read(lab))["variants"]
    assert found["objective"]["cycle_features"] == 0.5
    assert "cycle features 0.5 instead of 0.9." in found["left_out"]


def test_seeds_of_an_earlier_and_of_todays_objective_are_not_mixed(tmp_path, capsys):
    lab, today = tmp_path / "lab", known()["feature-cycle"].objective
    for seed, objective in enumerate((HALF, today)):
        train_all({lab / "feature-cycle" / f"seed-{seed}": replace(base(), objective=objective)})
    assert "seed-1 was trained with another objective" in refusal(capsys, str(lab))


# Runs


def test_all_remedies_together_run_and_are_reported(tmp_path):
    """By the command, beside the row that they are held against."""
    lab, data = tmp_path / "lab", dataset(tmp_path / "data", size=SIZE + 8)
    argv = ["run", "--data", str(data), *TINY, "--variants", "cyclegan,all-remedies"]
    argv += ["--seeds", "1", "--steps", str(STEPS), "--device", "cpu", *ONE_THREAD]
    assert main([*argv, "--out", str(lab)]) == 0 == main(["report", str(lab)])
    row = known()["all-remedies"]
    plain, found = read_json(lab / "report" / "report.json")["variants"]
    assert (plain["left_out"], found["left_out"]) == ("", row.left_out)
    assert found["terms"] == "GAN + cycle (features, decaying, quality of originals)"
    words = (lab / "report" / "report.md").read_text(encoding="utf-8")
    _, told = words.split("## What rows leave out of their sources, or change\n\n")
    assert told.startswith("- CycleGAN, all three remedies (Wang and Lin 2018, ")
    html = lab_tables.tables(read_report(lab), "xy")
    assert html.count(escape(row.left_out)) == 1


def test_what_is_done_is_not_repeated(trained):
    before = contents(trained)
    runs = run.plan(trained, base(), SHOWN, 2)
    assert all(run.is_done(folder) for folder in runs)
    run.execute(runs, "cpu", 1)
    assert contents(trained) == before


def test_a_run_asked_to_stop_keeps_its_last_save_and_nothing_later(tmp_path, monkeypatch):
    """A log line or a sample from in between would tell of the interruption for ever."""
    (folder, settings), *_ = run.plan(tmp_path, base(steps=40), ["cycle"], 1).items()
    call = Run.__call__

    def stop_at_5(self, trainer, done):
        call(self, trainer, done)
        if done.step == 5:
            run._worker["stop"].set()

    monkeypatch.setattr(Run, "__call__", stop_at_5)
    run._train(folder, settings)
    assert checkpoints.read_config(folder).facts["steps"] == run.steps_done(folder) == 4
    assert not run.is_done(folder)
    assert sorted(p.name for p in (folder / "samples").iterdir()) == ["000002.png", "000004.png"]


def test_a_kill_between_the_last_state_and_its_weights(trained, tmp_path):
    """The state is written first: the weights beside it may be those of the save before."""
    folder, settings = next(iter(run.plan(tmp_path, base(), ["cyclegan"], 1).items()))
    finished = trained / "cyclegan" / "seed-0"
    folder.mkdir(parents=True)
    for name in ("training.pt", "log.jsonl"):
        (folder / name).write_bytes((finished / name).read_bytes())
    older = checkpoints.load(trained / "cyclegan" / "seed-1")
    facts = {"steps": STEPS - 1}
    checkpoints.save(folder, replace(settings, facts=facts), older.model.networks)
    run._train(folder, settings)
    assert read_json(folder / "metrics.json") == read_json(finished / "metrics.json")
    assert checkpoints.read_config(folder).facts["steps"] == STEPS


def test_without_ground_truth_there_are_the_figures_that_need_none(tmp_path, capsys):
    folder, lab = dataset(tmp_path / "data", size=SIZE + 8, test=3), tmp_path / "lab"
    (folder / "unpaired").touch()
    train_all(run.plan(lab, base(data=str(folder)), ["cycle", "gan"], 1))
    assert main(["report", str(lab)]) == 0
    found = read_json(lab / "report" / "report.json")
    assert (found["pairs"], found["items"], found["unchanged"]) == (0, 3, None)
    assert set(found["apart"]) == {"G", "F"}
    assert found["frames"] == {"steps": [1, 2, 3, 4], "inputs": 3, "side": SIZE}
    gan = found["variants"][1]
    needed_none = {"sharpness", "cycle_error", "identity_error", "diversity"}
    needed_none |= {"warping_1", "warping_2", "warping_4"}
    assert set(gan["figures"]["G"]) == set(gan["figures"]["F"]) == needed_none
    assert set(gan["curves"]["figures"]) == {"cycle_error", "diversity"}
    assert len(gan["curves"]["terms"]["gan_G"]) == STEPS
    words = (lab / "report" / "report.md").read_text(encoding="utf-8")
    assert "measured on 3 held-out items" in words and "unpaired: without ground truth" in words
    columns = "gradient ratio → 1 | cycle error ↓ | identity error ↓ | diversity → 1"
    assert f"| variant | {columns} | warping error at 1 px ↓ |" in words
    asked = ["run", "--data", str(folder), "--out", str(lab), *TINY, "--variants"]
    assert main([*asked, "pix2pix"]) == 2
    assert "pix2pix trains on true pairs" in capsys.readouterr().err
    names = command._for_data(["all"], open_data(str(folder), SIZE, "none"))
    assert len(names) > 10 and not {"pix2pix", "cycada-all"} & set(names)
    told = capsys.readouterr().out
    assert "pix2pix is left out: pix2pix trains on true pairs" in told
    assert "cycada-all is left out: CyCADA learns from labels" in told


def test_of_a_single_item_there_are_losses_and_pictures(tmp_path):
    """And they are said to be training items where none are held out."""
    folder, lab = dataset(tmp_path / "data", size=SIZE + 8, test=1), tmp_path / "lab"
    (folder / "unpaired").touch()
    runs = run.plan(lab, base(data=str(folder)), ["gan"], 1)
    train_all(runs)
    assert all(run.is_done(done) for done in runs)
    assert checkpoints.load(lab / "gan" / "seed-0").metrics == {}
    found = read_json(report.write(lab, lab / "report").with_name("report.json"))
    assert found["variants"][0]["figures"] == {} == found["variants"][0]["curves"]["figures"]
    words = (lab / "report" / "report.md").read_text(encoding="utf-8")
    assert "too few held-out items" in words and "| variant |" not in words
    assert text.items({"pairs": 0, "held_out": False}) == "training items (none were held out)"


def test_a_lesson_and_a_method_of_somebody_elses(toys, tmp_path):
    """One way alone, a latent, stages, a group and figures of their own, and no pictures."""
    assert choose(variants.usual("tones")) == ["sketch", "sketch-keep"]
    assert variants.reference(["sketch-keep", "sketch"]) == "sketch"
    settings = toys.recipe.config
    settings = replace(settings, training=replace(settings.training, fit="none", steps=STEPS))
    train_all(run.plan(tmp_path, settings, ["sketch", "sketch-keep"], 1))
    out = report.write(tmp_path, tmp_path / "report").parent
    found = read_json(out / "report.json")
    one = found["variants"][0]
    assert one["formulas"] == {"original": "x", "made": "M(x, z)"} and one["method"] == "sketch"
    assert set(one["figures"]) == {"G"}
    assert set(one["figures"]["G"]) == {"sign_error", "periods_kept"}
    assert one["curves"]["terms"]["critic"][:2] == [None, None], "its stage comes later"
    assert None not in one["curves"]["terms"]["critic"][2:]
    words = (out / "report.md").read_text(encoding="utf-8")
    assert "size 32, measured on 10 held-out pairs" in words and "F: Y → X" not in words
    assert "reconstructions.png" not in words and "Zhu" not in words
    assert not (out / "reconstructions.png").exists() and (out / "inputs.png").exists()
    with Image.open(out / "frames" / "sketch" / "000004.webp") as frame:
        assert frame.size == (64, 3 * 64), "one column"

    shown = read_report(tmp_path)
    assert list(shown.groups()) == ["sketches"] and shown.reference.name == "sketch"
    assert ("critic term of M", "critic") in curves.choices(shown)
    html = film.draw(shown, *shown.rows) + lab_tables.tables(shown, "xy")
    assert formula("M(x, z)") in html and formula("F(G(x))") not in html


# Kills


def start(lab: Path, *argv: str) -> subprocess.Popen:
    """A laboratory in a process group of its own, which hears Ctrl-C whoever started the tests."""
    listen = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    module = "import sys; from cyclegan.labs.ablation.command import main; "
    guard = "if __name__ == '__main__': sys.exit(main())"
    script = lab.with_name("start.py")
    script.write_text(f"{listen}\n{module}\n{guard}\n")
    return subprocess.Popen(
        [sys.executable, str(script), *argv],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def logged(lab: Path) -> int:
    return sum(run.steps_done(folder) for folder in lab.glob("*/seed-*"))


def await_steps(process: subprocess.Popen, lab: Path, steps: int) -> None:
    begun = time.monotonic()
    while logged(lab) < steps:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < begun + 120
        time.sleep(0.005)


def is_empty(group: int) -> bool:
    """Whether all processes of a group are gone, but for those that nobody has waited for."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, of = stat.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(of) == group and state != "Z":
            return False
    return True


def await_empty(group: int, seconds: float) -> None:
    asked = time.monotonic()
    while not is_empty(group):
        assert time.monotonic() < asked + seconds, "Orphaned workers go on."
        time.sleep(0.02)


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")


@needs_proc
def test_killed_again_and_again_the_report_is_that_of_an_uninterrupted_laboratory(tmp_path):
    """At random moments: Ctrl-C, the whole group, and the parent alone, whose workers must go."""
    steps, moments = 200, random.Random(0)
    data = dataset(tmp_path / "data", size=SIZE + 8)
    killed, straight = tmp_path / "killed", tmp_path / "straight"
    argv = ["run", "--data", str(data), *TINY, "--variants", "cycle,cyclegan", "--seeds", "1"]
    argv += ["--steps", str(steps), "--out", str(killed), "--device", "cpu", *ONE_THREAD]
    for number, stop in enumerate(("Ctrl-C", "group", "parent")):
        process = start(killed, *argv)
        await_steps(process, killed, 100 * number + moments.randrange(10, 90))
        time.sleep(moments.random() * 0.2)
        if stop == "parent":
            os.kill(process.pid, signal.SIGKILL)
        else:
            os.killpg(process.pid, signal.SIGINT if stop == "Ctrl-C" else signal.SIGKILL)
        asked = time.monotonic()
        _, err = process.communicate(timeout=60)
        if stop == "Ctrl-C":
            assert time.monotonic() - asked < 20, "workers end within a step"
            assert process.returncode == 130 and "Traceback" not in err
            assert err.endswith("ablation: stopped; the same command goes on from here.\n")
        await_empty(process.pid, 20)
    assert main(argv) == 0

    for folder in killed.glob("*/seed-0"):  # The same in this process, all at once.
        settings = replace(checkpoints.read_config(folder), facts={})
        run._train(straight / folder.relative_to(killed), settings)
    for lab in (killed, straight):
        report.write(lab, lab / "report")
    for name in ("report.json", "report.md"):
        found = [(lab / "report" / name).read_bytes() for lab in (killed, straight)]
        assert found[0] == found[1]
    for name in ("cycle", "cyclegan"):
        ours, theirs = (lab / name / "seed-0" for lab in (killed, straight))
        for part in ("model.safetensors", "metrics.json"):
            assert (ours / part).read_bytes() == (theirs / part).read_bytes()
        samples = [
            {p.name: p.read_bytes() for p in (f / "samples").glob("*.png")} for f in (ours, theirs)
        ]
        assert samples[0] == samples[1] and len(samples[0]) == 20


# The report's numbers


def test_figures_are_means_and_deviations_over_seeds(trained, written):
    found = read_json(written / "report.json")
    assert [variant["name"] for variant in found["variants"]] == SHOWN
    assert (found["data"], found["size"], found["steps"]) == ("satellite2map", SIZE, STEPS)
    assert found["seeds"] == [0, 1] and found["pairs"] > 100
    for variant in found["variants"]:
        metrics = [
            read_json(trained / variant["name"] / f"seed-{seed}" / "metrics.json")
            for seed in (0, 1)
        ]
        assert variant["terms"] == known()[variant["name"]].objective.name
        assert variant["paired"] == (variant["name"] == "pix2pix")
        for network in "GF":
            assert variant["figures"][network].keys() == metrics[0][network].keys()
            for name, figure in variant["figures"][network].items():
                a, b = (m[network][name] for m in metrics)
                assert figure["values"] == pytest.approx([a, b], rel=1e-5)
                assert figure["mean"] == pytest.approx((a + b) / 2, rel=1e-5, abs=1e-9)
                # For two values n − 1 is 1: √(2 · ((a − b) / 2)²)
                spread = abs(a - b) / 2**0.5
                assert figure["spread"] == pytest.approx(spread, rel=1e-5, abs=1e-9)


def test_curves_are_those_of_the_logs(trained, written):
    found = read_json(written / "report.json")
    for variant in found["variants"]:
        logs = [
            [
                json.loads(line)
                for line in (trained / variant["name"] / f"seed-{seed}" / "log.jsonl").open()
            ]
            for seed in (0, 1)
        ]
        curves = variant["curves"]
        assert curves["steps"] == [1, 2, 3, 4]
        assert curves["terms"].keys() == logs[0][0]["terms"].keys()
        assert set(curves["figures"]) == {"sea_iou", "rmse", "cycle_error", "diversity"}
        for at in range(STEPS):
            for name, values in curves["terms"].items():
                seeds = [log[at]["terms"][name] for log in logs]
                assert values[at] == pytest.approx(statistics.fmean(seeds), rel=1e-5)
            for name, band in curves["figures"].items():
                seeds = [log[at]["figures"][name] for log in logs]
                assert band["low"][at] == pytest.approx(min(seeds), rel=1e-5, abs=1e-9)
                assert band["high"][at] == pytest.approx(max(seeds), rel=1e-5, abs=1e-9)
                assert band["low"][at] <= band["mean"][at] <= band["high"][at]


def test_one_seed_has_no_spread(trained, tmp_path):
    runs = [one for one in report.read(trained) if one.seed == 0]
    found = report.summarise(runs)
    assert found["seeds"] == [0]
    assert all(f["spread"] is None for f in found["variants"][0]["figures"]["G"].values())
    assert "±" not in text.table(found, "G")


def test_a_report_tells_no_time_and_not_where_it_lies(trained, written, tmp_path):
    """Or the same runs would not give the same report."""
    again = report.write(trained, tmp_path / "again").parent
    for name in ("report.json", "report.md"):
        words = (written / name).read_text(encoding="utf-8")
        assert (again / name).read_text(encoding="utf-8") == words
        assert "second" not in words.replace("second source", "") and str(trained) not in words
    words = (written / "report.html").read_text(encoding="utf-8")
    assert (again / "report.html").read_text(encoding="utf-8") == words
    assert str(trained) not in words and " min on " not in words


def test_samples_leave_as_a_moving_picture(written):
    assert Image.open(written / "film.webp").n_frames > 1


def test_one_file_tells_the_same(written):
    """By the drawer of all handouts: figures as in report.md, frames of all steps, what is left
    out."""
    html = (written / "report.html").read_text(encoding="utf-8")
    tables = (written / "report.md").read_text(encoding="utf-8")
    found = read_json(written / "report.json")
    for variant in found["variants"]:
        assert str(escape(variant["title"])) in html and str(escape(variant["left_out"])) in html
        measure = lessons.find("satellite2map").measure("cycle_error")
        figure = variant["figures"]["G"]["cycle_error"]
        value, within = measure.written(figure["mean"]), measure.within(figure["interval"])
        spread = measure.written(figure["spread"])
        assert f"{value} <small>{within}</small> <small>{value} ± {spread}</small>" in html
        assert f"{value}** ± {spread}" in tables or f"{value} ± {spread} ({within})" in tables
    assert html.count("<img") == 1 + STEPS * len(SHOWN) and 'data-steps="1 2 3 4"' in html


def test_machines_that_differ_are_all_named(trained):
    runs = report.read(trained)
    assert report.summarise(runs)["machine"].startswith("CPU, 1 of ")
    runs[0] = replace(runs[0], config=replace(runs[0].config, facts={"machine": "An abacus"}))
    machines = report.summarise(runs)["machine"]
    assert len(machines) == 2 and "An abacus" in machines


@pytest.mark.parametrize("place", range(0, 4000, 97))
def test_a_damaged_file_of_estimates_is_as_none(tmp_path, place):
    one = Estimate(1.0, lambda: np.random.default_rng(0).normal(size=RESAMPLES))
    estimates.write(tmp_path, {"G": {"rmse": one}})
    read = estimates.read(tmp_path)["G"]["rmse"]
    assert read.value == 1.0 and np.array_equal(read.resampled, one.resampled)
    path = tmp_path / estimates.ESTIMATES
    data = bytearray(path.read_bytes())
    data[place : place + 3] = b"\xff\x00\x7f"
    path.write_bytes(data)
    found = estimates.read(tmp_path)
    assert found == {} or len(found["G"]["rmse"].resampled) == RESAMPLES


# The report's words


def made_up(**figures: tuple[float, float | None]) -> dict:
    return {
        name: {"mean": mean, "spread": spread, "interval": [mean / 2, mean]}
        for name, (mean, spread) in figures.items()
    }


def compared(figures: dict) -> list[dict]:
    """All pairs, told apart where their means are further apart than both spreads."""
    lesson, pairs = lessons.find("satellite2map"), {}
    for a, b in combinations(figures, 2):
        found = {}
        for key in figures[a]:
            x, y = (figures[name][key] for name in (a, b))
            apart = lesson.measure(key).badness(x["mean"]) - lesson.measure(key).badness(y["mean"])
            reach = x["spread"] + y["spread"]
            found[key] = Difference(apart, apart - reach, apart + reach)
        pairs[a, b] = {"G": found}
    return Comparisons(pairs).to_json()


def variants_with(**figures: dict) -> dict:
    return {
        "data": "satellite2map",
        "seeds": [0, 1],
        "paper": text.PAPER,
        "comparisons": compared(figures),
        "variants": [
            {
                "name": name,
                "title": known()[name].title,
                "seeds": [0, 1],
                "paired": is_paired(name),
                "figures": {"G": found},
            }
            for name, found in figures.items()
        ],
    }


def test_the_order_is_computed():
    """The same words the other way round where the figures are the other way round."""
    good = made_up(sea_iou=(0.9, 0.01), rmse=(50, 1), diversity=(0.95, 0.2))
    bad = made_up(sea_iou=(0.3, 0.01), rmse=(90, 1), diversity=(0.9, 0.2))
    paper = (
        " The paper's Table 4: better in per-pixel accuracy, per-class accuracy, class IoU."
        " The paper's Table 5: better in per-pixel accuracy, per-class accuracy, class IoU."
    )
    told = text._order(variants_with(gan=bad, cyclegan=good))
    assert told.endswith(
        "- against GAN alone: better in RMSE, sea IoU; not told apart in diversity." + paper
    )
    told = text._order(variants_with(gan=good, cyclegan=bad))
    assert told.endswith(
        "- against GAN alone: worse in RMSE, sea IoU; not told apart in diversity." + paper
    )


def test_the_best_without_true_pairs_is_bold_where_it_is_clear():
    figures = {
        "gan": made_up(sea_iou=(0.5, 0.01), rmse=(60, 1), diversity=(1.2, 0.1)),
        "cyclegan": made_up(sea_iou=(0.8, 0.02), rmse=(61, 2), diversity=(0.9, 0.1)),
        "pix2pix": made_up(sea_iou=(0.9, 0.01), rmse=(40, 1), diversity=(1.0, 0.1)),
    }
    head, _, *rows = text.table(variants_with(**figures), "G").splitlines()
    assert head == "| variant | RMSE ↓ | sea IoU ↑ | diversity → 1 |"
    assert rows == [
        "| GAN alone | 60.0 ± 1.0 (30.0–60.0) | 0.500 ± 0.010 (0.250–0.500) "
        "| 1.200 ± 0.100 (0.600–1.200) |",
        "| CycleGAN | 61.0 ± 2.0 (30.5–61.0) | **0.800** ± 0.020 (0.400–0.800) "
        "| 0.900 ± 0.100 (0.450–0.900) |",
        "| Paired (pix2pix) | 40.0 ± 1.0 (20.0–40.0) | 0.900 ± 0.010 (0.450–0.900) "
        "| 1.000 ± 0.100 (0.500–1.000) |",
    ]


def test_a_row_of_fewer_seeds_is_not_bold():
    found = {"gan": (60, 1), "gan-forward": (70, 1), "cyclegan": (50, 1)}
    report = variants_with(**{name: made_up(rmse=rmse) for name, rmse in found.items()})
    assert "**50.0**" in text.table(report, "G")
    report["variants"][2]["seeds"] = [0]
    assert "**60.0**" in text.table(report, "G") and "**50.0**" not in text.table(report, "G")


def test_the_papers_figures_are_named_as_such(written):
    words = (written / "report.md").read_text(encoding="utf-8")
    assert "Zhu et al. 2017, arXiv 1703.10593, on Cityscapes" in words
    assert "| GAN alone | 0.51 / 0.11 / 0.08 | 0.53 / 0.11 / 0.07 |" in words
    assert "| CycleGAN | 0.52 / 0.17 / 0.11 | 0.58 / 0.22 / 0.16 |" in words
    absent = "0.55 / 0.18 / 0.12 | – | not run here | not run here |"
    assert f"| GAN + forward cycle | {absent}" in words
    for picture in ("inputs.png", "reconstructions.png", "curves.png"):
        assert f"]({picture})" in words and (written / picture).is_file()
    assert "--variants cycle,gan,cyclegan,pix2pix --seeds 2 --steps 4 --size 24" in words


# The report's pictures


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture).astype(int)


def shown() -> HeldOut:
    return open_data("satellite2map", SIZE, "none").held_out(SIZE, training.SAMPLES)


def test_tiles_are_cut_where_the_samples_lie(trained):
    """Against the held-out pictures themselves, and what the networks on disk make of them."""
    folder, held = trained / "cyclegan" / "seed-0", shown()
    grid = pictures.Grid.read(folder, STEPS, base())
    assert grid.inputs == len(held.x) == 4 and len(grid.tiles) == 8
    model = checkpoints.load(folder).model
    views = dict.fromkeys(("original", "made", "back", "same"))
    assert list(grid.views) == list(views)
    with torch.no_grad():
        for side, (kept, there, back) in enumerate(
            ((held.x, model.G, model.F), (held.y, model.F, model.G))
        ):
            batch = images.to_float(kept)
            made = there(batch)
            for column, tensors in enumerate((batch, made, back(made), back(batch))):
                for row, picture in enumerate(images.to_pictures(tensors)):
                    difference = pixels(grid.tiles[4 * side + row][column]) - pixels(picture)
                    # Weights on disk are halves; the originals are what they are.
                    assert abs(difference).max() <= (2 if column else 0)


def test_frames_hold_the_translations_and_the_way_back(trained, written):
    found = read_json(written / "report.json")["frames"]
    assert found == {"steps": [1, 2, 3, 4], "inputs": 3, "side": SIZE}
    folder = written / "frames"
    frames = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.webp"))
    assert frames == sorted(
        ["inputs.webp", *(f"{name}/{step:06d}.webp" for name in SHOWN for step in range(1, 5))]
    )
    held = shown()
    fixed = pixels(load(written / "frames" / "inputs.webp"))
    sides = [[pixels(PICTURES.draw(kept)) for kept in side[:3]] for side in (held.x, held.y)]
    assert np.array_equal(fixed, np.concatenate([np.concatenate(side) for side in sides], axis=1))

    grid = pictures.Grid.read(trained / "gan" / "seed-0", 2, base())
    frame = pixels(load(written / "frames" / "gan" / "000002.webp"))
    assert frame.shape == (3 * SIZE, 2 * SIZE, 3)
    for column, view in enumerate(("made", "back")):
        for row, tile in enumerate(grid.column(view, 3)):
            seen = frame[row * SIZE :, column * SIZE :][:SIZE, :SIZE].mean((0, 1))
            assert abs(seen - pixels(tile).mean((0, 1))).max() < 6


def test_the_same_inputs_stand_beside_every_variant(written, trained):
    """Each tile is found again in the picture, enlarged by whole pixels."""
    sheet = pixels(load(written / "inputs.png"))
    large = SIZE * (sheets.TILE // SIZE)

    def is_shown(tile: Image.Image) -> bool:
        wanted = pixels(tile.resize((large, large), Image.Resampling.NEAREST))
        corner = (sheet == wanted[0, 0]).all(-1)
        return any(
            np.array_equal(sheet[top : top + large, left : left + large], wanted)
            for top, left in zip(*corner.nonzero(), strict=True)
        )

    for name in SHOWN:
        grid = pictures.Grid.read(trained / name / "seed-0", STEPS, base())
        assert is_shown(grid.tiles[0][0]) and is_shown(grid.tiles[3][1])
        assert not is_shown(grid.tiles[0][3])


# What cannot be reported: one sentence, exit code 2


def refusal(capsys, *argv: str) -> str:
    assert main(["report", *argv]) == 2
    err = capsys.readouterr().err
    assert err.startswith("ablation: ") and err.count("\n") == 1
    return err


def test_no_finished_run(tmp_path, capsys):
    assert f"{tmp_path} holds no finished run;" in refusal(capsys, str(tmp_path))
    assert "holds no finished run" in refusal(capsys, str(tmp_path / "nowhere"))


def copy(lab: Path, to: Path, *names: str) -> Path:
    for name in names:
        for path, content in contents(lab / name / "seed-0").items():
            target = to / path.relative_to(lab)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return to


def test_unlike_runs_are_not_compared(trained, tmp_path, capsys):
    lab = copy(trained, tmp_path, "gan", "cyclegan")
    path = lab / "cyclegan" / "seed-0" / "config.json"
    settings = read_json(path)
    files.write_json(path, {**settings, "generator": {"width": 4}})
    assert "cyclegan/seed-0 and" in (err := refusal(capsys, str(lab)))
    assert "differ in generator" in err
    objective = {**settings["objective"], "identity": 1.0}
    files.write_json(path, {**settings, "objective": objective})
    assert "another objective than cyclegan" in refusal(capsys, str(lab))


def test_a_damaged_log(trained, tmp_path, capsys):
    lab = copy(trained, tmp_path, "gan")
    (lab / "gan" / "seed-0" / "log.jsonl").write_text('{"step": ')
    assert "log.jsonl is missing or damaged." in refusal(capsys, str(lab))


def test_lost_pictures(trained, tmp_path, capsys):
    lab = copy(trained, tmp_path, "gan")
    (lab / "gan" / "seed-0" / "samples" / "000004.png").unlink()
    assert "lack the pictures of step 4." in refusal(capsys, str(lab))


def test_without_matplotlib(trained, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    err = refusal(capsys, str(trained), "--out", str(tmp_path / "report"))
    assert "pip install matplotlib" in err and not (tmp_path / "report").exists()


def test_the_data_may_be_gone(tmp_path):
    """The report then lacks the truth beside the pictures."""
    folder, lab = dataset(tmp_path / "data", size=SIZE + 8), tmp_path / "lab"
    train_all(run.plan(lab, base(data=str(folder)), ["cycle"], 1))
    folder.rename(tmp_path / "elsewhere")
    report.write(lab, lab / "report")
    assert read_json(lab / "report" / "report.json")["frames"]["inputs"] == 2


def test_seeds_differ(trained):
    weights = [checkpoints.load(trained / "gan" / f"seed-{i}").model.state_dict() for i in (0, 1)]
    assert not same(dict(weights[0]), dict(weights[1]))
