"""Data, networks, trainer and run folder put together; test_train.py has it from end to end."""

import json

import pytest
import torch
from tiny import SIZE, config, pictures

from cyclegan.core.config import Domains, Objective
from cyclegan.core.images import to_float
from cyclegan.inference import evaluation
from cyclegan.lessons import DataError, UnpairedData
from cyclegan.training import setup as training
from cyclegan.training.trainer import StepDone, Trainer, quick_precision

CPU = torch.device("cpu")
PAIRED = Objective(cycle_forward=0.0, cycle_backward=0.0, identity=0.0, paired=100.0)


def data(paired: bool = True, truth: bool = True) -> UnpairedData:
    x, y = pictures(3, SIZE + 4), pictures(5, SIZE + 4, seed=1)
    test = pictures(30, SIZE, seed=2), pictures(30, SIZE, seed=3)
    answers = [255 - picture for picture in x] if truth else None
    return UnpairedData(Domains(), x, y, *test, paired, in_memory=True, train_truth=answers)


def test_samples_and_probes_are_spread_evenly():
    found = training.spread(torch.arange(10), 4)
    assert [int(i) for i in found] == [0, 2, 5, 7]
    assert len(training.spread(pictures(3), 4)) == 3


def test_a_probe_is_a_glance_at_a_few_held_out_pairs(tmp_path):
    c = config(steps=2, data="satellite2map")
    run, trainer = training.prepare(tmp_path, c, data(), CPU, 1, 2)
    training.fit(run, trainer, data())
    first, last = map(json.loads, (tmp_path / "log.jsonl").open())
    assert "figures" not in first
    pairs = [torch.stack(training.spread(side, 24)) for side in (data().test_x, data().test_y)]
    assert last["figures"] == evaluation.glance(*trainer.generators, *pairs, True, CPU)


def test_without_pairs_there_is_no_probe(tmp_path):
    unpaired = data(paired=False)
    run, trainer = training.prepare(tmp_path, config(steps=1), unpaired, CPU)
    training.fit(run, trainer, unpaired)
    assert "figures" not in json.loads((tmp_path / "log.jsonl").read_text())


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
        trainer.step = lambda x, y, seen=seen, step=step: seen.append((x, y)) or step(x, y)
        training.fit(run, trainer, data())
        assert len(seen) == 3
        # The truth here is the negative of x: −x in [-1, 1].
        assert all(torch.allclose(x, -y, atol=1e-6) is bool(objective.paired) for x, y in seen)


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
    x, y = training.fixed_samples(data(), SIZE - 8)
    assert x.shape == y.shape == (4, 3, SIZE - 8, SIZE - 8)
    assert torch.equal(x[0], to_float(data().test_x[0][:, 4:-4, 4:-4]))
