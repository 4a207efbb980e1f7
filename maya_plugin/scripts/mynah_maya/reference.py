"""A node, remembered while a line is made: it may be renamed, moved or deleted meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field

import maya.api.OpenMaya as om
from maya import cmds


@dataclass(frozen=True)
class Reference:
    """A node by its UUID. `name` is what sentences call it.

    A file that is referenced twice brings the same UUIDs twice, and a reference that is loaded
    again brings new nodes with the old UUIDs; so the node's handle is asked first.
    """

    uuid: str
    name: str
    handle: om.MObjectHandle = field(compare=False, repr=False)

    @classmethod
    def to(cls, node: str) -> Reference:
        """`node` is a name or path that means one node."""
        found = om.MSelectionList().add(node).getDependNode(0)
        function = om.MFnDependencyNode(found)
        return cls(function.uuid().asString(), function.name(), om.MObjectHandle(found))

    def find(self) -> str | None:
        """The node's present name or, in the hierarchy, its path; None if it is gone."""
        if self.handle.isValid():
            return path_of(self.handle.object())
        found: list[str] = cmds.ls(self.uuid, long=True)
        return found[0] if len(found) == 1 else None


def path_of(node: om.MObject) -> str:
    """A name that means this node only."""
    if node.hasFn(om.MFn.kDagNode):
        return om.MFnDagNode(node).fullPathName()
    return om.MFnDependencyNode(node).name()


def short_name(node: str) -> str:
    """A node's own name, without path and namespace."""
    return node.rpartition("|")[2].rpartition(":")[2]
