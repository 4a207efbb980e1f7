"""How far a posterior lies from the standard normal distribution."""

from __future__ import annotations

from torch import Tensor


def kl_loss(mean: Tensor, logvar: Tensor) -> Tensor:
    """½ Σ_i (μ_i² + σ_i² − log σ_i² − 1) of [B, K] (MSMD, section 4.2), mean over items."""
    return 0.5 * (mean.square() + logvar.exp() - logvar - 1).sum(dim=-1).mean()
