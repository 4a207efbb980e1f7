"""Scenes on disk: JSON inside. Referenced nodes are not saved, only what was changed on them."""

from __future__ import annotations

import json
import uuid as uuids
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from maya._attributes import Spec
from maya._curves import Curve, Key
from maya._scene import Node
from maya._world import world

_FORMAT = "in-memory Maya 1"
_FIELDS = ("dynamic", "values", "inputs", "states", "aliases")
_SPACE = uuids.UUID(int=0x4D6179)


@dataclass(frozen=True)
class Reference:
    """One referenced file: its reference node is the key it is kept under."""

    path: str
    namespace: str
    is_loaded: bool = True
    edits: Any = None  # of an unloaded one, to be made again


def save(path: str) -> None:
    """Write the scene. What comes from references stays in their files."""
    scene = world.scene
    own = [n for n in scene.in_order() if n.reference is None and n.uuid not in world.default_nodes]
    data = {
        "format": _FORMAT,
        "time": world.time,
        "units": [world.units.time, world.units.angle, world.units.length],
        "playback": world.playback,
        "sound": world.sound,
        "namespaces": [name for name in scene.namespaces if name],
        "nodes": [_written(node) for node in own],
        "references": [
            {
                "node": uuid,
                "path": found.path,
                "namespace": found.namespace,
                "is_loaded": found.is_loaded,
                "edits": found.edits if not found.is_loaded else edits_of(uuid),
            }
            for uuid, found in scene.references.items()
            if scene.nodes[uuid].reference is None
        ],
    }
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(data), encoding="utf-8")
    scene.is_modified = False


def edits_of(reference: str) -> dict[str, Any]:
    """What was changed on the nodes of a reference, and what they feed outside of it."""
    scene = world.scene
    found: dict[str, Any] = {}
    feeds: list[list[str]] = []
    for node in scene.in_order():
        if node.reference is None or not _is_under(node, reference):
            continue
        now, then = _written(node), node.origin or {}
        changed = {
            field: {
                key: value for key, value in now[field].items() if _old(then, field, key) != value
            }
            for field in _FIELDS
        }
        gone = [path for path in then.get("inputs", {}) if path not in now["inputs"]]
        if any(changed.values()) or gone:
            found[node.uuid] = {**changed, "gone": gone}
        for uuid, path, own in scene.outputs(node):
            if not _is_under(scene.nodes[uuid], reference):
                feeds.append([uuid, path, node.uuid, own])
    return {"nodes": found, "feeds": feeds}


def _old(then: dict[str, Any], field: str, key: str) -> Any:
    return then.get(field, {}).get(key, _FORMAT)


def _is_under(node: Node, reference: str) -> bool:
    uuid = node.reference
    while uuid is not None:
        if uuid == reference:
            return True
        uuid = world.scene.nodes[uuid].reference
    return False


def _written(node: Node) -> dict[str, Any]:
    states = {"|".join(key): value for key, value in node.states.items()}
    curve = None
    if node.is_a("animCurve"):
        keys = [asdict(key) for key in node.curve.keys]
        curve = {"pre": node.curve.pre, "post": node.curve.post, "scale": node.curve.scale}
        curve["keys"] = keys
    return {
        "uuid": node.uuid,
        "type": node.type,
        "name": node.name,
        "parent": node.parent,
        "dynamic": {name: asdict(one) for name, one in node.dynamic.items()},
        "values": dict(node.values),
        "inputs": {path: list(source) for path, source in node.inputs.items()},
        "states": states,
        "aliases": dict(node.aliases),
        "is_locked": node.is_locked,
        "curve": curve,
    }


def read(path: str) -> dict[str, Any]:
    """A scene file's content; RuntimeError if there is none."""
    if not Path(path).is_file():
        raise RuntimeError(f"File not found: {path}")
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError:
        data = None
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        raise RuntimeError(f"File is not a scene that can be read: {path}")
    return data


def load_scene(path: str) -> None:
    """The content of a file as the scene that is open."""
    data = read(path)
    world.units.time, world.units.angle, world.units.length = data["units"]
    world.time, world.playback, world.sound = data["time"], data["playback"], data["sound"]
    for name in data["namespaces"]:
        world.scene.add_namespace(name)
    bring_in(data, "", None)
    forget_broken()


def bring_in(data: dict[str, Any], namespace: str, reference: Node | None) -> list[Node]:
    """Make the nodes of a file, in a namespace and as a reference's, if they are to be."""
    scene = world.scene
    rename = {}
    for one in data["nodes"]:
        seed = f"{reference.uuid}/{one['uuid']}" if reference else ""
        rename[one["uuid"]] = str(uuids.uuid5(_SPACE, seed)).upper() if seed else one["uuid"]
    made, waiting = [], []
    for one in _parents_first(data["nodes"]):
        above = rename.get(one["parent"], one["parent"])
        parent = scene.nodes.get(above) if above else None
        name = f":{namespace}:{one['name']}" if namespace else f":{one['name']}"
        node = scene.create(one["type"], name, parent, rename[one["uuid"]])
        _fill(node, one, rename)
        node.is_locked = one["is_locked"]
        node.reference = reference.uuid if reference else None
        if one["curve"]:
            keys = tuple(Key(**key) for key in one["curve"]["keys"])
            node.curve = replace(Curve(**{**one["curve"], "keys": ()}), keys=keys)
        made.append(node)
        if above and parent is None:  # it is below a node of a reference
            waiting.append((node, above))
    for node in made:
        if reference is not None:
            for path, name in list(node.states):
                if name == "lock" and node.states[path, name]:
                    node.states[path, "lock-from-file"] = True
            node.origin = _written(node)
    for one in data["references"]:
        nested = scene.nodes[rename.get(one["node"], one["node"])]
        space = f"{namespace}:{one['namespace']}" if namespace else one["namespace"]
        found = Reference(one["path"], space, one["is_loaded"], one["edits"])
        scene.references[nested.uuid] = found
        if one["is_loaded"]:
            load_reference(nested, one["edits"])
    for node, above in waiting:
        node.parent = above if above in scene.nodes else None
    scene.journal.version += 1
    return made


def _parents_first(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The nodes of a file, none of them before the one that it is below."""
    by_uuid = {one["uuid"]: one for one in nodes}
    found: dict[str, dict[str, Any]] = {}

    def add(one: dict[str, Any]) -> None:
        if one["parent"] in by_uuid and one["parent"] not in found:
            add(by_uuid[one["parent"]])
        found.setdefault(one["uuid"], one)

    for one in nodes:
        add(one)
    return list(found.values())


def _fill(node: Node, one: dict[str, Any], rename: dict[str, str]) -> None:
    for name, fields in one["dynamic"].items():
        fields = {**fields, "children": tuple(fields["children"])}
        fields["enum"] = tuple((label, number) for label, number in fields["enum"])
        node.dynamic[name] = Spec(**fields)
    for path, value in one["values"].items():
        node.values[path] = tuple(value) if isinstance(value, list) else value
    for path, (uuid, own) in one["inputs"].items():
        node.inputs[path] = (rename.get(uuid, uuid), own)
    for key, value in one["states"].items():
        attribute, _, name = key.rpartition("|")
        node.states[attribute, name] = value
    node.aliases.update(one["aliases"])


def add_reference(path: str, namespace: str) -> Node:
    """A new reference to a file, loaded."""
    read(path)  # refuses before anything is made
    scene = world.scene
    free, number = namespace, 0
    while free in scene.namespaces:
        number += 1
        free = f"{namespace}{number}"
    node = scene.create("reference", f":{free}RN")
    scene.journal.put(node.values, "fileNames[0]", path)
    scene.references[node.uuid] = Reference(path, free)
    load_reference(node, None)
    return node


def load_reference(node: Node, edits: dict[str, Any] | None) -> list[Node]:
    """Bring a reference's nodes in and make the saved changes on them again.

    A change of a node that the file no longer holds is dropped, as Maya does.
    """
    scene = world.scene
    found = scene.references[node.uuid]
    scene.add_namespace(found.namespace)
    made = bring_in(read(found.path), found.namespace, node)
    edits = edits or {"nodes": {}, "feeds": []}
    for uuid, edit in edits["nodes"].items():
        if uuid in scene.nodes:
            _fill(scene.nodes[uuid], edit, {})
            for path in edit["gone"]:
                scene.nodes[uuid].inputs.pop(path, None)
    for uuid, path, source, own in edits["feeds"]:
        if uuid in scene.nodes and source in scene.nodes:
            scene.nodes[uuid].inputs.setdefault(path, (source, own))
    scene.references[node.uuid] = replace(found, is_loaded=True, edits=None)
    scene.journal.version += 1
    return made


def forget_broken() -> None:
    """Drop connections whose source does not exist: once everything is loaded."""
    for node in world.scene.nodes.values():
        for path, (uuid, _own) in list(node.inputs.items()):
            if uuid not in world.scene.nodes:
                del node.inputs[path]
    world.journal.version += 1


def unload_reference(node: Node, keep_edits: bool = True) -> None:
    """Take a reference's nodes out of the scene; its changes wait for the next load."""
    scene = world.scene
    edits = edits_of(node.uuid) if keep_edits else None
    for one in [n for n in scene.in_order() if _is_under(n, node.uuid)]:
        if one.uuid in scene.nodes:
            scene.remove(one, with_history=False)
    scene.references[node.uuid] = replace(scene.references[node.uuid], is_loaded=False, edits=edits)
    scene.journal.version += 1
