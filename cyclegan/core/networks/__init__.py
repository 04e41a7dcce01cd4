"""Generators and discriminators, in the notation of the paper (section 7.2).

Knows architectures and their initialisation. Knows nothing of losses, training or images on disk.
Images are float tensors (N, C, H, W) in [-1, 1]; what is no image has its shape said there.
"""

from bisect import bisect_left
from dataclasses import replace

import torch
from torch import nn

from .. import config
from .course import CourseDiscriminator, CourseGenerator
from .gated import GatedDiscriminator, GatedGenerator
from .layers import BatchNorm
from .layers import is_over_batches as is_over_batches
from .patches import Patch4, PatchGAN
from .resnet import ResNetGenerator
from .unets import Pix2PixUNet, UNetGenerator


def build_generator(
    settings: config.Generator, channels: int = 3, out: int = 3, initialisation: str = "normal"
) -> ResNetGenerator | UNetGenerator | Pix2PixUNet | CourseGenerator | GatedGenerator:
    """A fresh generator from `channels` to `out`; initialisation: as in config.Training."""
    s = settings
    if s.kind == "unet":
        network = UNetGenerator(s.width, s.upsampling, channels, out, s.norm)
    elif s.kind == "pix2pix":
        network = Pix2PixUNet(s.width, s.blocks, channels, out, s.norm)
    elif s.kind == "course":
        network = CourseGenerator(s.width, s.blocks, channels, out)
    elif s.kind == "gated":
        network = GatedGenerator(s.width, s.blocks)
    else:
        ways = s.downsampling, s.padding, s.norm
        strides = (1, 2) if s.kind == "augmented" else (2, 2)
        network = ResNetGenerator(s.width, s.blocks, s.upsampling, channels, out, *ways, strides)
    return initialise(network, initialisation)


def build_discriminator(
    settings: config.Discriminator, channels: int = 3, initialisation: str = "normal"
) -> PatchGAN | Patch4 | CourseDiscriminator | GatedDiscriminator:
    """A fresh discriminator; initialisation: as in config.Training."""
    s = settings
    if s.kind == "course":
        network = CourseDiscriminator(s.width, channels)
    elif s.kind == "gated":
        network = GatedDiscriminator(s.width)
    else:
        kinds = {"patchgan": PatchGAN, "patch4": Patch4}
        network = kinds[s.kind](s.width, channels, s.norm)
    return initialise(network, initialisation)


def parameters(network: nn.Module) -> int:
    """How many numbers a network learns."""
    return sum(parameter.numel() for parameter in network.parameters())


Settings = config.Generator | config.Discriminator


def as_large(settings: Settings, like: Settings) -> Settings:
    """Settings with the width that brings a network's parameters nearest to those of another, both
    for pictures of 3 channels."""

    def size(of: Settings) -> int:
        build = build_generator if isinstance(of, config.Generator) else build_discriminator
        with torch.device("meta"):
            return parameters(build(of))

    def at(width: int) -> int:
        return size(replace(settings, width=width))

    wanted = size(like)
    above = 1 + bisect_left(range(1, config.WIDEST), wanted, key=at)
    width = min((max(1, above - 1), above), key=lambda width: abs(at(width) - wanted))
    return replace(settings, width=width)


def initialise(network: nn.Module, kind: str = "normal") -> nn.Module:
    """Draw every convolution's weights, and set its biases to 0, by config.Training's kind.

    "normal" is N(0, 0.02) (section 7.1) and, as in the original authors' code, N(1, 0.02) for the γ
    of a batch norm, which otherwise begins at 1. Nothing is drawn on the meta device, where a
    network is only a form to be filled.
    """
    if kind == "pytorch":  # Drawn already.
        return network
    for module in network.modules():
        if (
            isinstance(module, nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d)
            and not module.weight.is_meta
        ):
            if kind == "glorot":
                nn.init.xavier_uniform_(module.weight)
            else:
                nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, BatchNorm) and kind == "normal" and not module.weight.is_meta:
            nn.init.normal_(module.weight, 1.0, 0.02)
    return network
