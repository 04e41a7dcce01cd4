"""Pull and push checkpoint sets, single checkpoints and foreign weight files on the Hub.

Of datasets, two columns of pictures can be pulled to train on.

The client is huggingface_hub: its cache, its login, its retries, its checks of size. Offline
everything local works; what was once pulled whole is taken from the cache.
"""

from .cli import main
from .layout import MAX_TOTAL, Progress
from .names import Cancelled, HubError, HubName, endpoint, parse
from .pictures import MAX_DATASET, pull_pictures
from .pulling import Card, Pulled, pull, read_card
from .pushing import push

__all__ = [
    "MAX_DATASET",
    "MAX_TOTAL",
    "Cancelled",
    "Card",
    "HubError",
    "HubName",
    "Progress",
    "Pulled",
    "endpoint",
    "main",
    "parse",
    "pull",
    "pull_pictures",
    "push",
    "read_card",
]
