"""Pull models from the Hub, push sets to it, make a Space: `python -m cyclegan.hub --help`."""

import sys

from .labs.publishing.command import main
from .web import write_page

if __name__ == "__main__":
    sys.exit(main(write_page=write_page))
