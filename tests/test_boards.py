"""TensorBoard's files read back by its own reader; W&B by a stand-in."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_train import arguments, run, sentences, stopping
from tiny import dataset

from cyclegan.training import boards, setup
from cyclegan.training.runs import read_log


def read(out: Path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulator.EventAccumulator(str(out / "tensorboard"), size_guidance={"images": 0})
    return found.Reload()


def curve(found, name: str) -> dict[int, float]:
    events = found.Scalars(name)
    assert len(events) == len({event.step for event in events}), "no step twice"
    return {event.step: event.value for event in events}


def test_tensorboard_has_what_the_log_has(tmp_path):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    options = ["--log", "tensorboard", "--log-every", "1", "--save-every", "2"]
    assert run(*arguments(folder, out, 3, *options)) == 0
    lines, found = read_log(out), read(out)
    for table in ("terms", "gradients", "figures", "figures_F"):
        names = {name for line in lines for name in line.get(table, {})}
        assert names, table
        for name in names:
            logged = {line["step"]: line[table][name] for line in lines if table in line}
            assert curve(found, f"{table}/{name}") == pytest.approx(logged)
    assert {"terms/D_X_accuracy", "figures/cycle_error", "gradients/G"} <= set(
        found.Tags()["scalars"]
    )
    assert curve(found, "rate") == pytest.approx({line["step"]: line["rate"] for line in lines})
    assert [image.step for image in found.Images("samples")] == [2, 3]


def test_a_run_that_goes_on_has_no_step_twice(tmp_path, monkeypatch):
    """After a kill, the files are ahead of the last save: steps 3 and 4 are trained again."""
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    options = ["--log", "tensorboard", "--log-every", "1", "--save-every", "2"]
    with monkeypatch.context() as patched:
        patched.setattr("cyclegan.training.setup.loader", broken_after(5))
        with pytest.raises(RuntimeError, match="as a kill would"):
            run(*arguments(folder, out, 8, *options))
    before = curve(read(out), "terms/gan_G")
    assert list(before) == [1, 2, 3, 4, 5]
    with monkeypatch.context() as patched:
        stopping(patched, 6)
        run("--resume", str(out), "--log-every", "1", "--save-every", "2")
    after = curve(read(out), "terms/gan_G")
    assert list(after) == [1, 2, 3, 4, 5, 6]
    assert {step: after[step] for step in before} == pytest.approx(before)


def broken_after(steps: int):
    whole = setup.loader

    def broken(config, data, start):
        for step, batch in enumerate(whole(config, data, start)):
            if step == steps:
                raise RuntimeError("as a kill would")
            yield batch

    return broken


@pytest.mark.parametrize(
    ("board", "missing"),
    [("tensorboard", "tensorboard"), ("wandb", "tensorboard"), ("wandb", "wandb")],
)
def test_what_is_not_installed_is_said_at_once(board, missing, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", SimpleNamespace())
    monkeypatch.setitem(sys.modules, missing, None)
    argv = ["--data", str(tmp_path / "nowhere"), "--log", board]
    (sentence,) = sentences(capsys, run(*argv))
    assert f"needs {missing}, which is not installed: pip install {missing}" in sentence


class StandIn:
    """What is used of wandb."""

    class Error(Exception):
        pass

    def __init__(self, error: str = ""):
        self.error, self.begun, self.finished = error, [], 0

    def init(self, **settings):
        if self.error:
            raise self.Error(self.error)
        assert not self.begun
        self.begun.append(settings)
        return SimpleNamespace(finish=self.finish)

    def finish(self):
        self.finished += 1


def test_wandb_copies_what_tensorboard_is_given(tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    folder, out, wandb = dataset(tmp_path / "data"), tmp_path / "out", StandIn()
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    writer = boards.Board.line
    monkeypatch.setattr(boards.Board, "line", lambda *a: (wandb.begun[0], writer(*a)))
    assert run(*arguments(folder, out, 2, "--log", "wandb")) == 0
    (settings,) = wandb.begun
    assert settings["sync_tensorboard"] is True and settings["config"]["training"]["steps"] == 2
    assert wandb.finished == 1
    assert curve(read(out), "terms/gan_G").keys() == {2}


def test_what_wandb_refuses_is_a_sentence(tmp_path, capsys, monkeypatch):
    pytest.importorskip("tensorboard")
    monkeypatch.setitem(sys.modules, "wandb", StandIn("no login"))
    folder = dataset(tmp_path / "data")
    (sentence,) = sentences(capsys, run(*arguments(folder, tmp_path / "out", 2, "--log", "wandb")))
    assert "Weights & Biases did not start: no login" in sentence
