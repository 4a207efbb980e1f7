"""Lip accuracy against a reference performance, on a real head without head pose (formulas as in
MODELS.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .head import LIPS, UPPER_FACE, LandmarkHead

FloatArray = NDArray[np.float32]
_MAX_LAG_S = 0.2
_LEAST_SPAN_MM = 0.01


@dataclass(frozen=True)
class LipScores:
    """`lip_vertex_error_mm`: mean over frames of the largest distance among the 20 lip landmarks
    (not squared).
    `gap_correlation`: Pearson correlation of the inner-lip gaps. `mouth_opening_error_mm`: root
    mean square difference
    of the gaps (Euclidean). `lag_s`: shift of the prediction at which the gaps correlate best;
    positive = late.
    `upper_face_dynamics_error_mm`: |mean over brow and lid landmarks of (deviation over time of the
    displacement,
    reference minus prediction)|."""

    lip_vertex_error_mm: float
    gap_correlation: float
    mouth_opening_error_mm: float
    lag_s: float
    upper_face_dynamics_error_mm: float


def compare(
    predicted: FloatArray, reference: FloatArray, fps: float, head: LandmarkHead
) -> LipScores:
    """Scores of ARKit coefficients [T, 52] against a reference of the same length at the same
    rate."""
    ours, theirs = head.landmarks(predicted), head.landmarks(reference)
    distance = np.linalg.norm(ours[:, LIPS] - theirs[:, LIPS], axis=-1)
    gap, wanted = head.lip_gap(predicted), head.lip_gap(reference)
    motion = [
        np.linalg.norm(p[:, UPPER_FACE] - head.neutral[list(UPPER_FACE)], axis=-1).std(axis=0)
        for p in (theirs, ours)
    ]
    return LipScores(
        float(distance.max(axis=1).mean()),
        correlation(gap, wanted),
        float(np.sqrt(np.mean((gap - wanted) ** 2))),
        lag_s(gap, wanted, fps),
        float(abs(np.mean(motion[0] - motion[1]))),
    )


def matched_lip_error_mm(predicted: FloatArray, reference: FloatArray, head: LandmarkHead) -> float:
    """The lip vertex error of coefficients [T, 52] that is left when each of the 20 landmarks rests
    where the reference's does and moves as far.

    A mood shifts lips (a smile) and stretches what they do (a shout) on purpose; what is left is
    what they do at the wrong time or in the wrong direction. Matched by mean and deviation over the
    clip and not by regression, which would shrink a wrong movement away.
    """
    ours, theirs = (head.landmarks(c)[:, LIPS] for c in (predicted, reference))
    rests = ours.mean(axis=0), theirs.mean(axis=0)
    spans = [_span(points - rest) for points, rest in zip((ours, theirs), rests, strict=True)]
    matched = (ours - rests[0]) * (spans[1] / spans[0].clip(_LEAST_SPAN_MM))[:, None]
    distance = np.linalg.norm(matched + rests[1] - theirs, axis=-1)
    return float(distance.max(axis=1).mean())


def _span(moved: FloatArray) -> FloatArray:
    """Deviation [L] over time of landmarks [T, L, 3] from their means."""
    return np.sqrt(np.square(moved).sum(axis=-1).mean(axis=0))


def correlation(a: FloatArray, b: FloatArray) -> float:
    """Pearson correlation; 0 when one side does not move at all."""
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 1e-12 else 0.0


def lag_s(predicted: FloatArray, reference: FloatArray, fps: float) -> float:
    """Seconds by which the prediction is late, refined between frames by a parabola through the
    best three shifts."""
    return peak_lag_s(lag_profile(predicted, reference, fps), fps)


def lag_profile(predicted: FloatArray, reference: FloatArray, fps: float) -> FloatArray:
    """Correlation at each whole-frame shift from -0.2 to 0.2 s; pool clips by adding their
    profiles."""
    reach = round(_MAX_LAG_S * fps)
    n = len(reference)
    values = [
        correlation(predicted[max(0, s) : n + min(0, s)], reference[max(0, -s) : n - max(0, s)])
        for s in range(-reach, reach + 1)
    ]
    return np.array(values, np.float32)


def peak_lag_s(profile: FloatArray, fps: float) -> float:
    """The shift at a profile's maximum, in seconds."""
    best = int(profile.argmax())
    offset = 0.0
    if 0 < best < len(profile) - 1:
        before, peak, after = (float(v) for v in profile[best - 1 : best + 2])
        bend = before - 2 * peak + after
        offset = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return (best - len(profile) // 2 + offset) / fps
