"""A performance as a film strip: some telling moments of it, side by side."""

from __future__ import annotations

import io
from itertools import permutations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.regions import channel_indices

from .portrait import shipped_painter

FloatArray = NDArray[np.float32]

MOMENTS: Final = 6
_COLOURS: Final = 64
"""A palette makes the file a third; nobody sees the difference at this size."""
_BLINK: Final = 0.15
"""Lids this much further down than usual are blinking."""
_BOTH: Final = ("Left", "Right")
_LIDS: Final = channel_indices([f"eyeBlink{side}" for side in _BOTH])
_SPREAD: Final = channel_indices(
    [f"mouth{shape}{side}" for shape in ("Smile", "Stretch", "Dimple") for side in _BOTH]
)
_ROUND: Final = channel_indices(("mouthFunnel", "mouthPucker"))
_PARTED: Final = channel_indices(
    [f"mouth{shape}{side}" for shape in ("UpperUp", "LowerDown") for side in _BOTH]
)
_JAW, _CLOSE = channel_indices(("jawOpen", "mouthClose")).tolist()


def draw_strip(clip: MotionClip) -> bytes:
    """The strip as a PNG."""
    values = clip.select(ARKIT_CHANNELS).values
    faces = shipped_painter().paint(values[telling_frames(clip)])
    picture = Image.fromarray(np.concatenate(list(faces), axis=1))
    few = picture.quantize(_COLOURS, kmeans=1, dither=Image.Dither.NONE)
    data = io.BytesIO()
    few.save(data, "PNG", optimize=True)
    return data.getvalue()


def telling_frames(clip: MotionClip) -> list[int]:
    """Six frames, one of each sixth of the clip, with open eyes: two with the mouth open, two with
    it shut and two with it wide, wherever these show best. Fewer of a clip of fewer frames."""
    values = clip.select(ARKIT_CHANNELS).values
    opening = values[:, _JAW] - values[:, _CLOSE] + values[:, _PARTED].mean(axis=1)
    width = values[:, _SPREAD].mean(axis=1) - values[:, _ROUND].mean(axis=1)
    lids = values[:, _LIDS].mean(axis=1)
    blinking = lids > np.median(lids) + _BLINK
    wanted = np.stack([_ranked(m) for m in (opening, -opening, width + 0.3 * opening)])
    wanted[:, blinking] = -1.0
    parts = np.array_split(np.arange(len(values)), min(MOMENTS, len(values)))
    best = np.array([[part[wanted[kind, part].argmax()] for kind in range(3)] for part in parts])
    shown = np.take_along_axis(wanted, best.T, axis=1)
    rows = np.arange(len(parts))
    orders = np.array(sorted(set(permutations((0, 0, 1, 1, 2, 2), len(parts)))))
    return best[rows, orders[shown[orders, rows].sum(axis=1).argmax()]].tolist()


def _ranked(values: FloatArray) -> FloatArray:
    """0 for the least of [T] to 1 for the largest."""
    ranks = values.argsort(kind="stable").argsort(kind="stable")
    return (ranks / max(len(values) - 1, 1)).astype(np.float32)
