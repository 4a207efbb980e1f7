"""FixTalk's Enhanced Detail Indicator: a memory of the details that a motion code loses."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .attention import Attention

REACH = 2
"""Frames on each side that the fusion looks at."""
_SMOOTH = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def high_pass(motion: Tensor) -> Tensor:
    """What [B, T, C] has beyond its smoothed self (binomial over five frames): nothing of what is
    constant, nearly all of what changes from frame to frame."""
    kernel = motion.new_tensor(_SMOOTH).reshape(1, 1, -1)
    series = functional.pad(motion.transpose(1, 2), (2, 2), mode="replicate")
    smooth = functional.conv1d(series.flatten(0, 1)[:, None], kernel)
    return motion - smooth[:, 0].reshape(motion.shape[0], motion.shape[2], -1).transpose(1, 2)


def address(query: Tensor, slots: Tensor, temperature: float) -> Tensor:
    """Ω [..., S]: softmax of `temperature` times the cosine of [..., D] with the slots [S, D] (Eq.
    5 and 7).

    The paper has no temperature; cosines within [-1, 1] would give any of 64 slots 0.11 at most and
    the memory could only recall its mean.
    """
    cosine = functional.normalize(query, dim=-1) @ functional.normalize(slots, dim=-1).t()
    return (temperature * cosine).softmax(-1)


@dataclass(frozen=True)
class Remembering:
    """Losses of the memory: `memory` is Eq. 6, `alignment` Eq. 8, `token` keeps the compressed
    details worth remembering."""

    memory: Tensor
    alignment: Tensor
    token: Tensor


class DetailMemory(nn.Module):
    """Driven memory M_d and motion-source memory M_m-s of S slots each (FixTalk, section 4.2).

    Π compresses details [B, T, C] to a token per frame, Λ restores them. `remember` (training)
    stores tokens (Eq. 5, 6) and aligns the two memories (Eq. 7, 8); `recall` reads M_d at the
    address that source and motion difference have in M_m-s (Eq. 9); `forward` fuses what is
    recalled with the frame's features by cross-attention and restores it, behind a gate that is
    shut at the start.

    Departures: the details are the high-pass part of coefficients, not an image's features; Π is a
    convolution over five frames; Ω_d is the fixed target of Eq. 8 and the token that of Eq. 6, lest
    both memories agree on nothing; the token must restore the details, for our Π has no pretrained
    features to hold on to.
    """

    def __init__(
        self, channels: int, key_width: int, feature_width: int, *, slots: int, token_width: int,
        heads: int, temperature: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.temperature = temperature
        self.driven = nn.Parameter(torch.randn(slots, token_width) / token_width**0.5)
        self.motion_source = nn.Parameter(torch.randn(slots, key_width) / key_width**0.5)
        self.compress = nn.Conv1d(channels, token_width, 5, padding=2)
        self.query = nn.Linear(feature_width, token_width)
        self.fusion = Attention(token_width, heads, reach=REACH)
        self.decompress = nn.Linear(token_width, channels)
        self.gate = nn.Parameter(torch.zeros(channels))

    def forward(self, key: Tensor, features: Tensor) -> Tensor:
        """Details [B, T, C] for keys f_s ⊕ (z_d - z_s) [B, T, K] and features [B, T, F]."""
        recalled = self.recall(key)
        fused = recalled + self.fusion(self.query(features), recalled)
        return self.gate * self.decompress(fused)

    def recall(self, key: Tensor) -> Tensor:
        """f̂ [B, T, D], Eq. 9."""
        return address(key, self.motion_source, self.temperature) @ self.driven

    def remember(self, details: Tensor, key: Tensor) -> Remembering:
        token = self.compress(details.transpose(1, 2)).transpose(1, 2)
        restored = self.decompress(token)
        token = token.detach()
        values = address(token, self.driven, self.temperature)
        keys = address(key, self.motion_source, self.temperature)
        target = values.detach().clamp(min=1e-8).log()
        divergence = (keys * (keys.clamp(min=1e-8).log() - target)).sum(-1)
        return Remembering(
            memory=(token - values @ self.driven).square().mean(),
            alignment=divergence.mean(),
            token=(restored - details).square().mean(),
        )
