"""`train.py --init`: beginning with the weights of another checkpoint."""

from pathlib import Path

import pytest
import torch
from tiny import SIZE, config, dataset
from variants import FULL, GAN, JUDGES, write

from cyclegan.store import checkpoints
from cyclegan.training import command as train

GOLDEN = Path(__file__).parent / "golden"
SMALL = ["--size", str(SIZE), "--resize", "crop", "--discriminator-width", "2", "--steps", "1"]


def begin(tmp_path, init, *more):
    data = dataset(tmp_path / "data")
    argv = ["--data", str(data), "--out", str(tmp_path / "run"), "--init", str(init)]
    return train.prepare([*argv, *SMALL, *more])


def equal(a, b):
    a, b = a.state_dict(), b.state_dict()
    return all(torch.equal(a[key], b[key]) for key in b)


def test_all_four_networks_are_taken_over(tmp_path):
    model = write(tmp_path / "start", FULL, JUDGES, seed=3)
    run, trainer, _ = begin(tmp_path, tmp_path / "start")
    for name in ("G", "F", "D_X", "D_Y"):
        assert equal(getattr(trainer.model, name), getattr(model, name)), name
    assert equal(trainer.networks["G"], model.G), "the moving average begins there too"
    assert run.config.generator == config().generator
    assert run.config.facts["init"] == str(tmp_path / "start")


def test_without_discriminators_these_are_new(tmp_path):
    model = write(tmp_path / "start", GAN, seed=3)
    _, trainer, _ = begin(tmp_path, tmp_path / "start")
    assert equal(trainer.model.G, model.G) and not equal(trainer.model.D_X, model.D_X)


def test_a_foreign_model_with_both_directions(tmp_path):
    run, trainer, _ = begin(tmp_path, GOLDEN / "upit_pytorch_model.bin")
    assert run.config.generator.width == 8 and run.config.generator.blocks == 6
    foreign = checkpoints_of("upit_pytorch_model.bin")
    assert equal(trainer.model.F, foreign.F)


def checkpoints_of(name):
    from cyclegan.store import formats

    return formats.load([GOLDEN / name]).model


def test_a_training_that_began_elsewhere_runs_and_resumes(tmp_path):
    write(tmp_path / "start", FULL, JUDGES, seed=3)
    data = dataset(tmp_path / "data")
    argv = ["--data", str(data), "--out", str(tmp_path / "run"), *SMALL]
    assert train.main([*argv, "--init", str(tmp_path / "start")]) == 0
    assert checkpoints.read_config(tmp_path / "run").facts["init"] == str(tmp_path / "start")
    assert train.main(["--resume", str(tmp_path / "run")]) == 0


@pytest.mark.parametrize("flag", ["--width", "--blocks"])
def test_the_architecture_is_that_of_the_weights(tmp_path, capsys, flag):
    write(tmp_path / "start", FULL)
    argv = ["--data", str(dataset(tmp_path / "data")), "--init", str(tmp_path / "start"), flag, "4"]
    assert train.main([*argv, "--out", str(tmp_path / "run")]) == 2
    assert f"say what {flag} is" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_one_generator_is_not_enough(tmp_path, capsys):
    argv = ["--data", str(dataset(tmp_path / "data")), "--out", str(tmp_path / "run"), *SMALL]
    assert train.main([*argv, "--init", str(GOLDEN / "latest_net_G_A.pth")]) == 2
    assert "lack F; training needs G and F" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
