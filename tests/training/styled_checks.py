"""What is asked of any styled motion model."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mynah_training.models.styled import Conditions, DenoisingObjective, StyledMotionModel
from tests.training.style_batches import N, style_batch

SWITCHED = [
    ("has_style", "style"),
    ("has_speech", "phone_logits"),
    ("has_speech", "cepstrum"),
    ("has_previous", "previous"),
]
"""Switches of `Conditions`, and each condition that they turn off."""


def predicted(model: StyledMotionModel, given: Conditions) -> Tensor:
    """Always of the same noise, half-way."""
    n_items = len(given.style)
    noise = torch.randn(n_items, 70, N, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return model.predict(noise, torch.full((n_items,), 0.5), given)


def assert_switch_works(
    model: StyledMotionModel, given: Conditions, switch: str, condition: str
) -> None:
    """What is switched on counts, what is switched off does not."""
    changed = getattr(given, condition)
    other = replace(given, **{condition: changed + 5 * torch.randn_like(changed)})
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
