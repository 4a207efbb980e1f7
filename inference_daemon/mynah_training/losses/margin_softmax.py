"""AAM-softmax: performers told apart by angles with a margin."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class MarginSoftmaxLoss(nn.Module):
    """Cross-entropy of scale · cos(θ + margin) for the right class, scale · cos θ for the others
    (Deng et al. 2019, Eq. 3), on codes [B, D] with `labels` [B].

    Beyond π - margin, where cos(θ + margin) would rise again, a line goes on falling.
    """

    def __init__(self, width: int, n_classes: int, margin: float = 0.2, scale: float = 30.0):
        super().__init__()
        self.margin, self.scale = margin, scale
        self.centres = nn.Parameter(torch.randn(n_classes, width) / width**0.5)

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        cosine = (
            functional.normalize(codes, dim=-1) @ functional.normalize(self.centres, dim=-1).t()
        )
        right = cosine.gather(1, labels[:, None])
        sine = (1 - right.square()).clamp(min=1e-6).sqrt()
        moved = right * math.cos(self.margin) - sine * math.sin(self.margin)
        beyond = right <= -math.cos(self.margin)
        moved = torch.where(beyond, right - self.margin * math.sin(self.margin), moved)
        return functional.cross_entropy(
            self.scale * cosine.scatter(1, labels[:, None], moved), labels
        )
