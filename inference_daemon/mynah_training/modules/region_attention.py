"""Attention within the parts of the face, so that none of them drowns in another."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .attention import Attention


class RegionStem(nn.Module):
    """Motion [B, T, C] → features [B, T, R·d]: slice r is made from the channels `regions[r]`
    alone."""

    order: Tensor

    def __init__(self, regions: Sequence[Sequence[int]], region_width: int) -> None:
        super().__init__()
        self.linears = nn.ModuleList([nn.Linear(len(region), region_width) for region in regions])
        self._n_channels = [len(region) for region in regions]
        order = torch.tensor([channel for region in regions for channel in region])
        self.register_buffer("order", order, persistent=False)

    def forward(self, motion: Tensor) -> Tensor:
        parts = motion[..., self.order].split(self._n_channels, dim=-1)
        made = [linear(part) for linear, part in zip(self.linears, parts, strict=True)]
        return torch.cat(made, dim=-1)


class RegionAttention(nn.Module):
    """W_f [Attention(E_r)]_r on features [B, T, R·d] (DisentTalk, Eq. 4).

    Each region's slice attends to itself along time; W_f then joins the regions.
    """

    def __init__(self, n_regions: int, region_width: int, heads: int) -> None:
        super().__init__()
        self.attentions = nn.ModuleList([Attention(region_width, heads) for _ in range(n_regions)])
        self.fuse = nn.Linear(n_regions * region_width, n_regions * region_width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fuse(self.within(x))

    def within(self, x: Tensor) -> Tensor:
        """[Attention(E_r)]_r, before the regions are joined."""
        parts = x.chunk(len(self.attentions), dim=-1)
        attended = [attend(part) for attend, part in zip(self.attentions, parts, strict=True)]
        return torch.cat(attended, dim=-1)
