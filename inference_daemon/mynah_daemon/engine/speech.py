"""What is said in a line: the speech encoder, which every motion model listens through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import EngineUnavailableError

from ..audio.features import MEL_PER_MOTION_FRAME, N_MELS, log_mel, motion_frame_count
from .model_store import ModelStore
from .models import PhonePosteriors
from .onnx_session import OnnxSession
from .windows import count_windows, plan_windows

FloatArray = NDArray[np.float32]

PHONE_RATE: Final = 50.0
PHONES_PER_MOTION_FRAME: Final = 2


@dataclass(frozen=True, eq=False)
class HeardSpeech:
    """`phone_logits` [2T, P] and `cepstrum` [2T, S] at 50/s for T motion frames at 25/s."""

    phone_logits: FloatArray
    cepstrum: FloatArray
    phone_names: tuple[str, ...]

    @property
    def n_motion_frames(self) -> int:
        return len(self.phone_logits) // PHONES_PER_MOTION_FRAME

    @property
    def phones(self) -> PhonePosteriors:
        return PhonePosteriors(PHONE_RATE, self.phone_names, _softmax(self.phone_logits))


class SpeechEncoder:
    """`mel` [1, L, 80] → `phone_logits` [1, L/2, P], `cepstrum` [1, L/2, S], run in windows.

    Raises `EngineUnavailableError` if its file is missing, altered or of another signature.
    """

    def __init__(self, store: ModelStore) -> None:
        entry = store.encoder
        if entry is None:
            raise EngineUnavailableError("The weights' manifest names no speech encoder.")
        self._entry = entry
        self._session = OnnxSession(
            store.verified_path(entry.file),
            {"mel": (1, -1, N_MELS)},
            {"phone_logits": (1, -1, len(entry.phones)), "cepstrum": (1, -1, -1)},
        )

    @property
    def n_phones(self) -> int:
        return len(self._entry.phones)

    def count_steps(self, n_samples: int) -> int:
        """How often `hear` will call `step`."""
        return 1 + count_windows(motion_frame_count(n_samples))

    def hear(self, samples: FloatArray, step: Callable[[str], None]) -> HeardSpeech:
        """The speech in samples [N] at 16 kHz; `step` as in `MotionModel.perform`."""
        mel = log_mel(samples)
        step("features")
        ratio = MEL_PER_MOTION_FRAME // PHONES_PER_MOTION_FRAME
        logits: list[FloatArray] = []
        cepstra: list[FloatArray] = []
        for window in plan_windows(len(mel), self._entry.context_frames, MEL_PER_MOTION_FRAME):
            kept = slice(
                (window.start - window.first) // ratio, (window.stop - window.first) // ratio
            )
            outputs = self._session.run(mel=mel[None, window.first : window.last])
            logits.append(outputs[0][0, kept])
            cepstra.append(outputs[1][0, kept])
            step("features")
        return HeardSpeech(np.concatenate(logits), np.concatenate(cepstra), self._entry.phones)


def _softmax(logits: FloatArray) -> FloatArray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
