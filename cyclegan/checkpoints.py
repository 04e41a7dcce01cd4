"""Copy a run's checkpoint for shipping: `python -m cyclegan.checkpoints --help`."""

import sys

from .store.checkpoints import main

if __name__ == "__main__":
    sys.exit(main())
