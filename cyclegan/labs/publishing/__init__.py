"""A set goes to the Hub with its card."""

from .pushing import push

__all__ = ["push"]
