"""Rotations, closest points and bounded least squares: scipy's, with types."""

from __future__ import annotations

from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, spatial  # pyright: ignore[reportMissingTypeStubs]
from scipy.spatial import transform  # pyright: ignore[reportMissingTypeStubs]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# scipy ships no types
_optimize, _spatial, _rotation = cast(Any, optimize), cast(Any, spatial), cast(Any, transform)
_HEAD_AXES: Final = "YXZ"
"""Yaw, pitch, roll about the head's own axes, one after the other (CONVENTIONS.md)."""


def to_matrices(axis_angles: FloatArray) -> FloatArray:
    """Rotations [..., 3] in radians as matrices [..., 3, 3]."""
    return _rotation.Rotation.from_rotvec(axis_angles).as_matrix()


def to_axis_angles(matrices: FloatArray) -> FloatArray:
    """Rotation matrices [..., 3, 3] as axis-angle [..., 3]."""
    return _rotation.Rotation.from_matrix(matrices).as_rotvec()


def mean_rotation(matrices: FloatArray) -> FloatArray:
    """The rotation [3, 3] in the middle of some [T, 3, 3]."""
    return _rotation.Rotation.from_matrix(matrices).mean().as_matrix()


def head_to_axis_angles(pitch_yaw_roll: FloatArray) -> FloatArray:
    """Axis-angle [T, 3] of a head's pitch, yaw and roll [T, 3]."""
    angles = pitch_yaw_roll[:, [1, 0, 2]]
    return _rotation.Rotation.from_euler(_HEAD_AXES, angles).as_rotvec()


def axis_angles_to_head(axis_angles: FloatArray) -> FloatArray:
    """Pitch, yaw and roll [T, 3] of axis-angle [T, 3]."""
    angles: FloatArray = _rotation.Rotation.from_rotvec(axis_angles).as_euler(_HEAD_AXES)
    return angles[:, [1, 0, 2]]


class ClosestPoints:
    """Finds the closest of points [V, 3]."""

    def __init__(self, points: FloatArray) -> None:
        self._tree = _spatial.cKDTree(points)

    def find(self, points: FloatArray, count: int = 1) -> tuple[FloatArray, IntArray]:
        """Distances and numbers [N] of the closest; [N, count] of more than one."""
        return self._tree.query(points, count)


def solve_bounded(
    matrix: FloatArray, target: FloatArray, low: FloatArray, high: FloatArray
) -> FloatArray:
    """The x from `low` to `high` [C] that minimises |matrix x - target|²; matrix [C, C]."""
    return _optimize.lsq_linear(matrix, target, (low, high), method="bvls").x
