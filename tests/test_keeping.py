"""What a run keeps beside its last checkpoint: every N-th, and the best."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
import torch
from test_train import arguments, run, sentences, signals, stopping, weights_of
from tiny import SIZE, dataset, same

from cyclegan import lessons
from cyclegan.core import files
from cyclegan.inference import Translator, measured
from cyclegan.lessons import open_data
from cyclegan.page import sets
from cyclegan.store import checkpoints
from cyclegan.training import keeping
from cyclegan.training.runs import Run, read_log

__all__ = ["signals"]


def folders(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def facts(folder: Path) -> dict:
    return checkpoints.read_config(folder).facts


def of_log(out: Path) -> dict[int, float]:
    return {line["step"]: line["figures"]["cycle_error"] for line in read_log(out)}


def test_every_nth_checkpoint_is_kept(tmp_path):
    """Each is what the run would have shipped had it stopped there, and opens everywhere."""
    folder, out, straight = dataset(tmp_path / "data"), tmp_path / "out", tmp_path / "straight"
    assert run(*arguments(folder, out, 5, "--keep-every", "2", "--decay", "0")) == 0
    assert folders(out / "kept") == ["000002", "000004"]
    assert run(*arguments(folder, straight, 2, "--decay", "0")) == 0
    kept = out / "kept" / "000002"
    assert same(weights_of(kept), weights_of(straight))
    config = checkpoints.read_config(kept)
    assert (config.facts["steps"], config.facts["kept"]) == (2, 2) and not config.is_under_way
    assert "kept" not in facts(out)
    (variant,) = sets.sets_in(kept)[0].variants
    assert variant.source.paths == (kept,)
    found = measured.measure(kept, open_data(str(folder), SIZE, "crop"), "cpu")
    assert "cycle_error" in found.found.networks["G"]
    Translator(checkpoints.load(kept))


def test_a_kill_while_keeping_leaves_no_half_folder(tmp_path, monkeypatch):
    """And what was to be kept is, once the run goes on: also at a step at which it saves."""
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    write_json = checkpoints.write_json

    def killed(path: Path, values: dict) -> None:
        if ".000004" in str(path):
            raise KeyboardInterrupt
        write_json(path, values)

    monkeypatch.setattr(checkpoints, "write_json", killed)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # As a kill would.
    options = ["--keep-every", "2", "--save-every", "2"]
    assert run(*arguments(folder, out, 6, *options)) == 130
    assert folders(out / "kept") == [".000004.fresh", "000002"]
    assert checkpoints.find(out / "kept") == [out / "kept" / "000002"]
    monkeypatch.undo()
    assert run("--resume", str(out)) == 0, "it remembers what it keeps"
    assert folders(out / "kept") == ["000002", "000004", "000006"]


def replaced(path: Path, text: str) -> None:
    files.replace_folder(path, lambda fresh: (fresh / "it").write_text(text))


def test_a_folder_is_replaced_or_stays(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "best"
    replaced(path, "one")
    replaced(path, "two")
    assert (path / "it").read_text() == "two" and folders(path.parent) == ["best"]

    def full(fresh: Path) -> None:
        (fresh / "half").touch()
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        files.replace_folder(path, full)
    assert (path / "it").read_text() == "two" and folders(path.parent) == ["best"]

    move = os.replace

    def killed(source: Path, target: Path) -> None:
        if target == path:
            raise KeyboardInterrupt
        move(source, target)

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        replaced(path, "three")
    monkeypatch.undo()
    assert not path.exists()
    files.mend_folder(path)
    assert (path / "it").read_text() == "two" and folders(path.parent) == ["best"]


def test_the_best_is_that_of_the_log(tmp_path):
    folder, out = dataset(tmp_path / "data", test=4), tmp_path / "out"
    best = ["--keep-best", "cycle_error", "--save-every", "1", "--keep-every", "1"]
    assert run(*arguments(folder, out, 6, *best, "--rate", "0.02")) == 0
    logged = of_log(out)
    step = min(logged, key=logged.get)
    assert facts(out / "best")["best"] == {
        "figure": "cycle_error",
        "value": logged[step],
        "step": step,
    }
    assert len(logged) == 6
    assert same(weights_of(out / "best"), weights_of(out / "kept" / f"{step:06d}"))


def test_the_best_so_far_survives_a_resume(tmp_path, monkeypatch, capsys):
    """What is worse after it does not take its place; without a best so far, anything is better."""
    folder, out = dataset(tmp_path / "data", test=4), tmp_path / "out"
    values = iter([5.0, 3.0, 4.0, 3.5, 2.0])
    glance = "cyclegan.inference.evaluation.glance"
    monkeypatch.setattr(glance, lambda *_, **__: ({}, {"cycle_error": next(values)}))
    monkeypatch.setattr("cyclegan.training.setup.FIGURES", {"xy": "figures", "yx": "figures"})
    monkeypatch.setattr("cyclegan.methods.method.Method.directions", lambda *_: ("xy",))
    with monkeypatch.context() as patched:
        stopping(patched, 2)
        run(*arguments(folder, out, 5, "--save-every", "1", "--keep-best", "cycle_error"))
    assert facts(out / "best")["best"]["step"] == 2
    with monkeypatch.context() as patched:
        stopping(patched, 4)
        run("--resume", str(out), "--save-every", "1")
    assert of_log(out) == {1: 5.0, 2: 3.0, 3: 4.0, 4: 3.5}
    assert facts(out / "best")["best"] == {"figure": "cycle_error", "value": 3.0, "step": 2}
    (out / "best" / "model.safetensors").write_bytes(b"")
    capsys.readouterr()
    assert run("--resume", str(out)) == 0
    said = capsys.readouterr().out
    assert "The next checkpoint counts as the best so far." in said
    assert facts(out / "best")["best"]["step"] == 5


def test_higher_is_better_where_the_figure_says_so(tmp_path, monkeypatch):
    figure = next(f for f in lessons.find("satellite2map").figures if f.key == "sea_iou")
    kept, run_ = [], Run(tmp_path, None, None, None)
    monkeypatch.setattr(run_, "keep", lambda name, probed, **more: kept.append(more["best"]))
    best = keeping.Best(run_, figure)
    for step, value in enumerate([0.5, 0.4, 0.7, 0.7], 1):
        best.line({"step": step, "figures": {"sea_iou": value}}, probed=object())
    best.line({"step": 5, "figures": {"sea_iou": 0.9}}, None)  # No networks to save.
    best.line({"step": 6}, object())
    assert [one["step"] for one in kept] == [1, 3]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--keep-best", "loss"], "loss is no figure of this training; valid are cycle_error, di"),
        (["--keep-best", "rmse"], "rmse is no figure of this training"),  # There is no truth.
        (["--keep-every", "-1"], "--keep-every is -1; it must be at least 1, or 0."),
    ],
)
def test_what_cannot_be_kept_is_said_before_a_folder_is_claimed(options, words, tmp_path, capsys):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    (sentence,) = sentences(capsys, run(*arguments(folder, out, 1, *options)))
    assert words in sentence and not out.exists()


def test_without_held_out_items_there_is_no_best(tmp_path, capsys):
    folder = dataset(tmp_path / "data", test=1)
    argv = arguments(folder, tmp_path / "out", 1, "--keep-best", "cycle_error")
    (sentence,) = sentences(capsys, run(*argv))
    assert "of which there must be two a side" in sentence


def test_a_run_goes_on_without_what_is_given_up(tmp_path, monkeypatch):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    with monkeypatch.context() as patched:
        stopping(patched, 2)
        run(*arguments(folder, out, 4, "--keep-every", "1", "--keep-best", "diversity"))
    before = json.loads((out / "best" / "config.json").read_text())
    none = ["--keep-every", "0", "--keep-best", "none"]
    assert run("--resume", str(out), *none) == 0
    assert folders(out / "kept") == ["000001", "000002"]
    assert json.loads((out / "best" / "config.json").read_text()) == before


def test_what_is_kept_changes_no_weight(tmp_path):
    folder, torch_state = dataset(tmp_path / "data", test=4), []
    for name, more in {
        "plain": [],
        "kept": ["--keep-every", "1", "--keep-best", "cycle_error"],
    }.items():
        run(*arguments(folder, tmp_path / name, 3, "--save-every", "1", *more))
        state = torch.load(tmp_path / name / "training.pt", weights_only=True)
        torch_state.append(state["trainer"])
    assert same(*torch_state)


def test_the_help_names_figures_that_there_are(capsys):
    assert run("--help") == 0
    text = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert "best cycle_error" in text and "its figures on them are flattering" in text
