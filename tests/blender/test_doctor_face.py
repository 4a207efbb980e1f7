"""The Doctor on shapes, meshes, the character and its head: found, fixed, and the line shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpy
import pytest

from blender_addon.baking.placement import our_actions
from blender_addon.doctor.finding import Severity
from tests.blender.characters import f_curves, make_face, make_rig
from tests.blender.doctor_scenes import (
    bake,
    check,
    fix,
    found,
    make_talker,
    opening,
    problems,
    sentence,
    shows,
)

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]


def jaw(face: bpy.types.Object) -> bpy.types.ShapeKey:
    return face.data.shape_keys.key_blocks["jawOpen"]


def mute_shape(face: bpy.types.Object) -> None:
    jaw(face).mute = True


def narrow_slider(face: bpy.types.Object) -> None:
    jaw(face).slider_max = 0.2


def zero_slider(face: bpy.types.Object) -> None:
    jaw(face).slider_max = 0.001


def pin(face: bpy.types.Object) -> None:
    face.active_shape_key_index = 5
    face.show_only_shape_key = True


def drive(face: bpy.types.Object) -> None:
    jaw(face).driver_add("value").driver.expression = "0.25"


def make_absolute(face: bpy.types.Object) -> None:
    face.data.shape_keys.use_relative = False


def exchange_mesh(face: bpy.types.Object) -> None:
    """The mesh is a copy without animation, and the line stays on the old one."""
    face.data = face.data.copy()
    face.data.shape_keys.animation_data_clear()


def exchange_mesh_with_strips(face: bpy.types.Object) -> None:
    bake(face, "other", 201)
    exchange_mesh(face)


@dataclass(frozen=True)
class Sickness:
    """What is done to a face with a line, the fix that is offered, words of the sentence."""

    make: Callable[[bpy.types.Object], None]
    fix: str
    words: str
    is_part_of_all: bool = True


SICKNESSES = {
    "muted": Sickness(mute_shape, "unmute_shapes", "Muted on 'Face', so they don't show: jawOpen."),
    "narrow": Sickness(narrow_slider, "widen_sliders", "don't move all the way: jawOpen."),
    "zero": Sickness(zero_slider, "widen_sliders", "don't move all the way: jawOpen."),
    "pinned": Sickness(pin, "unpin_shape", "'Face' is pinned to"),
    "driver": Sickness(drive, "mute_drivers", "win over the keys of: jawOpen.", False),
    "absolute": Sickness(make_absolute, "use_relative", "absolute shape keys", False),
    "mesh": Sickness(exchange_mesh, "move_lines", "'Face' has got another mesh"),
    "mesh, strips": Sickness(exchange_mesh_with_strips, "move_lines", "has got another mesh"),
}


@pytest.mark.parametrize("name", SICKNESSES)
def test_it_is_found_and_fixed_and_the_fix_can_be_undone(name: str) -> None:
    sickness = SICKNESSES[name]
    face = make_talker()
    bake(face)
    bpy.context.scene.frame_end = 300
    assert shows(face)
    assert problems() == []

    sickness.make(face)
    assert not shows(face)
    bpy.ops.ed.undo_push(message="sick")
    check()
    assert len(found(sickness.fix)) == 1
    assert sickness.words in found(sickness.fix)[0].sentence
    assert bpy.ops.mynah.fix_all.poll() == sickness.is_part_of_all

    fix(sickness.fix)
    assert shows(face)
    assert problems() == []

    bpy.ops.ed.undo()
    face = bpy.data.objects["Face"]
    assert not shows(face)
    check()
    assert len(found(sickness.fix)) == 1


def test_a_shape_whose_driver_was_muted_is_keyed_again() -> None:
    face = make_talker()
    bake(face)
    drive(face)
    check()
    fix("mute_drivers")
    bake(face)
    assert shows(face)
    assert problems() == []


def test_locked_shapes_are_only_a_hint() -> None:
    face = make_talker()
    bake(face)
    jaw(face).lock_shape = True
    assert problems() == []
    assert "jawOpen" in sentence("Locked on 'Face'").sentence
    fix("unlock_shapes")
    assert not jaw(face).lock_shape


def test_shapes_that_drivers_move_and_no_line_keys_are_a_hint() -> None:
    face = make_talker()
    drive(face)
    bake(face)
    assert problems() == []
    hint = sentence("which lines leave alone: jawOpen.")
    assert hint.severity is Severity.hint
    assert "Key what the drivers read" in hint.remedy


def test_a_cache_that_replaces_the_mesh(tmp_path: Path) -> None:
    face = make_talker()
    bake(face)
    modifier = face.modifiers.new("Cache", "MESH_CACHE")
    assert "The modifier 'Cache'" in " ".join(problems())
    fix("hide_modifiers")
    assert not modifier.show_viewport
    assert problems() == []
    assert shows(face)


def test_a_hidden_mesh_is_a_hint_that_shows_it() -> None:
    face = make_talker()
    bake(face)
    face.hide_set(True)
    assert problems() == []
    assert sentence("'Face' is hidden").severity is Severity.hint
    fix("unhide")
    assert face.visible_get()
    bpy.context.view_layer.layer_collection.exclude = False
    shelf = bpy.data.collections.new("Shelf")
    bpy.context.scene.collection.children.link(shelf)
    bpy.context.scene.collection.objects.unlink(face)
    shelf.objects.link(face)
    bpy.context.view_layer.layer_collection.children["Shelf"].hide_viewport = True
    check()
    assert "its collection" in sentence("is not to be seen").sentence


# --- the character -------------------------------------------------------------------------------


def test_the_wrong_object_offers_the_face_beside_it() -> None:
    face = make_talker()
    root = bpy.data.objects.new("Root", None)
    body = make_face("Body", ())
    bpy.context.scene.collection.objects.link(root)
    face.parent = body.parent = root
    make_face("Somebody Else").parent = None
    bpy.context.scene.mynah.character = body
    check()
    assert sentence("'Body' has no face, but 'Face' has one.").fix == "choose_character"
    fix("choose_character")
    assert bpy.context.scene.mynah.character == face
    bake(face)
    assert shows(face)
    assert problems() == []


def test_several_faces_are_named_instead() -> None:
    for name in ("Ann", "Bob"):
        make_talker(name)
    bpy.context.scene.mynah.character = make_face("Body", ())
    check()
    assert sentence("'Body' has no shape keys").remedy == "These have some: Ann, Bob."


def test_a_face_without_known_shapes_is_told_the_names() -> None:
    bpy.context.scene.mynah.character = make_face("Odd", ("wart",))
    check()
    assert "jawOpen" in sentence("No shape key of 'Odd' can be animated").remedy


def test_a_deleted_character() -> None:
    face = make_talker()
    other = make_talker("Other")
    bpy.context.scene.mynah.character = face
    bpy.data.scenes[0].collection.objects.unlink(face)
    check()
    assert "'Face' was deleted; 'Other' has a face" in sentence("was deleted").sentence
    fix("choose_character")
    assert bpy.context.scene.mynah.character == other
    bpy.context.scene.collection.objects.unlink(other)
    check()
    fix("choose_none")
    assert bpy.context.scene.mynah.character is None


def test_two_characters_with_one_mesh() -> None:
    face = make_talker()
    bake(face)
    twin = bpy.data.objects.new("Twin", face.data)
    bpy.context.scene.collection.objects.link(twin)
    assert shows(twin)
    check()
    assert sentence("'Face' and 'Twin' share one mesh").severity is Severity.hint
    fix("own_mesh")
    assert shows(face)
    assert opening(twin, 31) == opening(twin, 1)
    assert not our_actions(twin.data.shape_keys)
    assert not [f for f in check() if "share one mesh" in f.sentence]


def save_library(tmp_path: Path) -> str:
    """A file with a collection 'Hero' that holds a talking face on an armature."""
    rig = make_rig()
    face = make_talker()
    face.parent = rig
    hero = bpy.data.collections.new("Hero")
    for item in (rig, face):
        hero.objects.link(item)
        bpy.context.scene.collection.objects.unlink(item)
    bpy.context.scene.collection.children.link(hero)
    path = str(tmp_path / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return path


def link(path: str, kind: str, name: str) -> bpy.types.ID:
    with bpy.data.libraries.load(path, link=True) as (_from, to):
        setattr(to, kind, [name])
    return getattr(to, kind)[0]


def chosen_face() -> bpy.types.Object:
    character = bpy.context.scene.mynah.character
    return next(o for o in (character, *character.children_recursive) if o.type == "MESH")


def speak_and_reload(tmp_path: Path) -> None:
    """The chosen character speaks, also after the file was opened again."""
    bake(bpy.context.scene.mynah.character)
    assert problems() == []
    assert shows(chosen_face())
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert shows(chosen_face())
    assert problems() == []


def test_an_instance_of_a_linked_collection_as_the_asset_browser_makes_it(tmp_path: Path) -> None:
    hero = link(save_library(tmp_path), "collections", "Hero")
    instance = bpy.data.objects.new("Hero", None)
    instance.instance_type, instance.instance_collection = "COLLECTION", hero
    bpy.context.scene.collection.objects.link(instance)
    bpy.context.scene.mynah.character = instance
    check()
    assert "instance of the collection 'Hero'" in sentence("instance of").sentence
    fix("override_instance")
    character = bpy.context.scene.mynah.character
    assert character.override_library is not None
    speak_and_reload(tmp_path)


def test_a_linked_character_without_an_override(tmp_path: Path) -> None:
    hero = link(save_library(tmp_path), "collections", "Hero")
    bpy.context.scene.collection.children.link(hero)
    scene = bpy.context.scene
    scene.mynah.character = hero.objects["Rig"]
    line = scene.mynah_dialogue.add_line("line", "Hero")
    line.character = hero.objects["Rig"]
    check()
    assert sentence("'Rig' is linked without a library override").fix == "override_character"
    fix("override_character")
    assert scene.mynah.character.override_library is not None
    assert scene.mynah_dialogue.lines[0].character == scene.mynah.character
    speak_and_reload(tmp_path)


def test_an_override_with_linked_mesh_data(tmp_path: Path) -> None:
    hero = link(save_library(tmp_path), "collections", "Hero")
    bpy.context.scene.collection.children.link(hero)
    made = hero.override_hierarchy_create(
        bpy.context.scene, bpy.context.view_layer, do_fully_editable=True
    )
    rig = next(o for o in made.all_objects if o.type == "ARMATURE")
    bpy.context.scene.mynah.character = rig
    check()
    assert "of Face are still linked" in sentence("still linked").sentence
    fix("override_meshes")
    speak_and_reload(tmp_path)


def test_the_fix_of_an_override_can_be_undone(tmp_path: Path) -> None:
    hero = link(save_library(tmp_path), "collections", "Hero")
    bpy.context.scene.collection.children.link(hero)
    bpy.context.scene.mynah.character = hero.objects["Rig"]
    bpy.ops.ed.undo_push(message="linked")
    check()
    fix("override_character")
    bpy.ops.ed.undo()
    assert bpy.context.scene.mynah.character.library is not None
    check()
    assert found("override_character")


def test_a_line_on_an_override_survives_a_resync(tmp_path: Path) -> None:
    hero = link(save_library(tmp_path), "collections", "Hero")
    bpy.context.scene.collection.children.link(hero)
    bpy.context.scene.mynah.character = hero.objects["Rig"]
    check()
    fix("override_character")
    character = bpy.context.scene.mynah.character
    bake(character)
    character.override_library.resync(bpy.context.scene, view_layer=bpy.context.view_layer)
    assert bpy.context.scene.mynah.character.override_library is not None
    assert shows(chosen_face())
    assert problems() == []


def test_an_appended_character_still_speaks_its_line(tmp_path: Path) -> None:
    path = save_library(tmp_path)
    bpy.ops.wm.open_mainfile(filepath=path)
    bake(bpy.context.scene.mynah.character)
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(path, link=False) as (_from, to):
        to.collections = ["Hero"]
    bpy.context.scene.collection.children.link(to.collections[0])
    face = to.collections[0].objects["Face"]
    assert shows(face)
    bpy.context.scene.mynah.character = face
    assert problems() == []
    face.data.shape_keys.animation_data.action_slot = None
    assert not shows(face)
    check()
    fix("assign_slot")
    assert shows(face)


# --- the head ------------------------------------------------------------------------------------


def turned(rig: bpy.types.Object) -> bool:
    """Whether the line moves the head bone on the evaluated rig."""
    heads = []
    for frame in (1, 31):
        bpy.context.scene.frame_set(frame)
        evaluated = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
        heads.append(evaluated.pose.bones["head"].matrix.to_quaternion())
    return heads[0].rotation_difference(heads[1]).angle > 0.1


def rest(rig: bpy.types.Object) -> None:
    rig.data.pose_position = "REST"


def euler(rig: bpy.types.Object) -> None:
    rig.pose.bones["head"].rotation_mode = "XYZ"


def axis_angle(rig: bpy.types.Object) -> None:
    rig.pose.bones["head"].rotation_mode = "AXIS_ANGLE"


def constrain(rig: bpy.types.Object) -> None:
    target = bpy.data.objects.new("Target", None)
    bpy.context.scene.collection.objects.link(target)
    rig.pose.bones["head"].constraints.new("COPY_ROTATION").target = target


@pytest.mark.parametrize(
    ("make", "key", "words"),
    [
        (rest, "use_pose", "'Rig' is in its rest position"),
        (euler, "restore_rotation_mode", "was keyed as quaternion"),
        (axis_angle, "restore_rotation_mode", "was keyed as quaternion"),
        (constrain, "mute_constraints", "Constraints turn the bone 'head'"),
    ],
)
def test_what_keeps_the_head_still(
    make: Callable[[bpy.types.Object], None], key: str, words: str
) -> None:
    rig = make_rig()
    face = make_talker()
    face.parent = rig
    bpy.context.scene.mynah.character = rig
    bake(rig, headPitch=0.5)
    assert turned(rig)
    assert problems() == []
    make(rig)
    assert not turned(rig)
    check()
    assert words in found(key)[0].sentence
    fix(key)
    assert turned(rig)
    assert not [f for f in check() if f.fix == key]


def test_a_head_in_axis_angle_can_be_keyed_after_the_fix() -> None:
    rig = make_rig(mode="AXIS_ANGLE")
    make_talker().parent = rig
    bpy.context.scene.mynah.character = rig
    check()
    assert "axis-angle" in found("use_quaternion")[0].sentence
    fix("use_quaternion")
    bake(rig, headPitch=0.5)
    assert turned(rig)
    assert 'pose.bones["head"].rotation_quaternion' in {path for path, _ in f_curves(rig)}
