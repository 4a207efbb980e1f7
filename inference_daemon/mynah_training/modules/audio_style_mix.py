"""Mixes what the sound and what the style say about a part of the face by which of them dominates
(MirrorTalk, Eq. 7-9)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

LowerRule = Literal["printed", "reversed"]
_LEAST_LENGTH = 1e-6


def _cosine(first: Tensor, second: Tensor) -> Tensor:
    """Cosine [B, 1, 1] of feature maps [B, T, D]."""
    lengths = first.square().sum((1, 2), keepdim=True) * second.square().sum((1, 2), keepdim=True)
    return (first * second).sum((1, 2), keepdim=True) / (lengths + _LEAST_LENGTH**2).sqrt()


def audio_dominance(audio: Tensor, style: Tensor) -> Tensor:
    """D [B, 1, 1] of the outputs Z_a, Z_s [B, T, D] of two cross-attentions (Eq. 7, 8).

    The "combined feature map" Z is not defined in the paper; here it is Z_a + Z_s. D is one number
    per region and denoising step, as D(r, t) says, and lies within σ(±2) = 0.119 … 0.881.
    """
    combined = audio + style
    return torch.sigmoid(_cosine(audio, combined) - _cosine(style, combined))


def mix_upper(audio: Tensor, style: Tensor, largest_gain: float) -> Tensor:
    """Upper face: Z_s / D + Z_a (Eq. 9).

    1 / D is 1.13 to 8.4 and so always amplifies the style; it is kept below `largest_gain`.
    """
    return style * (1 / audio_dominance(audio, style)).clamp(max=largest_gain) + audio


def mix_lower(audio: Tensor, style: Tensor, rule: LowerRule, largest_gain: float) -> Tensor:
    """Lower face: Z_a · D + Z_s as printed (Eq. 9), or `reversed`: Z_a / (1 - D) + Z_s.

    As printed the audio is always attenuated, D being below 1, though the text wants the lower
    face biased towards it. The reversed rule mirrors that of the upper face: 1 - D = σ(P_s - P_a)
    is the style's dominance.
    """
    dominance = audio_dominance(audio, style)
    if rule == "printed":
        return audio * dominance + style
    return audio * (1 / (1 - dominance)).clamp(max=largest_gain) + style
