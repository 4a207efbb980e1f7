"""Smooth, linear and stepped keys: what the mesh shows, in takes, ranges and undo steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.baking.actions import Tag, style_of
from blender_addon.baking.line import bake_line
from blender_addon.pieces import finish
from blender_addon.reference import Reference
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import (
    Interpolation,
    KeyStyle,
    closure_pins,
    sample,
)
from mynah_shared.motion.key_reduction import reduce_clip
from mynah_shared.motion.stepping import hold_poses, step_clip
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import f_curves, is_edited, make_face, make_rig, value

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]

SMOOTH, LINEAR = KeyStyle(), KeyStyle(Interpolation.linear)
TWOS, THREES = (KeyStyle(Interpolation.stepped, hold) for hold in (2, 3))
STYLES = pytest.mark.parametrize("style", [SMOOTH, LINEAR, TWOS, THREES])
KINDS = {SMOOTH: "BEZIER", LINEAR: "LINEAR", TWOS: "CONSTANT", THREES: "CONSTANT"}
JAW = 'key_blocks["jawOpen"].value'
N_FRAMES = 120


def performance(seed: int = 0) -> MotionClip:
    """Speech-like: a jaw that opens and shuts, the rest at rates of its own, a head that turns."""
    rng = np.random.default_rng(seed)
    rate, phase = rng.uniform(0.05, 0.3, 55), rng.uniform(0, 6, 55)
    values = 0.4 - 0.4 * np.cos(np.arange(N_FRAMES)[:, None] * rate + phase)
    values[:, ARKIT_CHANNELS.index("jawOpen")] = 0.3 + 0.3 * np.sin(np.arange(N_FRAMES) * 0.9)
    values[:, 52:] = (values[:, 52:] - 0.4) / 2
    return MotionClip(24.0, ARKIT_CHANNELS, values)


@pytest.fixture
def engine(daemon: FakeDaemon) -> FakeDaemon:
    daemon.clip = performance()
    return daemon


def choose(style: KeyStyle) -> None:
    settings = bpy.context.scene.mynah
    settings.key_interpolation = style.interpolation.value
    settings.key_hold, settings.key_error = style.hold_frames, style.bound


def bake(face: bpy.types.Object, clip: MotionClip, start: float, style: KeyStyle) -> None:
    tag = Tag("line", "00", "model", 0, "neutral", "0", "now")
    finish(bake_line(Reference.to(face), clip, start, clip.fps, tag, style))


def motion(curve: bpy.types.FCurve, frames: np.ndarray) -> np.ndarray:
    return np.array([curve.evaluate(float(frame)) for frame in frames])


def mesh_shows(face: bpy.types.Object, frames: np.ndarray, *shapes: str) -> np.ndarray:
    """How far each shape's vertex is moved on the evaluated mesh, [F, S]."""
    rows = []
    for frame in frames:
        whole = int(np.floor(frame))
        bpy.context.scene.frame_set(whole, subframe=frame - whole)
        keys = face.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.shape_keys
        rows.append([keys.key_blocks[shape].value for shape in shapes])
    return np.array(rows)


SHAPES = ("jawOpen", "mouthClose", "browInnerUp", "eyeBlinkLeft")


@STYLES
@pytest.mark.parametrize("start", [1.0, 12.5, -20.0])
def test_the_mesh_shows_the_style(face: bpy.types.Object, style: KeyStyle, start: float) -> None:
    clip = performance()
    bake(face, clip, start, style)
    first, last = np.ceil(start), np.floor(start + N_FRAMES - 1)
    frames = np.concatenate([np.arange(first, last + 1), np.arange(first, last, 3) + 0.25])
    shown = mesh_shows(face, frames, *SHAPES)
    rows = frames - start
    brow = clip.channels.index("browInnerUp")
    if style.interpolation is Interpolation.stepped:
        holds = hold_poses(clip, style.hold_frames, start)
        curves = step_clip(clip, holds)
        pose = np.searchsorted(holds.keys, rows, side="right") - 1
        truth = sample(clip.values, holds.keys[pose])[:, brow]
        assert np.abs(shown[:, SHAPES.index("browInnerUp")] - truth).max() < 1e-5
    else:
        is_linear = style.interpolation is Interpolation.linear
        curves = reduce_clip(clip, style.bound, closure_pins(clip), is_linear=is_linear)
    drawn = {curve.channel: curve.at(rows) for curve in curves}
    wanted = np.stack([drawn[shape] for shape in SHAPES], axis=1)
    assert np.abs(shown - wanted).max() < 1e-4
    for curve in (f_curves(face.data.shape_keys) | f_curves(face)).values():
        assert {point.interpolation for point in curve.keyframe_points} == {KINDS[style]}


def test_lips_close_on_threes(face: bpy.types.Object) -> None:
    clip = performance()
    bake(face, clip, 1.0, THREES)
    rows = closure_pins(clip)["jawOpen"]
    assert len(rows) > 15
    shown = mesh_shows(face, 1.0 + rows, "jawOpen", "mouthClose")
    wanted = clip.select(("jawOpen", "mouthClose")).values[rows]
    assert (shown @ (1, -1) <= wanted @ (1, -1) + 1e-5).all()


def test_a_larger_error_takes_fewer_keys(face: bpy.types.Object) -> None:
    counts = []
    for bound in (0.0, 0.01, 0.05):
        bake(face, performance(), 1.0, replace(LINEAR, bound=bound))
        counts.append(len(f_curves(face.data.shape_keys)[JAW, 0].keyframe_points))
    assert counts[0] > counts[1] > counts[2]


@STYLES
def test_a_quaternion_head_turns_in_the_style(style: KeyStyle) -> None:
    face = make_face()
    face.parent = rig = make_rig()
    clip = performance()
    bake(rig, clip, 1.0, SMOOTH)
    path = 'pose.bones["head"].rotation_quaternion'

    def turns(frames: np.ndarray) -> np.ndarray:
        parts = np.stack([motion(f_curves(rig)[path, i], frames) for i in range(4)], axis=1)
        return parts / np.linalg.norm(parts, axis=1, keepdims=True)

    frames = np.arange(1.0, N_FRAMES + 1)
    smooth = turns(frames)
    bake(rig, clip, 1.0, style)
    if style.interpolation is Interpolation.stepped:
        frames = frames[: -1 : style.hold_frames]
        smooth = smooth[: -1 : style.hold_frames]
    angle = 2 * np.arccos(np.clip(np.abs(np.sum(turns(frames) * smooth, axis=1)), 0, 1))
    assert angle.max() < 0.02
    held = turns(frames + 0.9)
    if style.interpolation is Interpolation.stepped:
        assert np.array_equal(held, turns(frames))


@STYLES
def test_an_untouched_take_is_replaced_and_an_edited_one_kept(
    face: bpy.types.Object, voice: Path, engine: FakeDaemon, style: KeyStyle
) -> None:
    choose(style)
    bpy.ops.mynah.generate()
    (take,) = bpy.data.actions
    stored = style_of(take)
    assert replace(stored, bound=style.bound) == style
    assert stored.bound == pytest.approx(style.bound)
    assert not is_edited(take)
    bpy.context.scene.mynah.lips = 0.9
    bpy.ops.mynah.generate()
    (take,) = bpy.data.actions
    f_curves(face.data.shape_keys)[JAW, 0].keyframe_points[3].co.y += 0.01
    assert is_edited(take)
    bpy.context.scene.mynah.lips = 0.8
    bpy.ops.mynah.generate()
    assert len(bpy.data.actions) == 2


@STYLES
def test_another_interpolation_is_an_edit(
    face: bpy.types.Object, voice: Path, engine: FakeDaemon, style: KeyStyle
) -> None:
    choose(style)
    bpy.ops.mynah.generate()
    (take,) = bpy.data.actions
    other = "LINEAR" if KINDS[style] != "LINEAR" else "BEZIER"
    f_curves(face.data.shape_keys)[JAW, 0].keyframe_points[2].interpolation = other
    assert is_edited(take)


def test_a_take_survives_saving_in_its_style(
    face: bpy.types.Object, voice: Path, engine: FakeDaemon, tmp_path: Path
) -> None:
    choose(TWOS)
    bpy.ops.mynah.generate()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    (take,) = bpy.data.actions
    assert not is_edited(take)
    assert style_of(take).hold_frames == 2
    assert bpy.context.scene.mynah.key_interpolation == "stepped"


@STYLES
def test_undo_and_redo(
    face: bpy.types.Object, voice: Path, engine: FakeDaemon, style: KeyStyle
) -> None:
    choose(style)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.mynah.generate()
    frames = np.arange(1, N_FRAMES, 0.5)
    shown = motion(f_curves(face.data.shape_keys)[JAW, 0], frames)
    bpy.ops.ed.undo()
    assert not bpy.data.actions
    bpy.ops.ed.redo()
    face = bpy.data.objects["Face"]
    assert np.array_equal(motion(f_curves(face.data.shape_keys)[JAW, 0], frames), shown)


@STYLES
@pytest.mark.parametrize("start", [1.0, 12.5])
def test_a_range_is_made_anew_in_the_style_of_the_take(
    face: bpy.types.Object, voice: Path, engine: FakeDaemon, style: KeyStyle, start: float
) -> None:
    choose(style)
    bpy.context.scene.mynah.start_frame = start
    bpy.ops.mynah.generate()
    choose(LINEAR if style == TWOS else TWOS)  # what holds for the next take
    first, last = start + 30, start + 65
    outside = np.concatenate([np.arange(start, first, 0.25), np.arange(last, start + 119, 0.25)])
    curves = f_curves(face.data.shape_keys) | f_curves(face)
    before = {name: motion(curve, outside) for name, curve in curves.items()}
    engine.clip = performance(1)
    assert bpy.ops.mynah.redo_range(first=int(first), last=int(np.ceil(last)), seed=5) == {
        "FINISHED"
    }
    made = engine.clip
    middle = np.arange(first + 6, last - 6)  # on rows, for which the error bound holds
    for (path, index), curve in (f_curves(face.data.shape_keys) | f_curves(face)).items():
        kept = np.abs(motion(curve, outside) - before[path, index]) < 2e-5
        near = (outside > first - 1) & (outside < last + 1)
        assert (kept | near).all()
        assert {point.interpolation for point in curve.keyframe_points} == {KINDS[style]}
        if style.interpolation is Interpolation.stepped:
            frames = np.array([point.co.x for point in curve.keyframe_points])
            assert np.array_equal(frames, np.round(frames))
        elif path.startswith("key_blocks"):
            truth = made.column(path.split('"')[1])
            wanted = sample(truth[:, None], middle - start)[:, 0]
            assert np.abs(motion(curve, middle) - wanted).max() <= 0.011
    if style.interpolation is Interpolation.stepped:
        curve = f_curves(face.data.shape_keys)['key_blocks["browInnerUp"].value', 0]
        grid = np.arange(np.ceil(start), start + N_FRAMES - 1, style.hold_frames)
        grid = grid[(grid > first + 6) & (grid < last - 6)]
        wanted = sample(made.column("browInnerUp")[:, None], grid - start)[:, 0]
        assert np.abs(motion(curve, grid) - wanted).max() < 1e-5


@STYLES
def test_my_keys_stay_in_a_redone_range(
    face: bpy.types.Object, voice: Path, engine: FakeDaemon, style: KeyStyle
) -> None:
    choose(style)
    bpy.ops.mynah.generate()
    curve = f_curves(face.data.shape_keys)[JAW, 0]
    mine = curve.keyframe_points.insert(50, 0.95)
    mine.interpolation = KINDS[style]
    engine.clip = performance(1)
    bpy.ops.mynah.redo_range(first=31, last=66, seed=5)
    kept = {
        point.co.x: point.co.y for point in f_curves(face.data.shape_keys)[JAW, 0].keyframe_points
    }
    assert kept[50] == pytest.approx(0.95)
    assert value(face, "jawOpen", 50) == pytest.approx(0.95)
    engine.clip = performance(2)
    bpy.ops.mynah.redo_range(first=31, last=66, seed=6, keeps_keys=False)
    assert value(face, "jawOpen", 50) != pytest.approx(0.95, abs=0.03)


def test_poses_meet_a_curve_that_was_made_smooth_by_hand(
    face: bpy.types.Object, voice: Path, engine: FakeDaemon
) -> None:
    choose(THREES)
    bpy.ops.mynah.generate()
    curve = f_curves(face.data.shape_keys)[JAW, 0]
    for point in curve.keyframe_points:
        point.interpolation = "BEZIER"
    curve.update()
    outside = np.concatenate([np.arange(1, 30, 0.25), np.arange(66, 120, 0.25)])
    before = motion(curve, outside)
    engine.clip = performance(1)
    bpy.ops.mynah.redo_range(first=30, last=66, seed=5, keeps_keys=False)
    after = motion(f_curves(face.data.shape_keys)[JAW, 0], outside)
    assert np.abs(after - before).max() < 1e-4
