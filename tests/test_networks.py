"""Architectures against facts of their own: published counts, receptive field, shapes."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import batch
from torch import Tensor, nn
from torch.nn import functional

from cyclegan.core import config
from cyclegan.core.config import Discriminator, Generator
from cyclegan.core.networks import as_large, build_discriminator, build_generator
from cyclegan.core.networks.course import CourseDiscriminator, CourseGenerator
from cyclegan.core.networks.layers import LayerNorm, WideConv2d
from cyclegan.core.networks.patches import Patch4, PatchGAN
from cyclegan.core.networks.resnet import ResNetGenerator
from cyclegan.core.networks.unets import Pix2PixUNet, UNetGenerator

# Layers of our own, against the library's


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(("images", "side"), [(1, 4), (2, 5), (3, 3), (2, 30)])
def test_wide_convolutions_are_convolutions(images, side, stride, monkeypatch):
    """Output and all gradients; and, of few places, without PyTorch's convolution."""
    torch.manual_seed(0)
    ours = WideConv2d(6, 160, 4, stride=stride, padding=1)
    theirs = nn.Conv2d(6, 160, 4, stride=stride, padding=1)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(images, 6, side, side, requires_grad=True)
    weights = torch.randn(theirs(x).shape)

    def all_of(layer):
        made = layer(x)
        return made, *torch.autograd.grad((made * weights).sum(), [x, *layer.parameters()])

    expected = all_of(theirs)
    if side < 30:
        monkeypatch.setattr(nn.Conv2d, "forward", None)
    for own, their in zip(all_of(ours), expected, strict=True):
        torch.testing.assert_close(own, their, rtol=1e-4, atol=1e-4)


def test_wide_convolutions_compute_in_bfloat16_too():
    torch.manual_seed(0)
    ours = WideConv2d(64, 256, 4)
    x = torch.randn(2, 64, 7, 7)
    with torch.autocast("cpu", torch.bfloat16):
        made = ours(x)
    assert made.dtype == torch.bfloat16
    torch.testing.assert_close(made.float(), ours(x), rtol=0, atol=0.02)


@pytest.mark.parametrize("size", [24, 64])
def test_the_judge_is_that_of_the_librarys_layers(size):
    judge = build_discriminator(config.Discriminator())
    x = torch.rand(2, 3, size, size) * 2 - 1
    scores = judge(x)
    changed = 0
    for module in judge.modules():
        if isinstance(module, WideConv2d):
            module.__class__ = nn.Conv2d
            changed += 1
    assert changed == 3
    torch.testing.assert_close(scores, judge(x), rtol=1e-4, atol=1e-5)


# Architectures


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("blocks", "upsampling", "count"),
    [(9, "transposed", 11_378_179), (6, "transposed", 7_837_699), (9, "resize", 11_378_179)],
)
def test_resnet_has_the_published_size(blocks, upsampling, count):
    with torch.device("meta"):
        assert parameters(ResNetGenerator(64, blocks, upsampling)) == count


def test_an_antialiased_resnet_has_no_weights_more():
    """Each halving is a convolution of stride 1 and the filter [1 2 1]/4 both ways, mirrored."""
    with torch.device("meta"):
        assert parameters(ResNetGenerator(downsampling="antialiased")) == 11_378_179
    torch.manual_seed(0)
    network = build_generator(config.Generator("resnet", 2, 1, downsampling="antialiased"))
    row = torch.tensor([1.0, 2, 1]) / 4
    kernel = (row[:, None] * row).expand(4, 1, 3, 3)
    x = torch.randn(2, 4, 12, 8)
    mirrored = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="reflect")
    expected = torch.nn.functional.conv2d(mirrored, kernel, stride=2, groups=4)
    torch.testing.assert_close(network.layers[7](x), expected)
    # It is trained like any other.
    network(torch.rand(1, 3, 16, 16)).square().mean().backward()
    assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize(("blocks", "published"), [(8, 54.414), (7, 41.829)])
def test_pix2pix_unet_has_the_published_size(blocks, published):
    """Millions of parameters that the original authors' program prints, with batch norm.

    That gives a scale and a shift to each channel that is normalised, and takes the biases of all
    convolutions but the last.
    """
    with torch.device("meta"):
        network = Pix2PixUNet(64, blocks)
    biases = sum(p.numel() for name, p in network.named_parameters() if name.endswith("bias"))
    normed = sum(m.num_features for m in network.modules() if isinstance(m, nn.InstanceNorm2d))
    assert round((parameters(network) - biases + 3 + 2 * normed) / 1e6, 3) == published


@pytest.mark.parametrize("blocks", [7, 8])
def test_weights_of_the_pix2pix_unet(blocks):
    """By hand: 4×4 convolutions with bias; each but the innermost goes up with a skip beside it."""
    widths = [64, 128, 256] + [512] * (blocks - 3)
    down = list(zip([3, *widths], widths, strict=False))
    up = [(b if i == blocks - 1 else 2 * b, a) for i, (a, b) in enumerate(down)]
    with torch.device("meta"):
        assert parameters(Pix2PixUNet(64, blocks)) == sum(16 * i * o + o for i, o in down + up)


def test_patchgan_has_the_published_size():
    with torch.device("meta"):
        assert parameters(PatchGAN(64)) == 2_764_737


def test_sizes_of_the_books_networks():
    """4×4 convolutions with bias: 16 · in · out + out each (GANs in Action, chapter 9)."""
    down = [(3, 32), (32, 64), (64, 128), (128, 256)]
    up = [(256, 128), (128 + 128, 64), (64 + 64, 32), (32 + 32, 3)]
    judge = [(3, 64), (64, 128), (128, 256), (256, 512), (512, 1)]
    with torch.device("meta"):
        assert parameters(UNetGenerator(32)) == sum(16 * i * o + o for i, o in down + up)
        assert parameters(Patch4(64)) == sum(16 * i * o + o for i, o in judge)


def test_sizes_of_the_books_networks_with_its_norm():
    """InstanceNormalization() has a γ and a β of shape (1,): 7 times in G, 3 times in D."""
    with torch.device("meta"):
        assert parameters(UNetGenerator(32, norm="layer")) == parameters(UNetGenerator(32)) + 14
        assert parameters(Patch4(64, norm="layer")) == parameters(Patch4(64)) + 6


def test_a_resnet_with_layer_norm():
    """A γ and a β a channel: 1, 2, 4, 2 and 1 times the width around the blocks, 8 times in each.

    How strong a colour is comes through; instance norm makes the same of a faint and of a strong
    square.
    """
    with torch.device("meta"):
        norms = ("instance", "layer", "instance-layer")
        plain, layered, up = (parameters(ResNetGenerator(8, 3, norm=norm)) for norm in norms)
        assert layered == plain + 2 * 8 * (1 + 2 + 4 + 8 * 3 + 2 + 1)
        assert up == plain + 2 * 8 * (2 + 1), "on the way up alone"
    faint, strong = (torch.zeros(1, 3, 32, 32) for _ in range(2))
    faint[:, 0, 8:24, 8:24], strong[:, 0, 8:24, 8:24] = 0.3, 0.9
    faint[:, 1, 12:20, 12:20] = strong[:, 1, 12:20, 12:20] = 0.3
    with torch.no_grad():
        for norm, is_kept in (("instance", False), ("layer", True)):
            layers = build_generator(Generator(width=4, blocks=0, norm=norm)).layers
            layers[1].weight.zero_()
            layers[1].weight[0, 0, 3, 3] = layers[1].weight[1, 1, 3, 3] = 1.0  # Red, and green.
            makes = [layers[:3](picture) for picture in (faint, strong)]
            assert (not torch.allclose(*makes, atol=1e-2)) == is_kept


def test_sizes_of_the_courses_networks():
    """conv() and deconv() of its models.py have bias=False and a norm without weights."""
    down, up = [(3, 32), (32, 64)], [(64, 32), (32, 3)]
    judge = [(3, 32), (32, 64), (64, 128), (128, 256), (256, 1)]
    with torch.device("meta"):
        fours = sum(16 * i * o for i, o in down + up)
        assert parameters(CourseGenerator(32, 1)) == fours + 9 * 64 * 64
        assert parameters(CourseGenerator(32, 3)) == fours + 3 * 9 * 64 * 64
        assert parameters(CourseDiscriminator(32)) == sum(16 * i * o for i, o in judge)


def test_the_courses_networks_by_plain_layers():
    """Its forward passes, written out by hand with the weights of ours."""
    torch.manual_seed(0)
    G, D = CourseGenerator(2, 2), CourseDiscriminator(2)
    x = batch(2, size=64)

    def normed(made: Tensor) -> Tensor:
        return torch.relu(functional.instance_norm(made))

    first, second, a, b, up, out = G.parameters()
    made = normed(functional.conv2d(x, first, stride=2, padding=1))
    made = normed(functional.conv2d(made, second, stride=2, padding=1))
    for weight in (a, b):
        inner = functional.instance_norm(functional.conv2d(made, weight, padding=1))
        made = torch.relu(made + inner)
    made = normed(functional.conv_transpose2d(made, up, stride=2, padding=1))
    made = torch.tanh(functional.conv_transpose2d(made, out, stride=2, padding=1))
    torch.testing.assert_close(G(x), made, rtol=1e-4, atol=1e-5)

    *halving, last = D.parameters()
    for weight in halving:
        x = normed(functional.conv2d(x, weight, stride=2, padding=1))
    assert x.shape[2:] == (4, 4)
    score = functional.conv2d(x, last)
    assert score.shape == (2, 1, 1, 1)
    torch.testing.assert_close(D(batch(2, size=64)), score, rtol=1e-4, atol=1e-5)


def test_layer_norm_is_keras_contribs_formula():
    """(x − mean) / (std + ε) · γ + β over all axes but the batch, by NumPy in float64."""
    norm = LayerNorm()
    with torch.no_grad():
        norm.gamma.fill_(1.5)
        norm.beta.fill_(-0.25)
    x = batch(3, size=9) * torch.tensor([1.0, 1e-3, 50.0])[:, None, None, None] + 0.5
    values = x.double().numpy()
    axes = {"axis": (1, 2, 3), "keepdims": True}
    expected = (values - values.mean(**axes)) / (values.std(**axes) + 1e-3) * 1.5 - 0.25
    assert np.allclose(norm(x).detach().numpy(), expected, atol=1e-4)
    # A mean over each channel alone is another norm.
    assert not np.allclose(expected, functional.instance_norm(x).numpy() * 1.5 - 0.25, atol=0.1)


def test_a_flat_picture_has_a_slope_through_the_layer_norm():
    """The slope of a root at 0 would be infinite."""
    x = torch.full((1, 3, 8, 8), 0.3, requires_grad=True)
    LayerNorm()(x).square().sum().backward()
    assert torch.isfinite(x.grad).all()


def test_glorot_is_keras_default():
    """Uniform within √(6 / (fan in + fan out)), fans counted with the kernel; biases 0."""
    torch.manual_seed(0)
    G = build_generator(Generator("unet", 8, 0, "resize"), initialisation="glorot")
    for layer in G.modules():
        if isinstance(layer, nn.Conv2d):
            out, into, *kernel = layer.weight.shape
            limit = math.sqrt(6 / ((into + out) * math.prod(kernel)))
            assert 0.9 * limit < layer.weight.abs().max() <= limit
            assert layer.weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.1)
            assert not layer.bias.any()


def test_pytorchs_own_weights_are_left_as_they_are_drawn():
    """Uniform within 1 / √(fan in), as its documentation of Conv2d says."""
    D = build_discriminator(Discriminator("course", 8), initialisation="pytorch")
    for weight in D.parameters():
        limit = 1 / math.sqrt(math.prod(weight.shape[1:]))
        assert 0.9 * limit < weight.abs().max() <= limit


def test_receptive_field_of_the_patchgan_is_70_pixels():
    network = PatchGAN(2)
    for i, layer in enumerate(network.layers):
        if isinstance(layer, nn.InstanceNorm2d):  # It sees the whole picture, by way of its mean.
            network.layers[i] = nn.Identity()
        elif isinstance(layer, nn.Conv2d):  # Positive weights: no gradient cancels another.
            nn.init.ones_(layer.weight)
    image = torch.zeros(1, 3, 256, 256, requires_grad=True)
    scores = network(image)
    assert scores.shape == (1, 1, 30, 30)
    scores[0, 0, 15, 15].backward()
    for dimension in (0, 1):
        seen = image.grad[0].abs().sum(0).sum(dimension).nonzero().flatten()
        assert seen[-1] - seen[0] + 1 == 70
        assert len(seen) == 70


def test_what_the_patches_of_a_small_picture_see():
    """Of 64 pixels a 70×70 patch sees 47 to 63 a side, since it reaches over the edges; 36 scores.

    The course's single score sees all of it.
    """
    for network, count, least, most in (
        (PatchGAN(2), 6, 47, 63),
        (CourseDiscriminator(2), 1, 64, 64),
    ):
        for i, layer in enumerate(network.layers):
            if isinstance(layer, nn.InstanceNorm2d):
                network.layers[i] = nn.Identity()
            elif isinstance(layer, nn.Conv2d):
                nn.init.ones_(layer.weight)
        image = torch.ones(1, 3, 64, 64, requires_grad=True)
        scores = network(image)
        assert scores.shape == (1, 1, count, count)
        seen = []
        for row in range(count):
            (slope,) = torch.autograd.grad(scores[0, 0, row, 0], image, retain_graph=True)
            seen.append(int(slope[0].abs().sum((0, 2)).count_nonzero()))
        assert (min(seen), max(seen)) == (least, most)


@pytest.mark.parametrize(
    ("settings", "like"),
    [
        (Generator("unet", 64), Generator("resnet", 16, 4)),
        (Generator("course", 64, 1), Generator("resnet", 8, 2)),
        (Generator("resnet", 64, 9), Generator("unet", 32)),
        (Discriminator("course", 64), Discriminator("patchgan", 32)),
        (Discriminator("patchgan", 1), Discriminator("patch4", 24)),
        (Generator("unet", 64), Generator("resnet", 1, 0)),
    ],
    ids=str,
)
def test_a_network_of_another_kind_becomes_as_large(settings, like):
    """No width a step to either side comes nearer, and nothing but the width changes."""
    found = as_large(settings, like)
    assert replace(found, width=settings.width) == settings

    def apart(width: int) -> int:
        build = build_generator if isinstance(like, Generator) else build_discriminator
        with torch.device("meta"):
            own, other = (parameters(build(s)) for s in (replace(settings, width=width), like))
        return abs(own - other)

    nearest = min(range(max(1, found.width - 3), found.width + 4), key=apart)
    assert nearest == found.width


@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
@pytest.mark.parametrize("size", [(8, 8), (12, 40), (44, 28)])
def test_resnet_keeps_multiples_of_4(size, upsampling):
    x = torch.zeros(2, 3, *size)
    assert ResNetGenerator(2, 1, upsampling)(x).shape == x.shape


@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
@pytest.mark.parametrize("size", [(32, 32), (48, 80)])
def test_unet_keeps_multiples_of_16(size, upsampling):
    x = torch.zeros(2, 3, *size)
    assert UNetGenerator(2, upsampling)(x).shape == x.shape


def test_pix2pix_unet_keeps_multiples_of_128():
    x = torch.zeros(2, 3, 128, 384)
    assert Pix2PixUNet(1, 7)(x).shape == x.shape


@pytest.mark.parametrize(
    ("kind", "blocks"), [("resnet", 1), ("unet", 0), ("pix2pix", 7), ("pix2pix", 8)]
)
def test_sizes_in_the_config_are_those_of_the_network(kind, blocks):
    settings = config.Generator(kind, 1, blocks)
    network = build_generator(settings)
    assert (settings.multiple, settings.smallest) == (network.multiple, network.smallest)
    x = torch.rand(1, 3, settings.smallest, settings.smallest)
    assert network(x).isfinite().all()


def test_padding_with_zeros_is_another_network():
    torch.manual_seed(0)
    mirrored, zeros = (ResNetGenerator(4, 1, up) for up in ("resize", "resize_zeros"))
    for a, b in zip(zeros.parameters(), mirrored.parameters(), strict=True):
        a.data = b.data
    x = torch.rand(1, 3, 64, 64)
    difference = (mirrored(x) - zeros(x)).abs()
    assert difference.max() > 1e-3


@pytest.mark.parametrize("size", [(32, 32), (64, 48)])
def test_the_books_discriminator_has_a_score_for_each_16_pixels(size):
    assert Patch4(2)(torch.zeros(2, 3, *size)).shape == (2, 1, size[0] // 16, size[1] // 16)


@pytest.mark.parametrize("network", [PatchGAN, Patch4])
def test_the_smallest_picture_of_a_discriminator(network):
    smallest = {PatchGAN: 24, Patch4: 32}[network]
    assert network(2)(torch.rand(1, 3, smallest, smallest)).isfinite().all()


GENERATORS = [
    config.Generator("resnet", 4, 2, "transposed"),
    config.Generator("resnet", 4, 2, "resize"),
    config.Generator("resnet", 4, 2, "bilinear_zeros", "antialiased", "zeros"),
    config.Generator("unet", 4, 0, "transposed"),
    config.Generator("unet", 4, 0, "resize"),
]


@pytest.mark.parametrize("settings", GENERATORS, ids=str)
def test_outputs_lie_in_range_and_use_it(settings):
    torch.manual_seed(0)
    network = build_generator(settings)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(50)  # Without the tanh, the output would go far beyond 1.
        y = network(torch.rand(1, 3, 32, 32) * 2 - 1)
    assert y.abs().max() <= 1
    assert y.min() < -0.9 and y.max() > 0.9


def test_resize_convolution_has_no_transposed_convolution():
    for settings in GENERATORS:
        layers = [type(module) for module in build_generator(settings).modules()]
        assert (nn.ConvTranspose2d in layers) == (settings.upsampling == "transposed")


@pytest.mark.parametrize(
    "network",
    [
        build_generator(config.Generator("resnet", 16, 2)),
        build_generator(config.Generator("unet", 16)),
        build_discriminator(config.Discriminator("patchgan", 16)),
        build_discriminator(config.Discriminator("patch4", 16)),
    ],
    ids=lambda network: type(network).__name__,
)
def test_initialisation(network):
    """Every kernel looks drawn from N(0, 0.02), within five standard errors; biases are 0."""
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            assert (parameter == 0).all()
        else:
            n = parameter.numel()
            assert abs(parameter.mean()) < 5 * 0.02 / math.sqrt(n)
            assert abs(parameter.std() / 0.02 - 1) < 5 / math.sqrt(2 * n)


def test_nothing_is_drawn_on_the_meta_device():
    before = torch.get_rng_state()
    with torch.device("meta"):
        network = build_generator(GENERATORS[0])
    assert all(parameter.is_meta for parameter in network.parameters())
    assert torch.equal(torch.get_rng_state(), before)


def test_two_networks_differ():
    G, F = (build_generator(GENERATORS[0]) for _ in range(2))
    assert not torch.equal(next(G.parameters()), next(F.parameters()))


@pytest.mark.parametrize(
    "network",
    [ResNetGenerator(4, 2), UNetGenerator(4), PatchGAN(4), Patch4(4)],
    ids=lambda network: type(network).__name__,
)
@pytest.mark.parametrize("training", [True, False])
def test_each_image_of_a_batch_is_on_its_own(network, training):
    """What lets translation and identity share one pass; batch norm would break it."""
    torch.manual_seed(0)
    images = torch.randn(3, 3, 32, 32) * torch.tensor([0.1, 1.0, 3.0]).view(3, 1, 1, 1)
    network.train(training)
    with torch.no_grad():
        singles = torch.cat([network(image) for image in images.split(1)])
        torch.testing.assert_close(network(images), singles, rtol=1e-4, atol=1e-5)
        assert (singles[0] - singles[1]).abs().max() > 1e-2


def test_the_unet_has_an_outermost_skip():
    """With everything further in silenced, the picture still reaches the output."""
    torch.manual_seed(0)
    network = build_generator(config.Generator("unet", 4))
    x = torch.rand(1, 3, 32, 32, requires_grad=True)
    for stage in network.up:
        for weight in stage.parameters():
            nn.init.zeros_(weight)
    network(x).sum().backward()
    assert x.grad.abs().sum() > 0
