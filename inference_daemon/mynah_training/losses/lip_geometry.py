"""Losses on the lips of a real head in millimetres, where an error is as large as an eye sees
it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..metrics.head import INNER_LIPS, LIPS, LandmarkHead

_SOFT_MM2 = 0.05
_CLOSED_WEIGHT = 2.0
_CLOSED_RANGE_MM = 2.0


class LipGeometryLoss(nn.Module):
    """Position, velocity and gap of the 20 lip landmarks; frames in which the lips meet weigh up to
    three times."""

    deltas: Tensor
    gap_delta: Tensor
    gap_rest: Tensor

    def __init__(self, head: LandmarkHead) -> None:
        super().__init__()
        upper, lower = INNER_LIPS
        self.register_buffer("deltas", torch.from_numpy(head.deltas[:, LIPS].copy()))
        self.register_buffer(
            "gap_delta", torch.from_numpy(head.deltas[:, upper] - head.deltas[:, lower])
        )
        self.register_buffer(
            "gap_rest", torch.from_numpy(head.neutral[upper] - head.neutral[lower])
        )

    def forward(
        self, predicted: Tensor, target: Tensor, trust: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Position, velocity and gap loss of coefficients [B, T, 52], each a mean over frames in
        about mm; items weigh `trust` [B]."""
        difference = torch.einsum("btc,clx->btlx", predicted - target, self.deltas)
        distance = (difference.square().sum(-1) + _SOFT_MM2).sqrt()
        gap, target_gap = self.gap(predicted), self.gap(target)
        opening = (target_gap - self.gap_rest.norm()).clamp(min=0)
        weight = (1 + _CLOSED_WEIGHT * torch.exp(-opening / _CLOSED_RANGE_MM)) * trust[:, None]
        position = (weight * (distance.mean(-1) + 0.5 * distance.amax(-1))).mean()
        velocity = (difference.diff(dim=1).square().sum(-1) * trust[:, None, None]).mean()
        return position, velocity, (weight * (gap - target_gap).square()).mean()

    def gap(self, coefficients: Tensor) -> Tensor:
        """Inner-lip gap [B, T] in mm."""
        return (torch.einsum("btc,cx->btx", coefficients, self.gap_delta) + self.gap_rest).norm(
            dim=-1
        )
