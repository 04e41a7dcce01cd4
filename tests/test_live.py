"""Two arms side by side: in lockstep, looked at, asked, killed, resumed, queued and kept.

The workers of the second half are real processes, with tiny networks on noise.
"""

import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from tiny import SIZE, config, dataset, same

from cyclegan import methods
from cyclegan.core import files, images
from cyclegan.core.config import ConfigError, objective_from
from cyclegan.labs.live import (
    Arm,
    Command,
    ControlError,
    Director,
    Limits,
    LiveSettings,
    Status,
    control,
    ledger,
    look,
    pace,
    spare,
    status,
)
from cyclegan.labs.live.lockstep import PREVIOUS, Lockstep
from cyclegan.labs.live.worker import Worker
from cyclegan.lessons import DataError, intake, open_data
from cyclegan.methods.cyclegan import Objective
from cyclegan.methods.pix2pix import Objective as Pix2PixObjective
from cyclegan.page.library import Library
from cyclegan.store import checkpoints
from cyclegan.training import command as train
from cyclegan.training import setup as training
from cyclegan.training.runs import RunError, read_log
from cyclegan.training.trainer import Trainer

CPU = torch.device("cpu")
WITHOUT = Objective(cycle_forward=0.0, cycle_backward=0.0)
ARMS = (Arm("with", Objective()), Arm("without", WITHOUT))
SLUGS = ("gan-cycle-identity", "gan-identity")


def settings(
    data: Path | str, steps: int = 6, arms=ARMS, minutes=None, until=None, **more
) -> LiveSettings:
    """until: the last step with the identity term, in both arms."""
    base = config(data=str(data), steps=steps, pool=3, ema_decay=0.9, **more)
    if until:
        arms = tuple(Arm(arm.name, arm.objective.changed("identity", 0.0, until)) for arm in arms)
    return LiveSettings(base, arms, minutes, "cpu")


@pytest.fixture(scope="module")
def noise_folder(tmp_path_factory) -> Path:
    return dataset(tmp_path_factory.mktemp("noise") / "noise", size=SIZE + 4)


@pytest.fixture
def live(tmp_path, noise_folder) -> Callable[..., Path]:
    """Makes a queued training's folder for workers of this very process."""

    def make(name: str = "run", **more) -> Path:
        return queued(tmp_path / name, settings(more.pop("data", noise_folder), **more))

    return make


@pytest.fixture(scope="module")
def straight(tmp_path_factory, noise_folder) -> Path:
    """A training to which nothing happened."""
    folder = queued(tmp_path_factory.mktemp("live") / "straight", settings(noise_folder))
    assert work(folder).state == "finished"
    return folder


def queued(folder: Path, wanted: LiveSettings) -> Path:
    files.write_json(folder / status.SETTINGS, wanted.to_dict())
    status.write(folder, Status("queued"))
    return folder


def work(folder: Path, **options) -> Status:
    """A whole worker's life in this process."""
    Worker(folder, **options).run()
    return status.read(folder)


def lockstep(folder: Path) -> Lockstep:
    found = status.read_settings(folder)
    base = found.base
    return Lockstep(folder, found, open_data(base.training.data, SIZE, base.training.fit), CPU)


def state_of(folder: Path) -> dict:
    return torch.load(folder / "training.pt", weights_only=True)["trainer"]


def objective_of(folder: Path) -> Objective:
    """What a run goes on with, nothing left to change."""
    state = state_of(folder)
    return objective_from(state["method"], state["objective"]).at(state["steps_done"], 10**6)


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


ENDED = [{"step": 3, "name": "identity", "value": 0.0, "arm": arm} for arm in (0, 1)]
"""What is told of identity that ended at step 3."""


def die_at(step: int, folder: Path, monkeypatch) -> None:
    """A worker's life up to a step: saved there, and killed."""
    worker = Worker(folder)
    obey = worker.obey

    def dying():
        obey()
        if worker.lockstep.step == step:
            worker.lockstep.save()
            raise KeyboardInterrupt

    monkeypatch.setattr(worker, "obey", dying)
    with pytest.raises(KeyboardInterrupt):
        worker.run()


def make_older(folder: Path, until: int | None = None) -> None:
    """Make a live training what one of the time before methods and schedules would be."""

    def objective(values: dict) -> dict:
        return {**{k: v for k, v in values.items() if k != "schedule"}, "paired": 0.0}

    def config(values: dict) -> dict:
        kept = {k: v for k, v in values.items() if k not in ("method", "channels")}
        return {**kept, "objective": objective(values["objective"])}

    wanted = json.loads((folder / status.SETTINGS).read_text())
    arms = [{"name": a["name"], "objective": objective(a["objective"])} for a in wanted["arms"]]
    older = {**wanted, "base": config(wanted["base"]), "arms": arms, "identity_steps": until}
    files.write_json(folder / status.SETTINGS, older)
    for run in folder.glob("gan*"):
        now = objective(asdict(objective_of(run)))
        state = torch.load(run / "training.pt", weights_only=True)
        del state["trainer"]["method"]
        state["trainer"]["objective"] = now
        torch.save(state, run / "training.pt")
        files.write_json(run / "config.json", config(json.loads((run / "config.json").read_text())))


def at_step(monkeypatch, what: dict[int, Callable[[Lockstep], object]]) -> None:
    """Have something happen right after a step."""
    take_step = Lockstep.take_step

    def and_then(self, *args):
        take_step(self, *args)
        what.get(self.step, lambda self: None)(self)

    monkeypatch.setattr(Lockstep, "take_step", and_then)


def number(data: Path) -> None:
    """Give the pictures of a dataset's folders equal names."""
    for folder in data.iterdir():
        for i, path in enumerate(sorted(folder.iterdir())):
            path.rename(folder / f"{i:05d}.png")


# Settings and limits


def test_settings_survive_json():
    wanted = settings("somewhere", minutes=2.5, until=7)
    assert LiveSettings.from_dict(json.loads(json.dumps(wanted.to_dict()))) == wanted


def test_the_defaults_are_the_lesson():
    a, b = LiveSettings().configs
    assert a.objective.has_cycle and not b.objective.has_cycle
    assert replace(a, objective=b.objective) == b
    assert (a.objective.gan, a.objective.identity) == (b.objective.gan, b.objective.identity)
    (end,) = a.objective.schedule
    assert b.objective.schedule == (end,) and 0 < end.start < a.training.steps


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"minutes": 0}, "minutes is 0"),
        ({"minutes": float("nan")}, "minutes is nan"),
        ({"device": "tpu"}, "'tpu'; valid are auto, cpu, cuda, mps"),
        ({"arms": ARMS[:1]}, "There are 1 arms"),
        ({"arms": (ARMS[0], Arm("p", Pix2PixObjective()))}, "same batches"),
    ],
)
def test_settings_that_make_no_sense(wrong, words):
    with pytest.raises(ConfigError, match=words):
        replace(LiveSettings(), **wrong)


def test_damaged_settings():
    for values in ({}, {"arms": 3}, {"arms": [{"name": "x"}]}, {"base": 1}):
        with pytest.raises(ConfigError):
            LiveSettings.from_dict(values)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(training=False), "switched off"),
        (Limits(steps=5), "steps is 6; this page allows 5 at most"),
        (Limits(image_size=16), "image size is 24; this page allows 16"),
        (Limits(width=1), "generator width is 2; this page allows 1"),
        (Limits(minutes=2), "minutes is 3; this page allows 2"),
        (Limits(folders=False), "folders of its machine are not offered"),
    ],
)
def test_a_host_sets_limits(limits, words):
    with pytest.raises(ConfigError, match=words):
        limits.check(settings("x", minutes=3))
    Limits().check(settings("x", minutes=3))
    Limits(folders=False).check(settings("x"), uploaded=True)
    Limits(folders=False).check(settings("satellite2map"))


def test_a_hosts_minutes_hold_where_none_were_asked_for():
    assert Limits(minutes=2).limited(settings("x")).minutes == 2
    assert Limits(minutes=2).limited(settings("x", minutes=1)).minutes == 1


def test_arms_with_the_same_terms_have_folders_of_their_own():
    two = (ARMS[0], Arm("weaker", Objective(cycle_forward=5.0)))
    assert settings("x", arms=two).slugs == (SLUGS[0], f"{SLUGS[0]}-2")


def test_a_device_that_is_not_there_is_a_sentence(live, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    folder = live()
    files.write_json(
        folder / status.SETTINGS, replace(status.read_settings(folder), device="mps").to_dict()
    )
    with pytest.raises(ConfigError, match=r"PyTorch finds no mps device here; .*cpu"):
        work(folder)


# Lockstep


def test_both_arms_begin_alike_and_see_the_same_batches(live, monkeypatch):
    folder, seen = live(), {}
    step = Trainer.step

    def spy(self, x, y, *labels):
        seen.setdefault(id(self), []).append((x.clone(), y.clone()))
        return step(self, x, y, *labels)

    monkeypatch.setattr(Trainer, "step", spy)
    arms = lockstep(folder)
    a, b = (trainer.model.state_dict() for trainer in arms.trainers)
    assert same(dict(a), dict(b))
    for batch in arms.batches():
        arms.take_step(batch, 0.0)
    one, other = seen.values()
    assert len(one) == 6 and same(one, other)
    assert not same(dict(a), dict(b))


def test_an_arm_ends_like_the_same_run_of_train_py(straight, tmp_path):
    """Nothing of the other arm rubs off, and the folder is one of train.py's."""
    for slug, arm in zip(SLUGS, status.read_settings(straight).configs, strict=True):
        data = open_data(arm.training.data, SIZE, arm.training.fit)
        run, trainer = training.prepare(tmp_path / slug, arm, data, CPU)
        training.fit(run, trainer, data)
        assert same(weights_of(straight / slug), weights_of(tmp_path / slug))
        assert same(state_of(straight / slug), state_of(tmp_path / slug))


@pytest.mark.parametrize("when", ["before the first", "first", "second", "after"])
def test_a_kill_between_the_saves_of_the_two_loses_nothing(when, live, straight, monkeypatch):
    """At the save of step 4, after that of step 2: at worst both go on from step 2."""
    killed = live("killed")

    class Kill(BaseException):
        pass

    arms = lockstep(killed)
    saves = []
    save = type(arms.runs[0]).save

    def dying(run, trainer):
        saves.append(run)
        if len(saves) == {"before the first": 3, "first": 4}.get(when, 99):
            raise Kill
        save(run, trainer)
        if len(saves) == {"second": 4}.get(when, 99):
            raise Kill

    monkeypatch.setattr(type(arms.runs[0]), "save", dying)
    for number, batch in enumerate(arms.batches(), 1):
        arms.take_step(batch, 0.0)
        if number == 2:
            arms.save()
        if number == 4:
            if when == "after":
                arms.save()
            else:
                with pytest.raises(Kill):
                    arms.save()
            break
    monkeypatch.setattr(type(arms.runs[0]), "save", save)
    assert lockstep(killed).step == {"second": 4, "after": 4}.get(when, 2)
    assert work(killed).state == "finished"
    for slug in SLUGS:
        assert same(state_of(killed / slug), state_of(straight / slug))
        assert same(weights_of(killed / slug), weights_of(straight / slug))


def test_a_kill_during_the_very_first_save_begins_anew(live):
    folder = live()
    arms = lockstep(folder)
    arms.take_step(next(arms.batches()), 0.0)
    arms.runs[0].save(arms.trainers[0])
    (folder / SLUGS[1] / ".training.pt.123.tmp").write_bytes(b"half")
    assert lockstep(folder).step == 0
    assert work(folder).state == "finished"


def test_arms_that_went_separate_ways_say_so(live):
    folder = live()
    at_2 = lockstep(folder)
    for batch in at_2.batches():
        at_2.take_step(batch, 0.0)
        if at_2.step % 2 == 0:
            at_2.save()
        if at_2.step == 4:
            break
    assert train.main(["--resume", str(folder / SLUGS[0])]) == 0
    with pytest.raises(
        RunError, match="gan-cycle-identity is at step 6 and gan-identity is at step 4"
    ):
        lockstep(folder)


# Changes on the way


def test_changes_take_effect_are_marked_and_survive(live, monkeypatch):
    folder = live(steps=8)
    sends = [
        Command("set", "cycle_forward", 3.0, arm=0),
        Command("set", "rate", 1e-3),
        Command("set", "gan", 0.0, arm=1),
    ]
    at_step(monkeypatch, {3: lambda _: [control.send(folder, command) for command in sends]})
    found = work(folder)
    assert found.state == "finished" and found.notice == ""
    assert list(found.changes) == [
        {"step": 3, "name": "cycle_forward", "value": 3.0, "arm": 0},
        {"step": 3, "name": "rate", "value": 1e-3, "arm": 0},
        {"step": 3, "name": "rate", "value": 1e-3, "arm": 1},
        {"step": 3, "name": "gan", "value": 0.0, "arm": 1},
    ]
    for slug in SLUGS:
        first, *rest = read_log(folder / slug)
        assert first["step"] == 3 and "changes" not in first
        assert [c["step"] for c in rest[0]["changes"]] == [3, 3]
        assert first["rate"] == pytest.approx(2e-4) and rest[-1]["rate"] > 2e-4
    assert {"D_X", "gan_G"}.isdisjoint(read_log(folder / SLUGS[1])[-1]["terms"])
    assert objective_of(folder / SLUGS[0]).cycle_forward == 3.0
    arm = checkpoints.read_config(folder / SLUGS[0])
    assert arm.objective == Objective()  # What it began with; the rest is in the facts.
    assert arm.facts["notes"] == [
        "From step 4 on, the weight of forward cycle was 3.",
        "From step 4 on, the rate was 0.001.",
    ]


def test_a_resumed_change_is_the_change(live, monkeypatch):
    """Changed at step 2, killed at 4 (the last save: at the change), resumed: as if nothing was."""
    command = Command("set", "cycle_forward", 2.0, arm=0)
    with monkeypatch.context() as patch:
        at_step(patch, {2: lambda arms: control.send(arms.folders[0].parent, command)})
        straight = live("straight", steps=7)
        work(straight)

        killed = live("killed", steps=7)
        worker = Worker(killed)
        obey = worker.obey

        def until_4():
            if worker.lockstep.step == 4:
                raise KeyboardInterrupt
            obey()

        patch.setattr(worker, "obey", until_4)
        with pytest.raises(KeyboardInterrupt):
            worker.run()
    resumed = work(killed)
    assert [c["step"] for c in resumed.changes] == [2]
    assert same(state_of(killed / SLUGS[0]), state_of(straight / SLUGS[0]))
    assert [line["step"] for line in read_log(killed / SLUGS[0]) if "changes" in line] != []


def test_identity_ends_at_its_step_in_both_arms_whatever_happens_there(live, monkeypatch):
    """Killed there, or on either side of it, or not at all: the same weights, told once."""
    straight = live("straight", until=3)
    found = work(straight)
    assert list(found.changes) == ENDED
    for slug in SLUGS:
        logged = read_log(straight / slug)
        assert "identity_G" in logged[0]["terms"] and logged[0]["step"] == 3
        assert {"identity_G", "identity_F"}.isdisjoint(logged[-1]["terms"])
    for step in (2, 3, 4):
        killed = live(f"killed-{step}", until=3)
        die_at(step, killed, monkeypatch)
        assert lockstep(killed).changes == (ENDED if step >= 3 else [])
        assert work(killed).changes == found.changes
        for slug in SLUGS:
            assert same(state_of(killed / slug), state_of(straight / slug))


def test_identity_that_is_set_by_hand_where_it_would_end_holds(live, monkeypatch):
    folder = live(until=3)
    command = Command("set", "identity", 4.0, arm=1)
    at_step(monkeypatch, {3: lambda _: control.send(folder, command)})
    assert list(work(folder).changes) == [ENDED[0], {**ENDED[1], "value": 4.0}]
    assert [objective_of(folder / slug).identity for slug in SLUGS] == [0.0, 4.0]


def test_a_training_of_an_older_version_goes_on(live, monkeypatch):
    """Its identity ended by a setting, its states know the weights of their moment alone.

    At step 3 a hand was quicker than the setting in the second arm.
    """
    command = Command("set", "identity", 4.0, arm=1)
    at_step(monkeypatch, {3: lambda arms: control.send(arms.folders[0].parent, command)})
    straight = live("straight", until=3)
    work(straight)
    for step in (2, 3, 5):
        folder = live(f"older-{step}", until=3)
        die_at(step, folder, monkeypatch)
        make_older(folder, until=3)
        found = work(folder)
        assert found.state == "finished"
        assert list(found.changes) == [ENDED[0], {**ENDED[1], "value": 4.0}]
        for slug in SLUGS:
            assert same(state_of(folder / slug), state_of(straight / slug))


def test_own_pictures_of_an_older_version_are_no_pairs(live):
    """They were numbered on either side, which says nothing."""
    folder = live()
    dataset(folder / "data", size=SIZE + 4, x=3, y=3)
    number(folder / "data")
    values = settings(folder / "data").to_dict()
    files.write_json(folder / status.SETTINGS, values)
    assert open_data(str(folder / "data"), SIZE, "none").paired
    make_older(folder)
    assert work(folder).state == "finished" and not look.read_frame(folder).truths
    assert not open_data(str(folder / "data"), SIZE, "none").paired


def test_what_cannot_be_changed_is_answered(live, monkeypatch):
    no_gan = Arm("no GAN", Objective(gan=0.0, identity=0.0))
    folder = live(arms=(no_gan, Arm("alone", Objective(1, 0, 0, 0))))
    at_step(
        monkeypatch,
        {
            2: lambda _: control.send(folder, Command("set", "gan", 1.0, arm=0)),
            3: lambda _: control.send(folder, Command("set", "gan", 0.0, arm=1)),
            4: lambda _: (folder / "commands" / "9.json").write_text('{"do": "explode"}'),
            5: lambda _: (folder / "commands" / "8.json").write_text("{" * 500),
        },
    )
    notices, tell = [], Worker.tell

    def listen(self, *args, **more):
        notices.append(self.status.notice)
        tell(self, *args, **more)

    monkeypatch.setattr(Worker, "tell", listen)
    found = work(folder)
    assert found.state == "finished" and found.changes == ()
    said = list(dict.fromkeys(filter(None, notices)))
    for part, notice in zip(
        ("began without D_X and D_Y", "Every term", "no command explode", "not be read"),
        said,
        strict=True,
    ):
        assert part in notice


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"do": "jump"}, "no command jump"),
        ({"do": "set", "name": ["identity"], "value": 1}, "has a name"),
        ({"do": "set", "name": "rate", "value": 0}, "above 0"),
        ({"do": "set", "name": "rate", "value": 1}, "not above 0.01"),
        ({"do": "set", "name": "identity", "value": -1}, "between 0 and 1000"),
        ({"do": "set", "name": "identity", "value": float("nan")}, "between 0 and 1000"),
        ({"do": "set", "name": "identity", "value": "5"}, "must be a number"),
        ({"do": "set", "name": "identity", "value": True}, "must be a number"),
        ({"do": "set", "name": "identity", "value": 5, "arm": 2}, "two arms, 0 and 1"),
    ],
)
def test_wrong_commands(wrong, words):
    with pytest.raises(ControlError, match=words):
        Command(**wrong)


def test_only_the_rate_and_the_methods_weights_can_be_changed():
    with pytest.raises(ControlError, match=r"batch cannot be changed .* GAN, .* identity can"):
        control.changed(Objective(), Command("set", "batch", 1), step=3)


def test_of_commands_left_undone_only_changes_are_kept(tmp_path):
    change = Command("set", "identity", 2.0)
    for command in (Command("pause"), change, Command("stop"), Command("discard")):
        control.send(tmp_path, command)
    control.forget(tmp_path)
    assert [command for _, command in control.pending(tmp_path)] == [change]


# Looking


def test_a_frame_shows_what_both_arms_make_of_the_same_pictures(live, tmp_path):
    pairs = dataset(tmp_path / "pairs", size=SIZE + 4, test=16)
    number(pairs)
    folder = live(data=pairs, steps=2)
    found = work(folder)
    assert found.state == "finished"
    frame = look.read_frame(folder)
    assert frame.step == 2 and frame.held_out
    data = open_data(str(pairs), SIZE, "squeeze")
    count = len(data.test_x)
    for row, i in enumerate([0, 1, 2, 3]):
        at = i * 2 * count // look.PROBED
        for shown, truth in ((frame.inputs, data.test_x), (frame.truths, data.test_y)):
            assert np.array_equal(np.asarray(shown[row]), truth[at].permute(1, 2, 0).numpy())
    for arm, slug in enumerate(SLUGS):
        model = checkpoints.load(folder / slug).model
        x = torch.cat([images.to_tensor(picture) for picture in frame.inputs])
        fake = model.G(x)
        for shown, made in (
            (frame.arms[arm]["made"], fake),
            (frame.arms[arm]["back"], model.F(images.to_float(images.to_bytes(fake)))),
        ):
            expected = np.stack([np.asarray(p).astype(int) for p in images.to_pictures(made)])
            found_ = np.stack([np.asarray(p).astype(int) for p in shown])
            assert abs(found_ - expected).mean() < 1  # Halves on disk, and 8 bits between.
        last = read_log(folder / slug)[-1]
        assert last["figures"].keys() == {"rmse", "cycle_error", "diversity"}
        metrics = json.loads((folder / slug / "metrics.json").read_text())
        assert metrics["pairs"] == count and 0 < metrics["G"]["rmse"] < 255


def test_unpaired_pictures_have_a_frame_and_fewer_figures(live):
    folder = live()
    work(folder)
    assert look.read_frame(folder).truths == []
    assert read_log(folder / SLUGS[0])[-1]["figures"].keys() == {"cycle_error", "diversity"}
    metrics = json.loads((folder / SLUGS[0] / "metrics.json").read_text())
    assert metrics["items"] == 2 and "pairs" not in metrics and metrics["G"]["cycle_error"] > 0


def test_no_frame_yet(tmp_path):
    assert look.read_frame(tmp_path) is None


def test_looking_takes_its_share_and_no_more(monkeypatch):
    """Two seconds between looks, or as long as it takes for the share, which the first, cold one
    does not set; by a clock of our own."""
    now = [100.0]
    monkeypatch.setattr(pace, "perf_counter", lambda: now[0])

    def cost(seconds: float) -> Callable[[], None]:
        return lambda: now.__setitem__(0, now[0] + seconds)

    rhythm = pace.Rhythm(2.0, 0.1)
    for seconds, wait in ((6.0, 2.0), (0.01, 2.0), (1.0, 9.0), (3.0, 27.0)):
        assert rhythm.is_due
        rhythm.do(cost(seconds))
        now[0] += wait - 0.01
        assert not rhythm.is_due
        now[0] += 0.02
    assert rhythm.spent == pytest.approx(10.01)


def test_a_director_is_missed_by_our_own_clock(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(pace, "perf_counter", lambda: now[0])
    beat = tmp_path / pace.HEARTBEAT
    beat.touch()
    watch = pace.Watch(tmp_path, grace=3.0)
    now[0] += 3600  # The laptop slept, and the director too.
    assert not watch.is_gone
    os.utime(beat, (1, 1))  # Its clock was set; it beats all the same.
    for _ in range(3):
        now[0] += 1
        assert not watch.is_gone
    for _ in range(4):
        now[0] += 1
        gone = watch.is_gone
    assert gone


# The minutes


def test_minutes_end_a_training_and_it_is_kept(live):
    folder = live(steps=100_000, minutes=0.5 / 60)
    found = work(folder)
    assert found.state == "finished"
    assert "minutes are over, after" in found.sentence and "of 100,000 steps." in found.sentence
    arm = checkpoints.read_config(folder / SLUGS[0])
    assert arm.facts["kept"] == arm.facts["steps"] == found.step > 0
    assert not arm.is_under_way


def test_a_pause_is_no_training(live, monkeypatch):
    """Neither the status nor the run folders count it."""
    folder, took, train_ = live(steps=3), [], Worker.train
    # Long enough to be told from a step that had to wait for other processes.
    go_on = threading.Timer(3.0, control.send, (folder, Command("continue")))

    def timed(self) -> None:
        started = time.perf_counter()
        train_(self)
        took.append(time.perf_counter() - started)

    monkeypatch.setattr(Worker, "train", timed)

    def pause(arms: Lockstep) -> None:
        control.send(folder, Command("pause"))
        go_on.start()

    at_step(monkeypatch, {2: pause})
    found = work(folder)
    assert found.state == "finished" and found.seconds < took[0] - 1.5
    kept = sum(checkpoints.read_config(folder / slug).facts["seconds"] for slug in SLUGS)
    assert kept < took[0] - 1.5


def test_a_change_before_the_first_step_survives_a_kill(live, monkeypatch):
    folder = live()
    control.send(folder, Command("set", "cycle_forward", 2.0))
    with monkeypatch.context() as patch:
        patch.setattr(Lockstep, "take_step", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            work(folder)
    assert control.pending(folder) == []
    assert [change["step"] for change in work(folder).changes] == [0, 0]
    assert objective_of(folder / SLUGS[1]).cycle_forward == 2.0


# Real processes


def wait_for(condition: Callable[[], object], seconds: float = 180) -> object:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("waited in vain")


@contextmanager
def director(root: Path, limits: Limits | None = None, *options: str) -> Iterator[Director]:
    options = ("--save-every", "0.2", "--grace", "2", *options)
    made = Director(root, limits, options)
    try:
        yield made
    finally:
        for id, seen in made.jobs().items():
            if seen.is_alive or seen.state == "queued":
                made.command(id, Command("discard"))
        wait_for(lambda: not any(s.is_alive or s.state == "queued" for s in made.jobs().values()))
        made.close()


def reached(director: Director, id: str, *states: str, step: int = 0) -> Status:
    """Wait for a state; fail at once at an end that was not waited for."""

    def look() -> Status | None:
        found = director.status(id)
        if found.state in states and found.step >= step:
            return found
        assert found.state not in {"failed", "died", "finished"} - set(states), log(director, id)
        return None

    return wait_for(look)


def log(director: Director, id: str) -> str:
    path = director.folder(id) / status.LOG
    return f"{director.status(id)}\n{path.read_text() if path.exists() else ''}"


def pid_of(director: Director, id: str) -> int:
    return director._foreman._children[id].pid


def test_a_worker_waits_where_a_training_is_expected(tmp_path, noise_folder):
    """It takes the training, another waits when that is over, and none outlives its page."""
    with director(tmp_path / "live") as d:
        foreman = d._foreman
        time.sleep(0.6)
        assert foreman._spare._process is None
        d.expect()
        waiting = wait_for(lambda: foreman._spare._process)
        id = d.start(settings(noise_folder, steps=3))
        wait_for(lambda: id in foreman._children)
        assert pid_of(d, id) == waiting.pid and foreman._spare._process is None
        reached(d, id, "finished")
        assert (d.folder(id) / status.LOG).exists()
        d.expect()
        other = wait_for(lambda: foreman._spare._process)
        left = foreman._popen(spare.FLAG, subprocess.PIPE, subprocess.DEVNULL)
        left.stdin.close()
        assert left.wait(60) == 0
    assert other.poll() is not None


def test_a_worker_that_died_while_it_waited_is_not_taken(tmp_path):
    """Nor does another follow it at once, which might go on for ever."""
    started = []

    def start() -> subprocess.Popen:
        command = [sys.executable, "-c", ""]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE))
        return started[-1]

    one = spare.Spare(start)
    one.keep(True)
    started[0].wait()
    one.keep(True)
    assert one.take(tmp_path) is None and len(started) == 1
    one.keep(False)
    one.keep(True)
    one.end()
    assert len(started) == 2 and started[1].poll() is not None


def test_a_training_from_start_to_keep(tmp_path, noise_folder):
    """Pause, step, go on, change, stop; then a model for Translate that train.py goes on with."""
    root = tmp_path / "live"
    with director(root) as d:
        id = d.start(settings(noise_folder, steps=3000))
        assert d.status(id).state in ("queued", "starting")
        assert wait_for(lambda: d.frame(id)).step == 0  # A picture before the first step.
        reached(d, id, "running", step=3)

        d.command(id, Command("pause"))
        paused = reached(d, id, "paused")
        time.sleep(0.3)
        assert d.status(id).step == paused.step == paused.saved_step
        for more in (1, 2):
            d.command(id, Command("step"))
            reached(d, id, "paused", step=paused.step + more)
            wait_for(lambda: d.frame(id).step == d.status(id).step)
        time.sleep(0.2)
        assert d.status(id).step == paused.step + 2
        d.command(id, Command("set", "identity", 0.0))
        wait_for(lambda: len(d.status(id).changes) == 2)
        d.command(id, Command("continue"))
        running = reached(d, id, "running", step=paused.step + 10)
        assert running.steps_per_second > 0 and running.seconds_left > 0
        with pytest.raises(ControlError, match=r"This training is running; nothing is left"):
            d.resume(id)

        asked = time.monotonic()
        d.command(id, Command("stop"))
        reached(d, id, "measuring", "stopped")
        assert time.monotonic() - asked < 5
        stopped = reached(d, id, "stopped")
        assert f"Stopped and kept after {stopped.step:,} of 3,000 steps" in stopped.sentence
        with pytest.raises(ControlError, match="does not run"):
            d.command(id, Command("pause"))

        for slug, arm in zip(SLUGS, d.arms(id), strict=True):
            kept = checkpoints.read_config(arm)
            assert arm.name == slug and kept.facts["kept"] == stopped.step == kept.facts["steps"]
            assert "From step" in kept.facts["notes"][0]
        (set_,) = Library([root]).sets.values()
        assert [variant.config.objective.slug for variant in set_.variants] == sorted(SLUGS)
        assert set_.is_fair

        kept = zipfile.ZipFile(d.archive(id, tmp_path / "kept.zip"))
        assert Image.open(io.BytesIO(kept.read(f"{id}/film.webp"))).n_frames > 1
        packed = kept.namelist()
        assert {name.split("/")[0] for name in packed} == {id}
        for slug in SLUGS:
            for name in ("config.json", "model.safetensors", "log.jsonl"):
                assert f"{id}/{slug}/{name}" in packed
        assert not [n for n in packed if n.endswith(("training.pt", PREVIOUS, ".lock"))]
        whole = zipfile.ZipFile(d.archive(id, tmp_path / "whole.zip", state=True)).namelist()
        assert f"{id}/{SLUGS[0]}/training.pt" in whole

        # train.py goes on with either arm, and until it is done the model is under way again.
        run, trainer, data = train.prepare(["--resume", str(root / id / SLUGS[0])])
        assert trainer.steps_done == stopped.step
        assert trainer.objective.at(trainer.steps_done, 3000).identity == 0
        trainer.step(*training.batches(run.config, data)[0])
        run.save(trainer)
        assert checkpoints.read_config(run.folder).is_under_way

        d.discard(id)
        assert not (root / id).exists()


def test_sigkill_at_any_moment_costs_the_steps_since_the_last_save(tmp_path, noise_folder):
    """Twice; each time the page says so, and the end is that of an uninterrupted run."""
    moments = random.Random(7)
    wanted = settings(noise_folder, steps=300)
    with director(tmp_path / "live") as d:
        straight = d.start(wanted)
        reached(d, straight, "finished")
        killed = d.start(wanted)
        for _ in range(2):
            before = d.status(killed).saved_step
            reached(d, killed, "running", step=before + moments.randrange(2, 12))
            time.sleep(moments.random() / 5)
            os.kill(pid_of(d, killed), signal.SIGKILL)
            died = wait_for(lambda: d.status(killed).state == "died" and d.status(killed))
            assert f"The training process died at step {died.step}" in died.sentence
            assert died.saved_step <= died.step
            d.resume(killed)
        finished = reached(d, killed, "finished")
        assert finished.step == 300
        for one, other in zip(d.arms(killed), d.arms(straight), strict=True):
            assert same(weights_of(one), weights_of(other))
            assert same(state_of(one), state_of(other))
            steps = [line["step"] for line in read_log(one)]
            assert steps == sorted(set(steps)) and steps[-1] == 300


def test_one_at_a_time_the_others_wait_with_their_places(tmp_path, noise_folder):
    with director(tmp_path / "live", Limits(waiting=3)) as d:
        ids = []
        threads = [
            threading.Thread(target=lambda: ids.append(d.start(settings(noise_folder, steps=9999))))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(ids)) == 3
        first = wait_for(lambda: [id for id, s in d.all().items() if s.is_alive])[0]
        waiting = sorted((s.place, id) for id, s in d.all().items() if s.state == "queued")
        assert [place for place, _ in waiting] == [1, 2]
        (_, second), (_, third) = waiting
        d.command(third, Command("stop"))
        assert d.status(third).sentence == "Taken out of the queue."
        d.discard(third)
        reached(d, first, "running", step=1)
        assert d.status(second).state == "queued"
        d.command(first, Command("discard"))
        reached(d, second, "running")
        wait_for(lambda: first not in d.all() and not (d.root / first).exists())
        for _ in range(3):
            d.start(settings(noise_folder, steps=9999))
        with pytest.raises(ControlError, match="3 trainings are waiting already"):
            d.start(settings(noise_folder))
        assert not list(d.root.glob(".new-*"))


def test_a_training_outlives_its_page_for_a_moment_and_no_longer(tmp_path, noise_folder):
    """A page that comes back in time shows the same run; without one the worker saves and stops."""
    root = tmp_path / "live"
    with director(root) as first:
        id = first.start(settings(noise_folder, steps=99_999))
        reached(first, id, "running", step=2)
        with director(root) as second:  # A second page: sees the same, and may ask.
            assert second.status(id).is_alive
            second.command(id, Command("pause"))
            reached(first, id, "paused")
            second.command(id, Command("continue"))
            reached(first, id, "running")
            first.close()
            now = second.status(id).step
            reached(second, id, "running", step=now + 5)
            time.sleep(2.5)  # Longer than the grace: the second page beats on.
            assert second.status(id).is_alive
            child = pid_of(first, id)
            second.close()
            wait_for(lambda: second.status(id).state == "interrupted")
            wait_for(lambda: first._foreman._children[id].poll() == 0)
            assert not Path(f"/proc/{child}/status").exists()
            kept = second.status(id)
            assert kept.saved_step == kept.step > 0 and kept.is_resumable
    with director(root) as third:
        third.resume(id)
        assert reached(third, id, "running", step=kept.step + 2).saved_step >= kept.step


def test_a_dead_worker_of_another_page_is_noticed(tmp_path, live):
    """Its process is not our child: the lock that nobody holds tells."""
    folder = live("2026-dead")
    for slug in SLUGS:
        (folder / slug).mkdir()
        (folder / slug / "training.pt").touch()
    status.write(folder, Status("running", step=7, saved_step=5))
    with director(tmp_path) as d:
        dead = wait_for(lambda: d.status("2026-dead").state == "died" and d.status("2026-dead"))
        assert dead.sentence == ("The training process died at step 7; all up to step 5 is kept.")
        held = live("2026-held")
        with status.lock(held).acquire():
            status.write(held, Status("running", step=7))
            time.sleep(1.2)
            assert d.status("2026-held").state == "running"
        wait_for(lambda: d.status("2026-held").state == "died")


def test_own_pictures_and_what_fails_with_them(tmp_path, noise_folder):
    x, y = (sorted((noise_folder / name).iterdir()) for name in ("trainA", "trainB"))
    with director(tmp_path / "live") as d:
        with pytest.raises(DataError, match="X has 1 usable picture"):
            d.start(settings("own"), lambda folder: intake.take_in(folder, x[:1], y, SIZE))
        assert d.all() == {} and not list(d.root.glob(".new-*"))
        id = d.start(settings("own", 3), lambda folder: intake.take_in(folder, x, y, SIZE))
        assert d.settings(id).base.training.data == str(d.root / id / "data")
        reached(d, id, "finished")
        assert d.status(id).sentence == "Trained to the end: 3 steps."
        missing = d.start(settings(tmp_path / "gone"))
        failed = reached(d, missing, "failed")
        assert failed.sentence == f"There is no folder {tmp_path / 'gone'}."
        assert "Traceback" in log(d, missing)


def test_ids_lead_nowhere_else(tmp_path, live):
    live("2026-here")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / status.STATUS).write_text("{}")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "2026-link").symlink_to(tmp_path / "outside")
    for id in ("../outside", "2026-link", "", ".", "..", "/etc", "a/b", "2026-gone", "x" * 300):
        with pytest.raises(ControlError, match="There is no training"):
            ledger.folder_of(tmp_path / "root", id)
        with pytest.raises(ControlError):
            ledger.remove(tmp_path / "root", id)
    assert (tmp_path / "outside" / status.STATUS).exists()


def test_removing_follows_no_link(tmp_path, live):
    folder = live("2026-run")
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (folder / "link").symlink_to(tmp_path / "precious")
    ledger.remove(tmp_path, "2026-run")
    assert (tmp_path / "precious" / "file").exists() and not folder.exists()


def test_a_recipe_that_a_file_spoilt_is_left_as_it_is(noise_folder):
    for odd in (7, {"name": "book"}, {"sets": [], "otherwise": {}}, {"sets": {}, "otherwise": {}}):
        wanted = settings(noise_folder)
        wanted = replace(wanted, base=replace(wanted.base, facts={"recipe": odd}))
        assert wanted.configs[0].facts == {"recipe": odd}


def test_a_recipe_holds_in_both_arms_and_is_kept(tmp_path, noise_folder):
    """Updates in turn, a rate that never falls, and the facts that say from where they are."""
    wanted = settings(noise_folder, steps=3, order="in-turn", decay=0.0)
    method = methods.find("cyclegan")
    kept = method.recipe("book").kept("book", wanted.base)
    wanted = replace(wanted, base=replace(wanted.base, facts={"recipe": kept}))
    folder = queued(tmp_path / "run", wanted)
    assert work(folder).state == "finished"
    for slug, arm in zip(wanted.slugs, wanted.arms, strict=True):
        kept = checkpoints.read_config(folder / slug)
        told = kept.facts["recipe"]
        assert (told["name"], told["sets"]["size"]) == ("book", "128 px")
        assert told["otherwise"]["objective"] == arm.objective.formula, "each arm's own"
        assert "machine" in kept.facts
        assert kept.training.order == "in-turn"
        assert [line["rate"] for line in read_log(folder / slug)] == [kept.training.rate]
