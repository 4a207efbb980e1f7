"""The engine's state and the buttons to set it up, in the preferences and in the sidebar."""

from __future__ import annotations

import bpy

from ..language.words import say
from ..library import State, Status, looked, python_in
from ..operators.engine import (
    MYNAH_OT_cancel_set_up,
    MYNAH_OT_open_set_up_log,
    MYNAH_OT_remove_engine,
    MYNAH_OT_set_up_engine,
)
from ..operators.remote import (
    MYNAH_OT_choose_daemon,
    MYNAH_OT_copy_key,
    MYNAH_OT_test_connection,
    MYNAH_OT_use_this_computer,
)
from ..text_rows import draw_text
from .job import set_up
from .places import ADDON, engine_place
from .remote import connection_test

_ICONS = {
    State.READY: "CHECKMARK",
    State.MISSING: "INFO",
    State.BROKEN: "ERROR",
    State.MISNAMED: "ERROR",
    State.OUTDATED: "FILE_REFRESH",
    State.ELSEWHERE: "NETWORK_DRIVE",
}
_LABELS = {
    State.READY: "Set Up Again",
    State.MISSING: "Set Up Engine",
    State.BROKEN: "Set Up Again",
    State.MISNAMED: "Set Up Engine",
    State.OUTDATED: "Update Engine",
}
_OFFLINE = "Blender is set to work offline; setting up fetches packages from the internet."


def draw_preferences(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """All about the engine."""
    chosen = context.preferences.addons[ADDON].preferences
    status = _status(context)
    box = layout.box()
    draw_text(box, context, say(status.text) + ".", _ICONS[status.state])
    if status.state is not State.ELSEWHERE:
        _draw_engine(box, context, status)
    _draw_remote(layout.box(), context, status)
    column = layout.column()
    column.use_property_split = True
    column.enabled = not set_up.is_busy and status.state is not State.ELSEWHERE
    column.prop(chosen, "device")
    column.prop(chosen, "with_videos")
    column.prop(chosen, "engine_package")
    column.prop(chosen, "engine")


def _draw_engine(box: bpy.types.UILayout, context: bpy.types.Context, status: Status) -> None:
    """The engine of this computer and what can be done with it."""
    if status.environment is not None:
        stamp = status.environment.stamp
        row = box.column(align=True)
        row.active = False
        contents = f"{stamp.megabytes} MB, Python {stamp.python}"
        contents += ", " + say("with videos") if stamp.with_videos else ""
        place = f"{status.environment.path} ({contents})"
        row.label(text=place, icon="BLANK1", translate=False)
        if stamp.remark:
            row.label(text=say(stamp.remark), icon="BLANK1", translate=False)
    _draw_job(box, context, status)
    row = box.row()
    if not set_up.is_busy and status.environment is not None:
        row.operator(MYNAH_OT_remove_engine.bl_idname, icon="TRASH")
    row.operator(MYNAH_OT_open_set_up_log.bl_idname, icon="TEXT")


def _draw_remote(box: bpy.types.UILayout, context: bpy.types.Context, status: Status) -> None:
    """The daemon on another computer: two steps to it, one back."""
    box.label(text="Use a Daemon on Another Computer", icon="NETWORK_DRIVE")
    row = box.row(align=True)
    row.operator(MYNAH_OT_copy_key.bl_idname, text="1. Copy My Key", icon="COPYDOWN")
    row.operator(MYNAH_OT_choose_daemon.bl_idname, text="2. Choose Connection File…", icon="FILE")
    if not status.is_local:  # also if what was chosen can't be used: going back must be possible
        row = box.row(align=True)
        row.operator(MYNAH_OT_test_connection.bl_idname, icon="PLUGIN")
        row.operator(MYNAH_OT_use_this_computer.bl_idname, icon="LOOP_BACK")
    else:
        draw_text(
            box,
            context,
            "Send your key to who looks after the daemon there; you get the connection file back.",
            "BLANK1",
        )
    if connection_test.text:
        icon = "ERROR" if connection_test.is_error else "INFO"
        draw_text(box, context, connection_test.text, icon)


def draw_set_up(layout: bpy.types.UILayout, context: bpy.types.Context) -> bool:
    """The button and its progress, where an engine is wanting; tells if it is."""
    status = _status(context)
    if status.state is State.OUTDATED:
        _draw_job(layout, context, status)
        return False
    if status.state is State.ELSEWHERE:
        draw_text(layout, context, say(status.text) + ".", _ICONS[status.state])
        return False
    if status.state is State.READY:
        return False
    if status.state is not State.MISSING:
        draw_text(layout, context, say(status.text) + ".", "ERROR")
    if status.state is not State.MISNAMED:  # setting up would not help: the name goes first
        _draw_job(layout, context, status)
    return True


def _draw_job(layout: bpy.types.UILayout, context: bpy.types.Context, status: Status) -> None:
    """Its progress, or the button with how it ended last."""
    if set_up.told is not None:
        row = layout.row(align=True)
        row.scale_y = 1.6
        row.progress(factor=set_up.told.fraction, type="BAR", text=say(set_up.told.text))
        row.operator(MYNAH_OT_cancel_set_up.bl_idname, text="", icon="CANCEL")
        return
    has_failed = set_up.ended is not None and set_up.ended.ending == "error"
    row = layout.row()
    row.scale_y = 1.6
    label = _LABELS[status.state]
    if has_failed:
        label = "Retry"
    elif status.environment is None:
        label = _LABELS[State.MISSING]
    row.operator(MYNAH_OT_set_up_engine.bl_idname, text=label, icon="IMPORT")
    if status.state is not State.READY:
        _draw_offline(layout, context)
    if set_up.ended is not None and set_up.ended.ending != "done":
        draw_text(layout, context, set_up.ended.text, "ERROR" if has_failed else "INFO")
        if has_failed:
            layout.operator(MYNAH_OT_open_set_up_log.bl_idname, icon="TEXT")


def _draw_offline(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    addon = context.preferences.addons.get(ADDON)
    if bpy.app.online_access or (addon and addon.preferences.engine_package):
        return
    draw_text(layout, context, _OFFLINE, "INTERNET_OFFLINE")
    if not bpy.app.online_access_override:
        layout.prop(context.preferences.system, "use_online_access")


def _status(context: bpy.types.Context) -> Status:
    addon = context.preferences.addons.get(ADDON)
    own = python_in(bpy.path.abspath(addon.preferences.engine)) if addon else ""
    return looked.status(own, engine_place())
