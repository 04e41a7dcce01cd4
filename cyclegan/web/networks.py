"""Networks as scripts: ONNX that computes in float32, its weights in half precision.

A browser computes float16 on few machines, and so half precision is for the way there alone; where
it changes a picture by more than a level of 255, weights stay as they are. Knows no page.
"""

import json
import tempfile
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..inference.translator import Translator
from ..labs.export import check, convert
from ..labs.export.parts import ExportError, Part, parts_of
from ..labs.export.writing import MOST
from ..store.checkpoints import Checkpoint

SMALL = 16
"""Numbers of a constant that is not worth a node that widens it."""


@dataclass(frozen=True)
class Network:
    """A script that sets `NETWORKS[name]`. difference: from PyTorch, in units of 1/255."""

    part: Part
    script: str
    difference: float


def networks_of(name: str, checkpoint: Checkpoint) -> Mapping[str, Network]:
    """The generators of a checkpoint by their roles; name: of the checkpoint in the page.

    Raises ExportError where one cannot be converted, or computes something else.
    """
    parts, _ = parts_of(Translator(checkpoint))
    shown = [part for part in parts if not part.is_judge]
    return {part.role: _network(f"{name}/{part.role}", part, checkpoint) for part in shown}


def _network(name: str, part: Part, checkpoint: Checkpoint) -> Network:
    batches = check.pictures(checkpoint.config, checkpoint.folder, part)
    with tempfile.TemporaryDirectory(prefix="cyclegan-web-") as folder:
        whole, half = Path(folder) / "whole.onnx", Path(folder) / "half.onnx"
        convert.write_onnx(part, whole)
        onnx.save(_halved(onnx.load(whole)), half)
        for path in (half, whole):
            found = check.difference(part, batches, check.in_onnxruntime(path, part))
            if isfinite(found) and found <= MOST:
                data = b64encode(path.read_bytes()).decode()
                script = f"NETWORKS[{json.dumps(name)}] = {json.dumps(data)};\n"
                return Network(part, script, found)
    raise ExportError(
        f"{name} as ONNX differs from PyTorch by {found:.3g}/255, more than the {MOST:g}/255 that "
        "is allowed, and nothing was written."
    )


def _halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph, with its weights in float16 and a node that widens each."""
    graph, widened = model.graph, []
    for node in graph.node:  # Where in Python it comes from, which is a seventh of the file.
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < SMALL:
            continue
        narrow = numpy_helper.to_array(tensor).astype(np.float16)
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(narrow, f"{tensor.name}_half"))
        widened.append(
            helper.make_node("Cast", [f"{tensor.name}_half"], [tensor.name], to=TensorProto.FLOAT)
        )
    for node in widened:
        graph.node.insert(0, node)
    return model
