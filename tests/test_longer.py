"""A run that goes on longer or otherwise than planned, by train.py and on its own."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from test_train import arguments, run, sentences, signals, state_of, weights_of
from tiny import SIZE, dataset, same

from cyclegan.core.config import Config, ConfigError, Training
from cyclegan.inference.command import main as evaluate
from cyclegan.labs.publishing.pushing import without_place
from cyclegan.methods.cyclegan import Objective
from cyclegan.store import checkpoints
from cyclegan.training import longer, runs

__all__ = ["signals"]

CONSTANT = ("--decay-from", "never")


@pytest.fixture
def pictures(tmp_path):
    return dataset(tmp_path / "data")


def config_of(folder) -> dict:
    return json.loads((folder / "config.json").read_text())


def test_a_run_lengthened_from_20_to_30_steps_is_one_of_30_to_the_last_bit(pictures, tmp_path):
    straight, longer_one = tmp_path / "straight", tmp_path / "longer"
    assert run(*arguments(pictures, straight, 30, *CONSTANT, "--save-every", "10")) == 0
    assert run(*arguments(pictures, longer_one, 20, *CONSTANT, "--save-every", "10")) == 0
    assert run("--resume", str(longer_one), "--steps", "30", "--save-every", "10") == 0
    assert same(state_of(longer_one), state_of(straight))
    assert same(weights_of(longer_one), weights_of(straight))
    kept = config_of(longer_one)
    assert kept["training"]["steps"] == kept["facts"]["steps"] == 30
    assert kept["facts"]["went_on"] == [{"step": 20, "name": "steps", "value": 30}]


def test_a_stopped_run_whose_rate_falls_from_a_step_goes_on_as_planned_at_once(pictures, tmp_path):
    """The schedule says from which step on, so that the length before it makes no difference."""
    straight, longer_one = tmp_path / "straight", tmp_path / "longer"
    falling = ("--decay-from", "6")
    assert run(*arguments(pictures, straight, 10, *falling)) == 0
    assert run(*arguments(pictures, longer_one, 6, *falling)) == 0
    assert run("--resume", str(longer_one), "--steps", "10") == 0
    assert same(state_of(longer_one), state_of(straight))


def test_epochs_lengthen_too(pictures, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(*arguments(pictures, out, 2, *CONSTANT)) == 0
    count = len(list((pictures / "trainA").iterdir()))
    assert run("--resume", str(out), "--epochs", "3") == 0
    assert config_of(out)["facts"]["steps"] == 3 * count
    assert f"It goes on from step 2 to step {3 * count}; planned were 2." in capsys.readouterr().out


def test_a_rate_that_has_fallen_is_asked_for(pictures, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(*arguments(pictures, out, 4, "--rate", "1e-3")) == 0
    capsys.readouterr()
    before = state_of(out)
    (sentence,) = sentences(capsys, run("--resume", str(out), "--steps", "8"))
    assert "By step 4 the rate has fallen from 0.001 to 0" in sentence and "--rate" in sentence
    assert same(state_of(out), before)
    assert run("--resume", str(out), "--steps", "8", "--rate", "5e-4", "--log-every", "1") == 0
    assert "The rate is 0.0005, falling to 0 from step 6 on." in capsys.readouterr().out
    rates = [line["rate"] for line in runs.read_log(out) if line["step"] > 4]
    assert rates == pytest.approx([5e-4, 5e-4, 5e-4, 2.5e-4])
    changed = {c["name"]: c["value"] for c in config_of(out)["facts"]["went_on"]}
    assert changed == {"steps": 8, "rate": 5e-4, "decay_from": 6}


def test_batch_and_what_cannot_be(pictures, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(*arguments(pictures, out, 2, *CONSTANT)) == 0
    assert run("--resume", str(out), "--steps", "4", "--batch", "2") == 0
    assert config_of(out)["training"]["batch"] == 2
    capsys.readouterr()
    (sentence,) = sentences(capsys, run("--resume", str(out), "--steps", "3"))
    assert "steps is 3, and 4 are done" in sentence
    (sentence,) = sentences(capsys, run("--resume", str(out), "--steps", "9", "--decay-from", "1"))
    assert "cannot fall from step 1 on" in sentence
    (sentence,) = sentences(capsys, run("--resume", str(out), "--steps", "9", "--rate", "0"))
    assert "rate is 0.0" in sentence


def test_a_finished_run_without_anything_new_stays_as_it_is(pictures, tmp_path):
    out = tmp_path / "out"
    assert run(*arguments(pictures, out, 2)) == 0
    before = state_of(out)
    assert run("--resume", str(out)) == 0
    assert same(state_of(out), before) and "went_on" not in config_of(out)["facts"]


def test_from_another_working_directory(pictures, tmp_path, monkeypatch):
    straight = tmp_path / "straight"
    assert run(*arguments(pictures, straight, 4, *CONSTANT)) == 0
    monkeypatch.chdir(tmp_path)
    given = arguments("data", "out", 2, *CONSTANT)
    assert run(*given) == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run("--resume", str(tmp_path / "out"), "--steps", "4") == 0
    assert same(weights_of(tmp_path / "out"), weights_of(straight))


def test_a_folder_that_looks_like_a_name_of_the_hub_stays_a_folder(tmp_path, monkeypatch):
    dataset(tmp_path / "user" / "name")
    monkeypatch.chdir(tmp_path)
    assert run(*arguments("user/name", "out", 1)) == 0
    monkeypatch.chdir(tmp_path / "user")
    assert run("--resume", "../out", "--steps", "2", "--rate", "1e-4") == 0


def test_pictures_and_run_that_were_moved_together(tmp_path, capsys):
    pictures = dataset(tmp_path / "here" / "data")
    out = tmp_path / "here" / "runs" / "out"
    assert run(*arguments(pictures, out, 1, *CONSTANT)) == 0
    (tmp_path / "here").rename(tmp_path / "there")
    moved = tmp_path / "there" / "runs" / "out"
    assert run("--resume", str(moved), "--steps", "2") == 0
    assert config_of(moved)["training"]["data"] == str(tmp_path / "there" / "data")
    assert evaluate([str(moved)]) == 0


def test_pictures_that_were_moved_alone_are_asked_for(pictures, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(*arguments(pictures, out, 1, *CONSTANT)) == 0
    pictures.rename(tmp_path / "moved")
    capsys.readouterr()
    (sentence,) = sentences(capsys, run("--resume", str(out)))
    assert f"There is no folder {pictures}." in sentence and "--data FOLDER" in sentence
    assert run("--resume", str(out), "--steps", "2", "--data", str(tmp_path / "moved")) == 0
    moved = str((tmp_path / "moved").absolute())
    assert {"step": 1, "name": "data", "value": moved} in config_of(out)["facts"]["went_on"]


def test_the_way_to_the_pictures_is_not_shipped(pictures, tmp_path):
    out = tmp_path / "out"
    assert run(*arguments(pictures, out, 1)) == 0
    assert config_of(out)["facts"][checkpoints.BESIDE] == "../data"
    checkpoints.export(out, tmp_path / "shipped")
    assert checkpoints.BESIDE not in config_of(tmp_path / "shipped")["facts"]
    pictures.rename(tmp_path / "moved")
    moved = ["--data", str(tmp_path / "moved"), "--rate", "1e-4"]
    assert run("--resume", str(out), "--steps", "2", *moved) == 0
    published = without_place(out).decode()
    assert str(tmp_path) not in published and '"data": "moved"' in published
    begun = tmp_path / "begun"
    given = ["--data", str(tmp_path / "moved"), "--init", str(out), "--out", str(begun)]
    assert run(*given, "--size", str(SIZE), "--steps", "1", "--discriminator-width", "2") == 0
    assert str(tmp_path) not in without_place(begun).decode()


def test_a_kill_between_state_and_config_leaves_the_new_length(pictures, tmp_path):
    """The state holds the settings too: they change in one move with it."""
    out = tmp_path / "out"
    assert run(*arguments(pictures, out, 2, *CONSTANT)) == 0
    shutil.copy(out / "config.json", tmp_path / "older.json")
    assert run("--resume", str(out), "--steps", "4") == 0
    shutil.copy(tmp_path / "older.json", out / "config.json")
    assert runs.settings(out).config.training.steps == 4


@pytest.mark.parametrize("averaged", ["0.9", "0"])
def test_init_begins_from_a_runs_weights_in_float32(pictures, tmp_path, capsys, averaged):
    first, second = tmp_path / "first", tmp_path / "second"
    assert run(*arguments(pictures, first, 3, "--ema", averaged)) == 0
    whole = runs.in_full(first)
    rounded = checkpoints.load(first)
    for role, network in whole.model.networks.items():
        for key, value in network.state_dict().items():
            shipped = rounded.model.networks[role].state_dict()[key]
            assert torch.equal(value.half(), shipped.half()), (role, key)
    assert any(
        not torch.equal(value, value.half().float())
        for value in whole.model.networks["G"].state_dict().values()
    )
    given = arguments(pictures, second, 1)
    for option in ("--width", "--blocks"):
        place = given.index(option)
        del given[place : place + 2]
    assert run(*given, "--init", str(first), "--rate", "1e-30") == 0
    assert "in float32" in capsys.readouterr().out
    began, whole = state_of(second)["model"], whole.model.state_dict()
    assert all(torch.equal(began[key], value) for key, value in whole.items())


# The schedule itself


def test_what_moves_over_the_whole_length_is_told():
    before = Config(objective=Objective(cycle_decay=0.5), training=Training(steps=100, decay=0.0))
    after = longer.train_on(before, 100, steps=200)
    said = " ".join(longer.told(before, after, 100))
    assert "The weight of forward cycle" in said and "from 5 to 7.5" in said
    assert "rate" not in said


@pytest.mark.parametrize(
    ("done", "asked", "expected"),
    [
        # Not fallen yet: the share is one of the new length.
        (40, {"steps": 200}, (1e-3, 100)),
        (40, {"rate": 1e-4}, (1e-4, 50)),
        # Fallen: the share is one of what is left.
        (60, {"rate": 1e-4}, (1e-4, 80)),
        (100, {"steps": 300, "rate": 1e-4}, (1e-4, 200)),
        (100, {"steps": 300, "rate": 1e-4, "decay_from": 250}, (1e-4, 250)),
        (100, {"steps": 300, "rate": 1e-4, "decay_from": "never"}, (1e-4, 300)),
    ],
)
def test_from_which_step_on_the_rate_falls(done, asked, expected):
    before = Config(training=Training(steps=100, rate=1e-3))
    after = longer.train_on(before, done, **asked).training
    assert (after.rate, after.falls_from) == expected
    assert after.rate_factor(done) == 1.0


@pytest.mark.parametrize(
    ("done", "asked"),
    [
        (60, {"steps": 200}),
        (60, {"decay_from": 90}),
        (60, {"decay_from": "never"}),
        (40, {"steps": 60}),  # Shorter: it would have fallen by now.
    ],
)
def test_a_rate_that_would_jump_is_asked_for(done, asked):
    before = Config(training=Training(steps=100, rate=1e-3))
    with pytest.raises(longer.AskForRateError, match=f"By step {done} the rate"):
        longer.train_on(before, done, **asked)


def test_a_new_batch_alone_asks_for_nothing():
    before = Config(training=Training(steps=100))
    after = longer.train_on(before, 60, batch=2)
    assert after == replace(before, training=replace(before.training, batch=2))
    with pytest.raises(ConfigError, match="batch is 0"):
        longer.train_on(before, 60, batch=0)
