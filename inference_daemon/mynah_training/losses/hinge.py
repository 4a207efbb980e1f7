"""FixTalk's disentanglement loss."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def disentanglement_loss(one: Tensor, other: Tensor, strictness: float) -> Tensor:
    """Mean of max(0, cos(z^s, z^d) - ξ) over codes [..., Z] (FixTalk, Eq. 4).

    The pairs must be different motion of the same performer: what their codes share is the
    performer. Of two performers it would forbid the same motion to have the same code.
    """
    cosine = functional.cosine_similarity(one, other, dim=-1)
    return (cosine - strictness).clamp(min=0).mean()
