"""The mapping as it lives in the .blend: a text on the object that stands for the character."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from .overrides import reconnect_meshes

PROPERTY = "mynah_rig"


def attach() -> None:
    setattr(
        bpy.types.Object,
        PROPERTY,
        StringProperty(
            name="Rig Mapping",
            description="What on this character answers to a performance; empty: found by names",
            options={"HIDDEN"},
            override={"LIBRARY_OVERRIDABLE"},
        ),
    )
    bpy.app.handlers.load_post.append(reconnect_meshes)


def detach() -> None:
    bpy.app.handlers.load_post.remove(reconnect_meshes)
    delattr(bpy.types.Object, PROPERTY)
