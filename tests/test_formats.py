"""Foreign files: those of others give their numbers, and what is bad or hostile gives a sentence.

`golden/` holds files that other implementations wrote, with their outputs; `hostile.py` the others.
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import hostile
import pytest
import torch
from foreign import Named, Tutorial, UNet, lively, patchgan, resnet
from safetensors.torch import save_file
from tiny import batch
from torch import Tensor, nn
from variants import write

from cyclegan.core.config import Channels, Config, Discriminator, Domains, Generator
from cyclegan.inference.translator import Translator
from cyclegan.store import checkpoints, formats
from cyclegan.store.formats import FormatError

GOLDEN = Path(__file__).parent / "golden"
FACTS = json.loads((GOLDEN / "facts.json").read_text(encoding="utf-8"))


def state(name: str) -> dict[str, Tensor]:
    return dict(torch.load(GOLDEN / name, weights_only=True))


def golden_input(name: str) -> Tensor:
    return torch.load(GOLDEN / ("unet128_input.pt" if "unet" in name else "input.pt"))["x"]


def check_outputs(name: str, checkpoint: checkpoints.Checkpoint) -> None:
    """That G, and F where there is one, give what the owner of the layout got."""
    expected = torch.load(GOLDEN / f"{name}.expected.pt", weights_only=True)
    x = golden_input(name)
    tolerance = 2e-3 if "float16" in FACTS["files"][name]["layout"] else 1e-4
    model = checkpoint.model
    if "y" in expected:
        assert model.F is None
        found = {"y": model.G(x)}
    else:
        found = {"G_B(x)": model.G(x), "G_A(x)": model.F(x)}
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert (found[key] - value).abs().max() <= tolerance
        assert found[key].std() > 0.01


def saved(folder: Path, network: nn.Module | dict, name: str = "file.pth", **options) -> Path:
    values = network.state_dict() if isinstance(network, nn.Module) else network
    path = folder / name
    if path.suffix == ".safetensors":
        save_file({key: value.contiguous() for key, value in values.items()}, path)
    else:
        torch.save(values, path, **options)
    return path


def refusal(*paths: Path, **options) -> str:
    with pytest.raises(FormatError) as error:
        formats.load(paths, **options)
    sentence = str(error.value)
    hostile.check_sentence(sentence)
    return sentence


# The golden files

NAMES = sorted(FACTS["files"])


@pytest.mark.parametrize("name", NAMES)
def test_golden(name):
    found = formats.load([GOLDEN / name])
    check_outputs(name, found)
    facts = FACTS["files"][name]
    width, blocks = facts.get("ngf", FACTS["ngf"]), facts.get("n_blocks", FACTS["n_blocks"])
    kind, down = "resnet", "strided"
    if "HugGAN" in facts["layout"]:
        width, blocks = 64, 1
    if "U-Net" in facts["layout"]:
        kind, blocks = "pix2pix", 7
    up = "resize_zeros" if "HugGAN" in facts["layout"] else "transposed"
    if "CUT" in facts["layout"]:
        up, down = "bilinear_zeros", "antialiased"
    assert found.config.generator == Generator(kind, width, blocks, up, down)
    owners = {"huggan": "HugGAN", "upit": "UPIT", "cut": "CUT"}
    owner = owners.get(name.split("_")[0], "the original authors")
    assert owner in found.config.facts["layout"]
    dropped = any("running statistics" in note for note in found.config.facts["notes"])
    assert dropped == facts.get("running_stats", False)
    assert found.folder == GOLDEN / name and found.metrics == {}
    assert not found.model.training
    for parameter in found.model.parameters():
        assert parameter.dtype == torch.float32 and parameter.device.type == "cpu"
        assert not parameter.requires_grad


WAYS = {
    "sorted": "upit_pytorch_model.bin",
    "legacy": "old_running_stats_net_G.pth",
    "parallel": "unet128_net_G.pth",
    "state_dict": "latest_net_G_A.pth",
    "deep": "dropout_net_G.pth",
    "double": "latest_net_G_B.pth",
}


@pytest.mark.parametrize(
    ("how", "name"), [*(("safetensors", name) for name in NAMES), *WAYS.items()]
)
def test_golden_saved_in_another_way(how, name, tmp_path):
    """safetensors sorts the keys, DataParallel puts "module." before them, and so on."""
    weights, options, ending = state(name), {}, ".bin"
    if how == "sorted":
        weights = dict(sorted(weights.items()))
    elif how == "safetensors":
        ending = ".safetensors"
    elif how == "legacy":
        options = {"_use_new_zipfile_serialization": False}
    elif how == "parallel":
        weights = {f"module.{key}": value for key, value in weights.items()}
    elif how == "state_dict":
        optimiser = torch.optim.Adam(nn.Linear(3, 3).parameters())
        optimiser.step(lambda: optimiser.param_groups[0]["params"][0].sum().square().backward())
        weights = {
            "epoch": 3,
            "step": torch.tensor(7),
            "losses": [0.5, 0.25],
            "optimizer_G": optimiser.state_dict(),
            "opt": optimiser.state_dict(),
            "state_dict": weights,
        }
    elif how == "deep":
        weights = {"checkpoint": {"model": {"net": weights}}}
    elif how == "double":
        weights = {k: v.double() if v.is_floating_point() else v for k, v in weights.items()}
    path = saved(tmp_path, weights, name.rpartition(".")[0] + ending, **options)
    found = formats.load([path])
    check_outputs(name, found)
    assert {p.dtype for p in found.model.parameters()} == {torch.float32}


def test_names_decide_nothing(tmp_path):
    """A U-Net named like UPIT's file, and safetensors named .pth."""
    path = tmp_path / "upit_pytorch_model.bin"
    path.write_bytes((GOLDEN / "unet128_net_G.pth").read_bytes())
    check_outputs("unet128_net_G.pth", formats.load([path]))
    name = "latest_net_G_A.pth"
    save_file(state(name), tmp_path / "a.pth")
    check_outputs(name, formats.load([tmp_path / "a.pth"]))
    torch.save(state(name), tmp_path / "a.safetensors")
    assert "rename it to .pth" in refusal(tmp_path / "a.safetensors")


# Other widths, depths and names

X = batch(1, 32)


@pytest.mark.parametrize(
    ("width", "blocks", "dropout", "ending"),
    [(1, 1, False, ".pth"), (3, 6, True, ".pth"), (5, 11, True, ".safetensors")],
)
def test_the_original_authors_generators(width, blocks, dropout, ending, tmp_path):
    network = lively(Named(model=resnet(width, blocks, dropout=dropout)))
    found = formats.load([saved(tmp_path, network, "g" + ending)])
    assert found.config.generator == Generator("resnet", width, blocks)
    assert found.config.facts["layout"] == "the original authors' generator"
    torch.testing.assert_close(found.model.G(X), network(X), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("width", "downsamplings", "ending"), [(3, 7, ".pth"), (1, 8, ".safetensors")]
)
def test_the_original_authors_unets(width, downsamplings, ending, tmp_path):
    network = lively(UNet(width, downsamplings))
    found = formats.load([saved(tmp_path, network, "g" + ending)])
    assert found.config.generator == Generator("pix2pix", width, downsamplings)
    x = batch(1, 2**downsamplings)
    torch.testing.assert_close(found.model.G(x), network(x), rtol=0, atol=1e-4)
    assert found.model.G.multiple == found.model.G.smallest == 2**downsamplings


@pytest.mark.parametrize(("up", "blocks"), [("transposed", 1), ("zeros", 4), ("reflect", 9)])
def test_upsampling_shows_in_the_numbers_of_the_layers(up, blocks, tmp_path):
    network = lively(Named(model=resnet(4, blocks, "block", up)))
    found = formats.load([saved(tmp_path, network)])
    upsampling = {"zeros": "resize_zeros", "reflect": "resize"}.get(up, up)
    assert found.config.generator == Generator("resnet", 4, blocks, upsampling)
    torch.testing.assert_close(found.model.G(X), network(X), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("width", "up", "ending"),
    [(3, "transposed", ".pth"), (4, "transposed", ".safetensors"), (4, "zeros", ".safetensors")],
)
def test_a_tutorials_generator(width, up, ending, tmp_path):
    """Its parts are called start, narrow, deep, widen, finish: only the shapes tell.

    With 3 filters not even these: the first convolution's shape is the last one's.
    """
    network = lively(Tutorial(width, 3, up))
    found = formats.load([saved(tmp_path, network, "g" + ending)])
    upsampling = "resize_zeros" if up == "zeros" else up
    assert found.config.generator == Generator("resnet", width, 3, upsampling)
    assert any("by its shapes alone" in note for note in found.config.facts["notes"])
    torch.testing.assert_close(found.model.G(X), network(X), rtol=0, atol=1e-5)


def test_more_than_ten_blocks_in_alphabetical_order(tmp_path):
    """deep.10 comes before deep.2 where keys are sorted as text."""
    network = lively(Tutorial(2, 12))
    found = formats.load([saved(tmp_path, network, "g.safetensors")])
    torch.testing.assert_close(found.model.G(X), network(X), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "make", [Tutorial, lambda w, n, **o: Named(model=resnet(w, n, "block", "zeros", **o))]
)
def test_convolutions_without_biases(make, tmp_path):
    """Before an instance norm a bias does nothing; then order or names tell down from up.

    That there is such a norm the file does not say.
    """
    network = lively(make(4, 2, bias=False))
    found = formats.load([saved(tmp_path, network)])
    assert "instance norm is taken for granted" in found.config.facts["notes"][-2]
    torch.testing.assert_close(found.model.G(X), network(X), rtol=0, atol=1e-5)


def test_what_safetensors_has_lost_is_not_guessed(tmp_path):
    weights = lively(Tutorial(4, 2, bias=False)).state_dict()
    assert "does not say which is first" in refusal(saved(tmp_path, weights, "g.safetensors"))
    named = {key.replace("widen", "upwards"): value for key, value in weights.items()}
    assert formats.load([saved(tmp_path, named, "g.safetensors")])


def test_scales_of_instance_norm(tmp_path):
    network = lively(Named(model=resnet(4, 1)))
    norms = [i for i, layer in enumerate(network.model) if isinstance(layer, nn.InstanceNorm2d)]
    weights = network.state_dict()
    for i in norms:
        count = network.model[i].num_features
        weights |= {f"model.{i}.weight": torch.ones(count), f"model.{i}.bias": torch.zeros(count)}
    found = formats.load([saved(tmp_path, weights)])
    torch.testing.assert_close(found.model.G(X), network(X), rtol=0, atol=1e-5)
    weights["model.2.bias"] = torch.tensor([0.0, 0.0, 0.1, 0.0])
    assert "has scales and shifts in its norm model.2" in refusal(saved(tmp_path, weights))


def test_a_batch_norm_among_instance_norms(tmp_path):
    weights = Named(model=resnet(4, 1)).state_dict() | {
        f"model.2.{key}": value for key, value in nn.BatchNorm2d(4).state_dict().items()
    }
    assert "has a batch norm, model.2, and none behind model.4" in refusal(saved(tmp_path, weights))


def with_channels(network: nn.Module, channels: int, out: int) -> nn.Module:
    """A network of foreign.py that takes and gives other pictures."""
    if isinstance(network, UNet):
        w = network.model.model[0].out_channels
        network.model.model[0] = nn.Conv2d(channels, w, 4, 2, 1)
        network.model.model[3] = nn.ConvTranspose2d(2 * w, out, 4, 2, 1)
    elif isinstance(network, Tutorial):
        network.start[1] = nn.Conv2d(channels, 8, 7)
        network.finish[1] = nn.Conv2d(8, out, 7)
    else:
        network.model[1] = nn.Conv2d(channels, 8, 7)
        network.model[-2] = nn.Conv2d(8, out, 7)
    return network.eval()


OF_ANY_CHANNELS = {
    "ResNet": lambda: Named(model=resnet(8, 1)),
    "by its shapes": lambda: Tutorial(8, 1),
    "U-Net": lambda: UNet(4, 7),
}


@pytest.mark.parametrize("make", OF_ANY_CHANNELS.values(), ids=OF_ANY_CHANNELS)
@pytest.mark.parametrize(("channels", "out"), [(1, 3), (3, 1), (1, 1)])
def test_grey_and_colour_in_and_out(channels, out, make, tmp_path):
    theirs = with_channels(make(), channels, out)
    (there := tmp_path / "there").mkdir()
    (back := tmp_path / "back").mkdir()
    found = formats.load([saved(there, theirs)])
    assert found.config.channels == Channels(channels, out)
    x = torch.rand(1, channels, 128, 128) * 2 - 1
    with torch.inference_mode():
        run = theirs if isinstance(theirs, UNet | Tutorial) else theirs.model
        torch.testing.assert_close(found.model.G(x), run(x), rtol=1e-4, atol=1e-5)
    backwards = with_channels(make(), out, channels)
    both = formats.load([there / "file.pth", saved(back, backwards)])
    assert both.model.F(torch.rand(1, out, 128, 128)).shape == (1, channels, 128, 128)
    if channels != out:
        sentence = refusal(there / "file.pth", there / "file.pth")
        assert f"leads from {channels} to {out} channels" in sentence


@pytest.mark.parametrize(("channels", "out"), [(4, 3), (3, 2), (2, 2)])
def test_other_channels_than_one_and_three(channels, out, tmp_path):
    for make in list(OF_ANY_CHANNELS.values())[:2]:
        sentence = refusal(saved(tmp_path, with_channels(make(), channels, out)))
        assert "1 or 3 channels" in sentence or f"({out}, 8, 7, 7)" in sentence


# Two directions


def test_two_files(tmp_path):
    names = ["latest_net_G_A.pth", "latest_net_G_B.pth"]
    assert formats.pair(reversed(names)) == tuple(names)
    found = formats.load([GOLDEN / name for name in names], Domains("horse", "zebra"), 128)
    assert found.config.domains == Domains("horse", "zebra")
    assert found.config.image_size == 128
    x = golden_input("")
    for name, network in zip(names, (found.model.G, found.model.F), strict=True):
        expected = torch.load(GOLDEN / f"{name}.expected.pt")["y"]
        assert (network(x) - expected).abs().max() < 1e-4
    assert "latest_net_G_A.pth is taken as X → Y" in found.config.facts["notes"][-1]


def test_two_files_that_do_not_belong_together(tmp_path):
    a, unet = GOLDEN / "latest_net_G_A.pth", GOLDEN / "unet128_net_G.pth"
    assert "the generators differ" in refusal(a, unet)
    assert "one generator each" in refusal(a, GOLDEN / "upit_pytorch_model.bin")
    bad = state("latest_net_G_B.pth")
    del bad["model.4.bias"]
    assert "lacks model.4.bias of bad.pth." in refusal(a, saved(tmp_path, bad, "bad.pth"))
    assert "make a CycleGAN" in refusal()
    assert "make a CycleGAN" in refusal(a, a, a)


@pytest.mark.parametrize("ending", [".bin", ".safetensors"])
def test_upit_has_its_directions_and_discriminators(ending, tmp_path):
    """UPIT's G_B makes B of A, and its D_A judges A."""
    weights = state("upit_pytorch_model.bin")
    found = formats.load([saved(tmp_path, weights, "u" + ending)])
    model = found.model
    assert torch.equal(model.G.layers[1].weight, weights["G_B.1.weight"])
    assert torch.equal(model.F.layers[1].weight, weights["G_A.1.weight"])
    assert torch.equal(model.D_X.layers[0].weight, weights["D_A.0.weight"])
    assert torch.equal(model.D_Y.layers[11].weight, weights["D_B.11.weight"])
    assert found.config.discriminator == Discriminator("patchgan", 8)
    x = golden_input("")
    judge = lively(patchgan(8))
    judge.load_state_dict({k[4:]: v for k, v in weights.items() if k.startswith("D_A.")})
    torch.testing.assert_close(model.D_X(x), judge(x), rtol=0, atol=1e-4)


@pytest.mark.parametrize("change", ["none", "other", "one"])
def test_discriminators_unlike_ours_are_left_out(change, tmp_path):
    weights = state("upit_pytorch_model.bin")
    for key in [key for key in weights if key.startswith("D_")]:
        if change == "none" or (change == "one" and key.startswith("D_B")):
            del weights[key]
        elif change == "other" and key == "D_A.0.weight":
            weights[key] = torch.zeros(8, 6, 4, 4)
    found = formats.load([saved(tmp_path, weights)])
    assert found.model.D_X is None and found.model.D_Y is None
    left_out = any("discriminators" in note for note in found.config.facts["notes"])
    assert left_out == (change != "none")
    check_outputs("upit_pytorch_model.bin", found)


@pytest.mark.parametrize(
    ("there", "back"),
    [
        *(("G", "F"), ("G_AB", "G_BA"), ("netG_A", "netG_B"), ("genA2B", "genB2A")),
        *(("G_XtoY", "G_YtoX"), ("G_A_state_dict", "G_B_state_dict")),
        ("generator_g", "generator_f"),
    ],
)
def test_one_file_with_both_under_known_names(there, back, tmp_path):
    """Y → X comes first in the file: names tell, not the order."""
    G, F = (lively(Named(model=resnet(2, 1)), seed) for seed in (1, 2))
    weights = Named(**{back: F, there: G}, D_A=patchgan(2), netD_B=patchgan(2)).state_dict()
    found = formats.load([saved(tmp_path, weights)])
    torch.testing.assert_close(found.model.G(X), G(X), rtol=0, atol=1e-5)
    torch.testing.assert_close(found.model.F(X), F(X), rtol=0, atol=1e-5)
    *_, note, judges = found.config.facts["notes"]
    assert note == f"In the file, {there}.model is taken as X → Y and {back}.model as Y → X."
    assert "discriminators in the file are left out" in judges


def test_one_file_with_both_under_unknown_names(tmp_path):
    G, F = (lively(Tutorial(2, 1), seed) for seed in (1, 2))
    path = saved(tmp_path, {"zebras": G.state_dict(), "horses": F.state_dict()})
    found = formats.load([path])
    torch.testing.assert_close(found.model.G(X), G(X), rtol=0, atol=1e-5)
    assert found.config.facts["notes"][-1].endswith("so that it may be the other way round.")
    three = Named(a=Tutorial(2, 1), b=Tutorial(2, 1), c=Tutorial(2, 1))
    assert "holds 3 generators, a, b, c;" in refusal(saved(tmp_path, three))


@pytest.mark.parametrize(
    ("settings", "judge", "judges"),
    [
        (Generator("resnet", 2, 1), "patchgan", ("D_X", "D_Y")),
        (Generator("resnet", 2, 1, "resize"), "patch4", ()),
        (Generator("unet", 2, 0), "patch4", ("D_X", "D_Y")),
        (Generator("unet", 2, 0, "resize"), "patchgan", ()),
    ],
    ids=str,
)
def test_our_own_weights_without_their_config(settings, judge, judges, tmp_path):
    c = Config(generator=settings, discriminator=Discriminator(judge, 2), image_size=32)
    model = write(tmp_path, c, judges)
    (tmp_path / "config.json").unlink()
    found = formats.load([tmp_path / "model.safetensors"], image_size=32)
    assert found.config.generator == settings
    for name in ("G", "F", *judges):
        assert torch.equal(getattr(found.model, name)(X), getattr(model, name)(X))
    assert (found.model.D_X is None) == (not judges)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["latest_net_G_B.pth", "latest_net_G_A.pth", "latest_net_D_A.pth"], (1, 0)),
        (["10_net_G_A.pth", "10_net_G_B.pth", "10_net_D_A.pth", "10_net_D_B.pth"], (0, 1)),
        (["5_net_G_A.pth", "10_net_G_B.pth"], None),
        (["5_net_G_A.pth", "5_net_G_B.pth", "10_net_G_A.pth", "10_net_G_B.pth"], None),
        (["gen_BA.pth", "gen_AB.pth", "disc_A.pth", "disc_B.pth"], (1, 0)),
        (["netG_B2A.pth", "netG_A2B.pth", "netD_A.pth"], (1, 0)),
        (["G_YtoX.pkl.bin", "G_XtoY.pkl.bin"], (1, 0)),
        (["weights/G_AB_100.pth", "weights/G_BA_100.pth", "README.md"], (0, 1)),
        (["a/G_AB.pth", "b/G_BA.pth"], None),
        (["disc_AB.pth", "disc_BA.pth"], None),
        (["G_AB.pth", "G_BA.txt"], None),
        (["horse2zebra.pth", "zebra2horse.pth"], None),
        ([], None),
    ],
)
def test_pair(names, expected):
    assert formats.pair(names) == (expected and tuple(names[i] for i in expected))


def test_a_single_direction_translates_within_a_model_of_one_generator():
    found = formats.load([GOLDEN / "latest_net_G_A.pth"])
    assert found.model.F is None and found.model.networks == {"G": found.model.G}
    assert found.config.facts["notes"] == [
        "As the file does not say it, this is taken for granted: padding by reflection (not by "
        "replication).",
        "The file holds one direction; it is taken as X → Y.",
    ]
    assert Translator(found).model is found.model


def test_image_size():
    name = "unet128_net_G.pth"
    assert formats.load([GOLDEN / name]).config.image_size == 256
    assert formats.load([GOLDEN / name], image_size=128).config.image_size == 128
    sentence = refusal(GOLDEN / name, image_size=64)
    assert "the pix2pix generator takes multiples of 128" in sentence


# Differences


@pytest.mark.parametrize(
    ("name", "place"),
    [
        *(("latest_net_G_A.pth", 0), ("latest_net_G_A.pth", 7), ("latest_net_G_A.pth", -1)),
        *(("dropout_net_G.pth", 12), ("old_running_stats_net_G.pth", 1)),
        *(("upit_pytorch_model.bin", 12), ("huggan_pytorch_model.bin", 7)),
        *(("unet128_net_G.pth", 0), ("unet128_net_G.pth", 12)),
    ],
)
def test_the_first_differences_are_named(name, place, tmp_path):
    weights = state(name)
    stands = [k for k in weights if "running" not in k and "batches" not in k and k[:2] != "D_"]
    key = stands[place if place < len(stands) else 3]
    value = weights[key]

    def saying(changed: dict[str, Tensor]) -> str:
        return refusal(saved(tmp_path, changed))

    without = {k: v for k, v in weights.items() if k != key}
    assert key in saying(without)
    renamed = saying(without | {f"{key}s": value})
    assert key in renamed
    assert f"{key}.more" in saying(weights | {f"{key}.more": value.clone()})
    misshapen = saying(weights | {key: torch.zeros(*value.shape, 2)})
    assert key in misshapen
    wider = saying(weights | {key: torch.zeros(value.shape[0] + 1, *value.shape[1:])})
    assert key in wider or "has the shape" in wider or "the generators differ" in wider


@pytest.mark.parametrize("place", ["model.10.", "model.12.", "model.15."])
def test_a_whole_block_lacks(place, tmp_path):
    """As none is counted from what is there alone, no shallower network is made of the rest."""
    name = "latest_net_G_A.pth"
    weights = {key: value for key, value in state(name).items() if not key.startswith(place)}
    refusal(saved(tmp_path, weights))


def test_a_block_lacks_in_a_tutorials_generator(tmp_path):
    weights = Tutorial(2, 5).state_dict()
    for key in [key for key in weights if key.startswith("deep.3.")]:
        del weights[key]
    assert "lacks a block between" in refusal(saved(tmp_path, weights))
    odd = Tutorial(2, 5).state_dict()
    del odd["deep.4.inside.5.weight"]
    assert "an even number" in refusal(saved(tmp_path, odd))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Named(model=resnet(2, 65)), "residual blocks is above 64"),
        (lambda: UNet(1, 6), "at least 7"),
        (lambda: UNet(1, 9), "above 8"),
    ],
    ids=["65 blocks", "6 downsamplings", "9 downsamplings"],
)
def test_sizes_beyond_what_is_published(make, words, tmp_path):
    assert words in refusal(saved(tmp_path, make()))


# Memory and time


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
@pytest.mark.parametrize("ending", [".bin", ".safetensors", ".legacy"])
def test_memory_is_a_small_multiple_of_the_file(ending, tmp_path):
    """Three times UPIT's file of half the published width; what it is built of is let go before."""
    nets = {"G_A": resnet(32, 9), "G_B": resnet(32, 9), "D_A": patchgan(32), "D_B": patchgan(32)}
    weights = {key: torch.zeros(value.shape) for key, value in Named(**nets).state_dict().items()}
    options = {"_use_new_zipfile_serialization": False} if ending == ".legacy" else {}
    path = saved(tmp_path, weights, "m" + ending, **options)
    del nets, weights
    formats.load([GOLDEN / "upit_pytorch_model.bin"])
    with hostile.memory() as peak:
        found = formats.load([path])
    assert found.model.D_Y is not None
    assert peak.growth < 3 * path.stat().st_size


def test_no_compiler_is_imported():
    """Initialising networks on the meta device would: longer than all the rest takes."""
    program = (
        "import pathlib, sys; from cyclegan.store import formats; "
        f"formats.load([pathlib.Path({str(GOLDEN / 'upit_pytorch_model.bin')!r})]); "
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=GOLDEN.parent.parent)


def test_the_random_state_is_left_alone():
    before = torch.get_rng_state()
    formats.load([GOLDEN / "upit_pytorch_model.bin"])
    assert torch.equal(torch.get_rng_state(), before)


def test_a_loaded_model_does_not_hang_on_its_file(tmp_path):
    """On Linux, a file that shrinks under a memory map ends the whole program."""
    for ending in (".pth", ".safetensors"):
        path = saved(tmp_path, state("latest_net_G_A.pth"), "a" + ending)
        found = formats.load([path])
        os.truncate(path, 0)
        check_outputs("latest_net_G_A.pth", found)


# Bad and hostile files


@pytest.mark.parametrize("name", hostile.BAD)
def test_bad(name, tmp_path, monkeypatch):
    make, words = hostile.BAD[name]
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "files" / f"bad{hostile.ending(name)}"
    path.parent.mkdir()
    make(path)
    before = hostile.listing(tmp_path)
    with hostile.memory() as peak:
        sentence = refusal(path)
    assert words in sentence
    assert hostile.listing(tmp_path) == before
    assert peak.growth < 64 * 2**20


def check_flipped(path: Path, place: str, at: int) -> None:
    """One bit is another: a sentence, or finite networks where no checksum tells."""
    read, _, _, is_told = hostile.PLACES[place]
    path.write_bytes(hostile.flipped(read(), at))
    before = hostile.listing(path.parent)
    with hostile.memory() as peak:
        try:
            found = formats.load([path])
        except FormatError as error:
            hostile.check_sentence(str(error))
        else:
            assert not is_told
            assert all(p.isfinite().all() for p in found.model.parameters())
    assert hostile.listing(path.parent) == before
    assert peak.growth < 64 * 2**20


CHANCE = random.Random(0)


@pytest.mark.parametrize(
    ("place", "at"),
    [
        (place, at)
        for place, (_, where, count, _) in hostile.PLACES.items()
        for at in sorted(CHANCE.sample(where, count))
    ],
)
def test_damaged(place, at, tmp_path):
    check_flipped(tmp_path / f"bad{hostile.ending(place)}", place, at)


@pytest.mark.parametrize("place", hostile.PLACES)
def test_damaged_anywhere(place, tmp_path):
    _, where, _, _ = hostile.PLACES[place]
    for at in random.Random(1).sample(where, min(8, len(where))):
        check_flipped(tmp_path / f"{at}{hostile.ending(place)}", place, at)


def test_larger_than_the_limit(tmp_path):
    for name in ("large.pth", "large.safetensors"):
        path = tmp_path / name
        path.write_bytes((GOLDEN / "latest_net_G_A.pth").read_bytes())
        os.truncate(path, formats.MAX_BYTES + 1)  # Sparse: it takes no space.
        assert "at most 2 GiB are read" in refusal(path)
