"""Having lines made by a daemon on another computer. The choice holds for all programs of this
user, as that of `mynah connect`."""

# pyright: reportInvalidTypeForm=false

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..language.words import say_report, say_tip
from ..library import (
    Answered,
    Failed,
    LibraryQuestion,
    ListStyles,
    MynahError,
    choose_local,
    choose_remote,
    looked,
    own_key_text,
)
from ..session import session
from ..setup.remote import connection_test
from ..style_catalog import catalog


class _Choice(bpy.types.Operator):
    """What changes where lines are made; never while one is under way."""

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if session.activity:
            cls.poll_message_set(say_tip(f"{session.activity}; wait for it or cancel it."))
        return not session.activity

    def choose(self, change: Callable[[], object]) -> bool:
        """Whether the change was made; else it is told why not."""
        try:
            change()
        except MynahError as error:
            self.report({"ERROR"}, say_report(str(error)))
            return False
        looked.forget()
        connection_test.forget()
        catalog.forget()  # another daemon has other styles
        session.close()  # the next line connects anew, to where it is made now
        return True


class MYNAH_OT_copy_key(bpy.types.Operator):
    """Copy this computer's public key, made at the first time; the secret one stays here."""

    bl_idname = "mynah.copy_key"
    bl_label = "Copy My Key"
    bl_description = (
        "Copy your key to the clipboard, to send it to who looks after the daemon on the other "
        "computer. It is no secret. You get a connection file back"
    )
    bl_options = {"REGISTER", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            context.window_manager.clipboard = own_key_text()
        except MynahError as error:
            self.report({"ERROR"}, say_report(str(error)))
            return {"CANCELLED"}
        told = "Your key is on the clipboard; send it to who looks after the daemon"
        self.report({"INFO"}, say_report(told))
        return {"FINISHED"}


class MYNAH_OT_choose_daemon(_Choice):
    """Have lines made by the daemon that a connection file names.

    Without a window the call returns when the connection was tried.
    """

    bl_idname = "mynah.choose_daemon"
    bl_label = "Choose Connection File…"
    bl_description = (
        "Have lines made by a daemon on another computer, whose connection file you were sent"
    )
    bl_options = {"REGISTER", "INTERNAL"}

    filepath: StringProperty(
        name="Connection File", description="The file that you were sent", subtype="FILE_PATH"
    )
    filter_glob: StringProperty(
        name="Files",
        description="The files that can be chosen",
        default="*.json",
        options={"HIDDEN"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        return _try(self) if self.choose(lambda: choose_remote(path)) else {"CANCELLED"}


class MYNAH_OT_test_connection(bpy.types.Operator):
    """Ask the chosen daemon for a sign of life; Blender stays free meanwhile."""

    bl_idname = "mynah.test_connection"
    bl_label = "Test Connection"
    bl_description = "Ask the daemon on the other computer for a sign of life"
    bl_options = {"REGISTER", "INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if connection_test.is_running:
            cls.poll_message_set(say_tip("The connection is being tried."))
        return not connection_test.is_running

    def execute(self, context: bpy.types.Context) -> set[str]:
        return _try(self)


class MYNAH_OT_use_this_computer(_Choice):
    """Have lines made on this computer again."""

    bl_idname = "mynah.use_this_computer"
    bl_label = "Back to This Computer"
    bl_description = "Have lines made on this computer again"
    bl_options = {"REGISTER", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        return {"FINISHED"} if self.choose(choose_local) else {"CANCELLED"}


def start_test() -> None:
    """Try the connection by the way that lines take as well, and return at once.

    Raises `MynahError` if no other computer was chosen.
    """
    from ..preferences import chosen_connection  # which draws these operators

    def take(answer: Answered | Failed) -> None:
        connection_test.take(answer, session.models or ())

    connection_test.begin()
    session.ask(LibraryQuestion(ListStyles()), take, chosen_connection())


def _try(operator: bpy.types.Operator) -> set[str]:
    """Without a window until there is an answer."""
    try:
        start_test()
    except MynahError as error:
        operator.report({"ERROR"}, say_report(str(error)))
        return {"CANCELLED"}
    if bpy.app.background:
        session.run_until_done()
        told = say_report(connection_test.text)
        operator.report({"ERROR" if connection_test.is_error else "INFO"}, told)
        return {"CANCELLED" if connection_test.is_error else "FINISHED"}
    return {"FINISHED"}
