"""A performance of any length as a distribution over style codes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mynah_shared.motion.arkit import ARKIT_CHANNELS

from .attention import TransformerLayer
from .style_pooling import statistics

_LEAST_LOGVAR, _LARGEST_LOGVAR = -10.0, 4.0
_FIRST_LOGVAR = -4.0


class MeanPooling(nn.Module):
    """Mean over time: [B, S, D] → [B, D]."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=1)


class StyleVae(nn.Module):
    """Normalised performances [B, S, 55] → mean and log-variance [B, K] (MSMD, section 4.2): a
    transformer along time, `pooling` of its frames, two fully connected layers.

    Rotary positions let the order of the frames count: a nod is not a head thrown back. The
    posterior starts narrow, since the paper's weight of the divergence (1e-6) hardly holds it
    wide and a style that begins as noise takes long to be listened to. With `with_statistics` the
    last layers are also told where each channel rests and how far it moves.
    """

    def __init__(
        self, width: int, heads: int, layers: int, style_width: int, pooling: nn.Module,
        dropout: float = 0.0, *, with_statistics: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.stem = nn.Linear(len(ARKIT_CHANNELS), width)
        self.layers = nn.Sequential(
            *(TransformerLayer(width, heads, dropout) for _ in range(layers))
        )
        self.norm = nn.LayerNorm(width)
        self.pooling = pooling
        self.with_statistics = with_statistics
        seen = width + (2 * len(ARKIT_CHANNELS) if with_statistics else 0)
        last = nn.Linear(width, 2 * style_width)
        with torch.no_grad():
            last.bias[style_width:] = _FIRST_LOGVAR
        self.head = nn.Sequential(nn.Linear(seen, width), nn.GELU(), last)

    def forward(self, clip: Tensor) -> tuple[Tensor, Tensor]:
        pooled = self.pooling(self.norm(self.layers(self.stem(clip))))
        if self.with_statistics:
            pooled = torch.cat([pooled, statistics(clip)], dim=-1)
        mean, logvar = self.head(pooled).chunk(2, dim=-1)
        return mean, logvar.clamp(_LEAST_LOGVAR, _LARGEST_LOGVAR)


def draw(mean: Tensor, logvar: Tensor) -> Tensor:
    """A sample s = μ + σ ε with its gradient to both (the reparameterisation trick)."""
    return mean + (0.5 * logvar).exp() * torch.randn_like(mean)
