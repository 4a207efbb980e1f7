"""Attention along time with rotary positions, as all motion models use it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def rotate(x: Tensor, positions: Tensor) -> Tensor:
    """Rotary position embedding of [B, H, T, D] at `positions` [T] in frames (Su et al. 2021).

    Only distances count, so windows may be longer than those of the training.
    """
    half = x.shape[-1] // 2
    # Always float32: in bf16 an angle of 80 radians would be off by up to a quarter.
    rates = 10_000.0 ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    angles = positions[:, None].to(rates.dtype) * rates
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


class Attention(nn.Module):
    """Multi-head attention of queries [B, T, D] to keys [B, S, K] (to the queries themselves by
    default).

    With `reach`, a query sees only keys at most `reach` frames away; query and key i are then the
    same moment.
    """

    def __init__(
        self, width: int, heads: int, key_width: int = 0, reach: int | None = None,
        *, positions: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.heads, self.reach, self.positions = heads, reach, positions
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(key_width or width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, keys: Tensor | None = None) -> Tensor:
        seen = x if keys is None else keys
        query = self._split(self.query(x))
        key, value = (self._split(part) for part in self.key_value(seen).chunk(2, dim=-1))
        here = torch.arange(x.shape[1], device=x.device)
        there = torch.arange(seen.shape[1], device=x.device)
        if self.positions:
            query, key = rotate(query, here), rotate(key, there)
        near = None
        if self.reach is not None:
            near = (here[:, None] - there).abs() <= self.reach
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=near)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class FeedForward(nn.Sequential):
    """Two layers of `factor` times the width, GELU between them."""

    def __init__(self, width: int, factor: int = 4, dropout: float = 0.0) -> None:
        super().__init__(
            nn.Linear(width, factor * width), nn.GELU(), nn.Dropout(dropout),
            nn.Linear(factor * width, width),
        )  # fmt: skip


class TransformerLayer(nn.Module):
    """Pre-norm self-attention and feed-forward on [B, T, D]."""

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(2)])
        self.attention = Attention(width, heads)
        self.feed_forward = FeedForward(width, dropout=dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout(self.attention(self.norms[0](x)))
        return x + self.dropout(self.feed_forward(self.norms[1](x)))


class Modulation(nn.Module):
    """FiLM: scale and shift of [B, T, D] by a condition [B, K]; the identity at the start (Perez
    et al. 2018)."""

    def __init__(self, condition_width: int, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(condition_width, 2 * width)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.linear(condition)[:, None].chunk(2, dim=-1)
        return x * (1 + scale) + shift
