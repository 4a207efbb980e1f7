"""Where a finished action goes on a data-block: active, or a strip beside what is there already."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import bpy

from .actions import line_of, paths_in

TRACK = "Mynah"


class Place(Enum):
    """How an action was put on its data-block."""

    active = "active action"
    strip = "strip beside other lines"
    strip_below_artist = "strip below the artist's own action"


def is_in_tweak_mode(owner: bpy.types.ID) -> bool:
    animation = owner.animation_data
    return animation is not None and animation.use_tweak_mode


def tweak_mode(name: str) -> str:
    """What helps then, in a sentence."""
    return f"'{name}' is in the NLA's tweak mode; leave it first (Tab in the NLA editor)."


def our_actions(owner: bpy.types.ID) -> list[bpy.types.Action]:
    """The actions of ours on a data-block, active or in strips."""
    if owner.animation_data is None:
        return []
    strips = [strip.action for _track, strip in _our_strips(owner.animation_data)]
    candidates = [owner.animation_data.action, *strips]
    return [action for action in candidates if line_of(action) is not None]


def hidden_paths(owner: bpy.types.ID) -> set[str]:
    """Data paths that the artist's active action keys: there it lies over every strip."""
    animation = owner.animation_data
    if animation is None or line_of(animation.action) is not None:
        return set()
    return paths_in(animation.action, animation.action_slot)


def place(owner: bpy.types.ID, action: bpy.types.Action, slot: bpy.types.ActionSlot) -> Place:
    """Put `action` on `owner` in place of our earlier action for the same line, if there is one.

    The first line becomes the active action, which the artist can edit at once. Where there is an
    action already, ours goes into a strip of the track "Mynah"; nobody else's action is touched.
    """
    animation = owner.animation_data_create()
    _take_off(animation, line_of(action))
    has_artist = animation.action is not None and line_of(animation.action) is None
    if animation.action is None and not any(_our_strips(animation)):
        animation.action = action
        animation.action_slot = slot
        owner.update_tag()
        return Place.active
    if animation.action is not None and not has_artist:
        earlier, earlier_slot = animation.action, animation.action_slot
        animation.action = None
        _add_strip(animation, earlier, earlier_slot)
    _add_strip(animation, action, slot)
    owner.update_tag()
    return Place.strip_below_artist if has_artist else Place.strip


def exchange(
    owner: bpy.types.ID,
    line: str,
    action: bpy.types.Action | None,
    slot: bpy.types.ActionSlot | None,
) -> None:
    """Show another take of a line where the one on show is, strips as the artist put them; without
    a slot for `owner`, none."""
    animation = owner.animation_data_create()
    strips = [strip for _track, strip in _our_strips(animation) if line_of(strip.action) == line]
    if action is None or slot is None:
        _take_off(animation, line)
    elif line_of(animation.action) == line:
        animation.action = action
        animation.action_slot = slot
    elif strips:
        for strip in strips:
            _exchange_in_strip(strip, action, slot)
    else:
        place(owner, action, slot)
    owner.update_tag()


def action_frame(owner: bpy.types.ID, action: bpy.types.Action, scene_frame: float) -> float:
    """The frame of an action that a data-block shows at a frame of the scene."""
    animation = owner.animation_data
    if animation is None or animation.action == action:
        return scene_frame
    for _track, strip in _our_strips(animation):
        if strip.action == action:
            return strip.action_frame_start + (scene_frame - strip.frame_start) / strip.scale
    return scene_frame


def _exchange_in_strip(
    strip: bpy.types.NlaStrip, action: bpy.types.Action, slot: bpy.types.ActionSlot
) -> None:
    start, end = action.frame_range
    moved = (start - strip.action_frame_start) * strip.scale
    begin, scale = strip.frame_start + moved, strip.scale
    strip.action = action
    strip.action_slot = slot
    strip.action_frame_end = end
    strip.action_frame_start = start
    strip.frame_end = max(strip.frame_end, begin + (end - start) * scale)  # never before its start
    strip.frame_start = begin
    strip.frame_end = begin + (end - start) * scale
    strip.scale = scale


def _our_strips(
    animation: bpy.types.AnimData,
) -> Iterator[tuple[bpy.types.NlaTrack, bpy.types.NlaStrip]]:
    for track in animation.nla_tracks:
        for strip in track.strips:
            if line_of(strip.action) is not None:
                yield track, strip


def _take_off(animation: bpy.types.AnimData, line: str | None) -> None:
    if line_of(animation.action) == line:
        animation.action = None
    for track, strip in list(_our_strips(animation)):
        if line_of(strip.action) == line:
            track.strips.remove(strip)
            if not track.strips and track.name.startswith(TRACK):
                animation.nla_tracks.remove(track)


def _add_strip(
    animation: bpy.types.AnimData, action: bpy.types.Action, slot: bpy.types.ActionSlot
) -> None:
    start, end = action.frame_range
    track = _track_with_room(animation, start, end)
    strip = track.strips.new(action.name, int(start), action)
    strip.action_slot = slot
    strip.blend_type = "REPLACE"
    strip.extrapolation = "HOLD" if has_to_hold(animation, track, action, slot) else "NOTHING"
    # `new` takes whole frames only; the end first, for a strip may not end before it starts
    shift = start - strip.frame_start
    strip.frame_end += shift
    strip.frame_start += shift


def has_to_hold(
    animation: bpy.types.AnimData,
    track: bpy.types.NlaTrack,
    action: bpy.types.Action,
    slot: bpy.types.ActionSlot,
) -> bool:
    """Whether the face depends on this strip before and after it, too.

    Where no strip acts, Blender shows a property's default, which for shape keys is 1 since 5.0:
    every shape at once. So the lowest of our tracks holds, unless it would cover other strips.
    """
    ours = [other for other in animation.nla_tracks if other.name.startswith(TRACK)]
    others = (
        paths_in(strip.action, strip.action_slot)
        for other in animation.nla_tracks
        for strip in other.strips
        if line_of(strip.action) is None
    )
    return track == ours[0] and paths_in(action, slot).isdisjoint(set().union(*others))


def _track_with_room(animation: bpy.types.AnimData, start: float, end: float) -> bpy.types.NlaTrack:
    for track in animation.nla_tracks:
        if track.name.startswith(TRACK) and all(
            strip.frame_end <= start or strip.frame_start >= end for strip in track.strips
        ):
            return track
    track = animation.nla_tracks.new()
    track.name = TRACK
    return track
