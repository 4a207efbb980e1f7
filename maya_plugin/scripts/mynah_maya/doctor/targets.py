"""The character: whether there is a face, and what of it can't move or isn't seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from maya import cmds

from .. import plugs
from ..character import Rig, find_character, read_rig
from ..library import BadInputError, dry_run
from ..reference import Reference, short_name
from ..rig_mapping import mapping_of
from .finding import Finding, Fix, Severity, list_names

_HEADS = ("headPitch", "headYaw", "headRoll")


def check_chosen(names: Sequence[str]) -> Iterator[Finding]:
    """Who is named or selected: nobody, or something that has no face."""
    if not names and not _selected():
        return  # nobody asked for a character yet
    try:
        rig = read_rig(find_character(names))
        mapping = mapping_of(rig)
    except BadInputError as error:
        yield Finding(str(error), fix=_the_face())
        return
    if not dry_run(mapping, rig.names).driven:
        yield Finding(
            f"Nothing of '{rig.name}' has a name that Mynah knows, so no line can move it.",
            remedy="Choose the face, or map its parts by hand on the page Rig.",
            fix=_the_face(),
        )
        return
    yield from _check_rig(rig)
    moved = {channel for row in mapping.influences.values() for channel in row}
    if moved.isdisjoint(_HEADS):
        yield Finding(
            f"'{rig.name}' has no joint or control for the head, so its head stays still.",
            Severity.hint,
            "Choose its group or namespace, so that the joint 'head' belongs to it, or map one.",
        )


def _check_rig(rig: Rig) -> Iterator[Finding]:
    for blend in rig.blend_shapes:
        name = blend.node.find()
        if name is not None:
            yield from _check_blend_shape(name, blend.node)
    seen: dict[str, None] = {}
    for reference in rig.bones.values():
        node = reference.find()
        if node is not None:
            _note_locked(node, ("rotateX", "rotateY", "rotateZ"), seen)
    if seen:
        yield Finding(
            f"Locked, and so left alone: {list_names([_short(plug) for plug in seen])}.",
            Severity.hint,
            fix=Fix("Unlock", _unlock(list(seen)), asks=True),
        )


def check_remarks(names: Sequence[str]) -> Iterator[Finding]:
    """A blendShape node all of whose targets are locked or moved is no part of the rig, but may be
    why nothing moves."""
    try:
        rig = read_rig(find_character(names)) if names or _selected() else None
    except BadInputError:
        return
    if rig is None:
        return
    for remark in rig.remarks:
        if "in-between" in remark:
            yield Finding(remark, Severity.hint)
        elif "moved by a connection" in remark:
            yield Finding(remark, Severity.hint, "Map the controls that move them (page Rig).")


def _check_blend_shape(name: str, reference: Reference) -> Iterator[Finding]:
    if cmds.getAttr(f"{name}.envelope") <= 0:
        yield Finding(
            f"The envelope of '{name}' is 0, so its shapes don't show.",
            fix=Fix("Set It to 1", _set(reference, "envelope", 1.0)),
        )
    if cmds.getAttr(f"{name}.nodeState") != 0:
        yield Finding(
            f"'{name}' is set to have no effect (Node State), so its shapes don't show.",
            fix=Fix("Set It to Normal", _set(reference, "nodeState", 0)),
        )
    locked: dict[str, None] = {}
    aliases: Any = cmds.listAttr(f"{name}.weight", multi=True)
    _note_locked(name, [alias for alias in aliases or [] if "[" not in alias], locked)
    if locked:
        yield Finding(
            f"These targets of '{name}' are locked, so lines leave them alone: "
            f"{list_names([plug.rpartition('.')[2] for plug in locked])}.",
            Severity.hint,
            fix=Fix("Unlock", _unlock(list(locked)), asks=True),
        )
    shapes: Any = cmds.blendShape(name, query=True, geometry=True)
    for shape in shapes or []:
        hidden = _hidden(shape)
        if hidden:
            yield Finding(
                f"'{short_name(shape)}' is hidden by '{short_name(hidden)}', so nothing is seen.",
                Severity.hint,
                fix=Fix("Show It", _set(Reference.to(hidden), "visibility", True), asks=True),
            )


def _hidden(shape: str) -> str:
    """What hides a mesh: it or the nearest group above it that is not visible; else empty."""
    node: str = cmds.ls(shape, long=True)[0]
    while node:
        if not cmds.getAttr(f"{node}.visibility"):
            return node
        above = cmds.listRelatives(node, parent=True, fullPath=True)
        node = above[0] if above else ""
    return ""


def _note_locked(node: str, attributes: Sequence[str], into: dict[str, None]) -> None:
    for attribute in attributes:
        if plugs.plug_of(f"{node}.{attribute}").isLocked:
            into[f"{node}.{attribute}"] = None


def _selected() -> list[str]:
    nodes: list[str] = cmds.ls(selection=True, long=True, objectsOnly=True)
    return [node for node in nodes if cmds.nodeType(node) != "audio"]


def _the_face() -> Fix | None:
    """Choosing the only mesh of the scene that has shapes."""
    meshes: dict[str, None] = {}
    for blend in cmds.ls(type="blendShape"):
        for shape in cmds.blendShape(blend, query=True, geometry=True) or []:
            parent = cmds.listRelatives(shape, parent=True, fullPath=True)
            if parent:
                meshes[parent[0]] = None
    if len(meshes) != 1:
        return None
    face = Reference.to(next(iter(meshes)))

    def select() -> None:
        name = face.find()
        if name is not None:
            cmds.select(name, replace=True)

    return Fix(f"Select '{face.name}'", select)


def _set(node: Reference, attribute: str, value: float | bool) -> Callable[[], object]:
    """Raises `BadInputError` if it is locked or connected."""

    def deed() -> None:
        name = node.find()
        if name is None:
            return
        try:
            cmds.setAttr(f"{name}.{attribute}", value)
        except RuntimeError as error:
            raise BadInputError(
                f"'{name}.{attribute}' can't be set, as it is locked or something moves it; "
                "free it, or set what moves it."
            ) from error

    return deed


def _unlock(names: Sequence[str]) -> Callable[[], object]:
    """Raises `BadInputError` for attributes that a referenced file keeps locked."""
    kept = [(Reference.to(name.rpartition(".")[0]), name.rpartition(".")[2]) for name in names]

    def deed() -> None:
        for node, attribute in kept:
            name = node.find()
            if name is None:
                continue
            try:
                cmds.setAttr(f"{name}.{attribute}", lock=False)
            except RuntimeError as error:
                raise BadInputError(
                    f"'{name}.{attribute}' can't be unlocked here ({error}); unlock it in its own "
                    "file."
                ) from error

    return deed


def _short(plug: str) -> str:
    node, _, attribute = plug.rpartition(".")
    return f"{short_name(node)}.{attribute}"
