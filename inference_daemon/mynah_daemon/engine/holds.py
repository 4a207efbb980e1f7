"""Motion that a line must keep: an earlier take around a range that is made anew, gestures pinned
to a moment, and keys that were set by hand.

A model meets them as known frames while it denoises (in-painting as in Lugmayr et al. 2022, on the
clean prediction), so that what it makes leads into them; then they are laid over the result, which
has them exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import resample
from mynah_shared.motion.regions import HEAD
from mynah_shared.protocol.messages import GestureUse, KeyUse

from .style_plan import STYLE_REGIONS

FloatArray = NDArray[np.float32]
Times = NDArray[np.floating]

TAKE_FADE_S: Final = 0.2
"""Within a range that is made anew, its edges are led into what is held."""
GESTURE_FADE_S: Final = 0.16
"""So long after its beginning a gesture is met exactly, and until so long before its end."""
_LEAD_S: Final = 0.08
_HEAD_LEAD_S: Final = 0.34
"""So long before its beginning a gesture begins to show: a head has mass."""
KEY_REACH_S: Final = 0.2
"""How far around a key the motion bends towards it."""


@dataclass(frozen=True, eq=False)
class Take:
    """An earlier take of the line and the range of it that is made anew."""

    clip: MotionClip
    redo_start_s: float
    redo_end_s: float


@dataclass(frozen=True, eq=False)
class Gesture:
    """A passage of a clip at a moment of the line."""

    use: GestureUse
    clip: MotionClip


@dataclass(frozen=True, eq=False)
class Held:
    """`values` [T, C] to keep, to a degree of `amounts` [T, C]: 0 free, 1 exactly."""

    values: FloatArray
    amounts: FloatArray

    def part(self, start: int, stop: int) -> Held:
        """Of the frames `start:stop` only."""
        return Held(self.values[start:stop], self.amounts[start:stop])

    def over(self, motion: FloatArray) -> FloatArray:
        """`motion` [T, C] with what is held laid over it."""
        mixed = motion + self.amounts * (self.values - motion)
        return np.where(self.amounts == 1, self.values, mixed)  # exactly, rounding or not


@dataclass(frozen=True, eq=False)
class Holds:
    """All that a line must keep."""

    take: Take | None = None
    gestures: tuple[Gesture, ...] = ()
    keys: tuple[KeyUse, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.take or self.gestures or self.keys)

    def at(self, fps: float, n_frames: int, channels: Sequence[str]) -> Held:
        """What is held in the frames of a line; of two things that collide, keys win over gestures,
        and these over the take."""
        times_s = np.arange(n_frames) / fps
        shape = (n_frames, len(channels))
        held = Held(np.zeros(shape, np.float32), np.zeros(shape, np.float32))
        if self.take is not None:
            held = _add(held, *_take_motion(self.take, fps, n_frames, channels))
        for gesture in self.gestures:
            held = _add(held, *_gesture_motion(gesture, times_s, channels))
        for channel in dict.fromkeys(key.channel for key in self.keys):
            column = list(channels).index(channel)
            mine = [key for key in self.keys if key.channel == channel]
            values, amounts = np.zeros(shape), np.zeros(shape)
            values[:, column], amounts[:, column] = _key_motion(mine, times_s)
            held = _add(held, values, amounts)
        return held


def _add(held: Held, values: Times, amounts: Times) -> Held:
    """More to hold, which wins where both are."""
    together = held.amounts + amounts * (1 - held.amounts)
    mixed = held.values * held.amounts * (1 - amounts) + values * amounts
    mixed = np.divide(mixed, together, out=np.zeros_like(mixed), where=together > 0)
    return Held(mixed.astype(np.float32), together.astype(np.float32))


def _take_motion(
    take: Take, fps: float, n_frames: int, channels: Sequence[str]
) -> tuple[Times, Times]:
    times_s = np.arange(n_frames) / fps
    # At the ends of the line there is nothing to be led into.
    start_s = take.redo_start_s if take.redo_start_s > 0 else -np.inf
    end_s = take.redo_end_s if take.redo_end_s < n_frames / fps else np.inf
    within = np.minimum(times_s - start_s, end_s - times_s)
    amount = 1 - _smooth(within / TAKE_FADE_S)
    known = np.array([channel in take.clip.channels for channel in channels])
    return resample(take.clip, fps, n_frames).select(channels).values, amount[:, None] * known


def _gesture_motion(
    gesture: Gesture, times_s: Times, channels: Sequence[str]
) -> tuple[Times, Times]:
    use, clip = gesture.use, gesture.clip
    places_s = times_s - use.at_s + use.from_s
    own = clip.select(channels).values
    frames_s = np.arange(clip.n_frames) / clip.fps
    values = np.empty((len(times_s), len(channels)))
    for i in range(len(channels)):
        values[:, i] = np.interp(places_s, frames_s, own[:, i])
    within_s = np.minimum(places_s - use.from_s, use.to_s - places_s)[:, None]
    lead_s = np.where(np.isin(channels, HEAD), _HEAD_LEAD_S, _LEAD_S)
    amount = _smooth((within_s + lead_s) / (GESTURE_FADE_S + lead_s))
    names = STYLE_REGIONS.get(use.region) or channels
    shown = np.array([c in names and c in clip.channels for c in channels])
    return values, amount * shown


def _key_motion(keys: Sequence[KeyUse], times_s: Times) -> tuple[Times, Times]:
    """Values and amounts [T] of one channel's keys."""
    keys = sorted(keys, key=lambda key: key.time_s)
    at_s = np.array([key.time_s for key in keys])
    values = np.interp(times_s, at_s, [key.value for key in keys])
    nearest_s = np.abs(times_s[:, None] - at_s).min(axis=1)
    return values, _smooth(1 - nearest_s / KEY_REACH_S)


def _smooth(x: Times) -> Times:
    """0 below 0, 1 above 1, soft in between."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)
