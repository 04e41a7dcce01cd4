"""A graph as an exported program of PyTorch, and that as ONNX.

A layer that neither can hold is named. Knows no model and no check.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from .graphs import graph_of
from .parts import ExportError, Part


def write(part: Part, onnx: Path, program: Path, precision: torch.dtype) -> None:
    """As ONNX, which computes in `precision`, and as a program of PyTorch in float32.

    Raises ExportError.
    """
    traced = _program(part, graph_of(part))
    torch.export.save(traced, program)
    write_onnx(part, onnx, precision, traced if precision == torch.float32 else None)


def write_onnx(
    part: Part,
    onnx: Path,
    precision: torch.dtype = torch.float32,
    traced: ExportedProgram | None = None,
) -> None:
    """As ONNX alone. traced: the program in this precision, if it is there already."""
    graph = graph_of(part, precision)
    traced = traced or _program(part, graph)
    with _naming(part, graph, "ONNX"):
        made = _as_onnx(traced, part.given, part.made)
    inside = made.model.graph
    for value in inside.inputs if part.is_judge else (*inside.inputs, *inside.outputs):
        value.shape[0], value.shape[2], value.shape[3] = "batch", "height", "width"
    made.save(onnx, external_data=False)


def _program(part: Part, graph: nn.Module) -> ExportedProgram:
    sizes = (
        {0: Dim("batch", min=1)}
        | {side: Dim(name, min=part.smallest) for side, name in ((2, "height"), (3, "width"))},
    )
    with _naming(part, graph, "torch.export"):
        return _traced(graph, _sample(part), sizes)


def _sample(part: Part) -> Tensor:
    """A picture of which no side is a multiple of anything, and no size is another's."""
    return torch.zeros(2, part.channels, part.smallest + 44, part.smallest + 51)


def _traced(graph: nn.Module, given: Tensor, sizes: tuple | None = None) -> ExportedProgram:
    with torch.no_grad(), quiet():
        return torch.export.export(graph, (given,), dynamic_shapes=sizes, strict=False)


def _as_onnx(program: ExportedProgram, given: str = "x", made: str = "y") -> torch.onnx.ONNXProgram:
    with quiet():
        return torch.onnx.export(
            program, input_names=[given], output_names=[made], dynamo=True, verbose=False
        )


@contextmanager
def _naming(part: Part, graph: nn.Module, form: str) -> Iterator[None]:
    """Turn what a converter raises into a sentence with the layer that it failed at."""
    try:
        yield
    except (RuntimeError, TypeError, ValueError, NotImplementedError) as error:
        raise ExportError(
            f"{part.role} cannot be written for {form}: {_culprit(graph, _sample(part))}."
        ) from error


def _culprit(graph: nn.Module, given: Tensor) -> str:
    """The first layer that cannot be converted alone, by its place and its class."""
    seen: dict[str, Tensor] = {}
    layers = {n: one for n, one in graph.named_modules() if not any(True for _ in one.children())}
    hooks = [
        layer.register_forward_pre_hook(lambda _, given, name=name: seen.setdefault(name, given[0]))
        for name, layer in layers.items()
    ]
    with torch.no_grad():
        graph(given)
    for hook in hooks:
        hook.remove()
    for name, tensor in seen.items():
        try:
            _as_onnx(_traced(layers[name], tensor))
        except (RuntimeError, TypeError, ValueError, NotImplementedError):
            return (
                f"the layer {name.removeprefix('network.')} ({type(layers[name]).__name__}) fails"
            )
    return f"what {type(graph.network).__name__} does between its layers fails"


@contextmanager
def quiet() -> Iterator[None]:
    """Without what the converters say about themselves."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
