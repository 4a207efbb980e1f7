"""The character itself: is it there, has it a face, may it be keyed?"""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from ..baking import shape_keys
from ..baking.line import check_character
from ..library import BadInputError
from ..reference import Reference
from ..scene_reader import character_of
from .finding import Finding, Severity, list_names
from .patient import Patient

_MOST_CANDIDATES = 30
"""A scene may have a thousand meshes with shape keys; their names are matched one by one."""


def check_chosen(context: bpy.types.Context) -> Iterator[Finding]:
    """What is chosen in the panel, or active in its place."""
    character = character_of(context)
    if character is None:
        yield Finding(
            "No character is chosen.",
            Severity.hint,
            "Choose the mesh with the face, or its parent, under Character.",
        )
        return
    if context.scene not in character.users_scene:
        yield from _check_gone(context, character)
    elif not shape_keys.meshes_of(character):
        yield from _check_wrong_object(context, character)


def check_links(_context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    """Linked shape keys would lose the animation on saving; a library override keeps it."""
    linked = [mesh for mesh in patient.meshes if not mesh.data.shape_keys.is_editable]
    if not linked:
        return
    if any(not mesh.is_editable for mesh in linked):
        yield Finding(
            f"'{patient.character.name}' is linked without a library override, so it can't be "
            "animated in this file.",
            fix="override_character",
            owners=(Reference.to(patient.character),),
        )
        return
    names = list_names([mesh.name for mesh in linked])
    yield Finding(
        f"The shape keys of {names} are still linked, though the character has an override: what "
        "is keyed on them is lost on saving.",
        fix="override_meshes",
        owners=tuple(Reference.to(mesh) for mesh in linked),
    )


def check_keyable(_context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    """Whether there is any shape that a line could move."""
    meshes = patient.meshes
    if not meshes or any(_is_obstacle_named(mesh) for mesh in meshes):
        return
    if any(part.plays for part in patient.parts if isinstance(part.owner, bpy.types.Key)):
        return  # there was one already
    try:
        check_character(patient.character)
    except BadInputError as error:
        yield Finding(str(error), remedy="Name its shapes as ARKit does: jawOpen, eyeBlinkLeft, …")


def check_shared_mesh(context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    """Another character with the same mesh data says the same, whatever is keyed on it."""
    own = {patient.character, *patient.character.children_recursive}
    for mesh in patient.meshes:
        twins = [
            other for other in context.scene.objects if other.data == mesh.data and other not in own
        ]
        if twins:
            yield Finding(
                f"'{mesh.name}' and '{twins[0].name}' share one mesh, so both speak every line of "
                "either.",
                Severity.hint,
                fix="own_mesh",
                owners=tuple(Reference.to(twin) for twin in twins),
            )


def _check_gone(context: bpy.types.Context, character: bpy.types.Object) -> Iterator[Finding]:
    if character.users_scene:
        yield Finding(
            f"The chosen character '{character.name}' is in another scene than '"
            f"{context.scene.name}'.",
            Severity.hint,
            "Choose one of this scene's under Character, or switch to the other scene.",
        )
        return
    faces = _faces(context)
    if len(faces) == 1:
        yield Finding(
            f"The chosen character '{character.name}' was deleted; '{faces[0].name}' has a face.",
            fix="choose_character",
            owners=(Reference.to(faces[0]),),
        )
    else:
        yield Finding(
            f"The chosen character '{character.name}' was deleted; only Mynah's settings still "
            "hold it.",
            fix="choose_none",
        )


def _check_wrong_object(
    context: bpy.types.Context, character: bpy.types.Object
) -> Iterator[Finding]:
    collection = character.instance_collection
    if collection is not None and any(map(shape_keys.meshes_of, collection.all_objects)):
        is_linked = collection.library is not None
        yield Finding(
            f"'{character.name}' is an instance of the collection '{collection.name}', whose face "
            f"can't be animated {'without a library override' if is_linked else 'as it is'}.",
            remedy="" if is_linked else "Make the instance real (Object › Apply).",
            fix="override_instance" if is_linked else "",
            owners=(Reference.to(character),),
        )
        return
    try:
        check_character(character)
    except BadInputError as error:
        faces = _relatives(character) or _faces(context)
        if len(faces) == 1:
            yield Finding(
                f"'{character.name}' has no face, but '{faces[0].name}' has one.",
                fix="choose_character",
                owners=(Reference.to(faces[0]),),
            )
        else:
            candidates = list_names([face.name for face in faces])
            yield Finding(str(error), remedy=f"These have some: {candidates}." if faces else "")


def _relatives(character: bpy.types.Object) -> list[bpy.types.Object]:
    """Faces under the same parents or on the same armature, the nearest."""
    ancestor = character.parent
    while ancestor is not None:
        faces = [mesh for mesh in shape_keys.meshes_of(ancestor) if _is_face(mesh)]
        if faces:
            return faces
        ancestor = ancestor.parent
    return []


def _faces(context: bpy.types.Context) -> list[bpy.types.Object]:
    meshes = [o for o in context.scene.objects if o.type == "MESH" and o.data.shape_keys]
    return [mesh for mesh in meshes[:_MOST_CANDIDATES] if _is_face(mesh)]


def _is_face(mesh: bpy.types.Object) -> bool:
    return bool(shape_keys.read_target(mesh).shapes)


def _is_obstacle_named(mesh: bpy.types.Object) -> bool:
    """Whether another check has found what keeps a mesh from being keyed."""
    key = mesh.data.shape_keys
    in_tweak_mode = key.animation_data is not None and key.animation_data.use_tweak_mode
    return not key.is_editable or not key.use_relative or in_tweak_mode
