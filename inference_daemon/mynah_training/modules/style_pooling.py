"""Self-attention pooling: one vector of a clip, in which telling frames weigh more."""

from __future__ import annotations

from torch import Tensor, nn


class AttentionPooling(nn.Module):
    """Frames [B, S, D] → [B, D]: Σ_t softmax(e)_t s'_t (MirrorTalk, Eq. 1).

    How the scores e_t [B, S, 1] are computed is open in the paper; here two layers.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, frames: Tensor) -> Tensor:
        return (self.score(frames).softmax(dim=1) * frames).sum(dim=1)
