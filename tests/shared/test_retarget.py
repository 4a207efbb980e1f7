"""A clip becomes target weights: sums, clamps, missing channels, pins."""

from __future__ import annotations

import numpy as np

from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.retarget import carry_pins, retarget


def two_channels() -> MotionClip:
    return MotionClip(24, ("a", "b"), np.array([[0.2, 0.4], [0.9, 0.8]], np.float32))


def test_targets_are_weighted_sums_in_the_mappings_order() -> None:
    clip = retarget(two_channels(), {"t": {"a": 0.5, "b": 0.5}, "s": {"b": 1.0}})
    assert clip.channels == ("t", "s")
    assert clip.fps == 24
    assert np.allclose(clip.values, [[0.3, 0.4], [0.85, 0.8]])


def test_values_stay_within_each_targets_limits() -> None:
    weights = {"up": {"a": 2.0}, "down": {"a": -1.0}, "wide": {"a": -1.0}}
    clip = retarget(two_channels(), weights, {"wide": (-0.5, 1.0)})
    assert np.allclose(clip.values, [[0.4, 0, -0.2], [1, 0, -0.5]])


def test_a_channel_the_clip_lacks_counts_as_zero() -> None:
    clip = retarget(two_channels(), {"t": {"a": 1.0, "tongueOut": 1.0}, "u": {"tongueOut": 1.0}})
    assert np.allclose(clip.values, [[0.2, 0], [0.9, 0]])


def test_no_targets_give_an_empty_clip() -> None:
    assert retarget(two_channels(), {}).values.shape == (2, 0)


def test_pins_follow_the_channels() -> None:
    pins = {"a": np.array([1, 5]), "b": np.array([3, 5])}
    carried = carry_pins(pins, {"t": {"a": 1.0, "b": 1.0}, "s": {"b": 1.0}, "u": {"c": 1.0}})
    assert {name: rows.tolist() for name, rows in carried.items()} == {"t": [1, 3, 5], "s": [3, 5]}
