"""Everything Blender must know of, in one ordered list."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from .operators.cancel import MYNAH_OT_cancel
from .operators.generate import MYNAH_OT_generate
from .panels import MYNAH_PT_generate, MYNAH_PT_performance
from .preferences import MYNAH_preferences
from .properties import MYNAH_PG_settings
from .session import session

CLASSES = (
    MYNAH_preferences,
    MYNAH_PG_settings,
    MYNAH_OT_generate,
    MYNAH_OT_cancel,
    MYNAH_PT_generate,
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
    bpy.app.handlers.load_pre.remove(cancel_before_load)
    del bpy.types.Scene.mynah
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
