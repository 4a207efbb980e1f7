"""Performance transfer through a model's motion codes: AniTalker's and FixTalk's path for video."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import resample

from .model_store import ModelStore
from .onnx_session import OnnxSession
from .style_encoder import StyleEncoder
from .style_plan import StyleKey, StylePlan
from .windows import plan_windows

FloatArray = NDArray[np.float32]


class ModelTransfer:
    """`driving` [1, T, C] in ARKit units, of anyone, and `style` [1, K] of a character → `motion`
    [1, T, C] in ARKit units.

    Raises `BadInputError` for a model that has no such graph, and `EngineUnavailableError` if a
    file is missing, altered or of another signature.
    """

    def __init__(self, store: ModelStore, name: str) -> None:
        self._store, self._entry = store, store.driven_by_clips(name)
        assert self._entry.transfer is not None
        self._context = self._entry.transfer.context_frames
        n_channels = len(self._entry.channels)
        self._session = OnnxSession(
            store.verified_path(self._entry.transfer.file),
            {"driving": (1, -1, n_channels), "style": (1, len(self._entry.neutral_style))},
            {"motion": (1, -1, n_channels)},
        )

    def perform(self, driving: MotionClip, plan: StylePlan) -> MotionClip:
        """`driving` as the characters of the plan give it, each in its share; the neutral manner is
        the model's mean character. Strength is how far it goes from `driving` to that.

        Channels that a style doesn't show, or the model never met, stay the actor's, and so does
        what is quicker than the model's rate.
        """
        entry = self._entry
        driving = driving.select(entry.channels)
        n_frames = max(1, round(driving.duration_s * entry.fps))
        seen = resample(driving, entry.fps, n_frames).values
        times_s = np.arange(n_frames) / entry.fps
        moved = np.zeros_like(seen)
        manners = (None, *plan.keys)
        for manner, share in zip(manners, plan.shares(times_s, entry.channels), strict=True):
            if share.any():  # the others would cost as much time
                moved += share * self._moved(seen, manner)
        added = MotionClip(entry.fps, entry.channels, np.float32(plan.strength) * moved)
        added = resample(added, driving.fps, driving.n_frames)
        return MotionClip(driving.fps, driving.channels, driving.values + added.values)

    def _moved(self, driving: FloatArray, manner: StyleKey | None) -> FloatArray:
        """What the character of a manner adds [T, C] to the actor's motion."""
        entry = self._entry
        known = np.array(entry.scale) > 0
        code = np.array(entry.neutral_style, np.float32)
        if manner is not None and manner.clip is not None:
            known &= np.isin(entry.channels, manner.clip.channels)
            code = self._style_encoder.encode(manner.clip)
        return np.where(known, self._given(driving, code) - driving, 0).astype(np.float32)

    def _given(self, driving: FloatArray, code: FloatArray) -> FloatArray:
        parts: list[FloatArray] = []
        for window in plan_windows(len(driving), self._context, 1):
            seen = driving[None, window.first : window.last]
            (motion,) = self._session.run(driving=seen, style=code[None])
            parts.append(motion[0, window.start - window.first : window.stop - window.first])
        return np.concatenate(parts)

    @cached_property
    def _style_encoder(self) -> StyleEncoder:
        return StyleEncoder(self._store, self._entry)
