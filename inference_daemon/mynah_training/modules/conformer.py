"""Conformer blocks: attention for what is far, convolution for what is near."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from .attention import Attention, FeedForward


class ConvolutionModule(nn.Module):
    """Pointwise, gate, depthwise, pointwise on [B, T, D] (Gulati et al. 2020, Fig. 2).

    Layer norm stands for their batch norm: clips of very different lengths share a batch's
    statistics badly.
    """

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.expand = nn.Linear(width, 2 * width)
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.glu(self.expand(x), dim=-1)
        x = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        return self.out(functional.silu(self.norm(x)))


class ConformerBlock(nn.Module):
    """Half a feed-forward, self-attention, convolution, half a feed-forward on [B, T, D] (Gulati et
    al. 2020, Eq. 1), with rotary instead of Transformer-XL positions: both count distances only."""

    def __init__(
        self, width: int, heads: int = 2, kernel: int = 13, factor: int = 1, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(5)])
        self.first = FeedForward(width, factor, dropout)
        self.attention = Attention(width, heads)
        self.convolution = ConvolutionModule(width, kernel)
        self.second = FeedForward(width, factor, dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + 0.5 * self.dropout(self.first(self.norms[0](x)))
        x = x + self.dropout(self.attention(self.norms[1](x)))
        x = x + self.dropout(self.convolution(self.norms[2](x)))
        x = x + 0.5 * self.dropout(self.second(self.norms[3](x)))
        return self.norms[4](x)
