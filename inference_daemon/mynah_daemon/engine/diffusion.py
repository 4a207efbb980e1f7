"""A model that performs in a style: motion is denoised window by window from seeded noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.regions import LIPS, channel_indices
from mynah_shared.protocol.messages import Quality

from ..audio.features import motion_frame_count
from .batching import MOST_ITEMS, BatchedGraph
from .fitting import fit_by_trying, fit_items
from .guidance import combine, questions
from .holds import Held
from .lip_closure import MOUTH_OPENING
from .model_store import DiffusionEntry, ModelStore
from .models import Direction, Performance
from .onnx_session import OnnxSession, device_memory, is_on_processor
from .overlap import lay_window, plan_starts
from .samplers import Denoise, sample_ddim
from .speech import PHONES_PER_MOTION_FRAME, HeardSpeech, SpeechEncoder
from .style_encoder import StyleEncoder
from .style_plan import StylePlan

FloatArray = NDArray[np.float32]

LIP_NOISE: Final = 0.3
"""Share of the noise that the lips begin with. What they do is told by the voice: chance belongs to
brows, eyes and head."""
STEPS: Final = {Quality.draft: 4, Quality.normal: 8, Quality.best: 25}


class DiffusionModel:
    """Denoiser: `noisy` [B, T, C] at `time` [B], given `phone_logits` [B, 2(P + T), phones],
    `cepstrum` [B, 2(P + T), S], `style` [B, K], the `previous` [B, P, C] motion and `switches`
    [B, 3] (has_previous, has_speech, has_style) → `clean` [B, T, C], all motion normalised.

    Its style encoder is loaded when it is needed. Raises `EngineUnavailableError` if a file is
    missing, altered or of another signature.
    """

    animates_eyes = True  # the performers it learned from blink and look
    fades_in_silence = MOUTH_OPENING  # the rest of the mouth may smile on

    def __init__(self, store: ModelStore, entry: DiffusionEntry, speech: SpeechEncoder) -> None:
        self._store, self._entry, self._speech = store, entry, speech
        self._mean = np.array(entry.mean, np.float32)
        self._scale = np.array(entry.scale, np.float32)
        self._neutral = np.array(entry.neutral_style, np.float32)
        n_channels = len(entry.channels)
        denoiser = OnnxSession(
            store.verified_path(entry.file),
            {
                "noisy": (-1, -1, n_channels),
                "time": (-1,),
                "phone_logits": (-1, -1, speech.n_phones),
                "cepstrum": (-1, -1, speech.n_cepstra),
                "style": (-1, len(self._neutral)),
                "previous": (-1, entry.previous_frames, n_channels),
                "switches": (-1, 3),
            },
            {"clean": (-1, -1, n_channels)},
        )
        self._denoiser = BatchedGraph(denoiser, _fit(denoiser, entry))

    @property
    def most_windows(self) -> int:
        """Windows that are denoised at a time."""
        return self._denoiser.most_items

    def count_steps(self, n_samples: int, direction: Direction) -> int:
        n_windows = len(self._plan(motion_frame_count(n_samples)))
        return self._speech.count_steps(n_samples) + n_windows * STEPS[direction.quality]

    def perform(
        self, samples: FloatArray, direction: Direction, step: Callable[[str], None]
    ) -> Performance:
        heard = self._speech.hear(samples, step)
        motion = self._generate(heard, direction, step) * self._scale + self._mean
        return Performance(MotionClip(self._entry.fps, self._entry.channels, motion), heard.phones)

    def encode_style(self, clip: MotionClip) -> FloatArray:
        """Style code [S] of a performance; what it doesn't show counts as never moved."""
        return self._style_encoder.encode(clip)

    @cached_property
    def _style_encoder(self) -> StyleEncoder:
        return StyleEncoder(self._store, self._entry)

    def _plan(self, n_frames: int) -> range:
        # What a window is told of the one before, it also makes again to fade over.
        return plan_starts(n_frames, self._entry.window_frames, self._entry.previous_frames)

    def _generate(
        self, heard: HeardSpeech, direction: Direction, step: Callable[[str], None]
    ) -> FloatArray:
        """Normalised motion [T, C] of the whole line."""
        size, overlap = self._entry.window_frames, self._entry.previous_frames
        starts = self._plan(heard.n_motion_frames)
        shape = (starts[-1] + size, len(self._mean))
        # Drawn for the line: frames that two windows share grow out of the same noise.
        noise = np.random.default_rng(direction.seed).standard_normal(shape, np.float32)
        noise[:, channel_indices(LIPS, self._entry.channels)] *= LIP_NOISE
        line = np.zeros(shape, np.float32)
        codes = self._codes(direction.styles)
        times_s = np.arange(len(line)) / self._entry.fps
        shares = direction.styles.shares(times_s, self._entry.channels)
        held = self._held(direction, len(line)) if direction.holds else None
        for start in starts:
            manners = _Manners.shown(codes, shares[:, start : start + size])
            denoise = self._denoiser_of(start, line, heard, manners, direction, step)
            if held is not None:
                denoise = _keeping(held.part(start, start + size), denoise)
            window = sample_ddim(noise[start : start + size], STEPS[direction.quality], denoise)
            lay_window(line, window, start, overlap)
        return line[: heard.n_motion_frames]

    def _held(self, direction: Direction, n_frames: int) -> Held:
        """What is held, normalised; a channel that never moves holds nothing."""
        held = direction.holds.at(self._entry.fps, n_frames, self._entry.channels)
        known = self._scale > 0
        values = np.where(known, (held.values - self._mean) / np.where(known, self._scale, 1), 0)
        return Held(values.astype(np.float32), held.amounts)

    def _codes(self, styles: StylePlan) -> FloatArray:
        """Style codes [1 + K, S]: the neutral one, and those of the plan's styles."""
        neutral, strength = self._neutral, np.float32(styles.strength)
        shown = [
            neutral if key.clip is None else self.encode_style(key.clip) for key in styles.keys
        ]
        codes = [neutral, *(neutral + strength * (s - neutral) for s in shown)]
        return np.stack(codes).astype(np.float32)

    def _denoiser_of(
        self,
        start: int,
        line: FloatArray,
        heard: HeardSpeech,
        manners: _Manners,
        direction: Direction,
        step: Callable[[str], None],
    ) -> Callable[[FloatArray, float], FloatArray]:
        """The guided denoiser of the window that begins at frame `start` of `line`."""
        size, n_previous = self._entry.window_frames, self._entry.previous_frames
        voice, style = direction.audio_guidance, direction.style_guidance
        asked = questions(voice, style, len(manners.codes))
        # What is asked without a style takes any.
        codes = manners.codes[np.arange(-len(asked), 0).clip(-len(manners.codes))]
        previous = line[start - n_previous : start] if start else np.zeros_like(line[:n_previous])
        rows = np.arange(start - n_previous, start + size) * PHONES_PER_MOTION_FRAME
        rows = (rows[:, None] + np.arange(PHONES_PER_MOTION_FRAME)).reshape(-1)
        rows = rows.clip(0, len(heard.phone_logits) - 1)  # the line's ends hold beyond it
        conditions = {
            "phone_logits": _repeat(heard.phone_logits[rows], len(asked)),
            "cepstrum": _repeat(heard.cepstrum[rows], len(asked)),
            "style": codes,
            "previous": _repeat(previous, len(asked)),
            "switches": np.insert(asked, 0, float(start > 0), axis=1),
        }

        def denoise(noisy: FloatArray, time: float) -> FloatArray:
            times = np.full(len(asked), time, np.float32)
            noisies = _repeat(noisy, len(asked))
            (clean,) = self._denoiser.run(noisy=noisies, time=times, **conditions)
            step("motion")
            return combine(clean, manners.shares, voice, style)

        return denoise


def _fit(denoiser: OnnxSession, entry: DiffusionEntry) -> int:
    """How many windows the memory holds at a time."""
    n_frames = entry.previous_frames + entry.window_frames
    lengths = {
        "noisy": entry.window_frames,
        "phone_logits": n_frames * PHONES_PER_MOTION_FRAME,
        "cepstrum": n_frames * PHONES_PER_MOTION_FRAME,
    }

    def ask(n_windows: int) -> None:
        denoiser.run(**denoiser.zeros(n_windows, lengths))

    n_windows = fit_items(ask, device_memory(), MOST_ITEMS)
    return n_windows if is_on_processor() else fit_by_trying(ask, n_windows)


@dataclass(frozen=True, eq=False)
class _Manners:
    """Style codes [K, S] that a window shows, and the share [K, T, C] of each; 1 together."""

    codes: FloatArray
    shares: FloatArray

    @classmethod
    def shown(cls, codes: FloatArray, shares: FloatArray) -> _Manners:
        """Without those that the window doesn't show, which cost as much time as the others."""
        kept = shares.any(axis=(1, 2))
        return cls(codes[kept], shares[kept])


def _keeping(held: Held, denoise: Denoise) -> Denoise:
    """The denoiser, which finds what is held in whatever it is given."""

    def denoise_the_rest(noisy: FloatArray, time: float) -> FloatArray:
        return held.over(denoise(noisy, time))

    return denoise_the_rest


def _repeat(array: FloatArray, n: int) -> FloatArray:
    """`array` as each of the `n` items of a batch."""
    return np.broadcast_to(array, (n, *array.shape))
