"""MPlug: values and connections, in internal units. What is set here is on no undo queue."""

from __future__ import annotations

import re
from typing import Any

from maya import _plugs
from maya._attributes import Spec
from maya._evaluate import evaluate
from maya._plugs import Plug, driver_of, name_of, put_value, settable_reason, source_of
from maya._world import world
from maya.api._objects import MObject, is_alive
from maya.api._values import MAngle, MIntArray, MPlugArray, MTime


class MPlug:
    """One attribute of one node."""

    kFreeToChange, kNotFreeToChange, kChildrenNotFreeToChange = 0, 1, 2

    def __init__(
        self, node: MObject | MPlug | None = None, attribute: MObject | None = None
    ) -> None:
        self._plug: Plug | None = None
        if isinstance(node, MPlug):
            self._plug = node._plug
        elif node is not None:
            held = attribute.held if attribute else None
            if not isinstance(held, Spec):
                raise TypeError("MPlug needs a node and an attribute")
            self._plug = Plug(node.node(), held, held.long)

    @classmethod
    def of(cls, plug: Plug | None) -> MPlug:
        """Not in Maya."""
        made = cls()
        made._plug = plug
        return made

    @property
    def plug(self) -> Plug:
        """Not in Maya: the plug, if its node is (still) there."""
        world.check_thread()
        if self._plug is None or not is_alive(self._plug.node):
            raise RuntimeError("(kInvalidParameter): Object does not exist")
        return self._plug

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MPlug) and self._plug == other._plug

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<MPlug {self._plug and f'{self._plug.node.name}.{self._plug.path}'}>"

    # what it is

    @property
    def isNull(self) -> bool:
        return self._plug is None

    def node(self) -> MObject:
        return MObject.of(self.plug.node)

    def attribute(self) -> MObject:
        return MObject.of(self.plug.spec)

    def name(self) -> str:
        return f"{self.plug.node.name}.{self.plug.path}"

    @property
    def info(self) -> str:
        return self.name()

    def partialName(
        self,
        includeNodeName: bool = False,
        includeNonMandatoryIndices: bool = False,
        includeInstancedIndices: bool = False,
        useAlias: bool = False,
        useFullAttributePath: bool = False,
        useLongNames: bool = False,
    ) -> str:
        alias = self.plug.alias if useAlias else None
        name = alias or _own_name(self.plug, useLongNames)
        return f"{self.plug.node.name}.{name}" if includeNodeName else name

    @property
    def isArray(self) -> bool:
        return self.plug.is_array

    @property
    def isElement(self) -> bool:
        return self.plug.index is not None

    @property
    def isCompound(self) -> bool:
        return self.plug.spec.is_compound

    @property
    def isChild(self) -> bool:
        return self.plug.spec.parent is not None

    @property
    def isKeyable(self) -> bool:
        return _plugs.state(self.plug, "keyable")

    @property
    def isDynamic(self) -> bool:
        return self.plug.spec.dynamic

    @property
    def isLocked(self) -> bool:
        return _plugs.is_locked(self.plug)

    def isFreeToChange(self, checkAncestors: bool = True, checkChildren: bool = True) -> int:
        """Not free: locked or fed by something. [unverified]: whether keys count, as here."""
        if _plugs.is_locked(self.plug) or driver_of(world.scene, self.plug) is not None:
            return self.kNotFreeToChange
        if checkChildren and any(settable_reason(world.scene, c) for c in self.plug.children):
            return self.kChildrenNotFreeToChange
        return self.kFreeToChange

    def logicalIndex(self) -> int:
        if self.plug.index is None:
            raise TypeError("the plug is no element of an array")
        return self.plug.index

    def numElements(self) -> int:
        return len(self._array().indices(world.scene))

    evaluateNumElements = numElements

    def getExistingArrayAttributeIndices(self) -> MIntArray:
        return MIntArray(self._array().indices(world.scene))

    def _array(self) -> Plug:
        if not self.plug.is_array:
            raise TypeError("the plug is no array")
        return self.plug

    def elementByLogicalIndex(self, index: int, /) -> MPlug:
        return MPlug.of(self._array().element(index))

    def elementByPhysicalIndex(self, index: int, /) -> MPlug:
        indices = self._array().indices(world.scene)
        if not 0 <= index < len(indices):
            raise IndexError("index out of bounds")
        return MPlug.of(self.plug.element(indices[index]))

    def numChildren(self) -> int:
        return len(self.plug.children)

    def child(self, which: int | MObject, /) -> MPlug:
        if isinstance(which, MObject):
            held = which.held
            if not isinstance(held, Spec) or held.long not in self.plug.spec.children:
                raise ValueError("the attribute is no child of the plug's")
            return MPlug.of(self.plug.child(held.long))
        return MPlug.of(self.plug.children[which])

    def parent(self) -> MPlug:
        if not self.isChild:
            raise TypeError("the plug is no child of a compound")
        return MPlug.of(Plug(self.plug.node, self.plug.spec, _without_index(self.plug)).parent)

    def array(self) -> MPlug:
        if not self.isElement:
            raise TypeError("the plug is no element of an array")
        return MPlug.of(self.plug.parent)

    # connections

    @property
    def isDestination(self) -> bool:
        return source_of(world.scene, self.plug) is not None

    @property
    def isSource(self) -> bool:
        return bool(self._fed())

    @property
    def isConnected(self) -> bool:
        return self.isDestination or self.isSource

    def source(self) -> MPlug:
        found = source_of(world.scene, self.plug)
        while found is not None and found.node.type == "unitConversion":
            behind = _plugs.find_plug(found.node, "input")
            found = source_of(world.scene, behind) if behind else None
        return MPlug.of(found)

    def sourceWithConversion(self) -> MPlug:
        return MPlug.of(source_of(world.scene, self.plug))

    def _fed(self) -> list[Plug]:
        scene = world.scene
        found = [
            _plugs.find_plug(scene.nodes[uuid], path)
            for uuid, path, own in scene.outputs(self.plug.node)
            if own == self.plug.path
        ]
        return [one for one in found if one is not None]

    def destinations(self) -> MPlugArray:
        return MPlugArray([MPlug.of(one) for one in self._fed()])

    def connectedTo(self, asDestination: bool, asSource: bool, /) -> MPlugArray:
        found = self._fed() if asSource else []
        source = source_of(world.scene, self.plug) if asDestination else None
        return MPlugArray([MPlug.of(one) for one in ([source] if source else []) + found])

    # values

    def _value(self) -> Any:
        if self.plug.is_array or self.plug.spec.is_compound:
            raise TypeError(f"{self.name()} holds no single value")
        return evaluate(world.scene, self.plug, world.time)

    def asDouble(self) -> float:
        return float(self._value())

    asFloat = asDouble

    def asInt(self) -> int:
        return int(self._value())

    asShort = asInt

    def asBool(self) -> bool:
        return bool(self._value())

    def asString(self) -> str:
        return str(self._value() or "")

    def asMAngle(self) -> MAngle:
        return MAngle(float(self._value()))

    def asMTime(self) -> MTime:
        return MTime.from_ticks(self._value())

    def _set(self, value: Any) -> MPlug:
        reason = settable_reason(world.scene, self.plug)
        if reason or not self.plug.spec.writable or self.plug.node.is_locked:
            name = name_of(world.scene, self.plug)
            raise RuntimeError(
                f"(kFailure): The attribute '{name}' {reason or 'cannot be written.'}"
            )
        with world.journal.unrecorded():
            put_value(world.scene, self.plug, value)
            if driver_of(world.scene, self.plug) is not None:
                world.journal.put(self.plug.node.pinned, self.plug.path, world.time)
        return self

    def setDouble(self, value: float, /) -> MPlug:
        return self._set(float(value))

    setFloat = setDouble

    def setInt(self, value: int, /) -> MPlug:
        return self._set(int(value))

    setShort = setInt

    def setBool(self, value: bool, /) -> MPlug:
        return self._set(bool(value))

    def setString(self, value: str, /) -> MPlug:
        return self._set(value)

    def setMAngle(self, value: MAngle, /) -> MPlug:
        return self._set(value.asRadians())

    def setMTime(self, value: MTime, /) -> MPlug:
        return self._set(value.ticks)


def _without_index(plug: Plug) -> str:
    return plug.path if plug.index is None else plug.path[: plug.path.rindex("[")]


def _own_name(plug: Plug, long: bool) -> str:
    """The path with its long or short names, never an alias."""
    if long:
        return plug.path
    return re.sub(r"[A-Za-z_]\w*", lambda found: plug.node.specs[found[0]].short, plug.path)
