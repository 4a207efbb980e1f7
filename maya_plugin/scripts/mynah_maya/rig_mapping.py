"""The mapping of a character: the artist's own, kept in the scene, or one that its names propose.

An own one lies as text on a network node, which is connected to the nodes of the face: it is saved
with the scene, whatever is renamed, and a referenced rig stays as it is.
"""

from __future__ import annotations

from typing import Any

from maya import cmds

from .character import Rig
from .context import maintained_selection, root_namespace, undo_chunk
from .library import BadInputError, Proposal, RigMapping, propose_character
from .plugs import plug_of
from .reference import path_of

MARK = "mynahMapping"
_NODES = "mynahNodes"
_STEP = "Mynah: Mapping"


def propose(rig: Rig) -> Proposal:
    """What the names of a rig mean."""
    return propose_character(rig.names)


def mapping_of(rig: Rig) -> RigMapping:
    """The artist's own mapping, else the proposed one. Raises `BadInputError` if the own one can't
    be read."""
    own = own_mapping(rig)
    return propose(rig).mapping if own is None else own


def own_mapping(rig: Rig) -> RigMapping | None:
    """None if the artist has none for this character. Raises `BadInputError` if it can't be
    read."""
    home = _home_of(rig)
    if not home:
        return None
    try:
        return RigMapping.from_text(str(cmds.getAttr(f"{home}.{MARK}") or ""))
    except BadInputError as error:
        raise BadInputError(
            f"The mapping that is kept in '{home}' can't be read: {error} Delete this node, or "
            "load another file."
        ) from error


def keep_mapping(rig: Rig, mapping: RigMapping | None) -> None:
    """Keep a mapping in the scene; None goes back to the proposal. One step for Undo."""
    home = _home_of(rig)
    with undo_chunk(_STEP), maintained_selection(), root_namespace():
        if mapping is None:
            if home:
                cmds.delete(home)
            return
        if not home:
            home = _make_home(rig)
        cmds.setAttr(f"{home}.{MARK}", mapping.to_text(), type="string")


def _make_home(rig: Rig) -> str:
    home: str = cmds.createNode("network", name="mynah_mapping", skipSelect=True)
    cmds.addAttr(home, longName=MARK, dataType="string")
    cmds.addAttr(home, longName=_NODES, attributeType="message", multi=True)
    for i, node in enumerate(_anchors(rig)):
        cmds.connectAttr(f"{node}.message", f"{home}.{_NODES}[{i}]")
    return home


def _home_of(rig: Rig) -> str:
    """The node with the mapping of a character that has one of these faces; empty if none has."""
    anchors = set(_anchors(rig))
    found: list[str] = cmds.ls(type="network")
    for node in found:
        if cmds.attributeQuery(MARK, node=node, exists=True):
            plug: Any = plug_of(f"{node}.{_NODES}")
            for i in plug.getExistingArrayAttributeIndices():
                place = plug.elementByLogicalIndex(i)
                if place.isDestination and path_of(place.source().node()) in anchors:
                    return node
    return ""


def _anchors(rig: Rig) -> list[str]:
    """By what a character is known again: its blendShape nodes, else its joints and controls, else
    what has its attributes."""
    blends = [blend.node for blend in rig.blend_shapes]
    nodes = blends or [*rig.bones.values()] or [*rig.properties.values()]
    found = (node.find() for node in nodes)
    return list(dict.fromkeys(node for node in found if node is not None))
