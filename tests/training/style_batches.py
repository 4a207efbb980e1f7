"""A random batch and a head, for tests of the style-conditioned models."""

from __future__ import annotations

import numpy as np
import torch

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_training.data.phones import PHONES
from mynah_training.data.style_batches import (
    PREVIOUS_FRAMES,
    STYLE_FRAMES,
    WINDOW_FRAMES,
    StyleBatch,
)  # fmt: skip
from mynah_training.losses.face import FaceLoss, FaceWeights
from mynah_training.metrics.head import LandmarkHead
from mynah_training.models.styled import Conditions
from mynah_training.modules.cepstrum import N_CEPSTRA

N = len(ARKIT_CHANNELS)
MEAN, SCALE = torch.full((N,), 0.1), torch.full((N,), 0.2)


def style_batch(n_items: int = 6, n_performers: int = 3, seed: int = 0) -> StyleBatch:
    """Smooth random faces; item i is performed by i % n_performers."""
    generator = torch.Generator().manual_seed(seed)
    n_frames = PREVIOUS_FRAMES + WINDOW_FRAMES

    def motion(length: int) -> torch.Tensor:
        walk = torch.randn(n_items, length, N, generator=generator).cumsum(1) * 0.02
        return (0.2 + walk).clamp(0, 1)

    return StyleBatch(
        phone_logits=torch.randn(n_items, 2 * n_frames, len(PHONES), generator=generator) * 3,
        cepstrum=torch.randn(n_items, 2 * n_frames, N_CEPSTRA, generator=generator),
        phones=torch.randint(0, len(PHONES), (n_items, 2 * n_frames), generator=generator),
        motion=motion(n_frames),
        valid=torch.ones(n_items, N, dtype=torch.bool),
        style=motion(STYLE_FRAMES),
        same_style=motion(STYLE_FRAMES),
        performer=torch.arange(n_items) % n_performers,
    )


def conditions(batch: StyleBatch, style: torch.Tensor) -> Conditions:
    """Everything switched on."""
    on = torch.ones(len(style))
    return Conditions(
        batch.phone_logits, batch.cepstrum, style, batch.motion[:, :PREVIOUS_FRAMES], on, on, on
    )


def face_loss() -> FaceLoss:
    """A loss on a head whose jaw lowers the lower lip."""
    deltas = np.zeros((52, 68, 3), np.float32)
    deltas[17, 57:, 1] = -30.0
    return FaceLoss(LandmarkHead(np.zeros((68, 3), np.float32), deltas), SCALE, FaceWeights())
