"""Log-mel features as the encoder sees them."""

from __future__ import annotations

import numpy as np
import pytest

from mynah_daemon.audio.features import log_mel, motion_frame_count, raw_log_mel


def tone(seconds: float, hz: float = 440.0, amplitude: float = 0.3) -> np.ndarray:
    t = np.arange(round(seconds * 16000)) / 16000
    return (amplitude * np.sin(2 * np.pi * hz * t)).astype(np.float32)


@pytest.mark.parametrize("n_samples", [1, 639, 640, 641, 16000])
def test_frames_cover_the_samples(n_samples: int) -> None:
    mel = log_mel(np.zeros(n_samples, np.float32))

    assert mel.shape == (4 * motion_frame_count(n_samples), 80)
    assert (motion_frame_count(n_samples) - 1) * 640 >= n_samples


def test_a_higher_tone_lights_a_higher_band() -> None:
    low, high = (int(raw_log_mel(tone(0.5, hz))[25].argmax()) for hz in (300.0, 3000.0))

    assert high > low + 20


def test_frame_k_is_centred_on_k_times_ten_milliseconds() -> None:
    click = np.zeros(16000, np.float32)
    click[8000] = 1.0

    assert int(raw_log_mel(click).mean(axis=1).argmax()) == 50


def test_gain_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    loudness = np.repeat(rng.uniform(0.1, 0.3, 100), 160)
    speech = (rng.standard_normal(16000) * loudness).astype(np.float32)

    np.testing.assert_allclose(log_mel(speech), log_mel(speech * 0.1), atol=0.02)


@pytest.mark.parametrize("amplitude", [0.0, 1e-5])
def test_silence_and_hiss_stay_far_below_speech(amplitude: float) -> None:
    hiss = np.random.default_rng(0).standard_normal(16000).astype(np.float32) * amplitude

    assert log_mel(hiss).max() < -0.5
