"""Checkpoints: what is saved comes back, what is not whole is refused, a kill leaves a good one."""

import itertools
import json
import multiprocessing
import os
import time
from pathlib import Path

import pytest
import torch
from hostile import memory
from safetensors.torch import load_file, save_file
from tiny import batch, config, same
from torch import nn

from cyclegan.core import files
from cyclegan.core.config import Config, Generator
from cyclegan.methods import Model
from cyclegan.methods.cyclegan import Objective
from cyclegan.store import checkpoints
from cyclegan.store.checkpoints import CheckpointError


def saved(
    folder: Path, objective: Objective | None = None, judges: tuple[str, ...] = ("D_X", "D_Y")
) -> Model:
    """A tiny model whose weights are exact in half precision, saved in `folder`."""
    torch.manual_seed(0)
    c = config(objective)
    model = Model(c)
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()
    checkpoints.save(folder, c, {role: model[role] for role in ("G", "F", *judges)})
    return model


def change(folder: Path, **tensors: torch.Tensor | None) -> None:
    """Replace weights on disk, or take them out by None; "__" stands for a dot."""
    weights = load_file(folder / "model.safetensors")
    for name, tensor in tensors.items():
        name = name.replace("__", ".")
        weights.pop(name, None)
        if tensor is not None:
            weights[name] = tensor
    save_file(weights, folder / "model.safetensors")


def refusal(folder: Path) -> str:
    with pytest.raises(CheckpointError) as error:
        checkpoints.load(folder)
    sentence = str(error.value)
    assert str(folder) in sentence
    return sentence


# Round trip


def test_round_trip(tmp_path):
    model = saved(tmp_path / "a")
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == [
        "config.json",
        "model.safetensors",
    ]
    found = checkpoints.load(tmp_path / "a")
    assert same(dict(found.model.state_dict()), dict(model.state_dict()))
    assert found.config == config()
    assert found.name == "GAN + cycle + identity"
    assert found.metrics == {}
    assert not found.model.training
    assert not any(p.requires_grad or p.dtype != torch.float32 for p in found.model.parameters())
    x = batch()
    assert torch.equal(found.model.G(x), model.G(x))
    assert torch.equal(found.model.D_Y(x), model.D_Y(x))


def test_files_are_what_they_should_be(tmp_path):
    saved(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    assert {w.dtype for w in weights.values()} == {torch.float16}
    assert {name.split(".")[0] for name in weights} == {"G", "F", "D_X", "D_Y"}
    values = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert Config.from_dict(values) == config()


def test_discriminators_may_be_left_out(tmp_path):
    saved(tmp_path, judges=())
    found = checkpoints.load(tmp_path)
    assert found.model.D_X is None and found.model.D_Y is None
    assert found.config.objective.gan == 1


def test_metrics_come_along(tmp_path):
    saved(tmp_path)
    files.write_json(tmp_path / "metrics.json", {"G": {"rmse": 40.5}})
    assert checkpoints.load(tmp_path).metrics == {"G": {"rmse": 40.5}}


def test_saving_leaves_the_random_state_alone(tmp_path):
    """Saving must not disturb the training that it interrupts."""
    model = Model(config())
    before = torch.get_rng_state()
    checkpoints.save(tmp_path, config(), {"G": model.G, "F": model.F})
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "generator", [Generator("resnet", 16, 6, "resize"), Generator("unet", 16)], ids=str
)
def test_half_precision_moves_no_output_by_a_visible_amount(generator, tmp_path):
    """Less than one of 255 grey levels, on noise, with the last weights doubled for contrast."""
    torch.manual_seed(1)
    c = Config(generator=generator, image_size=64)
    model = Model(c)
    last = [m for m in model.G.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)][-1]
    with torch.no_grad():
        last.weight.mul_(2)
        checkpoints.save(tmp_path, c, {"G": model.G, "F": model.F})
        x = batch(2, 64)
        full, half = model.G(x), checkpoints.load(tmp_path).model.G(x)
    assert full.std() > 0.3
    assert 0 < (half - full).abs().max() / 2 < 1 / 255


# What is refused


def test_lacking_weights(tmp_path):
    saved(tmp_path)
    change(tmp_path, G__layers__1__bias=None)
    assert refusal(tmp_path).endswith("lacks G.layers.1.bias.")


def test_a_whole_network_lacking(tmp_path):
    saved(tmp_path, judges=())
    weights = load_file(tmp_path / "model.safetensors")
    save_file(
        {n: w for n, w in weights.items() if n.startswith("G.")}, tmp_path / "model.safetensors"
    )
    assert "lacks F.layers." in refusal(tmp_path)


def test_extra_weights(tmp_path):
    saved(tmp_path)
    change(tmp_path, G__more=torch.zeros(1))
    assert "has G.more, which its config does not" in refusal(tmp_path)


def test_discriminators_of_a_variant_without_any(tmp_path):
    saved(tmp_path, Objective(gan=0.0), judges=())
    change(tmp_path, D_X__layers__0__bias=torch.zeros(2))
    assert "has D_X.layers.0.bias, which its config does not" in refusal(tmp_path)


def test_misshapen_weights(tmp_path):
    saved(tmp_path)
    change(tmp_path, F__layers__1__bias=torch.zeros(2, 1))  # As many numbers as are wanted.
    sentence = refusal(tmp_path)
    assert "F.layers.1.bias has the shape (2, 1), its config asks for (2,)." in sentence


def test_a_config_of_another_network(tmp_path):
    saved(tmp_path)
    values = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    values["generator"]["blocks"] = 2
    files.write_json(tmp_path / "config.json", values)
    sentence = refusal(tmp_path)
    assert "F.layers." in sentence and "\n" not in sentence


def test_lacking_and_extra_weights(tmp_path):
    saved(tmp_path)
    change(
        tmp_path, **{f"G__layers__{i}__bias": None for i in (1, 4, 7, 11)}, G__more=torch.ones(1)
    )
    sentence = "lacks G.layers.1.bias, G.layers.11.bias, G.layers.4.bias and 1 more; it has G.more"
    assert sentence in refusal(tmp_path)


@pytest.mark.parametrize("dtype", [torch.int32, torch.complex64])
def test_weights_that_are_no_real_numbers(dtype, tmp_path):
    saved(tmp_path)
    change(tmp_path, G__layers__1__bias=torch.zeros(2).to(dtype))
    kind = str(dtype).removeprefix("torch.")
    assert f"G.layers.1.bias holds {kind}, not real numbers." in refusal(tmp_path)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_precisions_become_float32(dtype, tmp_path):
    model = saved(tmp_path)
    change(tmp_path, G__layers__1__bias=torch.tensor([0.5, -2.0], dtype=dtype))
    found = checkpoints.load(tmp_path).model
    assert {p.dtype for p in found.parameters()} == {torch.float32}
    assert found.G.layers[1].bias.tolist() == [0.5, -2.0]
    assert torch.equal(found.F.layers[1].weight, model.F.layers[1].weight)


def test_beyond_float32(tmp_path):
    saved(tmp_path)
    change(tmp_path, G__layers__1__bias=torch.tensor([0.0, 1e300], dtype=torch.float64))
    assert "holds numbers that are not finite." in refusal(tmp_path)


@pytest.mark.parametrize(
    ("network", "key", "value", "words"),
    [
        ("generator", "width", 10**9, "generator width is above 1024"),
        ("generator", "blocks", 10**400, "residual blocks is above 64"),
        ("discriminator", "width", 10**9, "discriminator width is above 1024"),
    ],
)
def test_huge_networks_are_refused_before_they_are_built(network, key, value, words, tmp_path):
    saved(tmp_path)
    values = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    values[network][key] = value
    files.write_json(tmp_path / "config.json", values)
    assert words in refusal(tmp_path)


def test_the_largest_network_takes_no_memory_that_its_file_does_not_fill(tmp_path):
    saved(tmp_path)
    values = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    values["generator"] |= {"width": 1024, "blocks": 64}  # 39 billion weights, 155 GB
    files.write_json(tmp_path / "config.json", values)
    with memory() as peak:
        assert "lacks F.layers." in refusal(tmp_path)
    assert peak.growth < 2**26


def test_a_file_above_the_limit(tmp_path):
    saved(tmp_path)
    os.truncate(tmp_path / "model.safetensors", checkpoints.MAX_BYTES + 1)  # Sparse: no space.
    assert refusal(tmp_path).endswith("model.safetensors is larger than 2 GiB.")


def test_a_loaded_model_does_not_hang_on_its_file(tmp_path):
    """In float32, which is taken as it is; a memory map would show what becomes of the file."""
    model = saved(tmp_path)
    path = tmp_path / "model.safetensors"
    save_file({name: weight.float() for name, weight in load_file(path).items()}, path)
    found = checkpoints.load(tmp_path)
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
    assert same(dict(found.model.state_dict()), dict(model.state_dict()))


def test_loading_leaves_the_random_state_alone(tmp_path):
    saved(tmp_path)
    before = torch.get_rng_state()
    checkpoints.load(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(bad, tmp_path):
    saved(tmp_path)
    change(tmp_path, D_Y__layers__0__bias=torch.tensor([0.0, bad]))
    assert "D_Y.layers.0.bias holds numbers that are not finite." in refusal(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.99])
def test_truncated_weights(share, tmp_path):
    saved(tmp_path)
    path = tmp_path / "model.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert f"{path} is damaged: " in refusal(tmp_path)


def test_missing_files(tmp_path):
    assert "holds no config.json; is it a checkpoint?" in refusal(tmp_path)
    saved(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    assert refusal(tmp_path).endswith("holds no model.safetensors.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
        ("[1]", "does not hold a JSON object"),
        ('{"generater": {}}', "unknown key 'generater'"),
        ('{"generator": {"width": 0}}', "generator width is 0"),
        (b"\xff\xfe", "cannot be read as JSON"),
    ],
)
def test_a_bad_config(text, words, tmp_path):
    saved(tmp_path)
    (tmp_path / "config.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    sentence = refusal(tmp_path)
    assert words in sentence and "config.json" in sentence


def test_bad_metrics(tmp_path):
    saved(tmp_path)
    (tmp_path / "metrics.json").write_text("nonsense")
    assert "metrics.json cannot be read as JSON" in refusal(tmp_path)


# Sets


def test_find(tmp_path):
    assert checkpoints.find(tmp_path / "gone") == []
    assert checkpoints.find(tmp_path) == []
    for name in ("b", "a"):
        saved(tmp_path / name)
    (tmp_path / "half").mkdir()
    files.write_json(tmp_path / "half" / "config.json", config().to_dict())
    (tmp_path / "README.md").touch()
    assert checkpoints.find(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert checkpoints.find(tmp_path / "a") == [tmp_path / "a"]


def test_locate(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "BUNDLED", tmp_path / "bundled")
    for name in ("bundled/world/gan", "bundled/world/gan-cycle", "own"):
        saved(tmp_path / name)
    assert checkpoints.locate("world") == tmp_path / "bundled" / "world"
    assert checkpoints.locate(str(tmp_path / "own")) == tmp_path / "own"
    assert checkpoints.locate("world/gan") == tmp_path / "bundled" / "world" / "gan"
    with pytest.raises(CheckpointError, match=r"bundled are: world\.$"):
        checkpoints.locate("word")


# Shipping


@pytest.mark.parametrize("judges", [True, False])
def test_export_copies_the_checkpoint_and_nothing_else(judges, tmp_path):
    run, shipped = tmp_path / "run", tmp_path / "set" / "gan"
    saved(run)
    files.write_json(run / "metrics.json", {"pairs": 3})
    for name in ("training.pt", "log.jsonl"):
        (run / name).touch()
    flags = [] if judges else ["--without-discriminators"]
    assert checkpoints.main([str(run), str(shipped), *flags]) == 0
    assert sorted(path.name for path in shipped.iterdir()) == [
        "config.json",
        "metrics.json",
        "model.safetensors",
    ]
    before, after = (load_file(folder / "model.safetensors") for folder in (run, shipped))
    kept = {n: w for n, w in before.items() if judges or n.startswith(("G.", "F."))}
    assert same(after, kept)
    assert checkpoints.load(shipped).config == checkpoints.load(run).config
    assert checkpoints.load(shipped).metrics == {"pairs": 3}


def test_export_of_what_is_no_checkpoint(tmp_path, capsys):
    assert checkpoints.main([str(tmp_path / "gone"), str(tmp_path / "set")]) == 2
    assert "holds no config.json" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


# Atomic writing


def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def half(temporary: Path) -> None:
        temporary.write_text("ne")
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        files.write_atomically(path, half)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "deep" / "file"
    files.write_atomically(path, lambda temporary: temporary.write_text("old"))

    def write(temporary: Path) -> None:
        assert temporary.parent == path.parent  # A move across file systems would be a copy.
        temporary.write_text("new")
        assert path.read_text() == "old"

    files.write_atomically(path, write)
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_an_exception_while_saving_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    model = saved(tmp_path)
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no")))
    other = Model(config())
    with pytest.raises(OSError, match="no"):
        checkpoints.save(tmp_path, config(), {"G": other.G, "F": other.F})
    found = checkpoints.load(tmp_path)
    assert same(dict(found.model.state_dict()), dict(model.state_dict()))
    assert len(list(tmp_path.iterdir())) == 2


def save_for_ever(folder: Path, first: int) -> None:
    """Save all ones, all twos, all threes … of a hundred of its own, without a pause."""
    c = Config(generator=Generator(width=32, blocks=3), objective=Objective(gan=0.0))
    model = Model(c)
    for value in itertools.cycle(range(first, first + 100)):
        for parameter in model.parameters():
            parameter.data.fill_(value)
        checkpoints.save(folder, c, {"G": model.G, "F": model.F})


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")
def test_a_kill_at_any_moment_leaves_a_good_checkpoint(tmp_path):
    path = tmp_path / "model.safetensors"
    for number, delay in enumerate((0.05, 0.11, 0.07, 0.13)):
        first = 1 + 100 * number
        arguments = {"target": save_for_ever, "args": [tmp_path, first]}
        before, started = path.exists() and path.stat().st_mtime_ns, time.monotonic()
        process = multiprocessing.get_context("fork").Process(**arguments)
        process.start()
        while time.monotonic() < started + 30 and not (
            checkpoints.is_checkpoint(tmp_path) and path.stat().st_mtime_ns != before
        ):
            time.sleep(0.01)
        time.sleep(delay)
        process.kill()
        process.join()
        assert process.exitcode == -9
        found = checkpoints.load(tmp_path)
        (value,) = {p.unique().item() for p in found.model.parameters()}
        assert first <= value < first + 100
