"""A small classifier of pictures: what they show, as one number a kind."""

from torch import Tensor, nn

SIDE = 4
"""Pixels of a side of what the convolutions end in, whatever the picture's."""


class Classifier(nn.Module):
    """Three convolutions of stride 2 and two linear layers, after LeNet (LeCun et al. 1998).

    (N, channels, H, W) in [-1, 1] to unbounded scores (N, classes), whose softmax says how likely
    each kind is. H and W at least 8.
    width: filters of the first convolution; the features before the last layer are 4 times as many.
    """

    def __init__(self, channels: int, classes: int, width: int = 16):
        super().__init__()
        self.channels, self.classes, self.wide = channels, classes, 4 * width
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(SIDE),
            nn.Flatten(),
            nn.Linear(4 * width * SIDE**2, self.wide),
            nn.ReLU(),
        )
        self.last = nn.Linear(self.wide, classes)

    def features(self, image: Tensor) -> Tensor:
        """What the last layer makes its scores of: (N, 4 · width)."""
        return self.layers(image)

    def forward(self, image: Tensor) -> Tensor:
        return self.last(self.features(image))
