"""The Doctor on actions, strips, tracks and curves: found, fixed, and the line shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import bpy
import pytest

from tests.blender.characters import f_curves
from tests.blender.doctor_scenes import (
    bake,
    check,
    fix,
    found,
    make_talker,
    problems,
    shows,
)

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]


def animation_of(face: bpy.types.Object) -> bpy.types.AnimData:
    return face.data.shape_keys.animation_data


def our_strip(face: bpy.types.Object) -> tuple[bpy.types.NlaTrack, bpy.types.NlaStrip]:
    pairs = [(t, s) for t in animation_of(face).nla_tracks for s in t.strips]
    return next((t, s) for t, s in pairs if s.action.get("mynah_line") == "line")


def artist_action(face: bpy.types.Object, height: float = 0.3, last: int = 120) -> bpy.types.Action:
    """The artist keys the jaw to stand at a height; it becomes the active action."""
    block = face.data.shape_keys.key_blocks["jawOpen"]
    for frame in (1, last):
        block.value = height
        block.keyframe_insert("value", frame=frame)
    return animation_of(face).action


def add_artist_strip(face: bpy.types.Object, height: float = 0.3, last: int = 120) -> None:
    """The artist's action as a strip of its own, on top."""
    animation = animation_of(face)
    animation.action = None
    action = artist_action(face, height, last)
    animation.action = None
    track = animation.nla_tracks.new()
    track.strips.new("theirs", 1, action).action_slot = action.slots[0]


def in_strips(face: bpy.types.Object) -> None:
    """A second line makes strips of both."""
    bake(face, "other", 201)


def tweak(face: bpy.types.Object) -> None:
    in_strips(face)
    animation = animation_of(face)
    animation.nla_tracks.active, strip = our_strip(face)
    for other in animation.nla_tracks[0].strips:
        other.select = other != strip
    animation.use_tweak_mode = True
    strip.action["mynah_line"] = "line"


def solo(face: bpy.types.Object) -> None:
    in_strips(face)
    animation_of(face).nla_tracks.new().is_solo = True


def mute_track(face: bpy.types.Object) -> None:
    in_strips(face)
    our_strip(face)[0].mute = True


def mute_strip(face: bpy.types.Object) -> None:
    in_strips(face)
    our_strip(face)[1].mute = True


def no_influence(face: bpy.types.Object) -> None:
    in_strips(face)
    strip = our_strip(face)[1]
    strip.use_animated_influence = True
    strip.influence = 0.0


def no_action_influence(face: bpy.types.Object) -> None:
    animation = animation_of(face)
    other = bpy.data.actions.new("cheek")
    slot = other.slots.new(id_type="KEY", name="Key")
    bag = other.layers.new("Layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True)
    bag.fcurves.new('key_blocks["cheekPuff"].value').keyframe_points.insert(1, 0.5)
    animation.nla_tracks.new().strips.new("cheek", 1, other).action_slot = slot
    animation.action_influence = 0.0
    face.data.shape_keys.update_tag()


def nla_off(face: bpy.types.Object) -> None:
    in_strips(face)
    animation_of(face).use_nla = False


def strip_above(face: bpy.types.Object) -> None:
    in_strips(face)
    add_artist_strip(face)


def action_above(face: bpy.types.Object) -> None:
    in_strips(face)
    artist_action(face)


def no_slot(face: bpy.types.Object) -> None:
    animation_of(face).action_slot = None


def no_slot_in_strip(face: bpy.types.Object) -> None:
    in_strips(face)
    our_strip(face)[1].action_slot = None


def wrong_slot(face: bpy.types.Object) -> None:
    animation = animation_of(face)
    animation.action_slot = animation.action.slots.new(id_type="KEY", name="Somebody")


def mute_curves(face: bpy.types.Object) -> None:
    for curve in f_curves(face.data.shape_keys).values():
        curve.mute = True


def generator(face: bpy.types.Object) -> None:
    f_curves(face.data.shape_keys)['key_blocks["jawOpen"].value', 0].modifiers.new("GENERATOR")
    animation_of(face).action.update_tag()


@dataclass(frozen=True)
class Sickness:
    """What is done to a face with a line, the fix that is offered, words of the sentence."""

    make: Callable[[bpy.types.Object], None]
    fix: str
    words: str
    is_part_of_all: bool = True


SICKNESSES = {
    "tweak mode": Sickness(tweak, "leave_tweak_mode", "tweak mode"),
    "solo": Sickness(solo, "end_solo", "Only the track 'NlaTrack"),
    "track": Sickness(mute_track, "unmute_track", "track of the lines 'line', 'other' is muted"),
    "strip": Sickness(mute_strip, "unmute_strip", "strip of the line 'line' is muted"),
    "influence": Sickness(no_influence, "full_influence", "has no influence"),
    "action influence": Sickness(no_action_influence, "full_action_influence", "has no influence"),
    "NLA off": Sickness(nla_off, "use_nla", "The NLA of 'Face' is switched off"),
    "strip above": Sickness(strip_above, "raise_strip", "'theirs' lies over the line", False),
    "action above": Sickness(
        action_above,
        "push_down_below",
        "keys jawOpen of 'Face', so there it hides the lines 'line', 'other'",
        False,
    ),
    "no slot": Sickness(no_slot, "assign_slot", "has no slot on 'Face'"),
    "no slot in strip": Sickness(no_slot_in_strip, "assign_slot", "has no slot on 'Face'"),
    "wrong slot": Sickness(wrong_slot, "assign_slot", "plays 'Somebody' on 'Face'"),
    "curves": Sickness(mute_curves, "unmute_curves", "are muted on 'Face'"),
    "modifier": Sickness(generator, "mute_modifiers", "in the place of the keys of jawOpen"),
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
    bpy.ops.ed.undo_push(message="sick")
    bpy.ops.ed.undo_push(message="looked")
    assert not shows(face)
    check()
    assert found(sickness.fix), problems()
    assert sickness.words in found(sickness.fix)[0].sentence

    while found(sickness.fix):
        fix(sickness.fix)
    face = bpy.data.objects["Face"]
    assert shows(face)
    assert problems() == []

    for _ in range(5):
        bpy.ops.ed.undo()
        if not shows(bpy.data.objects["Face"]):
            break
    assert not shows(bpy.data.objects["Face"])
    check()
    assert found(sickness.fix)


@pytest.mark.parametrize("name", [name for name in SICKNESSES if SICKNESSES[name].is_part_of_all])
def test_fix_all_fixes_it(name: str) -> None:
    face = make_talker()
    bake(face)
    bpy.context.scene.frame_end = 300
    SICKNESSES[name].make(face)
    check()
    assert bpy.ops.mynah.fix_all() == {"FINISHED"}
    assert shows(face)
    assert problems() == []
