"""A network as a graph: float32 in and out, whatever size a picture has.

Knows no file format.
"""

import copy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from .parts import Part

NORMS = nn.GroupNorm | _BatchNorm | _InstanceNorm
"""Those that stay in float32, as under autocast: sums over a picture are too large for float16. The
book's layer norm sees to that itself."""


class AnySize(nn.Module):
    """A generator that enlarges pictures to a size that it takes, as `images.pad` does, and cuts
    what it makes back: (N, C, H, W) to (N, out, H, W)."""

    def __init__(self, network: nn.Module, precision: torch.dtype):
        super().__init__()
        self.network = network
        self.precision = precision

    def forward(self, picture: Tensor) -> Tensor:
        height, width = picture.shape[-2:]
        fitted = picture.to(self.precision)
        for side in (2, 3):
            fitted = _mirrored(fitted, side, self.network.multiple, self.network.smallest)
        return self.network(fitted)[..., :height, :width].float()


class AsItIs(nn.Module):
    """A judge: (N, C, H, W) to scores (N, 1, h, w)."""

    def __init__(self, network: nn.Module, precision: torch.dtype):
        super().__init__()
        self.network = network
        self.precision = precision

    def forward(self, picture: Tensor) -> Tensor:
        return self.network(picture.to(self.precision)).float()


def graph_of(part: Part, precision: torch.dtype = torch.float32) -> nn.Module:
    """A network of its own, which computes in `precision`."""
    network = copy.deepcopy(part.network)
    if precision != torch.float32:
        network.to(precision)
        for layer in network.modules():
            if isinstance(layer, NORMS):
                layer.float()
                layer.register_forward_pre_hook(lambda _, given: (given[0].float(),))
                layer.register_forward_hook(lambda _, given, made: made.to(precision))
    return (AsItIs if part.is_judge else AnySize)(network, precision).eval()


def rounded(part: Part, precision: torch.dtype) -> nn.Module:
    """What a machine makes of the graph that has numbers of `precision` alone between its layers:
    computed in float32, with the weights and every layer's result rounded."""

    def to_nearest(tensor: Tensor) -> Tensor:
        return tensor.to(precision).float()

    graph = graph_of(part)
    for weight in graph.parameters():
        weight.data = to_nearest(weight.data)
    for layer in graph.modules():
        if not any(True for _ in layer.children()):
            layer.register_forward_hook(lambda _, given, made: to_nearest(made))
    graph.network.register_forward_pre_hook(lambda _, given: (to_nearest(given[0]),))
    return graph


def _mirrored(x: Tensor, side: int, multiple: int, smallest: int) -> Tensor:
    """`images.pad` along one side, as places to copy from: there and back again as often as it
    takes.

    The count is read out of a tensor on purpose. As a number that nothing is known of but its
    least, it leaves the graph open for every size; as an expression of the picture's size, it would
    be compared with that, and the graph made for one outcome alone.
    """
    last = torch.full((), x.shape[side]) - 1
    least = -(-smallest // multiple)
    count = (last // multiple + 1).clamp(min=least).item()
    torch._check(count >= least)
    there = torch.arange(count * multiple) % (2 * last).clamp(min=1)
    return x.index_select(side, last - (there - last).abs())
