"""Figures of checkpoints on held-out items: `python -m cyclegan.evaluation --help`."""

import sys

from .inference.command import main

if __name__ == "__main__":
    sys.exit(main())
