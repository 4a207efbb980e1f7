"""The default model: a speech encoder and a motion decoder, two ONNX graphs run in windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import EngineUnavailableError
from mynah_shared.motion.clip import MotionClip

from ..audio.features import MEL_PER_MOTION_FRAME, N_MELS, log_mel, motion_frame_count
from .model_store import DecoderEntry, ModelStore
from .models import Performance, PhonePosteriors
from .onnx_session import OnnxSession
from .windows import plan_windows

FloatArray = NDArray[np.float32]

PHONE_RATE: Final = 50.0
WINDOW_MOTION_FRAMES: Final = 200
"""8 s: long enough to waste little on the overlap, short enough to cancel within a moment."""
_PHONES_PER_MOTION_FRAME: Final = 2


class OnnxPair:
    """`mel` [L, 80] → `phone_logits` [L/2, P], `side` [L/2, S] → `coefficients` [L/4, C].

    Raises `EngineUnavailableError` if a file is missing, altered or of another signature.
    """

    animates_eyes = False  # learned from clips whose lids are not reliable enough

    def __init__(self, store: ModelStore, entry: DecoderEntry) -> None:
        encoder = store.encoder
        if encoder is None:
            raise EngineUnavailableError("The weights' manifest names no speech encoder.")
        self._entry, self._encoder_entry = entry, encoder
        self._encoder = OnnxSession(
            store.verified_path(encoder.file, encoder.sha256),
            {"mel": N_MELS},
            {"phone_logits": len(encoder.phones), "side": -1},
        )
        self._decoder = OnnxSession(
            store.verified_path(entry.file, entry.sha256),
            {"phone_logits": len(encoder.phones), "side": -1},
            {"coefficients": len(entry.channels)},
        )

    @property
    def provider(self) -> str:
        return self._decoder.provider

    def count_steps(self, n_samples: int) -> int:
        n_windows = -(-motion_frame_count(n_samples) // WINDOW_MOTION_FRAMES)
        return 1 + 2 * n_windows

    def perform(self, samples: FloatArray, step: Callable[[str], None]) -> Performance:
        mel = log_mel(samples)
        step("features")
        logits, side = self._encode(mel, step)
        coefficients = self._decode(logits, side, step)
        clip = MotionClip(self._entry.fps, self._entry.channels, coefficients)
        phones = PhonePosteriors(PHONE_RATE, self._encoder_entry.phones, _softmax(logits))
        return Performance(clip, phones)

    def _encode(
        self, mel: FloatArray, step: Callable[[str], None]
    ) -> tuple[FloatArray, FloatArray]:
        unit = MEL_PER_MOTION_FRAME
        ratio = unit // _PHONES_PER_MOTION_FRAME
        logits: list[FloatArray] = []
        side: list[FloatArray] = []
        for window in plan_windows(
            len(mel), WINDOW_MOTION_FRAMES * unit, self._encoder_entry.context_frames, unit
        ):
            kept = slice(
                (window.start - window.first) // ratio, (window.stop - window.first) // ratio
            )
            outputs = self._encoder.run(mel=mel[window.first : window.last])
            logits.append(outputs[0][kept])
            side.append(outputs[1][kept])
            step("features")
        return np.concatenate(logits), np.concatenate(side)

    def _decode(
        self, logits: FloatArray, side: FloatArray, step: Callable[[str], None]
    ) -> FloatArray:
        unit = _PHONES_PER_MOTION_FRAME
        parts: list[FloatArray] = []
        for window in plan_windows(
            len(logits), WINDOW_MOTION_FRAMES * unit, self._entry.context_frames, unit
        ):
            seen = slice(window.first, window.last)
            (coefficients,) = self._decoder.run(phone_logits=logits[seen], side=side[seen])
            start = (window.start - window.first) // unit
            parts.append(coefficients[start : start + (window.stop - window.start) // unit])
            step("motion")
        return np.concatenate(parts)


def _softmax(logits: FloatArray) -> FloatArray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
