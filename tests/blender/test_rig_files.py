"""A character's mapping and its keys through files: saved, linked, overridden, resynced, appended,
duplicated; and takes and ranges on bones."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.baking import takes
from blender_addon.baking.redo import bake_range
from blender_addon.baking.rig import read_rig
from blender_addon.pieces import finish
from blender_addon.reference import Reference
from blender_addon.rigging.character import store, stored_text
from mynah_shared.errors import BadInputError
from mynah_shared.rig.mapping import RigMapping
from mynah_shared.rig.targets import Kind, Motion, Target
from tests.blender.characters import clip_of, f_curves, is_edited, make_face, value
from tests.blender.rigs import bone_at, make_armature, make_puppet
from tests.blender.test_bake import bake

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(120)]

PEAK = 31
ODD = RigMapping(
    {"flap": {"jawOpen": 1.0}, "wide": {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5}},
    "hero",
    targets={"flap": Target(Kind.BONE, "mandible", Motion.TURN, "left", full=30.0)},
)
"""Names that nothing would find by itself."""


def make_hero() -> bpy.types.Object:
    """An armature with a jaw and a face of odd names, in a collection, with a mapping."""
    rig = make_armature(
        {"head": ((0, 0, 0), (0, 0, 1), 0.0), "mandible": ((0, 0, 0.5), (0, -0.1, 0.4), 0.2)},
        "Hero",
    )
    face = make_face("HeroFace", ["wide", "other"])
    face.parent = rig
    collection = bpy.data.collections.new("HeroSet")
    bpy.context.scene.collection.children.link(collection)
    for item in (rig, face):
        collection.objects.link(item)
        bpy.context.scene.collection.objects.unlink(item)
    store(rig, ODD)
    return rig


def save(path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(path))


def empty_file() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


def speaks(rig: bpy.types.Object, face: bpy.types.Object) -> bool:
    """Whether the odd targets move as mapped at the height of the clip."""
    rest = rig.data.bones["mandible"].tail_local
    opens = bone_at(rig, "mandible", PEAK, tail=True).z < rest.z - 0.01
    return opens and abs(value(face, "wide", PEAK) - 0.6) < 0.02


CLIP = {"jawOpen": 0.8, "mouthSmileLeft": 0.6, "mouthSmileRight": 0.6}


def override(path: Path) -> tuple[bpy.types.Object, bpy.types.Object]:
    """The hero linked from a file, with a library override of objects and mesh data."""
    with bpy.data.libraries.load(str(path), link=True) as (_there, here):
        here.collections = ["HeroSet"]
    linked = bpy.data.collections["HeroSet"]
    bpy.context.scene.collection.children.link(linked)
    made = linked.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
    objects = {item.name.split(".")[0]: item for item in made.all_objects}
    rig, face = objects["Hero"], objects["HeroFace"]
    if not face.data.shape_keys.is_editable:
        face.data.override_create(remap_local_usages=True)
    for item in (rig, face):
        item.override_library.is_system_override = False
    return rig, face


def local(name: str) -> bpy.types.Object:
    return next(o for o in bpy.data.objects if o.name.split(".")[0] == name and o.library is None)


def test_a_mapping_survives_save_and_reload(addon: None, tmp_path: Path) -> None:
    make_hero()
    save(tmp_path / "hero.blend")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "hero.blend"))
    rig, face = bpy.data.objects["Hero"], bpy.data.objects["HeroFace"]
    assert RigMapping.from_text(stored_text(rig)) == ODD
    assert stored_text(face) == stored_text(rig)  # chosen by its face, it is the same character
    bake(rig, clip_of(61, **CLIP))
    assert speaks(rig, face)


def test_an_appended_character_brings_its_mapping(addon: None, tmp_path: Path) -> None:
    make_hero()
    save(tmp_path / "hero.blend")
    empty_file()
    with bpy.data.libraries.load(str(tmp_path / "hero.blend")) as (_there, here):
        here.collections = ["HeroSet"]
    bpy.context.scene.collection.children.link(bpy.data.collections["HeroSet"])
    rig, face = bpy.data.objects["Hero"], bpy.data.objects["HeroFace"]
    bake(rig, clip_of(61, **CLIP))
    assert speaks(rig, face)


def test_an_overridden_character_keeps_mapping_and_keys(addon: None, tmp_path: Path) -> None:
    library, shot = tmp_path / "hero.blend", tmp_path / "shot.blend"
    make_hero()
    save(library)
    empty_file()
    rig, face = override(library)
    assert RigMapping.from_text(stored_text(rig)) == ODD  # the library's
    own = RigMapping({**ODD.weights, "other": {"browInnerUp": 1.0}}, "shot", targets=ODD.targets)
    store(rig, own)
    bake(rig, clip_of(61, **CLIP, browInnerUp=0.4))
    save(shot)
    bpy.ops.wm.open_mainfile(filepath=str(shot))
    rig, face = local("Hero"), local("HeroFace")
    assert RigMapping.from_text(stored_text(rig)) == own
    assert speaks(rig, face)
    assert value(face, "other", PEAK) == pytest.approx(0.4, abs=0.02)

    # the library goes on: a new object in the character, so that the override must be resynced
    empty_file()
    bpy.ops.wm.open_mainfile(filepath=str(library))
    hat = make_face("Hat", ["wide"])
    hat.parent = bpy.data.objects["Hero"]
    bpy.data.collections["HeroSet"].objects.link(hat)
    save(library)
    bpy.ops.wm.open_mainfile(filepath=str(shot))
    assert any(o.name.startswith("Hat") and o.library is None for o in bpy.data.objects)
    rig, face = local("Hero"), local("HeroFace")
    assert RigMapping.from_text(stored_text(rig)) == own
    assert speaks(rig, face)
    assert value(face, "other", PEAK) == pytest.approx(0.4, abs=0.02)


def test_a_linked_character_is_a_sentence(addon: None, tmp_path: Path) -> None:
    make_hero()
    save(tmp_path / "hero.blend")
    empty_file()
    with bpy.data.libraries.load(str(tmp_path / "hero.blend"), link=True) as (_there, here):
        here.collections = ["HeroSet"]
    bpy.context.scene.collection.children.link(bpy.data.collections["HeroSet"])
    rig = bpy.data.objects["Hero"]
    with pytest.raises(BadInputError, match="is linked, so its mapping can't be kept"):
        store(rig, ODD)
    with pytest.raises(BadInputError, match="linked"):
        bake(rig, clip_of(61, **CLIP))


def test_a_linked_puppet_of_bones_is_a_sentence(addon: None, tmp_path: Path) -> None:
    make_puppet()
    save(tmp_path / "puppet.blend")
    empty_file()
    with bpy.data.libraries.load(str(tmp_path / "puppet.blend"), link=True) as (_there, here):
        here.objects = ["Puppet"]
    puppet = bpy.data.objects["Puppet"]
    bpy.context.scene.collection.objects.link(puppet)
    with pytest.raises(BadInputError, match="'Puppet' were left alone, because it is linked"):
        bake(puppet, clip_of(61, jawOpen=0.5))


def test_a_duplicate_is_a_character_of_its_own(addon: None) -> None:
    rig = make_hero()
    twin = rig.copy()
    bpy.data.collections["HeroSet"].objects.link(twin)
    assert stored_text(twin) == stored_text(rig)
    store(twin, RigMapping({"flap": {"jawForward": 1.0}}, targets=ODD.targets))
    assert RigMapping.from_text(stored_text(rig)) == ODD
    bake(rig, clip_of(61, **CLIP))
    bake(twin, clip_of(61, jawForward=0.5))
    assert len(bpy.data.actions) == 2
    assert rig.animation_data.action != twin.animation_data.action


def test_an_undo_brings_the_mapping_before_back(addon: None) -> None:
    rig = make_hero()
    bpy.ops.ed.undo_push(message="made")
    store(rig, None)
    bpy.ops.ed.undo_push(message="automatic")
    bpy.ops.ed.undo()
    assert RigMapping.from_text(stored_text(bpy.data.objects["Hero"])) == ODD


def test_takes_are_exchanged_on_bones(addon: None) -> None:
    puppet = make_puppet()
    bake(puppet, clip_of(61, jawOpen=0.9), seed=1)
    wide = bone_at(puppet, "jaw", PEAK, tail=True).z
    bake(puppet, clip_of(61, jawOpen=0.1), seed=2)
    narrow = bone_at(puppet, "jaw", PEAK, tail=True).z
    assert wide < narrow - 0.01
    owners = takes.owners_of(puppet)
    first, _second = takes.takes_of(owners, "line")
    takes.show(owners, "line", first)
    assert bone_at(puppet, "jaw", PEAK, tail=True).z == pytest.approx(wide, abs=1e-4)


def test_a_range_of_bones_is_made_anew(addon: None) -> None:
    puppet = make_puppet()
    puppet.pose.bones["jaw"].rotation_mode = "XYZ"
    puppet.pose.bones["jaw"].rotation_euler = (0.0, 0.0, 0.1)
    bake(puppet, clip_of(121, jawOpen=0.8, headYaw=0.3))
    action = puppet.animation_data.action
    assert not is_edited(action)
    before = {
        key: [curve.evaluate(frame) for frame in range(1, 41)]
        for key, curve in f_curves(puppet).items()
    }
    bpy.context.scene.frame_set(60)  # leaves our own turn in the bone
    pieces = bake_range(
        Reference.to(puppet),
        Reference.to(action),
        clip_of(121, jawOpen=0.2, headYaw=0.3),
        45,
        80,
        keeps_keys=True,
    )
    finish(pieces)
    middle = bone_at(puppet, "jaw", 61, tail=True)
    for key, curve in f_curves(puppet).items():
        after = [curve.evaluate(frame) for frame in range(1, 41)]
        np.testing.assert_allclose(after, before[key], atol=2e-4)
    bake(puppet, clip_of(121, jawOpen=0.2, headYaw=0.3), line="another", start=201.0)
    assert (middle - bone_at(puppet, "jaw", 261, tail=True)).length < 0.003


def test_a_proposal_is_made_anew_when_the_rig_changes(face: bpy.types.Object) -> None:
    assert "browInnerUp" in read_rig(face).mapping.weights
    face.data.shape_keys.key_blocks["browInnerUp"].name = "wart"
    assert "browInnerUp" not in read_rig(face).mapping.weights
    face.shape_key_add(name="brow_inner_up", from_mix=False).value = 0.0
    assert "brow_inner_up" in read_rig(face).mapping.weights
