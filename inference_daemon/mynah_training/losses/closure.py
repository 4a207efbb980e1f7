"""Lips that meet for b, m and p."""

from __future__ import annotations

import torch
from torch import Tensor

from ..data.phones import BILABIALS, PHONE_INDEX

_PER_MM = 1.0
_BILABIALS = sorted(PHONE_INDEX[phone] for phone in BILABIALS)


def bilabial_frames(phones: Tensor) -> Tensor:
    """Motion frames [B, T] during which labels [B, 2T] say b, m or p."""
    said = torch.isin(phones, torch.tensor(_BILABIALS, device=phones.device))
    return said.unflatten(1, (-1, 2)).any(dim=2)


def closure_loss(
    gap: Tensor, target_gap: Tensor, rest_gap: Tensor, bilabial: Tensor, weight: Tensor
) -> Tensor:
    """How far, in mm, lips with `gap` [B, T] stand open in `bilabial` [B, T] frames; items weigh
    `weight` [B].

    A frame weighs exp(-k d), d being how far the filmed lips stand open (after the lip-distance
    loss of Audio2Face-3D): labels begin before the lips meet and end after they part, and only
    where they do meet is an opening wrong. Open is what exceeds the relaxed head's `rest_gap`.
    """
    filmed = (target_gap - rest_gap).clamp(min=0)
    closed = bilabial * torch.exp(-_PER_MM * filmed)
    opening = (gap - rest_gap).clamp(min=0)
    return (closed * weight[:, None] * opening).sum() / bilabial.sum().clamp(min=1)
