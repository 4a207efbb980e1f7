"""Cepstral coefficients of log-mel features: the shape of the sound in a few computed numbers."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mynah_daemon.audio.features import N_MELS, log_mel

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


@torch.no_grad()
def loudness(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first coefficient of samples [N] at 16 kHz, as performers hear it: [T] at 25/s."""
    level = Cepstrum()(torch.from_numpy(log_mel(samples)).t()[None])[0, 0].numpy()
    return level[: len(level) // 2 * 2].reshape(-1, 2).mean(axis=1)
