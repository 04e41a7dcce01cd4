"""README.md of an export: what the files take and give, and how they are used elsewhere.

Knows no network and no conversion.
"""

from collections.abc import Sequence
from importlib.metadata import version

from ... import lessons, methods
from ...core import files
from ...core.config import Config
from ...store.checkpoints import Checkpoint
from ..markdown import code, fenced, plain
from ..publishing.card import license_of
from . import snippets
from .folder import MARK
from .parts import Part, Written


def write(
    name: str, checkpoint: Checkpoint, written: Sequence[Written], sizes: Sequence[tuple[int, int]]
) -> str:
    """The card's text. sizes: heights and widths of the check."""
    config = checkpoint.config
    first = next(one.part for one in written if not one.part.is_judge)
    sections = [
        f"---\nlicense: {license_of(checkpoint.folder)}\nlibrary_name: onnx\n"
        "pipeline_tag: image-to-image\n---",
        f"# {plain(name)} as ONNX and for torch.export",
        _about(config),
        _table(written),
        f"The difference is the largest from PyTorch in float32, in units of 1/255 of the range: "
        f"held-out {_pictures(sizes)}, onnxruntime {version('onnxruntime')}, PyTorch "
        f"{version('torch')}.{_halves(written)}",
        "## What goes in and comes out\n\n" + _values(config, [one.part for one in written]),
        "## Python\n\n" + fenced(snippets.python(config, first), "python"),
        "## JavaScript\n\n" + fenced(snippets.javascript(config, first), "js"),
        snippets.about_javascript(config, first),
        "## PyTorch, without this program\n\n" + fenced(snippets.program(first), "python"),
    ]
    return "\n\n".join(sections) + "\n"


def _about(config: Config) -> str:
    method, lesson = methods.find(config.method), lessons.find(config.training.data)
    x, y = plain(config.domains.x), plain(config.domains.y)
    told = f"X is {x}, Y is {y}; {method.name} ({method.source}). Written by {code(MARK)}."
    source = f" Trained on {lesson.source}; licence of the data: {lesson.licence}."
    return told + (source if lesson.source else "")


def _pictures(sizes: Sequence[tuple[int, int]]) -> str:
    return "pictures of " + " and ".join(f"{width}×{height}" for height, width in sizes) + " pixels"


def _halves(written: Sequence[Written]) -> str:
    if all(one.precision == "float32" for one in written):
        return ""
    return (
        " In float16 every layer's result is rounded to that for it: onnxruntime itself computes "
        "most layers in float32 where there is no GPU, and is nearer."
    )


def _table(written: Sequence[Written]) -> str:
    lines = ["| file | computes in | input | output | size | difference |", "|---" * 6 + "|"]
    for one in written:
        part = one.part
        given = f"`{part.given}` (batch, {part.channels}, height, width)"
        places = "rows, columns" if part.is_judge else "height, width"
        made = f"`{part.made}` (batch, {part.out}, {places})"
        cells = [f"`{one.name}`", one.precision, given, made, files.size(one.bytes)]
        lines.append(f"| {' | '.join([*cells, f'{one.difference:.2g}'])} |")
    return "\n".join(lines)


def _values(config: Config, parts: Sequence[Part]) -> str:
    lines = ["Numbers are float32, whatever a file computes in, and pictures lie in [-1, 1]."]
    for letter in ("x", "y"):
        black, channels = snippets.range_of(config, letter), getattr(config.channels, letter)
        lines.append(
            f"{letter.upper()}: {black.words} are black to white, −1 and 1; {_channels(channels)}."
        )
    multiples = sorted({part.network.multiple for part in parts if not part.is_judge})
    lines.append(
        "Any batch, height and width: a graph mirrors a picture at its right and lower edge up to "
        f"a multiple of {' or '.join(map(str, multiples))} pixels, and cuts what it makes back."
    )
    if judges := [part for part in parts if part.is_judge]:
        reads = "1 means real, 0 generated"
        if getattr(config.objective, "adversarial", "") == "log":
            reads = "the sigmoid of a score is the probability of real"
        lines.append(
            f"Scores, one a patch, have no bounds: {reads}. Height and width of what is judged are "
            f"at least {judges[0].smallest}, those of the training's crops."
        )
    return "\n".join(f"- {line}" for line in lines)


def _channels(count: int) -> str:
    known = {1: "one channel, grey", 3: "three channels, in the order RGB"}
    return known.get(count, f"{count} channels, in the order of the files")
