"""Fixes of actions, strips, tracks and curves."""

from __future__ import annotations

import bpy

from ..baking.actions import curves_in, line_of
from ..baking.placement import TRACK
from .curves import replacing_modifiers, right_slot
from .finding import Finding
from .lookup import owner_of, strip_of
from .patient import Play, plays_on
from .strips import copy_strip


def leave_tweak_mode(_context: bpy.types.Context, finding: Finding) -> None:
    owner = owner_of(finding)
    owner.animation_data.use_tweak_mode = False
    _refresh(owner)


def use_nla(_context: bpy.types.Context, finding: Finding) -> None:
    owner = owner_of(finding)
    owner.animation_data.use_nla = True
    _refresh(owner)


def end_solo(_context: bpy.types.Context, finding: Finding) -> None:
    owner = owner_of(finding)
    for track in owner.animation_data.nla_tracks:
        if track.is_solo:
            track.is_solo = False
    _refresh(owner)


def unmute_track(_context: bpy.types.Context, finding: Finding) -> None:
    track, _strip = strip_of(finding)
    track.mute = False
    _refresh(owner_of(finding))


def unmute_strip(_context: bpy.types.Context, finding: Finding) -> None:
    _track, strip = strip_of(finding)
    strip.mute = False
    _refresh(owner_of(finding))


def full_influence(_context: bpy.types.Context, finding: Finding) -> None:
    """Blender takes 1 where nothing animates the influence."""
    _track, strip = strip_of(finding)
    strip.use_animated_influence = False
    strip.influence = 1.0
    _refresh(owner_of(finding))


def full_action_influence(_context: bpy.types.Context, finding: Finding) -> None:
    owner = owner_of(finding)
    owner.animation_data.action_influence = 1.0
    _refresh(owner)


def hold(_context: bpy.types.Context, finding: Finding) -> None:
    _track, strip = strip_of(finding)
    strip.extrapolation = "HOLD"
    _refresh(owner_of(finding))


def hold_nothing(_context: bpy.types.Context, finding: Finding) -> None:
    _track, strip = strip_of(finding)
    strip.extrapolation = "NOTHING"
    _refresh(owner_of(finding))


def push_down_below(_context: bpy.types.Context, finding: Finding) -> None:
    """The artist's action becomes a strip that holds, as Blender's Push Down makes it; then the
    lines go on top of it."""
    owner = owner_of(finding)
    animation = owner.animation_data
    action, slot = animation.action, animation.action_slot
    if action is None or line_of(action) is not None:
        return
    start = action.frame_range[0]
    animation.action = None
    track = animation.nla_tracks.new()
    track.name = action.name
    strip = track.strips.new(action.name, int(start), action)
    strip.action_slot = slot
    shift = start - strip.frame_start  # `new` takes whole frames only
    strip.frame_end += shift
    strip.frame_start += shift
    strip.extrapolation = "HOLD"
    strip.blend_type = animation.action_blend_type
    played = [play.strip.name for play in plays_on(owner) if play.strip is not None]
    for name in played:
        _raise(owner, name)
    _refresh(owner)


def raise_strip(_context: bpy.types.Context, finding: Finding) -> None:
    strip_of(finding)  # which must be there
    owner = owner_of(finding)
    _raise(owner, finding.names[0])
    _refresh(owner)


def assign_slot(_context: bpy.types.Context, finding: Finding) -> None:
    owner, action = owner_of(finding), owner_of(finding, 1)
    for play in plays_on(owner):
        if play.action != action or (play.strip.name if play.strip else "") != finding.names[0]:
            continue
        slot = right_slot(owner, play)
        if slot is not None:
            user = owner.animation_data if play.strip is None else play.strip
            user.action_slot = slot
    _refresh(owner)


def unmute_curves(_context: bpy.types.Context, finding: Finding) -> None:
    for curve in _curves(finding):
        curve.mute = False
    _refresh(owner_of(finding))


def mute_modifiers(_context: bpy.types.Context, finding: Finding) -> None:
    for curve in _curves(finding):
        for modifier in replacing_modifiers(curve):
            modifier.mute = True
    _refresh(owner_of(finding))


def _refresh(owner: bpy.types.ID) -> None:
    """Have Blender evaluate a data-block again. It leaves one out as long as nothing plays on it,
    and looks whether that still holds when a slot is assigned."""
    for play in plays_on(owner):
        if play.slot is not None:
            user = owner.animation_data if play.strip is None else play.strip
            user.action_slot = play.slot
        play.action.update_tag()
    owner.update_tag()


def _curves(finding: Finding) -> list[bpy.types.FCurve]:
    owner, action = owner_of(finding), owner_of(finding, 1)
    plays: list[Play] = [play for play in plays_on(owner) if play.action == action]
    return [curve for play in plays for curve in curves_in(action, play.slot)]


def _raise(owner: bpy.types.ID, name: str) -> None:
    """Put a strip on the topmost track, which is a new one if that is not ours or has no room.

    Python can't move a strip between tracks, so it is made again as it was.
    """
    animation = owner.animation_data
    places = [(t, s) for t in animation.nla_tracks for s in t.strips if s.name == name]
    track, strip = places[0]
    top = animation.nla_tracks[-1]
    begin, end = strip.frame_start, strip.frame_end
    has_room = all(s.frame_end <= begin or s.frame_start >= end for s in top.strips)
    if top == track:
        return
    if not top.name.startswith(TRACK) or not has_room:
        top = animation.nla_tracks.new()
        top.name = TRACK
    copy = copy_strip(strip, top)
    # below it there are curves of others now, which a held pose would cover
    copy.extrapolation = "NOTHING"
    track.strips.remove(strip)
    copy.name = name
    if not track.strips and track.name.startswith(TRACK):
        animation.nla_tracks.remove(track)
