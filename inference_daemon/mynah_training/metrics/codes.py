"""What a code knows: whose it is, what was said, and which reference it is nearest to."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Name = TypeVar("Name", bound=Hashable)

_PENALTIES: Final = (0.01, 0.1, 1.0, 10.0)
_LEAST_SPREAD: Final = 1e-6


def cosine(a: FloatArray, b: FloatArray) -> float:
    """Of two codes [K]; 0 if one of them is nothing."""
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > _LEAST_SPREAD else 0.0


def nearest(code: FloatArray, references: Mapping[Name, FloatArray]) -> Name:
    """The name of the reference with the largest cosine."""
    return max(references, key=lambda name: cosine(code, references[name]))


def content_leak(codes: FloatArray, said: FloatArray, groups: Sequence[int]) -> float:
    """R² of a ridge regression from codes [N, K] to what was said [N, P], each group predicted from
    the others; not below 0.

    R² is one less the squared error over that of the mean, added over all P. The penalty that
    finds most is kept: a leak shall not hide behind a poor choice.
    """
    inside = [np.array(groups) == group for group in sorted(set(groups))]
    wrong = np.zeros(len(_PENALTIES))
    spread = 0.0
    for held in inside:
        mean = said[~held].mean(axis=0)
        spread += float(((said[held] - mean) ** 2).sum())
        known, asked = _standardised(codes[~held], codes[held])
        for i, penalty in enumerate(_PENALTIES):
            square = known.T @ known + penalty * len(known) * np.eye(known.shape[1])
            weights = np.linalg.solve(square, known.T @ (said[~held] - mean))
            wrong[i] += float(((said[held] - mean - asked @ weights) ** 2).sum())
    return max(0.0, 1.0 - float(wrong.min()) / spread) if spread > 0 else float("nan")


def identity_leak(codes: FloatArray, people: Sequence[int], groups: Sequence[int]) -> float:
    """Percent of codes [N, K] that are nearest to the centre of the right person, each group of
    codes (of one sentence, say) judged by the others; distances count in units of the spread
    within people, along its axes."""
    who, group = np.array(people), np.array(groups)
    right = 0
    for held in (group == g for g in sorted(set(groups))):
        known, asked = _standardised(codes[~held], codes[held])
        names = sorted(set(who[~held].tolist()))
        centres = np.stack([known[who[~held] == name].mean(axis=0) for name in names])
        within = known - centres[np.searchsorted(names, who[~held])]
        spread = within.T @ within / len(within)
        axes = np.linalg.inv(np.linalg.cholesky(spread + 0.01 * np.eye(len(spread)))).T
        apart = np.linalg.norm((asked @ axes)[:, None] - centres @ axes, axis=-1)
        right += int((np.array(names)[apart.argmin(axis=1)] == who[held]).sum())
    return 100.0 * right / len(codes)


def _standardised(
    known: FloatArray, asked: FloatArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both in deviations of the known."""
    kept, judged = known.astype(np.float64), asked.astype(np.float64)
    mean, deviation = kept.mean(axis=0), kept.std(axis=0)
    deviation[deviation < _LEAST_SPREAD] = 1.0
    return (kept - mean) / deviation, (judged - mean) / deviation
