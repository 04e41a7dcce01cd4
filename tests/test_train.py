"""The command line of training, on a tiny folder of noise."""

import argparse
import errno
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from held_train import STEPS, await_hold
from PIL import Image
from safetensors.torch import load_file
from tiny import SIZE, dataset, noise, same

from cyclegan import methods
from cyclegan.core import device as devices
from cyclegan.core import files, images, pictures
from cyclegan.core.config import Channels, Config, Discriminator, Generator
from cyclegan.store import checkpoints
from cyclegan.training import command as train
from cyclegan.training.batches import Batches
from cyclegan.training.runs import Run, read_log
from cyclegan.training.trainer import Trainer

ROOT = Path(__file__).parents[1]

OPINIONS = ("real", "generated", "accuracy")
TESTS = ["testA/testA-0.png", "testA/testA-1.png", "testB/testB-0.png", "testB/testB-1.png"]
NETWORKS = ["--size", str(SIZE), "--width", "2", "--blocks", "1", "--discriminator-width", "2"]


@pytest.fixture(autouse=True)
def signals():
    """train.py takes Ctrl-C over; pytest gets it back."""
    kept = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    yield
    for name, handler in kept.items():
        signal.signal(name, handler)


def arguments(folder: Path, out: Path, steps: int, *more: str) -> list[str]:
    return [
        *("--data", str(folder), "--out", str(out), "--device", "cpu"),
        *NETWORKS,
        *("--steps", str(steps), "--batch", "1"),
        *more,
    ]


def run(*argv: str) -> int:
    """Exit code, as a shell would see it."""
    try:
        return train.main(list(argv))
    except SystemExit as end:
        return end.code


def sentences(capsys, code: int) -> list[str]:
    """The lines on stderr, without the progress bar; at most two, each a sentence."""
    assert code == 2
    lines = capsys.readouterr().err.splitlines()
    lines = [line for line in lines if line.strip() and not re.search(r"\d+%\|", line)]
    assert 1 <= len(lines) <= 2
    assert lines[0].startswith("train.py: ")
    assert not any("Traceback" in line or "Error" in line for line in lines)
    return lines


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def state_of(folder: Path) -> dict:
    return torch.load(folder / "training.pt", weights_only=True)["trainer"]


# A run


def test_help(capsys):
    assert run("--help") == 0
    text = capsys.readouterr().out
    for group in ("data:", "networks:", "objective:", "training:", "machine:", "run:"):
        assert f"\n{group}\n" in text
    for shown in (
        "(default: 0.0002)",
        "(default: 10.0)",
        "(default: 10000)",
        "(default: 0)",
    ):
        assert shown in text
    assert max(map(len, text.splitlines())) <= 100


def test_every_flag_is_explained():
    actions = train.build_parser()._actions
    assert len(actions) > 20
    assert [a.option_strings for a in actions if not a.help or a.help == argparse.SUPPRESS] == []


def test_a_run_leaves_its_files(tmp_path, capsys):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    code = run(
        *arguments(folder, out, 4, "--log-every", "2", "--save-every", "3"),
        *("--domains", "horse", "zebra", "--seed", "7", "--cycle", "forward", "--lambda", "8"),
    )
    assert code == 0
    assert f"Done: {out} holds 4 steps." in capsys.readouterr().out
    files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert files == [
        "config.json",
        "log.jsonl",
        "model.safetensors",
        "samples/000003.png",
        "samples/000004.png",
        "training.pt",
    ]

    found = checkpoints.load(out)
    c = found.config
    assert c.generator == Generator("resnet", 2, 1, "transposed")
    assert c.discriminator == Discriminator("patchgan", 2)
    assert (c.domains.x, c.domains.y, c.image_size) == ("horse", "zebra", SIZE)
    assert (c.method, c.channels) == ("cyclegan", Channels(3, 3))
    o, t = c.objective, c.training
    assert (o.gan, o.cycle_forward, o.cycle_backward, o.identity) == (1, 8, 0, 4)
    assert (t.data, t.steps, t.seed, t.batch) == (str(folder), 4, 7, 1)
    assert c.facts["steps"] == 4 and c.facts["seconds"] > 0 and "CPU" in c.facts["machine"]
    assert found.model.D_X is not None and found.model.D_Y is not None

    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 3, 4]  # Each save is logged too.
    for line in lines:
        terms = {"gan_G", "gan_F", "cycle_forward", "identity_G", "identity_F", "D_X", "D_Y"}
        told = {f"{D}_{kind}" for D in ("D_X", "D_Y") for kind in OPINIONS}
        assert line["terms"].keys() == terms | told
        assert all(0 <= value < math.inf for value in line["terms"].values())
        assert line["seconds_per_step"] > 0 and 0 <= line["waited_share"] <= 1


def test_the_shipped_weights_are_the_moving_average(tmp_path):
    out = tmp_path / "out"
    run(*arguments(dataset(tmp_path / "data"), out, 3, "--rate", "0.01"))
    state, weights = state_of(out), weights_of(out)
    name = "layers.1.weight"
    assert torch.equal(weights[f"G.{name}"], state["average"][f"module.0.{name}"].half())
    assert torch.equal(weights[f"F.{name}"], state["average"][f"module.1.{name}"].half())
    assert not torch.equal(weights[f"G.{name}"], state["model"][f"G.{name}"].half())
    judge = "D_X.layers.0.weight"
    assert torch.equal(weights[judge], state["model"][judge].half())


def test_the_sample_grid_shows_held_out_pictures_and_what_becomes_of_them(tmp_path):
    """A row a picture: x, G(x), F(G(x)), F(x), then the same for y; two pixels between."""
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    run(*arguments(folder, out, 1))
    grid = pictures.load(out / "samples" / "000001.png")
    pitch = SIZE + 2
    assert grid.size == (4 * pitch + 2, 4 * pitch + 2)

    def tile(row: int, column: int) -> np.ndarray:
        left, top = column * pitch + 2, row * pitch + 2
        return np.asarray(grid.crop((left, top, left + SIZE, top + SIZE))).astype(int)

    model = checkpoints.load(out).model
    for row, name in enumerate(TESTS):
        picture = pictures.load(folder / name)
        assert np.array_equal(tile(row, 0), np.asarray(picture))
        there, back = (model.G, model.F) if row < 2 else (model.F, model.G)
        x = images.to_tensor(picture)
        for column, output in enumerate([there(x), back(there(x)), back(x)], 1):
            expected = np.asarray(images.to_pictures(output)[0])
            assert abs(tile(row, column) - expected).max() <= 1  # The weights are halves on disk.


def test_epochs_are_passes_over_x(tmp_path):
    folder = dataset(tmp_path / "data", x=3, y=5)
    argv = ["--data", str(folder), *NETWORKS, "--out", str(tmp_path / "out"), "--no-gan"]
    assert run(*argv, "--epochs", "2") == 0
    assert checkpoints.load(tmp_path / "out").config.training.steps == 2 * 3


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ([], "GAN + cycle + identity"),
        (["--cycle", "none"], "GAN + identity"),
        (["--cycle", "none", "--identity", "0"], "GAN"),
        (["--identity", "0"], "GAN + cycle"),
        (["--cycle", "forward", "--identity", "0"], "GAN + forward cycle"),
        (["--cycle", "backward", "--identity", "0"], "GAN + backward cycle"),
        (["--no-gan", "--identity", "0"], "cycle"),
        (["--cycle-quality"], "GAN + cycle (quality) + identity"),
        (["--cycle-quality", "translation"], "GAN + cycle (quality) + identity"),
        (["--cycle-quality", "original"], "GAN + cycle (quality of originals) + identity"),
    ],
)
def test_flags_of_the_variants(flags, name):
    args = train.build_parser().parse_args(["--data", "d", "--size", str(SIZE), *flags])
    config = train.config_from(args, methods.find("cyclegan"), set(flags))
    assert config.objective.name == name


def test_all_remedies_are_a_line_of_flags(tmp_path):
    """What the laboratory's row trains, and it runs."""
    flags = ["--identity", "0", "--cycle-features", "0.9", "--cycle-decay", "0.9"]
    flags += ["--cycle-quality", "original"]
    assert run(*arguments(dataset(tmp_path / "data"), tmp_path / "out", 2, *flags)) == 0
    found = checkpoints.read_config(tmp_path / "out").objective
    assert found == methods.find("cyclegan").rows["all-remedies"].objective


def test_downsampling_is_a_choice(tmp_path):
    folder = dataset(tmp_path / "data")
    assert run(*arguments(folder, tmp_path / "out", 1, "--downsampling", "antialiased")) == 0
    built = checkpoints.load(tmp_path / "out").config.generator
    assert built == Generator("resnet", 2, 1, downsampling="antialiased")


def test_pictures_can_be_left_as_they_are(tmp_path):
    """Of pictures as large as the crop there is nothing to cut, and none is mirrored."""
    folder = dataset(tmp_path / "data", size=SIZE)
    whole = ["--resize", "middle", "--flip", "none"]
    assert run(*arguments(folder, tmp_path / "out", 1, *whole)) == 0
    found = checkpoints.read_config(tmp_path / "out").training
    assert (found.place, found.flip) == ("middle", "none")
    assert found.crop_words == "the middle of each, never mirrored"


def test_same_seed_same_weights_other_seed_others(tmp_path):
    folder = dataset(tmp_path / "data")
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert run(*arguments(folder, tmp_path / name, 2, "--seed", seed)) == 0
    a, b, c = (weights_of(tmp_path / name) for name in "abc")
    assert same(a, b)
    assert not same(a, c)


# Ctrl-C and resuming


def test_ctrl_c_saves_and_the_resumed_run_ends_like_an_uninterrupted_one(tmp_path):
    folder = dataset(tmp_path / "data", size=SIZE + 4)
    steps = 80
    options = ["--log-every", "1", "--save-every", "1000", "--resize", "crop", "--identity", "0"]
    interrupted, straight = tmp_path / "interrupted", tmp_path / "straight"

    process = subprocess.Popen(
        [sys.executable, "tests/held_train.py", *arguments(folder, interrupted, steps, *options)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    await_hold(process, interrupted)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"go on: python train.py --resume {interrupted}" in out
    assert "Traceback" not in err

    assert state_of(interrupted)["steps_done"] == STEPS
    assert f"Stopped after step {STEPS};" in out
    checkpoints.load(interrupted)

    assert run("--resume", str(interrupted), "--log-every", "1") == 0
    assert run(*arguments(folder, straight, steps, *options)) == 0
    assert same(weights_of(interrupted), weights_of(straight))
    ended, expected = state_of(interrupted), state_of(straight)
    assert [part for part in expected if not same(ended[part], expected[part])] == []
    logs = [
        [(line["step"], line["terms"]) for line in map(json.loads, (run_ / "log.jsonl").open())]
        for run_ in (interrupted, straight)
    ]
    assert logs[0] == logs[1]
    assert len(logs[0]) == steps


def test_ctrl_c_while_the_callbacks_are_at_work_loses_no_step(tmp_path, monkeypatch):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    call = Run.__call__

    def interrupted(self, trainer, done):
        call(self, trainer, done)
        if done.step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Run, "__call__", interrupted)
    assert run(*arguments(folder, out, 6)) == 130
    assert state_of(out)["steps_done"] == 3


def test_lines_logged_after_the_last_save_are_dropped(tmp_path):
    """After a kill the log is ahead of the state; a line may be cut short."""
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    run(*arguments(folder, out, 2, "--log-every", "1"))
    log = out / "log.jsonl"
    kept = log.read_text()
    later = kept.splitlines()[0].replace('"step": 1', '"step": 3')
    log.write_text(kept + later + '\n{"step": 4, "ra')
    assert run("--resume", str(out)) == 0
    assert log.read_text() == kept


def stopping(monkeypatch, after: int) -> None:
    """As Ctrl-C after a step."""
    step = Trainer.step

    def stopped(self, *batch):
        terms = step(self, *batch)
        self.stop = self.steps_done == after
        return terms

    monkeypatch.setattr(Trainer, "step", stopped)


JUNK = bytes(range(256)) * 3

GOOD = '{"step": 1, "terms": {"gan_G": 1.0}}\n'


@pytest.mark.parametrize(
    ("log", "kept", "words"),
    [
        (JUNK, 0, ["lines of", "are damaged", "log.jsonl.damaged"]),
        (b"\xff" * 40, 0, ["1 of 1 lines", "are damaged"]),
        (GOOD.encode() + b"\xff\xfe\n" + GOOD.encode(), 2, ["1 of 3 lines", "the others are kept"]),
        (GOOD + '{"step": "two"}\n{"step": true}\n[1]\n{}\n', 1, ["4 of 5 lines"]),
        (GOOD + '{"step": 2, "terms": [1]}\n{"step": 2, "terms": {"a": "b"}}\n', 1, ["2 of 3"]),
        (GOOD + "[" * 100_000 + "\n", 1, ["1 of 2 lines"]),
        (b"", 0, ["is gone or empty"]),
        (None, 0, ["is gone or empty"]),
        ("a folder", 0, ["is no file", "log.jsonl.damaged"]),
        (GOOD + '{"step": 2, "te', 1, []),
    ],
    ids=["junk", "no UTF-8", "a line", "types", "terms", "deep", "empty", "gone", "folder", "cut"],
)
def test_a_damaged_log_is_told_of_and_stops_nothing(log, kept, words, tmp_path, capsys):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    run(*arguments(folder, out, 2))
    path = out / "log.jsonl"
    path.unlink()
    if log == "a folder":
        path.mkdir()
    elif log is not None:
        path.write_bytes(log if isinstance(log, bytes) else log.encode())
    capsys.readouterr()
    assert run("--resume", str(out)) == 0
    said = capsys.readouterr().out
    assert [word for word in words if word not in said] == []
    assert words or "log.jsonl" not in said
    assert len(read_log(out)) == kept
    run("--resume", str(out))
    assert ("log.jsonl" in capsys.readouterr().out) == (kept == 0)


@pytest.mark.parametrize("damage", [b"", JUNK, b'{"generator": 5}', b"{}", None])
@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_run_goes_on_from_its_state_alone(name, damage, tmp_path, capsys, monkeypatch):
    """The settings are in it too, and what is damaged beside it is written anew."""
    folder, out, straight = dataset(tmp_path / "data"), tmp_path / "out", tmp_path / "straight"
    stopping(monkeypatch, 2)
    run(*arguments(folder, out, 4))
    monkeypatch.undo()
    run(*arguments(folder, straight, 4))
    (out / name).unlink()
    if damage is not None:
        (out / name).write_bytes(damage)
    capsys.readouterr()
    assert run("--resume", str(out)) == 0
    said = capsys.readouterr().out
    assert name in said
    assert ("The settings are taken from training.pt." in said) == (name == "config.json")
    assert "The checkpoint is written anew from training.pt." in said
    assert same(weights_of(out), weights_of(straight))
    (out / name).write_bytes(JUNK)  # Of a finished run, which saves no more.
    assert run("--resume", str(out)) == 0
    assert same(weights_of(out), weights_of(straight))
    assert checkpoints.load(out).config == replace(
        checkpoints.load(straight).config, facts=checkpoints.load(out).config.facts
    )


def test_settings_of_an_older_state_are_asked_for(tmp_path, capsys):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    run(*arguments(folder, out, 2))
    state = torch.load(out / "training.pt", weights_only=True)
    del state["config"]
    torch.save(state, out / "training.pt")
    capsys.readouterr()
    assert run("--resume", str(out)) == 0 and "config" not in capsys.readouterr().out
    (out / "config.json").write_bytes(JUNK)
    (sentence,) = sentences(capsys, run("--resume", str(out)))
    assert "training.pt is whole, but written by an older version" in sentence


@pytest.mark.parametrize("damage", [b"", JUNK, "half", [1, 2], {"trainer": 5}, {"trainer": {}}])
def test_a_damaged_state_says_what_can_still_be_used(damage, tmp_path, capsys):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    run(*arguments(folder, out, 2))
    state = out / "training.pt"
    if isinstance(damage, bytes):
        state.write_bytes(damage)
    elif damage == "half":
        state.write_bytes(state.read_bytes()[: state.stat().st_size // 2])
    else:
        torch.save(damage, state)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    capsys.readouterr()
    (sentence,) = sentences(capsys, run("--resume", str(out)))
    assert "training.pt is damaged" in sentence
    assert "Its networks of step 2 are whole: they can be used, and a new run can" in sentence
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    new = ["--data", str(folder), "--out", str(tmp_path / "new"), "--size", str(SIZE)]
    assert run(*new, "--steps", "1", "--discriminator-width", "2", "--init", str(out)) == 0
    (out / "model.safetensors").write_bytes(JUNK)
    capsys.readouterr()
    assert run("--resume", str(out)) == 2
    assert "Nor can its networks be used" in capsys.readouterr().err


def test_a_file_where_samples_should_be(tmp_path, capsys):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    run(*arguments(folder, out, 2))
    shutil.rmtree(out / "samples")
    (out / "samples").touch()
    assert run("--resume", str(out)) == 0
    assert "samples.damaged" in capsys.readouterr().out


def test_weights_alone_are_not_overwritten(tmp_path, capsys):
    """A run whose config and state were lost is still somebody's run."""
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    run(*arguments(folder, out, 1))
    for name in ("training.pt", "config.json"):
        (out / name).unlink()
    capsys.readouterr()
    (sentence,) = sentences(capsys, run(*arguments(folder, out, 1)))
    assert "already holds a run" in sentence


def test_resuming_a_finished_run_changes_nothing(tmp_path, capsys):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    run(*arguments(folder, out, 2))
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert run("--resume", str(out)) == 0
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert "holds 2 steps" in capsys.readouterr().out


@pytest.mark.parametrize("how", ["damaged", "gone", "a folder"])
def test_a_picture_that_cannot_be_read_any_more_ends_a_training_that_is_saved(
    how, tmp_path, monkeypatch, capsys
):
    """Too large a dataset for memory is decoded on the way; repaired, the run goes on as if nothing
    had been."""
    monkeypatch.setattr("cyclegan.lessons.folder.MEMORY_LIMIT", 0)
    folder, out, straight = dataset(tmp_path / "data"), tmp_path / "out", tmp_path / "straight"
    assert run(*arguments(folder, straight, 12)) == 0
    path = folder / "trainA" / "trainA-1.png"
    whole, step = path.read_bytes(), Trainer.step

    def damaging(self, *batch):
        if self.steps_done == 2:
            path.unlink()
            if how == "a folder":
                path.mkdir()
            elif how == "damaged":
                path.write_bytes(whole[:100])
        return step(self, *batch)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "step", damaging)
        first, second = sentences(capsys, run(*arguments(folder, out, 12)))
    assert "trainA-1.png" in first and "Repair it" in first
    done = state_of(out)["steps_done"]
    assert 3 <= done < 12 and f"that of step {done} in {out}; go on" in second
    if how == "a folder":
        path.rmdir()
    path.write_bytes(whole)
    assert run("--resume", str(out)) == 0
    assert same(weights_of(out), weights_of(straight))


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_stop_before_the_first_step_is_a_sentence_and_leaves_nothing(
    name, tmp_path, monkeypatch, capsys
):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    opened = train.open_data

    def interrupted(*args):
        os.kill(os.getpid(), getattr(signal, name))
        return opened(*args)

    monkeypatch.setattr(train, "open_data", interrupted)
    # A shell that starts the tests in the background makes them deaf to Ctrl-C.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert run(*arguments(folder, out, 6)) == 130
    finally:
        signal.signal(signal.SIGINT, heard)
    said = capsys.readouterr()
    assert said.out == "Stopped before training began; nothing is lost.\n" and not said.err
    assert not out.exists()


# Other methods and schedules


def aligned(folder: Path) -> Path:
    """Noise with the same file names on both sides."""
    for seed, name in enumerate(("trainA", "trainB", "testA", "testB")):
        (folder / name).mkdir(parents=True)
        for i in range(3):
            noise(SIZE, SIZE, seed=10 * seed + i).save(folder / name / f"scene-{i}.png")
    return folder


def side_by_side(folder: Path) -> Path:
    for seed, name in enumerate(("train", "test")):
        (folder / name).mkdir(parents=True)
        for i in range(3):
            noise(2 * SIZE, SIZE, seed=10 * seed + i).save(folder / name / f"{i}.png")
    return folder


@pytest.mark.parametrize(
    ("make", "said"), [(aligned, "the same file names"), (side_by_side, "pairs side by side")]
)
def test_pix2pix_on_pairs_that_are_recognised(make, said, tmp_path, capsys):
    folder, out = make(tmp_path / "data"), tmp_path / "out"
    assert run(*arguments(folder, out, 2, "--method", "pix2pix")) == 0
    assert said in capsys.readouterr().out
    c = checkpoints.load(out).config
    assert (c.method, c.objective.adversarial, c.training.pool) == ("pix2pix", "log", 0)
    line = json.loads((out / "log.jsonl").read_text().splitlines()[-1])
    assert {"paired_G", "paired_F", "D_Y_accuracy"} <= line["terms"].keys()
    assert "rmse" in line["figures"], "the held-out pairs are the truth"
    assert run("--resume", str(out)) == 0


def test_a_folder_may_say_that_equal_names_are_chance(tmp_path, capsys):
    folder = aligned(tmp_path / "data")
    (folder / "unpaired").touch()
    code = run(*arguments(folder, tmp_path / "out", 1, "--method", "pix2pix"))
    assert "pix2pix trains on true pairs" in sentences(capsys, code)[0]
    assert run(*arguments(folder, tmp_path / "out", 1)) == 0
    assert "file names" not in capsys.readouterr().out


def test_the_lesson_of_the_page_by_flags(tmp_path):
    """Identity until a step, and any weight that changes, all at once or in a straight line."""
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    flags = ["--identity-until", "2", "--change", "cycle_forward=2@1-3", "--log-every", "1"]
    assert run(*arguments(folder, out, 4, *flags)) == 0
    c = checkpoints.read_config(out)
    assert [(x.weight, x.value, x.start, x.end) for x in c.objective.schedule] == [
        ("cycle_forward", 2.0, 1, 3),
        ("identity", 0.0, 2, 2),
    ]
    assert c.objective.slug == "gan-cycle-identity", "a schedule changes no folder's name"
    lines = [json.loads(line)["terms"] for line in (out / "log.jsonl").open()]
    assert ["identity_G" in terms for terms in lines] == [True, True, False, False]


def test_any_field_of_an_objective(tmp_path):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    more = [
        "--term",
        "gan=0.5",
        "--term",
        "cycle_quality=original",
        "--pool",
        "3",
        "--beta1",
        "0.9",
    ]
    assert run(*arguments(folder, out, 1, *more, "--adversarial", "log")) == 0
    c = checkpoints.read_config(out)
    assert (c.objective.gan, c.objective.cycle_quality, c.objective.adversarial) == (
        0.5,
        "original",
        "log",
    )
    assert (c.training.pool, c.training.beta1) == (3, 0.9)


# What cannot be done: one sentence, exit code 2


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--frobnicate"], ["--frobnicate", "--help"]),
        (["--size", "big"], ["--size", "'big'"]),
        (["--generator", "vit"], ["'vit'", "resnet", "unet"]),
        (["--steps", "5", "--epochs", "5"], ["--epochs", "--steps"]),
        (["--size", "30"], ["image size is 30", "multiples of 4"]),
        (["--size", "20"], ["image size is 20", "24 pixels"]),
        (["--width", "0"], ["width is 0", "at least 1"]),
        (["--blocks", "-1"], ["blocks is -1", "at least 0"]),
        (["--steps", "0"], ["steps is 0", "at least 1"]),
        (["--epochs", "0"], ["epochs is 0", "at least 1"]),
        (["--batch", "0"], ["batch is 0", "at least 1"]),
        (["--rate", "0"], ["rate is 0.0", "above 0"]),
        (["--rate", "nan"], ["rate is nan", "above 0"]),
        (["--ema", "1"], ["ema_decay is 1.0", "[0, 1)"]),
        (["--seed", "-1"], ["seed is -1", "[0, 2^63)"]),
        (["--lambda", "-1"], ["-1.0", "at least 0"]),
        (["--identity", "inf"], ["identity is inf", "at least 0"]),
        (["--no-gan", "--cycle", "none", "--identity", "0"], ["Every term", "off"]),
        (["--log-every", "0"], ["--log-every", "at least 1"]),
        (["--save-every", "-5"], ["--save-every", "at least 1"]),
        (["--sample-every", "0"], ["--sample-every", "at least 1"]),
        (["--pool", "-1"], ["pool is -1", "at least 0"]),
        (["--beta1", "1"], ["beta1 is 1.0", "[0, 1)"]),
        (["--cycle-decay", "2"], ["cycle_decay is 2.0", "[0, 1]"]),
        (["--cycle-quality", "--no-gan"], ["cycle_quality", "need both"]),
        (["--cycle-quality", "best"], ["'best'", "translation", "original"]),
        (["--identity-until", "-1"], ["start of a change", "at least 0"]),
        (["--change", "identity=0"], ["identity=0", "NAME=VALUE@STEP"]),
        (["--change", "colour=1@5"], ["colour", "no weight of cyclegan", "identity"]),
        (["--change", "gan=0@5-2"], ["end of a change"]),
        (["--term", "gan"], ["gan", "NAME=VALUE"]),
        (["--term", "paired=1"], ["CycleGAN's objective has no paired", "cycle_forward"]),
        (["--term", "gan=much"], ["gan takes float"]),
        (["--method", "pix2pix", "--lambda", "5"], ["--lambda", "pix2pix's has gan, paired"]),
        (["--method", "pix2pix"], ["pix2pix trains on true pairs"]),
        (["--method", "vae"], ["'vae'", "pix2pix"]),
    ],
)
def test_wrong_flags(flags, words, tmp_path, capsys):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    default = [] if {"--size", "--width", "--blocks"} & set(flags) else NETWORKS
    code = run("--data", str(folder), "--out", str(out), *default, *flags)
    (sentence,) = sentences(capsys, code)
    assert [word for word in words if word not in sentence] == []
    assert not out.exists()


def test_no_data(capsys):
    (sentence,) = sentences(capsys, run("--size", "64"))
    assert "--data with a lesson's name, a folder, or user/name on the Hub" in sentence


def test_missing_folder(tmp_path, capsys):
    (sentence,) = sentences(capsys, run("--data", str(tmp_path / "gone"), *NETWORKS))
    assert f"There is no folder {tmp_path / 'gone'}." in sentence


def test_empty_domain(tmp_path, capsys):
    folder = dataset(tmp_path / "data", y=0)
    (sentence,) = sentences(capsys, run(*arguments(folder, tmp_path / "out", 1)))
    assert f"{folder / 'trainB'} holds no pictures" in sentence


@pytest.mark.parametrize("too_small", ["trainA", "testB"])
def test_pictures_smaller_than_the_crop(too_small, tmp_path, capsys):
    folder = dataset(tmp_path / "data")
    picture = folder / too_small / f"{too_small}-0.png"
    Image.new("RGB", (SIZE, SIZE - 1)).save(picture)
    code = run(*arguments(folder, tmp_path / "out", 1, "--resize", "crop"))
    (sentence,) = sentences(capsys, code)
    assert f"{picture} is 24×23 pixels, smaller than the crop" in sentence
    assert not (tmp_path / "out").exists()


def test_a_damaged_picture_among_worker_processes(tmp_path, capsys, monkeypatch):
    """Beyond the memory limit it turns up only in the middle of training."""
    folder, out = dataset(tmp_path / "data", x=20), tmp_path / "out"
    (folder / "trainA" / "trainA-7.png").write_bytes(b"gone bad")
    monkeypatch.setattr("cyclegan.lessons.folder.MEMORY_LIMIT", 0)
    code = run(*arguments(folder, out, 60, "--no-gan", "--save-every", "1"))
    lines = sentences(capsys, code)
    assert f"{folder / 'trainA'}: trainA-7.png is not a picture in a known format" in lines[0]


def test_out_already_in_use(tmp_path, capsys):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    assert run(*arguments(folder, out, 1)) == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    capsys.readouterr()
    (sentence,) = sentences(capsys, run(*arguments(folder, out, 1)))
    assert f"{out} already holds a run; go on with it by --resume {out}" in sentence
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_out_is_a_file(tmp_path, capsys):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    out.touch()
    (sentence,) = sentences(capsys, run(*arguments(folder, out, 1)))
    assert str(out) in sentence


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--lambda", "5"], "--lambda belongs to a run from its first step.*train.py --init RUN"),
        (["--no-gan"], "--no-gan belongs to a run from its first step.*train.py --init RUN"),
        (["--size", "8"], "--size belongs to a run from its first step"),
        (["--discriminator-width", "4"], "says what the networks are, and a run .* keeps them"),
        (["--out", "elsewhere"], "leave out --out"),
        (["--init", "drawing"], "own weights"),
    ],
)
def test_what_a_run_that_goes_on_keeps(flags, said, tmp_path, capsys):
    (sentence,) = sentences(capsys, run("--resume", str(tmp_path), *flags))
    assert re.search(said.replace("RUN", re.escape(str(tmp_path))), sentence)


def test_resuming_what_is_no_run(tmp_path, capsys):
    (sentence,) = sentences(capsys, run("--resume", str(tmp_path)))
    assert "holds no config.json" in sentence
    folder = dataset(tmp_path / "data")
    shipped = Config.from_dict({"image_size": SIZE, "training": {"data": str(folder)}})
    files.write_json(tmp_path / "shipped" / "config.json", shipped.to_dict())
    (sentence,) = sentences(capsys, run("--resume", str(tmp_path / "shipped")))
    assert "holds no training.pt. Nor can its networks be used: " in sentence


def test_resuming_a_damaged_run(tmp_path, capsys):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    run(*arguments(folder, out, 1))
    capsys.readouterr()
    state = (out / "training.pt").read_bytes()
    for damaged in (b"", state[:100], state[: len(state) // 2]):
        (out / "training.pt").write_bytes(damaged)
        (sentence,) = sentences(capsys, run("--resume", str(out)))
        assert f"{out / 'training.pt'} is damaged" in sentence
    (out / "training.pt").write_bytes(state)
    values = json.loads((out / "config.json").read_text())
    values["generator"]["width"] = 3
    files.write_json(out / "config.json", values)
    assert run("--resume", str(out)) == 0
    assert "config.json describes other networks than training.pt." in capsys.readouterr().out
    assert checkpoints.load(out).config.generator.width == 2


def test_unavailable_device(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for name in ("cuda", "mps"):
        code = run("--data", str(tmp_path), *NETWORKS, "--device", name)
        (sentence,) = sentences(capsys, code)
        assert sentence == f"train.py: PyTorch finds no {name} device here; available: cpu."


def test_auto_takes_the_best_device(monkeypatch):
    for cuda, mps, best in ((True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: mps)
        assert devices.choose("auto").type == best


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to write to")
@pytest.mark.parametrize(
    "filling", ["samples/000004.png", "training.pt", "model.safetensors", "config.json"]
)
def test_a_full_disk_loses_nothing(filling, tmp_path, capsys, monkeypatch):
    """From the fourth step on, one of the files meets a disk that really is full."""
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    write, writes = files.write_atomically, Counter()

    def no_space_left(path, content):
        writes[path] += 1
        if path == out / filling and (path.suffix == ".png" or writes[path] == 2):
            content(Path("/dev/full"))
        write(path, content)

    with monkeypatch.context() as patch:
        for room in (checkpoints, files):
            patch.setattr(room, "write_atomically", no_space_left)
        code = run(*arguments(folder, out, 6, "--save-every", "2"))
    full, last_good = sentences(capsys, code)
    assert full == "train.py: The disk is full."
    assert last_good == (
        f"The last good checkpoint is that of step 2 in {out}; go on from it: "
        f"python train.py --resume {out}"
    )
    checkpoints.load(out)
    assert run("--resume", str(out)) == 0
    assert run(*arguments(folder, tmp_path / "straight", 6)) == 0
    assert same(weights_of(out), weights_of(tmp_path / "straight"))


def test_a_full_disk_before_the_first_save(tmp_path, capsys, monkeypatch):
    def no_space_left(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "write_atomically", no_space_left)
    code = run(*arguments(dataset(tmp_path / "data"), tmp_path / "out", 1))
    assert sentences(capsys, code) == ["train.py: The disk is full."]


def test_numbers_that_are_not_finite(tmp_path, capsys, monkeypatch):
    folder, out = dataset(tmp_path / "data"), tmp_path / "out"
    item = Batches.__getitem__

    def poisoned(self, step):
        found = item(self, step)
        return found._replace(y=found.y * (float("nan") if step == 4 else 1))

    monkeypatch.setattr(Batches, "__getitem__", poisoned)
    code = run(*arguments(folder, out, 9, "--save-every", "2"))
    what, last_good = sentences(capsys, code)
    assert what.endswith(" became nan at step 5.") and "gan_" in what
    assert last_good.startswith(f"The last good checkpoint is that of step 4 in {out};")
    assert all(w.isfinite().all() for w in weights_of(out).values())
    assert state_of(out)["steps_done"] == 4
