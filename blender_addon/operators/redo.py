"""Redo Range: a part of a take made anew."""

# pyright: reportInvalidTypeForm=false

from __future__ import annotations

from dataclasses import replace

import bpy
from bpy.props import BoolProperty, IntProperty

from ..language.words import say_tip
from ..line_settings import settings_of
from ..order import Order, redo_range
from ..scene_reader import playback_range
from .generate import disabled_reason, perform
from .takes import next_seed, takes_here


class MYNAH_OT_redo_range(bpy.types.Operator):
    """Perform a range of the take on show anew; what is outside of it stays as it is.

    Without frames the preview range is meant, or the scene's if that is off; without a seed, one
    that no take has.
    """

    bl_idname = "mynah.redo_range"
    bl_label = "Redo Range…"
    bl_description = (
        "Perform the preview range anew; the take stays as it is outside, edits included"
    )
    bl_options = {"REGISTER"}

    first: IntProperty(
        name="First Frame",
        description="The scene frame from which on the take is made anew",
        options={"SKIP_SAVE"},
    )
    last: IntProperty(
        name="Last Frame",
        description="The scene frame up to which it is made anew",
        options={"SKIP_SAVE"},
    )
    seed: IntProperty(
        name="Seed",
        description="Another number gives another performance of the range",
        default=-1,
        min=-1,
        options={"SKIP_SAVE"},
    )
    keeps_keys: BoolProperty(
        name="Keep My Keys",
        description=(
            "Keep the keys in the range that you added or whose value or frame you changed, and "
            "lead the new performance through them"
        ),
        default=True,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = disabled_reason(context)
        if not reason and takes_here(context)[1] is None:
            reason = "The line has no take on this character yet; generate it first."
        if reason:
            cls.poll_message_set(say_tip(reason))
        return not reason

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self._fill(context)
        return context.window_manager.invoke_props_dialog(self, confirm_text="Redo")

    def draw(self, context: bpy.types.Context) -> None:
        names = ["first", "last", "seed", "keeps_keys"]
        if settings_of(context).is_transfer:  # which no seed changes
            names.remove("seed")
        self.layout.use_property_split = True
        for name in names:
            self.layout.prop(self, name)

    def execute(self, context: bpy.types.Context) -> set[str]:
        self._fill(context)

        def limited(order: Order, character: bpy.types.Object) -> Order:
            order = replace(order, line=replace(order.line, seed=self.seed))
            return redo_range(order, character, self.first, self.last, keeps_keys=self.keeps_keys)

        return perform(self, context, limited)

    def _fill(self, context: bpy.types.Context) -> None:
        """What was not given."""
        if self.first == self.last == 0:
            self.first, self.last = playback_range(context.scene)
        if self.seed < 0:
            self.seed = next_seed(takes_here(context)[0], settings_of(context).seed)
