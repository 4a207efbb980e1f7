"""A stretch of facial motion: named channels sampled at one rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInputError

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class MotionClip:
    """Coefficients of one performance.

    `values` is float32 [T, C]; row i is the face at i / fps seconds. `channels` names the C
    columns.
    Raises `BadInputError` if the shapes disagree, a name repeats, the rate is not positive or a
    value is not finite.
    """

    fps: float
    channels: tuple[str, ...]
    values: FloatArray

    def __post_init__(self) -> None:
        values = np.ascontiguousarray(self.values, dtype=np.float32)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "channels", tuple(self.channels))
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise BadInputError(
                f"A clip's rate is {self.fps} frames per second; it must be a positive number."
            )
        if values.ndim != 2 or values.shape[1] != len(self.channels):
            raise BadInputError(
                f"A clip's values have shape {values.shape}, but it names "
                f"{len(self.channels)} channels."
            )
        if len(set(self.channels)) != len(self.channels):
            raise BadInputError(
                "A clip names the same channel twice; channel names must be unique."
            )
        if not np.isfinite(values).all():
            frame, channel = np.argwhere(~np.isfinite(values))[0]
            raise BadInputError(
                f"A clip holds a value that is not finite in '{self.channels[channel]}' "
                f"at frame {frame}."
            )

    @property
    def n_frames(self) -> int:
        return self.values.shape[0]

    @property
    def duration_s(self) -> float:
        return self.n_frames / self.fps

    def column(self, channel: str) -> FloatArray:
        """The samples [T] of one channel. Raises `BadInputError` if the clip has no such
        channel."""
        if channel not in self.channels:
            raise BadInputError(f"The clip has no channel '{channel}'.")
        return self.values[:, self.channels.index(channel)]

    def select(self, channels: Sequence[str]) -> MotionClip:
        """The same motion with the given columns only, in the given order; absent channels are
        0."""
        values = np.zeros((self.n_frames, len(channels)), np.float32)
        for i, name in enumerate(channels):
            if name in self.channels:
                values[:, i] = self.values[:, self.channels.index(name)]
        return MotionClip(self.fps, tuple(channels), values)
