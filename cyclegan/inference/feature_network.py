"""InceptionV3 as KID and FID take it: its weights from a file or the Hub, its features of pictures.

torch-fidelity has the network and torchmetrics what is computed with it; neither is a requirement
of this project. Nothing is downloaded but what is named. Knows no generator and no figure.
"""

import hashlib
import importlib.util
import io
import os
from pathlib import Path

import torch
from cachetools import LRUCache
from torch import Tensor, nn

from ..core import images
from ..core.config import ConfigError
from ..core.files import printable
from ..store import catalogue, hub
from ..store.checkpoints import CheckpointError
from ..store.formats import read

NEEDED = ("torchmetrics", "torch_fidelity")

SIDE = 299
"""Pixels; every picture is scaled to a square of it by torchmetrics, which takes bilinear steps."""

FEATURES = 2048
"""Of a picture: the means of the last layer before the classes."""

PUBLISHED = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
"""The SHA-256 of the published file, whose name has its beginning."""

WHERE = (
    "It takes the weights of torch-fidelity's InceptionV3 (96 MB), from https://github.com/toshas/"
    "torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth or, as "
    "pytorch-fid calls the same file, pt_inception-2015-12-05-6726825d.pth."
)

BATCH = 16


def check() -> None:
    """Raise ConfigError where what KID and FID need is not installed."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        raise ConfigError(
            "KID and FID need torchmetrics and torch-fidelity, not both installed here: pip "
            'install "torchmetrics[image]"'
        )


def from_anywhere(name: str) -> str:
    """A name that means the same in every working directory: a file's becomes its whole path."""
    return str(Path(name).absolute()) if os.path.lexists(name) else name


class FeatureNetwork:
    """Features of pictures, in float32 on the CPU.

    network: (N, 3, H, W) uint8 to (N, features). note: a sentence about its weights, or "".
    """

    def __init__(self, network: nn.Module, device: torch.device | str = "cpu", note: str = ""):
        self.network, self.device, self.note = network.to(device).eval(), device, note
        self._known: LRUCache[bytes, Tensor] = LRUCache(maxsize=2)

    @torch.inference_mode()
    def of(self, kept: Tensor) -> Tensor:
        """(N, features) of pictures (N, C, H, W) as kept, as people see them: grey as RGB, and of
        other numbers of channels what is shown of them."""
        pictures = torch.stack([images.to_uint8(images.drawn(one)) for one in kept])
        parts = [self.network(part.to(self.device)).cpu() for part in pictures.split(BATCH)]
        return torch.cat(parts).float()

    def of_real(self, kept: Tensor) -> Tensor:
        """The same; the last two collections are remembered: X and Y, against which everything is
        held."""
        key = hashlib.sha256(kept.numpy().tobytes()).digest()
        if key not in self._known:
            self._known[key] = self.of(kept)
        return self._known[key]


def load(name: str, device: torch.device | str) -> FeatureNetwork:
    """The network with the weights of a file, or of `user/repo[@revision][:file]` on the Hub.

    Leaves PyTorch's random numbers as they are. Raises ConfigError where a package is missing, and
    CheckpointError where the weights cannot be had, or are of another network.
    """
    check()
    path = _path(name)
    weights, _ = read(path)
    if not all(value.isfinite().all() for value in weights.values()):
        raise CheckpointError(f"{printable(path.name)} has weights that are no numbers. {WHERE}")
    # Imported here, as it takes packages that may be missing.
    from torchmetrics.image.fid import NoTrainInceptionV3

    # torch-fidelity opens what it is given as a pickle that may run code, and downloads where it is
    # given nothing: so it gets what was read here, written anew.
    checked = io.BytesIO()
    torch.save(weights, checked)
    checked.seek(0)
    try:
        with torch.random.fork_rng(devices=[]):
            network = NoTrainInceptionV3("inception-v3-compat", [str(FEATURES)], checked)
    except RuntimeError:  # Missing, unknown or otherwise shaped weights, one a line.
        first = f", the first of them {printable(next(iter(weights)))}" if weights else ""
        raise CheckpointError(
            f"{printable(path.name)} holds another network ({len(weights):,} weights{first}), as "
            f"torchvision's Inception is one. {WHERE}"
        ) from None
    return FeatureNetwork(network, device, _note(path))


def _path(name: str) -> Path:
    """The file of a name, brought here first where it is the Hub's."""
    path = Path(name).expanduser()
    if os.path.lexists(path):
        return path
    hub_name = hub.parse(name)
    if hub_name is None:
        raise CheckpointError(f"There is no file {name}. {WHERE}")
    try:
        with catalogue.bar() as progress:
            pulled = hub.pull(hub_name, progress)
    except hub.HubError as error:
        raise CheckpointError(f"There is no file {name} here. {error} {WHERE}") from error
    if len(pulled.files) != 1:
        raise CheckpointError(f"{name} holds a CycleGAN, no feature network. {WHERE}")
    return pulled.files[0]


def _note(path: Path) -> str:
    with open(path, "rb") as file:
        found = hashlib.sha256()
        while chunk := file.read(2**20):
            found.update(chunk)
    if found.hexdigest() == PUBLISHED:
        return ""
    return (
        f"{printable(path.name)} is not the published file (the SHA-256 of that is "
        f"{PUBLISHED[:8]}…): its KID and FID compare with each other alone."
    )
