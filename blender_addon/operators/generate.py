"""The one big button, and what all buttons share that have a line performed."""

from __future__ import annotations

from collections.abc import Callable

import bpy

from ..baking.line import check_character
from ..language.words import say_report, say_tip
from ..library import BadInputError
from ..line_settings import settings_of
from ..order import Order, collect
from ..preferences import chosen_connection
from ..rigging.character import is_learnt
from ..scene_reader import character_of, find_strip
from ..session import session

Change = Callable[[Order, bpy.types.Object], Order]


def disabled_reason(context: bpy.types.Context) -> str:
    """Why a line can't be generated now, in a sentence; empty if it can."""
    settings = settings_of(context)
    if session.activity:
        return f"{session.activity}; wait for it or cancel it."
    if settings.audio_source == "FILE" and not settings.source_path:
        wanted = "a motion clip or a video" if settings.is_transfer else "an audio file"
        return f"Choose {wanted}."
    if settings.audio_source == "STRIP" and find_strip(context) is None:
        return (
            f"Select a {'movie strip' if settings.is_transfer else 'sound strip'} in the Sequencer."
        )
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
        if is_learnt(character):  # else that takes long, and is looked at while the line is read
            check_character(character)
        session.start(change(collect(context, character), character), chosen_connection())
    except BadInputError as error:
        operator.report({"ERROR"}, say_report(str(error)))
        return {"CANCELLED"}
    if not bpy.app.background:
        return {"FINISHED"}
    session.run_until_done()
    outcome = session.outcome
    if outcome is None or outcome.report is None:
        message = outcome.message if outcome else "The line was cancelled."
        operator.report({"ERROR"}, say_report(message))
        return {"CANCELLED"}
    operator.report(
        {"INFO"}, say_report(f"Keyed '{outcome.report.line}' in {outcome.seconds:.1f} s")
    )
    return {"FINISHED"}


class MYNAH_OT_generate(bpy.types.Operator):
    """Make a character speak a line: the performance is generated and keyed on its shape keys. Or
    transfer an actor's performance to it.

    From a script, set `scene.mynah` first: `source` ("VOICE" or "PERFORMANCE"), `audio_source`
    ("FILE" or "STRIP"), `audio_path` or `performance_path` and `start_frame` for a file,
    `character` (an object; the active one if None), `styles`, `style_strength`, `style_fade`,
    `gestures`, `quality` ("draft", "normal", "best"), `seed`, the amounts `lips`, `brows`,
    `blinks`, `gaze`, `head` and the switches `mute_lips` to `mute_head`.

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
    def description(
        cls, context: bpy.types.Context, _properties: bpy.types.OperatorProperties
    ) -> str:
        if settings_of(context).is_transfer:
            return say_tip(
                "Put the performance on the character, in the manner of the styles: face and head "
                "are keyed, ready to edit"
            )
        return say_tip(cls.bl_description)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = disabled_reason(context)
        if reason:
            cls.poll_message_set(say_tip(reason))
        return not reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        return perform(self, context)
