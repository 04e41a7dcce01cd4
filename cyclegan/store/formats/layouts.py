"""The published layouts of generators: which of their layers is which of ours.

Goes by keys and by the shape of the first convolution. Knows nothing of files, or of X and Y.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor, nn

from ...core import config, networks
from ...core.files import printable
from ..checkpoints import shape
from .reading import FormatError

AUTHORS, AUTHORS_UNET = "the original authors' generator", "the original authors' U-Net"
UPIT, PYTORCH_GAN = "UPIT's whole model", "a HugGAN / PyTorch-GAN generator"
OURS, BY_SHAPE = "this project's own generator", "a generator with the paper's topology"

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Generator:
    """A generator as it lies in a file.

    prefix: what its keys begin with. weights: by key of the file. names: our key by the file's.
    notes: sentences for people. judges: those of the file's weights that are of discriminators.
    """

    layout: str
    prefix: str
    settings: config.Generator
    weights: Weights
    names: dict[str, str]
    notes: tuple[str, ...] = ()
    judges: Weights = field(default_factory=dict)

    @property
    def title(self) -> str:
        s = self.settings
        plural = "" if s.blocks == 1 else "s"
        blocks = "" if s.kind == "unet" else f" and {s.blocks} block{plural}"
        return f"{self.layout} of {s.width} filters{blocks}"


BLOCK = re.compile(r"(.*?)(\d+)\.(conv_block|block|body)\.[156]\.(?:weight|bias)", re.S)
NEST = re.compile(r"(.*?model\.)1\.model\.((?:3\.model\.)*)[135]\.(?:weight|bias)", re.S)


def flat(prefix: str, weights: Weights, in_order: bool) -> Generator:
    """One nn.Sequential as in the paper's section 7.2: original authors, UPIT, HugGAN, and ours."""
    blocks = [match for key in weights if (match := BLOCK.fullmatch(key)) and match[1] == prefix]
    word, after = blocks[0][3], max(int(match[2]) for match in blocks) + 1
    # Dropout between the two convolutions of a block moves the second from 5 to 6.
    second = 5 if any(f".{word}.5." in match[0] for match in blocks) else 6
    later = [int(m[1]) for key in weights if (m := re.match(r"(\d+)\.\w+$", key[len(prefix) :]))]
    # Before a convolution up: nothing; nearest upsampling; that and reflection padding.
    gap = min((index - after for index in later if index >= after), default=0)
    gap = gap if gap <= 2 else 0
    settings = config.Generator(
        width=_width(weights, f"{prefix}1.weight"),
        blocks=after - 10,
        upsampling=("transposed", "resize_zeros", "resize")[gap],
    )
    layers = ["1", "4", "7"]
    layers += [f"{i}.{word}.{j}" for i in range(10, after) for j in (1, second)]
    layers += [str(after + i) for i in (gap, 3 + 2 * gap, 7 + 2 * gap)]
    parent = prefix.rstrip(".").rpartition(".")[2]
    layouts = {("conv_block", 0): AUTHORS, ("block", 1): PYTORCH_GAN, ("body", gap): OURS}
    layout = layouts.get((word, gap), BY_SHAPE)
    if layout == AUTHORS and parent in ("G_A", "G_B"):
        layout = UPIT
    return generator(layout, prefix, settings, weights, layers)


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
    if weights[key].dim() != 4 or weights[key].shape[1] != 3:
        raise FormatError(
            f"has {printable(key)} {shape(weights[key])}; the generators here begin with a "
            "convolution of pictures of 3 channels"
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
    keys = form(settings).state_dict()
    return [key.removesuffix(".weight") for key in keys if key.endswith(".weight")]


def generator(
    layout: str, prefix: str, settings: config.Generator, weights: Weights, layers: list[str]
) -> Generator:
    names = {
        f"{prefix}{theirs}.{kind}": f"{ours}.{kind}"
        for theirs, ours in zip(layers, _layers(settings), strict=True)
        for kind in ("weight", "bias")
    }
    return Generator(layout, prefix, settings, weights, names)
