"""The button beside the progress bar."""

from __future__ import annotations

import bpy

from ..language.words import say_tip
from ..session import session


class MYNAH_OT_cancel(bpy.types.Operator):
    """Stop generating; what is on the character stays as it is."""

    bl_idname = "mynah.cancel"
    bl_label = "Cancel"
    bl_description = "Stop generating; what is on the character stays as it is"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if session.job is None:
            cls.poll_message_set(say_tip("No line is being generated."))
        return session.job is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        session.cancel()
        return {"FINISHED"}
