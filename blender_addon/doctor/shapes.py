"""Shape keys and meshes: what keeps a keyed shape from moving the face."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from ..baking import shape_keys
from ..baking.actions import line_of
from ..baking.placement import our_actions
from ..reference import Reference
from .finding import Finding, Severity, list_names
from .patient import Part, Patient

_CACHES = frozenset({"MESH_CACHE", "MESH_SEQUENCE_CACHE"})


def check_shapes(_context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    """Muted, narrow, locked and driven shapes, and keys of the absolute sort."""
    for mesh, part in zip(patient.meshes, patient.parts, strict=False):
        key = mesh.data.shape_keys
        keyed = _keyed_shapes(part)
        names = keyed or shape_keys.read_target(mesh).shapes
        blocks = [key.key_blocks[name] for name in names if name in key.key_blocks]
        owners = (Reference.to(key),)
        if not key.use_relative and blocks:
            yield Finding(
                f"'{mesh.name}' uses absolute shape keys, which the values of its shapes don't "
                "move.",
                fix="use_relative",
                owners=owners,
            )
        muted = tuple(block.name for block in blocks if block.mute)
        if muted:
            yield Finding(
                f"Muted on '{mesh.name}', so they don't show: {list_names(muted)}.",
                fix="unmute_shapes",
                owners=owners,
                names=muted,
            )
        narrow = tuple(b.name for b in blocks if b.slider_min > 0 or b.slider_max < 1)
        if narrow:
            yield Finding(
                f"The sliders of '{mesh.name}' are narrower than 0 to 1, so these shapes don't "
                f"move all the way: {list_names(narrow)}.",
                remedy="A line that was keyed meanwhile was cut to them: generate it again.",
                fix="widen_sliders",
                owners=owners,
                names=narrow,
            )
        locked = tuple(block.name for block in blocks if block.lock_shape)
        if locked:
            yield Finding(
                f"Locked on '{mesh.name}': {list_names(locked)}. Keys move them all the same; the "
                "lock only keeps their form from being edited.",
                Severity.hint,
                fix="unlock_shapes",
                owners=owners,
                names=locked,
            )
        yield from _check_drivers(mesh, keyed)


def check_meshes(context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    """Pinned shapes, modifiers that replace the mesh, and hidden meshes."""
    for mesh in patient.meshes:
        owners = (Reference.to(mesh),)
        if mesh.show_only_shape_key:
            shape = mesh.active_shape_key.name if mesh.active_shape_key else "one shape"
            yield Finding(
                f"'{mesh.name}' is pinned to '{shape}' (Solo Active Shape Key), so no other shape "
                "shows.",
                fix="unpin_shape",
                owners=owners,
            )
        caches = tuple(m.name for m in mesh.modifiers if m.type in _CACHES and _replaces(m))
        if caches:
            yield Finding(
                f"The modifier '{caches[0]}' puts a cached mesh in the place of '{mesh.name}', so "
                "none of its shapes shows.",
                fix="hide_modifiers",
                owners=owners,
                names=caches,
            )
        if context.scene in mesh.users_scene and not mesh.visible_get():
            yield from _check_hidden(mesh)


def check_moved_mesh(_context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    """Lines on the shape keys of a mesh that nobody uses any more, but was this character's."""
    everybody = (item for scene in bpy.data.scenes for item in scene.objects)
    used = {item.data.shape_keys for item in everybody if item.type == "MESH"}
    for mesh in patient.meshes:
        key = mesh.data.shape_keys
        if our_actions(key):
            continue
        for other in bpy.data.shape_keys:
            if other in used or not our_actions(other) or not _has_shapes_of(key, other):
                continue
            if _is_namesake(mesh.data, other.user):
                lines = list_names([str(line_of(action)) for action in our_actions(other)])
                yield Finding(
                    f"'{mesh.name}' has got another mesh since it was keyed: the line '{lines}' "
                    "moves the old one.",
                    fix="move_lines",
                    owners=(Reference.to(key), Reference.to(other)),
                )
                break


def _keyed_shapes(part: Part) -> tuple[str, ...]:
    """The shapes that lines move, in the order of their curves."""
    paths = [curve.data_path for play in part.plays for curve in play.curves]
    shapes = (shape_keys.shape_of(path) for path in paths)
    return tuple(dict.fromkeys(shape for shape in shapes if shape is not None))


def _check_drivers(mesh: bpy.types.Object, keyed: tuple[str, ...]) -> Iterator[Finding]:
    key = mesh.data.shape_keys
    drivers = _playing_drivers(key)
    driven = [name for name in drivers if name in keyed]
    if driven:
        yield Finding(
            f"Drivers on '{mesh.name}' win over the keys of: {list_names(driven)}.",
            remedy="Or key what the drivers read, such as the rig's controls.",
            fix="mute_drivers",
            owners=(Reference.to(key),),
            names=tuple(driven),
        )
    if len(driven) == len(drivers):
        return
    # most drivers are of corrective shapes, which no line would move
    left_alone = [name for name in shape_keys.read_target(mesh).driven if name not in driven]
    if left_alone:
        yield Finding(
            f"Drivers move shapes of '{mesh.name}', which lines leave alone: "
            f"{list_names(left_alone)}.",
            Severity.hint,
            "Key what the drivers read, or remove them and generate the line again.",
        )


def _playing_drivers(key: bpy.types.Key) -> list[str]:
    drivers = key.animation_data.drivers if key.animation_data else ()
    shapes = (shape_keys.shape_of(driver.data_path) for driver in drivers if not driver.mute)
    return [shape for shape in shapes if shape is not None]


def _replaces(modifier: bpy.types.Modifier) -> bool:
    if not modifier.show_viewport:
        return False
    if modifier.type == "MESH_SEQUENCE_CACHE":
        return "VERT" in modifier.read_data and modifier.cache_file is not None
    is_whole = modifier.factor >= 1.0 and not modifier.vertex_group
    return modifier.deform_mode == "OVERWRITE" and is_whole


def _check_hidden(mesh: bpy.types.Object) -> Iterator[Finding]:
    if mesh.hide_viewport or mesh.hide_get():
        yield Finding(
            f"'{mesh.name}' is hidden in the viewport.",
            Severity.hint,
            fix="unhide",
            owners=(Reference.to(mesh),),
        )
    else:
        yield Finding(
            f"'{mesh.name}' is not to be seen, because its collection is hidden or excluded.",
            Severity.hint,
            "Show the collection in the Outliner, or leave local view.",
        )


def _has_shapes_of(key: bpy.types.Key, other: bpy.types.Key) -> bool:
    names = {block.name for block in key.key_blocks}
    return all(block.name in names for block in other.key_blocks)


def _is_namesake(mesh: bpy.types.Mesh, other: bpy.types.ID) -> bool:
    return mesh.name.split(".")[0] == other.name.split(".")[0]
