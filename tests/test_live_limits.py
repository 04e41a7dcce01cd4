"""What a host allows: minutes by the clock on the wall, owners, and a budget of disk.

Trainings are written by hand; the few that run do so in this very process.
"""

import itertools
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from live_root import directing, settings, write
from test_live import queued, wait_for, work
from test_live import settings as tiny_settings
from tiny import SIZE, dataset

from cyclegan.core import files
from cyclegan.core.config import ConfigError
from cyclegan.labs.live import Command, ControlError, Limits, Status, budget, control, status
from cyclegan.labs.live import foreman as foremen
from cyclegan.labs.live import worker as workers
from cyclegan.labs.live.foreman import Foreman
from cyclegan.labs.live.worker import Worker
from cyclegan.store import checkpoints

MINUTES = 0.7 / 60
"""Of a place, for workers that run here."""


@pytest.fixture(scope="module")
def noise_folder(tmp_path_factory) -> Path:
    return dataset(tmp_path_factory.mktemp("noise") / "noise", size=SIZE + 4)


@pytest.fixture
def folder(tmp_path, noise_folder) -> Path:
    """A queued training without an end of its own."""
    return queued(tmp_path / "run", tiny_settings(noise_folder, steps=100_000))


# Minutes, in the worker


@pytest.fixture
def clock(monkeypatch) -> None:
    """A worker's clock goes by 10 ms whenever it looks: on a busy machine too, 70 looks it has."""
    ticks = itertools.count()
    monkeypatch.setattr(workers, "perf_counter", lambda: next(ticks) / 100)
    monkeypatch.setattr(workers, "sleep", lambda _: None)


def pause_at(step: int, monkeypatch) -> None:
    """Have whoever trains pause, and never go on."""
    obey = Worker.obey

    def and_pause(self: Worker) -> None:
        if self.lockstep.step == step and not self.paused:
            control.send(self.folder, Command("pause"))
        obey(self)

    monkeypatch.setattr(Worker, "obey", and_pause)


@pytest.mark.parametrize("paused", [False, True])
def test_the_minutes_of_a_place_are_over_paused_or_not(paused, folder, clock, monkeypatch):
    if paused:
        pause_at(2, monkeypatch)
    found = work(folder, minutes=MINUTES)
    assert found.state == "finished" and found.held >= 0.7
    said = f"The {MINUTES:g} minutes that this page gives a training are over, after {found.step:,}"
    assert found.sentence == f"{said} of 100,000 steps."
    assert (found.step == 2) == paused and found.saved_step == found.step > 0
    assert checkpoints.read_config(folder / "gan-identity").facts["kept"] == found.step


def test_a_pause_before_the_first_step_holds_no_place_either(folder, clock, monkeypatch):
    pause_at(0, monkeypatch)
    found = work(folder, minutes=MINUTES)
    assert found.state == "stopped" and "There is nothing to keep." in found.sentence
    assert {path.parent.name for path in folder.glob("*/*")} == {"frames"}, "and no checkpoint"


@pytest.mark.parametrize("before", [0.5, 0.7, 3600.0])
def test_a_training_that_goes_on_has_what_is_left(before, folder, clock):
    status.write(folder, replace(status.read(folder), held=before))
    found = work(folder, minutes=MINUTES)
    assert "minutes that this page gives" in found.sentence and found.held >= max(0.7, before)
    assert found.step == 0 or before < 0.7


def test_without_minutes_a_pause_may_last(folder, monkeypatch):
    pause_at(1, monkeypatch)
    status.write(folder, replace(status.read(folder), held=1e6))
    worker = Worker(folder)
    looks = iter([False] * 100)
    monkeypatch.setattr(
        workers, "sleep", lambda _: next(looks, True) and control.send(folder, Command("stop"))
    )
    worker.run()
    assert next(looks, None) is None
    assert "Stopped and kept after 1" in status.read(folder).sentence


# Minutes, in the foreman


@pytest.mark.parametrize(
    ("obeys", "last", "state"),
    [
        (True, Status("interrupted", "It waits here.", step=4, steps=9, saved_step=4), "finished"),
        (True, Status("interrupted", "It waits here.", steps=9), "stopped"),
        (True, Status("finished", "Trained to the end.", step=9, saved_step=9), "finished"),
        (True, None, "stopped"),
        (False, None, "stopped"),
    ],
)
def test_a_worker_that_does_not_end_by_itself_is_ended(obeys, last, state, tmp_path, monkeypatch):
    monkeypatch.setattr(foremen, "LATE", 0.1)
    monkeypatch.setattr(foremen, "TOO_LATE", 0.3)
    limits = Limits(minutes=0.2 / 60)
    with directing(tmp_path, monkeypatch, limits, obeys=obeys, last=last) as d:
        started = time.monotonic()
        id = d.start(settings())
        for slug in settings().slugs:
            files.write_text(d.folder(id) / slug / "training.pt", "")
        wait_for(lambda: id in d.children and not d.status(id).is_alive)
        assert time.monotonic() - started >= 0.3
        wait_for(lambda: d.status(id).state == state)
        asked = d.children[id].asked
        assert asked == ["terminate"] if obeys else asked == ["terminate", "kill"]
        sentence = d.status(id).sentence
        assert ("minutes that this page gives" in sentence) != ("to the end" in sentence)
        waits = d.start(settings())
        wait_for(lambda: d.status(waits).is_alive)


def test_a_worker_of_another_page_is_asked_by_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(foremen, "LATE", 0.0)
    folder = write(tmp_path, "2026-held", Status("paused", step=3, steps=9, held=100.0))
    with status.lock(folder).acquire(), directing(tmp_path, monkeypatch, Limits(minutes=1)):
        wait_for(lambda: control.pending(folder))
        time.sleep(0.2)
        assert [command for _, command in control.pending(folder)] == [Command("stop")]


@pytest.mark.parametrize("held", [59.0, 60.0, 1e9])
def test_going_on_does_not_renew_the_minutes(held, tmp_path, monkeypatch):
    for root, limits in ((tmp_path / "hosted", Limits(minutes=1)), (tmp_path / "own", Limits())):
        write(root, "2026-run", Status("stopped", step=3, saved_step=3, held=held))
        with directing(root, monkeypatch, limits) as d:
            if held < 60 or limits.minutes is None:
                d.resume("2026-run")
                wait_for(lambda d=d: d.status("2026-run").is_alive)
                assert d.status("2026-run").held == held
            else:
                with pytest.raises(ControlError, match="had the 1 minutes that this page gives"):
                    d.resume("2026-run")


@pytest.mark.parametrize(
    ("data", "is_refused"),
    [
        *(("/etc", True), ("user/pictures", True), ("2026-other/data", True)),
        *(("satellite2map", False), ("2026-run/data", False)),
    ],
)
def test_a_host_lets_nothing_go_on_from_other_folders(data, is_refused, tmp_path, monkeypatch):
    """What lies in a training's settings may have been written elsewhere."""
    folder = write(tmp_path, "2026-run", Status("stopped"))
    wanted = settings().to_dict()
    path = data if data in ("satellite2map", "user/pictures") else str(tmp_path / data)
    wanted["base"]["training"]["data"] = path
    files.write_json(folder / status.SETTINGS, wanted)
    with directing(tmp_path, monkeypatch, Limits(folders=False)) as d:
        if is_refused:
            with pytest.raises(ConfigError, match="folders of its machine are not offered"):
                d.resume("2026-run")
        else:
            d.resume("2026-run")


@pytest.mark.parametrize(
    ("limits", "wanted"),
    [(Limits(), []), (Limits(minutes=2.5), ["--minutes", "2.5"])],
)
def test_a_worker_is_told_its_minutes(limits, wanted, tmp_path, monkeypatch):
    asked = started(tmp_path, monkeypatch, limits)
    assert [word for word in asked["args"] if word in ("--minutes", "2.5")] == wanted


@pytest.mark.parametrize("folders", [True, False])
def test_a_hosts_worker_has_no_token_and_no_network(folders, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("HUGGING_FACE_HUB_TOKEN", "secret")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    has = started(tmp_path, monkeypatch, Limits(folders=folders))["env"]
    assert ("secret" in has.values()) == folders and ("HF_HUB_OFFLINE" in has) != folders


@pytest.mark.parametrize("kind", ["a folder", "a link", "a file"])
def test_what_a_worker_prints_goes_into_a_plain_file(kind, tmp_path, monkeypatch):
    log = write(tmp_path, "2026-run", Status("stopped")) / status.LOG
    (tmp_path / "elsewhere").write_text("precious")
    if kind == "a folder":
        log.mkdir()
    elif kind == "a link":
        log.symlink_to(tmp_path / "elsewhere")
    else:
        log.write_text("before")
    assert started(tmp_path, monkeypatch, Limits())["args"]
    assert log.is_file() and not log.is_symlink()
    assert log.read_text() == ("before" if kind == "a file" else "")


def started(root: Path, monkeypatch, limits: Limits) -> dict:
    """How the foreman would have started a process."""
    asked = {}

    class Popen:
        def __init__(self, args, env, **_):
            asked.update(args=args, env=env)

        def poll(self) -> int:
            return 0

    process = Foreman._process
    with directing(root, monkeypatch, limits) as d:
        monkeypatch.setattr("cyclegan.labs.live.foreman.subprocess.Popen", Popen)
        process(d._foreman, write(root, "2026-run", Status("stopped")))
    return asked


# Owners


def test_a_training_has_an_owner_or_none(tmp_path, monkeypatch):
    with directing(tmp_path, monkeypatch) as d:
        hers, his = d.start(settings(), owner="a" * 64), d.start(settings(), owner="b")
        nobodys = d.start(settings())
        assert [d.owner(id) for id in (hers, his, nobodys, "../x", "gone")] == ["a" * 64, "b"] + [
            ""
        ] * 3
        assert list(d.of("a" * 64)) == [hers] and list(d.of("")) == [nobodys]
        assert d.of("c") == {} and len(d.all()) == 3
    with directing(tmp_path, monkeypatch) as later:
        assert later.owner(hers) == "a" * 64


@pytest.mark.parametrize("owner", ["x" * 65, "a\nb", "a\0"])
def test_a_mark_that_is_none(owner, tmp_path, monkeypatch):
    with directing(tmp_path, monkeypatch) as d:
        with pytest.raises(ControlError, match="at most 64 characters"):
            d.start(settings(), owner=owner)
        assert d.all() == {}


@pytest.mark.parametrize("most", [1, 2, 3])
def test_an_owner_has_so_many_at_a_time(most, tmp_path, monkeypatch):
    with directing(tmp_path, monkeypatch, Limits(per_owner=most)) as d:
        hers = [d.start(settings(), owner="a") for _ in range(most)]
        words = "a training" if most == 1 else f"{most} trainings"
        with pytest.raises(ControlError, match=f"You have {words} running or waiting already"):
            d.start(settings(), owner="a")
        for owner in ("b", "", ""):
            d.start(settings(), owner=owner)
        wait_for(lambda: d.children)
        queued_ = next(id for id in hers[::-1] if id not in d.children) if most > 1 else hers[0]
        if most > 1:
            d.command(queued_, Command("stop"))
            d.start(settings(), owner="a")
            with pytest.raises(ControlError, match="running or waiting"):
                d.resume(queued_)
        assert not list(tmp_path.glob(".new-*"))


# The disk


def kept(**sizes: tuple[str, int, float | None]) -> dict[str, budget.Kept]:
    return {id: budget.Kept(*values) for id, values in sizes.items()}


HERS = kept(a=("h", 40, 5.0), b=("h", 30, 2.0), c=("h", 50, None))
HIS = kept(d=("g", 10, 1.0), e=("g", 25, 3.0))
NOBODYS = kept(f=("", 90, 4.0))


@pytest.mark.parametrize(
    ("limits", "gone"),
    [
        (Limits(), []),
        (Limits(disk=245, disk_per_owner=120), []),
        (Limits(disk_per_owner=119), ["b"]),
        (Limits(disk_per_owner=89), ["b", "a"]),
        (Limits(disk_per_owner=34), ["d", "b", "a"]),
        (Limits(disk=244), ["d"]),
        (Limits(disk=200), ["d", "b", "e"]),
        (Limits(disk=1), ["d", "b", "e", "f", "a"]),
        (Limits(disk=214, disk_per_owner=100), ["b", "d"]),
        (Limits(disk=215, disk_per_owner=100), ["b"]),
    ],
)
def test_what_ended_first_goes_first(limits, gone):
    """Of an owner who has too much, then of all; never what runs, waits or is paused."""
    assert list(budget.too_much({**HERS, **HIS, **NOBODYS}, limits)) == gone


def test_two_names_of_a_file_are_one_file(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "one").write_bytes(b"0" * 1000)
    os.link(tmp_path / "a" / "one", tmp_path / "a" / "b" / "same")
    (tmp_path / "a" / "other").write_bytes(b"0" * 10)
    (tmp_path / "far").write_bytes(b"0" * 10**6)
    (tmp_path / "a" / "link").symlink_to(tmp_path / "far")
    assert 1010 <= budget.size_of(tmp_path / "a") < 2000


STATES = ("running", "paused", "queued", "finished", "stopped", "failed", "died", "interrupted")


def test_the_foreman_keeps_to_the_budget_and_says_what_is_gone(tmp_path, monkeypatch):
    monkeypatch.setattr(foremen, "SWEEP", 0.1)
    for i, state in enumerate(STATES):
        folder = write(tmp_path, f"2026-{state}", Status(state), owner="a", size=100_000)
        values = json.loads((folder / status.STATUS).read_text())
        files.write_json(folder / status.STATUS, {**values, "written": 1000.0 - i})
    locks = [status.lock(tmp_path / f"2026-{state}") for state in STATES[:3]]
    for lock in locks:
        lock.acquire()
    with directing(tmp_path, monkeypatch, Limits(disk=650_000, at_once=2)) as d:
        ids = ("2026-interrupted", "2026-died")
        wait_for(lambda: not any(id in d.all() for id in ids))
        time.sleep(0.3)
        assert set(d.all()) == {f"2026-{state}" for state in STATES} - set(ids)
        for id in ids:
            said = (
                "This training was removed to make room: the page keeps 650000 bytes of trainings."
            )
            assert d.gone(id) == said
            for ask in (d.status, d.settings, d.folder, d.resume, d.discard, d.curves):
                with pytest.raises(ControlError, match=said):
                    ask(id)
        assert d.gone("2026-running") == d.gone("2026-never") == ""
    with directing(tmp_path, monkeypatch) as later:
        assert "to make room" in later.gone("2026-died")
    for lock in locks:
        lock.release()


@pytest.mark.parametrize("content", ["{", '{"2026-a": 7}', '{"2026-a": "%s"}' % ("x" * 999)])
def test_a_damaged_memory_of_what_is_gone_remembers_nothing(content, tmp_path):
    (tmp_path / budget.GONE).write_text(content)
    assert budget.gone(tmp_path, "2026-a") == ""
    budget.remember(tmp_path, "2026-b", "It is gone.")
    assert budget.gone(tmp_path, "2026-b") == "It is gone."


def test_the_memory_of_what_is_gone_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "REMEMBERED", 3)
    for i in range(5):
        budget.remember(tmp_path, f"2026-{i}", "Gone.")
    assert [budget.gone(tmp_path, f"2026-{i}") for i in range(5)] == ["", "", *["Gone."] * 3]


@pytest.mark.parametrize(
    ("limits", "owner", "words"),
    [
        (Limits(disk=300_000), "b", r"run or wait, with this one, .* keeps 3.* of trainings; try"),
        (Limits(disk_per_owner=300_000), "a", "Your trainings .* for each visitor; stop one"),
        (Limits(disk_per_owner=300_000), "b", ""),
        (Limits(disk=10**7, disk_per_owner=10**7), "a", ""),
    ],
)
def test_start_is_refused_where_no_removal_could_make_room(
    limits, owner, words, tmp_path, monkeypatch
):
    folder = write(tmp_path, "2026-run", Status("running"), owner="a", size=310_000)
    write(tmp_path, "2026-old", Status("stopped"), owner="a", size=310_000)
    with status.lock(folder).acquire(), directing(tmp_path, monkeypatch, limits) as d:
        if not words:
            d.start(settings(), owner=owner)
            return
        before = set(d.all())
        with pytest.raises(ControlError, match=words):
            d.start(settings(), owner=owner)
        assert set(d.all()) <= before and not list(tmp_path.glob(".new-*"))


def test_pictures_count_and_a_large_upload_is_refused(tmp_path, monkeypatch):
    with directing(tmp_path, monkeypatch, Limits(disk=200_000)) as d:
        for count, is_refused in ((50_000, False), (250_000, True)):

            def fill(data: Path, count: int = count) -> None:
                data.mkdir()
                (data / "x.png").write_bytes(b"0" * count)

            if is_refused:
                with pytest.raises(ControlError, match="of trainings; try again"):
                    d.start(settings(), fill)
            else:
                id = d.start(settings(), fill)
        assert list(d.all()) == [id] and not list(tmp_path.glob(".new-*"))


@pytest.mark.parametrize("limits", [Limits(), Limits(disk=10**9), Limits(disk_per_owner=10**9)])
def test_own_pictures_stay_as_long_as_something_goes_on_from_them(limits, tmp_path, monkeypatch):
    """And on a machine of one's own for as long as the training."""
    for state in ("finished", "stopped", "died", "failed", "interrupted"):
        folder = write(tmp_path, f"2026-{state}", Status(state))
        files.write_text(folder / status.DATA / "trainA" / "x.png", "")
    with directing(tmp_path, monkeypatch, limits) as d:
        id = d.start(settings())
        wait_for(lambda: id in d.children)
        time.sleep(0.2)
        left = {path.parent.name for path in tmp_path.glob("2026-*/data")} - {id}
    is_hosted = limits != Limits()
    assert ("2026-finished" in left) != is_hosted and len(left) == 5 - is_hosted
