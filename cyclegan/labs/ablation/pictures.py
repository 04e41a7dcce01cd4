"""The report's pictures: the same inputs through all variants, curves, frames of the training.

Cuts them out of the sample grids that every run leaves, and draws curves from report.json's
numbers. Trains and measures nothing.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ...core import images
from ...store.checkpoints import write_atomically
from ...training.runs import SAMPLES, RunError
from .variants import GROUPS, VARIANTS

PADDING = 2
"""Pixels between the tiles of a sample grid."""

ORIGINAL, TRANSLATION, RECONSTRUCTION = range(3)
"""Columns of a sample grid; the fourth is the identity output."""

BLOCKS = {
    "The rows of the paper's table": GROUPS["paper"],
    "The same with the identity term": GROUPS["identity"],
    "Other objectives": (*GROUPS["others"], *GROUPS["better-cycles"]),
}
"""Variants that stand together in a picture, few enough to be told apart."""

COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#D55E00", "#0072B2", "#CC79A7")
"""Of the variants of one block in their order; distinct to the colour-blind (Okabe and Ito)."""

WIDTH, TILE = 1800, 192
"""Pixels of the curves, and of a tile of the inputs at least where that is a multiple of its
side: sharp where the picture is shown 900 wide."""

FRAME_ROWS = 3


@dataclass(frozen=True)
class Grid:
    """One sample grid: rows of x (and then of y), tiles of `side` pixels."""

    picture: Image.Image
    side: int

    @classmethod
    def read(cls, run: Path, step: int, side: int) -> "Grid":
        return cls(images.load(run / SAMPLES / f"{step:06d}.png"), side)

    @property
    def rows(self) -> int:
        return (self.picture.height - PADDING) // (self.side + PADDING)

    def tile(self, row: int, column: int) -> Image.Image:
        left, top = (PADDING + i * (self.side + PADDING) for i in (column, row))
        return self.picture.crop((left, top, left + self.side, top + self.side))


def present(variants: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The blocks that have any of these variants, with those they have."""
    for title, names in BLOCKS.items():
        if there := [name for name in names if name in variants]:
            yield title, there


def write_inputs(
    path: Path, grids: dict[str, Grid], inputs: int, truths: list[Image.Image], column: int
) -> None:
    """One row an input: x, the truth where known, and `column` of every variant's grid."""
    fixed = ["x", "truth"] if truths else ["x"]
    blocks = list(present(list(grids)))
    columns = len(fixed) + max(len(names) for _, names in blocks)
    side = next(iter(grids.values())).side
    tile = side * max(1, TILE // side)  # Whole pixels, so that nothing is smoothed away.
    block_height = 150 + inputs * (tile + 8)
    sheet = Image.new("RGB", (16 + columns * (tile + 8), len(blocks) * block_height), "white")
    draw = ImageDraw.Draw(sheet)
    title_font, label_font = ImageFont.load_default(32), ImageFont.load_default(24)
    for number, (title, names) in enumerate(blocks):
        top = number * block_height
        draw.text((12, top + 12), title, "black", title_font)
        for position, name in enumerate([*fixed, *names]):
            left = 12 + position * (tile + 8)
            label = VARIANTS[name].title if name in grids else name
            # What stands in the block's heading need not stand over its columns again.
            lines = textwrap.wrap(label.removesuffix(" + identity"), max(8, tile // 13))
            text = "\n".join(lines[:3])
            draw.multiline_text((left, top + 142), text, "#3f3f46", label_font, anchor="ld")
            for row in range(inputs):
                if name == "truth":
                    picture = truths[row]
                else:
                    grid = grids.get(name, grids[names[0]])
                    picture = grid.tile(row, column if name in grids else ORIGINAL)
                large = picture.resize((tile, tile), Image.Resampling.NEAREST)
                sheet.paste(large, (left, top + 150 + row * (tile + 8)))
    write_atomically(path, lambda temporary: sheet.save(temporary, "PNG", optimize=True))


def write_frame(path: Path, columns: list[list[Image.Image]], lossless: bool = False) -> None:
    """Columns of tiles, edge to edge, as WebP."""
    side = columns[0][0].width
    frame = Image.new("RGB", (side * len(columns), side * len(columns[0])))
    for i, tiles in enumerate(columns):
        for j, tile in enumerate(tiles):
            frame.paste(tile, (i * side, j * side))
    options = {"lossless": lossless, "quality": 85, "method": 6}
    write_atomically(path, lambda temporary: frame.save(temporary, "WEBP", **options))


def need_matplotlib() -> None:
    """Raises RunError where the curves cannot be drawn."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise RunError(
            "The report's curves are drawn by matplotlib, which is not installed: "
            "pip install matplotlib"
        ) from error


def write_curves(path: Path, variants: list[dict], panels: dict[str, tuple[str, str]]) -> None:
    """Small multiples: a row a block of variants, a column a figure, a band from seed to seed.

    variants: of report.json. panels: a title to ("figures" or "terms", key).
    """
    # Imported here, since nothing but a report needs them.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    by_name = {variant["name"]: variant for variant in variants}
    blocks = list(present(list(by_name)))
    figure = Figure(figsize=(9, 0.3 + 2.9 * len(blocks)), dpi=WIDTH / 9, layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subfigures(len(blocks), 1, squeeze=False)[:, 0]
    drawn = []
    for part, (title, names) in zip(rows, blocks, strict=True):
        part.suptitle(title, fontsize=11, x=0.01, ha="left")
        axes = part.subplots(1, len(panels), squeeze=False)[0]
        for axis, (label, (kind, key)) in zip(axes, panels.items(), strict=True):
            for colour, name in zip(COLOURS, names, strict=False):
                curves = by_name[name]["curves"]
                if (found := curves[kind].get(key)) is None:
                    axis.plot([], [], color=colour, label=by_name[name]["title"])
                    continue
                mean = found["mean"] if kind == "figures" else found
                axis.plot(curves["steps"], mean, color=colour, lw=1.4, label=by_name[name]["title"])
                if kind == "figures":
                    band = found["low"], found["high"]
                    axis.fill_between(curves["steps"], *band, color=colour, alpha=0.18, lw=0)
            axis.set_title(label, fontsize=9)
            axis.tick_params(labelsize=8)
            axis.spines[["top", "right"]].set_visible(False)
            axis.set_xlabel("step", fontsize=8)
        drawn.append(axes)
        handles, labels = axes[0].get_legend_handles_labels()
        part.legend(handles, labels, loc="outside lower left", ncols=3, fontsize=8, frameon=False)
    for column in zip(*drawn, strict=True):  # One scale a figure, so that blocks compare.
        top = max(axis.get_ylim()[1] for axis in column)
        for axis in column:
            axis.set_ylim(0, top)
    write_atomically(path, lambda temporary: figure.savefig(temporary, format="png"))
