"""What trained networks make of an item, and how good that is."""

from .loading import load
from .translator import LARGEST_SIDE, LONGEST_SIDE, Translation, Translator

__all__ = ["LARGEST_SIDE", "LONGEST_SIDE", "Translation", "Translator", "load"]
