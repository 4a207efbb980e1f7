"""Rotations of many frames at once: quaternions [T, 4] with w first, Euler angles as Blender turns
them, and the three turns of a head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mathutils import Euler, Quaternion

from ..pieces import Pieces

LEFT, UP, FRONT = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)
"""Of a character in Blender: it looks along -y."""

_ROWS = 500
"""So many rows are turned into Euler angles in one piece."""


def about(angles: np.ndarray, axis: Sequence[float]) -> np.ndarray:
    """Quaternions [T, 4] of `angles` [T] in radians about an axis."""
    half = angles[:, None] / 2
    return np.concatenate([np.cos(half), np.sin(half) * np.array(axis)], axis=1)


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Hamilton products of quaternions [..., 4]."""
    w1, x1, y1, z1 = np.moveaxis(a, -1, 0)
    w2, x2, y2, z2 = np.moveaxis(b, -1, 0)
    return np.stack(
        [
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        ],
        axis=-1,
    )


def inverse(turns: np.ndarray) -> np.ndarray:
    """Of unit quaternions [..., 4]."""
    return turns * np.array([1.0, -1.0, -1.0, -1.0])


def yaw_pitch_roll(
    yaw: np.ndarray, pitch: np.ndarray, roll: np.ndarray, front: Sequence[float] = FRONT
) -> np.ndarray:
    """Quaternions [T, 4] of turns about up, then left, then front."""
    return multiply(multiply(about(yaw, UP), about(pitch, LEFT)), about(roll, front))


def angles_of(turns: np.ndarray) -> np.ndarray:
    """Pitch, yaw and roll [T, 3] in radians: the inverse of `yaw_pitch_roll`."""
    w, x, y, z = turns.T
    # the rotation matrix of yaw about z, then pitch about x, then roll about -y
    pitch = np.arcsin(np.clip(2 * (y * z + w * x), -1, 1))
    yaw = np.arctan2(2 * (w * z - x * y), 1 - 2 * (x * x + z * z))
    roll = np.arctan2(2 * (x * z - w * y), 1 - 2 * (x * x + y * y))
    return np.stack([pitch, np.unwrap(yaw), np.unwrap(roll)], axis=1)


def turns_of(mode: str, values: np.ndarray) -> np.ndarray:
    """Unit quaternions [T, 4] of a rotation property's values [T, 3 or 4]."""
    if mode == "QUATERNION":
        length = np.linalg.norm(values, axis=1, keepdims=True)
        return np.where(length > 0, values, (1.0, 0, 0, 0)) / np.where(length > 0, length, 1.0)
    turns = np.array([1.0, 0, 0, 0])
    for axis in mode:  # Blender turns about the axes in the order of the letters
        direction = [float(name == axis) for name in "XYZ"]
        turns = multiply(about(values[:, "XYZ".index(axis)], direction), turns)
    return turns


def values_of(mode: str, turns: np.ndarray, base: Quaternion) -> Pieces[np.ndarray]:
    """A rotation property's values [T, 3 or 4], near to those of the pose `base`."""
    if mode == "QUATERNION":
        return turns * np.where(turns @ np.array(base) < 0, -1.0, 1.0)[:, None]
    last: Euler = base.to_euler(mode)
    parts: list[np.ndarray] = []
    for first in range(0, len(turns), _ROWS):
        angles: list[Euler] = []
        for turn in turns[first : first + _ROWS]:
            # the nearest to the one before, so that none jumps a full turn
            last = Quaternion(turn).to_euler(mode, last)
            angles.append(last)
        parts.append(np.array(angles))
        yield first / len(turns)
    return np.concatenate(parts) if parts else np.zeros((0, 3))


def property_of(mode: str) -> str:
    return "rotation_quaternion" if mode == "QUATERNION" else "rotation_euler"
