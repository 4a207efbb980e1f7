"""blendShape, sets and the like."""

from __future__ import annotations

from typing import Any

from maya._command import Flags, command, objects_or_selection
from maya._connect import next_index
from maya._errors import NotInTheFake
from maya._evaluate import evaluate
from maya._lookup import node_named
from maya._plugs import find_plug
from maya._scene import Node
from maya._world import world
from maya.cmds._nodes import as_path, refuse_if_read_only

_TARGET = "inputTarget[{base}].inputTargetGroup[{index}].inputTargetItem[{item}].inputGeomTarget"


def _shape(name: str) -> Node:
    node = node_named(name)
    if node.is_a("geometryShape"):
        return node
    shapes = [one for one in world.scene.children(node) if one.is_a("geometryShape")]
    shapes = [one for one in shapes if not one.values.get("intermediateObject")]
    if not shapes:
        raise RuntimeError(f"{name} is not a deformable object")
    return shapes[0]


@command(
    "name/n:s target/t:x weight/w:x inBetween/ib inBetweenType/ibt:s geometry/g:s* "
    "frontOfChain/foc before/bf after/af parallel/par origin/o:s weightCount/wc:i remove/rm "
    "topologyCheck/tc envelope/en:f",
    "query edit",
)
def blendShape(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Make a blendShape of targets and a base (the last object), add targets, or ask for them.

    A target is (base, index, target, full weight); its item is 5000 + 1000 times that weight.
    """
    if flags.get("query"):
        return _ask(node_named(objects[0]), flags)
    if flags.get("edit"):
        return _edit(node_named(objects[0]), flags)
    names = objects_or_selection(objects)
    if not names:
        raise RuntimeError("No deformable objects selected.")
    base, scene = _shape(names[-1]), world.scene
    bs = scene.create("blendShape", flags.get("name") or "blendShape1")
    _put_before(base, bs)
    for index, name in enumerate(names[:-1]):
        _add_target(bs, 0, index, name, 1.0)
    if flags.get("target"):
        _edit(bs, flags)
    _set_weights(bs, flags)
    return [as_path(bs)]


def _add_target(bs: Node, base: int, index: int, name: str, weight: float) -> None:
    shape, transform = _shape(name), node_named(name)
    if transform.is_a("shape") and transform.parent:
        transform = world.scene.nodes[transform.parent]
    path = _TARGET.format(base=base, index=index, item=round(5000 + 1000 * weight))
    world.journal.put(bs.values, path, None)
    world.journal.put(bs.inputs, path, (shape.uuid, "worldMesh[0]"))
    slot = f"weight[{index}]"
    if slot not in bs.values:
        world.journal.put(bs.values, slot, 0.0)
        alias, number = transform.leaf, 0
        while alias in bs.aliases or find_plug(bs, alias) is not None:
            number += 1
            alias = f"{transform.leaf}{number}"
        world.journal.put(bs.aliases, alias, slot)


def _put_before(base: Node, deformer: Node) -> None:
    """The deformer as the last one before the shape; the first of all reads a copy of the shape."""
    source = base.inputs.get("inMesh")
    if source is None:
        original = world.scene.create(
            "mesh", f"{base.leaf}Orig", world.scene.nodes[base.parent or ""]
        )
        world.journal.put(original.values, "intermediateObject", True)
        source = (original.uuid, "outMesh")
    world.journal.put(deformer.inputs, "input[0].inputGeometry", source)
    world.journal.put(base.inputs, "inMesh", (deformer.uuid, "outputGeometry[0]"))


def _bases(deformer: Node) -> list[Node]:
    """The shapes that are deformed, behind other deformers or not."""
    found: list[Node] = []
    for uuid, _path, own in world.scene.outputs(deformer):
        node = world.scene.nodes[uuid]
        if own.startswith("outputGeometry["):
            found += [node] if node.is_a("geometryShape") else _bases(node)
    return found


@command(
    "name/n:s toSelectedBones/tsb bindMethod/bm:i skinMethod/sm:i maximumInfluences/mi:i "
    "influence/inf:s geometry/g:s",
    "query edit",
)
def skinCluster(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Bind a mesh (the last object) to joints; it is wired, but bends nothing here."""
    if flags.get("edit"):
        raise NotInTheFake("skinCluster(edit=True)")
    if flags.get("query"):
        skin = node_named(objects[0])
        uuids = [u for path, (u, _own) in skin.inputs.items() if path.startswith("matrix[")]
        joints = [as_path(world.scene.nodes[uuid]) for uuid in uuids]
        return joints if flags.get("influence") else [as_path(node) for node in _bases(skin)]
    names = objects_or_selection(objects)
    joints = [node_named(name) for name in names[:-1]]
    if not joints or any(node.type != "joint" for node in joints):
        raise RuntimeError("No valid objects supplied to 'skinCluster' command.")
    skin = world.scene.create("skinCluster", flags.get("name") or "skinCluster1")
    _put_before(_shape(names[-1]), skin)
    for index, node in enumerate(joints):
        world.journal.put(skin.inputs, f"matrix[{index}]", (node.uuid, "worldMatrix[0]"))
    return [as_path(skin)]


def _edit(bs: Node, flags: Flags) -> None:
    if bs.type != "blendShape":
        raise RuntimeError(f"{bs.name} is not a blendShape")
    if flags.get("remove") or flags.get("geometry"):
        raise NotInTheFake("blendShape(edit=True) with these flags")
    given = flags.get("target") or []
    for one in given if isinstance(given, list) else [given]:
        name, index, target, weight = one
        shape = _shape(name)
        if shape not in _bases(bs):
            raise RuntimeError(f"{name} is not deformed by {bs.name}")
        is_first = f"weight[{index}]" not in bs.values
        if flags.get("inBetween") and is_first:
            raise RuntimeError(f"Target {index} of {bs.name} has no shape to be in between of")
        refuse_if_read_only(bs, "add a target to")
        _add_target(bs, _bases(bs).index(shape), int(index), target, float(weight))
    _set_weights(bs, flags)


def _set_weights(bs: Node, flags: Flags) -> None:
    given = flags.get("weight") or []
    for index, value in given if isinstance(given, list) else [given]:
        if f"weight[{index}]" not in bs.values:
            raise RuntimeError(f"{bs.name} has no target {index}")
        world.journal.put(bs.values, f"weight[{index}]", float(value))


def _ask(bs: Node, flags: Flags) -> Any:
    weights = find_plug(bs, "weight")
    assert weights is not None
    indices = weights.indices(world.scene)
    if flags.get("target"):
        # Only targets whose meshes are still in the scene have names to give.
        found = []
        for i in indices:
            path = _TARGET.format(base=0, index=i, item=6000)
            if path in bs.inputs:
                shape = world.scene.nodes[bs.inputs[path][0]]
                found.append(as_path(world.scene.nodes[shape.parent or ""]))
        return found or None
    if flags.get("weight"):
        plugs = [weights.element(i) for i in indices]
        return [evaluate(world.scene, plug, world.time) for plug in plugs] or None
    if flags.get("weightCount"):
        return len(indices)
    if flags.get("geometry"):
        return [as_path(node) for node in _bases(bs)] or None
    if flags.get("name"):
        return as_path(bs)
    raise NotInTheFake(f"blendShape(query=True) of {sorted(flags)}")


@command(
    "name/n:s empty/em addElement/add:s include/in:s remove/rm:s isMember/im:s size/s "
    "nodesOnly/no text/t:s clear/cl:s noSurfaceShader/nss renderable/r",
    "query",
)
def sets(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Make a set, ask for its members, change them."""
    for name in ("isMember", "addElement", "include", "remove", "clear"):
        if name in flags:
            return _change_set(name, node_named(flags[name]), objects)
    if flags.get("query"):
        members = _members(node_named(objects[0]))
        return len(members) if flags.get("size") else [as_path(m) for m in members] or None
    made = world.scene.create("objectSet", flags.get("name") or "set1")
    for name in [] if flags.get("empty") else objects_or_selection(objects):
        _join(made, node_named(name))
    return as_path(made)


def _members(found: Node) -> list[Node]:
    if not found.is_a("objectSet"):
        raise RuntimeError(f"{found.name} is not a set")
    uuids = [uuid for path, (uuid, _own) in found.inputs.items() if "etMembers[" in path]
    return [world.scene.nodes[uuid] for uuid in uuids]


def _join(found: Node, member: Node) -> None:
    if member in _members(found):
        return
    plug = find_plug(found, "dagSetMembers" if member.is_dag else "dnSetMembers")
    assert plug is not None
    path = plug.element(next_index(plug)).path
    world.journal.put(found.inputs, path, (member.uuid, "message"))


def _change_set(deed: str, found: Node, objects: tuple[Any, ...]) -> Any:
    nodes = [node_named(name) for name in objects]
    if deed == "isMember":
        return all(node in _members(found) for node in nodes)
    for node in _members(found) if deed == "clear" else nodes:
        if deed in ("addElement", "include"):
            _join(found, node)
            continue
        for path, (uuid, _own) in list(found.inputs.items()):
            if uuid == node.uuid and "etMembers[" in path:
                world.journal.drop(found.inputs, path)
    return as_path(found)
