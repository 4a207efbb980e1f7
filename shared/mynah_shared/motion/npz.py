"""A motion clip as the bytes of an NPZ file, for uploads: numpy only, nothing pickled."""

from __future__ import annotations

import io

import numpy as np

from .clip import MotionClip


def clip_to_npz(clip: MotionClip, meta: str = "{}") -> bytes:
    """`values` float32 [T, C], `channels` [C], `fps` and `meta` (JSON text), not compressed. Equal
    clips give equal bytes."""
    file = io.BytesIO()
    np.savez(
        file,
        values=clip.values,
        channels=np.array(clip.channels),
        fps=np.float64(clip.fps),
        meta=np.array(meta),
    )
    return file.getvalue()
