"""Plugs: which attribute of which node a text means, its value, its lock, what feeds it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from maya._attributes import UNSETTABLE, WHOLE, Spec
from maya._scene import Node, Scene

_PART = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[(-?\d+)\])?")


@dataclass(frozen=True)
class Plug:
    """One attribute, or one element of a multi, of one node. `path` identifies it on the node."""

    node: Node
    spec: Spec
    path: str

    @property
    def index(self) -> int | None:
        found = re.search(r"\[(-?\d+)\]$", self.path)
        return int(found[1]) if found else None

    @property
    def is_array(self) -> bool:
        return self.spec.multi and self.index is None

    def child(self, long: str) -> Plug:
        spec = self.node.specs[long]
        return Plug(self.node, spec, f"{self.path}.{long}" if "[" in self.path else long)

    @property
    def children(self) -> list[Plug]:
        return [self.child(name) for name in self.spec.children]

    @property
    def parent(self) -> Plug | None:
        """The compound or the array that this plug is a part of."""
        if self.index is not None:
            return Plug(self.node, self.spec, self.path[: self.path.rindex("[")])
        if self.spec.parent is None:
            return None
        above = self.path.rpartition(".")[0] or self.spec.parent
        return Plug(self.node, self.node.specs[self.spec.parent], above)

    def element(self, index: int) -> Plug:
        return Plug(self.node, self.spec, f"{self.path}[{index}]")

    def indices(self, scene: Scene) -> list[int]:
        """The elements of a multi that have a value or a connection."""
        start = re.compile(re.escape(self.path) + r"\[(\d+)\]")
        paths = [*self.node.values, *self.node.inputs]
        paths += [own for _, _, own in scene.outputs(self.node)]
        return sorted({int(found[1]) for path in paths if (found := start.match(path))})

    @property
    def alias(self) -> str | None:
        return next((a for a, path in self.node.aliases.items() if path == self.path), None)


def spec_named(node: Node, name: str) -> Spec | None:
    specs = node.specs
    return specs.get(name) or next((s for s in specs.values() if s.short == name), None)


def find_plug(node: Node, text: str) -> Plug | None:
    """The plug of a node: by long, short or alias name, with indices and parents or without."""
    if text in node.aliases:
        path = node.aliases[text]
        return find_plug(node, path)
    plug: Plug | None = None
    for part in text.split("."):
        match = _PART.fullmatch(part)
        if match is None:
            return None
        spec = spec_named(node, match[1])
        if spec is None:
            return None
        if plug is None:
            if spec.parent and node.specs[spec.parent].multi:
                return None  # an element of the multi above has to be named
            plug = Plug(node, spec, spec.long)
        elif spec.long not in plug.spec.children or plug.is_array:
            return None
        else:
            plug = plug.child(spec.long)
        if match[2] is not None:
            if not spec.multi:
                return None
            plug = plug.element(int(match[2]))
    return plug


def name_of(scene: Scene, plug: Plug, long: bool = True) -> str:
    """ "node.attribute" as commands give it: aliases instead of elements of a multi."""
    return f"{scene.short_name(plug.node)}.{leaf_name(plug, long)}"


def leaf_name(plug: Plug, long: bool = True) -> str:
    if plug.alias:
        return plug.alias
    if long:
        return plug.path
    return re.sub(r"[A-Za-z_]\w*", lambda m: plug.node.specs[m[0]].short, plug.path)


# locks and connections


def source_of(scene: Scene, plug: Plug) -> Plug | None:
    """What feeds this very plug."""
    found = plug.node.inputs.get(plug.path)
    if found is None:
        return None
    return find_plug(scene.nodes[found[0]], found[1])


def driver_of(scene: Scene, plug: Plug) -> Plug | None:
    """What feeds this plug, or the compound it is a part of."""
    above: Plug | None = plug
    while above is not None:
        source = source_of(scene, above)
        if source is not None:
            if above is plug or not source.spec.is_compound:
                return source
            # a child of a connected compound gets the child at the same place
            place = above.spec.children.index(plug.spec.long)
            return source.children[place]
        above = above.parent
    return None


def is_locked(plug: Plug) -> bool:
    above: Plug | None = plug
    while above is not None:
        if plug.node.states.get((above.path, "lock"), False):
            return True
        above = above.parent
    return False


def has_locked_children(plug: Plug) -> bool:
    return any(plug.node.states.get((child.path, "lock"), False) for child in plug.children)


def state(plug: Plug, name: str) -> bool:
    """ "keyable" or "channelBox" of a plug."""
    default = plug.spec.keyable if name == "keyable" else False
    return plug.node.states.get((plug.path, name), default)


def is_animation(source: Plug) -> bool:
    """Whether a connection is only keys, which setAttr may hide until the time changes."""
    kind = source.node.type
    return source.node.is_a("animCurve") or kind.startswith("animBlendNode")


def settable_reason(scene: Scene, plug: Plug) -> str | None:
    """Why setAttr refuses, in Maya's words, or None."""
    if is_locked(plug) or has_locked_children(plug):
        return "is locked or connected and cannot be modified."
    for one in [plug, *plug.children]:
        source = driver_of(scene, one)
        if source is not None and not _leads_to_keys(scene, source):
            return "is locked or connected and cannot be modified."
    return None


def _leads_to_keys(scene: Scene, source: Plug) -> bool:
    if source.node.type == "unitConversion":
        behind = source_of(scene, find_plug(source.node, "input"))  # type: ignore[arg-type]
        return behind is not None and _leads_to_keys(scene, behind)
    return is_animation(source)


# values


def stored(plug: Plug) -> Any:
    return plug.node.values.get(plug.path, plug.spec.default)


def checked_value(plug: Plug, value: Any) -> Any:
    """An internal value that fits the attribute's type; limits clamp numbers, as setAttr does."""
    kind = plug.spec.type
    if kind in UNSETTABLE:
        raise RuntimeError(f"The attribute '{plug.path}' is not a numeric or string attribute")
    if kind == "string":
        if not isinstance(value, str):
            raise RuntimeError(f"Error reading data element number 1: {value!r}")
        return value
    if kind == "matrix":
        return tuple(float(x) for x in value)
    if isinstance(value, str) or not hasattr(value, "__float__"):
        raise RuntimeError(f"Error reading data element number 1: {value!r}")
    number = float(value)
    if plug.spec.low is not None:
        number = max(number, plug.spec.low)
    if plug.spec.high is not None:
        number = min(number, plug.spec.high)
    if kind == "bool":
        return bool(number)
    if kind == "time":
        return round(number)
    return int(number) if kind in WHOLE else number


def put_value(scene: Scene, plug: Plug, value: Any) -> None:
    scene.journal.put(plug.node.values, plug.path, checked_value(plug, value))
    scene.journal.put(scene, "is_modified", True)
