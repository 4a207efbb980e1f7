"""Convolutions along time at several scales at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

DILATIONS = (1, 2, 4)


class MultiScaleConv(nn.Module):
    """Depth-wise convolutions of dilation 2^i, i = 0, 1, 2, concatenated and joined by a point-wise
    one, on [B, T, D] (DisentTalk, Eq. 5).

    The kernel (3) and the GELU before the joining are open in the paper.
    """

    def __init__(self, width: int, dilations: tuple[int, ...] = DILATIONS) -> None:
        super().__init__()
        self.scales = nn.ModuleList(
            [nn.Conv1d(width, width, 3, padding=d, dilation=d, groups=width) for d in dilations]
        )
        self.join = nn.Linear(len(dilations) * width, width)

    def forward(self, x: Tensor) -> Tensor:
        frames_last = x.transpose(1, 2)
        scales = torch.cat([conv(frames_last) for conv in self.scales], dim=1)
        return self.join(functional.gelu(scales.transpose(1, 2)))
