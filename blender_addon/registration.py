"""Everything Blender must know of, in one ordered list."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from .operators.cancel import MYNAH_OT_cancel
from .operators.generate import MYNAH_OT_generate
from .operators.gestures import MYNAH_OT_pin_gesture, MYNAH_OT_remove_gesture
from .operators.redo import MYNAH_OT_redo_range
from .operators.style_library import (
    MYNAH_OT_browse_styles,
    MYNAH_OT_delete_library_style,
    MYNAH_OT_save_style,
)
from .operators.styles import (
    MYNAH_OT_add_library_style,
    MYNAH_OT_add_rig_style,
    MYNAH_OT_add_style_file,
    MYNAH_OT_move_style,
    MYNAH_OT_remove_style,
)
from .operators.takes import MYNAH_OT_delete_take, MYNAH_OT_new_take, MYNAH_OT_show_take
from .panels.line import MYNAH_PT_generate, MYNAH_PT_performance
from .panels.lists import MYNAH_UL_gestures, MYNAH_UL_styles
from .panels.styles import (
    MYNAH_MT_add_style,
    MYNAH_PT_gestures,
    MYNAH_PT_style,
    MYNAH_PT_style_advanced,
)
from .preferences import MYNAH_preferences
from .properties import MYNAH_PG_settings
from .session import session
from .style_catalog import catalog
from .style_properties import MYNAH_PG_gesture, MYNAH_PG_style

CLASSES = (
    MYNAH_preferences,
    MYNAH_PG_style,
    MYNAH_PG_gesture,
    MYNAH_PG_settings,
    MYNAH_OT_generate,
    MYNAH_OT_cancel,
    MYNAH_OT_new_take,
    MYNAH_OT_show_take,
    MYNAH_OT_delete_take,
    MYNAH_OT_redo_range,
    MYNAH_OT_add_library_style,
    MYNAH_OT_add_style_file,
    MYNAH_OT_add_rig_style,
    MYNAH_OT_remove_style,
    MYNAH_OT_move_style,
    MYNAH_OT_browse_styles,
    MYNAH_OT_delete_library_style,
    MYNAH_OT_save_style,
    MYNAH_OT_pin_gesture,
    MYNAH_OT_remove_gesture,
    MYNAH_UL_styles,
    MYNAH_UL_gestures,
    MYNAH_MT_add_style,
    MYNAH_PT_generate,
    MYNAH_PT_style,
    MYNAH_PT_style_advanced,
    MYNAH_PT_gestures,
    MYNAH_PT_performance,
)


@persistent
def cancel_before_load(_path: str) -> None:
    """Another file is about to take this one's place: its objects and timers go, so do its jobs."""
    session.outcome = None
    session.cancel("Cancelled, because another file was opened.")


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.mynah = bpy.props.PointerProperty(type=MYNAH_PG_settings)
    bpy.app.handlers.load_pre.append(cancel_before_load)


def unregister() -> None:
    session.close()
    catalog.forget()
    bpy.app.handlers.load_pre.remove(cancel_before_load)
    del bpy.types.Scene.mynah
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
