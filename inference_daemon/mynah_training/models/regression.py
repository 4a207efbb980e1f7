"""The first motion model: a speech encoder with a phone bottleneck, and a decoder that regresses
the face.

The decoder never sees the sound itself, only phone posteriors and a narrow side channel (loudness,
pace, voice), so
that what it learned from few faces carries over to voices it never heard.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from mynah_daemon.audio.features import N_MELS
from mynah_shared.motion.arkit import ARKIT_CHANNELS

from ..data.phones import PHONES
from ..modules.temporal_conv import GatedConvStack


@dataclass(frozen=True)
class RegressionConfig:
    """Sizes of the two networks; widths in channels, dilations in frames of 20 ms."""

    encoder_width: int = 192
    encoder_dilations: tuple[int, ...] = (1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8)
    side_channels: int = 8
    decoder_width: int = 128
    decoder_dilations: tuple[int, ...] = (1, 2, 4, 8, 1, 2)
    dropout: float = 0.2


class SpeechEncoder(nn.Module):
    """Normalised log-mel [B, L, 80] at 100/s → phone logits [B, L/2, P] and side channel [B, L/2,
    S] at 50/s."""

    def __init__(self, config: RegressionConfig) -> None:
        super().__init__()
        width = config.encoder_width
        self.stem = nn.Conv1d(N_MELS, width, 5, stride=2, padding=2)
        self.blocks = GatedConvStack(width, list(config.encoder_dilations), config.dropout)
        self.phone_head = nn.Conv1d(width, len(PHONES), 1)
        self.side_head = nn.Conv1d(width, config.side_channels, 1)
        self.context_frames = 2 * self.blocks.reach + 4

    def forward(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.blocks(self.stem(mel.transpose(1, 2)))
        side = torch.tanh(self.side_head(hidden))
        return self.phone_head(hidden).transpose(1, 2), side.transpose(1, 2)


class RegressionDecoder(nn.Module):
    """Phone logits [B, N, P] and side channel [B, N, S] at 50/s → coefficients [B, N/2, 55] at
    25/s."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, config: RegressionConfig, mean: torch.Tensor, scale: torch.Tensor) -> None:
        super().__init__()
        width = config.decoder_width
        self.stem = nn.Conv1d(len(PHONES) + config.side_channels, width, 1)
        self.blocks = GatedConvStack(width, list(config.decoder_dilations), config.dropout)
        self.to_motion_rate = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.head = nn.Conv1d(width, len(ARKIT_CHANNELS), 1)
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.context_frames = self.blocks.reach + 2

    def forward(self, phone_logits: torch.Tensor, side: torch.Tensor) -> torch.Tensor:
        seen = torch.cat([phone_logits.softmax(-1), side], dim=-1).transpose(1, 2)
        hidden = torch.relu(self.to_motion_rate(self.blocks(self.stem(seen))))
        return self.head(hidden).transpose(1, 2) * self.scale + self.mean


class RegressionModel(nn.Module):
    """Encoder and decoder, trained together. `mean`, `scale` [55] are the training motion's
    statistics."""

    def __init__(self, config: RegressionConfig, mean: torch.Tensor, scale: torch.Tensor) -> None:
        super().__init__()
        self.config = config
        self.encoder = SpeechEncoder(config)
        self.decoder = RegressionDecoder(config, mean, scale)

    def forward(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Phone logits, side channel and coefficients."""
        logits, side = self.encoder(mel)
        return logits, side, self.decoder(logits, side)
