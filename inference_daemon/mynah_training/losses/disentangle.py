"""Keeps what the style code says apart from what is said (MirrorTalk, Eq. 4)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def orthogonality(style: Tensor, semantic: Tensor) -> Tensor:
    """‖s̃ᵀṽ‖²_F of codes [B, K] and [B, L], each row of length 1.

    s̃ᵀṽ is divided by B, which the paper does not print, so that the loss is at most 1.
    """
    style, semantic = functional.normalize(style, dim=1), functional.normalize(semantic, dim=1)
    return (style.mT @ semantic / len(style)).square().sum()


def hsic(first: Tensor, second: Tensor) -> Tensor:
    """Dependence of any kind between rows of [B, K] and [B, L]: the biased estimate
    tr(KHLH) / (B - 1)² (Gretton et al. 2005) of the Hilbert-Schmidt independence criterion, with
    Gaussian kernels as wide as the median distance.

    Rows are brought to length 1 first, as s̃ and ṽ. Kernel, width and estimate are open in the
    paper.
    """
    n = len(first)
    centred = _centred_kernel(functional.normalize(first, dim=1))
    kernel = _centred_kernel(functional.normalize(second, dim=1))
    return (centred * kernel).sum() / (n - 1) ** 2  # tr(HKH · HLH) = tr(KHLH)


def _centred_kernel(codes: Tensor) -> Tensor:
    n = len(codes)
    squares = codes.square().sum(dim=1)
    distances = (squares[:, None] + squares - 2 * codes @ codes.mT).clamp(min=0)
    apart = ~torch.eye(n, dtype=torch.bool, device=codes.device)
    width = distances[apart].median().detach().clamp(min=1e-6)
    kernel = torch.exp(-distances / (2 * width))
    return kernel - kernel.mean(0) - kernel.mean(1, keepdim=True) + kernel.mean()
