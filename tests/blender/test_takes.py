"""Takes of a line: kept, switched with all edits, deleted only when asked to."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from blender_addon.baking import takes
from blender_addon.operators.takes import takes_here
from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import clip_of, f_curves, is_edited, make_face, make_rig, value
from tests.blender.test_bake import artist_action, bake

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]


def names() -> list[str]:
    return [take.name for take in takes_here(bpy.context)[0]]


def shown() -> str:
    return takes_here(bpy.context)[1].name


def jaw(face: bpy.types.Object) -> bpy.types.FCurve:
    return f_curves(face.data.shape_keys)['key_blocks["jawOpen"].value', 0]


def edit(face: bpy.types.Object, height: float = 0.77) -> None:
    """Move a key of the take on show, as an artist does."""
    curve = jaw(face)
    curve.keyframe_points[2].co.y = height
    curve.update()


def perform(daemon: FakeDaemon, top: float) -> None:
    daemon.clip = clip_of(60, jawOpen=top, headYaw=0.2)
    bpy.context.scene.mynah.lips = top  # or the daemon would have the result already
    bpy.ops.mynah.generate()


def test_new_takes_are_kept_and_named_by_seed(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.context.scene.mynah.seed = 3
    bpy.ops.mynah.generate()
    assert not is_edited(takes_here(bpy.context)[1])
    assert bpy.ops.mynah.new_take() == {"FINISHED"}
    assert bpy.ops.mynah.new_take() == {"FINISHED"}
    assert names() == ["line Face #3", "line Face #4", "line Face #5"]
    assert shown() == "line Face #5"
    seeds = [seen.requests[0].seed for seen in daemon.seen if isinstance(seen, m.Submit)]
    assert seeds == [3, 4, 5]
    assert bpy.context.scene.mynah.seed == 5
    assert face.animation_data.action == face.data.shape_keys.animation_data.action


def test_switching_back_and_forth_loses_no_edit(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    perform(daemon, 0.2)
    edit(face)
    daemon.clip = clip_of(60, jawOpen=0.9)
    bpy.ops.mynah.new_take()
    assert value(face, "jawOpen", 31) == pytest.approx(0.9, abs=0.02)
    assert not face.animation_data.action  # the new take leaves the head still
    frame = bpy.data.actions["line Face #0"].layers[0].strips[0].channelbags[0]
    edited = frame.fcurves.find('key_blocks["jawOpen"].value').keyframe_points[2].co.x
    assert bpy.ops.mynah.show_take(direction="PREVIOUS") == {"FINISHED"}
    assert (shown(), bpy.context.scene.mynah.seed) == ("line Face #0", 0)
    assert value(face, "jawOpen", edited) == pytest.approx(0.77, abs=1e-4)
    assert face.animation_data.action.name == "line Face #0"
    bpy.ops.mynah.show_take(direction="PREVIOUS")
    assert shown() == "line Face #1"
    bpy.ops.mynah.show_take(take="line Face #0")
    assert value(face, "jawOpen", edited) == pytest.approx(0.77, abs=1e-4)


def test_takes_survive_saving(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon, tmp_path: Path
) -> None:
    bpy.ops.mynah.generate()
    bpy.ops.mynah.new_take()
    path = str(tmp_path / "saved.blend")
    for _ in range(2):
        bpy.ops.wm.save_as_mainfile(filepath=path)
        bpy.ops.wm.open_mainfile(filepath=path)
    assert names() == ["line Face #0", "line Face #1"]
    assert not is_edited(bpy.data.actions["line Face #0"])
    bpy.ops.mynah.show_take()
    assert shown() == "line Face #0"


def test_an_edited_take_is_not_replaced(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    perform(daemon, 0.2)
    edit(face)
    perform(daemon, 0.9)
    assert len(names()) == 2
    (action,) = (take for take in takes_here(bpy.context)[0] if is_edited(take))
    assert action.name == "line Face #0"
    from blender_addon.session import session

    assert "The take 'line Face #0', which you edited, was kept." in session.outcome.report.remarks


@pytest.mark.parametrize("change", ["handle", "delete", "add", "interpolation"])
def test_every_edit_counts(face: bpy.types.Object, change: str) -> None:
    bake(face, clip_of(jawOpen=0.8))
    action = face.data.shape_keys.animation_data.action
    assert not is_edited(action)
    points = jaw(face).keyframe_points
    if change == "handle":
        points[1].handle_left.y -= 0.1
        points[1].handle_right.y += 0.1
    elif change == "delete":
        points.remove(points[1])
    elif change == "add":
        points.insert(17.5, 0.3)
    else:
        points[1].handle_left_type = points[1].handle_right_type = "VECTOR"
    jaw(face).update()
    assert is_edited(action)


def test_a_take_is_deleted_only_when_asked_to(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    for _ in range(3):
        bpy.ops.mynah.new_take()
    assert names() == ["line Face #1", "line Face #2", "line Face #3"]
    bpy.ops.mynah.show_take(take="line Face #2")
    bpy.ops.mynah.delete_take()
    assert (names(), shown()) == (["line Face #1", "line Face #3"], "line Face #3")
    bpy.ops.mynah.delete_take()
    assert (names(), shown()) == (["line Face #1"], "line Face #1")
    assert bpy.context.scene.mynah.seed == 1
    bpy.ops.mynah.delete_take()
    assert not bpy.data.actions
    assert face.data.shape_keys.animation_data.action is None
    with pytest.raises(RuntimeError, match="has no take on this character yet"):
        bpy.ops.mynah.delete_take()


def test_undo_brings_a_take_back(face: bpy.types.Object, voice: Path, daemon: FakeDaemon) -> None:
    bpy.ops.mynah.generate()
    bpy.ops.mynah.new_take()
    bpy.ops.ed.undo_push(message="two takes")
    bpy.ops.mynah.delete_take()
    bpy.ops.ed.undo_push(message="deleted")
    bpy.ops.ed.undo()
    assert names() == ["line Face #0", "line Face #1"]
    assert shown() == "line Face #1"


def test_a_moved_strip_stays_where_the_artist_put_it(face: bpy.types.Object) -> None:
    bake(face, clip_of(60, jawOpen=0.8), 1.0, "one")
    bake(face, clip_of(60, jawOpen=0.4), 101.0, "two")
    key = face.data.shape_keys
    (strip,) = (s for s in key.animation_data.nla_tracks[0].strips if s.name.startswith("two"))
    strip.frame_start_ui = 150
    strip.blend_in = 5
    first = strip.action
    first["mynah_takes"] = "ab"
    other = first.copy()
    other.name, other["mynah_seed"] = "other", 1
    for curve in other.layers[0].strips[0].channelbags[0].fcurves:
        for point in curve.keyframe_points:
            point.co.y /= 2
        curve.update()
    owners = takes.owners_of(face)
    takes.show(owners, "two", other)
    assert (strip.action, strip.action_slot) == (other, other.slots[0])
    assert (strip.frame_start, strip.frame_end, strip.scale) == (150, 209, 1)
    assert strip.blend_in == 5
    assert value(face, "jawOpen", 180) == pytest.approx(0.2, abs=0.02)
    assert first.use_fake_user
    assert takes.takes_of(owners, "two") == [first, other]
    assert takes.on_show(owners, "two") == other


def test_a_take_below_the_artists_action_is_switched_there(face: bpy.types.Object) -> None:
    theirs = artist_action(face, "browInnerUp")
    for seed, top in ((0, 0.8), (1, 0.3)):
        bake(face, clip_of(60, jawOpen=top), seed=seed)
    owners = takes.owners_of(face)
    first, _second = takes.takes_of(owners, "line")
    takes.show(owners, "line", first)
    assert face.data.shape_keys.animation_data.action == theirs
    assert value(face, "jawOpen", 31) == pytest.approx(0.8, abs=0.02)


def test_takes_of_other_lines_and_characters_are_others(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.ops.mynah.generate()
    other = make_face("Other")
    bpy.context.scene.mynah.character = other
    bpy.ops.mynah.generate()
    assert names() == ["line Other #0"]
    bpy.context.scene.mynah.character = face
    assert names() == ["line Face #0"]
    copy = face.copy()
    copy.data = face.data.copy()
    bpy.context.scene.collection.objects.link(copy)
    copied = copy.data.shape_keys.animation_data
    copied.action = copied.action.copy()
    copied.action_slot = copied.action.slots[0]
    assert names() == ["line Face #0"]


def test_the_mesh_and_its_armature_have_the_same_takes(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    rig = make_rig()
    face.parent = rig
    bpy.ops.mynah.generate()
    bpy.ops.mynah.new_take()
    bpy.context.scene.mynah.character = rig
    assert names() == ["line Face #0", "line Face #1"]
    bpy.ops.mynah.show_take()
    assert rig.animation_data.action.name == "line Face #0"


def test_one_take_can_not_be_switched(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.ops.mynah.generate()
    with pytest.raises(RuntimeError, match="no other take yet; make one with New Take"):
        bpy.ops.mynah.show_take()
    bpy.ops.mynah.new_take()
    with pytest.raises(RuntimeError, match="has no take 'none'"):
        bpy.ops.mynah.show_take(take="none")


def test_a_cancelled_take_changes_no_seed(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.ops.mynah.generate()
    refusal = m.ErrorReply(m.ErrorCode.bad_audio, "No sound in it.")
    daemon.replies[m.Submit] = lambda _: [refusal]
    with pytest.raises(RuntimeError, match="No sound in it"):
        bpy.ops.mynah.new_take()
    assert bpy.context.scene.mynah.seed == 0
    assert names() == ["line Face #0"]
