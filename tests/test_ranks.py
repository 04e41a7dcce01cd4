"""Two processes over gloo, as torchrun starts them: gradients, one set of files, stop, resume."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from held_train import STEPS, await_hold
from ranks_worker import train as run_alone
from ranks_worker import trainer
from tiny import dataset, same

import train
from cyclegan.core.config import ORDERS
from cyclegan.training import processes as ranks
from cyclegan.training.batches import Batches

ROOT = Path(__file__).parent.parent


def torchrun(*command: str) -> subprocess.Popen:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    return subprocess.Popen(
        [sys.executable, *launcher, *command],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=180)
    return process.returncode, out, err


# The mathematics


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> list[dict]:
    """What each of two processes came to on its half of three joint batches."""
    folder = tmp_path_factory.mktemp("ranks")
    code, _, err = finished(torchrun("tests/ranks_worker.py", str(folder)))
    assert code == 0, err
    return torch.load(folder / "found.pt", weights_only=True)


@pytest.fixture(scope="module")
def alone() -> dict:
    """One process on the whole joint batches."""
    return {order: run_alone(trainer(0, order), slice(None)) for order in ORDERS}


def test_gradients_are_those_of_one_process_with_the_joined_batch(found, alone):
    expected = alone["together"]["gradients"]
    for each in found:
        for ours, theirs in zip(each["together"]["gradients"], expected, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    assert max(g.abs().max() for g in expected) > 1e-3


@pytest.mark.parametrize("order", ORDERS)
def test_terms_are_the_mean_over_the_processes(order, found, alone):
    for each in found:
        for ours, expected in zip(each[order]["terms"], alone[order]["terms"], strict=True):
            assert ours == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("order", ORDERS)
def test_all_processes_hold_rank_0s_weights(order, found, alone):
    """In turn, D has two updates a step, whose gradients are shared one after the other."""
    ours, weights = found[0][order]["weights"], alone[order]["weights"]
    assert same(dict(ours), dict(found[1][order]["weights"]))
    # Biases before a norm have no gradient but rounding, of which Adam makes whole steps.
    for name in (name for name in weights if name.endswith(".weight")):
        torch.testing.assert_close(ours[name], weights[name], rtol=1e-3, atol=1e-4)


# A training from the command line


def arguments(script: str, data: Path | str, out: Path) -> list[str]:
    options = "--size 24 --resize crop --width 2 --blocks 1 --discriminator-width 2 --steps 60"
    return [
        script,
        "--data",
        str(data),
        "--out",
        str(out),
        "--log-every",
        "1",
        *options.split(),
    ]


def train_both(folder: Path, data: Path | str, *more: str) -> tuple[Path, Path]:
    """One run straight through, and one that was interrupted; both by two processes."""
    straight, interrupted = folder / "straight", folder / "interrupted"
    code, _, err = finished(torchrun(*arguments("train.py", data, straight), *more))
    assert code == 0, err

    process = torchrun(*arguments("tests/held_train.py", data, interrupted), *more)
    await_hold(process, interrupted)
    process.send_signal(signal.SIGTERM)
    finished(process)
    return straight, interrupted


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("runs")
    return train_both(folder, dataset(folder / "data", size=28))


def state(run: Path) -> dict:
    return torch.load(run / "training.pt", weights_only=True)["trainer"]


def test_a_stop_reaches_all_processes_and_one_of_them_writes(trained):
    _, interrupted = trained
    steps = [json.loads(line)["step"] for line in (interrupted / "log.jsonl").open()]
    assert steps == list(range(1, state(interrupted)["steps_done"] + 1))
    assert len(steps) == STEPS
    facts = json.loads((interrupted / "config.json").read_text())["facts"]
    assert facts["processes"] == 2


def test_it_goes_on_with_as_many_processes_only(trained, capsys):
    straight, interrupted = trained
    assert train.main(["--resume", str(interrupted)]) == 2
    said = capsys.readouterr().err
    assert f"torchrun --nproc-per-node 2 train.py --resume {interrupted}" in said
    code, _, err = finished(torchrun("train.py", "--resume", str(interrupted), "--log-every", "1"))
    assert code == 0, err
    ended, expected = state(interrupted), state(straight)
    pools = expected["pools_by_rank"]
    assert len(pools) == 2 and not same(pools[0], pools[1])
    assert [part for part in expected if not same(ended[part], expected[part])] == []


def test_a_method_of_stages_goes_on_in_its_last(tmp_path):
    """CyCADA's f_T learns from a z that every process has to write alike."""
    more = ("--method", "cycada", "--batch", "4", "--precision", "float32")
    straight, interrupted = train_both(tmp_path, "digits", *more)
    assert state(interrupted)["steps_done"] == STEPS
    code, _, err = finished(torchrun("train.py", "--resume", str(interrupted), "--log-every", "1"))
    assert code == 0, err
    ended, expected = state(interrupted), state(straight)
    assert [part for part in expected if not same(ended[part], expected[part])] == []


# Without a launcher


def test_one_process_alone_waits_for_nobody():
    assert not ranks.launched()
    assert (ranks.rank(), ranks.count(), ranks.is_first()) == (0, 1, True)
    assert ranks.any_of(True) and not ranks.any_of(False)
    assert ranks.gather("part") == ["part"]
    numbers = torch.tensor([1.0, 2.0])
    assert ranks.mean(numbers) is numbers


def test_shares_of_a_joint_batch_are_disjoint_and_complete():
    """In one epoch every picture is seen once, whichever process sees it."""
    x = [torch.full((3, 24, 24), i, dtype=torch.uint8) for i in range(12)]
    seen = []
    for rank in (0, 1, 2):
        share = Batches(x, x, 24, batch=2, rank=rank, ranks=3)
        seen += [round((float(p.mean()) + 1) * 127.5) for step in (0, 1) for p in share[step][0]]
    assert sorted(seen) == list(range(12))
    alone = Batches(x, x, 24, batch=2)
    assert same(Batches(x, x, 24, batch=2, rank=0, ranks=1)[3], alone[3])
