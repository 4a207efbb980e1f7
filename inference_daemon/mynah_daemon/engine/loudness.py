"""The baseline: the jaw follows the loudness of speech. Needs no weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal  # pyright: ignore[reportMissingTypeStubs]

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

from .models import Direction, Performance

FloatArray = NDArray[np.float32]

_filters = cast(Any, signal)  # scipy ships no types
_images = cast(Any, ndimage)

# Chosen by a search over corpus clips that included dev clips: the baseline got this advantage.
_SAMPLE_RATE: Final = 16_000
_BAND_HZ: Final = (600.0, 3500.0)  # first and second formant: open vowels are loud here
_ENVELOPE_RATE: Final = 100
_SMOOTHING_S: Final = 0.02
_DELAY_S: Final = 0.02  # the jaw reaches its widest a little after the loudest moment
_LOUD_PERCENTILE: Final = 95
_RANGE_DB: Final = 30.0
_LOUD_JAW: Final = 0.25
_QUIETEST: Final = 1e-3  # -60 dBFS: a whole utterance below this is background noise
_MOTION_RATE: Final = 50


class Loudness:
    """jawOpen grows with the decibels over the utterance's floor; everything else rests."""

    animates_eyes = False
    fades_in_silence = ()  # silence is not loud

    def count_steps(self, n_samples: int, direction: Direction) -> int:  # noqa: ARG002
        return 1  # the work never splits

    def perform(
        self,
        samples: FloatArray,
        direction: Direction,  # noqa: ARG002  (there is one way to perform)
        step: Callable[[str], None],
    ) -> Performance:
        jaw = _jaw(samples)
        values = np.zeros((len(jaw), len(ARKIT_CHANNELS)), np.float32)
        values[:, ARKIT_CHANNELS.index("jawOpen")] = jaw
        step("motion")
        return Performance(MotionClip(_MOTION_RATE, ARKIT_CHANNELS, values))


def _jaw(samples: FloatArray) -> FloatArray:
    """jawOpen [T] at 50 frames/s, 0 wherever the sound is 30 dB below the loud parts."""
    rms = _envelope(samples)
    loud = float(np.percentile(rms, _LOUD_PERCENTILE))
    if loud < _QUIETEST:
        opening = np.zeros_like(rms)
    else:
        decibels = 20 * np.log10(np.maximum(rms / loud, 1e-6))
        opening = np.clip(decibels / _RANGE_DB + 1, 0, 1.2)
    n_frames = -(-len(samples) * _MOTION_RATE // _SAMPLE_RATE) + 1
    seconds = np.arange(n_frames) / _MOTION_RATE - _DELAY_S
    bin_centres = (np.arange(len(rms)) + 0.5) / _ENVELOPE_RATE
    return (_LOUD_JAW * np.interp(seconds, bin_centres, opening, left=0, right=0)).astype("f4")


def _envelope(samples: FloatArray) -> NDArray[np.float64]:
    """Smoothed loudness of the speech band, 100 values a second."""
    sections = _filters.butter(2, _BAND_HZ, "bandpass", fs=_SAMPLE_RATE, output="sos")
    band: NDArray[np.float64] = _filters.sosfiltfilt(sections, samples.astype(np.float64), padlen=0)
    size = _SAMPLE_RATE // _ENVELOPE_RATE
    n_bins = -(-len(band) // size)
    power = np.add.reduceat(band**2, np.arange(n_bins) * size) / size
    smooth: NDArray[np.float64] = _images.gaussian_filter1d(
        power, _SMOOTHING_S * _ENVELOPE_RATE, mode="constant"
    )
    return np.sqrt(np.maximum(smooth, 0))
