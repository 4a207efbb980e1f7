"""Distance between two faces: of the lips in millimetres, and of all coefficients."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from ..data.motion_batches import LEAST_DEVIATION
from ..metrics.head import LandmarkHead
from .lip_geometry import LipGeometryLoss

_N_SHAPES = len(ARKIT_BLENDSHAPES)


@dataclass(frozen=True)
class FaceWeights:
    """Factors of the parts of a `FaceLoss`."""

    lips: float = 0.5
    velocity: float = 0.5
    gap: float = 0.1
    coefficients: float = 0.3


class FaceLoss(nn.Module):
    """Weighted losses of coefficients [B, T, 55]; channels whose `valid` [B, 55] is false count
    for nothing, and items weigh `trust` [B]."""

    scale: Tensor

    def __init__(self, head: LandmarkHead, scale: Tensor, weights: FaceWeights) -> None:
        super().__init__()
        self.lips, self.weights = LipGeometryLoss(head), weights
        self.register_buffer("scale", scale.clamp(min=LEAST_DEVIATION))

    def forward(
        self, predicted: Tensor, target: Tensor, valid: Tensor, trust: Tensor | None = None
    ) -> dict[str, Tensor]:
        known = valid[:, None]
        predicted, target = predicted * known, target * known
        trust = predicted.new_ones(len(predicted)) if trust is None else trust
        position, velocity, gap = self.lips(
            predicted[..., :_N_SHAPES], target[..., :_N_SHAPES], trust
        )
        scaled = (predicted - target) / self.scale
        change = functional.pad(scaled.diff(dim=1), (0, 0, 1, 0))
        error = (scaled.square() + 2 * change.square()).mean(dim=(1, 2))
        weights = self.weights
        return {
            "lips": weights.lips * position,
            "velocity": weights.velocity * velocity,
            "gap": weights.gap * gap,
            "coefficients": weights.coefficients * (error * trust).mean(),
        }
