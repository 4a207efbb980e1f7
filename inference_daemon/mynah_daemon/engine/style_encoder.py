"""The style code of a performance."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import resample

from ..recent import Recent
from .model_store import DiffusionEntry, ModelStore
from .onnx_session import OnnxSession

FloatArray = NDArray[np.float32]

_MOST_KEPT: Final = 256


class StyleEncoder:
    """`motion` [B, S, C] in ARKit units → `style` [B, K]; codes are kept, as a scene's lines share
    few styles.

    Raises `EngineUnavailableError` if its file is missing, altered or of another signature.
    """

    def __init__(self, store: ModelStore, entry: DiffusionEntry) -> None:
        self._entry = entry
        self._kept: Recent[bytes, FloatArray] = Recent(_MOST_KEPT)
        self._session = OnnxSession(
            store.verified_path(entry.style_file),
            {"motion": (-1, -1, len(entry.channels))},
            {"style": (-1, len(entry.neutral_style))},
        )

    def encode(self, clip: MotionClip) -> FloatArray:
        """Style code [K] of a performance; what it doesn't show counts as never moved."""
        motion = resample(clip.select(self._entry.channels), self._entry.fps).values
        name = hashlib.sha256(motion.tobytes()).digest()
        return self._kept.get(name, lambda: self._session.run(motion=motion[None])[0][0])
