"""A style-conditioned model as ONNX graphs, for tests that these agree with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from mynah_training.data.phones import PHONES
from mynah_training.models.styled import N_CHANNELS, Conditions, StyledMotionModel
from mynah_training.modules.cepstrum import N_CEPSTRA


class _Style(nn.Module):
    def __init__(self, model: StyledMotionModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, clip: Tensor) -> Tensor:
        return self.model.encode_style(clip)


class _Predict(_Style):
    def forward(self, noisy: Tensor, time: Tensor, *given: Tensor) -> Tensor:
        return self.model.predict(noisy, time, Conditions(*given))


def largest_error(model: StyledMotionModel, folder: Path) -> float:
    """Largest difference of `encode_style` and `predict` from their graphs, at numbers of items
    and frames other than those of the export."""
    torch.manual_seed(0)
    return max(
        _error(_Style(model), lambda n, t: (torch.randn(n, 2 * t, N_CHANNELS),), folder),
        _error(_Predict(model), lambda n, t: _arguments(n, t, model.style_width), folder),
    )


def _error(
    module: nn.Module, draw: Callable[[int, int], tuple[Tensor, ...]], folder: Path
) -> float:
    return graph_error(module, draw(2, 20), (draw(1, 45), draw(3, 8)), folder)


def _arguments(n: int, t: int, style_width: int) -> tuple[Tensor, ...]:
    return (
        torch.randn(n, t, N_CHANNELS), torch.rand(n), torch.randn(n, 20 + 2 * t, len(PHONES)),
        torch.randn(n, 20 + 2 * t, N_CEPSTRA), torch.randn(n, style_width),
        torch.randn(n, 10, N_CHANNELS), *torch.randint(0, 2, (3, n)).float(),
    )  # fmt: skip


@torch.no_grad()
def graph_error(
    module: nn.Module,
    example: tuple[Tensor, ...],
    others: Sequence[tuple[Tensor, ...]],
    folder: Path,
) -> float:
    """Largest difference of a module from the graph exported with `example`, on `others`, whose
    numbers of items and frames may differ from it."""
    module.eval()
    names = [f"in{i}" for i in range(len(example))]
    axes = {
        name: {d: f"{name}_{d}" for d in range(min(x.dim(), 2))}
        for name, x in zip(names, example, strict=True)
    }
    path = str(folder / "model.onnx")
    torch.onnx.export(
        module, example, path, input_names=names, opset_version=17, dynamo=False,
        dynamic_axes=axes,
    )  # fmt: skip
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    errors = []
    for given in others:
        feeds = {name: x.numpy() for name, x in zip(names, given, strict=True)}
        expected = module(*given)
        expected = expected if isinstance(expected, tuple) else (expected,)
        for ours, theirs in zip(session.run(None, feeds), expected, strict=True):
            errors.append(np.abs(ours - theirs.numpy()).max())
    return float(max(errors))
