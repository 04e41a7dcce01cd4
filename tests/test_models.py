"""One way to name a model: bundled names, folders, files, and Hub repos."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import variants
from hub_server import serve
from safetensors.torch import load_file

from cyclegan.core.config import Domains
from cyclegan.store import catalogue as models
from cyclegan.store import checkpoints, hub
from cyclegan.store.checkpoints import CheckpointError

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """A bundled set "world" of two variants."""
    folder = tmp_path / "bundled"
    for name, objective in (("gan", variants.GAN), ("gan-cycle", variants.GAN_CYCLE)):
        variants.write(folder / "world" / name, objective)
    monkeypatch.setattr(checkpoints, "BUNDLED", folder)
    monkeypatch.chdir(tmp_path)
    return folder / "world"


@pytest.fixture
def no_hub(monkeypatch):
    def pull(*_):
        raise AssertionError("the Hub was asked")

    monkeypatch.setattr(hub, "pull", pull)


def names(model):
    return [source.name for source in model.sources]


def test_a_bundled_set_and_its_variant(bundled, no_hub):
    assert names(models.find("world")) == ["gan", "gan-cycle"]
    assert names(models.find("world/gan")) == ["gan"]
    assert models.find("world").folder == bundled


def test_a_folder_goes_before_a_bundled_set(bundled, tmp_path, no_hub):
    variants.write(tmp_path / "world", variants.FULL)
    assert models.find("world").folder == Path("world")
    assert names(models.find(str(bundled))) == ["gan", "gan-cycle"]


def test_a_file_is_foreign_and_loads(no_hub):
    model = models.find(str(GOLDEN / "latest_net_G_A.pth"))
    (source,) = model.sources
    assert source.is_foreign
    checkpoint = replace(source, domains=Domains("horse", "zebra"), image_size=64).load()
    assert checkpoint.config.domains == Domains("horse", "zebra")
    assert checkpoint.config.image_size == 64 and checkpoint.model.F is None


def test_two_files_of_a_folder_are_the_two_directions(tmp_path, no_hub):
    for name in ("latest_net_G_B.pth", "latest_net_G_A.pth"):
        shutil.copy(GOLDEN / name, tmp_path)
    (source,) = models.find(str(tmp_path)).sources
    assert [path.name for path in source.paths] == ["latest_net_G_A.pth", "latest_net_G_B.pth"]
    both = source.load()
    x = torch.load(GOLDEN / "input.pt", weights_only=True)["x"]
    alone = models.find(str(GOLDEN / "latest_net_G_B.pth")).sources[0].load()
    assert torch.equal(both.model.F(x), alone.model.G(x))


def test_a_folder_of_several_files_asks_for_one(tmp_path, no_hub):
    for name in ("old_running_stats_net_G.pth", "dropout_net_G.pth"):
        shutil.copy(GOLDEN / name, tmp_path)
    with pytest.raises(CheckpointError, match=r"name one: .*:dropout_net_G\.pth, .*:old_run"):
        models.find(str(tmp_path))


def authors_folder(folder: Path, *epochs: str) -> Path:
    """A folder as the original authors' program leaves it."""
    folder.mkdir(parents=True)
    for epoch in epochs:
        for part in "AB":
            shutil.copy(GOLDEN / f"latest_net_G_{part}.pth", folder / f"{epoch}_net_G_{part}.pth")
            (folder / f"{epoch}_net_D_{part}.pth").write_bytes(b"never looked at")
    (folder / "loss_log.txt").touch()
    return folder


@pytest.mark.parametrize(
    ("epochs", "part", "taken"),
    [
        (("5", "10", "latest"), "", "latest"),
        (("5", "10", "latest"), ":latest", "latest"),
        (("5", "10", "latest"), ":5", "5"),
        (("5", "10"), ":10", "10"),
        (("200",), "", "200"),
    ],
)
def test_the_authors_own_folder(epochs, part, taken, tmp_path, no_hub):
    folder = authors_folder(tmp_path / "wf" / "aladdin", *epochs)
    (source,) = models.find(f"{folder}{part}").sources
    assert [path.name for path in source.paths] == [f"{taken}_net_G_A.pth", f"{taken}_net_G_B.pth"]
    assert source.load().model.F is not None


def test_epochs_that_are_not_there_are_answered_with_those_that_are(tmp_path, no_hub):
    folder = authors_folder(tmp_path / "h", "100", "5", "20")
    for name, words in (
        (folder, "holds several models; name one: "),
        (f"{folder}:7", "has no 7; "),
    ):
        with pytest.raises(CheckpointError) as error:
            models.find(str(name))
        assert words in str(error.value)
        assert str(error.value).endswith(f"{folder}:5, {folder}:20, {folder}:100.")


def test_endings_of_weight_files_in_any_case(tmp_path, no_hub):
    for i, ending in enumerate((".PTH", ".pth.tar", ".Ckpt", ".Pth.TAR")):
        folder = tmp_path / str(i)
        folder.mkdir()
        for side in "AB":
            shutil.copy(GOLDEN / f"latest_net_G_{side}.pth", folder / f"net_G_{side}{ending}")
        (source,) = models.find(str(folder)).sources
        assert len(source.paths) == 2 and source.load().model.F is not None


def test_what_lies_here_is_never_looked_up_on_the_hub(tmp_path, no_hub, monkeypatch):
    """A folder of something else, an empty one, a link to nowhere, and what follows a colon."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wf" / "aladdin").mkdir(parents=True)
    (tmp_path / "wf" / "aladdin" / "weights.zip").touch()
    (tmp_path / "wf" / "empty").mkdir()
    (tmp_path / "wf" / "gone").symlink_to(tmp_path / "nowhere")
    for name, words in (
        ("wf/aladdin", "no model lies in it: .*; it holds weights.zip"),
        ("wf/aladdin:5", "no model lies in it"),
        ("wf/empty", "it is empty"),
        ("wf/gone", "is neither a file nor a folder"),
        ("wf/aladdin/weights.zip:5", "is one file on this machine"),
    ):
        with pytest.raises(CheckpointError, match=words):
            models.find(name)


def test_a_variant_of_a_folder_after_a_colon_as_on_the_hub(bundled, no_hub):
    assert names(models.find(f"{bundled}:gan-cycle")) == ["gan-cycle"]
    with pytest.raises(CheckpointError, match=r"has no gan-x; valid are .*:gan, .*:gan-cycle\."):
        models.find(f"{bundled}:gan-x")


@pytest.mark.parametrize("name", ["word", "no/such/folder", ""])
def test_an_unknown_name_is_answered_with_the_valid_ones(bundled, no_hub, name):
    with pytest.raises(CheckpointError, match=r"world.*user/repo"):
        models.find(name)


def test_without_leave_the_hub_is_not_asked(bundled, no_hub):
    with pytest.raises(CheckpointError, match="world"):
        models.find("user/repo", with_hub=False)


def test_a_set_is_no_single_model(bundled):
    with pytest.raises(CheckpointError, match=r"world/gan, world/gan-cycle"):
        models.load_one("world")


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "home" / "hub"))
    with serve() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_set_of_the_hub(bundled, server):
    server.add("user/world", files_of(bundled))
    assert names(models.find("user/world")) == ["gan", "gan-cycle"]
    assert models.load_one("user/world:gan").name == "GAN"
    with pytest.raises(CheckpointError, match=r"user/world:gan, user/world:gan-cycle"):
        models.load_one("user/world")


def test_a_foreign_repo_of_the_hub(server):
    name = "upit_pytorch_model.bin"
    server.add("user/upit", {"pytorch_model.bin": (GOLDEN / name).read_bytes()})
    loaded = models.load_one("user/upit")
    x = torch.load(GOLDEN / "input.pt", weights_only=True)["x"]
    here = models.find(str(GOLDEN / name)).sources[0].load()
    assert torch.equal(loaded.model.G(x), here.model.G(x))


def test_an_unknown_repo_names_what_is_there(bundled, server):
    with pytest.raises(CheckpointError, match=r"user/nothing.*world"):
        models.find("user/nothing")


def test_a_repo_under_a_local_folders_name_stays_on_the_hub_side(bundled, server, tmp_path):
    """A folder user/world hides the repo; the address of the repo still names it."""
    server.add("user/world", files_of(bundled / "gan"))
    variants.write(tmp_path / "user" / "world", variants.FULL)
    assert models.load_one("user/world").name == "GAN + cycle + identity"
    assert models.load_one(f"{server.url}/user/world").name == "GAN"


def test_weights_are_the_files(bundled):
    loaded = models.load_one("world/gan").model.state_dict()
    stored = load_file(bundled / "gan" / "model.safetensors")
    assert all(torch.equal(loaded[key], stored[key].float()) for key in stored)


def test_two_who_ask_at_once_download_once(server):
    data = (GOLDEN / "upit_pytorch_model.bin").read_bytes()
    server.add("user/upit", {"pytorch_model.bin": data})
    server.bandwidth = 5 * len(data)  # A fifth of a second, in which the other one asks.
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(models.find, ["user/upit"] * 2)
    assert first.sources == second.sources
    assert server.downloads.count("user/upit/pytorch_model.bin") == 1
