"""The last touches on a clip at the host's rate: amounts per part of the face, and sane ranges."""

from __future__ import annotations

from typing import Final

import numpy as np

from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.regions import EYES, HEAD, LIPS, REST
from mynah_shared.protocol.messages import Amounts

_GAZE: Final = tuple(name for name in EYES if name.startswith("eyeLook"))
_LIDS: Final = tuple(name for name in EYES if name not in _GAZE)


def apply_amounts(clip: MotionClip, amounts: Amounts) -> MotionClip:
    """Multiplies each part of the face by its amount; cheeks and nose go with the brows."""
    gains = np.ones(len(clip.channels), np.float32)
    parts = (
        (LIPS, amounts.lips),
        (REST, amounts.brows),
        (_LIDS, amounts.blinks),
        (_GAZE, amounts.gaze),
        (HEAD, amounts.head),
    )
    for names, amount in parts:
        gains[[name in names for name in clip.channels]] = amount
    return MotionClip(clip.fps, clip.channels, clip.values * gains)


def constrain(clip: MotionClip) -> MotionClip:
    """Shapes within 0..1 and mouthClose at most jawOpen, which is what a rig can show."""
    values = clip.values.copy()
    shapes = [name not in HEAD for name in clip.channels]
    values[:, shapes] = np.clip(values[:, shapes], 0, 1)
    if "mouthClose" in clip.channels and "jawOpen" in clip.channels:
        close, jaw = clip.channels.index("mouthClose"), clip.channels.index("jawOpen")
        values[:, close] = np.minimum(values[:, close], values[:, jaw])
    return MotionClip(clip.fps, clip.channels, values)
