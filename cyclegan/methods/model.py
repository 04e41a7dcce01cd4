"""The networks of one variant, by role.

A module whose weights are saved and loaded as "G.…", "D_X.…". Knows no optimiser and no data.
"""

from collections.abc import Iterable

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


CycleGAN = Model
"""The name in the model cards that were published when there was one method."""
