"""Everything Blender must know of, in one ordered list."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from .baking.trial import trial
from .command import run_command
from .dialogue.board import board
from .dialogue.properties import MYNAH_PG_dialogue, MYNAH_PG_line, MYNAH_PG_speaker
from .dialogue.survey import survey
from .doctor import examination
from .file_work import file_work
from .language import words
from .operators import engine
from .operators.amounts import MYNAH_OT_apply_amounts, MYNAH_OT_reset_amounts
from .operators.cancel import MYNAH_OT_cancel
from .operators.dialogue import (
    MYNAH_OT_add_line,
    MYNAH_OT_cancel_lines,
    MYNAH_OT_copy_line_settings,
    MYNAH_OT_generate_lines,
    MYNAH_OT_move_line,
    MYNAH_OT_remove_line,
)
from .operators.doctor import MYNAH_OT_check, MYNAH_OT_fix, MYNAH_OT_fix_all
from .operators.engine import (
    MYNAH_OT_cancel_set_up,
    MYNAH_OT_open_set_up_log,
    MYNAH_OT_remove_engine,
    MYNAH_OT_set_up_engine,
)
from .operators.filling import (
    MYNAH_OT_export_sheet,
    MYNAH_OT_lines_from_folder,
    MYNAH_OT_lines_from_markers,
    MYNAH_OT_lines_from_sheet,
    MYNAH_OT_lines_from_strips,
)
from .operators.generate import MYNAH_OT_generate
from .operators.gestures import MYNAH_OT_pin_gesture, MYNAH_OT_remove_gesture
from .operators.redo import MYNAH_OT_redo_range
from .operators.remote import (
    MYNAH_OT_choose_daemon,
    MYNAH_OT_copy_key,
    MYNAH_OT_test_connection,
    MYNAH_OT_use_this_computer,
)
from .operators.rig import (
    MYNAH_OT_add_target,
    MYNAH_OT_automatic_mapping,
    MYNAH_OT_dry_run,
    MYNAH_OT_explain_target,
    MYNAH_OT_load_mapping,
    MYNAH_OT_mirror_mapping,
    MYNAH_OT_remove_channel,
    MYNAH_OT_save_mapping,
    MYNAH_OT_set_range,
    MYNAH_OT_set_weight,
    MYNAH_OT_test_pose,
)
from .operators.style_library import (
    MYNAH_OT_browse_styles,
    MYNAH_OT_delete_library_style,
    MYNAH_OT_save_style,
)
from .operators.styles import (
    MYNAH_OT_add_library_style,
    MYNAH_OT_add_rig_style,
    MYNAH_OT_add_style_file,
    MYNAH_OT_capture_style,
    MYNAH_OT_move_style,
    MYNAH_OT_remove_style,
)
from .operators.takes import MYNAH_OT_delete_take, MYNAH_OT_new_take, MYNAH_OT_show_take
from .overlay.handlers import handlers as overlay
from .panels.dialogue import (
    MYNAH_MT_lines,
    MYNAH_MT_lines_from,
    MYNAH_PT_cast,
    MYNAH_PT_dialogue,
    MYNAH_UL_lines,
    MYNAH_UL_speakers,
)
from .panels.doctor import MYNAH_PT_doctor
from .panels.line import MYNAH_PT_generate, MYNAH_PT_keys, MYNAH_PT_performance
from .panels.lists import MYNAH_UL_gestures, MYNAH_UL_styles
from .panels.rig import MYNAH_MT_rig, MYNAH_PT_rig, MYNAH_UL_targets
from .panels.styles import (
    MYNAH_MT_add_style,
    MYNAH_PT_gestures,
    MYNAH_PT_style,
    MYNAH_PT_style_advanced,
)
from .panels.take import MYNAH_PT_take
from .preferences import MYNAH_preferences
from .properties import MYNAH_PG_settings
from .rig_properties import MYNAH_PG_rig, MYNAH_PG_target, rig_rows
from .rigging import stored
from .session import session
from .style_catalog import catalog
from .style_properties import MYNAH_PG_gesture, MYNAH_PG_style
from .take_properties import MYNAH_PG_take

CLASSES = (
    MYNAH_preferences,
    MYNAH_PG_style,
    MYNAH_PG_gesture,
    MYNAH_PG_take,
    MYNAH_PG_settings,
    MYNAH_PG_target,
    MYNAH_PG_rig,
    MYNAH_PG_line,
    MYNAH_PG_speaker,
    MYNAH_PG_dialogue,
    MYNAH_OT_generate,
    MYNAH_OT_cancel,
    MYNAH_OT_set_up_engine,
    MYNAH_OT_cancel_set_up,
    MYNAH_OT_remove_engine,
    MYNAH_OT_open_set_up_log,
    MYNAH_OT_copy_key,
    MYNAH_OT_choose_daemon,
    MYNAH_OT_test_connection,
    MYNAH_OT_use_this_computer,
    MYNAH_OT_new_take,
    MYNAH_OT_show_take,
    MYNAH_OT_delete_take,
    MYNAH_OT_apply_amounts,
    MYNAH_OT_reset_amounts,
    MYNAH_OT_redo_range,
    MYNAH_OT_add_library_style,
    MYNAH_OT_add_style_file,
    MYNAH_OT_capture_style,
    MYNAH_OT_add_rig_style,
    MYNAH_OT_remove_style,
    MYNAH_OT_move_style,
    MYNAH_OT_browse_styles,
    MYNAH_OT_delete_library_style,
    MYNAH_OT_save_style,
    MYNAH_OT_pin_gesture,
    MYNAH_OT_remove_gesture,
    MYNAH_OT_generate_lines,
    MYNAH_OT_cancel_lines,
    MYNAH_OT_add_line,
    MYNAH_OT_remove_line,
    MYNAH_OT_move_line,
    MYNAH_OT_copy_line_settings,
    MYNAH_OT_lines_from_strips,
    MYNAH_OT_lines_from_markers,
    MYNAH_OT_lines_from_sheet,
    MYNAH_OT_lines_from_folder,
    MYNAH_OT_export_sheet,
    MYNAH_OT_add_target,
    MYNAH_OT_automatic_mapping,
    MYNAH_OT_dry_run,
    MYNAH_OT_explain_target,
    MYNAH_OT_load_mapping,
    MYNAH_OT_mirror_mapping,
    MYNAH_OT_remove_channel,
    MYNAH_OT_save_mapping,
    MYNAH_OT_set_range,
    MYNAH_OT_set_weight,
    MYNAH_OT_test_pose,
    MYNAH_OT_check,
    MYNAH_OT_fix,
    MYNAH_OT_fix_all,
    MYNAH_UL_styles,
    MYNAH_UL_gestures,
    MYNAH_UL_targets,
    MYNAH_MT_rig,
    MYNAH_UL_lines,
    MYNAH_UL_speakers,
    MYNAH_MT_add_style,
    MYNAH_MT_lines_from,
    MYNAH_MT_lines,
    MYNAH_PT_dialogue,
    MYNAH_PT_cast,
    MYNAH_PT_generate,
    MYNAH_PT_take,
    MYNAH_PT_style,
    MYNAH_PT_style_advanced,
    MYNAH_PT_gestures,
    MYNAH_PT_performance,
    MYNAH_PT_keys,
    MYNAH_PT_rig,
    MYNAH_PT_doctor,
)


_command: object = None
"""What Blender wants back when the command line's command goes."""


@persistent
def cancel_before_load(_path: str) -> None:
    """Another file is about to take this one's place: its objects and timers go, so do its jobs."""
    session.outcome = None
    session.cancel("Cancelled, because another file was opened.")
    trial.forget()
    rig_rows.forget()
    board.forget()
    survey.forget()


@persistent
def note_undo(_scene: bpy.types.Scene, *_rest: object) -> None:
    """What was made since the step to which this leads is gone, or is back."""
    if session.batch is not None:
        session.batch.is_undone = True
    survey.forget()


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.mynah = bpy.props.PointerProperty(type=MYNAH_PG_settings)
    bpy.types.Action.mynah_take = bpy.props.PointerProperty(type=MYNAH_PG_take)
    bpy.types.Scene.mynah_dialogue = bpy.props.PointerProperty(type=MYNAH_PG_dialogue)
    stored.attach()
    bpy.types.WindowManager.mynah_rig = bpy.props.PointerProperty(type=MYNAH_PG_rig)
    bpy.app.handlers.load_pre.append(cancel_before_load)
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        handlers.append(note_undo)
    examination.attach()
    overlay.attach()
    words.register(CLASSES)
    global _command
    _command = bpy.utils.register_cli_command("mynah", run_command)


def unregister() -> None:
    engine.close()
    words.unregister()
    overlay.detach()
    examination.detach()
    session.close()
    file_work.close()
    board.forget()
    catalog.forget()
    bpy.utils.unregister_cli_command(_command)
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        handlers.remove(note_undo)
    bpy.app.handlers.load_pre.remove(cancel_before_load)
    del bpy.types.Scene.mynah_dialogue
    del bpy.types.Action.mynah_take
    trial.release()
    rig_rows.forget()
    del bpy.types.WindowManager.mynah_rig
    stored.detach()
    del bpy.types.Scene.mynah
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
