"""Train a CycleGAN on a machine of your own: `python train.py --help`."""

import sys

from cyclegan.training.command import main

if __name__ == "__main__":
    sys.exit(main())
