"""The amounts of a baked take: turned into keys, or given up."""

from __future__ import annotations

import bpy

from ..baking.amounts import apply, has_amounts, set_amounts
from ..language.words import say_report, say_tip
from ..scene_reader import character_of
from .takes import takes_here


def _has_amounts(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    _made, shown = takes_here(context)
    if shown is None or not has_amounts(shown):
        cls.poll_message_set(say_tip("All parts of the take move as baked."))
        return False
    return True


class MYNAH_OT_apply_amounts(bpy.types.Operator):
    """Turn the amounts of the take into keys."""

    bl_idname = "mynah.apply_amounts"
    bl_label = "Apply to Keys"
    bl_description = (
        "Turn the amounts of the take into keys, so that all its curves can be keyed by hand; what "
        "is seen stays the same"
    )
    bl_options = {"REGISTER", "UNDO"}
    poll = classmethod(_has_amounts)

    def execute(self, context: bpy.types.Context) -> set[str]:
        _made, shown = takes_here(context)
        assert shown is not None  # see `poll`
        apply(shown)
        shown.mynah_take.reset()
        self.report({"INFO"}, say_report(f"The amounts of '{shown.name}' are keys now"))
        return {"FINISHED"}


class MYNAH_OT_reset_amounts(bpy.types.Operator):
    """Let all parts of the take move as baked."""

    bl_idname = "mynah.reset_amounts"
    bl_label = "As Baked"
    bl_description = "Let all parts of the take move as baked"
    bl_options = {"REGISTER", "UNDO"}
    poll = classmethod(_has_amounts)

    def execute(self, context: bpy.types.Context) -> set[str]:
        _made, shown = takes_here(context)
        character = character_of(context)
        assert shown is not None  # see `poll`
        assert character is not None
        shown.mynah_take.reset()
        set_amounts(character, shown, {})
        return {"FINISHED"}
