"""The rows of the mapping as Blender's list wants them: on the window manager, never in a file."""

# pyright: reportInvalidTypeForm=false

from __future__ import annotations

import bpy
from bpy.props import CollectionProperty, IntProperty, StringProperty

from .library import BadInputError, View
from .reference import Reference
from .rigging.character import stored_text
from .rigging.members import armatures_of, meshes_of
from .rigging.view import read_view


class MYNAH_PG_target(bpy.types.PropertyGroup):
    """A target of the mapping."""

    name: StringProperty(name="Target", description="Its name in the mapping")
    by: StringProperty(name="Moved By", description="What moves it")
    what: StringProperty(name="What", description="What it is on the rig")
    kind: StringProperty(name="Kind", description="shape, bone or property")
    level: StringProperty(name="Confidence", description="How sure the match is")
    reason: StringProperty(name="Reason", description="Why it is moved so")


class MYNAH_PG_rig(bpy.types.PropertyGroup):
    """The list and the chosen row."""

    targets: CollectionProperty(
        name="Targets", description="What a performance moves on the rig", type=MYNAH_PG_target
    )
    active: IntProperty(name="Target", description="The chosen row of the targets")


class RigRows:
    """The rows for the character that the panel shows. A panel must not change anything while it is
    drawn, so the rows are made anew a moment later."""

    def __init__(self) -> None:
        self.view: View | None = None
        self._key: object = None
        self._wanted: Reference | None = None

    def view_for(self, character: bpy.types.Object) -> View | None:
        """The rows' view; None until it is worked out."""
        if _key_of(character) == self._key:
            return self.view
        self._wanted = Reference.to(character)
        if not bpy.app.background and not bpy.app.timers.is_registered(self._fill):
            bpy.app.timers.register(self._fill, first_interval=0.0)
        return None

    def fill(self, character: bpy.types.Object) -> View:
        self.view, self._key = read_view(character), _key_of(character)
        listed = bpy.context.window_manager.mynah_rig
        listed.targets.clear()
        for row in self.view.rows:
            item = listed.targets.add()
            item.name, item.by, item.what = row.name, row.by, row.what
            item.kind, item.level, item.reason = row.kind.value, row.level.value, row.reason
        listed.active = min(listed.active, max(0, len(listed.targets) - 1))
        return self.view

    def forget(self) -> None:
        self.view = self._key = self._wanted = None
        if bpy.app.timers.is_registered(self._fill):
            bpy.app.timers.unregister(self._fill)

    def _fill(self) -> None:
        wanted = self._wanted
        character = wanted.find_in(bpy.data.objects) if wanted is not None else None
        if character is not None:
            self.fill(character)
            for window in bpy.context.window_manager.windows:
                for area in window.screen.areas:
                    if area.type == "VIEW_3D":
                        area.tag_redraw()


rig_rows = RigRows()


def _key_of(character: bpy.types.Object) -> object:
    """What tells quickly whether a rig or its mapping has changed."""
    meshes = meshes_of(character)
    shapes = tuple(
        (mesh.session_uid, tuple(mesh.data.shape_keys.key_blocks.keys())) for mesh in meshes
    )
    armatures = tuple((a.session_uid, len(a.pose.bones)) for a in armatures_of(character, meshes))
    try:
        text = stored_text(character)
    except BadInputError:
        text = ""
    return (character.session_uid, text, shapes, armatures)
