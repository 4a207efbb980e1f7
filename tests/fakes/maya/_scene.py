"""Nodes, names, namespaces, the hierarchy."""

from __future__ import annotations

import re
import uuid as uuids
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from maya import _node_types as types
from maya._attributes import Spec
from maya._curves import Curve
from maya._journal import Journal
from maya._units import TICKS

_FEEDERS = ("animCurve", "animBlendNodeBase", "unitConversion", "geometryFilter")
_VALID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Node:
    """One node. Every field is replaced through the journal, never mutated beside it."""

    def __init__(self, uuid: str, kind: str, name: str, parent: str | None, order: int) -> None:
        self.uuid, self.type, self.name, self.parent, self.order = uuid, kind, name, parent, order
        self.dynamic: dict[str, Spec] = {}
        self.values: dict[str, Any] = {}  # by path: "translateX", "weight[3]"
        self.inputs: dict[str, tuple[str, str]] = {}  # path -> (uuid, path) of the source
        self.states: dict[tuple[str, str], bool] = {}  # (path, "lock" | "keyable" | "channelBox")
        self.aliases: dict[str, str] = {}  # alias -> path
        self.is_locked = False
        self.reference: str | None = None  # uuid of the reference node it comes from
        self.origin: dict[str, Any] | None = None  # as the referenced file has it
        self.curve = Curve()
        self.pinned: dict[str, int] = {}  # path -> time at which a set value hides the keys

    def __repr__(self) -> str:
        return f"<{self.type} {self.name}>"

    @property
    def leaf(self) -> str:
        return self.name.rpartition(":")[2]

    @property
    def namespace(self) -> str:
        return self.name.rpartition(":")[0]

    def is_a(self, kind: str) -> bool:
        return kind in types.lineage(self.type)

    @property
    def is_dag(self) -> bool:
        return self.is_a("dagNode")

    @property
    def is_a_feeder(self) -> bool:
        """Whether it goes with the last node that it feeds."""
        return any(self.is_a(kind) for kind in _FEEDERS)

    @property
    def specs(self) -> dict[str, Spec]:
        """All attributes by long name."""
        return {**types.attributes(self.type), **self.dynamic}


class Scene:
    """All nodes of the session, and what their names mean."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.nodes: dict[str, Node] = {}
        self.namespaces: dict[str, bool] = {"": True, "UI": True, "shared": True}
        self.current_namespace = ""
        self.weighted_by_default = False  # what new curves are
        self.references: dict[str, Any] = {}  # by the uuid of the reference node
        self.selection: tuple[str, ...] = ()  # "uuid" or "uuid.path"
        self.path = ""
        self.is_modified = False
        self._order = 0
        self._index: tuple[int, dict[str, list[Node]]] = (-1, {})
        self._outputs: tuple[int, dict[str, list[tuple[str, str, str]]]] = (-1, {})

    # names

    def by_name(self, name: str) -> list[Node]:
        """The nodes with this name, namespace included, in the order of their making."""
        if self._index[0] != self.journal.version:
            index: dict[str, list[Node]] = {}
            for node in sorted(self.nodes.values(), key=lambda node: node.order):
                index.setdefault(node.name, []).append(node)
            self._index = (self.journal.version, index)
        return self._index[1].get(name, [])

    def find(self, text: str) -> list[Node]:
        """The nodes that a name or a path means; with wildcards, all that match."""
        text = self.absolute(text)
        if not any(sign in text for sign in "*?["):
            parts = text.lstrip("|").split("|")
            named = self.by_name(parts[-1].lstrip(":"))
            return [node for node in named if self._is_at(node, text, parts)]
        return [node for node in self.in_order() if self._matches(node, text)]

    def absolute(self, text: str) -> str:
        return text if "|" in text else text[1:] if text.startswith(":") else text

    def _is_at(self, node: Node, text: str, parts: list[str]) -> bool:
        if len(parts) == 1 and not text.startswith("|"):
            return True
        full = self.full_path(node).lstrip("|").split("|")
        names = [part.lstrip(":") for part in parts]
        return full == names if text.startswith("|") else full[-len(names) :] == names

    def _matches(self, node: Node, pattern: str) -> bool:
        # As in Maya, a star does not cross a colon or a bar.
        names = self.full_path(node).lstrip("|").split("|") if node.is_dag else [node.name]
        wanted = pattern.lstrip("|").split("|")
        if len(wanted) > len(names) or (pattern.startswith("|") and len(wanted) != len(names)):
            return False
        return all(
            len(have.split(":")) == len(want.split(":"))
            and all(map(fnmatchcase, have.split(":"), want.split(":")))
            for have, want in zip(names[-len(wanted) :], wanted, strict=True)
        )

    def in_order(self) -> list[Node]:
        return sorted(self.nodes.values(), key=lambda node: node.order)

    def full_path(self, node: Node) -> str:
        """ "|group|head" of DAG nodes, the name of others."""
        if not node.is_dag:
            return node.name
        above = self.full_path(self.nodes[node.parent]) if node.parent else ""
        return f"{above}|{node.name}"

    def short_name(self, node: Node) -> str:
        """The shortest name that means this node only."""
        if len(self.by_name(node.name)) < 2 or not node.is_dag:
            return node.name
        parts = self.full_path(node).lstrip("|").split("|")
        for count in range(2, len(parts) + 1):
            partial = "|".join(parts[-count:])
            if len(self.find(partial)) == 1:
                return partial
        return self.full_path(node)

    def free_name(self, wanted: str, parent: str | None, is_dag: bool, own: Node | None) -> str:
        """`wanted`, with another number at its end if it is taken."""
        stem, digits = re.fullmatch(r"(.*?)(\d*)", wanted).groups()  # type: ignore[union-attr]
        number = int(digits) if digits else 0
        name = wanted
        while any(
            node is not own and not (is_dag and node.is_dag and node.parent != parent)
            for node in self.by_name(name)
        ):
            number += 1
            name = f"{stem}{number}"
        return name

    def legal_name(self, name: str, kind: str = "name") -> str:
        """The name in its namespace; a sign that names can't have becomes an underscore."""
        space, _, leaf = name.rpartition(":")
        leaf = re.sub(r"[^A-Za-z0-9_]", "_", leaf)
        if not _VALID.fullmatch(leaf):
            raise RuntimeError(f"New name has no legal characters: {name!r} as {kind}")
        if name.startswith(":"):
            space = space.lstrip(":")
        elif not space:
            space = self.current_namespace
        return f"{space}:{leaf}" if space else leaf

    # nodes

    def create(
        self, kind: str, name: str | None = None, parent: Node | None = None, uuid: str = ""
    ) -> Node:
        """A new node with a free name; its namespace is made if it is missing."""
        if not types.exists(kind) or types.is_abstract(kind):
            raise RuntimeError(f"Unknown object type: {kind}")
        name = self.legal_name(name or f"{kind}1")
        self.add_namespace(name.rpartition(":")[0])
        is_dag = "dagNode" in types.lineage(kind)
        above = parent.uuid if parent else None
        name = self.free_name(name, above, is_dag, None)
        self._order += 1
        node = Node(uuid or str(uuids.uuid4()).upper(), kind, name, above, self._order)
        if node.is_a("animCurve"):
            scale = 1.0 if kind[9] == "U" else TICKS
            node.curve = Curve(is_weighted=self.weighted_by_default, scale=scale)
        self.journal.put(self.nodes, node.uuid, node)
        self.journal.put(self, "is_modified", True)
        return node

    def rename(self, node: Node, name: str) -> str:
        name = self.legal_name(name)
        self.add_namespace(name.rpartition(":")[0])
        name = self.free_name(name, node.parent, node.is_dag, node)
        self.journal.put(node, "name", name)
        return name

    def remove(self, node: Node, with_history: bool = True) -> None:
        """Take a node, its children and all its connections away.

        What fed nothing but it goes too: curves, blend nodes, deformers do not exist without an
        output, as in Maya.
        """
        if node.uuid not in self.nodes:
            return
        for child in self.children(node):
            self.remove(child, with_history)
        for uuid, path, own in self.outputs(node):
            del own
            self.journal.drop(self.nodes[uuid].inputs, path)
        kept = [item for item in self.selection if item.partition(".")[0] != node.uuid]
        if len(kept) != len(self.selection):
            self.journal.put(self, "selection", tuple(kept))
        self.journal.drop(self.nodes, node.uuid)
        self.journal.put(self, "is_modified", True)
        for uuid, _path in set(node.inputs.values()) if with_history else ():
            source = self.nodes.get(uuid)
            if source is not None and source.is_a_feeder and not self._feeds_anything(source):
                self.remove(source)

    def _feeds_anything(self, node: Node) -> bool:
        lists = ("dagSetMembers[", "dnSetMembers[", "blendNodes[")  # of layers and sets
        return any(not path.startswith(lists) for _uuid, path, _own in self.outputs(node))

    def children(self, node: Node) -> list[Node]:
        return [other for other in self.in_order() if other.parent == node.uuid]

    def ancestors(self, node: Node) -> Iterator[Node]:
        while node.parent is not None:
            node = self.nodes[node.parent]
            yield node

    def outputs(self, node: Node) -> list[tuple[str, str, str]]:
        """(uuid, path) of every input that this node feeds, and its own path."""
        if self._outputs[0] != self.journal.version:
            index: dict[str, list[tuple[str, str, str]]] = {}
            for other in self.in_order():
                for path, (uuid, source) in other.inputs.items():
                    index.setdefault(uuid, []).append((other.uuid, path, source))
            self._outputs = (self.journal.version, index)
        return self._outputs[1].get(node.uuid, [])

    # namespaces

    def add_namespace(self, name: str) -> None:
        parts = name.split(":")
        for i in range(len(parts)):
            part = ":".join(parts[: i + 1])
            if part not in self.namespaces:
                if not _VALID.fullmatch(parts[i]):
                    raise RuntimeError(f"The namespace {part!r} contains illegal characters.")
                self.journal.put(self.namespaces, part, True)

    def in_namespace(self, name: str, recursive: bool = False) -> list[Node]:
        return [
            node
            for node in self.in_order()
            if node.namespace == name or (recursive and node.namespace.startswith(f"{name}:"))
        ]
