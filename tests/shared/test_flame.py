"""FLAME's coefficients as channels: names, order, and the arrays that other programs know."""

from __future__ import annotations

import numpy as np
import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.flame import exp_width, flame_channels, from_arrays, to_arrays


def numbered(width: int, n_frames: int = 3) -> MotionClip:
    channels = flame_channels(width)
    values = np.arange(n_frames * len(channels), dtype=np.float32).reshape(n_frames, -1)
    return MotionClip(25.0, channels, values)


@pytest.mark.parametrize("width", [50, 100])
def test_arrays_and_channels_are_the_same_numbers(width: int) -> None:
    clip = numbered(width)
    arrays = to_arrays(clip)
    assert {name: array.shape for name, array in arrays.items()} == {
        "exp": (3, width), "jaw_pose": (3, 3), "neck_pose": (3, 3), "eye_pose": (3, 6),
    }  # fmt: skip
    assert arrays["jaw_pose"][0].tolist() == [width, width + 1, width + 2]
    back = from_arrays(25.0, arrays)
    assert back.channels == clip.channels
    np.testing.assert_array_equal(back.values, clip.values)


def test_the_left_eye_comes_first() -> None:
    clip = numbered(50)
    assert clip.channels[-6:-3] == ("eyePoseLeftX", "eyePoseLeftY", "eyePoseLeftZ")
    assert len(set(clip.channels)) == 62


def test_the_width_tells_flame_from_arkit() -> None:
    assert exp_width(flame_channels(100)) == 100
    assert exp_width(ARKIT_CHANNELS) == 0


def test_a_pose_that_is_not_told_is_at_rest() -> None:
    clip = from_arrays(30.0, {"exp": np.ones((2, 50), np.float32)})
    assert clip.select(("jawPoseX", "neckPoseY", "eyePoseRightZ")).values.max() == 0


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"exp": np.zeros((2, 300))}, r"exp has the shape \(2, 300\); .* at most 100"),
        ({"exp": np.zeros(50)}, r"exp has the shape \(50,\)"),
        ({"exp": np.zeros((2, 50)), "jaw_pose": np.zeros((3, 3))}, r"must be \(2, 3\)"),
        ({"exp": np.zeros((2, 50)), "eye_pose": np.zeros((2, 3))}, r"must be \(2, 6\)"),
    ],
)
def test_other_shapes_are_named(arrays: dict[str, np.ndarray], sentence: str) -> None:
    with pytest.raises(BadInputError, match=sentence):
        from_arrays(30.0, arrays)
