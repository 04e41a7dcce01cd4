"""One HTML file about a run or a set: `python -m cyclegan.report --help`."""

import sys

from .labs.handout.command import main

if __name__ == "__main__":
    sys.exit(main())
