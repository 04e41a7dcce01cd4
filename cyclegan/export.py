"""Take a model away, as files or as a page: `python -m cyclegan.export --help`."""

import sys

from .labs.export.command import main
from .web import write_page

if __name__ == "__main__":
    sys.exit(main(write_page=write_page))
