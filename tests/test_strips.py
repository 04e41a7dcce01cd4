"""Strips: what a network makes of a whole picture, in less memory, to the last rounding."""

import numpy as np
import pytest
import torch
from tiny import noise
from torch import Tensor, nn
from variants import lively

from cyclegan.core import images
from cyclegan.core.config import Config, Generator
from cyclegan.core.networks import build_generator
from cyclegan.core.pictures import ImageError
from cyclegan.inference import strips
from cyclegan.inference.strips import passes
from cyclegan.inference.strips.maps import Map
from cyclegan.store import checkpoints

GENERATORS = {
    "transposed": Generator(width=4, blocks=2),
    "resize": Generator(width=4, blocks=2, upsampling="resize"),
    "resize_zeros": Generator(width=4, blocks=2, upsampling="resize_zeros"),
    "bilinear": Generator(width=4, blocks=2, upsampling="bilinear"),
    "antialiased": Generator("resnet", 4, 2, "bilinear_zeros", "antialiased"),
    "zeros": Generator(width=4, blocks=2, padding="zeros"),
    "layer": Generator(width=4, blocks=2, norm="layer"),
    "instance-layer": Generator(width=4, blocks=2, norm="instance-layer"),
    "no-blocks": Generator(width=4, blocks=0),
    "unet": Generator(kind="unet", width=4, upsampling="resize"),
    "unet-transposed": Generator(kind="unet", width=4),
    "unet-layer": Generator(kind="unet", width=4, upsampling="resize", norm="layer"),
    "pix2pix": Generator(kind="pix2pix", width=2, blocks=7),
    "course": Generator(kind="course", width=4, blocks=2),
}
SIZES = {"resnet": (44, 36), "unet": (80, 48), "pix2pix": (256, 128), "course": (44, 36)}
"""Heights and widths, none of them the least that a generator takes."""

AMPLE = 2**30
CLOSE = 1e-4
"""On the [-1, 1] scale; a grey level is 78 times as much."""


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """So that kept maps are many blocks here too."""
    monkeypatch.setattr(passes, "BLOCK", 1000)


def network(name: str) -> nn.Module:
    return lively(Config(generator=GENERATORS[name])).G.requires_grad_(False)


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    """Darker from top to bottom, as tiles with moments of their own would get wrong."""
    random = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))
    return random - torch.linspace(0, 1, height)[:, None]


def trunk(x: Tensor, width: int = 4) -> int:
    """Bytes of one map between a ResNet's residual blocks."""
    return 4 * width * 4 * (x.shape[2] // 4) * (x.shape[3] // 4)


# The same as the whole


CASES = [(name, SIZES[settings.kind]) for name, settings in GENERATORS.items()]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        *CASES,
        ("transposed", (8, 8)),
        ("resize", (20, 100)),
        ("antialiased", (8, 8)),
        ("layer", (20, 100)),
        ("instance-layer", (20, 100)),
        ("unet", (32, 32)),
    ],
)
def test_strips_make_what_the_whole_makes(name, size):
    """Strips from one row to all rows, and from no map kept that need not be to every map kept."""
    G, x = network(name), picture(*size)
    whole = G(x)
    assert whole.std() > 0.15
    least = 2 * trunk(x)
    for strip, kept in ((1, AMPLE), (3000, least), (10_000, AMPLE), (AMPLE, least)):
        made = strips.run(G, x, kept=kept, strip=strip)
        assert made.shape == whole.shape
        assert (made - whole).abs().max() < CLOSE


@pytest.mark.parametrize("name", ["layer", "unet-layer", "course"])
def test_a_large_picture_of_the_books_and_the_courses_networks(name, monkeypatch):
    """1024×1024, dark above and light below, so that a strip's own moments are far off: to 1/255
    of the range of pixels."""
    monkeypatch.setattr(passes, "BLOCK", 2**20)
    G, x = network(name), picture(1024, 1024)
    whole = G(x)
    made = strips.run(G, x, strip=400_000)
    assert (made - whole).abs().max() * 127.5 < 1
    apart = torch.cat([G(tile) for tile in x.split(512, dim=2)], dim=2)
    assert (apart - whole).abs().max() * 127.5 > 1


def test_tiles_alone_are_wrong():
    """What the tests here would miss if this did not fail: every strip with its own moments."""
    G, x = network("transposed"), picture(64, 32)
    tiles = torch.cat([G(tile) for tile in x.split(32, dim=2)], dim=2)
    assert (tiles - G(x)).abs().max() > 1000 * CLOSE


def test_the_bundled_network():
    """In 8 bits too, where a value close to a half may be rounded up or down."""
    G = checkpoints.load(checkpoints.BUNDLED / "satellite2map" / "gan-cycle-identity").model.G
    x = images.to_tensor(noise(64, 96))
    whole, made = G(x), strips.run(G, x, kept=4 * 128 * 24 * 16 * 2, strip=200_000)
    assert (whole - made).abs().max() < CLOSE
    assert (images.to_bytes(whole).int() - images.to_bytes(made).int()).abs().max() <= 1


@pytest.mark.parametrize("name", ["bilinear", "antialiased", "zeros"])
def test_a_large_picture_in_strips_is_the_whole_to_a_grey_level(name):
    G, x = network(name), picture(1024, 1024)
    made = strips.run(G, x, kept=2 * trunk(x), strip=passes.STRIP // 16)
    assert (made - G(x)).abs().max() < 2 / 255


@pytest.mark.parametrize(
    "name",
    [
        "transposed",
        "resize_zeros",
        "antialiased",
        "layer",
        "unet",
        "unet-layer",
        "pix2pix",
        "course",
    ],
)
def test_a_flat_picture(name):
    """Variances of 0, where a norm would make a rounding error 300 times as large."""
    side = max(64, GENERATORS[name].smallest)
    G, x = network(name), torch.full((1, 3, side, side), 0.3)
    whole = G(x)
    for strip in (side * side, AMPLE):
        assert (strips.run(G, x, strip=strip) - whole).abs().max() < CLOSE


def test_moments_are_those_of_the_whole_map():
    """By NumPy in float64; of a mean so far from 0 that E[x²] − E[x]² would lose everything."""
    values = torch.randn(1, 3, 40, 30, generator=torch.Generator().manual_seed(0)) / 10 + 100
    moments = None
    for strip in values.split([1, 13, 2, 24], dim=2):
        moments = passes.Moments.of(strip).merge(moments)
    exact = values.double().numpy()
    assert moments.count == 40 * 30
    assert np.allclose(moments.mean, exact.mean((0, 2, 3)), rtol=1e-6)
    assert np.allclose(moments.variance, exact.var((0, 2, 3)), rtol=1e-4)


# Memory


def noted(G: nn.Module, x: Tensor) -> Map:
    return G(Map(x.shape))


@pytest.mark.parametrize(("count", "used"), [(1, 1), (2, 2), (3, 2), (100, 4)])
def test_no_more_is_kept_than_allowed(count, used):
    G, x = network("transposed"), picture(44, 36)
    kept, largest = set(), 0
    output = noted(G, x)
    for one in passes.plan(output, count * trunk(x)):
        kept = kept - one.spent | ({one.target} if one.keeps else set())
        held = sum(one.bytes for one in kept - {output, output.order[0]})
        assert held <= count * trunk(x)
        largest = max(largest, held)
    assert kept == {output}
    assert largest == used * trunk(x)


def test_less_memory_is_more_work():
    x = picture(44, 36)
    output = noted(network("transposed"), x)
    work = [
        sum(one.work for one in passes.plan(output, n * trunk(x)))
        / sum(m.work for m in output.order)
        for n in (1, 2, 100)
    ]
    assert work[0] > work[1] > work[2] == 1


def test_the_papers_network_at_4096_pixels():
    """Two maps of the trunk are kept, and only what lies at full resolution is made twice."""
    with torch.device("meta"):
        G = build_generator(Generator())
    output = G(Map((1, 3, 4096, 4096)))
    planned = passes.plan(output, passes.KEPT)
    not_kept = [tuple(one.target.shape) for one in planned if not one.keeps]
    assert not_kept == [(1, 64, 4096, 4096)] * 2
    once = sum(one.work for one in output.order)
    # 49 · 3 · 64 for the first convolution and 9 · 128 · 64 / 4 for the last transposed one
    again = 4096**2 * (49 * 3 * 64 + 9 * 128 * 64 // 4)
    assert sum(one.work for one in planned) == once + again
    assert again / once < 0.04


def test_too_little_memory_is_a_sentence():
    x = picture(44, 36)
    with pytest.raises(ImageError, match=r"picture of 36×44 pixels.*choose a shorter longest side"):
        strips.run(network("transposed"), x, kept=trunk(x) - 1)


def test_a_unet_needs_no_memory_for_its_skips():
    for name, strip in (("unet", 10_000), ("pix2pix", 200_000)):
        G, x = network(name), picture(*SIZES[GENERATORS[name].kind])
        assert (strips.run(G, x, kept=0, strip=strip) - G(x)).abs().max() < CLOSE


def test_spent_blocks_are_let_go_on_the_way():
    kept = passes.Kept.empty(torch.Size((1, 2, 500, 5)), torch.zeros(1))
    kept.fill(0, torch.arange(5000.0).view(1, 2, 500, 5))
    assert len(kept.blocks) == 20  # 25 rows of 40 bytes each
    assert torch.equal(kept.rows(30, 130), torch.arange(5000.0).view(1, 2, 500, 5)[:, :, 30:130])
    kept.rows(60, 80)
    kept.let_go()
    assert kept.blocks[0][0] == 25


def test_the_network_and_the_picture_are_left_as_they_are():
    G, x = network("resize"), picture(44, 36)
    weights, before = {k: v.clone() for k, v in G.state_dict().items()}, x.clone()
    first = strips.run(G, x, strip=3000)
    assert torch.equal(x, before) and torch.equal(first, strips.run(G, x, strip=3000))
    assert all(torch.equal(v, weights[k]) for k, v in G.state_dict().items())
    strips.run(nn.Sequential(nn.ReLU(inplace=True), nn.LeakyReLU(0.2, inplace=True)), x)
    assert torch.equal(x, before)


# What strips do not know


@pytest.mark.parametrize(
    "layer",
    [
        nn.Sigmoid(),
        nn.ReplicationPad2d(1),
        nn.ConstantPad2d(1, 0.5),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        nn.Upsample(scale_factor=2, mode="bicubic"),
        nn.AvgPool2d(3, padding=1),
        nn.Upsample(size=(64, 64)),
        nn.ConvTranspose2d(3, 3, 1, stride=2),
        nn.InstanceNorm2d(3, track_running_stats=True).eval(),
    ],
    ids=repr,
)
def test_unknown_operations_are_refused(layer):
    with pytest.raises(NotImplementedError, match=r"^Strips know no rows of "):
        strips.run(layer, picture(16, 16))


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation"),
    [(5, 3, 2, 1), (4, 1, 0, 2), (1, 1, 0, 1), (3, 2, 1, 2)],
)
def test_convolutions_of_other_shapes(kernel, stride, padding, dilation):
    torch.manual_seed(0)
    x = picture(23, 17)
    conv = nn.Conv2d(3, 6, kernel, stride, padding, dilation, groups=3).requires_grad_(False)
    up = nn.ConvTranspose2d(
        6, 4, kernel, stride, padding, min(1, stride - 1), 2, dilation=dilation
    ).requires_grad_(False)
    both = nn.Sequential(conv, up)
    for strip in (1, 600, AMPLE):
        assert (strips.run(both, x, strip=strip) - both(x)).abs().max() < 1e-5


def test_a_batch_is_refused():
    with pytest.raises(ValueError, match="not of 2 at once"):
        strips.run(network("transposed"), torch.zeros(2, 3, 16, 16))


# Progress


@pytest.mark.parametrize("name", ["transposed", "unet"])
def test_progress_grows_to_one(name):
    seen = []
    strips.run(network(name), picture(64, 32), seen.append, strip=10_000)
    assert len(seen) > 10 and seen[0] > 0 and seen[-1] == 1
    assert seen == sorted(seen)
