"""What other people's options make of a file: read rightly, said, or refused by a sentence.

A file of every option is written by `foreign.py`, whose outputs are what they are measured by.
"""

import io
from contextlib import redirect_stderr

import pytest
import torch
from foreign import Named, Tutorial, UNet, lively, patchgan, resnet
from test_formats import refusal, saved
from tiny import batch, noise
from torch import Tensor, nn
from torch.nn.utils import parametrizations, spectral_norm, weight_norm

from cyclegan import translate
from cyclegan.core.config import Generator
from cyclegan.page import cards, compare
from cyclegan.page.library import Library
from cyclegan.store import catalogue, checkpoints, formats
from cyclegan.store.catalogue import Model, Source

X = batch(1, 32)
LEVEL = 2 / 255
"""A grey level on the [-1, 1] scale."""


def opened(folder, network: nn.Module | dict, name: str = "file.pth") -> checkpoints.Checkpoint:
    return formats.load([saved(folder, network, name)])


def notes(found: checkpoints.Checkpoint) -> str:
    return " ".join(found.config.facts["notes"])


def apart(found: checkpoints.Checkpoint, network: nn.Module, x: Tensor = X) -> float:
    return float((found.model.G(x) - network(x)).detach().abs().max())


# What the keys tell

FAQ = {"up": "reflect", "mode": "bilinear"}
"""The layers that the authors give against checkerboards, in the answers beside their code."""

TOLD = {
    "zeros": ({"pad": "zeros"}, Generator("resnet", 4, 2, padding="zeros")),
    "zeros and dropout": (
        {"pad": "zeros", "dropout": True},
        Generator("resnet", 4, 2, padding="zeros"),
    ),
    "the authors' advice": (FAQ, Generator("resnet", 4, 2, "bilinear")),
    "the same with zeros": (
        FAQ | {"pad": "zeros"},
        Generator("resnet", 4, 2, "bilinear", padding="zeros"),
    ),
    "nearest": ({"up": "zeros"}, Generator("resnet", 4, 2, "resize_zeros")),
    "blurred down": ({"down": "blurred"}, Generator("resnet", 4, 2, downsampling="antialiased")),
    "blurred up": ({"up": "blurred"}, Generator("resnet", 4, 2, "bilinear_zeros")),
    "CUT with zeros and dropout": (
        {"down": "blurred", "up": "blurred", "pad": "zeros", "dropout": True},
        Generator("resnet", 4, 2, "bilinear_zeros", "antialiased", "zeros"),
    ),
}


@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
@pytest.mark.parametrize("name", TOLD)
def test_an_option_that_shows_in_the_keys(name, ending, tmp_path):
    options, settings = TOLD[name]
    network = lively(Named(model=resnet(4, 2, **options)))
    found = opened(tmp_path, network, "g" + ending)
    assert found.config.generator == settings
    assert apart(found, network) < 1e-5
    paper = lively(Named(model=resnet(4, 2)))
    assert (network(X) - paper(X)).abs().max() > 10 * LEVEL, "nothing that is to be told"
    assert ("padded with zeros" in notes(found)) == ("zeros" in name)
    assert ("bilinear upsampling" in notes(found)) == ("advice" in name or "same" in name)


@pytest.mark.parametrize(
    ("settings", "note"),
    [
        (Generator("resnet", 2, 1, "resize", "antialiased"), "nearest-neighbour upsampling"),
        (Generator("resnet", 2, 1, "transposed", "antialiased", "zeros"), "padded with zeros"),
        (Generator("resnet", 2, 1, norm="batch"), "go by the averages"),
    ],
)
def test_our_own_weights_without_their_config(settings, note, tmp_path):
    from cyclegan.core.config import Config, Discriminator
    from cyclegan.methods import Model as Networks

    judge = Discriminator(width=2, norm=settings.norm)
    model = lively(Networks(Config(generator=settings, discriminator=judge)))
    found = opened(tmp_path, model)
    assert found.config.generator == settings and note in notes(found)
    assert torch.equal(found.model.F(X), model.F(X))
    assert found.config.discriminator == judge
    assert torch.equal(found.model.D_X(X), model.D_X(X))


# What they do not tell


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({"pad": "replicate"}, "padding by reflection (not by replication)"),
        ({"up": "zeros", "mode": "bilinear"}, "nearest-neighbour upsampling (not bilinear)"),
        ({"up": "reflect"}, "bilinear upsampling (not nearest-neighbour)"),
        ({"up": "reflect", "mode": "bilinear", "name": "block"}, "nearest-neighbour upsampling"),
    ],
)
def test_what_keys_do_not_tell_is_said(options, note, tmp_path):
    network = lively(Named(model=resnet(4, 2, **options)))
    found = opened(tmp_path, network)
    assert apart(found, network) > LEVEL and note in notes(found)


def test_a_tutorials_generator_says_what_is_taken_for_granted(tmp_path):
    network = lively(Tutorial(4, 2, "zeros", mode="bilinear", pad="zeros"))
    found = opened(tmp_path, network)
    assert apart(found, network) > LEVEL
    for word in ("norms", "padding", "activations", "upsampling nearest-neighbour"):
        assert word in notes(found)


# Other norms, layers and leftovers


def bare(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels, affine=False)


def tracking(channels: int) -> nn.Module:
    return nn.InstanceNorm2d(channels, track_running_stats=True)


class Attention(nn.Module):
    """As in SAGAN: a share of attention, which is a number of its own."""

    def __init__(self, channels: int):
        super().__init__()
        self.query = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(1))


def activated(channels: int) -> nn.Module:
    return nn.Sequential(nn.ReLU(), nn.BatchNorm2d(channels))


def batch_normed(**o) -> dict:
    """A file of the authors' `--norm batch`."""
    o = {"bias": False} | o
    return lively(Named(model=resnet(4, 2, norm=nn.BatchNorm2d, **o))).state_dict()


def without(weights: dict, *endings: str) -> dict:
    return {key: value for key, value in weights.items() if not key.endswith(endings)}


def with_layer(layer: nn.Module, **options) -> nn.Module:
    network = Named(model=resnet(4, 2, **options))
    network.model.add_module("extra", layer)
    return network


def shuffled(network: nn.Module) -> nn.Module:
    parts = list(network)
    parts[12] = nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), nn.PixelShuffle(2))
    return Named(model=nn.Sequential(*parts))


def halved() -> dict:
    weights = Named(model=resnet(4, 2)).state_dict()
    return dict(list(weights.items())[: len(weights) // 2])


def filtered(key: str, value: Tensor | None) -> dict:
    weights = Named(model=resnet(4, 2, up="blurred", down="blurred")).state_dict()
    del weights[key]
    return weights if value is None else weights | {key: value}


REFUSED = {
    "norm none": (lambda: Named(model=resnet(4, 2, norm=nn.Identity, bias=False)), "no biases but"),
    "norm none in a U-Net": (lambda: UNet(1, 7, bias=False), "without a norm"),
    "norm none in CUT": (
        lambda: Named(model=resnet(4, 2, norm=lambda _: nn.Identity(), down="blurred", bias=False)),
        "CUT's generator has them with instance norm",
    ),
    "norm none in a fork": (
        lambda: Named(model=resnet(4, 2, up="reflect", norm=nn.Identity, bias=False)),
        "no biases but the last",
    ),
    "batch norm without its averages": (
        lambda: without(batch_normed(), "running_mean", "running_var", "num_batches_tracked"),
        "scales and shifts in its norm model.2",
    ),
    "half of the averages": (
        lambda: without(batch_normed(), "model.5.running_var"),
        "lacks a part of the batch norm model.5",
    ),
    "variances below 0": (
        lambda: batch_normed() | {"model.8.running_var": -torch.ones(16)},
        "variances below 0 in model.8",
    ),
    "batch norm before the bias is added": (
        lambda: batch_normed(bias=True) | {"model.4.bias": torch.ones(3)},
        "a bias in model.4 that does not fit",
    ),
    "scales and averages of which nobody tells what they are for": (
        lambda: without(batch_normed(bias=True), "num_batches_tracked"),
        "does not say whether its norm goes by them",
    ),
    "a batch norm behind the activation": (
        lambda: Named(model=resnet(4, 2, norm=activated, bias=False)),
        "has a batch norm, model.10.conv_block.2.1, and none behind model.1",
    ),
    "a batch norm too many": (
        lambda: with_layer(nn.BatchNorm2d(4), norm=nn.BatchNorm2d),
        "has a batch norm, model.extra, where no norm is known",
    ),
    "group norm": (
        lambda: lively(Named(model=resnet(4, 2, norm=lambda c: nn.GroupNorm(2, c)))),
        "scales and shifts in its norm model.2",
    ),
    "another activation": (lambda: with_layer(nn.PReLU()), "model.extra.weight, of an activation"),
    "attention": (lambda: with_layer(Attention(4)), "model.extra.gamma, model.extra.query.bias"),
    "pixel shuffle": (lambda: shuffled(resnet(4, 2)), "model.12.0.bias"),
    "half of the weights": (halved, "lacks model."),
    "a blur that lacks": (lambda: filtered("model.11.filt", None), "lacks model.11.filt"),
    "another blur": (
        lambda: filtered("model.7.filt", torch.full((8, 1, 3, 3), 1 / 9)),
        "another filter than CUT's in model.7.filt",
    ),
    "a larger blur": (
        lambda: filtered("model.14.filt", torch.full((16, 1, 5, 5), 1 / 25)),
        "another filter than CUT's in model.14.filt",
    ),
    "a blur where none is": (
        lambda: Named(model=resnet(4, 2)).state_dict() | {"model.3.filt": torch.ones(8, 1, 3, 3)},
        "has model.3.filt",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_another_network_is_refused(name, tmp_path):
    make, words = REFUSED[name]
    assert words in refusal(saved(tmp_path, make()))


BY_AVERAGES = {  # Networks whose norms go by what they have seen, once training is over.
    "the authors'": lambda: Named(model=resnet(4, 2, norm=nn.BatchNorm2d, bias=False)),
    "with dropout": lambda: Named(
        model=resnet(4, 2, norm=nn.BatchNorm2d, dropout=True, bias=False)
    ),
    "with biases": lambda: Named(model=resnet(4, 2, norm=nn.BatchNorm2d)),
    "without scales": lambda: Named(model=resnet(4, 2, norm=bare, bias=False)),
    "HugGAN's": lambda: Named(model=resnet(4, 2, "block", "zeros", norm=nn.BatchNorm2d)),
    "CUT's": lambda: Named(
        model=resnet(4, 2, up="blurred", down="blurred", norm=nn.BatchNorm2d, bias=False)
    ),
    "a tutorial's": lambda: Tutorial(4, 2, norm=nn.BatchNorm2d),
    "a tutorial's without scales": lambda: Tutorial(4, 2, norm=bare, bias=False),
    "an instance norm that counts": lambda: Tutorial(4, 2, norm=tracking),
    "the authors' U-Net": lambda: UNet(1, 7, norm=nn.BatchNorm2d, bias=False),
}


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        *((name, ".pth") for name in BY_AVERAGES),
        # Sorted, a tutorial's file without biases does not say which convolution is first.
        *((name, ".safetensors") for name in BY_AVERAGES if name != "a tutorial's without scales"),
    ],
)
def test_norms_that_go_by_averages(name, ending, tmp_path):
    """To the same pictures, of which a batch norm in evaluation mode makes each on its own."""
    network = lively(BY_AVERAGES[name]())
    x = torch.cat([batch(1, 128), -batch(1, 128, seed=1)])
    found = opened(tmp_path, network, "g" + ending)
    assert found.config.generator.norm == "batch" and "batch norm" in found.config.generator.words
    assert apart(found, network, x) < 1e-4
    assert "go by the averages of its training here" in notes(found)
    assert "instance norm" not in notes(found)
    for module in network.modules():  # By the moments of the pictures it is another network.
        if isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
            module.train()
    assert apart(found, network, x) > LEVEL


def test_a_batch_norm_of_old_is_told_by_what_lacks(tmp_path):
    """Before PyTorch 0.4.1 it counted nothing; the authors' convolutions have no biases before it,
    and before no other norm."""
    network = lively(Named(model=resnet(4, 2, norm=nn.BatchNorm2d, bias=False)))
    found = opened(tmp_path, without(network.state_dict(), "num_batches_tracked"))
    assert found.config.generator.norm == "batch" and apart(found, network) < 1e-5


def test_batch_normed_weights_are_saved_and_opened_again(tmp_path):
    """As a checkpoint of ours in 16 bits: averages are kept in 32, as they may be tiny or huge."""
    network = lively(Named(model=resnet(4, 2, norm=nn.BatchNorm2d, bias=False)))
    network.model[2].running_var.mul_(1e-8)
    network.model[5].running_var.mul_(1e8)
    network.model[5].running_mean.mul_(1e4)
    found = opened(tmp_path, network)
    checkpoints.save(tmp_path / "ours", found.config, found.model.networks)
    again = checkpoints.load(tmp_path / "ours")
    key = "layers.2.running_var"
    assert torch.equal(again.model.G.state_dict()[key], network.model[2].running_var)
    assert apart(again, network) < LEVEL


def test_norms_of_2017_count_nothing(tmp_path):
    """PyTorch 0.3 wrote an instance norm's statistics without using them, and no counts."""
    network = lively(Tutorial(4, 2))
    kept = Tutorial(4, 2, norm=tracking).state_dict()
    weights = network.state_dict() | {k: v for k, v in kept.items() if "running" in k}
    found = opened(tmp_path, weights)
    assert apart(found, network) < 1e-5 and "running statistics" in notes(found)


# Weights in parts

NORMED = {
    "spectral": (lambda layer: spectral_norm(layer), "spectral norm"),
    "newer spectral": (lambda layer: parametrizations.spectral_norm(layer), "spectral norm"),
    "weight": (lambda layer: weight_norm(layer), "weight norm"),
    "newer weight": (lambda layer: parametrizations.weight_norm(layer), "weight norm"),
}


def normed(network: nn.Module, how: str, x: Tensor = X) -> nn.Module:
    """With a norm on the weights of each convolution, as it is after a step of training."""
    torch.manual_seed(0)
    for layer in list(network.modules()):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, std=0.3)
            NORMED[how][0](layer)
    with torch.no_grad():
        for _ in range(5):
            network.train()(x)
        for name, value in network.named_parameters():
            if name.endswith(("_g", "original0")):
                value *= 1.5
    return network.eval()


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
@pytest.mark.parametrize("how", NORMED)
def test_weights_in_parts(how, ending, tmp_path):
    network = normed(Named(model=resnet(4, 2)), how)
    found = opened(tmp_path, network, "g" + ending)
    assert apart(found, network) < 1e-4
    assert f"The {NORMED[how][1]} of its weights is worked into them." in notes(found)


@pytest.mark.parametrize("how", ["spectral", "newer spectral"])
def test_spectral_norm_of_a_transposed_convolution_with_equal_sides(how, tmp_path):
    """Its matrix has the outputs as rows, and nothing but the numbers says which side they are."""
    x = batch(1, 128)
    network = normed(UNet(1, 7), how, x)
    assert apart(opened(tmp_path, network), network, x) < 1e-4


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize(
    ("how", "part", "words"),
    [
        ("spectral", "weight_v", "a part of a spectral norm, and lacks model.4.weight_v"),
        ("newer spectral", "parametrizations.weight.0._u", "and lacks model.4.parametrizations"),
        ("newer weight", "parametrizations.weight.original1", "a part of a weight norm"),
    ],
)
def test_a_part_lacks_or_does_not_fit(how, part, words, tmp_path):
    weights = normed(Named(model=resnet(4, 2)), how).state_dict()
    whole = weights.pop(f"model.4.{part}")
    assert words in refusal(saved(tmp_path, weights))
    weights[f"model.4.{part}"] = torch.zeros(*whole.shape, 2)
    assert "that do not fit: model.4." in refusal(saved(tmp_path, weights))


def test_a_discriminators_spectral_norm_is_none_of_the_generators(tmp_path):
    G = lively(resnet(4, 2))
    judge = patchgan(4)
    spectral_norm(judge[0])
    found = opened(tmp_path, Named(netG=G, netD=judge))
    assert apart(found, G) < 1e-5
    assert "spectral" not in notes(found) and "left out: netD." in notes(found)


# What is there twice


def test_one_tensor_under_two_keys(tmp_path):
    """A part of the network that has a name of its own, inside and outside."""
    network = lively(Named(model=resnet(4, 2)))
    weights = network.state_dict()
    for key in list(weights)[:4]:
        weights[f"encoder.{key}"] = weights[key]
    assert apart(opened(tmp_path, weights), network) < 1e-5
    copied = weights | {"encoder.model.1.weight": weights["model.1.weight"].clone()}
    assert "has encoder.model.1.weight" in refusal(saved(tmp_path, copied))
    inside = Named(net=lively(Named(model=resnet(4, 2)).model)).state_dict()
    inside = {key.removeprefix("net."): value for key, value in inside.items()}
    inside |= {"first.weight": inside["1.weight"]}
    assert apart(opened(tmp_path, inside), network) < 1e-5


@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
def test_one_network_under_two_names_is_no_way_back(ending, tmp_path):
    G = lively(Named(model=resnet(4, 2)))
    weights = {
        f"{name}.{k}": v.clone() for name in ("net", "copy") for k, v in G.state_dict().items()
    }
    found = opened(tmp_path, weights, "g" + ending)
    assert found.model.F is None and apart(found, G) < 1e-5
    assert "has the same weights as" in notes(found)
    named = {k.replace("net.", "G_A.").replace("copy.", "G_B."): v for k, v in weights.items()}
    assert opened(tmp_path, named, "h" + ending).model.F is not None, "as the file calls them"


@pytest.mark.parametrize(
    ("plain", "average"), [("netG", "netG_ema"), ("G", "ema.G"), ("G", "average_G")]
)
def test_a_moving_average_is_no_way_back(plain, average, tmp_path):
    old, new = (lively(Named(model=resnet(4, 2)), seed) for seed in (1, 2))
    weights = {f"{plain}.{k}": v for k, v in old.state_dict().items()}
    weights |= {f"{average}.{k}": v for k, v in new.state_dict().items()}
    found = opened(tmp_path, weights)
    assert found.model.F is None and apart(found, new) < 1e-5
    assert f"{average}.model is taken, the moving average" in notes(found)


def test_nothing_is_left_out_in_silence(tmp_path):
    G = lively(Named(model=resnet(4, 2)))
    weights = {"G": G.state_dict(), "fid": torch.tensor(31.5), "step": torch.tensor(7)}
    said = notes(opened(tmp_path, weights | {"mask": {"1.weight": torch.ones(1, 4, 3, 3)}}))
    assert "Numbers beside the networks are left out: fid." in said and "left out: mask." in said
    assert "has z, which" in refusal(saved(tmp_path, weights | {"z": torch.zeros(8)}))
    optimal = weights | {"optimal": {"w.weight": torch.zeros(2, 4, 1, 1)}}
    assert "has optimal.w.weight" in refusal(saved(tmp_path, optimal))


# Where a person reads it


def test_the_command_prints_what_it_took_for_granted(tmp_path):
    path = saved(tmp_path, lively(Named(model=resnet(2, 1, pad="zeros"))))
    noise(16, 16).save(tmp_path / "x.png")
    argv = ["--model", str(path), "--input", str(tmp_path / "x.png"), "--output", str(tmp_path)]
    with redirect_stderr(io.StringIO()) as said:
        assert translate.main(argv) == 0
    assert "padded with zeros" in said.getvalue() and "taken as X → Y" in said.getvalue()


def test_a_terminal_obeys_no_note(tmp_path):
    found = opened(tmp_path, lively(Named(model=resnet(2, 1))))
    found.config.facts["notes"] = ["fine", "\x1b[2Jgone"]
    assert catalogue.notes_of(found) == ["fine", "'\\x1b[2Jgone'"]


def test_the_page_says_it_where_it_is_opened_and_where_it_is_shown(tmp_path):
    weights = {
        f"<b>{name}</b>.{key}": value
        for name in ("one", "two")
        for key, value in lively(Named(model=resnet(2, 1, pad="zeros"))).state_dict().items()
    }
    path = saved(tmp_path, weights)
    noise(16, 16).save(tmp_path / "x.png")
    library = Library([])
    title = library.add(Model("mine", (Source((path,)),), tmp_path))
    message = cards.opened(library.sets[title])
    names = library.sets[title].names
    request = compare.Request(title, "xy", names=names, path=str(tmp_path / "x.png"))
    shown = compare.translate(library, request)
    for text in (message, shown.note):
        assert "padded with zeros" in text and "has the same weights as" in text
    assert "<b>two" not in message and "&lt;b&gt;two" in message
