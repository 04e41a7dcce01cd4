"""Early signs of a collapse: on lines made up, on logs of real trainings, and on a real collapse.

logs/ has what counts of three of this project's trainings of `bench/choices` and of its bundled
sets: two sound ones, and GAN alone, whose D_X won after step 2,700.
"""

import json
from pathlib import Path

import pytest
from tiny import SIZE, dataset

import train
from cyclegan.training.runs import read_log
from cyclegan.training.signs import STEPS, Signs

LOGS = Path(__file__).parent / "logs"


def accuracies(*values: float, every: int = 50) -> list[dict]:
    return [
        {"step": every * i, "terms": {"D_Y_accuracy": value}} for i, value in enumerate(values, 1)
    ]


def probes(*values: float, every: int = 100, place: str = "figures") -> list[dict]:
    return [{"step": every * i, place: {"diversity": v}} for i, v in enumerate(values, 1)]


def norms(*values: float, role: str = "G", **terms: float) -> list[dict]:
    lines = enumerate(values, 1)
    return [{"step": 50 * i, "gradients": {role: v}, "terms": terms} for i, v in lines]


@pytest.mark.parametrize(("every", "step"), [(1, "307"), (50, "350"), (1000, "2,000")])
def test_a_judge_has_won_that_was_sure_for_so_many_steps(every, step):
    """However often a line is logged; and it is said once. 3 of 300 steps may be unsure."""
    unsure = 10 if every == 1 else 1
    lines = accuracies(*[0.0] * unsure, *[1.0] * (2 * max(1, STEPS // every)), every=every)
    (said,) = Signs(lines).said
    assert said.startswith(f"Step {step}: D_Y has won") and "in at least 99%" in said


def test_a_judge_that_was_sure_for_a_while_has_not_won():
    assert Signs(accuracies(*[1.0] * 5, 0.9, *[1.0] * 5)).said == []
    gap = [line for line in accuracies(*[1.0] * 12) if line["step"] not in (300, 600)]
    for line in accuracies(*[0.5] * 12):
        if line["step"] in (300, 600):
            gap.append(line | {"terms": {}})
    assert Signs(sorted(gap, key=lambda line: line["step"])).said == []


def test_outputs_become_alike():
    (said,) = Signs(probes(0.9, 0.8, 0.4, 0.3, 0.2, 0.1, 0.1)).said
    assert said.startswith("Step 600: the outputs of G are alike: they vary 0.10 times")
    assert "the real items of Y, where they came to 0.90 before" in said
    (said,) = Signs(probes(0.9, *[0.2] * 4, place="figures_F")).said
    assert "the outputs of F" in said and "items of X" in said


def test_a_short_loss_of_variety_or_a_slow_beginning_is_no_sign():
    assert Signs(probes(0.9, 0.4, 0.4, 0.4, 0.6, 0.4, 0.4, 0.4, 0.6)).said == []
    assert Signs(probes(*[0.1] * 9, 0.6)).said == []
    (said,) = Signs(probes(*[0.1] * 20)).said
    assert said.startswith("Step 1,000: ") and "before" not in said


def test_a_gradient_is_gone():
    (said,) = Signs(norms(20, 30, *[0.02] * 10)).said
    assert said.startswith("Step 400: the gradient of G is gone")
    assert Signs(norms(20, 30, *[0.02] * 5, 1, *[0.02] * 5)).said == []
    assert Signs(norms(20, 30, *[0.2] * 20)).said == []
    judge = norms(20, *[1e-6] * 20, role="D_Y", D_Y_accuracy=0.7)
    assert Signs(judge).said == [], "where it has won, that is said of it"


def test_what_was_said_before_a_training_went_on_is_not_said_again():
    lines = accuracies(*[1.0] * 12)
    signs = Signs(lines[:7])
    assert len(signs.said) == 1
    assert [signs.hear(line) for line in lines] == [[]] * 12


def test_lines_that_somebody_wrote_are_read_as_far_as_they_are_numbers():
    hostile = [{"terms": {"D_accuracy": 10**400}}, {"figures": {"diversity": float("nan")}}, {}]
    signs = Signs({"step": 100 * i, **more} for i, more in enumerate(hostile, 1))
    assert signs.said == []


@pytest.mark.parametrize("name", ["drawing-gan-cycle-identity", "satellite2map-layer-norm"])
def test_sound_trainings_have_none(name):
    lines = list(map(json.loads, (LOGS / f"{name}.jsonl").read_text().splitlines()))
    assert len(lines) >= 60 and Signs(lines).said == []


def test_the_one_that_collapsed_has_one():
    lines = map(json.loads, (LOGS / "drawing-gan.jsonl").read_text().splitlines())
    (said,) = Signs(lines).said
    assert said.startswith("Step 3,100: D_X has won")


def test_a_training_that_collapses_says_so(tmp_path, capsys):
    """At ten thousand times the usual rate the generators' outputs freeze at black and white."""
    folder, out = dataset(tmp_path / "data", test=4), tmp_path / "out"
    argv = ["--data", str(folder), "--out", str(out), "--device", "cpu", "--size", str(SIZE)]
    argv += ["--width", "2", "--blocks", "1", "--discriminator-width", "2", "--resize", "middle"]
    argv += ["--steps", "450", "--save-every", "450", "--cycle", "none", "--identity", "0"]
    assert train.main([*argv, "--rate", "2"]) == 0
    lines = read_log(out)
    said = [sentence for line in lines for sentence in line.get("signs", ())]
    assert any("is gone" in sentence for sentence in said)
    assert said == Signs(lines).said and len(said) == len(set(said))
    printed = capsys.readouterr().out
    assert all(printed.count(sentence) == 1 for sentence in said)
