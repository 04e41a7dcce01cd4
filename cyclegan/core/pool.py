"""History of generated images (Shrivastava et al. 2017; section 7.1 of the paper)."""

import torch
from torch import Tensor


class ImagePool:
    """Gives the discriminator older fakes half of the time, so that it does not forget them.

    size: how many images are remembered; 0 hands every image straight through.
    seed: of the pool's own random numbers, so that nothing else disturbs them.
    """

    def __init__(self, size: int, seed: int = 0):
        self.size = size
        self.images: Tensor | None = None
        self.random = torch.Generator().manual_seed(seed)

    def query(self, images: Tensor) -> Tensor:
        """Take fakes (N, 3, H, W) in, give as many out: new ones, or old ones they replace.

        Where they lie is decided on the CPU and applied in one go: no device is waited for.
        """
        if self.size == 0:
            return images
        images = images.detach()
        room = self.size - (0 if self.images is None else len(self.images))
        fresh, rest = images[:room], images[room:]
        if len(fresh):
            self.images = torch.cat([self.images, fresh]) if room < self.size else fresh.clone()
        swapped = torch.rand(len(rest), generator=self.random) < 0.5
        # No place is taken twice in one query, so that all can be exchanged at once.
        new = swapped.nonzero().flatten()[: self.size]
        if len(new) == 0:
            return images
        old = torch.randperm(self.size, generator=self.random)[: len(new)]
        new, old = (i.to(images.device, non_blocking=True) for i in (new, old))
        taken, rest = self.images[old], rest.clone()
        self.images[old], rest[new] = rest[new], taken
        return torch.cat([fresh, rest])

    def state_dict(self) -> dict:
        return {"images": self.images, "random": self.random.get_state()}

    def load_state_dict(self, state: dict, device: torch.device | str = "cpu") -> None:
        """Take over a copy of `state`, on the `device` where the next fakes will be."""
        images = state["images"]
        self.images = None if images is None else images.to(device, copy=True)
        self.random.set_state(state["random"].cpu())
