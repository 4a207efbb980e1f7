"""The engine's style library: browse it, store a style in it, delete one of the user's own."""

# pyright: reportInvalidTypeForm=false

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, StringProperty

from ..language.words import say, say_report, say_tip
from ..library import AddStyle, BadInputError, MynahError, clip_to_npz, read_tags
from ..line_settings import settings_of
from ..preferences import chosen_connection
from ..rig_reader import Passage, Pieces, read_passage
from ..scene_reader import effective_fps
from ..session import session
from ..style_catalog import NEUTRAL, catalog
from ..style_pictures import icons_of
from .styles import MYNAH_OT_add_library_style

_WIDTH = 900
_COLUMNS = 3
_MOST_SHOWN = 24
_PICTURE_SCALE = 2.4


class MYNAH_OT_browse_styles(bpy.types.Operator):
    """Show the style library to choose from.

    Without a window the call returns when `catalog.styles` are known.
    """

    bl_idname = "mynah.browse_styles"
    bl_label = "From the Library…"
    bl_description = "Choose styles from the engine's library, by picture, name or tag"
    bl_options = {"REGISTER", "INTERNAL"}

    search: StringProperty(
        name="Search",
        description="Words of the style's name, tags or description",
        options={"TEXTEDIT_UPDATE", "SKIP_SAVE"},
    )
    is_known: BoolProperty(
        name="Known",
        description="The library has been asked for already",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.is_known:
            return context.window_manager.invoke_popup(self, width=_WIDTH)
        window = context.window.as_pointer()
        catalog.refresh(chosen_connection(), lambda: _open_in(window))
        return {"FINISHED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        if bpy.app.background:
            catalog.refresh(chosen_connection())
            return _finish(self)
        return {"FINISHED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.prop(self, "search", text="", icon="VIEWZOOM", placeholder="Name or tag")
        found = [style for style in catalog.found(self.search) if style.name != NEUTRAL]
        if not found:
            what = "No style has these words." if self.search else "The library has no style yet."
            layout.label(text=what, icon="INFO")
        grid = layout.grid_flow(columns=_COLUMNS, even_columns=True, row_major=True)
        for style in found[:_MOST_SHOWN]:
            box = grid.column().box()
            pictures = box.row(align=True)
            for icon in icons_of(style.name):
                pictures.template_icon(icon, scale=_PICTURE_SCALE)
            row = box.row(align=True)
            add = row.operator(
                MYNAH_OT_add_library_style.bl_idname, text=style.name, icon="ADD", translate=False
            )
            add.name = style.name
            if not style.shipped:
                remove = row.operator(
                    MYNAH_OT_delete_library_style.bl_idname, text="", icon="TRASH"
                )
                remove.name = style.name
            words = ", ".join(style.tags) or style.description
            box.label(text=f"{words} · {style.duration_s:.0f} s" if words else "", translate=False)
        for _ in range(len(found), _COLUMNS):
            grid.column()  # or the few would share the whole width
        if len(found) > _MOST_SHOWN:
            layout.label(text=say(f"… and {len(found) - _MOST_SHOWN} more: search for them."))


class MYNAH_OT_delete_library_style(bpy.types.Operator):
    """Delete a style of the user's from the library, for all files and programs."""

    bl_idname = "mynah.delete_library_style"
    bl_label = "Delete from the Library"
    bl_description = "Delete this style of yours from the library, for all files and programs"
    bl_options = {"REGISTER", "INTERNAL"}

    name: StringProperty(name="Name", description="The style's name")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=say(f"Delete '{self.name}' from the library?"),
            message="This can't be undone.",
            confirm_text="Delete",
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        catalog.remove(self.name, chosen_connection())
        return _finish(self)


class MYNAH_OT_save_style(bpy.types.Operator):
    """Store the chosen clip or performance in the style library."""

    bl_idname = "mynah.save_style"
    bl_label = "Save as Style…"
    bl_description = "Store the chosen clip or performance in the library, under a name and tags"
    bl_options = {"REGISTER"}

    name: StringProperty(name="Name", description="What the style is called from now on")
    tags: StringProperty(
        name="Tags", description="Words that find the style, with commas between: angry, loud"
    )
    description: StringProperty(name="Description", description="A sentence about the style")
    provenance: StringProperty(
        name="Provenance", description="Where the performance comes from: the actor, the take"
    )
    licence: StringProperty(name="Licence", description="Who may use it, and for what")
    replace: BoolProperty(
        name="Replace",
        description="If the library has a style of yours with this name, put this in its place",
        default=False,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        row = settings_of(context).chosen_style
        if row is None or row.kind == "LIBRARY":
            cls.poll_message_set(
                say_tip("Choose a clip file or the performance of a rig in the list.")
            )
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        row = settings_of(context).chosen_style
        assert row is not None  # see `poll`
        self.name = row.title
        return context.window_manager.invoke_props_dialog(self, width=400, confirm_text="Save")

    def execute(self, context: bpy.types.Context) -> set[str]:
        row = settings_of(context).chosen_style
        assert row is not None  # see `poll`
        tags = read_tags(self.tags)
        texts = (self.description, self.provenance, self.licence)
        try:
            if row.kind == "FILE":
                path = row.read_file()
                style = AddStyle(self.name, "", path.name, tags, *texts, replace=self.replace)
                catalog.add(style, path, chosen_connection())
            else:
                passage = row.to_passage(effective_fps(context.scene))
                style = AddStyle(
                    self.name, "", f"{passage.name}.npz", tags, *texts, replace=self.replace
                )
                session.run(_read_and_store(passage, style))
        except BadInputError as error:
            self.report({"ERROR"}, say_report(str(error)))
            return {"CANCELLED"}
        return _finish(self)


def _read_and_store(passage: Passage, style: AddStyle) -> Pieces[None]:
    try:
        clip = yield from read_passage(passage)
    except MynahError as error:
        session.tell(str(error), is_error=True)
        return
    catalog.add(style, clip_to_npz(clip), chosen_connection())


def _finish(operator: bpy.types.Operator) -> set[str]:
    """In Blender without a window, wait for the answer and report how it ended."""
    if not bpy.app.background:
        return {"FINISHED"}
    session.outcome = None
    session.run_until_done()
    if session.outcome is None or not session.outcome.is_error:
        return {"FINISHED"}
    operator.report({"ERROR"}, say_report(session.outcome.message))
    return {"CANCELLED"}


def _open_in(pointer: int) -> None:
    """Show the library in the window from which it was asked for, if that is still there."""
    for window in bpy.context.window_manager.windows:
        if window.as_pointer() == pointer:
            with bpy.context.temp_override(window=window):
                bpy.ops.mynah.browse_styles("INVOKE_DEFAULT", is_known=True)
