"""The first motion model: a decoder that regresses the face from the speech encoder's outputs.

It never sees the sound itself, only phone posteriors and a narrow view of the cepstrum, so that
what it learned from few faces carries over to voices it never heard.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mynah_shared.motion.arkit import ARKIT_CHANNELS

from ..data.motion_batches import MotionBatch
from ..data.phones import PHONES
from ..losses.face import FaceLoss
from ..modules.cepstrum import N_CEPSTRA
from ..modules.temporal_conv import GatedConvStack


@dataclass(frozen=True)
class RegressionConfig:
    """Width in channels, dilations in motion frames (40 ms), noise in units of a logit."""

    width: int = 128
    dilations: tuple[int, ...] = (1, 2, 4, 1, 2, 4)
    dropout: float = 0.2
    narrow_channels: int = 24
    phone_noise: float = 1.0
    cepstrum_noise: float = 0.1
    cepstrum_dropout: float = 0.1


class RegressionDecoder(nn.Module):
    """Phone logits [B, 2T, P] and cepstrum [B, 2T, 12] at 50/s → coefficients [B, T, 55] at 25/s.

    `mean`, `scale` [55] are the training motion's statistics.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, config: RegressionConfig, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.narrow = nn.Conv1d(N_CEPSTRA, config.narrow_channels, 9, padding=4)
        seen = len(PHONES) + config.narrow_channels
        self.stem = nn.Conv1d(seen, config.width, 4, stride=2, padding=1)
        self.blocks = GatedConvStack(config.width, list(config.dilations), config.dropout)
        self.head = nn.Conv1d(config.width, len(ARKIT_CHANNELS), 1)
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.context_frames = 2 * self.blocks.reach + 6

    def forward(self, phone_logits: Tensor, cepstrum: Tensor) -> Tensor:
        return self.decode(phone_logits, self.narrow_view(cepstrum))

    def narrow_view(self, cepstrum: Tensor) -> Tensor:
        """[B, 2T, 12] → [B, 2T, narrow_channels]."""
        return torch.tanh(self.narrow(cepstrum.transpose(1, 2))).transpose(1, 2)

    def decode(self, phone_logits: Tensor, view: Tensor) -> Tensor:
        seen = torch.cat([phone_logits.softmax(-1), view], dim=-1).transpose(1, 2)
        hidden = torch.relu(self.blocks(self.stem(seen)))
        return self.head(hidden).transpose(1, 2) * self.scale + self.mean


class RegressionObjective(nn.Module):
    """Distance from the filmed face, with noise on what the decoder hears.

    The noise limits what passes to what the phones say; a share of the items goes without the
    cepstrum, so that the phones alone suffice.
    """

    def __init__(self, config: RegressionConfig, mean: Tensor, scale: Tensor, face: FaceLoss):
        super().__init__()
        self.config, self.face = config, face
        self.network = RegressionDecoder(config, mean, scale)

    def losses(self, batch: MotionBatch) -> dict[str, Tensor]:
        config = self.config
        logits = batch.phone_logits + config.phone_noise * torch.randn_like(batch.phone_logits)
        cepstrum = batch.cepstrum + config.cepstrum_noise * torch.randn_like(batch.cepstrum)
        keep = torch.rand(len(logits), 1, 1, device=logits.device) >= config.cepstrum_dropout
        with torch.autocast(logits.device.type, torch.bfloat16):
            predicted = self.network.decode(logits, self.network.narrow_view(cepstrum) * keep)
        return self.face(predicted.float(), batch.motion, batch.valid)
