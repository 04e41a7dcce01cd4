"""The networks of one variant, by role.

A module whose weights are saved and loaded as "G.…", "D_X.…". Knows no optimiser and no data.
"""

from collections.abc import Iterable
from math import prod

import torch
from torch import nn

from ..core.config import Config
from . import shelf


class Model(nn.Module):
    """The networks that a config describes: `model.G` or `model["G"]`, None where one is not there.

    A role is missing where the objective needs no such network, or a file lacks it.
    """

    def __init__(self, config: Config):
        super().__init__()
        self.method = shelf.find(config.method)
        self.config = config
        networks = self.method.networks(config)
        for role in self.method.roles:
            setattr(self, role, networks.get(role))

    def __getitem__(self, role: str) -> nn.Module:
        return getattr(self, role)

    @property
    def networks(self) -> dict[str, nn.Module]:
        """Those that are there, by role."""
        found = {role: getattr(self, role) for role in self.method.roles}
        return {role: network for role, network in found.items() if network is not None}

    def group(self, roles: Iterable[str]) -> nn.ModuleList:
        """Those of `roles` that are there."""
        return nn.ModuleList([n for role in roles if (n := getattr(self, role)) is not None])


def work(config: Config, side: int) -> float:
    """Operations (a product and its sum are two) of the heaviest generator for a picture of side²,
    or for another item of that length.

    Counted by the convolutions' shapes; 0 where no network takes either.
    """
    with torch.device("meta"):  # Without memory, and nothing is computed.
        networks = Model(config).networks
    found, method, random = [0.0], shelf.find(config.method), torch.Generator()
    views = [view for d in method.directions(config) for view in method.views(config, d)]
    # What a network takes beside a picture.
    beside = {view.network: view.of[1:] for view in reversed(views)}

    def count(layer: nn.Module, given: tuple, made: torch.Tensor) -> None:
        places = given[0] if isinstance(layer, nn.ConvTranspose2d) else made
        found[-1] += 2.0 * layer.weight.numel() * prod(places.shape[2:])

    for role, network in networks.items():
        is_of_time = hasattr(network, "learned")
        if not (hasattr(network, "multiple") or is_of_time):  # A judge, or a plug-in's.
            continue
        found.append(0.0)
        for layer in network.modules():
            if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d):
                layer.register_forward_hook(count)
        if is_of_time:
            with torch.no_grad():
                network(torch.empty(1, network.learned, side, device="meta"))
            continue
        channels = config.channels.y if role == "F" else config.channels.x
        sides = max(network.smallest, -(-side // network.multiple) * network.multiple)
        latents = [method.latent(n, config, 1, random) for n in beside.get(role, ())]
        with torch.no_grad():
            picture = torch.empty(1, channels, sides, sides, device="meta")
            network(picture, *(latent.to("meta") for latent in latents))
    return max(found)


CycleGAN = Model
"""The name in the model cards that were published when there was one method."""
