"""DDIM by its arithmetic, and guidance by its own."""

from __future__ import annotations

import numpy as np
import pytest

from mynah_daemon.engine.guidance import combine, questions
from mynah_daemon.engine.samplers import sample_ddim, signal

ALL = np.ones((1, 4, 2), np.float32)
"""One style everywhere."""


@pytest.mark.parametrize(
    ("time", "power"),
    # computed with torch by mynah_training.modules.diffusion
    [
        (0.0, 1.0),
        (0.1, 0.972092737),
        (0.25, 0.847012161),
        (0.5, 0.493843590),
        (0.75, 0.144272102),
        (0.9, 0.024091724),
        (0.99, 0.000242857),
        (1.0, 0.0001),
    ],
)
def test_the_schedule_is_the_one_of_the_training(time: float, power: float) -> None:
    assert signal(time) == pytest.approx(power, rel=1e-5)


@pytest.mark.parametrize("n_steps", [1, 4, 25])
def test_who_knows_the_truth_gets_it(n_steps: int) -> None:
    rng = np.random.default_rng(0)
    truth, noise = rng.standard_normal((2, 7, 3), np.float32)
    seen: list[tuple[np.ndarray, float]] = []

    def denoise(noisy: np.ndarray, time: float) -> np.ndarray:
        seen.append((noisy, time))
        return truth

    clean = sample_ddim(noise, n_steps, denoise)

    np.testing.assert_array_equal(clean, truth)
    assert clean.dtype == np.float32
    assert [time for _, time in seen] == pytest.approx(np.linspace(1, 0, n_steps + 1)[:-1])
    drawn = (noise - np.sqrt(signal(1)) * truth) / np.sqrt(1 - signal(1))
    for noisy, time in seen:  # the truth and always the same noise, mixed as the schedule says
        mix = np.sqrt(signal(time)) * truth + np.sqrt(1 - signal(time)) * drawn
        np.testing.assert_allclose(noisy, mix, atol=1e-5)


def test_guidance_goes_beyond_what_voice_and_style_change() -> None:
    null, speech_only, both = (np.full((4, 2), value, np.float32) for value in (1.0, 3.0, 4.0))

    guided = combine(np.stack([null, speech_only, both]), ALL, 1.5, 2.0)

    np.testing.assert_allclose(guided, 1.0 + 1.5 * 2.0 + 2.0 * 1.0)
    np.testing.assert_array_equal(questions(1.5, 2.0, 1), [[0, 0], [1, 0], [1, 1]])


@pytest.mark.parametrize("guidances", [(1.15, 1.0), (0.0, 0.0), (2.0, 2.0)])
def test_all_questions_are_asked_where_the_voice_is_guided(
    guidances: tuple[float, float],
) -> None:
    assert len(questions(*guidances, 1)) == 3


def test_guidance_by_style_alone_needs_no_null_branch() -> None:
    speech_only, both = (np.full((4, 2), value, np.float32) for value in (3.0, 4.0))

    np.testing.assert_array_equal(questions(1.0, 1.5, 1), [[1, 0], [1, 1]])
    np.testing.assert_allclose(combine(np.stack([speech_only, both]), ALL, 1.0, 1.5), 4.5)


def test_without_guidance_one_question_is_enough() -> None:
    np.testing.assert_array_equal(questions(1.0, 1.0, 1), [[1, 1]])
    answer = np.ones((1, 4, 2), np.float32)
    np.testing.assert_array_equal(combine(answer, ALL, 1.0, 1.0), answer[0])


def test_styles_are_mixed_before_they_are_guided() -> None:
    null, speech_only, calm, angry = (np.full((4, 2), v, np.float32) for v in (1.0, 3.0, 4.0, 8.0))
    shares = np.stack([np.full((4, 2), 0.75, np.float32), np.full((4, 2), 0.25, np.float32)])
    np.testing.assert_array_equal(questions(1.5, 2.0, 2), [[0, 0], [1, 0], [1, 1], [1, 1]])
    guided = combine(np.stack([null, speech_only, calm, angry]), shares, 1.5, 2.0)
    np.testing.assert_allclose(guided, 1.0 + 1.5 * 2.0 + 2.0 * (5.0 - 3.0))
    plain = combine(np.stack([calm, angry]), shares, 1.0, 1.0)
    np.testing.assert_allclose(plain, 5.0)
