"""FixTalk's Enhanced Motion Indicator: what of a performance is motion, not the performer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .attention import Attention, FeedForward
from .hierarchical_aggregation import HierarchicalAggregation


class IndicatorLayer(nn.Module):
    """Cross-attention of queries [N, Q, D] to features [N, S, D], then a feed-forward."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(3)])
        self.attention = Attention(width, heads, positions=False)
        self.feed_forward = FeedForward(width, 2)

    def forward(self, queries: Tensor, features: Tensor) -> Tensor:
        queries = queries + self.attention(self.norms[0](queries), self.norms[1](features))
        return queries + self.feed_forward(self.norms[2](queries))


class DeepestCode(nn.Module):
    """What `MotionIndicator` competes with: motion codes [B, T, Z] of the deepest scale alone, as
    in FixTalk's base EDTalk."""

    def __init__(self, width: int, code_width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.code = nn.Linear(width, code_width)

    def forward(self, scales: list[Tensor]) -> Tensor:
        return self.code(self.norm(scales[-1]))


class MotionIndicator(nn.Module):
    """Features [B, T, D] at several scales → motion codes [B, T, Z] (FixTalk, section 4.1).

    The extractor P: learned queries attend to a frame's features through N layers of
    cross-attention and feed-forward; its average over the queries takes the place of the deepest
    scale in a weighted sum over the scales. The paper's keys are the 32 × 32 places of one scale
    (f_4); a frame of ours has one place, so the keys are its features at all scales. Eq. 4, which
    keeps the performer out of the codes, is `losses.hinge`.
    """

    def __init__(
        self, n_scales: int, width: int, code_width: int, *, queries: int, layers: int, heads: int
    ) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(queries, width) / width**0.5)
        self.scales = nn.Parameter(torch.randn(n_scales, width) / width**0.5)
        self.layers = nn.ModuleList([IndicatorLayer(width, heads) for _ in range(layers)])
        self.aggregation = HierarchicalAggregation(n_scales)
        self.norm = nn.LayerNorm(width)
        self.code = nn.Linear(width, code_width)

    def forward(self, scales: list[Tensor]) -> Tensor:
        features = torch.stack(scales, dim=2) + self.scales
        features = features.flatten(0, 1)  # each frame by itself
        extracted = self.queries.expand(features.shape[0], -1, -1)
        for layer in self.layers:
            extracted = layer(extracted, features)
        deepest = extracted.mean(dim=1).reshape(scales[-1].shape)
        return self.code(self.norm(self.aggregation([*scales[:-1], deepest])))
