"""What a look inside a network finds, against gradients and counts of its own."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from cyclegan.core.config import Discriminator, Generator
from cyclegan.core.networks import build_discriminator, build_generator, layers, parameters
from cyclegan.inference import inside
from cyclegan.methods.augmented.networks import ConditionalBlock, ConditionalGenerator, through

KINDS = {
    "resnet": (Generator(width=2, blocks=2), 64, ("encoder", "middle", "decoder")),
    "resize": (Generator(width=2, blocks=1, upsampling="resize", norm="layer"), 64, None),
    "bilinear": (Generator(width=2, blocks=1, upsampling="bilinear"), 64, None),
    "blurred": (Generator(width=2, blocks=1, downsampling="antialiased"), 64, None),
    "no blocks": (Generator(width=2, blocks=0), 64, ("encoder", "decoder")),
    "unet": (Generator(kind="unet", width=2), 256, ("encoder", "decoder")),
    "authors": (Generator(kind="pix2pix", width=2, blocks=7), 256, ("encoder", "decoder")),
    "course": (Generator(kind="course", width=2), 256, None),
}


def positive(network: nn.Module) -> nn.Module:
    """The same geometry, by which every place that can count does."""
    own = copy.deepcopy(network).double()
    for parent in list(own.modules()):
        for name, child in list(parent.named_children()):
            norm = isinstance(child, inside.PASSIVE)
            if norm:
                setattr(parent, name, nn.Identity())
            elif isinstance(child, layers.WideConv2d):
                child.__class__ = nn.Conv2d
    for parameter in own.parameters():
        parameter.data.fill_(1 / parameter[0].numel() if parameter.dim() > 1 else 0)
    return own


def hangs_on(network: nn.Module, side: int, shift: int = 0) -> tuple[int, int]:
    """First and last row of the input that a place near the middle has a gradient to."""
    x = torch.ones(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    made = network(x)
    middle = made.shape[-1] // 2 + shift % made.shape[-1] // 2
    made[0, 0, middle, middle].backward()
    rows = (x.grad[0].abs().sum(0).sum(1) > 0).nonzero()
    return int(rows.min()), int(rows.max())


def widest(network: nn.Module, side: int) -> int:
    return max(b - a + 1 for a, b in (hangs_on(network, side, shift) for shift in range(8)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_reach_is_that_of_gradients(kind):
    settings, side, _ = KINDS[kind]
    network = build_generator(settings)
    with torch.no_grad():
        seen = inside.look(network, torch.zeros(1, 3, side, side))
    found = widest(positive(network), side)
    assert found == min(seen.reach, side)
    first, last = hangs_on(positive(network), side)
    assert seen.box == (first, first, last + 1, last + 1)


def test_the_reach_of_a_patch_is_the_papers():
    for width in (2, 8):
        judge = build_discriminator(Discriminator(width=width))
        reach, (left, top, right, bottom) = inside.reach(judge, torch.zeros(1, 3, 160, 160))
        assert reach == right - left == bottom - top == 70
        assert widest(positive(judge), 160) == 70


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_counts_every_parameter(kind):
    settings, side, stages = KINDS[kind]
    network = build_generator(settings)
    before = {k: v.clone() for k, v in network.state_dict().items()}
    x = torch.rand(1, 3, side, side) * 2 - 1
    seen = inside.look(network, x)
    assert sum(row.parameters * row.times for row in seen.layers) == parameters(network)
    assert seen.parameters == parameters(network)
    assert seen.layers[-1].shape == (3, side, side)
    if stages:
        assert tuple(stage.key for stage in seen.stages) == stages
    assert all(torch.equal(v, before[k]) for k, v in network.state_dict().items())
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in network.modules())


def test_activations_are_those_that_the_network_has():
    """By its own sequence, cut where the paper's notation has its parts."""
    network = build_generator(Generator(width=3, blocks=2)).eval()
    x = torch.rand(1, 3, 32, 40) * 2 - 1
    seen = {stage.key: stage for stage in inside.look(network, x).stages}
    sequence = list(network.layers)
    first = next(i for i, one in enumerate(sequence) if type(one).__name__ == "ResidualBlock")
    places = {"encoder": first, "middle": first + 2, "decoder": len(sequence) - 3}
    for key, place in places.items():
        with torch.no_grad():
            wanted = nn.Sequential(*sequence[:place])(x)[0].numpy()
        stage = seen[key]
        assert stage.shape == wanted.shape
        spread = wanted.std(axis=(1, 2))
        assert [spread[n] for n in stage.numbers] == sorted(spread, reverse=True)[:12]
        one = wanted[stage.numbers[0]]
        levels = (one - one.min()) / (one.max() - one.min()) * 255
        assert abs(stage.maps[0] - levels).max() <= 0.51
        assert stage.maps.dtype == np.uint8


@pytest.mark.parametrize(
    ("norm", "has_means"), [("instance", True), ("layer", True), ("batch", False)]
)
def test_norms_with_means_over_the_picture_are_known(norm, has_means):
    network = build_generator(Generator(width=2, blocks=1, norm=norm))
    assert inside.look(network, torch.zeros(1, 3, 32, 32)).has_means == has_means


@pytest.mark.parametrize("norm", ["instance", "layer"])
def test_a_network_that_a_latent_steers_is_followed_with_it(norm):
    """Its latent's layers belong to the norms they steer, and lie in no picture's way."""
    plain = build_generator(Generator(width=3, blocks=2, norm=norm))
    network = ConditionalGenerator(plain, 5).eval()
    x, z = torch.rand(1, 3, 32, 40) * 2 - 1, torch.randn(1, 5)
    seen = inside.look(network, x, z)
    assert [stage.key for stage in seen.stages] == ["encoder", "middle", "decoder"]
    assert sum(row.parameters * row.times for row in seen.layers) == parameters(network)
    assert all(len(row.shape) == 3 for row in seen.layers)
    assert seen.has_means
    bare = inside.look(plain, x)
    assert (seen.reach, seen.box) == (bare.reach, bare.box)
    places = next(i for i, one in enumerate(network.layers) if isinstance(one, ConditionalBlock))
    with torch.no_grad():
        wanted = through(network.layers[:places], x, z)[0]
    assert seen.stages[0].shape == tuple(wanted.shape)
    assert seen.stages[0].numbers[0] == int(wanted.std(dim=(1, 2)).argmax())
    other = inside.look(network, x, z + 3)
    assert abs(other.stages[0].maps.astype(int) - seen.stages[0].maps).max() > 1
