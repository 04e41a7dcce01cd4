"""Data, networks, trainer and run folder put together; test_train.py has it from end to end."""

import json
from dataclasses import replace

import pytest
import torch
from tiny import SIZE, config, noise, pictures

from cyclegan import lessons, methods
from cyclegan.core.config import DIRECTIONS, Channels, Domains
from cyclegan.core.device import quick_precision
from cyclegan.core.media import Medium, spread
from cyclegan.inference import Translator, evaluation
from cyclegan.lessons import DataError, UnpairedData
from cyclegan.methods.cyclegan import Objective
from cyclegan.methods.pix2pix import Objective as Paired
from cyclegan.store import checkpoints
from cyclegan.training import setup as training
from cyclegan.training.trainer import StepDone, Trainer

CPU = torch.device("cpu")
PAIRED = Paired()


def data(paired: bool = True, truth: bool = True) -> UnpairedData:
    x, y = pictures(3, SIZE + 4), pictures(5, SIZE + 4, seed=1)
    test = pictures(30, SIZE, seed=2), pictures(30, SIZE, seed=3)
    answers = [255 - picture for picture in x] if truth else None
    return UnpairedData(Domains(), x, y, *test, paired, in_memory=True, train_truth=answers)


def test_samples_and_probes_are_spread_evenly():
    assert spread(range(10), 4) == [0, 2, 5, 7]
    assert len(spread(pictures(3), 4)) == 3


def test_a_probe_is_a_glance_at_a_few_held_out_pairs(tmp_path):
    c = config(steps=2)
    run, trainer = training.prepare(tmp_path, c, data(), CPU, 1, 2)
    training.fit(run, trainer, data())
    first, last = map(json.loads, (tmp_path / "log.jsonl").open())
    assert "figures" not in first
    held = data().held_out(SIZE, 24)
    assert len(held.x) == 24
    found = evaluation.glance(trainer.networks, trainer.method, c, held, CPU)[1]
    assert last["figures"] == found and found.keys() == {"rmse", "cycle_error", "diversity"}
    look = trainer.networks, trainer.method, c, held, CPU
    assert last["figures_F"] == evaluation.glance(*look, direction="yx")[1]
    assert last["figures_F"].keys() == found.keys() and last["figures_F"] != found


@pytest.mark.parametrize("lesson", lessons.all_lessons(), ids=lambda lesson: lesson.name)
def test_a_probe_has_the_figures_that_are_the_lessons_own(lesson):
    """Of either direction, as far as they are quick; CycleGAN has no latent of which there could be
    another."""
    c = replace(config(), image_size=32)
    few = training.probed(c, lesson.open(32, "crop"))
    method = methods.find("cyclegan")
    found = {f.key for way in DIRECTIONS for f in evaluation.glanced(method, c, few, way)}
    shown = [f for f in lesson.own if f.is_quick]
    own = {f.key for f in shown if "back_with_another_z" not in f.needs}
    assert own <= found and (own or lesson.name == "folder")


def test_without_pairs_a_probe_tells_what_needs_no_truth(tmp_path):
    unpaired = data(paired=False)
    run, trainer = training.prepare(tmp_path, config(steps=1), unpaired, CPU)
    training.fit(run, trainer, unpaired)
    found = json.loads((tmp_path / "log.jsonl").read_text())["figures"]
    assert found.keys() == {"cycle_error", "diversity"}


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_a_stopped_run_is_logged_and_saved_at_once(tmp_path, first):
    """However long the intervals are, and whether the wish comes before the run's callback."""
    run, trainer = training.prepare(tmp_path, config(steps=9), data(paired=False), CPU)

    def stop_at_2(trainer: Trainer, done: StepDone) -> None:
        trainer.stop = done.step == 2

    if first:
        training.fit(run, trainer, data(), [stop_at_2])
    else:
        add = run.add
        run.add = lambda done: (add(done), stop_at_2(trainer, done))
        training.fit(run, trainer, data())
    assert [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").open()] == [2]
    assert run.saved_step == 2
    state = torch.load(tmp_path / "training.pt", weights_only=True)
    assert state["trainer"]["steps_done"] == 2


def test_the_paired_objective_sees_the_truth_of_x_and_the_others_never_do(tmp_path):
    for objective in (PAIRED, Objective(gan=0.0, identity=0.0)):
        folder = tmp_path / objective.slug
        run, trainer = training.prepare(folder, config(objective, steps=3), data(), CPU)
        seen = []
        step = trainer.step
        trainer.step = lambda x, y, _, seen=seen, step=step: seen.append((x, y)) or step(x, y)
        training.fit(run, trainer, data())
        assert len(seen) == 3
        # The truth here is the negative of x: −x in [-1, 1].
        assert all(torch.allclose(x, -y, atol=1e-6) is (objective is PAIRED) for x, y in seen)


def test_the_paired_objective_needs_true_pairs(tmp_path):
    with pytest.raises(DataError, match="trains on true pairs, and these pictures are unpaired"):
        training.prepare(tmp_path / "run", config(PAIRED), data(truth=False), CPU)
    assert not (tmp_path / "run").exists()


def test_the_precision_is_decided_once_and_written_down(tmp_path):
    run, trainer = training.prepare(tmp_path, config(precision="auto"), data(), CPU)
    assert trainer.settings.precision == quick_precision(CPU) in ("float32", "bfloat16")
    assert run.config.training == trainer.settings


def test_the_seed_draws_the_weights(tmp_path):
    def first_weight(name: str, seed: int) -> torch.Tensor:
        torch.manual_seed(99)
        _, trainer = training.prepare(tmp_path / name, config(steps=1, seed=seed), data(), CPU)
        return next(trainer.model.G.parameters()).detach().clone()

    assert torch.equal(first_weight("a", 1), first_weight("b", 1))
    assert not torch.equal(first_weight("c", 1), first_weight("d", 2))


def test_fixed_samples_are_the_middles_of_held_out_pictures():
    held = data().held_out(SIZE - 8, training.SAMPLES)
    assert held.x.shape == held.y.shape == (4, 3, SIZE - 8, SIZE - 8)
    assert torch.equal(held.x[0], data().test_x[0][:, 4:-4, 4:-4])


def test_a_method_says_which_media_it_takes(tmp_path):
    sound = replace(data(), medium=Medium())
    with pytest.raises(
        DataError, match="learns from pictures or voice, and these data are numbers"
    ):
        training.prepare(tmp_path / "run", config(), sound, CPU)
    assert not (tmp_path / "run").exists()


def test_channels_are_those_of_the_data(tmp_path):
    """Grey X and coloured Y: trained, sampled, saved and evaluated."""
    grey = [picture[:1] for picture in data().train_x], [p[:1] for p in data().test_x]
    mixed = replace(data(), train_x=grey[0], test_x=grey[1])
    c = config(Objective(identity=0.0), steps=2)
    run, trainer = training.prepare(tmp_path, c, mixed, CPU)
    training.fit(run, trainer, mixed)
    checkpoint = checkpoints.load(tmp_path)
    assert checkpoint.config.channels == Channels(1, 3)
    found = evaluation.evaluate(Translator(checkpoint), mixed)
    assert "cycle_error" in found["G"] and "identity_error" not in found["G"]
    assert Translator(checkpoint).translate(noise(30, 20)).translation.mode == "RGB"
    assert Translator(checkpoint).translate(noise(30, 20), "yx").translation.mode == "L"
