"""Self-attention pooling: one vector of a clip, in which telling frames weigh more."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_LEAST_VARIANCE = 1e-4


class AttentionPooling(nn.Module):
    """Frames [B, S, D] → [B, D]: Σ_t softmax(e)_t s'_t (MirrorTalk, Eq. 1).

    How the scores e_t [B, S, 1] are computed is open in the paper; here two layers.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, frames: Tensor) -> Tensor:
        return (self.score(frames).softmax(dim=1) * frames).sum(dim=1)


def statistics(frames: Tensor) -> Tensor:
    """Mean and deviation over time: [B, S, C] → [B, 2C] (x-vectors' pooling, Snyder et al. 2018).

    Where a face rests and how far it moves are most of a manner.
    """
    mean = frames.mean(dim=1)
    deviation = ((frames - mean[:, None]).square().mean(dim=1) + _LEAST_VARIANCE).sqrt()
    return torch.cat([mean, deviation], dim=-1)
