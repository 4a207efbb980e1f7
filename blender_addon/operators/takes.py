"""Takes of a line: another one, back and forth between them, delete one."""

# pyright: reportInvalidTypeForm=false

from __future__ import annotations

from dataclasses import replace

import bpy
from bpy.props import EnumProperty, StringProperty

from ..baking import takes
from ..baking.actions import seed_of
from ..language.words import say, say_report, say_tip
from ..line_settings import settings_of
from ..order import Order
from ..scene_reader import character_of, line_name
from .generate import disabled_reason, perform


def takes_here(
    context: bpy.types.Context,
) -> tuple[list[bpy.types.Action], bpy.types.Action | None]:
    """The takes of the chosen line on the chosen character, and the one on show."""
    character, line = character_of(context), line_name(context)
    if character is None or not line:
        return [], None
    owners = takes.owners_of(character)
    return takes.takes_of(owners, line), takes.on_show(owners, line)


class MYNAH_OT_new_take(bpy.types.Operator):
    """Perform the line once more with a seed that no take of it has; all earlier takes are kept."""

    bl_idname = "mynah.new_take"
    bl_label = "New Take"
    bl_description = "Perform the line with another seed; the takes there are stay"
    bl_options = {"REGISTER"}

    @classmethod
    def description(
        cls, context: bpy.types.Context, _properties: bpy.types.OperatorProperties
    ) -> str:
        if settings_of(context).is_transfer:
            return say_tip(
                "Transfer the performance with the styles as they are now; the takes there stay"
            )
        return say_tip(cls.bl_description)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = disabled_reason(context)
        if reason:
            cls.poll_message_set(say_tip(reason))
        return not reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        made, _shown = takes_here(context)

        def with_another_seed(order: Order, _character: bpy.types.Object) -> Order:
            return replace(order, line=replace(order.line, seed=next_seed(made, order.line.seed)))

        return perform(self, context, with_another_seed)


def _has_two(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    if len(takes_here(context)[0]) < 2:
        cls.poll_message_set(say_tip("The line has no other take yet; make one with New Take."))
        return False
    return True


def _has_one(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    if takes_here(context)[1] is None:
        cls.poll_message_set(say_tip("The line has no take on this character yet."))
        return False
    return True


class MYNAH_OT_show_take(bpy.types.Operator):
    """Perform another take of the line, with all that was edited in it."""

    bl_idname = "mynah.show_take"
    bl_label = "Show Take"
    bl_description = "Show the take before or after this one; nothing in either is lost"
    bl_options = {"REGISTER", "UNDO"}
    poll = classmethod(_has_two)

    direction: EnumProperty(
        name="Direction",
        description="Which take to show",
        items=(
            ("NEXT", "Next", "The take with the next seed"),
            ("PREVIOUS", "Previous", "The take with the seed before"),
        ),
    )
    take: StringProperty(
        name="Take", description="The name of the take's action; empty: the next or previous one"
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        made, shown = takes_here(context)
        character = character_of(context)
        assert character is not None
        assert shown is not None  # see `poll`
        wanted = next((take for take in made if take.name == self.take), None)
        if self.take and wanted is None:
            self.report(
                {"ERROR"}, say_report(f"The line has no take '{self.take}'; choose another.")
            )
            return {"CANCELLED"}
        if wanted is None:
            step = 1 if self.direction == "NEXT" else -1
            wanted = made[(made.index(shown) + step) % len(made)]
        takes.show(takes.owners_of(character), line_name(context), wanted)
        settings_of(context).seed = seed_of(wanted)
        return {"FINISHED"}


class MYNAH_OT_delete_take(bpy.types.Operator):
    """Delete the take on show; the next one is shown."""

    bl_idname = "mynah.delete_take"
    bl_label = "Delete Take"
    bl_description = "Delete the take on show with all that was edited in it, and show another"
    bl_options = {"REGISTER", "UNDO"}
    poll = classmethod(_has_one)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        _made, shown = takes_here(context)
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=say(f"Delete the take '{shown.name if shown else ''}'?"),
            message="What was edited in it goes with it.",
            confirm_text="Delete",
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        _made, shown = takes_here(context)
        character = character_of(context)
        assert character is not None
        assert shown is not None  # see `poll`
        name, line = shown.name, line_name(context)
        owners = takes.owners_of(character)
        takes.delete(owners, line, shown)
        now = takes.on_show(owners, line)
        if now is not None:
            settings_of(context).seed = seed_of(now)
        self.report({"INFO"}, say_report(f"Deleted '{name}'"))
        return {"FINISHED"}


def next_seed(made: list[bpy.types.Action], seed: int) -> int:
    """The first seed behind `seed` that no take has."""
    used = {seed_of(take) for take in made}
    return next(n for n in range(seed + 1, seed + len(used) + 2) if n not in used)
