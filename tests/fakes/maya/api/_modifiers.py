"""MDGModifier: changes of the graph that can be undone and made again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from maya import _node_types
from maya._connect import connect, disconnect
from maya._errors import NotInTheFake
from maya._journal import Step
from maya._plugs import driver_of, name_of, put_value, settable_reason
from maya._scene import Node
from maya._world import world
from maya.api._objects import MObject
from maya.api._plugs import MPlug
from maya.cmds._nodes import refuse_if_locked, refuse_if_read_only


class MDGModifier:
    """Operations are collected; `doIt` does those that have not been done yet."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []
        self._done: list[Step] = []
        self._is_undone = False

    def do_later(self, deed: Callable[[], None]) -> MDGModifier:
        """Not in Maya."""
        self._waiting.append(deed)
        return self

    def do_now(self, deed: Callable[[], Any]) -> Any:
        """Not in Maya: done at once, and undone with the rest."""
        world.check_thread()
        with world.journal.unrecorded(), world.journal.record() as steps:
            result = deed()
        self._done += steps
        return result

    def remember(self, steps: list[Step]) -> None:
        """Not in Maya: done already, to be undone with the rest."""
        self._done += steps

    def doIt(self) -> MDGModifier:
        world.check_thread()
        if self._is_undone:
            with world.journal.unrecorded():
                world.journal.repeat(self._done)
            self._is_undone = False
        waiting, self._waiting = self._waiting, []
        for deed in waiting:
            self.do_now(deed)
        return self

    def undoIt(self) -> MDGModifier:
        world.check_thread()
        if not self._is_undone:
            with world.journal.unrecorded():
                world.journal.revert(self._done)
            self._is_undone = True
        return self

    def createNode(self, kind: str, /) -> MObject:
        if not isinstance(kind, str):
            raise NotInTheFake("a node by its type's number")
        if not _node_types.exists(kind) or _node_types.is_abstract(kind):
            raise TypeError(f"Unknown node type: {kind}")
        if "dagNode" in _node_types.lineage(kind):
            raise TypeError("a DAG node needs an MDagModifier")
        scene = world.scene
        with world.journal.unrecorded(), world.journal.record() as steps:
            node = scene.create(kind)
        world.journal.revert(steps)  # the handle is there at once, the node after doIt
        self.do_later(lambda: world.journal.put(scene.nodes, node.uuid, node))
        return MObject.of(node)

    def deleteNode(self, node: MObject, /) -> MDGModifier:
        def deed() -> None:
            refuse_if_read_only(node.node(), "delete")
            refuse_if_locked(node.node())
            world.scene.remove(node.node())

        return self.do_later(deed)

    def connect(self, source: MPlug, target: MPlug, /) -> MDGModifier:
        return self.do_later(lambda: connect(source.plug, target.plug))

    def disconnect(self, source: MPlug, target: MPlug, /) -> MDGModifier:
        return self.do_later(lambda: disconnect(source.plug, target.plug))

    def renameNode(self, node: MObject, name: str, /) -> MDGModifier:
        def deed() -> None:
            held: Node = _pending(node)
            refuse_if_read_only(held, "rename")
            refuse_if_locked(held)
            world.scene.rename(held, name)

        return self.do_later(deed)

    def newPlugValueDouble(self, plug: MPlug, value: float, /) -> MDGModifier:
        return self._set(plug, float(value))

    newPlugValueFloat = newPlugValueDouble

    def newPlugValueBool(self, plug: MPlug, value: bool, /) -> MDGModifier:
        return self._set(plug, bool(value))

    def newPlugValueInt(self, plug: MPlug, value: int, /) -> MDGModifier:
        return self._set(plug, int(value))

    newPlugValueShort = newPlugValueInt

    def newPlugValueString(self, plug: MPlug, value: str, /) -> MDGModifier:
        return self._set(plug, str(value))

    def _set(self, plug: MPlug, value: Any) -> MDGModifier:
        def deed() -> None:
            reason = settable_reason(world.scene, plug.plug)
            if reason:
                name = name_of(world.scene, plug.plug)
                raise RuntimeError(f"(kFailure): The attribute '{name}' {reason}")
            put_value(world.scene, plug.plug, value)
            if driver_of(world.scene, plug.plug) is not None:
                world.journal.put(plug.plug.node.pinned, plug.plug.path, world.time)

        return self.do_later(deed)

    def setNodeLockState(self, node: MObject, state: bool, /) -> MDGModifier:
        return self.do_later(lambda: world.journal.put(node.node(), "is_locked", bool(state)))

    def pythonCommandToExecute(self, call: Any, /) -> MDGModifier:
        raise NotInTheFake("pythonCommandToExecute")

    def commandToExecute(self, command: str, /) -> MDGModifier:
        raise NotInTheFake("commandToExecute")


def _pending(node: MObject) -> Node:
    if not isinstance(node.held, Node):
        raise RuntimeError("(kInvalidParameter): Object does not exist")
    return node.held
