"""Request and samples to a finished motion clip: the order of everything in one place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import resample, smooth
from mynah_shared.motion.regions import HEAD, channel_indices
from mynah_shared.protocol.messages import Quality, SynthesizeRequest

from .articulation import articulate
from .diffusion import DiffusionModel
from .eyes import add_eyes
from .holds import Holds
from .lip_closure import close_lips, rest_in_silence
from .model_store import LOUDNESS, DiffusionEntry, ModelStore, RegressionEntry
from .model_transfer import ModelTransfer
from .models import Direction, MotionModel, Performance, PhonePosteriors
from .onnx_pair import OnnxPair
from .postprocess import apply_amounts, constrain
from .speech import SpeechEncoder
from .style_plan import StyleKey, StylePlan
from .transfer import transfer_performance

FloatArray = NDArray[np.float32]

Progress = Callable[[str, int, int], None]
"""Called as progress(stage, done, total) between steps; what it raises ends the job."""

SAMPLE_RATE: Final = 16_000
_SILENCE: Final = "sil"
_NOTHING_HELD: Final = Holds()
_HEAD_CUTOFF_HZ: Final = 3.0
"""Heads nod and turn more slowly than this while they speak."""


class LipSyncEngine:
    """Serves the models of a store to any thread; each is loaded when it is first needed."""

    def __init__(self, store: ModelStore) -> None:
        self._store = store
        self._loading = threading.Lock()
        self._models: dict[str, MotionModel] = {}
        self._transfers: dict[str, ModelTransfer] = {}
        self._speech: SpeechEncoder | None = None

    def synthesize(
        self,
        request: SynthesizeRequest,
        samples: FloatArray,
        progress: Progress,
        style_clips: Sequence[MotionClip | None] = (),
        holds: Holds = _NOTHING_HELD,
    ) -> MotionClip:
        """The clip of `perform`."""
        return self.perform(request, samples, progress, style_clips, holds).clip

    def perform(
        self,
        request: SynthesizeRequest,
        samples: FloatArray,
        progress: Progress,
        style_clips: Sequence[MotionClip | None] = (),
        holds: Holds = _NOTHING_HELD,
    ) -> Performance:
        """The performance of samples [N] at 16 kHz with round(duration × fps) frames.

        `style_clips` are the performances that the request's styles name, in their order; None, as
        where there are fewer, is the model's neutral manner. `holds` is what the line must keep.

        Equal arguments give equal curves, bit for bit. Raises `BadInputError` for an unknown model
        and `EngineUnavailableError` if its weights are damaged.
        """
        model = self.model(request.model)
        direction = Direction(
            request.seed,
            request.quality,
            request.audio_guidance,
            request.style_guidance,
            _plan_styles(request, style_clips, len(samples) / SAMPLE_RATE),
            holds,
        )
        count = _Counter(progress, total=model.count_steps(len(samples), direction) + 2)
        count("decode")
        performance = model.perform(samples, direction, count)
        clip = _steady_head(_rested(performance, model.fades_in_silence))
        clip = resample(clip, request.fps, count_frames(len(samples), request.fps))
        clip = _articulated(clip, performance.phones)
        if not model.animates_eyes:
            clip = add_eyes(clip, request.seed, request.audio_sha256)
        clip = _kept(constrain(apply_amounts(clip, request.amounts)), holds)
        count("finish")
        return Performance(clip, performance.phones)

    def neutral(self, samples: FloatArray) -> MotionClip | None:
        """What a voice asks for without any manner: the plain performance of the model that knows
        none; None if there is no such model."""
        entry = next((e for e in self._store.entries if isinstance(e, RegressionEntry)), None)
        if entry is None:
            return None
        direction = Direction(0, Quality.draft, 1.0, 1.0)
        return self.model(entry.name).perform(samples, direction, lambda _: None).clip

    def transfer(
        self,
        request: SynthesizeRequest,
        driving: MotionClip,
        style_clips: Sequence[MotionClip | None] = (),
        holds: Holds = _NOTHING_HELD,
    ) -> MotionClip:
        """The performance `driving` given to the character that the request's styles show, through
        the model that it names if it names one; the other arguments are those of `synthesize`.

        Raises `BadInputError` for a model that can't, and `EngineUnavailableError` if its weights
        are damaged.
        """
        driving = driving.select(ARKIT_CHANNELS)
        plan = _plan_styles(request, style_clips, driving.duration_s)
        if request.model:
            clip = self._transfer_of(request.model).perform(driving, plan)
        else:
            clip = transfer_performance(driving, plan)
        clip = resample(clip, request.fps, max(1, round(driving.duration_s * request.fps)))
        return _kept(constrain(apply_amounts(clip, request.amounts)), holds)

    def _transfer_of(self, name: str) -> ModelTransfer:
        with self._loading:
            if name not in self._transfers:
                self._transfers[name] = ModelTransfer(self._store, name)
            return self._transfers[name]

    def model(self, name: str) -> MotionModel:
        """The model of this name, loaded; '' is the default."""
        name = name or self._store.default_model
        with self._loading:
            if name not in self._models:
                self._models[name] = self._load(name)
            return self._models[name]

    @property
    def most_windows(self) -> int:
        """Windows that the loaded models denoise at a time, as far as the memory was found to hold
        them; 0 if none of them works in such windows."""
        loaded = list(self._models.values())
        return min((m.most_windows for m in loaded if isinstance(m, DiffusionModel)), default=0)

    def _load(self, name: str) -> MotionModel:
        if name == LOUDNESS:
            from .loudness import Loudness  # brings scipy, which takes half a second to load

            return Loudness()
        entry = next((entry for entry in self._store.entries if entry.name == name), None)
        if entry is None:
            names = ", ".join(model.name for model in self._store.models)
            raise BadInputError(f"There is no model '{name}'; available: {names}.")
        if self._speech is None:
            self._speech = SpeechEncoder(self._store)  # one for all models
        if isinstance(entry, DiffusionEntry):
            return DiffusionModel(self._store, entry, self._speech)
        return OnnxPair(self._store, entry, self._speech)


def _plan_styles(
    request: SynthesizeRequest, clips: Sequence[MotionClip | None], duration_s: float
) -> StylePlan:
    """Raises `BadInputError` for a style that would begin behind the line's end."""
    for use in request.styles:
        if use.start_s >= duration_s > 0:
            raise BadInputError(
                f"The style '{use.name}' begins at {use.start_s:g} s, but the line lasts "
                f"{duration_s:.2f} s; let it begin within the line."
            )
    keys = tuple(map(StyleKey, request.styles, [*clips, *[None] * len(request.styles)]))
    return StylePlan(keys, request.style_fade_s, request.style_strength)


def count_frames(n_samples: int, fps: float) -> int:
    """Frames of a result: the duration times the rate, rounded, at least one."""
    return max(1, round(n_samples / SAMPLE_RATE * fps))


def _rested(performance: Performance, fading: Sequence[str]) -> MotionClip:
    """Lips rest in silence, if the model listened for phones."""
    clip, phones = performance.clip, performance.phones
    if phones is None:
        return clip
    silence = phones.names.index(_SILENCE)
    values = rest_in_silence(clip.values, phones.probabilities, silence, fading)
    return MotionClip(clip.fps, clip.channels, values)


def _articulated(clip: MotionClip, phones: PhonePosteriors | None) -> MotionClip:
    """Lips round, reach the teeth and meet where that is heard, if phones were listened for."""
    if phones is None:
        return clip
    values = articulate(clip.values, clip.fps, phones.probabilities, phones.names)
    values = close_lips(values, clip.fps, phones.probabilities, phones.names)
    return MotionClip(clip.fps, clip.channels, values)


def _kept(clip: MotionClip, holds: Holds) -> MotionClip:
    """The clip with what the line must keep laid over it."""
    if not holds:
        return clip
    held = holds.at(clip.fps, clip.n_frames, clip.channels)
    return MotionClip(clip.fps, clip.channels, held.over(clip.values))


def _steady_head(clip: MotionClip) -> MotionClip:
    """Takes the tremble of a frame-by-frame regression out of the head; the face stays as it is."""
    columns = channel_indices(HEAD, clip.channels)
    values = clip.values.copy()
    values[:, columns] = smooth(clip.select(HEAD), _HEAD_CUTOFF_HZ).values
    return MotionClip(clip.fps, clip.channels, values)


class _Counter:
    """Turns "this step is done" into done-of-total."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self, stage: str) -> None:
        self._done += 1
        self._progress(stage, self._done, self._total)
