"""A live training goes on with what is whole, says what was lost, and never begins anew unasked."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from live_root import directing, write
from test_live import (
    CPU,
    SLUGS,
    at_step,
    objective_of,
    queued,
    settings,
    state_of,
    work,
)
from tiny import SIZE, dataset, same

from cyclegan.core.config import ConfigError
from cyclegan.labs.live import Command, ControlError, Limits, Status, control, ledger, status
from cyclegan.labs.live import worker as workers
from cyclegan.labs.live.lockstep import PREVIOUS, Lockstep
from cyclegan.lessons import open_data
from cyclegan.store import checkpoints
from cyclegan.training import runs
from cyclegan.training.longer import AskForRateError
from cyclegan.training.runs import RunError
from cyclegan.training.trainer import NonFiniteError
from train import main as train_py

STATE = "training.pt"


@pytest.fixture(scope="module")
def noise_folder(tmp_path_factory) -> Path:
    return dataset(tmp_path_factory.mktemp("noise") / "noise", size=SIZE + 4)


@pytest.fixture(scope="module")
def saved(tmp_path_factory, noise_folder) -> Path:
    """Killed after its saves at steps 2 and 4 of 6."""
    folder = queued(tmp_path_factory.mktemp("live") / "saved", settings(noise_folder))
    train(folder, until=4, saves=(2, 4))
    return folder


@pytest.fixture(scope="module")
def straight(tmp_path_factory, noise_folder) -> Path:
    """A training to which nothing happened."""
    folder = queued(tmp_path_factory.mktemp("live") / "straight", settings(noise_folder))
    assert work(folder).state == "finished"
    return folder


@pytest.fixture
def folder(saved, tmp_path) -> Path:
    """A copy of it to damage."""
    return shutil.copytree(saved, tmp_path / "run")


def lockstep(folder: Path, saved_step: int = 0) -> Lockstep:
    found = status.read_settings(folder)
    base = found.base
    data = open_data(base.training.data, SIZE, base.training.fit)
    return Lockstep(folder, found, data, CPU, saved_step)


def train(folder: Path, until: int, saves: tuple[int, ...]) -> Lockstep:
    arms = lockstep(folder)
    for batch in arms.batches():
        arms.take_step(batch, 0.0)
        if arms.step in saves:
            arms.save()
        if arms.step == until:
            return arms
    raise AssertionError


@pytest.fixture
def process(monkeypatch) -> Callable[..., int]:
    """A worker's command line, in this process, whose priority and signals stay as they are."""
    monkeypatch.setattr(workers.pace, "step_aside", lambda: None)
    monkeypatch.setattr(workers.signal, "signal", lambda *_: None)
    return lambda folder, *more: workers.main([str(folder), *more])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def spoil(path: Path) -> None:
    """Other numbers in the middle of a tensor: the archive is as long as it was."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8] = b"\x7f" * 8
    path.write_bytes(content)


def empty(path: Path) -> None:
    torch.save({"trainer": [1, 2]}, path)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "cut short": cut,
    "spoilt": spoil,
    "of another kind": empty,
    "text": lambda path: path.write_text("weights"),
}


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.parametrize("arm", [0, 1])
def test_an_arm_without_its_state_goes_on_from_the_one_before(arm, kind, folder, straight):
    """Both of them, to the end that they would have had."""
    DAMAGE[kind](folder / SLUGS[arm] / STATE)
    found = work(folder)
    assert found.state == "finished"
    assert found.notice == (
        f"The last training state of {SLUGS[arm]} was missing or damaged; both arms go on from the "
        "one before it, of step 2."
    )
    for slug in SLUGS:
        assert same(state_of(folder / slug), state_of(straight / slug))


@pytest.mark.parametrize("kind", DAMAGE)
def test_an_arm_without_any_state_is_no_reason_to_lose_the_other(kind, folder, process):
    """Nor its own checkpoint, which can still be looked at."""
    status.write(folder, status.Status("queued", step=4, saved_step=4))
    DAMAGE[kind](folder / SLUGS[1] / STATE)
    (folder / SLUGS[1] / PREVIOUS).unlink()
    before = contents(folder)
    assert process(folder) == 0
    found = status.read(folder)
    assert found.state == "failed" and found.saved_step == 4
    assert f"{SLUGS[0]} is at step 4 and the training state of {SLUGS[1]} is" in found.sentence
    assert f"{SLUGS[0]} can go on alone: python train.py --resume" in found.sentence
    after = contents(folder)
    assert {k: v for k, v in after.items() if "/" in k} == {
        k: v for k, v in before.items() if "/" in k
    }


@pytest.mark.parametrize(
    ("lost", "saved_step"),
    [
        ((f"{SLUGS[0]}/{STATE}", f"{SLUGS[1]}/{STATE}"), 0),
        ((SLUGS[0],), 0),
        ((SLUGS[0],), 4),
        ((SLUGS[0], SLUGS[1]), 4),
    ],
)
def test_what_was_saved_once_is_never_begun_anew(lost, saved_step, folder):
    """Whatever is lost of it: files or whole folders, and though the status may be lost too."""
    for slug in SLUGS:
        (folder / slug / PREVIOUS).unlink()
    for name in lost:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    before = contents(folder)
    with pytest.raises(RunError, match="they cannot go on side by side"):
        lockstep(folder, saved_step)
    assert contents(folder) == before


@pytest.mark.parametrize("first", [1, 3, 5])
def test_a_first_save_that_was_cut_short_is_told_and_kept(first, tmp_path, noise_folder, straight):
    folder = queued(tmp_path / "run", settings(noise_folder))
    arms = train(folder, until=first, saves=())
    arms.log()
    arms.runs[0].save(arms.trainers[0])
    state = (folder / SLUGS[0] / STATE).read_bytes()
    again = lockstep(folder)
    assert again.step == 0 and "cut short before both arms had theirs" in again.notice
    assert (folder / SLUGS[0] / PREVIOUS).read_bytes() == state
    found = work(folder)
    assert found.state == "finished" and "the training began anew" in found.notice
    for slug in SLUGS:
        assert same(state_of(folder / slug), state_of(straight / slug))


def test_the_same_without_a_state_is_no_first_save(tmp_path, noise_folder):
    """The status knows of a checkpoint of both: then one of them is lost."""
    folder = queued(tmp_path / "run", settings(noise_folder))
    arms = train(folder, until=2, saves=())
    arms.runs[0].save(arms.trainers[0])
    before = contents(folder)
    with pytest.raises(RunError, match="gan-identity is missing"):
        lockstep(folder, saved_step=2)
    assert contents(folder) == before


@pytest.mark.parametrize("content", [None, "{", '{"facts": {"changes": [{"step": "x"}]}}'])
def test_a_change_by_hand_outlives_a_damaged_config(content, tmp_path, noise_folder, monkeypatch):
    """The state knows the objective; only the list of changes is lost, and that is said."""
    folder = queued(tmp_path / "run", settings(noise_folder))
    change = Command("set", "cycle_forward", 2.0, arm=0)
    with monkeypatch.context() as patch:
        at_step(patch, {2: lambda _: control.send(folder, change), 4: stop_dead})
        with pytest.raises(KeyboardInterrupt):
            work(folder)
    config = folder / SLUGS[0] / "config.json"
    if content is None:
        config.unlink()
    elif content == "{":
        config.write_text(content)
    else:
        values = json.loads(config.read_text())
        config.write_text(json.dumps({**values, **json.loads(content)}))
    found = work(folder)
    assert found.state == "finished" and f"config.json of {SLUGS[0]} was missing" in found.notice
    assert objective_of(folder / SLUGS[0]).cycle_forward == 2.0


def stop_dead(arms: Lockstep) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("end", ["finished", "stopped", "failed"])
def test_an_ended_training_keeps_one_state_an_arm(
    end, tmp_path, noise_folder, process, monkeypatch
):
    """And what is kept is whole: it goes on, or has nothing left to do."""
    folder = queued(tmp_path / "run", settings(noise_folder, steps=9))

    def break_down(arms: Lockstep) -> None:
        raise ConfigError("Something is wrong.")

    at_step(
        monkeypatch,
        {
            2: Lockstep.save,
            4: Lockstep.save,
            6: {
                "finished": lambda arms: None,
                "stopped": lambda arms: control.send(folder, Command("stop")),
                "failed": break_down,
            }[end],
        },
    )
    assert process(folder, "--save-every", "999") == 0
    assert status.read(folder).state == end
    assert sorted(p.name for p in folder.rglob("*.pt")) == [STATE, STATE]
    assert lockstep(folder).step == {"finished": 9, "stopped": 6, "failed": 4}[end]


def test_between_the_saves_of_the_two_the_spare_is_kept(folder):
    arms = lockstep(folder)
    arms.runs[0].save(arms.trainers[0])  # As it was.
    arms.drop_spares()
    assert not list(folder.rglob(PREVIOUS))
    arms.save()
    arms.take_step(next(arms.batches()), 0.0)
    arms.runs[0].save(arms.trainers[0])
    arms.drop_spares()
    assert len(list(folder.rglob(PREVIOUS))) == 2


def test_stopped_before_the_first_step_leaves_nearly_nothing(tmp_path, noise_folder):
    folder = queued(tmp_path / "run", settings(noise_folder))
    control.send(folder, Command("stop"))
    found = work(folder)
    assert found.sentence == "Stopped before the first step: there is nothing to keep."
    pictures = [folder / "frame.png", *(folder / "frames").iterdir()]
    assert list(folder.glob("*/*")) == pictures[1:] and len(pictures) == 2
    shown = sum(path.stat().st_size for path in pictures)
    assert sum(len(content) for content in contents(folder).values()) - shown < 10_000


@pytest.mark.parametrize("is_saved", [True, False])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device"), "The disk is full; "),
        (NonFiniteError("A loss is not finite at step 3."), "A lower rate may help; "),
        (MemoryError(), "The memory is full; "),
        (torch.OutOfMemoryError("CUDA"), "The memory is full; "),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "The memory is full; "),
    ],
)
def test_a_checkpoint_is_said_to_be_kept_where_there_is_one(
    error, words, is_saved, folder, process, monkeypatch
):
    def fail(*_) -> None:
        raise error

    if not is_saved:
        for slug in SLUGS:
            shutil.rmtree(folder / slug)
    monkeypatch.setattr(Lockstep, "take_step", fail)
    assert process(folder) == 0
    found = status.read(folder)
    kept = "the last checkpoint is kept." if is_saved else "there is no checkpoint yet."
    assert found.state == "failed" and words in found.sentence and found.sentence.endswith(kept)


@pytest.mark.parametrize("step", [0, 2, 4])
def test_a_worker_whose_folder_is_removed_ends_and_makes_none(
    step, tmp_path, noise_folder, process, monkeypatch
):
    folder = queued(tmp_path / "run", settings(noise_folder))
    if step:
        at_step(monkeypatch, {step: lambda _: shutil.rmtree(folder)})
    else:
        monkeypatch.setattr(workers.Worker, "look", lambda _: shutil.rmtree(folder))
    process(folder)
    assert not folder.exists() or not contents(folder)


# Longer than planned


def constant(noise_folder: Path, steps: int, **more):
    made = settings(noise_folder, steps=steps, **more)
    training = replace(made.base.training, decay=0.0)
    return replace(made, base=replace(made.base, training=training))


@pytest.fixture
def director(tmp_path, monkeypatch):
    with directing(tmp_path / "live", monkeypatch, Limits(at_once=0)) as made:
        yield made


def ended(director, name: str, wanted) -> Path:
    folder = queued(director.root.parent / name, wanted)
    assert work(folder).state == "finished"
    return folder.rename(director.root / name)


def again(director, name: str) -> Path:
    """Where a worker of this process may go on, with no foreman that misses it."""
    return (director.root / name).rename(director.root.parent / name)


def test_a_training_lengthened_on_the_page_is_one_that_was_planned_so(
    director, tmp_path, noise_folder
):
    straight = queued(tmp_path / "straight", constant(noise_folder, 6))
    assert work(straight).state == "finished"
    id = ledger.new_id("noise")
    ended(director, id, constant(noise_folder, 4, minutes=60))
    director.lengthen(id, 6)
    assert director.status(id).state == "queued" and director.status(id).steps == 6
    done = work(folder := again(director, id))
    assert (done.state, done.step, done.steps) == ("finished", 6, 6)
    for slug in SLUGS:
        assert same(state_of(folder / slug), state_of(straight / slug))
        (kept,) = checkpoints.read_config(folder / slug).facts["went_on"]
        assert kept == {"step": 4, "name": "steps", "value": 6}


def test_a_rate_that_has_fallen_is_asked_for_on_the_page_too(director, noise_folder):
    id = ledger.new_id("noise")
    folder = ended(director, id, settings(noise_folder, steps=4))
    before = (folder / status.SETTINGS).read_bytes()
    with pytest.raises(AskForRateError, match="By step 4 the rate has fallen"):
        director.lengthen(id, 8)
    with pytest.raises(ControlError, match=r"not above 0\.01"):
        director.lengthen(id, 8, rate=1.0)
    with pytest.raises(ConfigError, match="4 are done"):
        director.lengthen(id, 4, rate=1e-4)
    with pytest.raises(ConfigError, match="200000 at most"):
        director.lengthen(id, 10**6, rate=1e-4)
    assert (folder / status.SETTINGS).read_bytes() == before and not director.pending(id)
    director.lengthen(id, 8, rate=1e-4)
    done = work(folder := again(director, id))
    assert done.state == "finished" and done.step == 8
    rates = {line["step"]: line["rate"] for line in runs.read_log(folder / SLUGS[0])}
    assert rates[8] == pytest.approx(0.5e-4)  # It falls over the second half of what was left.
    assert {"step": 4, "arm": 0, "name": "rate", "value": 1e-4} in done.changes


def test_an_arm_that_train_py_made_longer_can_still_be_read(director, noise_folder, tmp_path):
    id = ledger.new_id("noise")
    folder = ended(director, id, constant(noise_folder, 4))
    arms = [folder / slug for slug in SLUGS]
    for arm in arms:
        assert train_py(["--resume", str(arm), "--steps", "5"]) == 0
    director.lengthen(id, 6)
    assert work(again(director, id)).step == 6


@pytest.mark.parametrize("state", ["running", "queued", "paused"])
def test_only_what_has_ended_is_lengthened(state, director):
    id = ledger.new_id("noise")
    write(director.root, id, Status(state, saved_step=3))
    with pytest.raises(ControlError, match="has ended"):
        director.lengthen(id, 20)
