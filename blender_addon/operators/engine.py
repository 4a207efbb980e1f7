"""Setting up, updating and removing the engine."""

from __future__ import annotations

import bpy

from ..language.words import say_report, say_tip
from ..library import LOG_NAME, Order, __version__, looked
from ..session import session
from ..setup.job import set_up
from ..setup.places import ADDON, PACKAGES, engine_folder, engine_place

_OFFLINE = (
    "Blender is set to work offline: allow online access (Preferences › System › Network), or "
    "choose an engine package for machines without a network."
)


def _order(action: str) -> Order:
    addon = bpy.context.preferences.addons.get(ADDON)
    chosen = addon.preferences if addon else None
    place = engine_place()
    return Order(
        action=action,
        folder=str(place.folder),
        family=place.family,
        packages=str(PACKAGES),
        archive=bpy.path.abspath(chosen.engine_package) if chosen else "",
        version=__version__,
        device=chosen.device.lower() if chosen else "auto",
        with_videos=bool(chosen and chosen.with_videos),
        offline="" if bpy.app.online_access else _OFFLINE,
    )


def _run(operator: bpy.types.Operator, action: str) -> set[str]:
    """In Blender without a window until it is done."""
    set_up.start(_order(action), _use_the_new_one)
    if bpy.app.background:
        set_up.run_until_done()
    if set_up.ended is None:
        return {"FINISHED"}
    is_done = set_up.ended.ending == "done"
    operator.report({"INFO" if is_done else "ERROR"}, say_report(set_up.ended.text))
    return {"FINISHED" if is_done else "CANCELLED"}


def _use_the_new_one() -> None:
    if not session.is_busy:
        session.close()  # the next line connects anew


def _busy_reason() -> str:
    if set_up.is_busy:
        return "The engine is being set up; wait for it or cancel it."
    if session.activity:
        return f"{session.activity}; wait for it or cancel it."
    return ""


class MYNAH_OT_set_up_engine(bpy.types.Operator):
    """Install the engine into its own environment, never into Blender's Python. What was set up
    before stays until the new one works.

    Without a window the call returns when the engine is ready; a problem is raised as a
    RuntimeError with one sentence.
    """

    bl_idname = "mynah.set_up_engine"
    bl_label = "Set Up Engine"
    bl_description = (
        "Install Mynah's engine beside Blender: about 100 MB are fetched, "
        "with an NVIDIA GPU about 2 GB. Blender stays free meanwhile"
    )
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        reason = _busy_reason()
        if reason:
            cls.poll_message_set(say_tip(reason))
        return not reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        return _run(self, "set_up")


class MYNAH_OT_cancel_set_up(bpy.types.Operator):
    """Stop setting up the engine; nothing half-made is left."""

    bl_idname = "mynah.cancel_set_up"
    bl_label = "Cancel"
    bl_description = "Stop setting up the engine; nothing half-made is left"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if not set_up.is_busy:
            cls.poll_message_set(say_tip("The engine is not being set up."))
        return set_up.is_busy

    def execute(self, context: bpy.types.Context) -> set[str]:
        set_up.cancel()
        return {"FINISHED"}


class MYNAH_OT_remove_engine(bpy.types.Operator):
    """Delete the engine that was set up here; your scenes and styles stay."""

    bl_idname = "mynah.remove_engine"
    bl_label = "Remove Engine"
    bl_description = "Delete the engine that was set up here; your scenes and styles stay"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        reason = _busy_reason()
        if reason:
            cls.poll_message_set(say_tip(reason))
        return not reason

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        return _run(self, "remove")


class MYNAH_OT_open_set_up_log(bpy.types.Operator):
    """Show all that was said while the engine was set up."""

    bl_idname = "mynah.open_set_up_log"
    bl_label = "Open Log"
    bl_description = "Show all that was said while the engine was set up"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        is_there = (engine_folder() / LOG_NAME).is_file()
        if not is_there:
            cls.poll_message_set(say_tip("The engine was never set up here."))
        return is_there

    def execute(self, context: bpy.types.Context) -> set[str]:
        return bpy.ops.wm.path_open(filepath=str(engine_folder() / LOG_NAME))


def close() -> None:
    """The add-on goes."""
    set_up.close()
    looked.forget()
