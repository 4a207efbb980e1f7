"""The 52 ARKit blendshapes in Apple's order, head-pose channels and the spellings other programs
use."""

from __future__ import annotations

from typing import Final

# https://developer.apple.com/documentation/arkit/arfaceanchor/blendshapelocation
# jawLeft comes before jawRight: Live Link Face files have them the other way round, so read those
# by name.
ARKIT_BLENDSHAPES: Final[tuple[str, ...]] = tuple(
    """
    eyeBlinkLeft eyeLookDownLeft eyeLookInLeft eyeLookOutLeft eyeLookUpLeft eyeSquintLeft
    eyeWideLeft
    eyeBlinkRight eyeLookDownRight eyeLookInRight eyeLookOutRight eyeLookUpRight eyeSquintRight
    eyeWideRight
    jawForward jawLeft jawRight jawOpen
    mouthClose mouthFunnel mouthPucker mouthLeft mouthRight mouthSmileLeft mouthSmileRight
    mouthFrownLeft mouthFrownRight mouthDimpleLeft mouthDimpleRight mouthStretchLeft
    mouthStretchRight
    mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper mouthPressLeft mouthPressRight
    mouthLowerDownLeft mouthLowerDownRight mouthUpperUpLeft mouthUpperUpRight
    browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight
    cheekPuff cheekSquintLeft cheekSquintRight noseSneerLeft noseSneerRight tongueOut
    """.split()
)

HEAD_CHANNELS: Final[tuple[str, ...]] = ("headPitch", "headYaw", "headRoll")
"""Radians relative to rest. Right-handed, x = subject's left, y up, z out of the face:
pitch > 0 chin down, yaw > 0 turns to own left, roll > 0 tilts to own right."""

ARKIT_CHANNELS: Final[tuple[str, ...]] = ARKIT_BLENDSHAPES + HEAD_CHANNELS
"""The 55 channels of a model's output, in column order."""
