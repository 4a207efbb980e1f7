"""From what the user wrote to nodes and plugs of the scene, or Maya's error."""

from __future__ import annotations

from typing import Any

from maya._plugs import Plug, find_plug
from maya._scene import Node
from maya._world import world


def node_named(text: Any, error: type[Exception] = ValueError) -> Node:
    """The one node that a name means."""
    if not isinstance(text, str):
        raise TypeError(f"Object {text!r} is invalid")
    found = world.scene.find(text)
    if not found:
        raise error(f"No object matches name: {text}")
    if len(found) > 1:
        raise error(f"More than one object matches name: {text}")
    return found[0]


def split(text: str) -> tuple[str, str]:
    """ "a|b.c.d" -> "a|b", "c.d"."""
    name, _, attribute = text.partition(".")
    return name, attribute


def plug_named(text: Any, error: type[Exception] = ValueError) -> Plug:
    """The one plug that "node.attribute" means; an element of a multi need not exist yet."""
    if not isinstance(text, str):
        raise TypeError(f"Object {text!r} is invalid")
    name, attribute = split(text)
    node = node_named(name, error) if attribute else None
    plug = find_plug(node, attribute) if node else None
    if plug is None:
        raise error(f"No object matches name: {text}")
    return plug


def plug_or_none(text: str) -> Plug | None:
    name, attribute = split(text)
    found = world.scene.find(name)
    return find_plug(found[0], attribute) if attribute and len(found) == 1 else None


def nodes_matching(text: str) -> list[Node]:
    """All nodes that a name or a pattern means, or Maya's error."""
    found = world.scene.find(text)
    if not found:
        raise ValueError(f"No object matches name: {text}")
    return found
