"""Pull models from the Hub, push sets to it, make a Space: `python -m cyclegan.hub --help`."""

import sys

from .labs.publishing.command import main

if __name__ == "__main__":
    sys.exit(main())
