"""Handles on nodes: MObject and its kin. A deleted node's handle is refused, never followed."""

from __future__ import annotations

import uuid as uuids
from typing import Any

from maya._attributes import Spec
from maya._errors import NotInTheFake
from maya._lookup import plug_named, split
from maya._plugs import Plug, find_plug, spec_named
from maya._scene import Node
from maya._world import world

_INVALID = "(kInvalidParameter): Object does not exist"


class MFn:
    """Types, with the numbers of the API 2.0."""

    kInvalid, kDependencyNode, kAnimCurve = 0, 4, 7
    kAnimCurveTimeToAngular, kAnimCurveTimeToDistance, kAnimCurveTimeToTime = 8, 9, 10
    kAnimCurveTimeToUnitless, kAnimCurveUnitlessToAngular, kAnimCurveUnitlessToDistance = 11, 12, 13
    kAnimCurveUnitlessToTime, kAnimCurveUnitlessToUnitless = 14, 15
    kAudio, kDagNode, kTransform, kJoint, kMesh = 22, 107, 110, 121, 296
    kBlendShape, kSet, kReference, kAnimLayer = 336, 471, 756, 1021


_NUMBERS = {
    "node": MFn.kDependencyNode,
    "dagNode": MFn.kDagNode,
    "transform": MFn.kTransform,
    "joint": MFn.kJoint,
    "mesh": MFn.kMesh,
    "blendShape": MFn.kBlendShape,
    "objectSet": MFn.kSet,
    "reference": MFn.kReference,
    "animLayer": MFn.kAnimLayer,
    "audio": MFn.kAudio,
    "animCurve": MFn.kAnimCurve,
    "animCurveTA": 8,
    "animCurveTL": 9,
    "animCurveTT": 10,
    "animCurveTU": 11,
    "animCurveUA": 12,
    "animCurveUL": 13,
    "animCurveUT": 14,
    "animCurveUU": 15,
}
_TYPES = {name: value for name, value in vars(MFn).items() if name.startswith("k")}


class MObject:
    """A node, an attribute, or nothing."""

    kNullObj: MObject

    def __init__(self, source: MObject | None = None) -> None:
        self.held: Node | Spec | None = source.held if source else None

    @classmethod
    def of(cls, held: Node | Spec | None) -> MObject:
        """Not in Maya."""
        made = cls()
        made.held = held
        return made

    def node(self) -> Node:
        """Not in Maya: the node, if it is (still) there."""
        world.check_thread()
        if not isinstance(self.held, Node) or not is_alive(self.held):
            raise RuntimeError(_INVALID)
        return self.held

    def isNull(self) -> bool:
        return self.held is None

    def hasFn(self, kind: int, /) -> bool:
        if not isinstance(self.held, Node):
            return False
        return any(_NUMBERS.get(name) == kind for name in _lineage(self.held))

    def apiType(self) -> int:
        if not isinstance(self.held, Node):
            return MFn.kInvalid
        return next(_NUMBERS[name] for name in _lineage(self.held) if name in _NUMBERS)

    @property
    def apiTypeStr(self) -> str:
        number = self.apiType()
        return next(name for name, value in _TYPES.items() if value == number)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MObject) and self.held is other.held

    def __hash__(self) -> int:
        return id(self.held)


MObject.kNullObj = MObject()


def is_alive(node: Node) -> bool:
    return world.scene.nodes.get(node.uuid) is node


def _lineage(node: Node) -> tuple[str, ...]:
    from maya._node_types import lineage

    return lineage(node.type)


class MObjectHandle:
    """Tells whether a node is still there."""

    def __init__(self, source: MObject | None = None) -> None:
        self._object = MObject(source)

    def isValid(self) -> bool:
        return isinstance(self._object.held, Node) and is_alive(self._object.held)

    isAlive = isValid

    def object(self) -> MObject:
        return MObject(self._object)

    def hashCode(self) -> int:
        return hash(self._object)


class MUuid:
    """The identity of a node, which its name is not."""

    def __init__(self, source: str | MUuid = "") -> None:
        text = source.text if isinstance(source, MUuid) else source
        try:
            self.text = str(uuids.UUID(text)).upper() if text else ""
        except ValueError:
            raise ValueError(f"{text!r} is no UUID") from None

    def asString(self) -> str:
        return self.text

    def valid(self) -> bool:
        return bool(self.text)

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MUuid) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


class MSelectionList:
    """A list of nodes and plugs, by name or handle."""

    def __init__(self, source: MSelectionList | None = None) -> None:
        self._items: list[Node | Plug] = list(source._items) if source else []

    def add(self, item: Any, /, mergeWithExisting: bool = True) -> MSelectionList:
        from maya.api._plugs import MPlug

        world.check_thread()
        if isinstance(item, MPlug):
            found: list[Any] = [item.plug]
        elif isinstance(item, MObject | MDagPath):
            found = [item.node()]
        elif isinstance(item, MUuid):
            found = [world.scene.nodes[item.text]] if item.text in world.scene.nodes else []
        elif isinstance(item, str):
            found = self._named(item)
        else:
            raise TypeError(f"MSelectionList.add: {type(item).__name__}")
        if not found:
            raise RuntimeError(_INVALID)
        self._items += [one for one in found if not (mergeWithExisting and one in self._items)]
        return self

    def _named(self, text: str) -> list[Any]:
        if split(text)[1]:
            try:
                return [plug_named(text)]
            except ValueError:
                return []
        found = world.scene.find(text)
        if len(found) > 1 and "*" not in text:
            raise RuntimeError(f"(kInvalidParameter): Object is ambiguous: {text}")
        return list(found)

    def length(self) -> int:
        return len(self._items)

    def isEmpty(self) -> bool:
        return not self._items

    def clear(self) -> MSelectionList:
        self._items.clear()
        return self

    def _at(self, index: int) -> Node | Plug:
        if not 0 <= index < len(self._items):
            raise IndexError("index out of bounds")
        return self._items[index]

    def getDependNode(self, index: int, /) -> MObject:
        item = self._at(index)
        return MObject.of(item.node if isinstance(item, Plug) else item)

    def getPlug(self, index: int, /) -> Any:
        from maya.api._plugs import MPlug

        item = self._at(index)
        if not isinstance(item, Plug):
            raise TypeError("item is not a plug")
        return MPlug.of(item)

    def getDagPath(self, index: int, /) -> MDagPath:
        item = self._at(index)
        if not isinstance(item, Node) or not item.is_dag:
            raise TypeError("item is not a DAG path")
        return MDagPath.of(item)

    def getSelectionStrings(self, index: int | None = None, /) -> tuple[str, ...]:
        items = self._items if index is None else [self._at(index)]
        return tuple(
            f"{item.node.name}.{item.path}"
            if isinstance(item, Plug)
            else world.scene.short_name(item)
            for item in items
        )


class MDagPath:
    """The path of a DAG node; there are no instances here."""

    def __init__(self) -> None:
        self._object = MObject()

    @classmethod
    def of(cls, node: Node) -> MDagPath:
        """Not in Maya."""
        made = cls()
        made._object = MObject.of(node)
        return made

    def node(self) -> Any:
        return self._object.node()

    def isValid(self) -> bool:
        return MObjectHandle(self._object).isValid()

    def fullPathName(self) -> str:
        return world.scene.full_path(self.node())

    def partialPathName(self) -> str:
        return world.scene.short_name(self.node())


class MFnBase:
    """A function set: methods for what an MObject holds."""

    def __init__(self, source: MObject | None = None) -> None:
        self._object = MObject()
        if source is not None:
            self.setObject(source)

    def setObject(self, source: MObject) -> MFnBase:
        if not isinstance(source, MObject):
            raise TypeError(f"an MObject is needed, not {type(source).__name__}")
        source.node()
        self._object = MObject(source)
        return self

    def object(self) -> MObject:
        return MObject(self._object)

    def hasObj(self, source: MObject, /) -> bool:
        return isinstance(source.held, Node)

    @property
    def held(self) -> Node:
        """Not in Maya: the node."""
        return self._object.node()


class MFnDependencyNode(MFnBase):
    """A node's name, attributes and plugs."""

    def name(self) -> str:
        return self.held.name

    def uniqueName(self) -> str:
        return world.scene.short_name(self.held)

    def absoluteName(self) -> str:
        return f":{self.held.name}"

    @property
    def namespace(self) -> str:
        return self.held.namespace

    @property
    def typeName(self) -> str:
        return self.held.type

    def setName(self, name: str, /) -> str:
        from maya.cmds._nodes import refuse_if_locked, refuse_if_read_only

        refuse_if_read_only(self.held, "rename")
        refuse_if_locked(self.held)
        with world.journal.unrecorded():
            return world.scene.rename(self.held, name)

    def uuid(self) -> MUuid:
        return MUuid(self.held.uuid)

    @property
    def isLocked(self) -> bool:
        return self.held.is_locked

    @property
    def isFromReferencedFile(self) -> bool:
        return self.held.reference is not None

    @property
    def isDefaultNode(self) -> bool:
        return self.held.uuid in world.default_nodes

    def hasAttribute(self, name: str, /) -> bool:
        return name in self.held.aliases or spec_named(self.held, name) is not None

    def attribute(self, name: str, /) -> MObject:
        if not isinstance(name, str):
            raise NotInTheFake("an attribute by its index")
        return MObject.of(spec_named(self.held, name))

    def findAlias(self, alias: str, /) -> MObject:
        path = self.held.aliases.get(alias)
        plug = find_plug(self.held, path) if path else None
        return MObject.of(plug.spec if plug else None)

    def getAliasList(self) -> tuple[tuple[str, str], ...]:
        return tuple(self.held.aliases.items())

    def findPlug(self, attribute: str | MObject, wantNetworkedPlug: bool, /) -> Any:
        from maya.api._plugs import MPlug

        if isinstance(attribute, MObject):
            if not isinstance(attribute.held, Spec):
                raise RuntimeError(_INVALID)
            attribute = attribute.held.long
        plug = find_plug(self.held, attribute)
        if plug is None:
            raise RuntimeError(f"(kInvalidParameter): Cannot find plug: {attribute}")
        return MPlug.of(plug)

    def plugsAlias(self, plug: Any, /) -> str:
        return plug.plug.alias or ""


class MFnDagNode(MFnDependencyNode):
    """A node of the hierarchy."""

    def fullPathName(self) -> str:
        return world.scene.full_path(self.held)

    def childCount(self) -> int:
        return len(world.scene.children(self.held))

    def child(self, index: int, /) -> MObject:
        return MObject.of(world.scene.children(self.held)[index])

    def parent(self, index: int, /) -> MObject:
        above = self.held.parent
        return MObject.of(world.scene.nodes[above] if above and not index else None)
