"""What a track of landmarks says about a face, free of head pose and of the performer's own shape.

The face is brought into the axes of a reference face (x to the performer's left, y up, z out of the
face, in its millimetres). The performer's shape at rest is found in the clip itself: the median of
the frames with lips together and eyes open. What moves against it is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .face_points import (
    INNER_LIPS,
    LEFT_EYE_CORNERS,
    LEFT_IRIS,
    LEFT_LID_PAIRS,
    LIP_PAIRS,
    N_SKIN,
    RIGHT_EYE_CORNERS,
    RIGHT_IRIS,
    RIGHT_LID_PAIRS,
    SKIN_STEADINESS,
    SKIN_TRUST,
    STABLE,
)
from .temporal import steady

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

LIP_TRUST: Final = 8.0
"""Weight of a millimetre between two opposite points of the lips: lips that meet must meet."""
LID_TRUST: Final = 20.0
"""Weight of the lids' whole way, from open to shut."""
GAZE_TRUST: Final = 30.0
"""Weight of a look of 30 degrees."""
N_MEASURED: Final = 3 * N_SKIN + 3 * len(LIP_PAIRS) + 2 + 2

_SHUT_SHARE: Final = 0.23
"""MediaPipe's lids of a shut eye stay apart by about this share of the open eye's aperture."""
_EYE_RADIUS_MM: Final = 12.0
_FULL_LOOK_RAD: Final = 0.5236  # 30 degrees, as in `clip_files.EYE_RANGE_RAD`
_RESTING_LIPS_MM: Final = 0.5
_UNSURE_MM: Final = 1.5
"""Lips that part less than this do so in no direction that could be trusted."""

# How far tracks are steadied at 25 frames per second, see `temporal.steady`. The distances between
# the lips are left as they were seen: nothing may keep lips from meeting.
_SKIN_JUMP_MM: Final = 0.3
_LID_STEADINESS, _LID_JUMP = 0.1, 0.1
_GAZE_STEADINESS, _GAZE_JUMP = 3.0, 0.1
_USUAL_FPS: Final = 25.0
_FEWEST_AT_REST: Final = 5


@dataclass(frozen=True, eq=False)
class Observation:
    """`measured` [T, N_MEASURED] is what a solve explains, see `measure`. `rest` [468, 3] mm: how
    the performer's resting face differs from the reference. `rotations` [T, 3, 3] turn the head's
    axes into the camera's. `lip_gap_mm` [T] is the distance of the inner lips' middles, and
    `resting_gap_mm` what of it is left with the lips together."""

    measured: FloatArray
    rest: FloatArray
    rotations: FloatArray
    lip_gap_mm: FloatArray
    resting_gap_mm: float


def observe(points: FloatArray, reference: FloatArray, fps: float | None) -> Observation:
    """Reads landmarks [T, 478, 3] (in pixels; x right, y up, z to the viewer) against the reference
    face [468, 3] mm.

    At `fps` frames per second their trembling is taken out; None: the frames follow in no order.
    """
    local, _ = _straighten(points, reference)
    own = np.median(local[_frames_at_rest(local)], axis=0)
    # once more against the performer's own shape: the head is steadier
    local, rotations = _straighten(points, own)
    at_rest = _frames_at_rest(local)
    own = np.median(local[at_rest], axis=0)[:N_SKIN]
    gap, lids = lip_gap(local), _lid_closure(local, at_rest)
    moved, gaze = local[:, :N_SKIN] - own, _gaze(local, lids)
    parted = _parting(local, own)
    if fps is not None:
        pace = fps / _USUAL_FPS
        flat = moved.reshape(len(moved), -1)
        flat = steady(flat, np.repeat(SKIN_STEADINESS, 3) * pace, _SKIN_JUMP_MM / pace)
        moved = flat.reshape(moved.shape)
        lids = steady(lids, _LID_STEADINESS * pace, _LID_JUMP / pace)
        gaze = steady(gaze, _GAZE_STEADINESS * pace, _GAZE_JUMP / pace)
    return Observation(
        _weighted(moved, parted, lids, gaze),
        own - reference,
        rotations,
        gap,
        float(np.median(gap[at_rest])),
    )


def measure(moved: FloatArray, lids: FloatArray, gaze: FloatArray) -> FloatArray:
    """Weighted measurements [T, N_MEASURED] of a face that moved by `moved` [T, 468, 3] mm from
    rest: the points, the distances between the lips, `lids` [T, 2] (right, left; 0 as at rest, 1
    shut), `gaze` [T, 2] (to the own left, down; 1 is 30 degrees).
    """
    return _weighted(moved, _parted(moved), lids, gaze)


def _parting(points: FloatArray, own: FloatArray) -> FloatArray:
    """How far the lips [T, 9, 3] part against the performer's own rest.

    Near rest by the distance between opposite points, and not by its direction, in which landmarks
    err: lips that shift a little as they meet still meet.
    """
    upper, lower = np.array(LIP_PAIRS).T
    apart, at_rest = points[:, upper] - points[:, lower], own[upper] - own[lower]
    longer = np.linalg.norm(apart, axis=-1) - np.linalg.norm(at_rest, axis=-1)
    unsure = 1 / (1 + np.square(longer / _UNSURE_MM))[..., None]
    return (1 - unsure) * (apart - at_rest) + unsure * longer[..., None] * [0, 1, 0]


def _parted(moved: FloatArray) -> FloatArray:
    """How far the points of each lip pair moved apart [T, 9, 3]."""
    upper, lower = np.array(LIP_PAIRS).T
    return moved[:, upper] - moved[:, lower]


def _weighted(
    moved: FloatArray, parted: FloatArray, lids: FloatArray, gaze: FloatArray
) -> FloatArray:
    n = len(moved)
    return np.concatenate(
        [
            (SKIN_TRUST * moved).reshape(n, -1),
            LIP_TRUST * parted.reshape(n, -1),
            LID_TRUST * lids,
            GAZE_TRUST * gaze,
        ],
        axis=1,
    )


def lip_gap(points: FloatArray) -> FloatArray:
    """Distance [T] between the middles of the inner lips, in the points' unit."""
    upper, lower = INNER_LIPS
    return np.linalg.norm(points[:, upper] - points[:, lower], axis=-1)


def lid_apertures(points: FloatArray) -> FloatArray:
    """Mean distance [T, 2] between the lids of the right and of the left eye."""
    sides: list[FloatArray] = []
    for pairs in (RIGHT_LID_PAIRS, LEFT_LID_PAIRS):
        upper, lower = np.array(pairs).T
        sides.append(np.linalg.norm(points[:, upper] - points[:, lower], axis=-1).mean(axis=1))
    return np.stack(sides, axis=1)


def align(points: FloatArray, shape: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rotations [T, 3, 3], scales [T] and shifts [T, 3] that lead `shape` [K, 3] nearest to
    `points` [T, K, 3] (Umeyama 1991, eq. 40-42)."""
    centre, centres = shape.mean(axis=0), points.mean(axis=1)
    spread = points - centres[:, None]
    left, strength, right = np.linalg.svd(np.swapaxes(spread, 1, 2) @ (shape - centre))
    strength[:, 2] *= np.sign(np.linalg.det(left @ right))
    left[:, :, 2] *= np.sign(np.linalg.det(left @ right))[:, None]
    rotations = left @ right
    scales = strength.sum(axis=1) / np.square(shape - centre).sum()
    return rotations, scales, centres - scales[:, None] * (rotations @ centre)


def _straighten(points: FloatArray, shape: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Landmarks [T, 478, 3] in the axes and millimetres of `shape`, and the head's rotations."""
    stable = list(STABLE)
    rotations, scales, shifts = align(points[:, stable], shape[stable])
    local = (points - shifts[:, None]) @ rotations / scales[:, None, None]
    return local, rotations


def _frames_at_rest(local: FloatArray) -> BoolArray:
    """Lips together (or as near as they come), eyes open."""
    gap, lids = lip_gap(local), lid_apertures(local).min(axis=1)
    together = gap <= np.percentile(gap, 5) + _RESTING_LIPS_MM
    awake = lids >= 0.8 * np.percentile(lids, 80)
    both = together & awake
    return both if both.sum() >= min(_FEWEST_AT_REST, together.sum()) else together


def _lid_closure(local: FloatArray, at_rest: BoolArray) -> FloatArray:
    apertures = lid_apertures(local)
    opened = np.median(apertures[at_rest], axis=0)
    return (1 - apertures / opened) / (1 - _SHUT_SHARE)


def _gaze(local: FloatArray, lids: FloatArray) -> FloatArray:
    """Where both eyes look [T, 2]: to the own left and down, 1 is 30 degrees; 0 is the middle of
    the clip. While the lids are down the look goes on from before to after."""
    sides: list[FloatArray] = []
    for iris, corners in ((RIGHT_IRIS, RIGHT_EYE_CORNERS), (LEFT_IRIS, LEFT_EYE_CORNERS)):
        sides.append(local[:, iris] - local[:, list(corners)].mean(axis=1))
    away: FloatArray = (sides[0] + sides[1])[:, :2] * [0.5, -0.5]
    frames, seen = np.arange(len(local)), lids.max(axis=1) < 0.5
    if not seen.any():
        return np.zeros((len(local), 2))
    for axis in range(2):
        away[:, axis] = np.interp(frames, frames[seen], away[seen, axis])
    away -= np.median(away, axis=0)
    return np.arcsin(np.clip(away / _EYE_RADIUS_MM, -1, 1)) / _FULL_LOOK_RAD
