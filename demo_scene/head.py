"""The demo head: every part in one mesh with the 52 ARKit shape keys."""

from __future__ import annotations

import bpy
import numpy as np

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from . import eyes, hair, mouth_parts, paint
from .anatomy import Anatomy
from .part import Face, Part
from .sculpt import Points
from .shapes import build_shapes
from .skin import build_skin

PIVOT = np.array([0.0, 14.0, -58.0])
"""Where the head turns on the neck, in mm of the sculpture: the object's origin."""
MM = 0.001


def build_head() -> bpy.types.Object:
    """The object "Head" in the current collection, at rest, with its 52 shape keys."""
    parts = build_parts()
    head = add_mesh("Head", parts, PIVOT)
    anatomy = Anatomy(parts)
    shapes = build_shapes(anatomy)
    rest = (anatomy.points - PIVOT) * MM
    head.shape_key_add(name="Basis", from_mix=False)
    for name in ARKIT_BLENDSHAPES:
        key = head.shape_key_add(name=name, from_mix=False)
        key.value = 0.0  # Blender 5 creates keys with the value 1
        key.data.foreach_set("co", (rest + shapes[name] * MM).astype(np.float32).ravel())
    return head


def build_parts() -> list[Part]:
    """All parts of the head in mm."""
    skin = build_skin()
    skin.colours = paint.skin_colours(skin)
    parts = [skin]
    for left in (
        eyes.build_eyeball(),
        eyes.build_lashes(),
        eyes.build_brow(),
        hair.build_ear(),
    ):
        parts += [left, left.mirrored(left.name.replace("left", "right"))]
    parts += [eyes.build_glint("left glint", 1.0), eyes.build_glint("right glint", -1.0)]
    parts += [mouth_parts.build_teeth(upper=True), mouth_parts.build_teeth(upper=False)]
    return [*parts, mouth_parts.build_tongue(), hair.build_hair(), hair.build_neck()]


def add_mesh(name: str, parts: list[Part], pivot: Points) -> bpy.types.Object:
    """An object with all `parts` in one smooth-shaded mesh; colours go to the attribute "Color"."""
    points = np.vstack([part.points for part in parts])
    faces: list[Face] = []
    start = 0
    for part in parts:
        faces += [tuple(start + i for i in f) for f in part.faces]
        start += len(part.points)
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(((points - pivot) * MM).tolist(), [], faces)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), dtype=bool))
    rgba = np.ones((len(points), 4), np.float32)
    rgba[:, :3] = np.clip(np.vstack([part.colours for part in parts]), 0.0, 1.0)
    colour = mesh.color_attributes.new("Color", "FLOAT_COLOR", "POINT")
    colour.data.foreach_set("color", rgba.ravel())
    mesh.update()
    head = bpy.data.objects.new(name, mesh)
    head.location = tuple(pivot * MM)
    bpy.context.collection.objects.link(head)
    return head
