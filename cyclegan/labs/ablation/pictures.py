"""The report's pictures: the same inputs through all variants, curves, frames of the training.

Cuts them out of the sample grids that every run leaves, and draws curves from report.json's
numbers. Trains and measures nothing.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image

from ...core import palette, sheets
from ...core.files import write_atomically
from ...training.runs import RunError
from ..handout.grids import Grid
from .variants import ALL, group_title, groups, known

WIDTH = 1800
"""Pixels of the curves: sharp where the picture is shown 900 wide."""

FRAME_ROWS = 3


def present(variants: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """The groups that have any of these variants, by their titles, with those they have."""
    placed = set()
    for group, names in groups().items():
        there = [name for name in names if name in variants and name not in placed]
        placed |= set(there)
        if group != ALL and there:
            title = group_title(group)
            yield title[:1].upper() + title[1:], there


def write_inputs(
    path: Path, grids: dict[str, Grid], inputs: int, truths: list[Image.Image], view: str
) -> None:
    """One row an input: x, the truth where known, and `view` of every variant's grid.

    Where no variant has it, nothing is written.
    """
    rows, blocks = known(), []
    for title, names in present([name for name in grids if view in grids[name].views]):
        first = grids[names[0]].column("original", inputs)
        columns = [(sheets.Head("x", "input"), first)]
        if truths:
            columns.append((sheets.Head("y", "truth"), truths))
        for name in names:
            # What stands in the block's title need not stand over its columns again.
            below = rows[name].title.removesuffix(" + identity")
            head = sheets.Head(grids[name].views[view].formula, below)
            columns.append((head, grids[name].column(view, inputs)))
        blocks.append(sheets.draw_columns(columns, title))
    if blocks:
        sheet = sheets.stack(blocks)
        write_atomically(path, lambda temporary: sheet.save(temporary, "PNG", optimize=True))


def write_frame(path: Path, columns: list[list[Image.Image]], lossless: bool = False) -> None:
    """Columns of tiles, edge to edge, as WebP."""
    frame = sheets.grid(list(zip(*columns, strict=True)))
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
    blocks = list(present(by_name))
    figure = Figure(figsize=(9, 0.3 + 2.9 * len(blocks)), dpi=WIDTH / 9, layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subfigures(len(blocks), 1, squeeze=False)[:, 0]
    drawn = []
    for part, (title, names) in zip(rows, blocks, strict=True):
        part.suptitle(title, fontsize=11, x=0.01, ha="left")
        axes = part.subplots(1, len(panels), squeeze=False)[0]
        colours = palette.FEW if len(names) <= len(palette.FEW) else palette.MANY
        for axis, (label, (kind, key)) in zip(axes, panels.items(), strict=True):
            for i, name in enumerate(names):
                colour = colours[i % len(colours)]
                curves = by_name[name]["curves"]
                if (found := curves[kind].get(key)) is None:
                    axis.plot([], [], color=colour, label=by_name[name]["title"])
                    continue
                mean = _holes(found["mean"] if kind == "figures" else found)
                axis.plot(curves["steps"], mean, color=colour, lw=1.4, label=by_name[name]["title"])
                if kind == "figures":
                    band = _holes(found["low"]), _holes(found["high"])
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


def _holes(values: list[float | None]) -> list[float]:
    """What was not logged at a step leaves a hole in the line."""
    return [float("nan") if value is None else value for value in values]
