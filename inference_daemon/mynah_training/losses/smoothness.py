"""Keeps motion from jerking."""

from __future__ import annotations

from torch import Tensor


def smoothness_loss(motion: Tensor) -> Tensor:
    """Mean square of x_{i+1} − 2 x_i + x_{i−1} in [B, T, C] (MSMD, Eq. 3).

    The equation is printed without the factor 2, which would ask for a face at rest; what its text
    describes is the second difference.
    """
    return motion.diff(n=2, dim=1).square().mean()
