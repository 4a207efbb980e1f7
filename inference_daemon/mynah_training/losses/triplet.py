"""Brings codes of one performer together and those of others apart."""

from __future__ import annotations

from torch import Tensor


def triplet_loss(anchor: Tensor, positive: Tensor, performer: Tensor, margin: float) -> Tensor:
    """max(0, δ + ‖s^a - s^p‖² - ‖s^a - s^n‖²) (MirrorTalk, Eq. 5).

    Row i of `anchor` and `positive` [B, K] comes from two clips of `performer` [B]; every anchor of
    another performer is a negative, and all triplets of the batch count alike. 0 where there is
    only one performer.
    """
    others = (performer[:, None] != performer).float()
    near = (anchor - positive).square().sum(1)
    far = (anchor[:, None] - anchor).square().sum(2)
    violation = (margin + near[:, None] - far).clamp(min=0)
    return (violation * others).sum() / others.sum().clamp(min=1)
