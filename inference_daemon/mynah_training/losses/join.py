"""Windows that go on where the one before ended."""

from __future__ import annotations

import torch
from torch import Tensor

_BEFORE, _AFTER = 2, 3


def join_loss(previous: Tensor, generated: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Error of the velocity plus that of the acceleration over the border between the frames
    `previous` [B, P, C] and a window [B, T, C] that goes on from them, mean square each; items
    weigh `weight` [B].

    After DiffPoseTalk's, which also looks at the filmed frames before and the first three made
    ones behind the border.
    """
    before = previous[:, -_BEFORE:]
    made, true = (torch.cat([before, x[:, :_AFTER]], dim=1) for x in (generated, target))
    velocity, acceleration = (
        (made.diff(n=order, dim=1) - true.diff(n=order, dim=1)).square().mean(dim=(1, 2))
        for order in (1, 2)
    )
    return ((velocity + acceleration) * weight).mean()
