"""A run's folder, written by the trainer's callback; test_train.py has it from end to end."""

import json
from pathlib import Path

import pytest
import torch
from tiny import batch, config, pictures

from cyclegan.core.evidence import Blocks
from cyclegan.core.media import PICTURES
from cyclegan.lessons import HeldOut
from cyclegan.methods import Model
from cyclegan.methods.cyclegan import Objective
from cyclegan.training.batches import Batch
from cyclegan.training.runs import Run, RunError, describe_machine, read_log
from cyclegan.training.trainer import StepDone, Trainer

CPU = torch.device("cpu")


def held_out() -> HeldOut:
    x, y = (torch.stack(pictures(2, seed=seed)) for seed in (1, 2))
    return HeldOut(x, y, {}, {}, False, PICTURES, (), *2 * (Blocks.by(range(2)),))


def trainer_and_run(folder: Path, **intervals: int) -> tuple[Trainer, Run]:
    c = config(Objective(gan=0.0, identity=0.0), steps=100)
    run = Run(folder, c, held_out(), PICTURES.draw, **intervals)
    run.start()
    return Trainer(Model(c), c.training, CPU), run


def log(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_a_log_line_holds_the_means_of_its_interval(tmp_path):
    trainer, run = trainer_and_run(tmp_path, log_every=2)
    for step, value, seconds, waited in [
        (1, 3.0, 1.0, 0.0),
        (2, 5.0, 3.0, 1.0),
        (3, 9.0, 1.0, 0.0),
    ]:
        run(
            trainer,
            StepDone(step, {"cycle_forward": torch.tensor(value)}, 0.1 / step, seconds, waited),
        )
    assert log(tmp_path) == [
        {
            "step": 2,
            "rate": 0.05,
            "seconds_per_step": 2.0,
            "waited_share": 0.25,
            "terms": {"cycle_forward": 4.0},
        }
    ]


def test_figures_stand_in_the_log_at_each_save(tmp_path):
    """Those of the generators as they are, and not on the lines between."""
    c = config(Objective(gan=0.0, identity=0.0), steps=100)
    asked = []
    probe = lambda t: asked.append(t.steps_done) or {"figures": {"rmse": 7.0}}  # noqa: E731
    run = Run(tmp_path, c, held_out(), PICTURES.draw, 1, 2, probe=probe)
    run.start()
    one = Trainer(Model(c), c.training, CPU)
    one.fit((Batch(batch(seed=i), batch(seed=-i)) for i in range(4)), [run])
    assert asked == [2, 4]
    assert [line.get("figures") for line in log(tmp_path)] == [None, {"rmse": 7.0}] * 2


def test_a_new_run_starts_with_an_empty_log(tmp_path):
    """A run that was killed before its first save may be started again."""
    (tmp_path / "log.jsonl").write_text('{"step": 1}\n')
    trainer, run = trainer_and_run(tmp_path)
    assert not (tmp_path / "log.jsonl").exists()
    run.save(trainer)
    with pytest.raises(RunError, match="already holds a run"):
        run.start()


def test_seconds_go_on_after_resuming(tmp_path):
    trainer, run = trainer_and_run(tmp_path)
    run.seconds = 1000.0
    run.save(trainer)
    again, resumed = trainer_and_run(tmp_path / "elsewhere")
    resumed.folder = tmp_path
    resumed.resume(again)
    assert resumed.seconds == 1000.0
    assert resumed.saved_step == 0


def test_the_machine_is_described():
    assert describe_machine(CPU).startswith("CPU, 1 of ")
    assert "PyTorch 2" in describe_machine(CPU)


def test_samples_come_at_their_own_interval(tmp_path):
    """Between the checkpoints, and at the end; without an interval, at each save."""
    for every, steps in ((3, [3, 6, 8]), (None, [4, 8])):
        c = config(Objective(gan=0.0, identity=0.0), steps=8)
        run = Run(tmp_path / str(every), c, held_out(), PICTURES.draw, 1, 4, every)
        run.start()
        one = Trainer(Model(c), c.training, CPU)
        one.fit((Batch(batch(seed=i), batch(seed=-i)) for i in range(8)), [run])
        found = sorted((run.folder / "samples").glob("*.png"))
        assert [int(path.stem) for path in found] == steps


def test_a_log_line_holds_the_norms_of_gradients(tmp_path):
    """Of each network on its own, before the update that they made."""
    trainer, run = trainer_and_run(tmp_path, log_every=1)
    seen = []

    def look(trainer: Trainer, done: StepDone) -> None:
        for role in ("G", "F"):
            grads = [p.grad for p in trainer.model[role].parameters()]
            seen.append(float(torch.cat([g.flatten() for g in grads]).double().norm()))

    trainer.fit([Batch(batch(seed=1), batch(seed=2))], [look, run])
    (line,) = read_log(tmp_path)
    assert list(line["gradients"]) == ["G", "F"]
    assert list(line["gradients"].values()) == pytest.approx(seen, rel=1e-5)


def test_signs_of_a_collapse_stand_in_the_log_once(tmp_path):
    """In the run that goes on as well, which reads them back."""
    trainer, run = trainer_and_run(tmp_path, log_every=1)

    def sure(run: Run, *steps: int) -> list[list[str]]:
        for step in steps:
            run.add(StepDone(step, {"D_X_accuracy": torch.tensor(1.0)}, 1e-4, 0.1, 0.0))
            run.log()
        return [line.get("signs", []) for line in read_log(tmp_path)]

    found = sure(run, 200, 400, 600)
    assert [len(said) for said in found] == [0, 1, 0]
    trainer.steps_done = 600
    run.save(trainer)
    again, resumed = trainer_and_run(tmp_path / "elsewhere")
    resumed.folder = tmp_path
    resumed.resume(again)
    assert resumed.signs.said == found[1]
    assert sure(resumed, 800) == [*found, []]


@pytest.mark.parametrize("signs", ['"words"', "[1]", "{}"])
def test_signs_are_sentences(signs, tmp_path):
    (tmp_path / "log.jsonl").write_text(f'{{"step": 1, "signs": {signs}}}\n{{"step": 2}}\n')
    assert [line["step"] for line in read_log(tmp_path)] == [2]


def test_a_term_that_began_on_the_way_is_the_mean_of_its_own_steps(tmp_path):
    """As where a second stage begins between two lines of the log."""
    _, run = trainer_and_run(tmp_path)
    one, three, five = (torch.tensor(value) for value in (1.0, 3.0, 5.0))
    for step, terms in enumerate(({"a": one}, {"a": three, "b": five}), 1):
        run.add(StepDone(step, terms, 1e-4, 0.1, 0.0))
    run.log()
    (line,) = read_log(tmp_path)
    assert line["terms"] == {"a": 2.0, "b": 5.0}
