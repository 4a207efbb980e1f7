"""What is asked of any styled motion model."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from mynah_training.models.styled import Conditions, DenoisingObjective, StyledMotionModel
from tests.training.style_batches import N, conditions, style_batch

_INPUTS = "noisy time phone_logits cepstrum style previous has_previous has_speech has_style"


SWITCHED = {
    "has_style": ["style"],
    "has_speech": ["phone_logits", "cepstrum"],
    "has_previous": ["previous"],
}
"""What each switch of `Conditions` turns off."""


def predicted(model: StyledMotionModel, given: Conditions) -> Tensor:
    """Always of the same noise, half-way."""
    n_items = len(given.style)
    noise = torch.randn(n_items, 70, N, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return model.predict(noise, torch.full((n_items,), 0.5), given)


def assert_switch_works(model: StyledMotionModel, given: Conditions, switch: str) -> None:
    """What is switched on counts, what is switched off does not."""
    changed = {n: getattr(given, n) for n in SWITCHED[switch]}
    other = replace(given, **{n: x + 5 * torch.randn_like(x) for n, x in changed.items()})
    nothing = {switch: torch.zeros(len(given.style))}

    assert not torch.allclose(predicted(model, given), predicted(model, other), atol=1e-3)
    off = [predicted(model, replace(c, **nothing)) for c in (given, other)]
    assert torch.equal(*off)


def total_loss(objective: DenoisingObjective) -> Tensor:
    """Of a fixed batch and fixed chances."""
    torch.manual_seed(1)
    return torch.stack(list(objective.losses(style_batch()).values())).sum()


def assert_steps_lower_the_loss(objective: DenoisingObjective) -> None:
    optimiser = torch.optim.Adam(objective.train().parameters(), 3e-3)
    before = total_loss(objective).item()
    for _ in range(25):
        optimiser.zero_grad()
        total_loss(objective).backward()
        optimiser.step()

    assert total_loss(objective).item() < 0.8 * before


class _EncodeStyle(nn.Module):
    def __init__(self, model: StyledMotionModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, clip: Tensor) -> Tensor:
        return self.model.encode_style(clip)


class _Predict(_EncodeStyle):
    def forward(self, noisy: Tensor, time: Tensor, *given: Tensor) -> Tensor:
        return self.model.predict(noisy, time, Conditions(*given))


def assert_exports_agree(model: StyledMotionModel) -> None:
    """Traces both graphs on one item and compares them on three items of other lengths."""
    frames = {"clip": {0: "batch", 1: "frames"}}
    _compare(_EncodeStyle(model), ["clip"], frames, (torch.randn(1, 75, N),), torch.randn(3, 51, N))
    names = _INPUTS.split()
    axes = {name: {0: "batch"} for name in names}
    for name in ("noisy", "phone_logits", "cepstrum"):
        axes[name] = {0: "batch", 1: f"{name}_frames"}
    _compare(_Predict(model), names, axes, _inputs(model, 1, 70), *_inputs(model, 3, 43))


def _inputs(model: StyledMotionModel, n_items: int, n_frames: int) -> tuple[Tensor, ...]:
    made = conditions(style_batch(n_items), torch.randn(n_items, model.style_width))
    heard = slice(0, 2 * (10 + n_frames))
    switches = (torch.randint(0, 2, (n_items,)).float() for _ in range(3))
    return (
        torch.randn(n_items, n_frames, N), torch.rand(n_items), made.phone_logits[:, heard],
        made.cepstrum[:, heard], made.style, made.previous, *switches,
    )  # fmt: skip


def _compare(
    graph: nn.Module, names: list[str], axes: dict[str, dict[int, str]],
    example: tuple[Tensor, ...], *other: Tensor,
) -> None:  # fmt: skip
    file = io.BytesIO()
    torch.onnx.export(
        graph.eval(), example, file, input_names=names, output_names=["out"],
        dynamic_axes=axes, opset_version=17, dynamo=False,
    )  # fmt: skip
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    given = {name: value.numpy() for name, value in zip(names, other, strict=True)}
    with torch.no_grad():
        expected = graph(*other).numpy()
    np.testing.assert_allclose(session.run(None, given)[0], expected, atol=1e-4)
