"""Rotations as matrices for column vectors, and as Maya's Euler angles in any order."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

ORDERS = ("xyz", "yzx", "zxy", "xzy", "yxz", "zyx")
"""The values of `rotateOrder`: the axis that is turned about first comes first."""


def about(axis: ArrayLike, angles: ArrayLike) -> FloatArray:
    """Right-handed turns [T, 3, 3] by `angles` [T] in radians about a unit axis [3]."""
    x, y, z = np.asarray(axis, np.float64)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.asarray(angles, np.float64)[:, None, None]
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)


def from_euler(degrees: ArrayLike, order: str = "xyz") -> FloatArray:
    """The turns [T, 3, 3] that Maya makes of rotations [T, 3] of x, y and z."""
    angles = np.radians(np.atleast_2d(np.asarray(degrees, np.float64)))
    turn: FloatArray = np.eye(3)[None]
    for letter in order:
        i = "xyz".index(letter)
        turn = about(np.eye(3)[i], angles[:, i]) @ turn
    return turn


def to_euler(turns: FloatArray, order: str, near: ArrayLike) -> FloatArray:
    """Rotations [T, 3] of x, y and z in degrees, each the nearest to the one before, so that none
    jumps a full turn; the first the nearest to `near` [3]."""
    i, j, k = ("xyz".index(letter) for letter in order)
    sign = 1.0 if (i, j, k) in ((0, 1, 2), (1, 2, 0), (2, 0, 1)) else -1.0
    first = np.arctan2(sign * turns[:, k, j], turns[:, k, k])
    second = np.arcsin(np.clip(-sign * turns[:, k, i], -1.0, 1.0))
    third = np.arctan2(sign * turns[:, j, i], turns[:, i, i])
    angles = np.zeros((len(turns), 3))
    angles[:, i], angles[:, j], angles[:, k] = first, second, third
    other = angles + np.pi
    other[:, j] = np.pi - second  # the same turn, the other way round
    both = np.degrees(np.stack([angles, other], axis=1))
    out = np.empty((len(turns), 3))
    last = np.asarray(near, np.float64)
    for row, choices in enumerate(both):
        choices = choices + 360 * np.round((last - choices) / 360)
        last = choices[np.abs(choices - last).sum(axis=1).argmin()]
        out[row] = last
    return out
