"""Two lessons of the same pictograms in two styles: `drawing` (line ↔ flat), `emoji` (flat ↔ 3D).

Both are Microsoft's Fluent emoji; what they are made of is `read`'s business.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...core.config import Direction, Domains
from ...core.figures import Figure
from ...methods.cyclegan import Objective
from .. import returned
from ..brushes import Brush, colour
from ..data import DataError, UnpairedData
from ..lesson import Arm, Example, Hidden, Lesson, Recipe, ratio
from ..story import BACK, IDENTITY, LEARN, UNPAIRED
from ..troubles import ALIKE, COPY, KEPT, LOST, WRONG, Bound, Trouble, Values
from .read import SIDE, Pack, load, on_white, silhouette

INK = 245
"""A pixel of something made belongs to the pictogram where any channel lies below this."""


def silhouette_iou(made: np.ndarray, truth_silhouette: np.ndarray) -> float:
    """Overlap of what was made (H, W, 3) with the truth's silhouette (H, W): IoU; 1 if neither."""
    drawn, true = made.min(-1) < INK, truth_silhouette.astype(bool)
    union = (drawn | true).sum()
    return float((drawn & true).sum() / union) if union else 1.0


def colour_error(made: np.ndarray, truth: np.ndarray, truth_silhouette: np.ndarray) -> float:
    """Mean |difference| inside the truth's silhouette, 0–255; 0 where that is empty."""
    inside = truth_silhouette.astype(bool)
    if not inside.any():
        return 0.0
    return float(np.abs(made[inside].astype(np.int16) - truth[inside]).mean())


def colour_returned(
    original: np.ndarray, back: np.ndarray, original_silhouette: np.ndarray
) -> tuple[float, float]:
    """What of the way from grey to the colours came back, and all of that way.

    Sums over the silhouette of |grey − y| − |G(F(y)) − y|, and of |grey − y|; grey is y's luma
    (ITU-R BT.601). Both are 0 where the silhouette is empty.
    """
    inside = original_silhouette.astype(bool)
    true = original[inside].astype(np.int16)
    grey = np.asarray(Image.fromarray(original).convert("L"))[inside]
    way = float(np.abs(grey[:, None] - true).sum())
    return way - float(np.abs(back[inside] - true).sum()), way


SILHOUETTE_IOU = Figure(
    "silhouette_iou",
    "silhouette IoU",
    better="high",
    needs=("made", "truth_silhouette"),
    of=silhouette_iou,
    is_quick=True,
    reads="Whether the shape is right: overlap of what was drawn with the true silhouette.",
    formula="|drawn(G(x)) ∩ silhouette(y)| / |drawn(G(x)) ∪ silhouette(y)|",
)
COLOUR_ERROR = Figure(
    "colour_error",
    "colour error",
    unit="0–255",
    decimals=1,
    needs=("made", "truth", "truth_silhouette"),
    of=colour_error,
    is_quick=True,
    reads="Distance from the true colours inside the true silhouette, 0 to 255.",
    formula="E[|G(x) − y|] inside the silhouette of y",
)


def in_grey(picture: Image.Image) -> Image.Image:
    return picture.convert("L").convert("RGB")


COLOUR_RETURNED = returned.family(
    "colour_returned",
    "colour returned",
    colour_returned,
    ("original_silhouette",),
    "Share of the colours that comes back through the line drawing, where there is none{}: 1 is "
    "all, 0 as far off as grey.",
    "1 − E|G(F(y)) − y| / E|grey(y) − y| inside the silhouette of y",
)

WRONG_COLOURS = Trouble(
    "colours",
    "x comes back, but in other colours than the true ones",
    (KEPT, Bound("colour_error", "above", 1.5, "itself")),
)


class FluentPair(Lesson):
    """Pictograms as X has them ↔ as Y has them; no pictogram is in the training of both."""

    licence = "MIT (Microsoft, Fluent Emoji)"
    own = (SILHOUETTE_IOU, COLOUR_ERROR)
    norm = "layer"
    """Instance norm takes away how strong a colour is, by which these are told apart."""
    sizes = (32, 48, SIDE)
    largest = SIDE
    styles = ("", "")
    """Of X and of Y, as `Pack` has them."""
    shown: Mapping[str, str] = MappingProxyType({})
    """Examples: names for people, and code points; the clearest first."""

    def sides(self, pack: Pack) -> Sequence[np.ndarray]:
        """All pictograms as X has them, and as Y has them: RGBA (N, 64, 64, 4) each."""
        return [getattr(pack, style) for style in self.styles]

    def open(self, size: int, fit: str) -> UnpairedData:
        if size > SIDE:
            raise DataError(f"{self.name} has no pictures of {size} pixels; {SIDE} are the most.")
        pack = load()
        x, y, test = (_places(pack, role) for role in ("x", "y", "test"))
        all_x, all_y = self.sides(pack)
        sides = [[_reduced(side[i], size) for i in test] for side in (all_x, all_y)]
        return UnpairedData(
            domains=self.domains,
            train_x=_kept(_reduced(all_x[i], size) for i in x),
            train_y=_kept(_reduced(all_y[i], size) for i in y),
            test_x=_kept(sides[0]),
            test_y=_kept(sides[1]),
            paired=True,
            in_memory=True,
            train_truth=_kept(_reduced(all_y[i], size) for i in x),
            figures=self.figures,
            known_x={"silhouette": [silhouette(tile) for tile in sides[0]]},
            known_y={"silhouette": [silhouette(tile) for tile in sides[1]]},
            groups=[pack.codes[i].split("-")[0] for i in test],
        )

    def is_whole(self, size: int) -> bool:
        return True

    def brushes(self, direction: Direction) -> list[Brush]:
        """The colours of the hearts, as the side has them; lines have ink alone."""
        pack, style = load(), self.styles[direction == "yx"]
        hearts = INK_ALONE if style == "line" else HEARTS
        found = []
        for name, code in hearts.items():
            tile = getattr(pack, style)[pack.codes.index(code)]
            found.append(colour(name, np.median(tile[tile[..., 3] == 255], axis=0)[:3]))
        return [*found, colour("eraser", (255, 255, 255))]

    def examples(self) -> list[Example]:
        pack, found = load(), []
        for name, code in self.shown.items():
            tiles = [side[pack.codes.index(code)] for side in self.sides(pack)]
            (x, y), known = _kept(tiles), [{"silhouette": silhouette(tile)} for tile in tiles]
            found.append(Example(name, x, y, *known))
        return found


HEARTS = {
    "black": "1f5a4",
    "red": "2764",
    "orange": "1f9e1",
    "yellow": "1f49b",
    "green": "1f49a",
    "blue": "1f499",
    "purple": "1f49c",
    "brown": "1f90e",
}
INK_ALONE = {"ink": HEARTS["black"]}
"""What a visitor paints with: names, and pictograms whose middle colour it is."""


def _places(pack: Pack, role: str) -> list[int]:
    return [i for i, found in enumerate(pack.roles) if found == role]


def _reduced(tile: np.ndarray, size: int) -> np.ndarray:
    """(64, 64, 4) RGBA to (size, size, 4), its colours weighed by alpha."""
    if size == SIDE:
        return tile
    picture = Image.fromarray(tile).convert("RGBa")
    return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS).convert("RGBA"))


def _kept(tiles: Iterable[np.ndarray]) -> list[Tensor]:
    """RGBA laid on white, as uint8 (3, H, W)."""
    return [torch.from_numpy(on_white(tile).transpose(2, 0, 1).copy()) for tile in tiles]


DRAWINGS = {
    "Dog": "1f436",
    "Apple": "1f34e",
    "Rose": "1f339",
    "Unicorn": "1f984",
    "Pineapple": "1f34d",
    "Mushroom": "1f344",
    "Bus": "1f68c",
    "Fire": "1f525",
    "Maple Leaf": "1f341",
    "Airplane": "2708",
    "Elephant": "1f418",
    "Lantern": "1f383",
}
EMOJI = {
    "Dog": "1f436",
    "Turtle": "1f422",
    "Nerd": "1f913",
    "Bus": "1f68c",
    "Magnet": "1f9f2",
    "Clover": "1f340",
    "Horse": "1f434",
    "Unicorn": "1f984",
    "Rose": "1f339",
    "Teddy Bear": "1f9f8",
    "Backpack": "1f392",
    "Cold": "1f976",
}


class Drawing(FluentPair):
    """A line drawing has many colourings; a colouring keeps its colours only if they are hidden."""

    name = "drawing"
    title = "line ↔ colour"
    domains = Domains("line", "colour")
    source = "Fluent emoji, high contrast and flat (npm @iconify-json/fluent-emoji-…, 1.2.6)"
    styles = ("line", "flat")
    shown = DRAWINGS
    own = (*FluentPair.own, *COLOUR_RETURNED)
    headline = ("cycle_error", "silhouette_iou", "diversity")
    hidden = Hidden(
        *("yx", "Fire", "colour_returned", "the colours"),
        bare=in_grey,
        barely="in grey alone",
    )
    story = (
        replace(UNPAIRED, is_best=True),
        replace(BACK, is_best=True),
        replace(LEARN, is_best=True),
    )

    def seen(self, with_it: Values, without: Values) -> bool:
        """What comes back is that drawing with the cycle loss, and blots without."""
        kept = ratio(with_it, without, "cycle_error")
        return kept is not None and kept <= 0.5

    def wrong(self, made: Values, itself: Values) -> str:
        """By the shape: which colours are right is not in a line drawing."""
        shape = made.get("silhouette_iou", 1.0)
        is_wrong = shape < min(0.4, itself.get("silhouette_iou", 1.0))
        return "the shape is not the true one" if is_wrong else ""


WITH_IDENTITY = (
    Arm("with the identity loss", Objective()),
    Arm("without the identity loss", Objective(identity=0.0)),
)
"""What identity is for: both keep the way back."""


class Emoji(FluentPair):
    """So close a pair that most of it is right by itself. Only the identity term asks for the
    colours; without it they stayed in each bundled seed, and were turned round in a pilot."""

    name = "emoji"
    title = "flat ↔ 3D"
    domains = Domains("flat", "3D")
    source = (
        "Fluent emoji, flat (npm @iconify-json/fluent-emoji-flat 1.2.6) and 3D (npm "
        "@lobehub/fluent-emoji-3d 1.1.0)"
    )
    styles = ("flat", "three_d")
    shown = EMOJI
    headline = ("colour_error", "cycle_error", "silhouette_iou")
    story = (UNPAIRED, BACK, IDENTITY)
    troubles = (ALIKE, COPY, LOST, WRONG_COLOURS, WRONG)

    @property
    def recipe(self) -> Recipe:
        config = super().recipe.config
        return Recipe(replace(config, objective=WITH_IDENTITY[0].objective), WITH_IDENTITY)

    def seen(self, with_it: Values, without: Values) -> bool:
        """The colours are right with the identity loss, and others without: rarely so."""
        kept = ratio(with_it, without, "colour_error")
        return kept is not None and kept <= 0.6

    def wrong(self, made: Values, itself: Values) -> str:
        """By the colours, which x has already."""
        own, kept = made.get("colour_error"), itself.get("colour_error")
        if own is not None and kept is not None and own > max(1.5 * kept, kept + 20):
            return "the colours are not the true ones"
        return ""
