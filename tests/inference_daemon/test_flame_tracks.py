"""FLAME tracks in the layouts that people have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mynah_daemon.clip_files import read_clip, write_clip
from mynah_daemon.flame.mapping import EYELIDS, FlameMap, map_to_bytes
from mynah_daemon.flame.stored import MAP_NAME
from mynah_daemon.flame.tracks import read_flame_track
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS, HEAD_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.flame import EYE_POSE, JAW_POSE, NECK_POSE, exp_channels

T = 20
RNG = np.random.default_rng(4)
EXP, JAW, NECK, EYES, TURN = (
    RNG.normal(size=(T, n)).astype(np.float32) * 0.2 for n in (50, 3, 3, 6, 3)
)
LIDS = RNG.random((T, 2)).astype(np.float32)
SMPLX = np.zeros((T, 165), np.float32)
SMPLX[:, 36:39], SMPLX[:, 66:69], SMPLX[:, 69:75] = NECK, JAW, EYES


@pytest.mark.parametrize(
    ("arrays", "fps", "parts"),
    [
        ({"exp": EXP, "jaw_pose": JAW, "neck_pose": NECK, "eye_pose": EYES, "fps": 25}, 25, "jne"),
        ({"expr": EXP, "jaw_pose": JAW, "neck_pose": NECK, "eyes_pose": EYES, "fps": 9}, 9, "jne"),
        ({"exp": EXP, "pose": np.hstack([TURN, JAW]), "fps": 25.0, "shape": EXP[:1]}, 25, "j"),
        ({"exp": EXP[None], "pose": np.hstack([TURN, JAW])[None], "fps": [25]}, 25, "j"),
        (
            {"expression_params": EXP, "jaw_params": JAW, "pose_params": TURN, "frame_rate": 24},
            24,
            "j",
        ),
        ({"expression_params": EXP[:, None], "jaw_params": JAW[:, None], "fps": 25}, 25, "j"),
        ({"expressions": EXP, "poses": SMPLX, "mocap_frame_rate": 30}, 30, "jne"),
        ({"exp": EXP, "pose": np.hstack([0 * TURN, NECK, JAW, EYES]), "fps": 50}, 50, "jne"),
    ],
)
def test_the_layouts_of_others_are_read(arrays: dict[str, Any], fps: float, parts: str) -> None:
    clip = read_flame_track({k: np.asarray(v) for k, v in arrays.items()}, "a.npz")
    assert clip.fps == fps
    np.testing.assert_array_equal(clip.select(exp_channels(50)).values, EXP)
    known = {"j": (JAW_POSE, JAW), "n": (NECK_POSE, NECK), "e": (EYE_POSE, EYES)}
    for part in parts:
        channels, wanted = known[part]
        np.testing.assert_allclose(clip.select(channels).values, wanted, atol=1e-6)


def test_the_camera_s_view_of_the_head_counts_from_its_mean() -> None:
    # As trackers have it: the head looks at a camera whose y points down.
    camera = Rotation.from_rotvec([np.pi, 0, 0]) * Rotation.from_rotvec([0.2, 0.1, 0])
    own = Rotation.from_rotvec(0.1 * np.sin(np.linspace(0, 6 * np.pi, 61))[:, None] * [[0, 1, 0]])
    arrays = {
        "exp": np.zeros((61, 50)), "jaw_pose": np.zeros((61, 3)), "fps": np.array(25),
        "rotation": (camera * own).as_rotvec(),
    }  # fmt: skip
    neck = read_flame_track(arrays, "a.npz").select(NECK_POSE).values
    np.testing.assert_allclose(neck, own.as_rotvec(), atol=1e-3)
    both = {**arrays, "neck_pose": np.broadcast_to(np.array([[0.1, 0.0, 0.0]]), (61, 3))}
    nodding = read_flame_track(both, "a.npz").select(NECK_POSE).values
    wanted = own * Rotation.from_rotvec([0.1, 0, 0])
    np.testing.assert_allclose(nodding, wanted.as_rotvec(), atol=1e-3)


def test_without_a_neck_the_head_is_not_told() -> None:
    clip = read_flame_track({"exp": EXP, "jaw": JAW, "fps": np.array(25)}, "a.npz")
    assert not set(NECK_POSE) & set(clip.channels)


def test_smirks_lids_are_channels_of_their_own() -> None:
    arrays = {"expression_params": EXP, "jaw_params": JAW, "eyelid_params": LIDS}
    clip = read_flame_track(arrays, "a.npz", fps=30)
    np.testing.assert_array_equal(clip.select(EYELIDS).values, LIDS)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"exp": EXP, "fps": 25}, "expression but no jaw"),
        ({"exp": EXP, "jaw_pose": JAW}, "doesn't say its rate; give it with --fps"),
        ({"exp": EXP, "jaw_pose": JAW[:5], "fps": 25}, r"jaw_pose has the shape \(5, 3\)"),
        ({"exp": EXP, "jaw_pose": JAW[:, :1], "fps": 25}, r"it must be \(20, 3\)"),
        ({"exp": EXP, "pose": SMPLX[:, :63], "fps": 25}, "pose has 63 columns"),
        ({"exp": RNG.random((T, 300)), "jaw_pose": JAW, "fps": 25}, "at most 100"),
        ({"exp": np.zeros((0, 50)), "jaw_pose": JAW, "fps": 25}, r"exp has the shape \(0, 50\)"),
        ({"exp": np.full((T, 50), np.nan), "jaw_pose": JAW, "fps": 25}, "not finite in 'exp000'"),
        ({"exp": EXP, "jaw_pose": JAW, "fps": 0}, "must be a positive number"),
        ({"exp": EXP, "jaw_pose": np.array(["a"]), "fps": 25}, "jaw_pose has the shape"),
    ],
)
def test_what_can_t_be_used_is_named(arrays: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInputError, match=rf"'take\.npz' can't be read .*{sentence}"):
        read_flame_track({k: np.asarray(v) for k, v in arrays.items()}, "take.npz")


# --- as clip files --------------------------------------------------------------------------------


@pytest.fixture
def stored_map(mynah_home: Path) -> FlameMap:
    """A map in its place: each shape has a component of its own, jawOpen is the jaw, looks are the
    eyes."""
    coefficients = np.zeros((52, 100 + 9))
    for i in range(52):
        coefficients[i, i] = 1
    jaw, tongue = (ARKIT_BLENDSHAPES.index(name) for name in ("jawOpen", "tongueOut"))
    coefficients[jaw], coefficients[tongue] = 0.4 * np.eye(109)[100], 0
    made = FlameMap(coefficients, np.eye(109), "flame.pkl", "0" * 64)
    mynah_home.mkdir(exist_ok=True)
    (mynah_home / MAP_NAME).write_bytes(map_to_bytes(made))
    return made


def performance() -> MotionClip:
    values = RNG.random((T, len(ARKIT_CHANNELS)), np.float32)
    values[:, -3:] -= 0.5
    clip = MotionClip(24.0, ARKIT_CHANNELS, values)
    close, jaw = (clip.channels.index(name) for name in ("mouthClose", "jawOpen"))
    values[:, close] = np.minimum(values[:, close], values[:, jaw])
    return MotionClip(24.0, ARKIT_CHANNELS, values)


@pytest.mark.parametrize("suffix", ["npz", "json"])
def test_a_written_flame_clip_is_read_as_arkit(
    tmp_path: Path, stored_map: FlameMap, suffix: str
) -> None:
    clip = performance()
    write_clip(stored_map.to_flame(clip), tmp_path / f"a.{suffix}", json.dumps({"seed": 1}))
    back = read_clip(tmp_path / f"a.{suffix}")
    assert back.fps == 24.0
    assert set(ARKIT_CHANNELS) - set(back.channels) == {"tongueOut"}
    np.testing.assert_allclose(back.values, clip.select(back.channels).values, atol=2e-3)


def test_the_npz_has_flames_own_arrays(tmp_path: Path, stored_map: FlameMap) -> None:
    write_clip(stored_map.to_flame(performance()), tmp_path / "a.npz", "{}")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as content:
        shapes = {name: content[name].shape for name in content.files}
    assert shapes == {
        "exp": (T, 100), "jaw_pose": (T, 3), "neck_pose": (T, 3), "eye_pose": (T, 6),
        "fps": (), "meta": (),
    }  # fmt: skip


def test_live_link_has_no_place_for_flame(tmp_path: Path, stored_map: FlameMap) -> None:
    with pytest.raises(BadInputError, match=r"'a\.csv' would be a Live Link Face file"):
        write_clip(stored_map.to_flame(performance()), tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_track_without_rate_takes_the_given_one(tmp_path: Path, stored_map: FlameMap) -> None:
    np.savez(tmp_path / "a.npz", expr=EXP, jaw_pose=JAW)
    assert read_clip(tmp_path / "a.npz", fps=23.976).fps == 23.976
    assert set(HEAD_CHANNELS).isdisjoint(read_clip(tmp_path / "a.npz", fps=25).channels)


def test_without_a_map_the_remedy_is_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", exp=EXP, jaw_pose=JAW, fps=25)
    with pytest.raises(BadInputError, match="no map between ARKit and FLAME yet; make it with `my"):
        read_clip(tmp_path / "a.npz")


def test_an_npz_of_something_else_is_no_clip(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", image=np.zeros((4, 4)))
    with pytest.raises(BadInputError, match=r"'a\.npz' is not a motion clip"):
        read_clip(tmp_path / "a.npz")
