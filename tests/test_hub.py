"""The Hub: the real client against a real server on loopback, and every way in which it fails."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import hub_server
import huggingface_hub
import pytest
import torch
from huggingface_hub import ModelCard, constants, file_download
from ladders import ladder
from tiny import config, noise, same
from variants import FULL, GAN, JUDGES, write

from cyclegan.core.config import Channels, Config
from cyclegan.core.evidence import Difference
from cyclegan.core.files import read_json, write_json
from cyclegan.inference import comparisons
from cyclegan.inference.comparisons import Comparisons
from cyclegan.inference.translator import Translator
from cyclegan.labs import publishing
from cyclegan.labs.publishing.command import main
from cyclegan.methods.cycada import Objective as CyCADA
from cyclegan.store import checkpoints, hub
from cyclegan.store.hub import HubError, HubName, parse, pulling

# Of the client's own calls of httpx.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")

ROOT = Path(__file__).parent.parent
TOKEN = "hf_veryverysecret"
SET = ("gan", "gan-cycle-identity")


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A Hub, with a fresh cache and nobody logged in."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with hub_server.serve() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def login(server, monkeypatch):
    server.token = TOKEN
    monkeypatch.setenv("HF_TOKEN", TOKEN)


@pytest.fixture(scope="session")
def local(tmp_path_factory) -> Path:
    """A set of two variants, one with figures, and examples; with what is never shipped, too."""
    folder = tmp_path_factory.mktemp("local") / "world"
    write(folder / "gan", GAN)
    write(folder / "gan-cycle-identity", FULL, JUDGES, seed=1)
    figures = {"rmse": 54.4, "ssim": 0.25, "cycle_error": 13.5, "identity_error": 12.0}
    found = {"pairs": 3, "size": 24, "G": {**figures, "sea_iou": 0.89, "diversity": 0.99}}
    ends = {"G": {"rmse": [51.0, 58.2], "sea_iou": [0.85, 0.92]}, "F": {}}
    more = {"effective": 2, "F": figures, "intervals": ends}
    write_json(folder / "gan" / "metrics.json", {**found, **more})
    pair = {"rmse": Difference(2.0, 1.0, 3.0), "ssim": Difference(0.01, -0.02, 0.03)}
    comparisons.write(folder, Comparisons({("gan", "gan-cycle-identity"): {"G": pair}}))
    (folder / "examples").mkdir()
    for seed, name in enumerate(("01-iberia-x.png", "01-iberia-y.png")):
        noise(24, 24, seed).save(folder / "examples" / name)
    for name in ("training.pt", "log.jsonl", "optimizer.bin"):
        (folder / "gan" / name).write_bytes(b"not to be shipped")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """All that lies in a folder, as a repo has it."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def repo(server, local) -> str:
    """The set, with a card, on the Hub; its commit."""
    card = {"README.md": b"---\nlicense: cc-by-4.0\n---\n# World\n"}
    return server.add("user/world", files(local) | card, tags=("v1",))


def pull(name: str, **more) -> hub.Pulled:
    return hub.pull(parse(name), **more)


def refusal(name: str, **more) -> str:
    """The sentence that a pull is refused with, within five seconds."""
    started = time.monotonic()
    with pytest.raises(HubError) as error:
        pull(name, **more)
    assert time.monotonic() - started < 5
    sentence = str(error.value)
    assert sentence.endswith((".", ")")) and "\n" not in sentence
    return sentence


# Names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("user/repo", HubName("user/repo")),
        (" user/repo\n", HubName("user/repo")),
        ("user/repo@main", HubName("user/repo", "main")),
        ("user/repo@refs/pr/1:gan", HubName("user/repo", "refs/pr/1", "gan")),
        ("u-s.er/r_e-p.o:a/b c.pth", HubName("u-s.er/r_e-p.o", None, "a/b c.pth")),
        ("https://huggingface.co/user/repo", HubName("user/repo")),
        ("huggingface.co/user/repo/", HubName("user/repo")),
        ("https://hf.co/user/repo/tree/v1", HubName("user/repo", "v1")),
        ("https://huggingface.co/user/repo/tree/refs%2Fpr%2F1/gan", None),
        ("https://huggingface.co/u/r/blob/main/a/b.pth", HubName("u/r", "main", "a/b.pth")),
        ("https://huggingface.co/u/r/resolve/main/b.pth?download=true", None),
    ],
)
def test_names(text, name):
    found = parse(text)
    assert found == (name or found)
    assert parse(str(found)) == found
    if name is None:
        assert found in (HubName("user/repo", "refs/pr/1", "gan"), HubName("u/r", "main", "b.pth"))


@pytest.mark.parametrize(
    "text",
    [
        *("./x", "/x", "../x", "~/x", "a\\b", "a/b/c", "x", "", "a/b/", ".hidden/x", "C:/x"),
        *("a/b--c", "https://example.com/user/repo", "hällo/welt"),
        *("[a](b)", "https://[x/user/repo", "[[::"),
    ],
)
def test_what_is_no_name(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("user/repo@", "after @ stands"),
        ("user/repo@:gan", "after @ stands"),
        ("user/repo@a b", "after @ stands"),
        ("user/repo@../x", "after @ stands"),
        ("user/repo:", "after : stands"),
        ("user/repo:../x", "after : stands"),
        ("user/repo:/x", "after : stands"),
        ("user/re--po@main", "cannot be the name"),
        ("https://huggingface.co/datasets/user/repo", "not the address of a model repo"),
        ("https://huggingface.co/user", "not the address of a model repo"),
        ("https://huggingface.co/user/repo/discussions/3", "not the address of a model repo"),
    ],
)
def test_near_misses(text, words):
    with pytest.raises(HubError, match=words):
        parse(text)


def test_addresses_of_the_configured_hub(server):
    assert parse(f"{server.url}/user/repo/tree/v1/gan") == HubName("user/repo", "v1", "gan")


# Pulling our layout


def test_a_set(server, repo, local):
    pulled = pull("user/world")
    assert pulled.name == HubName("user/world") and pulled.commit == repo and pulled.note == ""
    assert [path.name for path in pulled.checkpoints] == list(SET)
    assert pulled.files == []
    for path in pulled.checkpoints:
        found = checkpoints.load(path)
        expected = checkpoints.load(local / path.name)
        assert same(dict(found.model.state_dict()), dict(expected.model.state_dict()))
        assert found.metrics == expected.metrics and found.config == expected.config
    shipped = {f"user/world/{name}" for name in files(local)} | {"user/world/README.md"}
    never = {f"user/world/gan/{name}" for name in ("training.pt", "log.jsonl", "optimizer.bin")}
    assert set(server.downloads) == shipped - never
    assert len(server.downloads) == len(set(server.downloads))
    assert comparisons.read(pulled.folder).difference("gan", "gan-cycle-identity", "G", "rmse")
    assert (pulled.folder / "examples" / "01-iberia-x.png").is_file()
    assert pulled.card == hub.Card("cc-by-4.0", "# World", f"{server.url}/user/world")


@pytest.mark.parametrize(
    "part", ["gan", "gan/model.safetensors", "gan/config.json"], ids=lambda part: part
)
def test_a_variant(part, server, repo):
    pulled = pull(f"user/world:{part}")
    assert [path.name for path in pulled.checkpoints] == ["gan"]
    assert checkpoints.load(pulled.checkpoints[0]).name == "GAN"
    assert "user/world/gan-cycle-identity/model.safetensors" not in server.downloads
    assert "user/world/examples/01-iberia-x.png" in server.downloads


def test_a_single_checkpoint_at_the_root(server, local):
    server.add("user/one", files(local / "gan"))
    pulled = pull("user/one")
    assert pulled.checkpoints == [pulled.folder]
    assert checkpoints.load(pulled.folder).name == "GAN"
    assert pulled.card.license is None and pulled.card.text == ""


def test_the_second_time_nothing_is_downloaded(server, repo):
    first = pull("user/world")
    server.requests.clear()
    started = time.monotonic()
    second = pull("user/world")
    assert time.monotonic() - started < 1
    assert second == first
    assert [request.path for request in server.requests] == ["/api/models/user/world"]


def test_progress(server, repo, local):
    """It grows from 0 to all the bytes of all the wanted files, and nothing is counted twice."""
    seen = []
    pulled = pull("user/world", progress=lambda *now: seen.append(now))
    total = sum(path.stat().st_size for path in pulled.folder.rglob("*") if path.is_file())
    assert {now[1] for now in seen} == {total}
    assert seen == sorted(seen) and seen[-1] == (total, total)


def test_progress_of_a_large_file_is_fine_grained(server):
    server.add("user/foreign", {"net.pth": bytes(2_000_000)})
    server.bandwidth = 4e6
    seen = set()
    pull("user/foreign", progress=lambda done, _: seen.add(done))
    assert len(seen) > 3 and max(seen) == 2_000_000


def test_a_card_that_is_none(server, local):
    """A stranger's README, whatever is in it, stands in nobody's way."""
    for i, text in enumerate([b"---\n- [\n---\n", b"---\n- a\n---\nx", b"\xff\xfe", b"---\n---\n"]):
        server.add(f"user/one{i}", files(local / "gan") | {"README.md": text})
        assert pull(f"user/one{i}").card.license is None


# Revisions


def test_revisions(server, repo, local):
    pulled = {name: pull(f"user/world@{name}:gan") for name in ("main", "v1", repo)}
    assert {p.commit for p in pulled.values()} == {repo}
    write(local.parent / "new", GAN, seed=7)
    new = server.add("user/world", files(local.parent / "new"), revision="dev/new")
    assert pull("user/world@dev/new").commit == new
    assert pull("user/world@dev/new").checkpoints == [pull("user/world@dev/new").folder]
    assert pull("user/world").commit == repo


def test_a_branch_that_has_moved(server, repo, local):
    before = pull("user/world:gan").checkpoints[0]
    changed = files(local) | {"gan/metrics.json": b'{"pairs": 9}'}
    after = server.add("user/world", changed)
    server.requests.clear()
    pulled = pull("user/world:gan")
    assert pulled.commit == after and checkpoints.load(pulled.checkpoints[0]).metrics["pairs"] == 9
    assert checkpoints.load(before).metrics["pairs"] == 3
    # What has not changed is not sent again.
    assert server.downloads == ["user/world/gan/metrics.json"]


# Foreign files


@pytest.mark.parametrize(
    ("there", "pulled"),
    [
        (["a.pth"], ["a.pth"]),
        (["sub/a.ckpt", "notes.txt"], ["sub/a.ckpt"]),
        (
            ["latest_net_G_B.pth", "latest_net_G_A.pth"],
            ["latest_net_G_A.pth", "latest_net_G_B.pth"],
        ),
        (["model.safetensors", "pytorch_model.bin"], ["model.safetensors"]),
        (["config.json", "model.safetensors"], ["model.safetensors"]),
        (["a.pth", "training.pt", "x/optimizer.bin", "training_args.bin"], ["a.pth"]),
        (["net_G.PTH.tar", "net_D.pth.tar"], ["net_G.PTH.tar"]),
        (
            [
                f"{epoch}_net_{net}.pth"
                for epoch in ("5", "latest")
                for net in ("G_A", "G_B", "D_A")
            ],
            ["latest_net_G_A.pth", "latest_net_G_B.pth"],
        ),
    ],
    ids=lambda names: names[0],
)
def test_foreign_files(there, pulled, server):
    content = {name: name.encode() for name in there} | {"README.md": b"hello"}
    if "config.json" in there:
        content["config.json"] = b'{"num_layers": 9}'
    server.add("user/foreign", content)
    found = pull("user/foreign")
    assert found.checkpoints == []
    assert [path.relative_to(found.folder).as_posix() for path in found.files] == pulled
    assert [path.read_text() for path in found.files] == pulled
    weights = {name.removeprefix("user/foreign/") for name in server.downloads}
    assert weights - {"README.md", "config.json"} == set(pulled)


def test_several_foreign_files(server):
    server.add("user/foreign", {"a.pth": b"a", "b/c.pth": b"c"})
    assert refusal("user/foreign@main") == (
        "user/foreign@main holds several weight files; name one: user/foreign@main:a.pth, "
        "user/foreign@main:b/c.pth."
    )
    assert [path.name for path in pull("user/foreign@main:b/c.pth").files] == ["c.pth"]


def test_epochs_of_the_authors_files(server):
    files = [f"{epoch}_net_{net}.pth" for epoch in (5, 10) for net in ("G_A", "G_B", "D_A", "D_B")]
    server.add("user/foreign", {name: b"" for name in files})
    found = pull("user/foreign:10").files
    assert [path.name for path in found] == ["10_net_G_A.pth", "10_net_G_B.pth"]
    valid = "user/foreign:10, user/foreign:5."
    assert refusal("user/foreign") == (
        f"user/foreign holds several weight files; name one: {valid}"
    )
    assert refusal("user/foreign:7") == f"user/foreign has no 7; valid are {valid}"


def test_nothing_to_use(server):
    server.add("user/text", {"README.md": b"", "config.json": b"{}", "training.pt": b""})
    assert "holds no checkpoint and no weight file (.safetensors, " in refusal("user/text")
    assert "has no training.pt; valid are none." in refusal("user/text:training.pt")


@pytest.mark.parametrize("part", ["gna", "README.md", "gan/training.pt", "gan/metrics.json"])
def test_an_unknown_part(part, server, repo):
    assert refusal(f"user/world@v1:{part}") == (
        f"user/world@v1 has no {part}; valid are user/world@v1:gan, "
        "user/world@v1:gan-cycle-identity."
    )


# What is refused before anything is downloaded


def test_a_file_over_the_limit(server, repo, monkeypatch):
    monkeypatch.setattr(checkpoints, "MAX_BYTES", 1000)
    assert "a file may have 1000 bytes." in refusal("user/world")
    assert not [name for name in server.downloads if name.endswith(".safetensors")]


def test_a_repo_over_the_limit(server, repo, monkeypatch):
    monkeypatch.setattr(hub.layout, "MAX_TOTAL", 20_000)
    assert "may be moved at once. Name one variant." in refusal("user/world")
    assert not [name for name in server.downloads if name.endswith(".safetensors")]


def test_examples_over_the_limit_are_passed_over(server, repo, monkeypatch):
    monkeypatch.setattr(hub.layout, "MAX_EXAMPLE", 10)
    assert len(pull("user/world").checkpoints) == 2
    assert not [name for name in server.downloads if "examples" in name]


@pytest.mark.parametrize("path", ["../../a.pth", "/a.pth", "b\\a.pth", "c:a.pth", "x/../a.pth"])
def test_names_that_lead_out_of_the_cache(path, server, tmp_path):
    server.add("user/evil", {path: b"evil"})
    assert "leads out of its repo; nothing was pulled." in refusal("user/evil")
    assert not list(tmp_path.rglob("*a.pth"))


def test_folders_that_lead_out_of_the_cache(server, local, tmp_path):
    server.add("user/evil", {f"../{name}": data for name, data in files(local / "gan").items()})
    assert "leads out of its repo; nothing was pulled." in refusal("user/evil")
    assert not list(tmp_path.rglob("model.safetensors"))


def test_a_commit_that_is_no_hash(server, local):
    server.add("user/evil", {"a.pth": b"evil"})
    known = server.repos["user/evil"]
    known.commits["../../evil"] = known.commits[known.refs["main"]]
    known.refs["main"] = "../../evil"
    assert "does not answer as a Hub should" in refusal("user/evil")


# What the Hub refuses


NOBODY = "There is no model repo user/x on the Hub, or it is private and you are not logged in"


def test_a_missing_repo(server):
    assert refusal("user/x") == f"{NOBODY} (hf auth login)."


def test_a_missing_repo_with_a_login(server, login):
    assert refusal("user/x") == f"{NOBODY} (hf auth login)."


def test_a_private_repo(server, monkeypatch):
    server.add("user/x", {"a.pth": b"a"}, private=True)
    server.token = TOKEN
    assert refusal("user/x").startswith(NOBODY)
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert refusal("user/x").startswith(NOBODY)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert pull("user/x").files[0].read_bytes() == b"a"


def test_a_gated_repo(server):
    server.add("user/gated", {"a.pth": b"a"}, gated=True)
    assert refusal("user/gated") == (
        f"user/gated is gated: ask for access on {server.url}/user/gated, and log in "
        "(hf auth login)."
    )


def test_a_missing_revision(server, repo):
    assert refusal("user/world@v2") == "user/world has no branch, tag or commit v2."


def test_a_file_that_has_gone(server, repo):
    server.fail("HEAD .*gan/model", status=404, code="EntryNotFound")
    assert "A file of user/world is not there any more" in refusal("user/world")


def test_403(server, repo):
    server.fail(status=403, message=f"Your token {TOKEN} is not for this.")
    sentence = refusal("user/world")
    assert "no right to do this with user/world. The Hub says: Your token hf_… is not" in sentence


def test_a_bad_token(server, repo):
    server.fail(status=401, message="Invalid credentials in Authorization header")
    assert "The Hub does not accept your token" in refusal("user/world")


@pytest.mark.parametrize(
    ("status", "words"),
    [(429, "too many requests"), (500, "internal server error"), (503, "service unavailable")],
)
def test_a_hub_that_is_not_well(status, words, server, repo):
    answered = f"the Hub answered {status} ({words}); try again in a minute."
    server.fail("api/models", times=1, status=status)
    assert refusal("user/world") == f"user/world is not in the cache, and {answered}"
    whole = pull("user/world")
    server.fail("api/models", status=status)
    again = pull("user/world")
    assert again.note == f"This is the copy in the cache: {answered}"
    assert (again.checkpoints, again.files, again.card) == (
        whole.checkpoints,
        whole.files,
        whole.card,
    )


def test_a_server_that_is_no_hub(server):
    server.fail(status=200)
    assert refusal("user/x") == (
        f"user/x is not in the cache, and {server.url} does not answer as a Hub should."
    )


def test_a_full_disk(server, repo, monkeypatch, tmp_path):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pulling, "hf_hub_download", full)
    assert refusal("user/world") == (
        f"The disk is full: user/world does not fit in {tmp_path / 'cache'}."
    )


# A transfer that breaks


def leftovers(tmp_path: Path) -> list[Path]:
    """What half a transfer leaves behind; clients before 2.0 keep a part to go on from."""
    names = {"net.pth"} if huggingface_hub.__version__ < "2" else {"net.pth", ".incomplete"}
    return [path for path in tmp_path.rglob("*") if {path.name, path.suffix} & names]


def test_a_break_in_the_middle_is_resumed(server, tmp_path, monkeypatch):
    monkeypatch.setattr(file_download.time, "sleep", lambda seconds: None)
    data = os.urandom(3_000_000)
    server.add("user/foreign", {"net.pth": data})
    server.fail("GET .*net.pth", times=1, after=1_000_000)
    try:
        pulled = pull("user/foreign")
    except HubError:  # Clients before 2.0 leave it to the next try.
        pulled = pull("user/foreign")
    assert pulled.files[0].read_bytes() == data
    # Three whole chunks of 256 KiB had been written.
    assert [r.range for r in server.gets if "resolve" in r.path] == ["", "bytes=786432-"]


def test_a_reset_leaves_no_half_file(server, tmp_path):
    data = os.urandom(3_000_000)
    server.add("user/foreign", {"net.pth": data})
    server.fail("GET .*net.pth", after=1_000_000, reset=True)
    sentence = refusal("user/foreign")
    assert sentence == "user/foreign could not be pulled: the Hub cannot be reached."
    assert not leftovers(tmp_path)
    server.heal()
    assert pull("user/foreign").files[0].read_bytes() == data


def test_half_a_set_is_no_set_offline(server, repo, monkeypatch):
    """Also where its file list is known, and one variant is whole."""
    pull("user/world:gan")
    server.fail("GET .*identity/model", after=100, reset=True)
    assert "could not be pulled" in refusal("user/world")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "user/world is not in the cache" in refusal("user/world")
    assert len(pull("user/world:gan").checkpoints) == 1
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    server.heal()
    server.requests.clear()
    assert len(pull("user/world").checkpoints) == 2
    assert "user/world/gan/model.safetensors" not in server.downloads


def test_a_file_damaged_in_the_cache_is_fetched_again(server, repo):
    path = pull("user/world").checkpoints[0] / "model.safetensors"
    whole = path.read_bytes()
    path.resolve().write_bytes(whole[:100])
    server.requests.clear()
    assert pull("user/world").checkpoints[0] / "model.safetensors" == path
    assert path.read_bytes() == whole
    assert server.downloads == ["user/world/gan/model.safetensors"]


def test_cancelling(server, tmp_path):
    server.add("user/foreign", {"net.pth": bytes(20_000_000)})
    server.bandwidth = 2e6
    started, seen = time.monotonic(), []
    with pytest.raises(hub.Cancelled):
        pull(
            "user/foreign",
            progress=lambda *now: seen.append(now),
            cancelled=lambda: any(done for done, _ in seen),
        )
    assert time.monotonic() - started < 3
    assert not leftovers(tmp_path)
    server.bandwidth = None
    assert pull("user/foreign").files[0].stat().st_size == 20_000_000


# Without a network


def never(*_):
    time.sleep(60)


@pytest.mark.parametrize("how", ["refused", "unknown", "silent", "lookup hangs", "offline mode"])
def test_offline(how, server, repo, monkeypatch):
    whole = pull("user/world:gan")
    assert pulling.PATIENCE < 5  # Seconds that a visitor waits, but no test.
    monkeypatch.setattr(pulling, "PATIENCE", 0.2)
    if how == "refused":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
    elif how == "unknown":
        monkeypatch.setenv("HF_ENDPOINT", "http://no-such-host.invalid")
    elif how == "silent":
        server.fail(silent=True)
    elif how == "lookup hangs":
        monkeypatch.setenv("HF_ENDPOINT", "http://slow.invalid")
        monkeypatch.setattr(socket, "getaddrinfo", never)
    else:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    unreachable = "and the Hub cannot be reached."
    assert refusal("user/other") == f"user/other is not in the cache, {unreachable}"
    assert refusal("user/world") == f"user/world is not in the cache, {unreachable}"
    for name in ("user/world:gan", f"user/world@{whole.commit}:gan"):
        again = pull(name)
        assert again.checkpoints == whole.checkpoints
        assert again.note == "This is the copy in the cache: the Hub cannot be reached."
    assert checkpoints.load(again.checkpoints[0]).name == "GAN"


def test_offline_a_set_answers_for_its_variants(server, repo, monkeypatch):
    pull("user/world")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert [path.name for path in pull("user/world:gan").checkpoints] == ["gan"]
    assert "has no gna; valid are" in refusal("user/world:gna")
    assert "user/world@v1 is not in the cache" in refusal("user/world@v1")


# Pushing


def test_a_set_round_trip(server, login, local):
    seen = []
    url = publishing.push(local, "tester/world", progress=lambda *now: seen.append(now))
    assert url == f"{server.url}/tester/world"
    assert seen == sorted(seen) and seen[0][0] == 0 and seen[-1][0] == seen[-1][1]
    known = server.repos["tester/world"]
    assert not known.private
    assert known.messages == ["initial commit", "Upload world"]
    pushed = server.files("tester/world")
    for name, data in files(local).items():
        shipped = not name.endswith(("training.pt", "log.jsonl", "optimizer.bin"))
        assert pushed.get(name) == (data if shipped else None)
    assert set(pushed) - set(files(local)) == {".gitattributes", "README.md", "samples.png"}
    large = [name for name in pushed if name.endswith(hub_server.LARGE)]
    assert len([r for r in server.requests if r.method == "PUT"]) == len(large)
    assert [path.name for path in pull("tester/world").checkpoints] == list(SET)


def test_other_seeds_of_a_variant(server, login, tmp_path):
    """They are pushed whole; with the set come their figures, and their weights by name."""
    root = tmp_path / "set"
    for where, seed in (("gan", 1), ("gan/seed-0", 0), ("gan-cycle-identity", 1)):
        settings = config(FULL if "cycle" in where else GAN, data="made up", seed=seed)
        write(root / where, settings, seed=seed)
        write_json(root / where / "metrics.json", {"items": 3, "G": {"rmse": 50.0 + seed}})
    publishing.push(root, "tester/seeds")
    text = server.files("tester/seeds")["README.md"].decode()
    assert "The seeds 0, 1 were trained, not all of them of `gan-cycle-identity`." in text
    assert "| *its 2 seeds* | G | 50.5 ± 0.7 |" in text
    gan, full = pull("tester/seeds").checkpoints
    assert (gan.name, full.name) == SET
    assert checkpoints.metrics_by_seed(gan) == checkpoints.metrics_by_seed(root / "gan")
    assert list(checkpoints.seeds(gan)) == [1]
    (other,) = pull("tester/seeds:gan/seed-0").checkpoints
    assert checkpoints.load(other).config.training.seed == 0


def test_a_ladder_stays_one(server, login, tmp_path):
    """With the figures of seeds whose weights are not here."""
    root = ladder(
        tmp_path / "rungs",
        [[(60.0, 0.7), (62.0, 0.7)], [(8.0, 0.6), (9.0, 0.5)]],
        values=(0.0, 10.0),
    )
    publishing.push(root, "tester/rungs")
    pulled = pull("tester/rungs")
    assert read_json(pulled.folder / "ladder.json") == read_json(root / "ladder.json")
    for rung in pulled.checkpoints:
        assert list(checkpoints.metrics_by_seed(rung)) == [0, 1]
        assert list(checkpoints.seeds(rung)) == [0]


def test_a_second_push_changes_what_has_changed(server, login, local, tmp_path):
    publishing.push(local, "tester/world")
    server.requests.clear()
    publishing.push(local, "tester/world")
    assert not [request for request in server.requests if request.method == "PUT"]


def test_the_card_of_a_set(server, login, local):
    publishing.push(local, "tester/world")
    card = ModelCard(server.files("tester/world")["README.md"].decode())
    data = card.data
    assert (data.license, data.pipeline_tag) == ("unknown", "image-to-image")
    assert data.library_name and "cyclegan" in data.tags and data.datasets == ["made up"]
    metrics = {(r.metric_type, r.metric_args["network"]): r.metric_value for r in data.eval_results}
    assert metrics["sea_iou", "G"] == 0.89 and metrics["cycle_error", "F"] == 13.5
    assert len(metrics) == len(data.eval_results) == 10
    assert {r.metric_args["variant"] for r in data.eval_results} == {"gan"}
    for words in (
        "10 · ‖F(G(x)) − x‖₁",
        "G, F, D_X, D_Y",
        "| `gan` | G | 54.4 (51.0–58.2) | 0.250 | 13.5 | 12.0 | 0.990 | 0.890 (0.850–0.920) |",
        "3 held-out pairs of 24×24 pixels, as good as 2 independent ones",
        "![samples](samples.png)",
        "seed 0",
        "--model tester/world:gan",
        "## Limits",
    ):
        assert words in card.text


def test_a_readme_stays_the_text_of_the_card(server, login, local, tmp_path):
    write(tmp_path / "set" / "gan", GAN)
    write(tmp_path / "set" / "full", FULL)
    readme = "---\nlicense: mit\ntags: [maps]\n---\n\n# My maps\n\nA text of my own.\n"
    (tmp_path / "set" / "README.md").write_text(readme)
    publishing.push(tmp_path / "set", "tester/maps")
    card = ModelCard(server.files("tester/maps")["README.md"].decode())
    assert card.text.strip() == "# My maps\n\nA text of my own."
    assert card.data.license == "mit" and {"maps", "cyclegan"} <= set(card.data.tags)
    # A variant of it takes the license along, and has a text of its own.
    publishing.push(tmp_path / "set" / "gan", "tester/gan")
    card = ModelCard(server.files("tester/gan")["README.md"].decode())
    assert card.data.license == "mit" and card.text.strip().startswith("# gan: X ↔ Y")
    publishing.push(tmp_path / "set", "tester/maps", license="cc0-1.0")
    assert ModelCard(server.files("tester/maps")["README.md"].decode()).data.license == "cc0-1.0"
    (tmp_path / "set" / "README.md").write_text("---\n- [\n---\n")
    with pytest.raises(checkpoints.CheckpointError, match="its metadata cannot be read"):
        publishing.push(tmp_path / "set", "tester/other")
    assert "tester/other" not in server.repos


def test_a_run(server, login, tmp_path):
    """Its last samples come along; where its pictures lie on the disk does not."""
    write(tmp_path / "run", config(data="/home/somebody/secret/horses"))
    (tmp_path / "run" / "training.pt").write_bytes(b"state")
    (tmp_path / "run" / "samples").mkdir()
    for step in (500, 1000):
        noise(9, 9, seed=step).save(tmp_path / "run" / "samples" / f"{step:06d}.png")
    publishing.push(tmp_path / "run", "tester/horses")
    pushed = server.files("tester/horses")
    assert set(pushed) - {".gitattributes"} == {
        *("config.json", "model.safetensors", "README.md", "samples.png")
    }
    assert pushed["samples.png"] == (tmp_path / "run" / "samples" / "001000.png").read_bytes()
    assert json.loads(pushed["config.json"])["training"]["data"] == "horses"
    assert not any(b"somebody" in data for data in pushed.values())
    pulled = pull("tester/horses").checkpoints[0]
    Translator(checkpoints.load(pulled)).translate(noise(24, 24))


def named(folder: Path, **terms: float) -> Config:
    """A variant whose pictures are named, as it is shipped: without judges."""
    objective = CyCADA(classes=3, latent=2, **terms)
    settings = replace(config(objective, data="made up"), channels=Channels(1, 3))
    write(folder, settings)
    return settings


def test_what_classifiers_say_comes_along(server, login, tmp_path):
    """Of a set and of one of it alone: the same pictures, and the same is said of them."""
    named(tmp_path / "set" / "with")
    named(tmp_path / "set" / "without", semantic=0.0)
    publishing.push(tmp_path / "set", "tester/named")
    assert "G, F, E, f_S, f_T" in server.files("tester/named")["README.md"].decode()
    pulled = pull("tester/named").checkpoints
    assert [path.name for path in pulled] == ["with", "without"]
    pulled += pull("tester/named:with").checkpoints
    kept = [tmp_path / "set" / name for name in ("with", "without", "with")]
    for both in zip(kept, pulled, strict=True):
        for direction in ("xy", "yx"):
            ours, theirs = (
                Translator(checkpoints.load(path)).translate(noise(24, 24), direction)
                for path in both
            )
            assert ours.named == theirs.named and len(ours.named) == 3
            assert {key: one.tobytes() for key, one in ours.views.items()} == {
                key: one.tobytes() for key, one in theirs.views.items()
            }


def test_without_its_classifiers_it_is_not_opened(server, tmp_path):
    settings = named(tmp_path / "set" / "with")
    networks = checkpoints.load(tmp_path / "set" / "with").model.networks
    del networks["f_S"]
    checkpoints.save(tmp_path / "set" / "with", settings, networks)
    server.add("tester/mute", files(tmp_path / "set"))
    (path,) = pull("tester/mute").checkpoints
    with pytest.raises(checkpoints.CheckpointError, match=r"lacks f_S\.last\.bias, .* more\.$"):
        checkpoints.load(path)


@pytest.mark.parametrize("private", [True, False])
def test_private(private, server, login, local, monkeypatch):
    publishing.push(local / "gan", "tester/one", private=private)
    assert server.repos["tester/one"].private == private
    monkeypatch.delenv("HF_TOKEN")
    if private:
        assert "or it is private and you are not logged in" in refusal("tester/one")
    else:
        assert pull("tester/one").checkpoints


def push_refusal(folder: Path, repo: str, **more) -> str:
    started = time.monotonic()
    with pytest.raises(HubError) as error:
        publishing.push(folder, repo, **more)
    assert time.monotonic() - started < 5
    assert TOKEN not in str(error.value)
    return str(error.value)


def test_a_public_repo_is_no_place_for_a_private_push(server, login, local):
    before = server.add("tester/one", {"README.md": b""})
    assert "exists and is public" in push_refusal(local, "tester/one", private=True)
    assert server.repos["tester/one"].refs["main"] == before


def test_other_weights_are_in_the_way(server, login, local):
    publishing.push(local / "gan", "tester/one")
    sentence = push_refusal(local, "tester/one")
    assert sentence.startswith("tester/one already holds model.safetensors, which is not in")


def test_pushing_without_a_login(server, local):
    assert "run hf auth login, or set HF_TOKEN" in push_refusal(local, "tester/one")
    assert server.requests == []


def test_pushing_with_a_token_of_ones_own(server, local):
    server.token = secret = "a token of no known form"
    assert "not accept your token" in push_refusal(local, "tester/one", token="wrong")
    publishing.push(local / "gan", "tester/one", token=secret)
    server.fail("commit", status=403, message=f"{secret} may only read")
    sentence = push_refusal(local / "gan", "tester/one", token=secret, license="mit")
    assert "The Hub says: hf_… may only read" in sentence and secret not in sentence


@pytest.mark.parametrize(
    ("where", "status", "words"),
    [
        ("create", 403, "no right to do this with tester/one. The Hub says: Not your namespace"),
        ("commit", 503, "could not be pushed: the Hub answered 503 (service unavailable)"),
        ("validate-yaml", 400, "Invalid metadata in README.md"),
        ("commit", 413, "The Hub answered 413 for tester/one. The Hub says: Not your"),
    ],
)
def test_a_push_that_the_hub_refuses(where, status, words, server, login, local):
    server.fail(where, status=status, message="Not your namespace")
    assert words in push_refusal(local / "gan", "tester/one")


def test_pushing_offline(server, login, local, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    sentence = push_refusal(local, "tester/one")
    assert sentence == f"{local} could not be pushed: the Hub cannot be reached."


@pytest.mark.parametrize("repo", ["one", "user/one@main", "user/one:gan", "a/b/c", "user/o--e"])
def test_what_is_no_place_to_push_to(repo, server, login, local):
    assert "is not the name of a repo" in push_refusal(local, repo)


def test_pushing_what_is_no_checkpoint(server, login, tmp_path):
    assert "holds no checkpoint" in push_refusal(tmp_path, "tester/one")
    assert server.requests == []


# The command line and the mixin


def test_the_command_line(server, local, tmp_path):
    """Also with everything logged that the client can log: the token is not in it."""
    server.token = TOKEN
    server.fail("forbidden", status=403, message=f"{TOKEN} has no right")
    commands = [
        ["push", str(local), "tester/world", "--private"],
        *(["pull", "tester/world"], ["pull", "tester/forbidden"]),
    ]
    code = f"""
import runpy, sys
for words in {commands}:
    sys.argv[1:] = words
    try:
        runpy.run_module("cyclegan.hub", run_name="__main__")
    except SystemExit as end:
        print(end.code)
"""
    hub_there = {**server.environment, "HF_TOKEN": TOKEN, "HF_DEBUG": "1"}
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **hub_there, "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.returncode == 0, process.stderr
    url, pushed, *folders, pulled, forbidden = process.stdout.splitlines()
    assert (url, pushed, pulled, forbidden) == (f"{server.url}/tester/world", "0", "0", "2")
    assert server.repos["tester/world"].private
    assert [Path(folder).name for folder in folders] == list(SET)
    assert all(checkpoints.is_checkpoint(Path(folder)) for folder in folders)
    assert process.stderr == (
        "hub: Your login has no right to do this with tester/forbidden. The Hub says: hf_… has no "
        "right\n"
    )
    assert TOKEN not in process.stdout + process.stderr
    # It was there to be given away.
    assert f"Bearer {TOKEN}" in {request.authorization for request in server.requests}


def test_the_command_line_in_process(server, repo, capsys, monkeypatch):
    assert main(["pull", "nonsense"]) == 2
    assert main(["pull", "user/repo@"]) == 2
    assert main(["push", "nowhere", "user/repo"]) == 2
    err = capsys.readouterr().err
    assert err.count("hub: ") == err.count("\n") == 3 and "bundled are: " in err
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert main(["pull", "user/world:gan"]) == 0
    printed = capsys.readouterr()
    assert "100%" in printed.err and Path(printed.out.strip()).name == "gan"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert main(["pull", "user/world:gan"]) == 0
    assert "hub: This is the copy in the cache" in capsys.readouterr().err


def test_the_mixin_loads_a_single_checkpoint_strictly(server, login, local, monkeypatch):
    """By the very lines that the card shows, with and without discriminators."""
    # Of the environment, the client reads these once, when it is imported.
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace("https://huggingface.co", server.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    x = torch.rand(1, 3, 24, 24) * 2 - 1
    lines = {}
    for variant in SET:
        publishing.push(local / variant, f"tester/{variant}")
        text = server.files(f"tester/{variant}")["README.md"].decode()
        lines[variant] = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
        assert "strict=True" in lines[variant]
        names = {}
        exec(lines[variant], names)
        with torch.no_grad():
            assert torch.equal(names["G"](x), checkpoints.load(local / variant).model.G(x))
    assert ["not shipped here" in text for text in lines.values()] == [True, False]
