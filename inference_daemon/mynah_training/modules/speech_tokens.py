"""What a motion model hears: one token per motion frame from the speech encoder's outputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..data.phones import PHONES
from .cepstrum import N_CEPSTRA


class SpeechTokens(nn.Module):
    """Phone logits [B, 2T, P] and cepstrum [B, 2T, 12] at 50/s → tokens [B, T, D] at 25/s.

    The cepstrum passes a narrow layer, so that what few faces teach rests on the phones; noise in
    training (`phone_noise` in units of a logit) limits what passes beside them.
    """

    def __init__(
        self, width: int, narrow_channels: int = 24, phone_noise: float = 1.0,
        cepstrum_noise: float = 0.1,
    ) -> None:  # fmt: skip
        super().__init__()
        self.phone_noise, self.cepstrum_noise = phone_noise, cepstrum_noise
        self.narrow = nn.Conv1d(N_CEPSTRA, narrow_channels, 9, padding=4)
        self.stem = nn.Conv1d(len(PHONES) + narrow_channels, width, 4, stride=2, padding=1)

    def forward(self, phone_logits: Tensor, cepstrum: Tensor) -> Tensor:
        if self.training:
            phone_logits = phone_logits + self.phone_noise * torch.randn_like(phone_logits)
            cepstrum = cepstrum + self.cepstrum_noise * torch.randn_like(cepstrum)
        view = torch.tanh(self.narrow(cepstrum.transpose(1, 2)))
        seen = torch.cat([phone_logits.softmax(-1).transpose(1, 2), view], dim=1)
        return self.stem(seen).transpose(1, 2)
