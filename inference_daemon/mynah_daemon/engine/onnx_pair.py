"""The default model: what the speech encoder heard through a motion decoder, run in windows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.regions import LIPS

from ..audio.features import motion_frame_count
from .model_store import ModelStore, RegressionEntry
from .models import Direction, Performance
from .onnx_session import OnnxSession
from .speech import PHONES_PER_MOTION_FRAME, HeardSpeech, SpeechEncoder
from .windows import count_windows, plan_windows

FloatArray = NDArray[np.float32]


class OnnxPair:
    """`phone_logits` [1, 2T, P], `cepstrum` [1, 2T, S] → `coefficients` [1, T, C].

    Raises `EngineUnavailableError` if its file is missing, altered or of another signature.
    """

    animates_eyes = False  # learned from clips whose lids are not reliable enough
    fades_in_silence = LIPS

    def __init__(self, store: ModelStore, entry: RegressionEntry, speech: SpeechEncoder) -> None:
        self._entry, self._speech = entry, speech
        self._decoder = OnnxSession(
            store.verified_path(entry.file),
            {"phone_logits": (1, -1, speech.n_phones), "cepstrum": (1, -1, -1)},
            {"coefficients": (1, -1, len(entry.channels))},
        )

    @property
    def provider(self) -> str:
        return self._decoder.provider

    def count_steps(self, n_samples: int, direction: Direction) -> int:  # noqa: ARG002
        return self._speech.count_steps(n_samples) + count_windows(motion_frame_count(n_samples))

    def perform(
        self,
        samples: FloatArray,
        direction: Direction,  # noqa: ARG002  (there is one way to perform)
        step: Callable[[str], None],
    ) -> Performance:
        heard = self._speech.hear(samples, step)
        clip = MotionClip(self._entry.fps, self._entry.channels, self._decode(heard, step))
        return Performance(clip, heard.phones)

    def _decode(self, heard: HeardSpeech, step: Callable[[str], None]) -> FloatArray:
        unit = PHONES_PER_MOTION_FRAME
        parts: list[FloatArray] = []
        for window in plan_windows(len(heard.phone_logits), self._entry.context_frames, unit):
            seen = slice(window.first, window.last)
            (coefficients,) = self._decoder.run(
                phone_logits=heard.phone_logits[None, seen], cepstrum=heard.cepstrum[None, seen]
            )
            start = (window.start - window.first) // unit
            parts.append(coefficients[0, start : start + (window.stop - window.start) // unit])
            step("motion")
        return np.concatenate(parts)
