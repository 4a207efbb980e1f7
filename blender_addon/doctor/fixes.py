"""What the Doctor can do about its findings: one function each, on a click only.

Each looks its data-blocks up anew and raises `BadInputError` if one is gone. Each may be applied
twice. Undo steps are the operators' business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import bpy

from ..library import BadInputError
from . import character_fixes, scene_fixes, stack_fixes
from .finding import Finding

Apply = Callable[[bpy.types.Context, Finding], None]


@dataclass(frozen=True)
class Fix:
    """`label` is on its button. `is_part_of_all` is false for what changes the artist's own work or
    the rig: that wants a click of its own."""

    label: str
    apply: Apply
    is_part_of_all: bool = True


FIXES: dict[str, Fix] = {
    # the stack of actions and strips
    "leave_tweak_mode": Fix("Leave Tweak Mode", stack_fixes.leave_tweak_mode),
    "use_nla": Fix("Switch NLA On", stack_fixes.use_nla),
    "end_solo": Fix("Play All Tracks", stack_fixes.end_solo),
    "unmute_track": Fix("Unmute Track", stack_fixes.unmute_track),
    "unmute_strip": Fix("Unmute Strip", stack_fixes.unmute_strip),
    "full_influence": Fix("Set Influence to 1", stack_fixes.full_influence),
    "full_action_influence": Fix("Set Influence to 1", stack_fixes.full_action_influence),
    "hold": Fix("Hold", stack_fixes.hold),
    "hold_nothing": Fix("Don't Hold", stack_fixes.hold_nothing),
    "push_down_below": Fix(
        "Put My Action Below the Line", stack_fixes.push_down_below, is_part_of_all=False
    ),
    "raise_strip": Fix("Put the Line on Top", stack_fixes.raise_strip, is_part_of_all=False),
    # a line's curves
    "assign_slot": Fix("Assign Slot", stack_fixes.assign_slot),
    "unmute_curves": Fix("Unmute Curves", stack_fixes.unmute_curves),
    "mute_modifiers": Fix("Mute Modifiers", stack_fixes.mute_modifiers),
    # shapes and meshes
    "unmute_shapes": Fix("Unmute Shapes", character_fixes.unmute_shapes),
    "widen_sliders": Fix("Widen Sliders", character_fixes.widen_sliders),
    "unlock_shapes": Fix("Unlock", character_fixes.unlock_shapes, is_part_of_all=False),
    "use_relative": Fix(
        "Make Shape Keys Relative", character_fixes.use_relative, is_part_of_all=False
    ),
    "mute_drivers": Fix("Mute Drivers", character_fixes.mute_drivers, is_part_of_all=False),
    "unpin_shape": Fix("Unpin", character_fixes.unpin_shape),
    "hide_modifiers": Fix(
        "Hide Modifier in Viewport", character_fixes.hide_modifiers, is_part_of_all=False
    ),
    "unhide": Fix("Show", character_fixes.unhide, is_part_of_all=False),
    "move_lines": Fix("Move Lines to This Mesh", character_fixes.move_lines),
    # the character
    "choose_character": Fix("Use This Face", character_fixes.choose_character),
    "choose_none": Fix("Choose None", character_fixes.choose_none),
    "override_character": Fix(
        "Make Library Override", character_fixes.override_character, is_part_of_all=False
    ),
    "override_instance": Fix(
        "Make Library Override", character_fixes.override_instance, is_part_of_all=False
    ),
    "override_meshes": Fix(
        "Override Mesh Data", character_fixes.override_meshes, is_part_of_all=False
    ),
    "own_mesh": Fix("Give It Its Own Mesh", character_fixes.own_mesh, is_part_of_all=False),
    # the head
    "restore_rotation_mode": Fix(
        "Set Rotation Mode Back", character_fixes.restore_rotation_mode, is_part_of_all=False
    ),
    "use_quaternion": Fix("Use Quaternion", character_fixes.use_quaternion, is_part_of_all=False),
    "use_pose": Fix("Use Pose Position", character_fixes.use_pose),
    "mute_constraints": Fix(
        "Mute Constraints", character_fixes.mute_constraints, is_part_of_all=False
    ),
    # the scene
    "widen_range": Fix("Extend the Scene's Range", scene_fixes.widen_range),
    "unmute_sound": Fix("Unmute", scene_fixes.unmute_sound),
    "play_audio": Fix("Play Sound", scene_fixes.play_audio),
    "sync_to_audio": Fix("Sync to Audio", scene_fixes.sync_to_audio),
}


def apply(context: bpy.types.Context, finding: Finding) -> None:
    """Fix what was found. Raises `BadInputError` if what it was found on is gone."""
    try:
        FIXES[finding.fix].apply(context, finding)
    except ReferenceError as error:
        raise BadInputError("The scene has changed since the check; check again.") from error
