"""Tiny synthetic sounds and performances."""

from __future__ import annotations

import io
import wave

import numpy as np

from ..motion.arkit import ARKIT_CHANNELS
from ..motion.clip import MotionClip


def make_clip(
    *, fps: float = 25.0, n_frames: int = 50, channels: tuple[str, ...] = ARKIT_CHANNELS
) -> MotionClip:
    """A smooth clip in which each channel swings between 0 and 1 at a rate of its own."""
    time_s = np.arange(n_frames)[:, None] / fps
    rate_hz = 0.5 + 0.05 * np.arange(len(channels))[None, :]
    values = 0.5 - 0.5 * np.cos(2 * np.pi * rate_hz * time_s)
    return MotionClip(fps, channels, values.astype(np.float32))


def make_tone(*, duration_s: float = 1.0, sample_rate: int = 16000, hertz: float = 220.0) -> bytes:
    """A mono 16-bit WAV file of a sine tone."""
    time_s = np.arange(round(duration_s * sample_rate)) / sample_rate
    samples = np.round(12000 * np.sin(2 * np.pi * hertz * time_s)).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(sample_rate)
        out.writeframes(samples.tobytes())
    return file.getvalue()
