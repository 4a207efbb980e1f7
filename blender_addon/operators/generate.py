"""The one big button."""

from __future__ import annotations

import bpy

from ..baking.line import check_character
from ..library import BadInputError
from ..preferences import chosen_engine
from ..scene_reader import character_of, effective_fps, find_strip, read_sound
from ..session import connect_to, session


def disabled_reason(context: bpy.types.Context) -> str:
    """Why a line can't be generated now, in a sentence; empty if it can."""
    settings = context.scene.mynah
    if session.job is not None:
        return "A line is being generated; wait for it or cancel it."
    if settings.audio_source == "FILE" and not settings.audio_path:
        return "Choose an audio file."
    if settings.audio_source == "STRIP" and find_strip(context) is None:
        return "Select a sound strip in the Sequencer."
    if character_of(context) is None:
        return "Choose a character or select one."
    return ""


class MYNAH_OT_generate(bpy.types.Operator):
    """Make a character speak a line: the performance is generated and keyed on its shape keys.

    From a script, set `scene.mynah` first: `audio_source` ("FILE" or "STRIP"), `audio_path` and
    `start_frame` for a file, `character` (an object; the active one if None), `style`, `quality`
    ("draft", "normal", "best"), `seed` and the amounts `lips`, `brows`, `blinks`, `gaze`, `head`.

    Without a window the call returns {'FINISHED'} when the keys are there. With one it returns at
    once, and the keys come when the line is done. A problem is reported as an error, which Python
    raises as a RuntimeError with the sentence.
    """

    bl_idname = "mynah.generate"
    bl_label = "Generate Lip Sync"
    bl_description = "Make the character speak the line: face and head are keyed, ready to edit"
    # no UNDO: the bake pushes its own step when it happens, which is later
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = disabled_reason(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        character = character_of(context)
        assert character is not None  # see poll
        try:
            check_character(character)
            sound = read_sound(context)
            line = context.scene.mynah.to_line(sound, effective_fps(context.scene))
            session.start(
                line,
                sound.line,
                character,
                context.scene,
                sound.start_frame,
                connect_to(chosen_engine()),
            )
        except BadInputError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if bpy.app.background:
            session.run_until_done()
            return self._result()
        return {"FINISHED"}

    def _result(self) -> set[str]:
        outcome = session.outcome
        if outcome is None or outcome.report is None:
            self.report({"ERROR"}, outcome.message if outcome else "The line was cancelled.")
            return {"CANCELLED"}
        self.report({"INFO"}, f"Keyed '{outcome.report.line}' in {outcome.seconds:.1f} s")
        return {"FINISHED"}
