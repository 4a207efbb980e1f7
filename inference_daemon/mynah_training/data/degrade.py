"""Worse recording conditions for test sentences, on the waveform and repeatable by seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Samples = NDArray[np.float32]
_RATE = 16000


def add_noise(samples: Samples, seed: int) -> Samples:
    """Pink noise 10 dB below the speech's mean power."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(len(samples)))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0))
    noise = np.fft.irfft(spectrum, len(samples))
    gain = np.sqrt(np.mean(samples**2) / np.mean(noise**2) / 10.0)
    return (samples + gain * noise).astype(np.float32)


def add_room(samples: Samples, seed: int) -> Samples:
    """A reverberation of 0.6 s (60 dB), as loud as the direct sound."""
    rng = np.random.default_rng(seed)
    n = round(0.6 * _RATE)
    tail = rng.standard_normal(n) * np.exp(-6.9 * np.arange(n) / n)
    tail[: round(0.005 * _RATE)] = 0.0
    impulse = np.concatenate([[1.0], tail / np.sqrt(np.sum(tail**2))])
    return np.asarray(signal.fftconvolve(samples, impulse), np.float32)[: len(samples)]


def telephone(samples: Samples, seed: int) -> Samples:  # noqa: ARG001  (same signature as the others)
    """300 to 3400 Hz only."""
    sections = signal.butter(6, (300, 3400), "bandpass", fs=_RATE, output="sos")
    return np.asarray(signal.sosfilt(sections, samples), np.float32)
