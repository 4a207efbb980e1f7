"""Blinks and small gaze shifts for models that leave the eyes alone; a function of time and seed.

Computed at the result's own rate: a blink lasts a few frames, and interpolating it from another
rate would leave the lids ajar.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.clip import MotionClip

FloatArray = NDArray[np.float64]

BLINKS_PER_S: Final = 0.3
_BLINK_SPREAD: Final = 0.6  # of the log of the pause between two blinks
_SHORTEST_PAUSE_S: Final = 0.4
_CLOSING_S: Final = 0.1
_SHUT_S: Final = 0.04  # so that one frame at 25 fps is fully shut
_OPENING_S: Final = 0.2
_FIXATION_S: Final = 1.1
_FIXATION_SPREAD: Final = 0.5
_YAW_SPREAD, _PITCH_SPREAD = 3.0, 1.8  # degrees around straight ahead
_FARTHEST: Final = 8.0
_FULL_LOOK: Final = 30.0  # degrees at a look shape of 1
_SACCADE_S, _SACCADE_S_PER_DEGREE = 0.021, 0.0022  # the main sequence of eye movement
_LID_FALL: Final = 0.25  # of the downward look goes into the upper lid


def add_eyes(clip: MotionClip, seed: int, audio_sha256: str) -> MotionClip:
    """The clip with lids and gaze of its own replaced by seeded ones.

    Other lines blink at other times: the audio's hash counts as a part of the seed.
    """
    blink_rng, gaze_rng = _generators(seed, audio_sha256)
    seconds = np.arange(clip.n_frames) / clip.fps
    yaw, pitch = _gaze(seconds, gaze_rng)
    lids = np.maximum(_blinks(seconds, blink_rng), _LID_FALL * np.maximum(pitch, 0))
    tracks = {
        "eyeBlinkLeft": lids,
        "eyeBlinkRight": lids,
        "eyeLookOutLeft": np.maximum(yaw, 0),
        "eyeLookInRight": np.maximum(yaw, 0),
        "eyeLookInLeft": np.maximum(-yaw, 0),
        "eyeLookOutRight": np.maximum(-yaw, 0),
        "eyeLookDownLeft": np.maximum(pitch, 0),
        "eyeLookDownRight": np.maximum(pitch, 0),
        "eyeLookUpLeft": np.maximum(-pitch, 0),
        "eyeLookUpRight": np.maximum(-pitch, 0),
    }
    values = clip.values.copy()
    for name, track in tracks.items():
        if name in clip.channels:
            values[:, clip.channels.index(name)] = track
    return MotionClip(clip.fps, clip.channels, values)


def _generators(seed: int, audio_sha256: str) -> tuple[np.random.Generator, np.random.Generator]:
    digest = hashlib.sha256(f"{seed} {audio_sha256}".encode()).digest()
    blinks, gaze = np.random.SeedSequence(int.from_bytes(digest, "big")).spawn(2)
    return np.random.default_rng(blinks), np.random.default_rng(gaze)


def _event_times(
    end_s: float, mean_s: float, spread: float, shortest_s: float, rng: np.random.Generator
) -> list[float]:
    """Moments with log-normal pauses of the given mean; the first comes at any point of a pause."""
    log_mean = float(np.log(mean_s)) - spread**2 / 2
    times = [float(rng.uniform() * rng.lognormal(log_mean, spread))]
    while times[-1] < end_s:
        times.append(times[-1] + max(shortest_s, float(rng.lognormal(log_mean, spread))))
    return times[:-1]


def _blinks(seconds: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Lid closure [T] in 0..1: quick down, slower up."""
    lids = np.zeros(len(seconds))
    end_s = float(seconds[-1]) if len(seconds) else 0.0
    for start in _event_times(end_s, 1 / BLINKS_PER_S, _BLINK_SPREAD, _SHORTEST_PAUSE_S, rng):
        closing = _ease((seconds - start) / _CLOSING_S)
        opening = _ease((seconds - start - _CLOSING_S - _SHUT_S) / _OPENING_S)
        lids = np.maximum(lids, closing - opening)
    return lids


def _gaze(seconds: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Yaw (> 0 the subject's left) and pitch (> 0 down) [T] as look-shape amounts."""
    yaw, pitch = np.zeros(len(seconds)), np.zeros(len(seconds))
    at = np.zeros(2)  # a line starts with the eyes straight ahead
    end_s = float(seconds[-1]) if len(seconds) else 0.0
    for start in _event_times(end_s, _FIXATION_S, _FIXATION_SPREAD, 0.2, rng):
        target = rng.normal(0, (_YAW_SPREAD, _PITCH_SPREAD))
        target = np.clip(target, -_FARTHEST, _FARTHEST)
        jump = target - at
        lasts_s = _SACCADE_S + _SACCADE_S_PER_DEGREE * float(np.hypot(jump[0], jump[1]))
        moved = _ease((seconds - start) / lasts_s)
        yaw += moved * jump[0]
        pitch += moved * jump[1]
        at = target
    return yaw / _FULL_LOOK, pitch / _FULL_LOOK


def _ease(x: FloatArray) -> FloatArray:
    """0 before 0, 1 after 1, without a jump in speed."""
    inside = np.clip(x, 0, 1)
    return inside * inside * (3 - 2 * inside)
