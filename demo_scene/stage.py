"""What stands around the head: collar and shoulders, material, camera, lights, render settings."""

from __future__ import annotations

import bpy
import mathutils
import numpy as np

from .head import MM, PIVOT, add_mesh
from .part import Part, grid_faces

WOOL = np.array([0.035, 0.16, 0.20])
BACKDROP = (0.61, 0.66, 0.70)


def build_stage(scene: bpy.types.Scene, head: bpy.types.Object) -> None:
    """Sets `head` on its shoulders, before a camera, in a light that shows its lips."""
    bust = add_mesh("Bust", [_build_bust()], PIVOT)
    material = _vertex_colour_material()
    for thing in (head, bust):
        thing.data.materials.append(material)
    scene.camera = _add_camera()
    _add_light("Key", (-0.5, -1.0, 0.55), 14.0, 0.5)
    _add_light("Fill", (0.8, -0.8, 0.1), 6.0, 0.8)
    _add_light("Rim", (0.4, 0.9, 0.6), 10.0, 0.4)
    scene.world = bpy.data.worlds.new("Backdrop")
    scene.world.color = BACKDROP
    _render_settings(scene)


def _build_bust() -> Part:
    """A jumper with a turned-down collar."""
    columns = 64
    turn = np.arange(columns) * (2 * np.pi / columns)
    # (height, half width, half depth, depth of the middle): from inside the collar outwards.
    profile = (
        (-112, 45, 45, 20),
        (-103, 47, 47, 20),
        (-99, 51, 51, 20),
        (-101, 55.5, 55, 20),
        (-112, 58, 58, 20),
        (-126, 58, 58, 21),
        (-134, 56.5, 57, 22),
        (-137, 60, 60, 22),
        (-143, 82, 64, 24),
        (-153, 120, 68, 27),
        (-166, 152, 72, 30),
        (-186, 172, 76, 32),
        (-225, 182, 82, 34),
        (-300, 186, 88, 34),
    )
    rings = []
    for z, half_width, half_depth, middle in profile:
        ribs = 0.5 * np.cos(turn * 32) * (z > -136)
        x = (half_width + ribs) * np.cos(turn)
        y = middle + (half_depth + ribs) * np.sin(turn)
        z = z - 12.0
        droop = 10.0 * np.sin(turn) * np.clip((-138.0 - z) / 20.0, 0.0, 1.0)
        front = -5.0 * (np.sin(turn) < 0) * np.sin(turn) ** 2 * (z > -148)
        rings.append(np.stack([x, y, np.full(columns, float(z)) + droop + front], axis=1))
    shade = np.repeat([0.45, 0.6, 0.9, 1.0, 1.0, 0.95, 0.6, 0.7, *[1.0] * 6], columns)
    faces = grid_faces(len(profile), columns, closed=True)
    return Part("bust", np.vstack(rings), faces, WOOL * shade[:, None])


def _vertex_colour_material() -> bpy.types.Material:
    """Shows the painted colours in EEVEE and Cycles; Workbench shows them by itself."""
    material = bpy.data.materials.new("Painted")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    colour = nodes.new("ShaderNodeVertexColor")
    colour.layer_name = "Color"
    surface = nodes["Principled BSDF"]
    surface.inputs["Roughness"].default_value = 0.5
    links.new(colour.outputs["Color"], surface.inputs["Base Color"])
    return material


def _add_camera() -> bpy.types.Object:
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.lens = 85.0
    camera.location = (0.09, -0.69, -0.02)
    _aim(camera, (0.0, -0.01, -0.012))
    bpy.context.collection.objects.link(camera)
    return camera


def _add_light(name: str, place: tuple[float, float, float], watts: float, size: float) -> None:
    light = bpy.data.objects.new(name, bpy.data.lights.new(name, "AREA"))
    light.data.energy, light.data.size = watts, size
    light.location = place
    _aim(light, tuple(PIVOT * MM))
    bpy.context.collection.objects.link(light)


def _aim(thing: bpy.types.Object, target: tuple[float, ...]) -> None:
    towards = mathutils.Vector(target) - thing.location
    thing.rotation_euler = towards.to_track_quat("-Z", "Y").to_euler()


def _render_settings(scene: bpy.types.Scene) -> None:
    scene.render.engine = "BLENDER_WORKBENCH"  # EEVEE compiles shaders for a minute without a GPU
    scene.render.resolution_x = scene.render.resolution_y = 512
    scene.render.resolution_percentage = 100
    scene.view_settings.view_transform = "Standard"
    scene.display.render_aa = "8"
    shading = scene.display.shading
    shading.light = "STUDIO"
    shading.studio_light = "paint.sl"
    shading.color_type = "VERTEX"
    shading.show_cavity = True
    shading.cavity_type = "WORLD"
    shading.cavity_ridge_factor = 0.0
    shading.cavity_valley_factor = 0.9
