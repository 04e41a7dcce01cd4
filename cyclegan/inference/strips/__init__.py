"""A network over a picture too large for memory: strip by strip, to the same result.

Instance norm sees the whole picture, so tiles on their own come out wrong; batch norm, once
trained, does not. Here the network first runs on a map that computes nothing and only notes which
rows are made of which (`maps`); what was noted is cut into passes, each of which makes one map
strip by strip (`passes`).
"""

from .passes import run

__all__ = ["run"]
