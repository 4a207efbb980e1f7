"""Which dimensions of a face's coefficients move the lips, which the eyes, and which the rest."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_LEAST_DEVIATION = 1e-6


@dataclass(frozen=True)
class RegionSplit:
    """Indices of the dimensions, ascending; each dimension is in exactly one region."""

    lips: tuple[int, ...]
    eyes: tuple[int, ...]
    rest: tuple[int, ...]


def sensitivity(motion: Tensor, edited: Tensor) -> Tensor:
    """max_t |Δ_t| / σ [C] of `motion` [N, C] and the same frames `edited` [N, C]; 0 for dimensions
    that don't move at all."""
    deviation = motion.std(dim=0, unbiased=False)
    ratio = (edited - motion).abs().amax(dim=0) / deviation.clamp(min=_LEAST_DEVIATION)
    return torch.where(deviation > _LEAST_DEVIATION, ratio, 0.0)


def split_dimensions(
    motion: Tensor, lips_closed: Tensor, eyes_closed: Tensor, k_lip: int, k_eye: int
) -> RegionSplit:
    """The `k_lip` and `k_eye` dimensions that closing the lips and the eyes changes most for how
    much they vary; the rest is global (DisentTalk, Eq. 1, 2).

    All [N, C], in any space: blend shapes, FLAME, components of a PCA. The paper describes Δ both
    as the difference of the parameters and as its "maximum temporal variation"; this is the
    largest difference over time. Eq. 1 lets both regions choose the same dimension; here the one
    that is more sensitive gets it, and the other its next best.
    """
    n_dimensions = motion.shape[1]
    if k_lip + k_eye > n_dimensions:
        raise ValueError(f"{n_dimensions} dimensions can't give {k_lip} to lips, {k_eye} to eyes")
    ratios = torch.cat([sensitivity(motion, lips_closed), sensitivity(motion, eyes_closed)])
    chosen: tuple[set[int], set[int]] = (set(), set())
    for place in ratios.argsort(descending=True, stable=True).tolist():
        region, dimension = divmod(place, n_dimensions)
        full = len(chosen[region]) == (k_lip, k_eye)[region]
        if not full and dimension not in chosen[1 - region]:
            chosen[region].add(dimension)
    lips, eyes = chosen
    rest = sorted(set(range(n_dimensions)) - lips - eyes)
    return RegionSplit(tuple(sorted(lips)), tuple(sorted(eyes)), tuple(rest))
