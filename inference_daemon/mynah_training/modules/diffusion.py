"""Denoising diffusion: noise schedule, noisy samples, and conversions between predictions.

Time runs from 0 (clean) to 1 (noise). With a = `signal(t)`: x_t = sqrt(a) x_0 + sqrt(1 - a) ε.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_OFFSET = 0.008
_LEAST_SIGNAL = 1e-4


def signal(time: Tensor) -> Tensor:
    """Share of the signal's power ᾱ at `time`: the cosine schedule of Nichol and Dhariwal 2021,
    Eq. 17."""
    angle = (time + _OFFSET) / (1 + _OFFSET) * math.pi / 2
    start = math.cos(_OFFSET / (1 + _OFFSET) * math.pi / 2)
    return (torch.cos(angle) / start).square().clamp(_LEAST_SIGNAL, 1.0)


def add_noise(clean: Tensor, noise: Tensor, time: Tensor) -> Tensor:
    """x_t [B, T, C] at `time` [B]."""
    a = signal(time)[:, None, None]
    return a.sqrt() * clean + (1 - a).sqrt() * noise


def clean_from_noise(noisy: Tensor, noise: Tensor, time: Tensor) -> Tensor:
    """x̂_0 from a predicted ε (Ho et al. 2020, Eq. 15)."""
    a = signal(time)[:, None, None]
    return (noisy - (1 - a).sqrt() * noise) / a.sqrt()


def embed_time(time: Tensor, width: int) -> Tensor:
    """Sinusoidal embedding [B, width] of `time` [B] (Vaswani et al. 2017; 1000 steps)."""
    half = width // 2
    rates = torch.exp(-math.log(10_000.0) * torch.arange(half, device=time.device) / half)
    angles = 1000.0 * time[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
