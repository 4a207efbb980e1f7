"""Resampling, smoothing and key reduction keep their promises on real and on hostile motion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.motion import key_reduction
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import (
    CLOSING_CHANNELS,
    Interpolation,
    KeyedCurve,
    KeyStyle,
    closure_pins,
    hermite,
    resample,
    sample,
    slopes,
    smooth,
)
from mynah_shared.motion.key_reduction import LEAST_TURN_RAD, reduce_clip, reduce_in_steps

RATES = (12, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60)


def noise_clip(n_frames: int, n_channels: int = 4, fps: float = 25.0) -> MotionClip:
    values = np.random.default_rng(n_frames).random((n_frames, n_channels), np.float32)
    return MotionClip(fps, tuple(f"c{i}" for i in range(n_channels)), values)


def speech_clip(n_frames: int = 300, fps: float = 30.0) -> MotionClip:
    """Something like speech: syllables on the jaw, closures, a slow head."""
    time = np.arange(n_frames) / fps
    clip = np.zeros((n_frames, len(ARKIT_CHANNELS)), np.float32)
    at = ARKIT_CHANNELS.index
    clip[:, at("jawOpen")] = 0.2 + 0.2 * np.sin(2 * np.pi * 4 * time)
    clip[:, at("mouthClose")] = 0.1 * np.maximum(np.sin(2 * np.pi * 1.3 * time), 0) ** 3
    clip[:, at("mouthPressLeft")] = 0.3 * np.maximum(np.sin(2 * np.pi * 0.7 * time), 0) ** 5
    clip[:, at("headYaw")] = 0.1 * np.sin(time)
    clip[:, at("headPitch")] = 0.004 * np.sin(3 * time)
    return MotionClip(fps, ARKIT_CHANNELS, clip)


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("n_frames", [1, 2, 3, 26, 250])
def test_resample_has_exactly_the_rounded_number_of_frames(fps: float, n_frames: int) -> None:
    clip = resample(noise_clip(n_frames), fps)
    assert clip.n_frames == round(n_frames / 25 * fps)
    assert clip.fps == fps


def test_resample_passes_through_the_samples_and_back() -> None:
    clip = noise_clip(100)
    assert np.array_equal(resample(clip, 100.0).values[::4], clip.values)
    assert np.array_equal(resample(clip, 25.0).values, clip.values)


@pytest.mark.parametrize("fps", RATES)
def test_resample_puts_row_i_at_i_over_fps(fps: float) -> None:
    ramp = MotionClip(25, ("a",), np.linspace(0, 1, 101, dtype=np.float32)[:, None])
    got = resample(ramp, fps).values[:, 0]
    seconds = np.arange(len(got)) / fps
    assert np.allclose(got, np.minimum(seconds / 4, 1), atol=1e-6)


def test_resample_never_leaves_the_range_of_the_neighbours() -> None:
    rows = noise_clip(60).values
    positions = np.linspace(0, 59, 1181)
    got = sample(rows, positions)
    left = np.minimum(positions.astype(int), 58)
    low, high = np.minimum(rows[left], rows[left + 1]), np.maximum(rows[left], rows[left + 1])
    assert (got >= low - 1e-12).all()
    assert (got <= high + 1e-12).all()


def test_resample_makes_no_stairs() -> None:
    time = np.arange(50) / 25
    clip = MotionClip(25, ("a",), np.sin(2 * np.pi * time)[:, None].astype(np.float32))
    fine = resample(clip, 240.0).values[:, 0]
    truth = np.sin(2 * np.pi * np.arange(len(fine)) / 240)
    inside = slice(5, -15)
    assert np.abs(fine - truth)[inside].max() < 0.01
    assert np.abs(np.diff(fine, 2))[inside].max() < 0.005


def test_resample_holds_the_last_row_beyond_the_end() -> None:
    clip = noise_clip(10)
    assert np.array_equal(resample(clip, 25.0, 15).values[10:], np.tile(clip.values[-1], (5, 1)))


@pytest.mark.parametrize("fps", [0.0, -24.0, float("nan"), float("inf")])
def test_resample_refuses_a_rate_that_is_none(fps: float) -> None:
    with pytest.raises(BadInputError, match="rate"):
        resample(noise_clip(5), fps)


def test_resample_refuses_frames_from_nothing() -> None:
    empty = MotionClip(25, ("a",), np.zeros((0, 1), np.float32))
    assert resample(empty, 30).n_frames == 0
    with pytest.raises(BadInputError, match="0 frames"):
        resample(empty, 30, 4)


def test_slopes_vanish_at_extrema() -> None:
    rows = noise_clip(200).values.astype(float)
    step = np.diff(rows, axis=0)
    is_extremum = step[1:] * step[:-1] <= 0
    assert (slopes(rows)[1:-1][is_extremum] == 0).all()


@pytest.mark.parametrize("cutoff_hz", [2.0, 5.0, 8.0])
def test_smooth_has_its_cutoff_and_no_delay(cutoff_hz: float) -> None:
    time = np.arange(2000) / 200
    wave = np.sin(2 * np.pi * cutoff_hz * time)
    out = smooth(MotionClip(200, ("a",), wave[:, None].astype(np.float32)), cutoff_hz)
    middle = slice(500, 1500)
    gain = np.dot(out.values[middle, 0], wave[middle]) / np.dot(wave[middle], wave[middle])
    assert gain == pytest.approx(np.sqrt(0.5), rel=0.01)
    quarter = np.cos(2 * np.pi * cutoff_hz * time)
    assert abs(np.dot(out.values[middle, 0], quarter[middle])) / 500 < 1e-3


@pytest.mark.parametrize("n_frames", [1, 2, 3, 40])
def test_smooth_keeps_ends_and_range(n_frames: int) -> None:
    clip = noise_clip(n_frames)
    out = smooth(clip, 3.0).values
    assert np.allclose(out[[0, -1]], clip.values[[0, -1]], atol=1e-6)
    assert (out >= clip.values.min(0) - 1e-6).all()
    assert (out <= clip.values.max(0) + 1e-6).all()


@pytest.mark.parametrize("is_linear", [False, True])
@pytest.mark.parametrize("bound", [0.0, 0.001, 0.01, 0.1])
@pytest.mark.parametrize("clip", [noise_clip(333), speech_clip(), speech_clip(1), speech_clip(2)])
def test_reduction_holds_its_bound_at_every_row(
    clip: MotionClip, bound: float, is_linear: bool
) -> None:
    rows = np.arange(clip.n_frames)
    for curve in reduce_clip(clip, bound, is_linear=is_linear):
        truth = clip.column(curve.channel)
        turns = curve.channel.startswith("head")
        span = max(np.ptp(truth), LEAST_TURN_RAD) if turns else 1.0
        assert np.abs(curve.at(rows) - truth).max() <= bound * span + 1e-6
        assert curve.rows[0] == 0
        assert curve.rows[-1] == clip.n_frames - 1
        assert (np.diff(curve.rows) > 0).all()


def test_reduction_keeps_a_key_only_where_it_is_needed() -> None:
    curves = {curve.channel: curve for curve in reduce_clip(speech_clip(600, 60))}
    assert len(curves["tongueOut"].rows) == 2  # never moves
    assert len(curves["jawOpen"].rows) < 600 / 2  # 8 extrema a second, 15 rows between them
    assert sum(len(curve.rows) for curve in curves.values()) < 600 * 55 / 50


def test_reduced_curves_are_smooth_between_keys() -> None:
    curve = next(c for c in reduce_clip(speech_clip()) if c.channel == "jawOpen")
    fine = curve.at(np.arange(0, 299, 0.05))
    assert np.abs(np.diff(fine, 2)).max() < 0.001  # a corner of a polygon would be some 0.01


def test_zero_bound_reproduces_the_resampled_curve_between_rows() -> None:
    clip = noise_clip(50, 1)
    (curve,) = reduce_clip(clip, 0.0)
    positions = np.linspace(0, 49, 500)
    assert np.allclose(curve.at(positions), sample(clip.values, positions)[:, 0], atol=1e-9)


def test_fitted_slopes_need_fewer_keys_and_stay_near_between_rows_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clip = speech_clip()
    curves = reduce_clip(clip)
    monkeypatch.setattr(key_reduction, "remove_keys", lambda *_: ())
    plain = reduce_clip(clip)
    moving = [i for i, curve in enumerate(plain) if len(curve.rows) > 10]
    assert len(moving) >= 4
    n_keys = sum(len(curves[i].rows) for i in moving)
    assert n_keys < 0.8 * sum(len(plain[i].rows) for i in moving)
    rows = np.arange(0, clip.n_frames - 0.5, 0.5)
    truth = sample(clip.values, rows)
    for i in moving:
        turns = curves[i].channel.startswith("head")
        span = max(np.ptp(clip.values[:, i]), LEAST_TURN_RAD) if turns else 1.0
        assert np.abs(curves[i].at(rows) - truth[:, i]).max() <= 0.015 * span


def test_noise_keeps_its_keys() -> None:
    (curve,) = reduce_clip(noise_clip(2000, 1))
    assert len(curve.rows) > 1900


def test_a_channel_has_the_same_keys_whatever_the_others_do() -> None:
    clip = speech_clip()
    alone = reduce_clip(clip.select(["jawOpen", "headYaw"]))
    together = {curve.channel: curve for curve in reduce_clip(clip)}
    for curve in alone:
        assert np.array_equal(curve.rows, together[curve.channel].rows)
        assert np.allclose(curve.slopes, together[curve.channel].slopes, atol=1e-12)


def test_steps_tell_how_far_they_are_and_give_the_same_curves() -> None:
    clip = speech_clip(2000)
    steps, told = reduce_in_steps(clip), []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as done:
            curves = done.value
            break
    assert len(told) > 40
    assert told == sorted(told)
    assert 0 <= told[0] < told[-1] < 1
    for one, other in zip(curves, reduce_clip(clip), strict=True):
        assert np.array_equal(one.rows, other.rows)
        assert np.array_equal(one.slopes, other.slopes)


def test_straight_lines_lead_from_key_to_key() -> None:
    clip = noise_clip(40, 1)
    (curve,) = reduce_clip(clip, 0.05, is_linear=True)
    assert curve.interpolation is Interpolation.linear
    fine = np.arange(0, 39.01, 0.125)
    assert np.allclose(curve.at(fine), np.interp(fine, curve.rows, curve.values), atol=1e-12)


def test_a_straight_way_takes_two_keys_and_a_corner_one_more() -> None:
    ways = np.stack([np.linspace(0, 1, 50), np.abs(np.linspace(-1, 1, 51))[1:]], axis=1)
    straight, bent = reduce_clip(
        MotionClip(24, ("a", "b"), ways.astype(np.float32)), 1e-4, is_linear=True
    )
    assert straight.rows.tolist() == [0, 49]
    assert bent.rows.tolist() == [0, 24, 49]


def test_a_pose_is_held_from_its_key_on() -> None:
    rows, values = np.array([0.5, 2.5, 4.25]), np.array([0.1, 0.7, 0.3])
    curve = KeyedCurve("a", rows, values, np.zeros(3), Interpolation.stepped)
    at = [0.0, 0.5, 2.49, 2.5, 4.2, 4.25, 9.0]
    assert curve.at(at).tolist() == [0.1, 0.1, 0.1, 0.7, 0.7, 0.3, 0.3]


def test_a_style_that_is_none_is_refused() -> None:
    with pytest.raises(BadInputError, match="hold a pose for 0 frames"):
        KeyStyle(Interpolation.stepped, hold_frames=0)
    with pytest.raises(BadInputError, match=r"bound of keys is -0\.1"):
        KeyStyle(bound=-0.1)
    with pytest.raises(BadInputError, match="bound of keys is nan"):
        KeyStyle(bound=float("nan"))


def test_reduction_refuses_nothing_and_nonsense() -> None:
    with pytest.raises(BadInputError, match="0 frames"):
        reduce_clip(MotionClip(25, ("a",), np.zeros((0, 1), np.float32)))
    with pytest.raises(BadInputError, match="bound of -1"):
        reduce_clip(noise_clip(5), -1)


def test_a_stated_range_sets_the_bound() -> None:
    clip = noise_clip(300, 2)
    wide, narrow = reduce_clip(clip, ranges={"c0": 20.0})
    assert np.abs(wide.at(np.arange(300)) - clip.column("c0")).max() <= 0.2
    assert len(wide.rows) < len(narrow.rows) - 30


def test_invisible_turns_of_the_head_are_not_keyed() -> None:
    clip = speech_clip()
    clip.column("headRoll")[:] = 0.0004 * np.sin(np.arange(300) / 5)
    curves = {curve.channel: curve for curve in reduce_clip(clip)}
    assert len(curves["headRoll"].rows) < 10
    assert len(curves["headYaw"].rows) > len(curves["headRoll"].rows)


@pytest.mark.parametrize("is_linear", [False, True])
def test_closures_get_a_key_at_the_very_frame_in_all_closing_channels(is_linear: bool) -> None:
    clip = speech_clip()
    pins = closure_pins(clip)
    opening = clip.column("jawOpen") - clip.column("mouthClose")
    lowest = 1 + np.flatnonzero((opening[1:-1] < opening[:-2]) & (opening[1:-1] <= opening[2:]))
    deep = [row for row in lowest if np.ptp(opening[max(row - 8, 0) : row + 9]) > 0.1]
    assert len(deep) > 30
    curves = {curve.channel: curve for curve in reduce_clip(clip, pins=pins, is_linear=is_linear)}
    for channel in CLOSING_CHANNELS:
        assert set(deep) <= set(curves[channel].rows.tolist())
        keyed = np.isin(curves[channel].rows, deep)
        assert np.array_equal(curves[channel].values[keyed], clip.column(channel)[deep])
    press = clip.column("mouthPressLeft")
    peak = int(np.argmax(press))
    assert all(peak in curves[channel].rows for channel in CLOSING_CHANNELS)


def test_ripples_are_no_closures() -> None:
    values = np.zeros((100, 2), np.float32)
    values[:, 0] = 0.3 + 0.005 * np.sin(np.arange(100))
    pins = closure_pins(MotionClip(25, ("jawOpen", "mouthClose"), values))
    assert all(len(rows) == 0 for rows in pins.values())
    assert set(pins) == {"jawOpen", "mouthClose"}


def test_pins_of_a_clip_without_lips_are_empty() -> None:
    assert closure_pins(noise_clip(20)) == {}


@pytest.mark.parametrize("is_linear", [False, True])
def test_real_performances_shrink_at_least_fivefold(shared_data: Path, is_linear: bool) -> None:
    takes = np.load(shared_data / "data/corpus/motion/facegood.npz", allow_pickle=False)
    take = takes[takes.files[0]][:, :52].astype(np.float32)
    clip = resample(MotionClip(30, ARKIT_BLENDSHAPES, take), 24)
    curves = reduce_clip(clip, pins=closure_pins(clip), is_linear=is_linear)
    moving = [curve for curve in curves if np.ptp(clip.column(curve.channel)) > 0.02]
    assert len(moving) > 10
    assert sum(len(curve.rows) for curve in moving) * 5 < len(moving) * clip.n_frames


def test_hermite_meets_its_ends() -> None:
    ends = np.array([0.2, 0.7]), np.array([1.0, -1.0])
    start, end = hermite(np.array([0.0, 1.0]), *ends, np.array([3.0, 3.0]), np.array([-2.0, -2.0]))
    assert (start, end) == pytest.approx((0.2, -1.0), abs=1e-12)
