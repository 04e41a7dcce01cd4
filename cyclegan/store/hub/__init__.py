"""Checkpoint sets, single checkpoints and foreign weight files, pulled from the Hub.

The client is huggingface_hub: its cache, its login, its retries, its checks of size. Offline
everything local works; what was once pulled whole is taken from the cache.
"""

from .layout import MAX_TOTAL, Progress
from .names import Cancelled, HubError, HubName, endpoint, parse
from .pulling import Card, Pulled, Visitor, pull, read_card

__all__ = [
    "MAX_TOTAL",
    "Cancelled",
    "Card",
    "HubError",
    "HubName",
    "Progress",
    "Pulled",
    "Visitor",
    "endpoint",
    "parse",
    "pull",
    "read_card",
]
