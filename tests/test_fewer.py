"""Trainings that see fewer pictures, and what they are asked for by."""

import pytest
import torch
from tiny import SIZE, dataset, pictures

from cyclegan import lessons
from cyclegan.core.config import ConfigError, Domains, Training
from cyclegan.lessons import UnpairedData
from cyclegan.store import checkpoints
from cyclegan.training import command as train


def data(count: int, **more) -> UnpairedData:
    x, y = pictures(count, seed=1), pictures(count + 2, seed=2)
    sides = Domains(), x, y, x[:2], y[:2]
    return UnpairedData(*sides, paired=False, in_memory=True, **more)


def test_fewer_are_evenly_spread_and_keep_what_is_known_of_them():
    whole = data(6, labels=([0, 1, 2, 3, 4, 5], [*range(8)]), train_truth=pictures(6, seed=3))
    few = whole.fewer(3)
    assert few.labels == ([0, 2, 4], [0, 2, 5])
    for name, places in (
        ("train_x", (0, 2, 4)),
        ("train_y", (0, 2, 5)),
        ("train_truth", (0, 2, 4)),
    ):
        found, of = getattr(few, name), getattr(whole, name)
        assert len(found) == 3 and all(map(torch.equal, found, (of[i] for i in places)))
    assert few.test_x is whole.test_x
    more = whole.fewer(7)
    assert more.train_x is whole.train_x and len(more.train_y) == 7


def test_what_was_trained_on_is_what_a_direction_leads_to():
    found = data(4)
    for direction, items in (("xy", found.train_y), ("yx", found.train_x)):
        trained = found.trained(SIZE - 4, direction)
        assert torch.equal(trained, torch.stack([item[:, 2:-2, 2:-2] for item in items]))


def test_a_training_sees_them_alone_and_remembers(tmp_path, monkeypatch):
    monkeypatch.setattr(train.signal, "signal", lambda *_: None)
    folder, out = dataset(tmp_path / "data", x=5, y=7), tmp_path / "run"
    argv = ["--data", str(folder), "--out", str(out), "--device", "cpu", "--size", str(SIZE)]
    argv += ["--width", "2", "--blocks", "0", "--discriminator-width", "2", "--epochs", "2"]
    run, _, opened = train.prepare([*argv, "--pictures", "3"])
    assert (len(opened.train_x), len(opened.train_y)) == (3, 3)
    assert run.config.training.steps == 2 * 3, "two passes over the pictures that it sees"
    assert train.main([*argv, "--pictures", "3", "--steps", "1"][:-2]) == 0
    config = checkpoints.read_config(out)
    assert config.training.pictures == 3
    assert len(lessons.open_data(*lessons.as_trained(config)).train_y) == 3
    _, _, again = train.prepare(["--resume", str(out), "--steps", "9", "--rate", "1e-4"])
    assert len(again.train_x) == 3
    _, _, every = train.prepare([*argv[:2], "--out", str(tmp_path / "all"), *argv[4:]])
    assert len(every.train_x) == 5
    with pytest.raises(ConfigError, match="--pictures belongs to a run from its first step"):
        train.prepare(["--resume", str(out), "--pictures", "2"])


@pytest.mark.parametrize(("word", "words"), [("0", "at least 1"), ("some", "nor all")])
def test_numbers_that_make_no_sense(word, words, tmp_path):
    folder = dataset(tmp_path / "data")
    with pytest.raises(ConfigError, match=words):
        train.prepare(["--data", str(folder), "--pictures", word])
    assert Training().pictures is None
