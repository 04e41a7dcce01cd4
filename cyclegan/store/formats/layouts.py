"""The published layouts of generators: which of their layers is which of ours.

Goes by keys and by the shape of the first convolution. Knows nothing of files, or of X and Y.
"""

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

import torch
from torch import Tensor, nn

from ...core import config, networks
from ...core.files import printable
from ..checkpoints import shape
from .reading import FormatError

AUTHORS, AUTHORS_UNET = "the original authors' generator", "the original authors' U-Net"
UPIT, PYTORCH_GAN = "UPIT's whole model", "a HugGAN / PyTorch-GAN generator"
CUT, FORK = "CUT's generator", "a fork of the original authors' generator"
OURS, BY_SHAPE = "this project's own generator", "a generator with the paper's topology"

CHANNELS = (1, 3)
"""Of pictures: grey and RGB."""

WITH_BIASES = {AUTHORS, AUTHORS_UNET, UPIT, CUT, FORK}
"""Their code gives a convolution a bias before an instance norm, and before no other."""

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Generator:
    """A generator as it lies in a file.

    prefix: what its keys begin with. weights: by key of the file. names: our key by the file's.
    channels, out: of the pictures that it takes and gives. notes: sentences for people. judges:
    those of the file's weights that are of discriminators, by their names.
    """

    layout: str
    prefix: str
    settings: config.Generator
    weights: Weights
    names: dict[str, str]
    channels: int = 3
    out: int = 3
    notes: tuple[str, ...] = ()
    judges: dict[str, Weights] = field(default_factory=dict)

    @property
    def title(self) -> str:
        s = self.settings
        plural = "" if s.blocks == 1 else "s"
        blocks = "" if s.kind == "unet" else f" and {s.blocks} block{plural}"
        return ", ".join([f"{self.layout} of {s.width} filters{blocks}", *s.unusual])


BLOCK = re.compile(r"(.*?)(\d+)\.(conv_block|block|body)\.([0134-6])\.(?:weight|bias)", re.S)
NEST = re.compile(r"(.*?model\.)1\.model\.((?:3\.model\.)*)[135]\.(?:weight|bias)", re.S)


def flat(prefix: str, weights: Weights, in_order: bool) -> Generator:
    """One nn.Sequential as in the paper's section 7.2: original authors, UPIT, HugGAN, and ours."""
    blocks = [match for key in weights if (match := BLOCK.fullmatch(key)) and match[1] == prefix]
    word, after = blocks[0][3], max(int(match[2]) for match in blocks) + 1
    # Where no layer pads, a block begins with its convolution, which pads with zeros. Dropout
    # between the two moves the second by one.
    places = {int(match[4]) for match in blocks}
    first = 0 if 0 in places else 1
    second = first + (3 if first == 0 else 4)
    second += second not in places
    # A convolution that leaves the size to a blur has that behind it, and so the next is the 8th.
    is_blurred = f"{prefix}7.filt" in weights or weights.get(f"{prefix}8.weight", _NONE).dim() == 4
    begin = 12 if is_blurred else 10
    later = [int(m[1]) for key in weights if (m := _LAYER.fullmatch(key[len(prefix) :]))]
    # Before a convolution up: nothing; an upsampling; that and reflection padding.
    gap = min((index - after for index in later if index >= after), default=0)
    gap = gap if gap <= 2 else 0
    up = [after + i for i in (gap, 3 + 2 * gap, 7 + 2 * gap)]
    is_smooth = f"{prefix}{after}.filt" in weights
    advised = "bilinear" if word == "conv_block" else "resize"  # By the authors' answers, or not.
    settings = config.Generator(
        width=_width(weights, f"{prefix}1.weight"),
        blocks=after - begin,
        upsampling=("transposed", "bilinear_zeros" if is_smooth else "resize_zeros", advised)[gap],
        downsampling="antialiased" if is_blurred else "strided",
        padding="reflect" if first else "zeros",
    )
    layers = ["1", "4", "8" if is_blurred else "7"]
    layers += [f"{i}.{word}.{j}" for i in range(begin, after) for j in (first, second)]
    layers += [str(place) for place in up]
    layouts = {("conv_block", 0): AUTHORS, ("block", 1): PYTORCH_GAN, ("body", gap): OURS}
    layout = layouts.get((word, gap), FORK if word == "conv_block" else BY_SHAPE)
    if layout == AUTHORS and prefix.rstrip(".").rpartition(".")[2] in ("G_A", "G_B"):
        layout = UPIT
    if layout != OURS and (is_blurred or is_smooth):
        layout = CUT
        down, larger = [7, 11] * is_blurred, [after, after + 4] * is_smooth
        weights = _without_filters(prefix, weights, down, larger)
    found = generator(layout, prefix, settings, weights, layers)
    return replace(found, notes=_assumed(layout, settings))


_LAYER, _NONE = re.compile(r"(\d+)\.(?:weight|bias)"), torch.empty(0)


def _assumed(layout: str, settings: config.Generator) -> tuple[str, ...]:
    """Of what other networks have the same keys for, what is taken; in sentences."""
    found = []
    if layout != OURS and settings.padding == "reflect":
        found.append("padding by reflection (not by replication)")
    if layout != CUT and settings.upsampling != "transposed":
        either = ["nearest-neighbour", "bilinear"]
        here, not_here = either[::-1] if settings.upsampling == "bilinear" else either
        found.append(f"{here} upsampling (not {not_here})")
    said = f"As the file does not say it, this is taken for granted: {', '.join(found)}."
    zeros = "The residual blocks are padded with zeros, as the keys in the file tell."
    return *([said] if found else []), *([zeros] if settings.padding == "zeros" else [])


def _without_filters(prefix: str, weights: Weights, down: list[int], larger: list[int]) -> Weights:
    """The weights without the blurs of CUT, which are no weights but written down as such.

    down, larger: the layers with one. Raises FormatError where one lacks, or is another blur.
    """
    left = dict(weights)
    for layer in (*down, *larger):
        key = f"{prefix}{layer}.filt"
        row = torch.tensor([1.0, 2, 1] if layer in down else [1.0, 3, 3, 1])
        blur = torch.outer(row, row) / 16  # Twice as large, a pixel in four is there: 4/64.
        if key not in left:
            raise FormatError(
                f"lacks {printable(key)}: what stands between its convolutions is not known"
            )
        found = left.pop(key)
        if found.shape[1:] != (1, *blur.shape) or not torch.equal(
            found.float(), blur.expand(found.shape)
        ):
            raise FormatError(f"blurs by another filter than CUT's in {printable(key)}")
    return left


def nested(prefix: str, weights: Weights, in_order: bool) -> Generator:
    """The original authors' U-Net, each stage of which holds the next one."""
    depths = [m[2].count("3") for key in weights if (m := NEST.fullmatch(key)) and m[1] == prefix]
    blocks = max(depths) + 2
    settings = config.Generator("pix2pix", _width(weights, f"{prefix}0.weight"), blocks)
    inner = ["1.model." + "3.model." * depth for depth in range(blocks - 1)]
    down = ["0", *(f"{stage}1" for stage in inner)]
    up = [f"{inner[-1]}3", *(f"{stage}5" for stage in inner[-2::-1]), "3"]
    return generator(AUTHORS_UNET, prefix, settings, weights, down + up)


def own_unet(prefix: str, weights: Weights, in_order: bool) -> Generator:
    """Our U-Net after *GANs in Action*, without its config.json."""
    resized = any(key.startswith(f"{prefix}out.2.") for key in weights)
    width = _width(weights, f"{prefix}down.0.0.weight")
    settings = config.Generator("unet", width, 0, "resize" if resized else "transposed")
    return generator(OURS, prefix, settings, weights, _layers(settings))


def _width(weights: Weights, key: str) -> int:
    if key not in weights:
        raise FormatError(f"lacks {printable(key)}, the first convolution of a generator")
    if weights[key].dim() != 4 or weights[key].shape[1] not in CHANNELS:
        raise FormatError(
            f"has {printable(key)} {shape(weights[key])}; the generators here begin with a "
            "convolution of pictures of 1 or 3 channels"
        )
    return weights[key].shape[0]


@lru_cache(maxsize=16)
def form(settings: config.Generator | config.Discriminator) -> nn.Module:
    """A network without memory: its names and shapes."""
    is_generator = isinstance(settings, config.Generator)
    build = networks.build_generator if is_generator else networks.build_discriminator
    with torch.device("meta"):
        return build(settings)


def _layers(settings: config.Generator) -> list[str]:
    """Names of a generator's convolutions, in the order in which an image meets them."""
    weights = form(settings).state_dict().items()
    return [key.removesuffix(".weight") for key, value in weights if value.dim() == 4]


def generator(
    layout: str, prefix: str, settings: config.Generator, weights: Weights, layers: list[str]
) -> Generator:
    names = {
        f"{prefix}{theirs}.{kind}": f"{ours}.{kind}"
        for theirs, ours in zip(layers, _layers(settings), strict=True)
        for kind in ("weight", "bias")
    }
    channels = weights[f"{prefix}{layers[0]}.weight"].shape[1]
    # The last convolution has a bias in all of them, as many as there are channels.
    bias = weights.get(f"{prefix}{layers[-1]}.bias")
    out = 3 if bias is None or len(bias) not in CHANNELS else len(bias)
    return Generator(layout, prefix, settings, weights, names, channels, out)
