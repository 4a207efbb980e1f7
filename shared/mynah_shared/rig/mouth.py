"""What a mouth does, as a few numbers that can be compared between any two sets of shapes."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..motion.arkit import ARKIT_BLENDSHAPES
from ..motion.curves import CLOSING_CHANNELS
from .solver import FloatArray

# Measured on the landmarks of the ICT-FaceKit head (MIT licence,
# https://github.com/ICT-VGL/ICT-FaceKit): millimetres that each shape moves them when it is 1.
# Opening of the inner lips in the middle and at the sides; the corners outwards and up, the left
# one first; middle of the upper and lower lip to the front; upper lip up; chin down; mouth to the
# left.
_MILLIMETRES: Final = {
    "jawForward": (1.3, 1.0, 0.5, 0.5, -0.6, -0.6, 0.3, 9.6, -0.1, 1.7, 0.0),
    "jawLeft": (-0.2, -0.2, 5.0, -4.5, 0.4, 0.0, 0.0, 0.9, 0.0, -0.1, 4.8),
    "jawRight": (-0.2, -0.2, -4.5, 5.0, 0.0, 0.4, 0.0, 0.9, 0.0, -0.1, -4.8),
    "jawOpen": (32.8, 27.0, -2.8, -2.8, -13.1, -13.1, -0.3, -21.4, -2.4, 28.2, 0.0),
    "mouthClose": (-38.9, -36.3, 1.4, 1.4, 13.7, 13.7, 0.7, 15.8, -0.5, -3.9, 0.0),
    "mouthFunnel": (13.7, 9.4, -3.4, -3.4, 0.0, 0.0, 7.0, 4.2, 6.1, 3.7, 0.0),
    "mouthPucker": (-0.5, -1.7, -4.6, -4.6, 2.2, 2.2, 8.0, 6.3, 3.7, -0.7, 0.0),
    "mouthLeft": (-0.7, -0.4, 6.1, -15.5, 5.7, 0.4, -3.3, -3.4, 0.8, -0.2, 15.9),
    "mouthRight": (-0.7, -0.4, -15.5, 6.1, 0.4, 5.7, -3.3, -3.4, 0.8, -0.2, -15.9),
    "mouthSmileLeft": (0.0, -0.2, 7.1, 0.0, 10.5, 0.0, -1.6, -1.1, 1.7, -1.6, 0.0),
    "mouthSmileRight": (0.0, -0.2, 0.0, 7.1, 0.0, 10.5, -1.6, -1.1, 1.7, -1.6, 0.0),
    "mouthFrownLeft": (-0.1, -0.1, 1.9, 0.0, -4.6, 0.0, -0.3, 0.0, -0.5, -0.5, 0.0),
    "mouthFrownRight": (-0.1, -0.1, 0.0, 1.9, 0.0, -4.6, -0.3, 0.0, -0.5, -0.5, 0.0),
    "mouthDimpleLeft": (-0.4, -1.0, 0.8, 0.0, 2.7, 0.0, 0.0, -1.0, 0.2, -0.5, 0.0),
    "mouthDimpleRight": (-0.4, -1.0, 0.0, 0.8, 0.0, 2.7, 0.0, -1.0, 0.2, -0.5, 0.0),
    "mouthStretchLeft": (-0.2, -0.2, 6.6, 0.0, -3.1, 0.0, -1.0, -1.0, -0.4, -0.4, 0.0),
    "mouthStretchRight": (-0.2, -0.2, 0.0, 6.6, 0.0, -3.1, -1.0, -1.0, -0.4, -0.4, 0.0),
    "mouthRollLower": (-3.7, -1.8, 0.3, 0.3, -0.4, -0.4, 0.0, -4.6, 0.0, 0.3, 0.0),
    "mouthRollUpper": (1.8, 1.5, 1.6, 1.6, 0.5, 0.5, -6.8, 0.0, -5.5, 0.0, 0.0),
    "mouthShrugLower": (-6.9, -6.1, 0.7, 0.7, 1.7, 1.7, 0.0, 5.2, 0.0, -8.1, 0.0),
    "mouthShrugUpper": (5.3, 4.2, -0.1, 0.0, 0.2, 0.2, 0.3, 0.0, 5.7, 0.0, 0.0),
    "mouthPressLeft": (-1.3, -1.0, -0.1, 0.0, 1.3, 0.0, -0.4, 0.9, -0.7, -2.2, 0.0),
    "mouthPressRight": (-1.3, -1.0, 0.0, -0.1, 0.0, 1.3, -0.4, 0.9, -0.7, -2.2, 0.0),
    "mouthLowerDownLeft": (3.4, 2.7, 0.0, 0.0, -1.1, 0.0, 0.0, -1.0, 0.0, 1.8, 0.0),
    "mouthLowerDownRight": (3.4, 2.7, 0.0, 0.0, 0.0, -1.1, 0.0, -1.0, 0.0, 1.8, 0.0),
    "mouthUpperUpLeft": (3.5, 3.5, 0.2, 0.0, 4.4, 0.0, -0.6, -0.1, 4.0, -0.1, 0.0),
    "mouthUpperUpRight": (3.5, 3.5, 0.0, 0.2, 0.0, 4.4, -0.6, -0.1, 4.0, -0.1, 0.0),
}
_IMPORTANCE: Final = (1.0, 0.5, 0.5, 0.5, 0.35, 0.35, 0.45, 0.2, 0.3, 0.12, 0.3)
"""Of a millimetre of each of them to the eye: whether the lips meet counts most, then their width
and rounding, last the chin."""

_PRESSING: Final = 4.0
"""Millimetres of opening that a fully pressed mouth is worth."""
_TONGUE: Final = 6.0

GAP: Final = 0
PRESSED: Final = len(_IMPORTANCE)

_MET_MM: Final = 0.5
_APART_MM: Final = 2.0
"""Lips are shut up to the first opening and no longer at the second."""
_SPOKEN_MM: Final = 4.0
"""A mouth that opens so far shortly after doesn't rest: it was shut for a sound."""
_SOON_S: Final = 0.4
_OVERSHUT_MM: Final = 1.0
"""Pressing lips together by more than this can't be seen as an opening."""


def _matrix() -> FloatArray:
    matrix = np.zeros((len(ARKIT_BLENDSHAPES), PRESSED + 2))
    for channel, moved in _MILLIMETRES.items():
        matrix[ARKIT_BLENDSHAPES.index(channel), :PRESSED] = np.multiply(moved, _IMPORTANCE)
    for channel in CLOSING_CHANNELS[2:]:
        matrix[ARKIT_BLENDSHAPES.index(channel), PRESSED] = _PRESSING / 2
    matrix[ARKIT_BLENDSHAPES.index("tongueOut"), PRESSED + 1] = _TONGUE
    return matrix


MOUTH: Final[FloatArray] = _matrix()
"""[52, F]: what each shape in Apple's order does to the mouth, by its importance."""


def mouth_of(coefficients: FloatArray, fps: float, most_pressed: float) -> FloatArray:
    """What the mouth does [T, F] in coefficients [T, 52] in Apple's order.

    A mouth that shuts for a sound is pressed by `most_pressed`, which is what the rig's own shapes
    reach, however lightly the lips touch: b, m and p are to read. A mouth that shuts and rests is
    not.
    """
    done = coefficients @ MOUTH
    gap = done[:, GAP]
    shut = np.clip((_APART_MM - gap) / (_APART_MM - _MET_MM), 0.0, 1.0)
    spoken = np.clip(_highest_until(gap, round(_SOON_S * fps)) / _SPOKEN_MM, 0.0, 1.0)
    done[:, PRESSED] = np.maximum(done[:, PRESSED], shut * spoken * most_pressed)
    done[:, GAP] = np.maximum(gap, -_OVERSHUT_MM)
    return done


def _highest_until(track: FloatArray, ahead: int) -> FloatArray:
    """The highest value [T] of each row and the `ahead` rows after it."""
    if len(track) == 0:
        return track
    padded = np.pad(track, (0, ahead), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, ahead + 1).max(axis=1)
