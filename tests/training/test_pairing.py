"""Motion carried over to another voice."""

from __future__ import annotations

import numpy as np
import pytest

from mynah_shared.motion.clip import MotionClip
from mynah_training.data.pairing import align, time_map, warp_motion

FILMED = (("SIL", 0.0, 0.5), ("B", 0.5, 0.6), ("IH", 0.6, 0.8), ("N", 0.8, 1.0), ("SIL", 1.0, 2.0))
SPOKEN = (("sil", 0.0, 0.1), ("B", 0.1, 0.2), ("IH", 0.2, 0.3), ("N", 0.3, 0.7), ("sil", 0.7, 0.8))


def test_equal_sequences_align_one_to_one() -> None:
    assert align(["B", "IH", "N"], ["B", "IH", "N"]) == [(0, 0), (1, 1), (2, 2)]


def test_an_extra_phone_is_skipped() -> None:
    assert align(["B", "L", "UW"], ["B", "UW"]) == [(0, 0), (2, 1)]


def test_phones_meet_their_counterparts() -> None:
    here, there = time_map(FILMED, SPOKEN)

    mapped = np.interp([0.1, 0.2, 0.3, 0.7], here, there)
    np.testing.assert_allclose(mapped, [0.5, 0.6, 0.8, 1.0])


def test_the_map_of_time_never_runs_backwards() -> None:
    here, there = time_map(FILMED, SPOKEN)

    assert (np.diff(here) > 0).all()
    assert (np.diff(there) >= 0).all()


def test_a_closure_arrives_with_the_new_voices_closure() -> None:
    opening = np.ones((50, 1), np.float32)
    opening[13:15] = 0.0  # 0.52 to 0.6 s at 25 fps: the B
    here, there = time_map(FILMED, SPOKEN)

    warped = warp_motion(MotionClip(25.0, ("jawOpen",), opening), here, there, 20, 25.0)

    closed_s = np.flatnonzero(warped[:, 0] < 0.5) / 25
    assert closed_s.min() == pytest.approx(0.12, abs=0.021)
    assert closed_s.max() <= 0.2
