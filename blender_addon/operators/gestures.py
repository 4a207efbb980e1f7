"""Gestures: a passage of a style's clip pinned to a moment of the line."""

# pyright: reportInvalidTypeForm=false

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, IntProperty

from ..language.words import say_report, say_tip
from ..library import BadInputError
from ..line_settings import settings_of
from ..rig_reader import check_passage
from ..scene_reader import effective_fps
from ..style_properties import PARTS


class MYNAH_OT_pin_gesture(bpy.types.Operator):
    """Pin a passage of the chosen style's clip to the current frame.

    Without frames the first second of the clip is meant.
    """

    bl_idname = "mynah.pin_gesture"
    bl_label = "Pin Gesture Here…"
    bl_description = "Have a passage of the chosen clip or performance play at the current frame"
    bl_options = {"REGISTER", "UNDO"}

    first: IntProperty(
        name="First Frame",
        description=(
            "The frame that the passage begins with: of the rig's animation, or of the file, whose "
            "first frame is 1, at the scene's rate"
        ),
        options={"SKIP_SAVE"},
    )
    last: IntProperty(
        name="Last Frame",
        description="The frame that the passage ends with",
        options={"SKIP_SAVE"},
    )
    region: EnumProperty(
        name="Part", description="The part of the face that makes the gesture", items=PARTS
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        row = settings_of(context).chosen_style
        if row is None or row.kind == "LIBRARY":
            cls.poll_message_set(
                say_tip("Choose a clip file or the performance of a rig in Style first.")
            )
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self._fill(context)
        return context.window_manager.invoke_props_dialog(self, confirm_text="Pin")

    def execute(self, context: bpy.types.Context) -> set[str]:
        self._fill(context)
        settings, style = settings_of(context), settings_of(context).chosen_style
        assert style is not None  # see `poll`
        fps = effective_fps(context.scene)
        row = settings.gestures.add()
        row.kind, row.path, row.rig = style.kind, style.path, style.rig
        row.extent, row.action = style.extent, style.action
        row.region, row.first, row.last = self.region, self.first, self.last
        row.at_frame = context.scene.frame_current
        try:
            row.to_use(row.at_frame, fps)  # whether it lies in the line is seen when that is made
            if row.kind == "RIG":
                check_passage(row.to_passage(fps))
        except BadInputError as error:
            settings.gestures.remove(len(settings.gestures) - 1)
            self.report({"ERROR"}, say_report(str(error)))
            return {"CANCELLED"}
        settings.active_gesture = len(settings.gestures) - 1
        return {"FINISHED"}

    def _fill(self, context: bpy.types.Context) -> None:
        if self.first == self.last == 0:
            style = settings_of(context).chosen_style
            assert style is not None  # see `poll`
            self.first = style.first if style.kind == "RIG" else 1
            self.last = self.first + round(effective_fps(context.scene))


class MYNAH_OT_remove_gesture(bpy.types.Operator):
    """Remove the chosen gesture from the line."""

    bl_idname = "mynah.remove_gesture"
    bl_label = "Remove Gesture"
    bl_description = "Remove the chosen gesture from the line; takes that have it keep it"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = settings_of(context)
        is_there = 0 <= settings.active_gesture < len(settings.gestures)
        if not is_there:
            cls.poll_message_set(say_tip("The line has no gesture."))
        return is_there

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = settings_of(context)
        settings.gestures.remove(settings.active_gesture)
        settings.active_gesture = max(0, min(settings.active_gesture, len(settings.gestures) - 1))
        return {"FINISHED"}
