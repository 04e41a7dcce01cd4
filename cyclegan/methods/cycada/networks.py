"""What CyCADA has beside CycleGAN's networks: who finds z, who names pictures of either side, and a
judge of features."""

import torch
from torch import Tensor, nn

from ...core.networks.classifier import Classifier
from ...core.networks.resnet import ResNetGenerator
from ..augmented.networks import ConditionalGenerator, Encoder

LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in grey (ITU-R BT.601)."""

HIDDEN = 64
"""Units of each of the two hidden layers; the paper's code for digits has 500."""

OF_MEAN, OF_COVARIANCE, LEAST = 0.1, 0.03, 1e-3
"""Shares of a batch in the running moments of z, and what each variance has at least, as a share of
the mean of all."""


class Moments(nn.Module):
    """Running mean and covariance of what E finds, (latent,) and (latent, latent), by which z is
    written from outside: whitened, so that a z from N(0, 1) is as one that was found."""

    def __init__(self, latent: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(latent))
        self.register_buffer("covariance", torch.eye(latent))

    def follow(self, found: Tensor) -> None:
        self.mean.lerp_(found.mean(0), OF_MEAN)
        around = found - self.mean
        self.covariance.lerp_(around.T @ around / len(found), OF_COVARIANCE)

    def white(self, found: Tensor) -> Tensor:
        return torch.linalg.solve_triangular(self._root(), (found - self.mean).T, upper=False).T

    def found(self, white: Tensor) -> Tensor:
        """What E would have said for a whitened z."""
        return self.mean + white @ self._root().T

    def _root(self) -> Tensor:
        least = LEAST * self.covariance.diagonal().mean()
        ones = torch.eye(len(self.mean), device=self.mean.device)
        return torch.linalg.cholesky(self.covariance + least * ones)


class Finder(nn.Module):
    """E of Augmented CycleGAN, and the moments of what it finds.

    x and y, (N, C, H, W) each in [-1, 1], to a whitened z, (N, latent). The moments follow as long
    as it learns, which is while gradients are asked for.
    """

    def __init__(self, width: int, x: int, y: int, latent: int):
        super().__init__()
        self.encoder = Encoder(width, x, y, latent)
        self.moments = Moments(latent)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        found = self.encoder(x, y).float()
        if self.training and torch.is_grad_enabled():
            self.moments.follow(found.detach())
        return self.moments.white(found)


class ToldGenerator(ConditionalGenerator):
    """G, whose norms hear z as E said it, and not whitened: E soon says it loudly, so that G learns
    early to listen. moments: the finder's own, so that both follow together; they are kept with
    E's weights alone."""

    def __init__(self, plain: ResNetGenerator, latent: int, moments: Moments):
        super().__init__(plain, latent)
        self._of_finder = (moments,)  # Not a part of this network.

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        (moments,) = self._of_finder
        return super().forward(x, moments.found(z))


class Namer(Classifier):
    """A classifier that names pictures of either side: (N, C, H, W) of 1 or 3 channels in [-1, 1]
    to unbounded scores (N, classes)."""

    def features(self, image: Tensor) -> Tensor:
        return super().features(as_seen(image, self.channels))


class FeatureJudge(nn.Module):
    """Features of a classifier (N, features) to an unbounded score (N, 1): three linear layers, as
    in the authors' code."""

    def __init__(self, features: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(features, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, 1),
        )

    def forward(self, features: Tensor) -> Tensor:
        return self.layers(features)


def as_seen(images: Tensor, channels: int) -> Tensor:
    """Pictures (N, C, H, W) of 1 or 3 channels as a classifier for `channels` sees them: in grey by
    their luma, or one channel as three equal ones."""
    if images.shape[1] == channels:
        return images
    if channels == 1:
        shares = torch.tensor(LUMA, device=images.device, dtype=images.dtype)
        return (images * shares[:, None, None]).sum(1, keepdim=True)
    return images.expand(-1, channels, -1, -1)
