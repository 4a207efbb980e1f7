"""The schedule that the models are trained with is the one that the daemon samples with."""

from __future__ import annotations

import numpy as np
import pytest

from mynah_daemon.engine import samplers

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_training.modules import diffusion  # noqa: E402  (needs torch)


def test_trained_and_sampled_schedules_agree() -> None:
    times = np.linspace(0, 1, 101)

    trained = diffusion.signal(torch.from_numpy(times)).numpy()

    np.testing.assert_allclose(trained, [samplers.signal(float(t)) for t in times], rtol=1e-9)


def test_the_clean_motion_follows_from_its_noise() -> None:
    generator = torch.Generator().manual_seed(0)
    clean, noise = (torch.randn(4, 9, 55, generator=generator) for _ in range(2))
    time = torch.tensor([0.05, 0.3, 0.6, 0.9])

    noisy = diffusion.add_noise(clean, noise, time)

    torch.testing.assert_close(
        diffusion.clean_from_noise(noisy, noise, time), clean, atol=1e-4, rtol=1e-4
    )
