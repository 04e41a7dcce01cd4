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
        """Take fakes (N, 3, H, W) in, give as many out: new ones, or old ones they replace."""
        if self.size == 0:
            return images
        chosen = []
        for image in images.detach().split(1):
            stored = 0 if self.images is None else len(self.images)
            if stored < self.size:
                self.images = image.clone() if stored == 0 else torch.cat([self.images, image])
                chosen.append(image)
            elif torch.rand((), generator=self.random) < 0.5:
                i = int(torch.randint(self.size, (), generator=self.random))
                chosen.append(self.images[i : i + 1].clone())
                self.images[i] = image[0]
            else:
                chosen.append(image)
        return torch.cat(chosen)

    def state_dict(self) -> dict:
        return {"images": self.images, "random": self.random.get_state()}

    def load_state_dict(self, state: dict, device: torch.device | str = "cpu") -> None:
        """Take over a copy of `state`, on the `device` where the next fakes will be."""
        images = state["images"]
        self.images = None if images is None else images.to(device, copy=True)
        self.random.set_state(state["random"].cpu())
