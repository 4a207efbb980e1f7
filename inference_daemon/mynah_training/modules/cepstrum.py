"""Cepstral coefficients of log-mel features: the shape of the sound in a few computed numbers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mynah_daemon.audio.features import N_MELS

N_CEPSTRA = 12
_SCALE = 3.0


class Cepstrum(nn.Module):
    """Normalised log-mel [B, 80, L] at 100/s → [B, 12, L/2] at 50/s, of about unit size.

    The first coefficient is the loudness, the next the tilt of the spectrum.
    """

    basis: Tensor

    def __init__(self) -> None:
        super().__init__()
        order = torch.arange(N_CEPSTRA)[:, None]
        basis = torch.cos(math.pi * order * (torch.arange(N_MELS) + 0.5) / N_MELS)
        basis = basis * math.sqrt(2.0 / N_MELS)
        basis[0] /= math.sqrt(2.0)
        self.register_buffer("basis", (basis / _SCALE)[..., None], persistent=False)

    def forward(self, bands: Tensor) -> Tensor:
        return functional.conv1d(functional.avg_pool1d(bands, 2), self.basis)
