"""Baking on characters of every sort: others' work is kept, obstacles are named."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.baking.actions import Tag
from blender_addon.baking.line import BakeReport, bake_line
from blender_addon.pieces import finish
from blender_addon.reference import Reference
from mynah_shared.errors import BadInputError
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import KeyStyle, closure_pins
from tests.blender.characters import clip_of, f_curves, make_face, value

pytestmark = pytest.mark.bpy


SMOOTH = KeyStyle()


def bake(
    face: bpy.types.Object,
    clip: MotionClip,
    start: float = 1.0,
    line: str = "line",
    seed: int = 0,
    style: KeyStyle = SMOOTH,
) -> BakeReport:
    tag = Tag(line, "00", "model", seed, "neutral", "0", "now")
    return finish(bake_line(Reference.to(face), clip, start, clip.fps, tag, style))


def curve_of(face: bpy.types.Object, shape: str) -> bpy.types.FCurve:
    return f_curves(face.data.shape_keys)[f'key_blocks["{shape}"].value', 0]


def artist_action(face: bpy.types.Object, shape: str) -> bpy.types.Action:
    """An action as Blender itself makes one when an artist keys a shape."""
    key = face.data.shape_keys
    for frame, height in ((1, 0.1), (30, 0.9)):
        key.key_blocks[shape].value = height
        key.key_blocks[shape].keyframe_insert("value", frame=frame)
    return key.animation_data.action


@pytest.mark.parametrize("start", [1.0, -50.0, 86400.0])
def test_error_stays_within_the_bound_anywhere_on_the_timeline(
    face: bpy.types.Object, start: float
) -> None:
    noise = clip_of(400)
    noise.values[:, :52] = np.random.default_rng(0).random((400, 52)) ** 3
    bake(face, noise, start)
    for shape in ("jawOpen", "mouthClose", "browInnerUp"):
        curve = curve_of(face, shape)
        got = np.array([curve.evaluate(start + row) for row in range(400)])
        assert np.abs(got - noise.column(shape)).max() <= 0.0105


def test_closures_keep_their_keys_exactly(face: bpy.types.Object) -> None:
    clip = clip_of(200)
    rows = np.arange(200)
    jaw, closing = clip.column("jawOpen"), clip.column("mouthClose")
    jaw[:] = 0.2 + 0.15 * np.sin(rows / 4)
    closing[:] = 0.1 * np.maximum(np.sin(rows / 9), 0) ** 4
    bake(face, clip)
    frames = {1.0 + row for row in closure_pins(clip)["jawOpen"]}
    assert len(frames) > 5
    for shape in ("jawOpen", "mouthClose", "mouthPressLeft", "mouthRollUpper"):
        keys = {point.co.x: point.co.y for point in curve_of(face, shape).keyframe_points}
        assert frames <= set(keys)
        for frame in frames:
            assert keys[frame] == pytest.approx(clip.column(shape)[int(frame) - 1], abs=1e-6)


def test_curves_are_smooth_and_editable(face: bpy.types.Object) -> None:
    bake(face, clip_of(jawOpen=0.8))
    curve = curve_of(face, "jawOpen")
    assert 2 < len(curve.keyframe_points) < 30
    for point in curve.keyframe_points:
        assert point.interpolation == "BEZIER"
        assert point.handle_left_type == point.handle_right_type == "ALIGNED"
    fine = np.array([curve.evaluate(1 + step / 20) for step in range(59 * 20)])
    assert np.abs(np.diff(fine, 2)).max() < 1e-3


def test_a_changed_scene_rate_keeps_the_timing(face: bpy.types.Object) -> None:
    clip = clip_of(61, fps=30.0, jawOpen=1.0)
    tag = Tag("line", "", "", 0, "", "", "")
    finish(bake_line(Reference.to(face), clip, 1.0, 24.0, tag, SMOOTH))
    points = curve_of(face, "jawOpen").keyframe_points
    assert points[-1].co.x == pytest.approx(1 + 60 * 24 / 30)
    assert curve_of(face, "jawOpen").evaluate(1 + 30 * 24 / 30) == pytest.approx(1.0, abs=0.01)


def test_the_artists_action_is_kept(face: bpy.types.Object) -> None:
    theirs = artist_action(face, "browInnerUp")
    report = bake(face, clip_of(jawOpen=0.8, browInnerUp=0.2))
    animation = face.data.shape_keys.animation_data
    assert animation.action == theirs
    assert len(curve_of(face, "browInnerUp").keyframe_points) == 2
    (track,) = animation.nla_tracks
    (strip,) = track.strips
    assert strip.action["mynah_line"] == "line"
    assert strip.action_slot.target_id_type == "KEY"
    assert (strip.frame_start, strip.frame_end) == (1.0, 60.0)
    assert value(face, "jawOpen", 31) == pytest.approx(0.8, abs=0.02)
    assert value(face, "browInnerUp", 30) == pytest.approx(0.9, abs=0.01)
    (remark,) = report.remarks
    assert f"'{theirs.name}' was kept" in remark
    assert "1 of its curves are hidden" in remark


def test_baking_again_below_an_artists_action_replaces_the_strip(face: bpy.types.Object) -> None:
    theirs = artist_action(face, "browInnerUp")
    bake(face, clip_of(60, jawOpen=0.8))
    bake(face, clip_of(90, jawOpen=0.4), start=20.5)
    (track,) = face.data.shape_keys.animation_data.nla_tracks
    (strip,) = track.strips
    assert (strip.frame_start, strip.frame_end, strip.scale) == (20.5, 109.5, 1.0)
    assert value(face, "jawOpen", 65) == pytest.approx(0.4, abs=0.02)
    assert set(bpy.data.actions) == {theirs, strip.action}


def test_two_lines_stand_side_by_side(face: bpy.types.Object) -> None:
    bake(face, clip_of(60, jawOpen=0.8), 1.0, "one")
    report = bake(face, clip_of(60, jawOpen=0.4), 101.0, "two")
    animation = face.data.shape_keys.animation_data
    assert animation.action is None
    (track,) = animation.nla_tracks
    assert [strip.action["mynah_line"] for strip in track.strips] == ["one", "two"]
    assert "NLA" in report.remarks[0]
    bake(face, clip_of(60, jawOpen=0.6), 101.0, "two")
    assert value(face, "jawOpen", 31) == pytest.approx(0.8, abs=0.02)
    assert value(face, "jawOpen", 131) == pytest.approx(0.6, abs=0.02)
    assert value(face, "jawOpen", 80) == pytest.approx(0.0, abs=0.02)
    assert len(bpy.data.actions) == 2


def test_overlapping_lines_get_a_track_each(face: bpy.types.Object) -> None:
    for line, start in (("one", 1.0), ("two", 30.5), ("three", 61.0)):
        bake(face, clip_of(60, jawOpen=0.8), start, line)
    tracks = face.data.shape_keys.animation_data.nla_tracks
    lines = [[strip.action["mynah_line"] for strip in track.strips] for track in tracks]
    assert lines == [["one", "three"], ["two"]]


def test_strips_of_the_artist_show_outside_the_line(face: bpy.types.Object) -> None:
    theirs = artist_action(face, "jawOpen")
    animation = face.data.shape_keys.animation_data
    animation.action = None
    below = animation.nla_tracks.new().strips.new("theirs", 100, theirs)
    below.action_slot = theirs.slots[0]
    bpy.data.actions.new("unrelated")
    animation.action = bpy.data.actions["unrelated"]
    bake(face, clip_of(60, jawOpen=0.6))
    assert value(face, "jawOpen", 31) == pytest.approx(0.6, abs=0.02)
    assert value(face, "jawOpen", 129) == pytest.approx(0.9, abs=0.02)


def test_driven_shapes_are_left_alone_and_named(face: bpy.types.Object) -> None:
    key = face.data.shape_keys
    key.key_blocks["jawOpen"].driver_add("value").driver.expression = "0.25"
    report = bake(face, clip_of(jawOpen=0.8, mouthClose=0.5))
    assert not any("jawOpen" in path for path, _ in f_curves(key))
    assert value(face, "jawOpen", 31) == pytest.approx(0.25)
    assert value(face, "mouthClose", 31) == pytest.approx(0.5, abs=0.02)
    assert report.n_exact == 51
    assert "Left alone of 'Face', because drivers move them: jawOpen." in report.remarks


def test_muted_locked_and_narrow_shapes_are_keyed_and_named(face: bpy.types.Object) -> None:
    blocks = face.data.shape_keys.key_blocks
    blocks["cheekPuff"].mute = True
    blocks["jawLeft"].lock_shape = True
    blocks["jawOpen"].slider_max = 0.5
    remarks = bake(face, clip_of(jawOpen=0.8)).remarks
    assert [remark.split()[-1] for remark in remarks] == ["cheekPuff.", "jawOpen.", "jawLeft."]
    assert curve_of(face, "jawOpen").evaluate(31) == pytest.approx(0.5, abs=0.01)


def test_names_with_quotes_and_backslashes(face: bpy.types.Object) -> None:
    odd = make_face("Odd", ['x:a"b\\c.jawOpen'])
    bake(odd, clip_of(jawOpen=0.8))
    assert value(odd, 'x:a"b\\c.jawOpen', 31) == pytest.approx(0.8, abs=0.02)


def test_children_are_keyed_in_the_same_action(face: bpy.types.Object) -> None:
    teeth = make_face("Teeth", ["jawOpen", "jawLeft"])
    make_face("Stone", ["wart"]).parent = face
    teeth.parent = face
    report = bake(face, clip_of(jawOpen=0.8))
    assert value(teeth, "jawOpen", 31) == pytest.approx(0.8, abs=0.02)
    (action,) = bpy.data.actions
    assert len(action.slots) == 2
    assert report.n_exact == 54
    assert report.unmatched == ()


def test_an_empty_parent_stands_for_its_meshes(face: bpy.types.Object) -> None:
    root = bpy.data.objects.new("Root", None)
    bpy.context.scene.collection.objects.link(root)
    face.parent = root
    bake(root, clip_of(jawOpen=0.8))
    assert value(face, "jawOpen", 31) == pytest.approx(0.8, abs=0.02)


def test_two_objects_with_one_mesh_are_keyed_once(face: bpy.types.Object) -> None:
    twin = bpy.data.objects.new("Twin", face.data)
    bpy.context.scene.collection.objects.link(twin)
    twin.parent = face
    bake(face, clip_of(jawOpen=0.8))
    assert len(bpy.data.actions[0].slots) == 1


@pytest.mark.parametrize(
    ("shapes", "sentence"),
    [((), "'Bare' has no shape keys"), (("wart",), "No shape key of 'Bare' can be animated")],
)
def test_nothing_to_key_is_a_sentence(shapes: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(BadInputError, match=sentence):
        bake(make_face("Bare", shapes), clip_of())
    assert not bpy.data.actions


def test_absolute_shape_keys_are_a_sentence(face: bpy.types.Object) -> None:
    face.data.shape_keys.use_relative = False
    with pytest.raises(BadInputError, match="absolute shape keys"):
        bake(face, clip_of())


def test_tweak_mode_is_a_sentence(face: bpy.types.Object) -> None:
    artist_action(face, "jawOpen")
    bake(face, clip_of())
    animation = face.data.shape_keys.animation_data
    animation.action = None
    animation.nla_tracks.active = animation.nla_tracks[0]
    animation.nla_tracks[0].strips[0].select = True
    animation.use_tweak_mode = True
    assert animation.use_tweak_mode
    with pytest.raises(BadInputError, match="tweak mode"):
        bake(face, clip_of())


def linked_face(tmp_path: Path) -> bpy.types.Object:
    make_face("Linked")
    path = str(tmp_path / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(path, link=True) as (_, wanted):
        wanted.objects = ["Linked"]
    bpy.context.scene.collection.objects.link(wanted.objects[0])
    return wanted.objects[0]


def test_linked_shape_keys_are_a_sentence(tmp_path: Path) -> None:
    face = linked_face(tmp_path)
    with pytest.raises(BadInputError, match="library override of its mesh data"):
        bake(face, clip_of())
    assert not bpy.data.actions


def test_an_overridden_character_keeps_its_animation_through_a_reload(tmp_path: Path) -> None:
    face = linked_face(tmp_path).override_create(remap_local_usages=True)
    face.data.override_create(remap_local_usages=True)
    bake(face, clip_of(jawOpen=0.8))
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    local = next(ob for ob in bpy.data.objects if ob.library is None)
    assert value(local, "jawOpen", 31) == pytest.approx(0.8, abs=0.02)
