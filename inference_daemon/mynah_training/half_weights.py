"""Stores a graph's weights in half precision; it computes in single precision as before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

_FEWEST = 256
"""Tensors of fewer numbers stay as they are: they would save nothing."""


@torch.no_grad()
def round_to_half(network: nn.Module) -> None:
    """Rounds the weights to numbers that half precision has, so that storing them loses nothing."""
    for weight in network.parameters():
        weight.copy_(weight.half().float())


def store_half(path: Path) -> None:
    """Rewrites an ONNX file: each large tensor becomes a half-precision one and its cast, which
    ONNX Runtime computes once, when it loads the file."""
    model = onnx.load(path)
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < _FEWEST:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, path)
