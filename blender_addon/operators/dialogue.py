"""The list of lines: add, remove, move, copy settings; make them, or stop that."""

# pyright: reportInvalidTypeForm=false

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, StringProperty

from ..dialogue.batch import Batch
from ..dialogue.board import State, board, key_of
from ..dialogue.copying import SAID, copy_settings
from ..language.words import say_report, say_tip
from ..library import BadInputError
from ..line_settings import active_line, find_settings, settings_of
from ..preferences import chosen_connection
from ..scene_reader import line_name, sequencer_scene
from ..session import CANCELLED, session

WHICH = (
    ("CHANGED", "What Is Missing", "Lines that are not made yet, have changed or failed"),
    ("ALL", "All", "All lines, also those that have not changed"),
    ("TICKED", "Ticked", "The ticked lines, also if they have not changed"),
    ("ACTIVE", "This Line", "The chosen line, also if it has not changed"),
    ("FAILED", "Failed", "The lines that failed the last time"),
)


def _has_line(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    if not context.scene.mynah_dialogue.lines:
        cls.poll_message_set(say_tip("The list has no line yet."))
        return False
    return True


def wanted_lines(scene: bpy.types.Scene, which: str) -> list[str]:
    """The identities of the lines that are meant, in the order of the list."""
    lines = list(scene.mynah_dialogue.lines)
    if which == "TICKED":
        lines = [line for line in lines if line.is_ticked]
    elif which == "ACTIVE":
        chosen = active_line(scene)
        lines = [chosen] if chosen is not None else []
    elif which == "FAILED":
        lines = [x for x in lines if board.get(key_of(scene, x.uid)).state is State.failed]
    return [line.uid for line in lines]


class MYNAH_OT_generate_lines(bpy.types.Operator):
    """Make the lines of the list: those that are missing, have changed or failed, or others.

    Without a window the call returns when all are done; that lines failed is raised with their
    sentences, and the others are made all the same. With a window it returns at once.
    """

    bl_idname = "mynah.generate_lines"
    bl_label = "Generate All"
    bl_description = (
        "Make all lines that are missing, have changed or failed. Shift: also those that have not "
        "changed. Takes that you edited are kept beside the new ones"
    )
    # no UNDO: the batch pushes its own step when it ends, which is later
    bl_options = {"REGISTER"}

    which: EnumProperty(name="Lines", description="Which lines to make", items=WHICH)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if session.activity:
            cls.poll_message_set(say_tip(f"{session.activity}; wait for it or cancel it."))
            return False
        return _has_line(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.which == "CHANGED" and event.shift:
            self.which = "ALL"
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        uids = wanted_lines(context.scene, self.which)
        if not uids:
            self.report({"ERROR"}, say_report("No line is meant: tick some, or choose others."))
            return {"CANCELLED"}
        forced = self.which in {"ALL", "TICKED", "ACTIVE"}
        batch = Batch(context.scene, sequencer_scene(context), uids, forced=forced)
        try:
            session.start_batch(batch, chosen_connection())
        except BadInputError as error:
            self.report({"ERROR"}, say_report(str(error)))
            return {"CANCELLED"}
        if not bpy.app.background:
            return {"FINISHED"}
        session.run_until_done()
        outcome = session.outcome
        assert outcome is not None
        if outcome.is_error:
            self.report({"ERROR"}, "\n".join(map(say_report, (outcome.message, *outcome.remarks))))
            return {"CANCELLED"}
        self.report({"INFO"}, say_report(outcome.message))
        return {"FINISHED"}


class MYNAH_OT_cancel_lines(bpy.types.Operator):
    """Stop making lines, or one of them; what is made stays."""

    bl_idname = "mynah.cancel_lines"
    bl_label = "Cancel Lines"
    bl_description = "Stop making lines; those that are made stay, as one step of the undo history"

    uid: StringProperty(
        name="Line",
        description="The identity of the line to stop; empty: all",
        options={"SKIP_SAVE", "HIDDEN"},
    )

    @classmethod
    def description(
        cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties
    ) -> str:
        return say_tip(
            "Leave this line out; the others go on" if properties.uid else cls.bl_description
        )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if not isinstance(session.batch, Batch):
            cls.poll_message_set(say_tip("No lines are being generated."))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        assert isinstance(session.batch, Batch)
        if self.uid:
            session.batch.cancel_line(self.uid)
        else:
            session.batch.cancel(CANCELLED, has_step=True)
        return {"FINISHED"}


class MYNAH_OT_add_line(bpy.types.Operator):
    """Add a line to the list, with the settings of the one that is shown."""

    bl_idname = "mynah.add_line"
    bl_label = "Add Line"
    bl_description = "Add a line to the list, with the styles and amounts of the one that is shown"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene, dialogue = context.scene, context.scene.mynah_dialogue
        model, name = settings_of(context), line_name(context)
        uid, speaker, character = model.uid, model.speaker, model.character
        line = dialogue.add_line("Line" if uid else name, speaker)
        model = find_settings(scene, uid)  # adding may have moved it in memory
        assert model is not None
        copy_settings(model, [line])
        line.character = character
        if not uid:  # the scene's own line becomes the first one of the list
            for field in SAID:
                setattr(line, field, getattr(model, field))
        dialogue.active = len(dialogue.lines) - 1
        return {"FINISHED"}


class MYNAH_OT_remove_line(bpy.types.Operator):
    """Remove the chosen line from the list; its takes stay on the character."""

    bl_idname = "mynah.remove_line"
    bl_label = "Remove Line"
    bl_description = "Remove the chosen line, or the ticked ones, from the list; their takes stay"
    bl_options = {"REGISTER", "UNDO"}
    poll = classmethod(_has_line)

    which: EnumProperty(
        name="Lines",
        description="Which lines to remove",
        items=(
            ("ACTIVE", "This Line", "The chosen line"),
            ("TICKED", "Ticked", "All ticked lines"),
            ("ALL", "All", "All lines"),
        ),
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        dialogue, wanted = context.scene.mynah_dialogue, wanted_lines(context.scene, self.which)
        for place in reversed(range(len(dialogue.lines))):
            if dialogue.lines[place].uid in wanted:
                dialogue.lines.remove(place)
        dialogue.active = max(0, min(dialogue.active, len(dialogue.lines) - 1))
        return {"FINISHED"}


class MYNAH_OT_move_line(bpy.types.Operator):
    """Move the chosen line in the list."""

    bl_idname = "mynah.move_line"
    bl_label = "Move Line"
    bl_description = "Move the chosen line up or down in the list; the order changes nothing else"
    bl_options = {"REGISTER", "UNDO"}
    poll = classmethod(_has_line)

    direction: EnumProperty(
        name="Direction",
        description="Where to move it",
        items=(("UP", "Up", "One row up"), ("DOWN", "Down", "One row down")),
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        dialogue = context.scene.mynah_dialogue
        place = dialogue.active + (1 if self.direction == "DOWN" else -1)
        if 0 <= place < len(dialogue.lines):
            dialogue.lines.move(dialogue.active, place)
            dialogue.active = place
        return {"FINISHED"}


class MYNAH_OT_copy_line_settings(bpy.types.Operator):
    """Give other lines the styles, amounts, quality and keys of the chosen one."""

    bl_idname = "mynah.copy_line_settings"
    bl_label = "Copy Settings"
    bl_description = "Give other lines the styles, amounts, quality and keys of the chosen line"
    bl_options = {"REGISTER", "UNDO"}
    poll = classmethod(_has_line)

    to: EnumProperty(
        name="To",
        description="Which lines get the settings",
        items=(
            ("TICKED", "Ticked Lines", "All ticked lines"),
            ("SPEAKER", "Same Speaker", "All lines of the chosen line's speaker"),
            ("ALL", "All Lines", "All lines of the list"),
        ),
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        chosen = active_line(scene)
        assert chosen is not None  # see `poll`
        ticked = {line.uid for line in scene.mynah_dialogue.lines if line.is_ticked}
        targets = [
            line
            for line in scene.mynah_dialogue.lines
            if line.uid != chosen.uid
            and (self.to != "TICKED" or line.uid in ticked)
            and (self.to != "SPEAKER" or line.speaker == chosen.speaker)
        ]
        count = copy_settings(chosen, targets)
        self.report({"INFO"}, say_report(f"{count} lines have the settings of '{chosen.name}'"))
        return {"FINISHED"}
