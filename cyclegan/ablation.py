"""Many objectives, several seeds, one report: `python -m cyclegan.ablation --help`."""

import sys

from .labs.ablation.command import main

if __name__ == "__main__":
    sys.exit(main())
