"""Log-mel features for the speech encoder; the training package computes them with this same
code."""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: Final = 16000
HOP: Final = 160
MEL_RATE: Final = SAMPLE_RATE // HOP
N_MELS: Final = 80
MEL_PER_MOTION_FRAME: Final = 4
_WINDOW: Final = 400
_FFT: Final = 512
_LOW_HZ: Final = 60.0
_HIGH_HZ: Final = 7600.0
_FLOOR: Final = 1e-9
_BLOCK: Final = 4096

SPEECH_DEPTH: Final = 6.9
"""A frame counts as speech while its mean log power is within this (30 dB) of the utterance's loud
frames."""
QUIETEST_SPEECH: Final = -15.0
"""Mean log-mel power below which even the loudest frames are background noise (about -60 dBFS)."""
_SCALE: Final = 3.0
_DEEPEST: Final = -4.0
_QUIETEST_POWER: Final = 1e-7  # HuBERT's own

FloatArray = NDArray[np.float32]


def motion_frame_count(n_samples: int) -> int:
    """Frames at 25 fps that cover the samples, one of them at or behind the end."""
    return -(-n_samples // (HOP * MEL_PER_MOTION_FRAME)) + 1


def log_mel(samples: FloatArray) -> FloatArray:
    """Features [L, 80] of 16 kHz samples [N] in -1..1, normalised over the utterance.

    Frame k is centred on k × 10 ms; L = 4 × `motion_frame_count(N)`.
    """
    return normalise(raw_log_mel(samples))


def raw_log_mel(samples: FloatArray) -> FloatArray:
    """Natural log of mel-band power [L, 80], not yet normalised; see `log_mel`."""
    n_frames = motion_frame_count(len(samples)) * MEL_PER_MOTION_FRAME
    padded = np.zeros((n_frames - 1) * HOP + _FFT, np.float32)
    start = _FFT // 2
    kept = min(len(samples), len(padded) - start)
    # A constant offset would be a click where it begins and where it ends.
    padded[start : start + kept] = samples[:kept] - samples.mean()
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::HOP]
    out = np.empty((n_frames, N_MELS), np.float32)
    for i in range(0, n_frames, _BLOCK):  # blocks bound the memory of a ten-minute line
        spectrum = np.fft.rfft(frames[i : i + _BLOCK] * _window(), axis=1)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        out[i : i + _BLOCK] = np.log(power @ _filters().T + np.float32(_FLOOR))
    return out


def normalise(mel: FloatArray) -> FloatArray:
    """Removes the voice's and the channel's long-term spectrum: subtracts each band's mean over the
    speech frames.

    Audio without anything as loud as `QUIETEST_SPEECH` keeps a fixed level, so that noise is not
    lifted to speech.
    """
    level = mel.mean(axis=1)
    loud = max(float(np.percentile(level, 95)), QUIETEST_SPEECH)
    speech = level > loud - SPEECH_DEPTH
    enough = np.count_nonzero(speech) >= 5 and float(np.percentile(level, 95)) > QUIETEST_SPEECH
    centre = mel[speech].mean(axis=0) if enough else np.float32(QUIETEST_SPEECH + 2.0)
    # A digital silence and a quiet room differ by 50 dB and mean the same.
    return np.maximum((mel - centre) / np.float32(_SCALE), np.float32(_DEEPEST)).astype(np.float32)


def sound_rows(samples: FloatArray) -> FloatArray:
    """16 kHz samples [N] in rows of 10 ms [L, 160] without their mean, silence behind them.

    Row k begins at k × 10 ms; L = 4 × `motion_frame_count(N)`, as of `log_mel`.
    """
    rows = np.zeros((motion_frame_count(len(samples)) * MEL_PER_MOTION_FRAME, HOP), np.float32)
    rows.reshape(-1)[: len(samples)] = samples - samples.mean()
    return rows


def normalise_sound(rows: FloatArray) -> FloatArray:
    """Mean-free sound of any shape at unit variance over all of it, as HuBERT was taught on; what
    is below -70 dBFS stays quieter."""
    power = np.mean(np.square(rows), dtype=np.float64)
    return (rows / np.sqrt(power + _QUIETEST_POWER)).astype(np.float32)


@functools.cache
def _window() -> FloatArray:
    window = np.zeros(_FFT, np.float32)
    start = (_FFT - _WINDOW) // 2
    window[start : start + _WINDOW] = np.hanning(_WINDOW).astype(np.float32)
    return window * np.float32(np.sqrt(1.0 / np.sum(window**2)))


@functools.cache
def _filters() -> FloatArray:
    """Triangular mel filters [80, 257] of unit height."""
    edges_mel = np.linspace(_hz_to_mel(_LOW_HZ), _hz_to_mel(_HIGH_HZ), N_MELS + 2)
    edges = 700.0 * (10.0 ** (edges_mel / 2595.0) - 1.0)
    bins = np.arange(_FFT // 2 + 1) * SAMPLE_RATE / _FFT
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


def _hz_to_mel(hz: float) -> float:
    return 2595.0 * float(np.log10(1.0 + hz / 700.0))
