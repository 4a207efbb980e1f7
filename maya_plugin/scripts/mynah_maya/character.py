"""Who performs: from a selection, a set or a namespace to the nodes of a face, by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from maya import cmds

from . import plugs
from .library import BadInputError, RigNames
from .reference import Reference, short_name

_FULL_ITEM = 6000
"""The item of a target's full shape; in-betweens are at 5000 + 1000 times their weight."""
_NUMBERS = ("double", "float", "doubleAngle", "doubleLinear", "long", "short")
_CONTROLS = ("nurbsCurve", "locator")


@dataclass(frozen=True)
class Character:
    """What was chosen, as nodes that may be renamed, and what sentences call it."""

    name: str
    roots: tuple[Reference, ...]


@dataclass(frozen=True)
class BlendShape:
    """A blendShape node: its targets that can be keyed, by their aliases."""

    node: Reference
    shapes: tuple[str, ...]


@dataclass(frozen=True)
class Rig:
    """What of a character can be keyed: shapes, joints and controls by their names without path and
    namespace, attributes by (owner, name). `remarks` are sentences about the rest."""

    name: str
    blend_shapes: tuple[BlendShape, ...]
    bones: dict[str, Reference]
    properties: dict[tuple[str, str], Reference]
    remarks: tuple[str, ...]

    @property
    def names(self) -> RigNames:
        """For a proposal of a mapping."""
        shapes = {blend.node.name: blend.shapes for blend in self.blend_shapes}
        return RigNames(shapes, tuple(self.bones), tuple(self.properties))


def find_character(names: Sequence[str] = ()) -> Character:
    """The character that `names` mean: nodes, sets, or namespaces; without names, the selection.

    A node of a referenced or imported character that has nothing to key itself, such as a control,
    stands for all of its namespace. Raises `BadInputError` with the remedy.
    """
    if names:
        nodes = [node for name in names for node in _nodes_of(name)]
        called = ", ".join(name.rstrip(":") for name in names)
    else:
        nodes = cmds.ls(selection=True, long=True, objectsOnly=True)
        nodes = [node for node in nodes if cmds.nodeType(node) != "audio"]
        if not nodes:
            raise BadInputError(
                "No character is chosen; select the mesh of a face, its group or a control, or "
                "name one."
            )
        called = short_name(nodes[0])
    character = Character(called, tuple(Reference.to(node) for node in dict.fromkeys(nodes)))
    if _has_face(character):
        return character
    space = _namespace_of(nodes[0])
    if space:
        return Character(space, tuple(Reference.to(node) for node in _nodes_of(f"{space}:")))
    return character


def read_rig(character: Character) -> Rig:
    """What of a character can be keyed now. Raises `BadInputError` if it was deleted or has
    nothing to key."""
    nodes = _all_nodes(character)
    if not nodes:
        raise BadInputError(
            f"'{character.name}' was deleted while the line was made; nothing was keyed."
        )
    rig = _rig_of(character.name, nodes, plugs.fault)
    if not (rig.blend_shapes or rig.bones or rig.properties):
        reason = " ".join(rig.remarks)
        raise BadInputError(
            f"'{character.name}' has nothing that can be keyed: no blend shape, joint, control or "
            f"attribute; choose the mesh of a face, its group or its namespace. {reason}".strip()
        )
    return rig


def readable_rig(character: Character) -> Rig:
    """What of a character tells of a performance: also what is locked, or moved by something else
    than keys. Raises `BadInputError` if it was deleted."""
    nodes = _all_nodes(character)
    if not nodes:
        raise BadInputError(f"The rig '{character.name}' was deleted; choose another.")
    return _rig_of(character.name, nodes, lambda _plug: "")


def _rig_of(name: str, nodes: Sequence[str], fault: Callable[[str], str]) -> Rig:
    """What these nodes have but for plugs that `fault` has a word against."""
    remarks: list[str] = []
    blends = [_read_blend_shape(node, remarks, fault) for node in _blend_shapes(nodes)]
    return Rig(
        name,
        tuple(blend for blend in blends if blend.shapes),
        _bones(nodes, fault),
        _properties(nodes, fault),
        tuple(remarks),
    )


# --- what was chosen -----------------------------------------------------------------------------


def _nodes_of(name: str) -> list[str]:
    space = name.strip(":")
    is_space = name.endswith(":") or not cmds.ls(name)
    if is_space and space and cmds.namespace(exists=f":{space}"):
        found: list[str] = cmds.ls(f"{space}:*", long=True, recursive=False)
        below = cmds.namespaceInfo(f":{space}", listOnlyNamespaces=True, recurse=True) or []
        for inner in below:
            found += cmds.ls(f"{inner.strip(':')}:*", long=True)
        if found:
            return found
        raise BadInputError(f"The namespace '{space}' is empty; name another.")
    nodes: list[str] = cmds.ls(name, long=True)
    if not nodes:
        raise BadInputError(
            f"There is no node, set or namespace '{name}' in this scene; correct the name."
        )
    if len(nodes) > 1 and "*" not in name:
        raise BadInputError(
            f"{len(nodes)} nodes are called '{name}'; name one by its path, as in '{nodes[0]}'."
        )
    return nodes


def _namespace_of(node: str) -> str:
    return node.rpartition("|")[2].rpartition(":")[0]


def _has_face(character: Character) -> bool:
    nodes = _all_nodes(character)
    return bool(_blend_shapes(nodes)) or any(cmds.nodeType(node) == "joint" for node in nodes)


def _all_nodes(character: Character) -> list[str]:
    """The roots, what is below them in the hierarchy, the members of sets, and the joints that the
    meshes are bound to."""
    found: dict[str, None] = {}
    waiting = [node for root in character.roots if (node := root.find()) is not None]
    while waiting:
        node = waiting.pop(0)
        if node in found:
            continue
        found[node] = None
        kinds: Any = cmds.nodeType(node, inherited=True)
        if "dagNode" in kinds:
            waiting += cmds.listRelatives(node, children=True, fullPath=True) or []
        elif "objectSet" in kinds:
            members: Any = cmds.sets(node, query=True)  # pyright: ignore[reportCallIssue]
            waiting += cmds.ls(members, long=True) if members else []
        if kinds[-1] == "mesh":
            waiting += _joints_of(node)
    return list(found)


def _joints_of(mesh: str) -> list[str]:
    joints: list[str] = []
    for deformer in cmds.listHistory(mesh, pruneDagObjects=True) or []:
        if cmds.nodeType(deformer) == "skinCluster":
            found = cmds.listConnections(
                f"{deformer}.matrix", source=True, destination=False, type="joint"
            )
            joints += cmds.ls(found or [], long=True) if found else []
    return joints


# --- blend shapes --------------------------------------------------------------------------------


def _blend_shapes(nodes: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for node in nodes:
        kind = cmds.nodeType(node)
        if kind == "blendShape":
            found[node] = None
        elif kind == "mesh" and not cmds.getAttr(f"{node}.intermediateObject"):
            own = cmds.ls(node, uuid=True)
            for deformer in cmds.listHistory(node, pruneDagObjects=True) or []:
                # the history also leads through live targets to what deforms those
                if cmds.nodeType(deformer) == "blendShape" and _deforms(deformer, own):
                    found[deformer] = None
    return list(found)


def _deforms(blend_shape: str, mesh_uuid: list[str]) -> bool:
    shapes = cmds.blendShape(blend_shape, query=True, geometry=True) or []
    return any(cmds.ls(shape, uuid=True) == mesh_uuid for shape in shapes)


def _read_blend_shape(node: str, remarks: list[str], fault: Callable[[str], str]) -> BlendShape:
    free: list[str] = []
    locked: list[str] = []
    driven: list[str] = []
    between: list[str] = []
    for alias in cmds.listAttr(f"{node}.weight", multi=True) or []:
        if "[" in alias or alias == "weight":
            continue  # a target that has no name means nothing to anybody
        why = fault(f"{node}.{alias}")
        if why:
            (locked if why == "locked" else driven).append(alias)
            continue
        free.append(alias)
        weights = _in_betweens(node, alias)
        if weights:
            between.append(f"{alias} at {' and '.join(f'{weight:g}' for weight in weights)}")
    for names, said in (
        (locked, "are locked and were left alone"),
        (driven, "are moved by a connection and were left alone"),
        (between, "have in-between targets, which show as the weight passes them"),
    ):
        if names:
            remarks.append(f"Of '{node}', these {said}: {', '.join(names)}.")
    if cmds.getAttr(f"{node}.envelope") <= 0:
        remarks.append(f"The envelope of '{node}' is 0, so its shapes won't show.")
    return BlendShape(Reference.to(node), tuple(free))


def _in_betweens(node: str, alias: str) -> list[float]:
    index = plugs.plug_of(f"{node}.{alias}").logicalIndex()
    items = cmds.getAttr(
        f"{node}.inputTarget[0].inputTargetGroup[{index}].inputTargetItem", multiIndices=True
    )
    return [(item - 5000) / 1000 for item in items or [] if item != _FULL_ITEM]


# --- joints, controls, attributes ----------------------------------------------------------------


def _bones(nodes: Iterable[str], fault: Callable[[str], str]) -> dict[str, Reference]:
    """Joints and controls by name; of two with one name the joint, then the first."""
    movable = [node for node in nodes if "transform" in cmds.nodeType(node, inherited=True)]
    joints = [node for node in movable if cmds.nodeType(node) == "joint"]
    controls = [node for node in movable if node not in joints and _is_control(node)]
    bones: dict[str, Reference] = {}
    for node in (*joints, *controls):
        if short_name(node) not in bones and _takes_keys(node, fault):
            bones[short_name(node)] = Reference.to(node)
    return bones


def _is_control(node: str) -> bool:
    shapes = cmds.listRelatives(node, shapes=True, fullPath=True) or []
    return any(cmds.nodeType(shape) in _CONTROLS for shape in shapes)


def _takes_keys(node: str, fault: Callable[[str], str]) -> bool:
    ways = ("rotate", "translate")
    return any(not fault(f"{node}.{way}{axis}") for way in ways for axis in "XYZ")


def _properties(
    nodes: Iterable[str], fault: Callable[[str], str]
) -> dict[tuple[str, str], Reference]:
    found: dict[tuple[str, str], Reference] = {}
    for node in nodes:
        for name in cmds.listAttr(node, userDefined=True, keyable=True, scalar=True) or []:
            plug = f"{node}.{name}"
            if cmds.getAttr(plug, type=True) in _NUMBERS and not fault(plug):
                found.setdefault((short_name(node), name), Reference.to(node))
    return found
