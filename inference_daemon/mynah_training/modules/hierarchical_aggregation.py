"""AniTalker's hierarchical aggregation layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class HierarchicalAggregation(nn.Module):
    """m = Σ w_i m_i over the outputs [B, T, D] of all layers of an encoder, w = softmax of learned
    weights (AniTalker, section 3.2, HAL).

    The paper pools an image's features over its area. A frame of ours has no area, so the code of a
    frame aggregates that frame of every layer ([B, T, D]), whose convolutions have pooled time
    already; the code of a clip (`over_clip`) is pooled over its frames ([B, D]).
    """

    def __init__(self, n_layers: int, *, over_clip: bool = False) -> None:
        super().__init__()
        self.over_clip = over_clip
        self.weights = nn.Parameter(torch.zeros(n_layers))

    def forward(self, layers: list[Tensor]) -> Tensor:
        pooled = [x.mean(dim=1) for x in layers] if self.over_clip else layers
        return (torch.stack(pooled, dim=-1) * self.weights.softmax(0)).sum(-1)


class LastLayer(nn.Module):
    """What `HierarchicalAggregation` competes with: the output of the last layer alone."""

    def __init__(self, *, over_clip: bool) -> None:
        super().__init__()
        self.over_clip = over_clip

    def forward(self, layers: list[Tensor]) -> Tensor:
        return layers[-1].mean(dim=1) if self.over_clip else layers[-1]
