"""The one big button, and what all buttons share that have a line performed."""

from __future__ import annotations

from collections.abc import Callable

import bpy

from ..baking.line import check_character
from ..library import BadInputError
from ..order import Order, collect
from ..preferences import chosen_connection
from ..scene_reader import character_of, find_strip
from ..session import session

Change = Callable[[Order, bpy.types.Object], Order]


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


def perform(
    operator: bpy.types.Operator,
    context: bpy.types.Context,
    change: Change = lambda order, _character: order,
) -> set[str]:
    """Have the line of the settings performed, as `change` wants it; in Blender without a window
    until its keys are there. A problem is reported with its sentence."""
    character = character_of(context)
    assert character is not None  # see `disabled_reason`
    try:
        check_character(character)
        session.start(change(collect(context, character), character), chosen_connection())
    except BadInputError as error:
        operator.report({"ERROR"}, str(error))
        return {"CANCELLED"}
    if not bpy.app.background:
        return {"FINISHED"}
    session.run_until_done()
    outcome = session.outcome
    if outcome is None or outcome.report is None:
        operator.report({"ERROR"}, outcome.message if outcome else "The line was cancelled.")
        return {"CANCELLED"}
    operator.report({"INFO"}, f"Keyed '{outcome.report.line}' in {outcome.seconds:.1f} s")
    return {"FINISHED"}


class MYNAH_OT_generate(bpy.types.Operator):
    """Make a character speak a line: the performance is generated and keyed on its shape keys.

    From a script, set `scene.mynah` first: `audio_source` ("FILE" or "STRIP"), `audio_path` and
    `start_frame` for a file, `character` (an object; the active one if None), `styles`,
    `style_strength`, `style_fade`, `gestures`, `quality` ("draft", "normal", "best"), `seed`, the
    amounts `lips`, `brows`, `blinks`, `gaze`, `head` and the switches `mute_lips` to `mute_head`.

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
        return perform(self, context)
