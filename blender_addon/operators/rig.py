"""The mapping of a character: look at it, change it, try it, keep it as a file."""

# pyright: reportInvalidTypeForm=false

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ..baking.trial import trial
from ..library import (
    CHANNELS,
    BadInputError,
    Motion,
    RigMapping,
    matches_search,
    mirrored,
    named_target,
    report_sentences,
    with_range,
    with_target,
    with_weight,
    without_channel,
)
from ..rigging.character import mapping_of, store
from ..rigging.names import RigParts, read_parts
from ..rigging.view import read_view, report_of, unmapped
from ..scene_reader import character_of

_AXES = (
    ("left", "Left", "To the character's left; a turn about it opens the jaw"),
    ("up", "Up", "Upwards; a turn about it looks to the character's left"),
    ("front", "Front", "To where the character looks"),
    ("x", "X", "The bone's own x"),
    ("y", "Y", "The bone's own y, along it"),
    ("z", "Z", "The bone's own z"),
)
_ENDING = frozenset({"LEFTMOUSE", "RIGHTMOUSE", "ESC", "RET", "NUMPAD_ENTER", "SPACE"})
_NAVIGATION = frozenset(
    {"MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE", "TRACKPADPAN", "TRACKPADZOOM", "MOUSEROTATE"}
)


def _find_channels(_owner: object, _context: bpy.types.Context, text: str) -> Iterator[str]:
    return (name for name in CHANNELS if matches_search(name, text))


def _find_unmapped(_owner: object, context: bpy.types.Context, text: str) -> Iterator[str]:
    character = character_of(context)
    if character is None:
        return
    try:
        names = unmapped(character)
    except BadInputError:
        return
    yield from (name for name in names if matches_search(name, text))


def _target_name() -> StringProperty:
    return StringProperty(name="Target", description="Its name in the mapping")


def _channel() -> StringProperty:
    return StringProperty(
        name="Channel", description="What moves it: type to search", search=_find_channels
    )


def _weight() -> FloatProperty:
    return FloatProperty(
        name="Weight",
        description="How much of the channel moves the target; below 0, the other way",
        default=1.0,
        soft_min=-1.0,
        soft_max=1.0,
    )


Change = Callable[[RigMapping, RigParts], RigMapping]


class _RigOperator(bpy.types.Operator):
    """What all have in common: a character, and mistakes told in a sentence."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if character_of(context) is None:
            cls.poll_message_set("Choose a character or select one.")
            return False
        return True

    def change(self, context: bpy.types.Context, change: Change) -> set[str]:
        """Keep the mapping as `change` makes it of the one there is."""
        character = character_of(context)
        try:
            parts = read_parts(character)
            store(character, change(mapping_of(character, parts), parts))
        except BadInputError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class MYNAH_OT_set_weight(_RigOperator):
    """Drive a target by a channel: of one it has, the weight; another one is added."""

    bl_idname = "mynah.set_weight"
    bl_label = "Set Weight"
    bl_description = "How much of the channel moves the target"
    bl_options = {"REGISTER", "UNDO"}

    target: _target_name()
    channel: _channel()
    weight: _weight()

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.prop(self, "channel")
        self.layout.prop(self, "weight")

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self.change(
            context,
            lambda mapping, _parts: with_weight(mapping, self.target, self.channel, self.weight),
        )


class MYNAH_OT_remove_channel(_RigOperator):
    """Take a channel off a target; a target without any is left alone from then on."""

    bl_idname = "mynah.remove_channel"
    bl_label = "Remove Channel"
    bl_description = "This channel no longer moves the target; without any it is left alone"
    bl_options = {"REGISTER", "UNDO"}

    target: _target_name()
    channel: StringProperty(name="Channel", description="What shall no longer move it")

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self.change(
            context,
            lambda mapping, _parts: without_channel(mapping, self.target, self.channel),
        )


class MYNAH_OT_add_target(_RigOperator):
    """Map another shape, property or bone of the rig."""

    bl_idname = "mynah.add_target"
    bl_label = "Add Target"
    bl_description = "Let a channel move another shape, property or bone of the rig"
    bl_options = {"REGISTER", "UNDO"}

    name: StringProperty(
        name="Target",
        description="A shape, property or bone of the rig: type to search",
        search=_find_unmapped,
    )
    channel: _channel()
    weight: _weight()
    motion: EnumProperty(
        name="Motion",
        description="What a bone does",
        items=(
            ("turn", "Turn", "Turns about the axis, in degrees"),
            ("move", "Move", "Moves along the axis, in metres"),
            ("slide", "Slide", "Moves along the axis as a control on a board, in its own units"),
        ),
    )
    axis: EnumProperty(
        name="Axis",
        description="About or along what: the character's own axes at rest, or the bone's",
        items=_AXES,
    )
    full: FloatProperty(
        name="Full", description="Its value where what moves it is 1, in its unit", default=1.0
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "name")
        layout.prop(self, "channel")
        layout.prop(self, "weight")
        parts = read_parts(character_of(context))
        if self.name in parts.bones:
            layout.prop(self, "motion")
            layout.prop(self, "axis")
        if self.name in parts.bones or parts.find_property(self.name, "") is not None:
            layout.prop(self, "full")

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self.change(context, self._with_target)

    def _with_target(self, mapping: RigMapping, parts: RigParts) -> RigMapping:
        names = parts.names.to_rig_names()
        label, target = named_target(names, self.name, Motion(self.motion), self.axis, self.full)
        return with_target(mapping, label, target, self.channel, self.weight)


class MYNAH_OT_set_range(_RigOperator):
    """How far a bone or a property goes."""

    bl_idname = "mynah.set_range"
    bl_label = "Set Range"
    bl_description = "How far it goes: its values where nothing moves it, and where all of it does"
    bl_options = {"REGISTER", "UNDO"}

    target: _target_name()
    rest: FloatProperty(name="Rest", description="Its value where nothing moves it")
    full: FloatProperty(name="Full", description="Its value where what moves it is 1", default=1.0)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        character = character_of(context)
        try:
            target = mapping_of(character, read_parts(character)).target(self.target)
        except BadInputError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.rest, self.full = target.rest, target.full
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.prop(self, "rest")
        self.layout.prop(self, "full")

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self.change(
            context,
            lambda mapping, _parts: with_range(mapping, self.target, self.rest, self.full),
        )


class MYNAH_OT_mirror_mapping(_RigOperator):
    """Set one side up as the other."""

    bl_idname = "mynah.mirror_mapping"
    bl_label = "Mirror"
    bl_description = "Set up the targets of one side as those of the other are"
    bl_options = {"REGISTER", "UNDO"}

    direction: EnumProperty(
        name="Direction",
        description="Which side is taken over",
        items=(
            ("LEFT", "Left to Right", "The right side becomes as the left one is"),
            ("RIGHT", "Right to Left", "The left side becomes as the right one is"),
        ),
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        def mirror(mapping: RigMapping, parts: RigParts) -> RigMapping:
            names = {name for _mesh, own in parts.names.shapes for name in own}
            names |= {*parts.bones, *(name for _owner, name in parts.properties)}
            return mirrored(mapping, names, from_left=self.direction == "LEFT")

        return self.change(context, mirror)


class MYNAH_OT_automatic_mapping(_RigOperator):
    """Go back to what the names of the rig say."""

    bl_idname = "mynah.automatic_mapping"
    bl_label = "Automatic"
    bl_description = "Forget the mapping that is kept on the character: its names tell it anew"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            store(character_of(context), None)
        except BadInputError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class MYNAH_OT_save_mapping(_RigOperator, bpy.types.Operator, ExportHelper):
    """Write the mapping to a file that Blender and Maya read."""

    bl_idname = "mynah.save_mapping"
    bl_label = "Save Mapping"
    bl_description = "Write the mapping to a JSON file, which Maya reads, too"

    filename_ext = ".json"
    filter_glob: StringProperty(
        name="Filter", description="What files are shown", default="*.json", options={"HIDDEN"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        character = character_of(context)
        try:
            mapping_of(character, read_parts(character)).save(Path(self.filepath))
        except BadInputError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"The mapping is in {Path(self.filepath).name}")
        return {"FINISHED"}


class MYNAH_OT_load_mapping(_RigOperator, bpy.types.Operator, ImportHelper):
    """Take the mapping from a file."""

    bl_idname = "mynah.load_mapping"
    bl_label = "Load Mapping"
    bl_description = "Take the mapping from a JSON file; what the rig lacks of it is passed over"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: StringProperty(
        name="Filter", description="What files are shown", default="*.json", options={"HIDDEN"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self.change(context, lambda _old, _parts: RigMapping.load(Path(self.filepath)))


class MYNAH_OT_dry_run(_RigOperator):
    """Tell what a bake would do to the rig."""

    bl_idname = "mynah.dry_run"
    bl_label = "Dry Run"
    bl_description = (
        "Tell what a line would move on this rig, and what not, without keying anything"
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_popup(self, width=560)

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column()
        for sentence in _dry_sentences(context):
            for i, part in enumerate(_wrapped(sentence)):
                column.label(text=part, icon="BLANK1" if i else "DOT", translate=False)

    def execute(self, context: bpy.types.Context) -> set[str]:
        self.report({"INFO"}, " ".join(_dry_sentences(context)))
        return {"FINISHED"}


class MYNAH_OT_explain_target(_RigOperator):
    """Say why a target is moved as it is."""

    bl_idname = "mynah.explain_target"
    bl_label = "Why"
    bl_description = "Why it is moved so"

    target: _target_name()
    reason: StringProperty(name="Reason", description="What it was recognised by")

    @classmethod
    def description(
        cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties
    ) -> str:
        return properties.reason.rstrip(".")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        self.report({"INFO"}, f"{self.target}: {self.reason}")
        return {"FINISHED"}


class MYNAH_OT_test_pose(_RigOperator):
    """Show a target at its full value until the next click or key; nothing is keyed or kept.

    Without a window the first call shows it and the next one puts everything back.
    """

    bl_idname = "mynah.test_pose"
    bl_label = "Test Pose"
    bl_description = (
        "Show the target at its full value. The next click, or Esc, puts everything back; nothing "
        "is keyed"
    )
    # no UNDO: what it changes is put back

    target: _target_name()

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if self.execute(context) == {"CANCELLED"} or not trial.target:
            return {"CANCELLED"}
        context.workspace.status_text_set(f"{self.target}: click or press Esc to go back")
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not trial.target or (event.type in _ENDING and event.value == "PRESS"):
            self.cancel(context)
            return {"CANCELLED"}
        is_looking = event.type in _NAVIGATION or event.value == "NOTHING"
        return {"PASS_THROUGH"} if is_looking else {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        trial.release()
        if context.workspace is not None:
            context.workspace.status_text_set(None)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if trial.target:
            trial.release()
            return {"FINISHED"}
        try:
            trial.show(character_of(context), self.target)
        except BadInputError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def _dry_sentences(context: bpy.types.Context) -> list[str]:
    character = character_of(context)
    parts = read_parts(character)
    try:
        mapping = mapping_of(character, parts)
    except BadInputError as error:
        return [str(error)]
    return [*read_view(character).titles, *report_sentences(report_of(mapping, parts.names))]


def _wrapped(sentence: str, width: int = 86) -> Iterator[str]:
    line = ""
    for word in sentence.split(" "):
        if line and len(line) + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line
