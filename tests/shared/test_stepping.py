"""Stepped curves: the right pose on the right frame; lips close on ones, twos and threes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import KeyedCurve, closure_pins, resample, sample
from mynah_shared.motion.regions import LIPS
from mynah_shared.motion.stepping import hold_poses, step_clip

HOLDS = pytest.mark.parametrize("hold", [1, 2, 3])
PLACES = pytest.mark.parametrize(
    ("start", "frames_per_row"), [(1.0, 1.0), (12.5, 1.0), (-20.0, 1.0), (7.3, 0.8), (-3.9, 2.5)]
)


def clip_of(seed: int, n_frames: int = 200) -> MotionClip:
    """Syllables of every length from four frames on, with lips that close between some of them."""
    rng = np.random.default_rng(seed)
    values = np.zeros((n_frames, len(ARKIT_CHANNELS)), np.float32)
    turns = np.cumsum(rng.integers(2, 7, n_frames))
    height = np.where(np.arange(n_frames) % 2, rng.uniform(0.2, 0.8, n_frames), 0.0)
    values[:, ARKIT_CHANNELS.index("jawOpen")] = np.interp(np.arange(n_frames), turns, height)
    for channel in ("mouthClose", "mouthPressLeft", "browInnerUp", "eyeBlinkLeft", "headYaw"):
        values[:, ARKIT_CHANNELS.index(channel)] = 0.1 * rng.random(n_frames)
    return MotionClip(24, ARKIT_CHANNELS, values)


def stepped(clip: MotionClip, hold: int, *place: float) -> dict[str, KeyedCurve]:
    return {curve.channel: curve for curve in step_clip(clip, hold_poses(clip, hold, *place))}


def frames_of(curve: KeyedCurve, start: float, frames_per_row: float) -> np.ndarray:
    return start + curve.rows * frames_per_row


def opening_of(clip: MotionClip) -> np.ndarray:
    return clip.column("jawOpen") - clip.column("mouthClose")


@HOLDS
@PLACES
def test_keys_lie_on_whole_frames_from_the_first_to_the_last(
    hold: int, start: float, frames_per_row: float
) -> None:
    clip = clip_of(1)
    first = np.ceil(start)
    last = np.floor(start + (clip.n_frames - 1) * frames_per_row)
    for curve in stepped(clip, hold, start, frames_per_row).values():
        frames = frames_of(curve, start, frames_per_row)
        assert np.abs(frames - np.round(frames)).max() < 1e-9
        assert (np.round(frames[[0, -1]]) == (first, last)).all()
        assert ((np.round(frames[:-1]) - first) % hold == 0).all()


@HOLDS
@PLACES
def test_a_pose_is_the_performance_at_its_frame(
    hold: int, start: float, frames_per_row: float
) -> None:
    clip = clip_of(2)
    last = np.floor(start + (clip.n_frames - 1) * frames_per_row)
    grid = np.arange(np.ceil(start), last, hold)
    rows = (grid - start) / frames_per_row
    truth = sample(clip.values, rows)
    curves = stepped(clip, hold, start, frames_per_row)
    for channel in ("browInnerUp", "eyeBlinkLeft", "headYaw"):
        wanted = truth[:, clip.channels.index(channel)]
        for late in np.minimum(np.arange(hold) + 0.5, last - grid[-1] - 0.01):
            held = curves[channel].at(rows + late / frames_per_row)
            assert np.abs(held - wanted).max() < 1e-6


@HOLDS
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("start", [1.0, 12.5, -3.2])
def test_lips_that_close_are_seen_to_close(hold: int, seed: int, start: float) -> None:
    clip = clip_of(seed)
    curves = stepped(clip, hold, start)
    wanted = opening_of(clip)
    rows = closure_pins(clip)["jawOpen"]
    assert len(rows) > 10
    shown = curves["jawOpen"].at(rows) - curves["mouthClose"].at(rows)
    assert (shown <= wanted[rows] + 1e-6).all()


def test_the_whole_mouth_is_of_one_moment() -> None:
    clip = clip_of(3)
    holds = hold_poses(clip, 3)
    moved = np.flatnonzero(holds.mouths != holds.keys)
    assert len(moved) > 10
    assert (holds.mouths >= holds.keys - 1e-9).all()
    assert (holds.mouths[:-1] < holds.keys[1:]).all()
    for curve in step_clip(clip, holds):
        rows = holds.mouths if curve.channel in LIPS else holds.keys
        truth = sample(clip.values, rows)[:, clip.channels.index(curve.channel)]
        assert np.abs(curve.at(holds.keys) - truth).max() < 1e-6


def test_targets_of_a_rig_count_as_mouth_if_they_are_named() -> None:
    clip = clip_of(3)
    rig = MotionClip(24, ("Mund", "Braue"), np.stack([clip.column("jawOpen")] * 2, axis=1))
    holds = hold_poses(clip, 3)
    mouth, brow = step_clip(rig, holds, mouth=["Mund"])
    jaw = clip.column("jawOpen")[:, None]
    assert np.abs(mouth.at(holds.keys) - sample(jaw, holds.mouths)[:, 0]).max() < 1e-6
    assert np.abs(brow.at(holds.keys) - sample(jaw, holds.keys)[:, 0]).max() < 1e-6


def test_of_two_closures_in_one_pose_the_tighter_one_is_shown() -> None:
    values = np.full((9, 2), 0.5, np.float32)
    values[:, 1] = 0.0
    values[[3, 5], 0] = (0.2, 0.1)
    clip = MotionClip(24, ("jawOpen", "mouthClose"), values)
    assert hold_poses(clip, 3).mouths.tolist() == [0, 5, 6, 8]
    values[[3, 5], 0] = (0.1, 0.2)
    assert hold_poses(MotionClip(24, clip.channels, values), 3).mouths.tolist() == [0, 3, 6, 8]


def test_poses_that_change_nothing_have_no_key() -> None:
    values = np.repeat([[0.0], [0.5], [0.5], [0.25]], 10, axis=0).astype(np.float32)
    (curve,) = step_clip(
        MotionClip(24, ("a",), values), hold_poses(MotionClip(24, ("a",), values), 1)
    )
    assert curve.rows.tolist() == [0, 10, 30, 39]
    assert curve.values.tolist() == [0.0, 0.5, 0.25, 0.25]


@pytest.mark.parametrize("start", [1.0, 12.5])
@pytest.mark.parametrize("n_frames", [1, 2, 3])
def test_the_shortest_clips(n_frames: int, start: float) -> None:
    curves = stepped(clip_of(0, n_frames), 3, start)
    frames = frames_of(curves["jawOpen"], start, 1.0)
    assert frames[0] == np.ceil(start)
    assert len(set(frames)) == len(frames)


def test_a_clip_without_frames_is_a_sentence() -> None:
    with pytest.raises(BadInputError, match="0 frames"):
        hold_poses(MotionClip(24, ("jawOpen",), np.zeros((0, 1), np.float32)), 2)


def test_real_closures_survive_on_threes(shared_data: Path) -> None:
    takes = np.load(shared_data / "data/corpus/motion/facegood.npz", allow_pickle=False)
    take = takes[takes.files[0]][:, :52].astype(np.float32)
    clip = resample(MotionClip(30, ARKIT_BLENDSHAPES, take), 24)
    curves = stepped(clip, 3, 100.25)
    rows = closure_pins(clip)["jawOpen"]
    opening = opening_of(clip)
    valleys = rows[(rows > 0) & (opening[rows] <= np.minimum(opening[rows - 1], opening[rows + 1]))]
    assert len(valleys) > 50
    shown = curves["jawOpen"].at(valleys) - curves["mouthClose"].at(valleys)
    assert (shown <= opening[valleys] + 1e-6).all()
