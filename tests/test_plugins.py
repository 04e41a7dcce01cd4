"""Lessons and methods from outside: `toy_lesson` and `toy_method` through every door.

They live in processes of their own, with CYCLEGAN_PLUGINS set, so that no other test sees them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tiny import same
from toy_driver import STEPS, STOPS

from cyclegan.core import registry
from cyclegan.core.config import ConfigError
from cyclegan.store import checkpoints

ROOT = Path(__file__).parent.parent
TOYS = "toy_method,toy_lesson"


def environment(plugins: str = TOYS, *folders: Path) -> dict[str, str]:
    path = os.pathsep.join(map(str, [ROOT / "tests", ROOT, *folders]))
    return {**os.environ, "CYCLEGAN_PLUGINS": plugins, "PYTHONPATH": path}


def python(*argv: str, plugins: str = TOYS, folders: tuple[Path, ...] = ()) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *argv],
        cwd=ROOT,
        env=environment(plugins, *folders),
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """What every command has left."""
    folder = tmp_path_factory.mktemp("toys")
    code, err = python("tests/toy_driver.py", str(folder))
    assert code == 0, err
    return folder


def state(run: Path) -> dict:
    return torch.load(run / "training.pt", weights_only=True)["trainer"]


def log(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("name", STOPS)
def test_a_resumed_run_is_the_uninterrupted_one_in_each_stage(name, folder):
    ended, expected = state(folder / name), state(folder / "straight")
    assert ended["method"] == "sketch" and ended["steps_done"] == STEPS
    assert [part for part in expected if not same(ended[part], expected[part])] == []


def test_players_play_in_their_stages_at_their_rates(folder):
    lines = log(folder / "straight")
    assert ["C" in line["terms"] for line in lines] == [False] * 6 + [True] * 6
    assert ["critic" in line["terms"] for line in lines] == [False] * 6 + [True] * 6
    optimisers = state(folder / "straight")["optimisers"]
    rates = [optimiser["param_groups"][0]["initial_lr"] for optimiser in optimisers]
    assert rates == pytest.approx([1e-4, 4e-4])
    judged = state(folder / "straight")["optimisers"][1]["state"][0]["step"]
    assert 0 < judged < STEPS, "C plays in one stage alone"


def test_figures_of_its_own_in_logs_and_evaluation(folder):
    assert log(folder / "straight")[-1]["figures"].keys() == {"sign_error", "periods_kept"}
    metrics = json.loads((folder / "straight" / "metrics.json").read_text())
    counts = {"pairs", "items", "effective", "size"}
    assert metrics.keys() == {*counts, "G", "unchanged", "intervals"}
    assert metrics["intervals"]["G"].keys() <= {"sign_error", "periods_kept"}
    assert metrics["unchanged"]["G"] == {"sign_error": 0.0, "periods_kept": 1.0}
    told = (folder / "evaluation.txt").read_text(encoding="utf-8")
    assert "| variant | | sign error ↓ | periods kept ↑ |" in told and "*x itself*" in told
    assert "10 held-out pairs of 32 samples of a signal." in told


def test_the_laboratory_compares_its_rows(folder):
    report = json.loads((folder / "lab" / "report" / "report.json").read_text())
    assert [v["name"] for v in report["variants"]] == ["sketch", "sketch-keep"]
    assert [v["seeds"] for v in report["variants"]] == [[0, 1]] * 2
    text = (folder / "lab" / "report" / "report.md").read_text(encoding="utf-8")
    assert "periods kept ↑" in text and "Keep alone" in text
    assert "paper" not in text.lower() and "sea" not in text


def test_the_example_in_the_docs_is_whole(tmp_path):
    """As it stands, by the commands beside it, with smaller networks."""
    command = ["train.py", "--data", "stripes", "--method", "smooth", "--out", str(tmp_path)]
    command += ["--width", "2", "--blocks", "1", "--discriminator-width", "2", "--steps", "2"]
    code, err = python(*command, plugins="example_plugin", folders=(ROOT / "docs",))
    assert code == 0, err
    last = log(tmp_path)[-1]
    assert {"smooth_G", "cycle_forward", "D_Y_accuracy"} <= last["terms"].keys()
    assert "uprightness" in last["figures"]


def test_elsewhere_it_is_a_sentence_that_names_the_way(folder):
    """Its files, where the plug-in is not there."""
    with pytest.raises(checkpoints.CheckpointError, match=r"no method .sketch. here"):
        checkpoints.load(folder / "straight")


@pytest.mark.parametrize(
    "command",
    [
        ("train.py", "--data", "emoji"),
        ("app.py",),
        ("-m", "cyclegan.ablation", "report", "nowhere"),
    ],
    ids=lambda command: command[0] if command[0] != "-m" else command[1],
)
def test_a_plug_in_that_cannot_be_imported(command):
    code, err = python(*command, plugins="toy_method, there_is_none")
    assert code == 2 and "Traceback" not in err
    assert "The plug-in there_is_none, which CYCLEGAN_PLUGINS names, cannot be imported" in err


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "from cyclegan import lessons\n"
            "class Mine(lessons.Lesson):\n    name = 'drawing'\n"
            "lessons.register(Mine())\n",
            "There is a lesson drawing already",
        ),
        (
            "from cyclegan import methods\n"
            "class Mine(methods.Method):\n    key = 'cyclegan'\n"
            "methods.register(Mine())\n",
            "There is a method cyclegan already",
        ),
        ("raise RuntimeError('no luck')\n", "RuntimeError: no luck"),
        ("def broken(:\n", "SyntaxError"),
    ],
)
def test_a_plug_in_that_cannot_be_used(source, words, tmp_path, monkeypatch):
    name = f"plugin_{abs(hash(source))}"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("CYCLEGAN_PLUGINS", name)
    with pytest.raises(ConfigError, match=words) as error:
        registry.load_plugins()
    assert str(error.value).startswith(f"The plug-in {name}") and str(error.value).endswith(".")


def test_no_file_of_the_project_knows_them():
    words = ("toy_lesson", "toy_method", 'tones"', "periods_kept", "sign_error")
    for path in [*(ROOT / "cyclegan").rglob("*.py"), ROOT / "app.py", ROOT / "train.py"]:
        text = path.read_text(encoding="utf-8").lower()
        assert not [word for word in words if word in text.split()], path
