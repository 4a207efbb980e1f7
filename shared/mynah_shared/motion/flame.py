"""FLAME's coefficients as channels of a clip (Li et al. 2017, "Learning a model of facial shape and
expression from 4D scans"): `exp` in deviations of the scans, poses as axis-angle in radians.

FLAME's axes are those of `headPitch` and its like: x to the subject's left, y up, z out of the
face. So X > 0 opens the jaw, nods and looks down, Y > 0 turns to the own left. The global pose is
left out: a head that turns turns on its neck. Identity (`shape`) is the character's, not ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from ..errors import BadInputError
from .clip import FloatArray, MotionClip

FLAME: Final = "flame"
"""The name of this representation in requests."""

MOST_EXP: Final = 100
"""FLAME's `exp` has 100 components; many trackers and models use the first 50."""

JAW_POSE: Final = ("jawPoseX", "jawPoseY", "jawPoseZ")
NECK_POSE: Final = ("neckPoseX", "neckPoseY", "neckPoseZ")
EYE_POSE: Final = (
    *("eyePoseLeftX", "eyePoseLeftY", "eyePoseLeftZ"),
    *("eyePoseRightX", "eyePoseRightY", "eyePoseRightZ"),
)
POSES: Final[Mapping[str, tuple[str, ...]]] = {
    "jaw_pose": JAW_POSE,
    "neck_pose": NECK_POSE,
    "eye_pose": EYE_POSE,
}
"""FLAME's name of each pose → its channels."""


def exp_channels(width: int) -> tuple[str, ...]:
    """Names of the first `width` expression components: exp000, exp001, …"""
    return tuple(f"exp{i:03d}" for i in range(width))


def flame_channels(width: int) -> tuple[str, ...]:
    """All channels of a clip with `width` expression components, in column order."""
    return (*exp_channels(width), *JAW_POSE, *NECK_POSE, *EYE_POSE)


def exp_width(channels: Sequence[str]) -> int:
    """How many expression components the channels have; 0 if they are not FLAME's."""
    return sum(name in channels for name in exp_channels(MOST_EXP))


def to_arrays(clip: MotionClip) -> dict[str, FloatArray]:
    """A FLAME clip by FLAME's own names: exp [T, W], jaw_pose and neck_pose [T, 3], eye_pose
    [T, 6]."""
    named = {"exp": exp_channels(exp_width(clip.channels)), **POSES}
    return {name: clip.select(channels).values for name, channels in named.items()}


def from_arrays(fps: float, arrays: Mapping[str, FloatArray]) -> MotionClip:
    """The clip of arrays by the names that `to_arrays` gives; absent poses are 0.

    Raises `BadInputError` if shapes disagree or `exp` is wider than FLAME's.
    """
    exp = arrays["exp"]
    if exp.ndim != 2 or not 1 <= exp.shape[1] <= MOST_EXP:
        raise BadInputError(
            f"FLAME's exp has the shape {exp.shape}; it must be frames × components, at most "
            f"{MOST_EXP} of these."
        )
    parts = [exp]
    for name, channels in POSES.items():
        pose = arrays.get(name, np.zeros((len(exp), len(channels)), np.float32))
        if pose.shape != (len(exp), len(channels)):
            raise BadInputError(
                f"FLAME's {name} has the shape {pose.shape}; beside {len(exp)} frames of exp it "
                f"must be ({len(exp)}, {len(channels)})."
            )
        parts.append(pose)
    return MotionClip(fps, flame_channels(exp.shape[1]), np.concatenate(parts, axis=1))
