"""Write a model as ONNX and for `torch.export`: `python -m cyclegan.export --help`."""

import sys

from .labs.export.command import main

if __name__ == "__main__":
    sys.exit(main())
