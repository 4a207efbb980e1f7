"""What is said in a line: the speech encoder, which every motion model listens through."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import EngineUnavailableError

from ..audio.features import (
    HOP,
    MEL_PER_MOTION_FRAME,
    N_MELS,
    log_mel,
    motion_frame_count,
    normalise_sound,
    sound_rows,
)
from ..recent import Recent
from .model_store import ModelStore
from .models import PhonePosteriors
from .onnx_session import OnnxSession
from .windows import count_windows, plan_windows

FloatArray = NDArray[np.float32]

PHONE_RATE: Final = 50.0
PHONES_PER_MOTION_FRAME: Final = 2
_MOST_KEPT: Final = 16
"""The longest line, of ten minutes, takes 6 MB."""
_WIDTHS: Final = {"mel": N_MELS, "samples": HOP}


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
    """`mel` [1, L, 80] and, if the manifest names it, the sound itself in rows of 10 ms, `samples`
    [1, L, 160] → `phone_logits` [1, L/2, P], `cepstrum` [1, L/2, S], run in windows.

    An encoder that looks further than its stated context (HuBERT's attention has no bound) hears a
    line beyond one window with that much on each side of it: nearly, not exactly, as in one piece,
    and always the same.

    What it heard last is kept: a line is often wanted in several styles, or as a draft first.

    Raises `EngineUnavailableError` if its file is missing, altered or of another signature.
    """

    def __init__(self, store: ModelStore) -> None:
        entry = store.encoder
        if entry is None:
            raise EngineUnavailableError("The weights' manifest names no speech encoder.")
        self._entry = entry
        self._kept: Recent[bytes, HeardSpeech] = Recent(_MOST_KEPT)
        self._session = OnnxSession(
            store.verified_path(entry.file),
            {name: (1, -1, _WIDTHS[name]) for name in entry.inputs},
            {"phone_logits": (1, -1, len(entry.phones)), "cepstrum": (1, -1, -1)},
        )

    @property
    def n_phones(self) -> int:
        return len(self._entry.phones)

    @property
    def n_cepstra(self) -> int:
        """-1 if the graph doesn't say it."""
        return self._session.width("cepstrum")

    def count_steps(self, n_samples: int) -> int:
        """How often `hear` will call `step`."""
        return 1 + count_windows(motion_frame_count(n_samples))

    def hear(self, samples: FloatArray, step: Callable[[str], None]) -> HeardSpeech:
        """The speech in samples [N] at 16 kHz; `step` as in `MotionModel.perform`."""
        n_left = self.count_steps(len(samples))

        def count() -> None:
            nonlocal n_left
            n_left -= 1
            step("features")

        name = hashlib.sha256(samples.tobytes()).digest()
        heard = self._kept.get(name, lambda: self._hear(samples, count))
        for _ in range(n_left):  # of what was kept
            count()
        return heard

    def _hear(self, samples: FloatArray, step: Callable[[], None]) -> HeardSpeech:
        heard = {name: _FEATURES[name](samples) for name in self._entry.inputs}
        n_rows = MEL_PER_MOTION_FRAME * motion_frame_count(len(samples))
        step()
        ratio = MEL_PER_MOTION_FRAME // PHONES_PER_MOTION_FRAME
        logits: list[FloatArray] = []
        cepstra: list[FloatArray] = []
        for window in plan_windows(n_rows, self._entry.context_frames, MEL_PER_MOTION_FRAME):
            kept = slice(
                (window.start - window.first) // ratio, (window.stop - window.first) // ratio
            )
            seen = slice(window.first, window.last)
            outputs = self._session.run(**{name: rows[None, seen] for name, rows in heard.items()})
            logits.append(outputs[0][0, kept])
            cepstra.append(outputs[1][0, kept])
            step()
        return HeardSpeech(np.concatenate(logits), np.concatenate(cepstra), self._entry.phones)


def _sound(samples: FloatArray) -> FloatArray:
    return normalise_sound(sound_rows(samples))


_FEATURES: Final[dict[str, Callable[[FloatArray], FloatArray]]] = {
    "mel": log_mel,
    "samples": _sound,
}


def _softmax(logits: FloatArray) -> FloatArray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
