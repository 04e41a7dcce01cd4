"""Recordings: a lesson's live training as it went, to be looked through without training.

A folder a lesson, among the bundled checkpoints:

    replay.json      settings, status, both arms' curves, steps of the frames, machine
    frames.webp      what both arms made, frame beside frame (reel.py has what a frame is)
    given.webp       what was given: inputs, and their truths where there are any; lossless

All of it is out of one training. Knows files; nothing of processes.
"""

import io
import json
import math
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

from PIL import Image

from ...core import files, sheets
from ...core.config import ConfigError
from ...store import checkpoints
from ...store.checkpoints import BUNDLED, CheckpointError
from ...training.runs import FIGURES
from . import look, reel, status, stored
from .look import Frame
from .settings import LiveSettings
from .status import Status

RECORDINGS = BUNDLED / "replays"

REPLAY, SHEET, GIVEN = "replay.json", "frames.webp", "given.webp"

MAX_BYTES, MAX_PIXELS = 3 * 2**20, 2**25
"""Of each of its files: bytes, and pixels."""

DIGITS = 4
"""Of a number in a curve."""


@dataclass(frozen=True)
class Recording:
    """A training that has ended, and was kept for its frames and curves.

    seen: its last status. machine: the kind that it ran on. logs: either arm's curves, as
    `Director.curves` has them. frame: the last one. steps: of all frames, in order. sheet: these as
    one WebP, `across` of them side by side.
    """

    settings: LiveSettings
    seen: Status
    machine: str
    logs: tuple[list[dict], list[dict]]
    frame: Frame
    steps: list[int]
    across: int
    sheet: bytes


def find(name: str) -> Recording | None:
    """The recording of a lesson, by its name; None where there is none, or no whole one."""
    folder = RECORDINGS / name
    try:
        version = tuple((folder / file).stat().st_mtime_ns for file in (REPLAY, SHEET, GIVEN))
    except (OSError, ValueError):
        return None
    return _read(folder, version)


def exists(name: str) -> bool:
    return (RECORDINGS / name / REPLAY).is_file()


@lru_cache(8)
def _read(folder: Path, version: tuple[int, ...]) -> Recording | None:
    try:
        return read(folder)
    except CheckpointError:
        return None


def read(folder: Path) -> Recording:
    """Raises CheckpointError for what is no recording."""
    values = stored.read_object(folder / REPLAY, MAX_BYTES)
    sheet, given = (stored.read_bytes(folder / name, MAX_BYTES) for name in (SHEET, GIVEN))
    if not all(reel.is_frame(content, MAX_PIXELS) for content in (sheet, given)):
        raise CheckpointError(f"A picture of the recording in {folder.name} is damaged.")
    try:
        settings = LiveSettings.from_dict(values["settings"])
        seen = stored.build(Status, values["status"], REPLAY)
        steps, views = [int(step) for step in values["steps"]], list(values["views"])
        across, rows, held_out = int(values["across"]), int(values["inputs"]), values["held_out"]
        if unknown := {*views} - {view.key for view in settings.method.live_views(settings.base)}:
            raise KeyError(unknown)
        last = _at(_opened(sheet), len(steps) - 1, len(steps), across)
        frame = Frame(
            steps[-1],
            *_apart(_opened(given), last, rows, views, bool(values["truths"])),
            held_out=held_out if isinstance(held_out, bool) else None,
        )
        a, b = values["curves"]
        return Recording(
            settings, seen, str(values["machine"]), (a, b), frame, steps, across, sheet
        )
    except CheckpointError:
        raise
    # What settings, Pillow and the lines above raise of what does not fit together.
    except (ConfigError, AttributeError, LookupError, TypeError, ValueError, OSError) as error:
        raise CheckpointError(f"{REPLAY} in {folder.name} is damaged: {error!r}.") from error


def _opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def _at(sheet: Image.Image, place: int, count: int, across: int) -> Image.Image:
    """One frame out of the sheet."""
    width, height = sheet.width // across, sheet.height // math.ceil(count / across)
    left, top = place % across * width, place // across * height
    return sheet.crop((left, top, left + width, top + height))


def _apart(
    given: Image.Image, made: Image.Image, rows: int, views: list[str], paired: bool
) -> tuple:
    """Inputs, both arms' pictures by view, and truths, out of the two pictures of a frame."""
    tiles = sheets.cut(given, given.width // (1 + paired), height=given.height // rows)
    inputs, *truths = (list(column) for column in zip(*tiles, strict=True))
    tiles = sheets.cut(made, made.width // (2 * len(views)), height=made.height // rows)
    made_of = [list(column) for column in zip(*tiles, strict=True)]
    a, b = (dict(zip(views, made_of[i : i + len(views)], strict=True)) for i in (0, len(views)))
    return inputs, (a, b), truths[0] if truths else []


def write(training: Path, folder: Path) -> None:
    """Make the recording of a live training that has ended, in one move.

    training: its folder. Raises CheckpointError where it is no whole one.
    """
    settings, seen = status.read_settings(training), status.read(training)
    frame, steps = look.read_frame(training), reel.steps(training)
    found = [content for step in steps if (content := reel.read(training, step)) is not None]
    if frame is None or not seen.is_ended or len(found) < max(2, len(steps)):
        raise CheckpointError(f"The training {training.name} has no frames to be looked through.")
    arms = [training / slug for slug in settings.slugs]
    frames = [_opened(content) for content in found]
    across = math.ceil(math.sqrt(len(frames)))
    rows = [frames[i : i + across] for i in range(0, len(frames), across)]
    blank = Image.new("RGB", frames[0].size, "white")
    rows[-1] += [blank] * (across - len(rows[-1]))
    given = [[tile] for tile in frame.inputs]
    if frame.truths:
        given = [[*row, truth] for row, truth in zip(given, frame.truths, strict=True)]
    values = {
        "machine": checkpoints.read_config(arms[0]).facts["machine"],
        "settings": settings.to_dict(),
        "status": asdict(replace(seen, sentence="", notice="")),
        "views": list(frame.arms[0]),
        "held_out": frame.held_out,
        "inputs": len(frame.inputs),
        "truths": bool(frame.truths),
        "across": across,
        "steps": steps,
        "curves": [[_short(line) for line in stored.read_curve(arm)] for arm in arms],
    }

    def fill(fresh: Path) -> None:
        files.write_text(fresh / REPLAY, json.dumps(values, separators=(",", ":")))
        (fresh / SHEET).write_bytes(reel.encoded(sheets.grid(rows)))
        sheets.grid(given).save(fresh / GIVEN, "WEBP", lossless=True, method=6)

    files.replace_folder(folder, fill)


def _short(line: dict) -> dict:
    """A line of a curve with numbers as long as anybody sees them."""
    parts = {kind: line[kind] for kind in ("terms", *FIGURES.values()) if kind in line}
    return {
        "step": line["step"],
        **{
            kind: {name: float(f"{value:.{DIGITS}g}") for name, value in of.items()}
            for kind, of in parts.items()
        },
    }
