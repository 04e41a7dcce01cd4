"""The film of two trainings: samples of two objectives over training time, under one slider.

Everything is in the markup, the frames as data: URLs; sliding asks the server for nothing.
"""

import base64
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from .lab import Report, ReportRow
from .markup import absent, render

TOLD = 2
"""Figures under a strip, which is no wider than two pictures."""


@dataclass(frozen=True)
class Frame:
    """One picture of a strip. told: figures below it, as label and value, or None."""

    url: str
    alt: str
    told: list[tuple[str, str]] | None = None


@dataclass(frozen=True)
class Strip:
    """Pictures over each other. heads: of their columns, as formula and words behind it."""

    title: str
    heads: list[tuple[str, str]]
    frames: list[Frame]


def draw(report: Report, a: ReportRow, b: ReportRow) -> str:
    """Samples of two objectives over training time, under one slider; nothing is asked for later.

    Without frames: a sentence.
    """
    frames = {row.name: _frames(report, row) for row in (a, b)}
    steps = sorted(set(frames[a.name]) & set(frames[b.name]))
    if not steps:
        return absent("No frames were kept of the training of these two.")
    try:
        given = _given(report)
        strips = [_strip(report, row, frames[row.name], steps) for row in (a, b)]
    except OSError:
        return absent("The frames of this training cannot be read.")
    return render(
        "film.film",
        lines=report.frame_rows,
        steps=steps,
        now=f"step {steps[-1]:,}",
        given=given,
        strips=strips,
    )


def _given(report: Report) -> Strip:
    """Inputs beside their truths; data without pairs has inputs alone."""
    path = report.frames / "inputs.webp"
    heads = [("x", ""), ("y", ", the truth")][: _columns(report, path)]
    return Strip("Given", heads, [Frame(_url(path), "Inputs and truths")])


def _columns(report: Report, path: Path) -> int:
    with Image.open(path) as picture:
        return max(1, picture.width // report.frame_side)


def _strip(report: Report, row: ReportRow, frames: dict[int, Path], steps: list[int]) -> Strip:
    shown = [row.formulas[key] for key in ("made", "back") if key in row.formulas]
    heads = [(words, "") for words in shown[: _columns(report, frames[steps[-1]])]]
    pictures = [
        Frame(_url(frames[step]), f"{row.title}, step {step}", _told(report, row, step))
        for step in steps
    ]
    return Strip(row.title, heads, pictures)


def _told(report: Report, row: ReportRow, step: int) -> list[tuple[str, str]]:
    measures = [report.lesson.measure(key) for key in report.lesson.headline[:TOLD]]
    found = [(measure, row.at(measure.key, step)) for measure in measures]
    return [
        (measure.label, measure.written(value)) for measure, value in found if value is not None
    ]


def _frames(report: Report, row: ReportRow) -> dict[int, Path]:
    """Pictures made in training, by step."""
    found = (report.frames / row.name).glob("*.webp")
    return {int(path.stem): path for path in found if path.stem.isdigit()}


def _url(path: Path) -> str:
    return "data:image/webp;base64," + base64.b64encode(path.read_bytes()).decode()
