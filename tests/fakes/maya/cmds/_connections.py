"""Commands of connections."""

from __future__ import annotations

from typing import Any

from maya._command import Flags, command, objects_or_selection
from maya._connect import connect, disconnect, next_index
from maya._errors import NotInTheFake
from maya._lookup import node_named, plug_named, split
from maya._plugs import Plug, find_plug, name_of, source_of
from maya._scene import Node
from maya._world import world
from maya.cmds._nodes import as_path, refuse_if_locked


@command("force/f nextAvailable/na lock/l:b referenceDest/rd:s")
def connectAttr(objects: tuple[Any, ...], flags: Flags) -> str:
    """Connect two plugs; without force, only where nothing is connected yet."""
    source = _plug(objects[0], "source")
    target = _plug(objects[1], "destination")
    refuse_if_locked(target.node)
    if flags.get("nextAvailable"):
        target = target.element(next_index(target))
    connect(source, target, bool(flags.get("force")))
    return f"Connected {objects[0]} to {objects[1]}."


def _plug(text: Any, side: str) -> Plug:
    try:
        return plug_named(text, RuntimeError)
    except RuntimeError:
        raise RuntimeError(f"The {side} attribute '{text}' cannot be found.") from None


@command("nextAvailable/na")
def disconnectAttr(objects: tuple[Any, ...], flags: Flags) -> str:
    """Break the connection between two plugs; RuntimeError if there is none."""
    source, target = _plug(objects[0], "source"), _plug(objects[1], "destination")
    refuse_if_locked(target.node)
    if target.node.states.get((target.path, "lock")):
        raise RuntimeError(f"The destination attribute '{objects[1]}' is locked.")
    disconnect(source, target)
    return f"Disconnected {objects[0]} from {objects[1]}."


@command("ignoreUnitConversion/iuc")
def isConnected(objects: tuple[Any, ...], flags: Flags) -> bool:
    """Whether one plug feeds the other."""
    source, target = plug_named(objects[0]), plug_named(objects[1])
    return _skip(source_of(world.scene, target), bool(flags.get("ignoreUnitConversion"))) == source


def _skip(plug: Plug | None, skip: bool) -> Plug | None:
    while skip and plug is not None and plug.node.type == "unitConversion":
        plug = source_of(world.scene, find_plug(plug.node, "input"))  # type: ignore[arg-type]
    return plug


@command(
    "source/s destination/d plugs/p connections/c type/t:s exactType/et "
    "skipConversionNodes/scn shapes/sh"
)
def listConnections(objects: tuple[Any, ...], flags: Flags) -> list[str] | None:
    """What is connected to nodes or plugs (and their children and elements); None if nothing is."""
    found: list[str] = []
    for text in objects_or_selection(objects):
        name, attribute = split(text)
        node = node_named(name)
        paths = _paths_below(plug_named(text)) if attribute else None
        for own, other in _pairs(node, flags):
            if paths is not None and not _is_below(own.path, paths):
                continue
            if not _is_kind(other.node, flags):
                continue
            if flags.get("connections"):
                found.append(name_of(world.scene, own))
            shown = other.node
            found.append(name_of(world.scene, other) if flags.get("plugs") else as_path(shown))
    return found or None


def _pairs(node: Node, flags: Flags) -> list[tuple[Plug, Plug]]:
    scene, skip = world.scene, bool(flags.get("skipConversionNodes"))
    pairs = []
    if flags.get("source", True):
        for path in node.inputs:
            own = find_plug(node, path)
            assert own is not None
            other = _skip(source_of(scene, own), skip)
            if other is not None:
                pairs.append((own, other))
    if flags.get("destination", True):
        for uuid, path, own_path in scene.outputs(node):
            own, other = find_plug(node, own_path), find_plug(scene.nodes[uuid], path)
            assert own is not None
            assert other is not None
            if skip and other.node.type == "unitConversion":
                pairs += [
                    (own, behind)
                    for uuid2, path2, _own in scene.outputs(other.node)
                    if (behind := find_plug(scene.nodes[uuid2], path2)) is not None
                ]
            else:
                pairs.append((own, other))
    return pairs


def _paths_below(plug: Plug) -> list[str]:
    return [plug.path, *(path for child in plug.children for path in _paths_below(child))]


def _is_below(path: str, roots: list[str]) -> bool:
    return any(path == root or path.startswith((f"{root}[", f"{root}.")) for root in roots)


def _is_kind(node: Node, flags: Flags) -> bool:
    wanted = flags.get("type")
    if not wanted:
        return True
    return node.type == wanted if flags.get("exactType") else node.is_a(wanted)


@command(
    "sourceFromDestination/sfd destinationFromSource/dfs isSource/is isDestination/id "
    "getExactSource/ges getExactDestination/ged isExactSource/ies isExactDestination/ied "
    "getLockedAncestor/gla isLocked/il"
)
def connectionInfo(objects: tuple[Any, ...], flags: Flags) -> Any:
    """What feeds a plug, what it feeds, whether it is locked."""
    plug, scene = plug_named(objects[0]), world.scene
    source = source_of(scene, plug)
    fed = [
        find_plug(scene.nodes[uuid], path)
        for uuid, path, own in scene.outputs(plug.node)
        if own == plug.path
    ]
    if flags.get("sourceFromDestination"):
        return name_of(scene, source) if source else ""
    if flags.get("destinationFromSource"):
        return [name_of(scene, one) for one in fed if one is not None]
    if flags.get("isSource") or flags.get("isExactSource"):
        return bool(fed)
    if flags.get("isDestination") or flags.get("isExactDestination"):
        return source is not None
    raise NotInTheFake(f"connectionInfo of {sorted(flags)}")
