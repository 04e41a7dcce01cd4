"""The npm packages that draw the faces, and a face as they draw it.

Needs Node.js and resvg_py. Knows nothing of roles, nor of the files that ship.
"""

import io
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..data import DataError
from .read import SIDE

PACKAGES = {"core": "9.4.3", "pixel-art": "9.4.3"}
"""Versions, by name under @dicebear."""

DRAW = Path(__file__).with_name("draw.mjs")


@dataclass(frozen=True)
class Face:
    """What is drawn. frame, colour: of the glasses; None for none, "" for what the seed says."""

    seed: str
    frame: str | None = ""
    colour: str = ""

    @property
    def options(self) -> dict:
        """In the package's words. Every seed draws as many random numbers whatever they are, so
        that all but the glasses stays."""
        found: dict = {"seed": self.seed, "backgroundColor": ["ffffff"]}
        found["glassesProbability"] = 0 if self.frame is None else 100
        found |= {"glasses": [self.frame]} if self.frame else {}
        return found | ({"glassesColor": [self.colour]} if self.colour else {})


def check(folder: Path) -> None:
    """Raise DataError unless the packages in `folder`/node_modules are those that were packed."""
    for name, version in PACKAGES.items():
        path = folder / "node_modules" / "@dicebear" / name / "package.json"
        found = json.loads(path.read_text(encoding="utf-8"))["version"] if path.is_file() else ""
        if found != version:
            what = f"is {found}" if found else "is not there"
            raise DataError(
                f"@dicebear/{name} in {folder} {what}; fetch it: npm install "
                f"@dicebear/{name}@{version}"
            )


def draw(folder: Path, faces: Sequence[Face]) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """All faces, uint8 (N, 16, 16, 3), and each one's frame ("" without glasses) and its colour.

    folder: where node_modules lies. Raises DataError.
    """
    try:
        import resvg_py
    except ModuleNotFoundError as error:
        raise DataError("Drawing the faces needs resvg_py: pip install resvg_py") from error
    options = "\n".join(json.dumps(face.options) for face in faces)
    command = ["node", str(DRAW), str(folder)]
    try:
        ran = subprocess.run(command, input=options, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise DataError("Drawing the faces needs Node.js.") from error
    except subprocess.CalledProcessError as error:
        raise DataError(f"Node.js could not draw the faces: {error.stderr.strip()}") from error
    drawn = [json.loads(line) for line in ran.stdout.splitlines()]
    tiles = []
    for one in drawn:
        png = resvg_py.svg_to_bytes(svg_string=one["svg"], width=SIDE, height=SIDE)
        with Image.open(io.BytesIO(bytes(png))) as picture:
            tiles.append(np.asarray(picture.convert("RGB")))
    return np.stack(tiles), [(one["frame"], one["colour"].removeprefix("#")) for one in drawn]
