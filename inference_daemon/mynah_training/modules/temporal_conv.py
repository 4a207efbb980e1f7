"""Gated dilated convolutions: the temporal block of the speech encoder and of the regression
decoder.

Purely convolutional networks see a bounded stretch of time, so a long line can be computed in
windows with exactly
the result of one pass.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class GatedConvBlock(nn.Module):
    """x + GLU(conv(batch_norm(x))) on [B, D, T]; sees `dilation` frames on each side."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.conv = nn.Conv1d(width, 2 * width, 3, padding=dilation, dilation=dilation)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.dropout(functional.glu(self.conv(self.norm(x)), dim=1))


class GatedConvStack(nn.Sequential):
    """One block per dilation; `reach` is the number of frames seen on each side."""

    def __init__(self, width: int, dilations: list[int], dropout: float) -> None:
        super().__init__(*(GatedConvBlock(width, d, dropout) for d in dilations))
        self.reach = sum(dilations)
