"""Commands that find, make, name, move and delete nodes."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from maya import _layers, _node_types
from maya._command import Flags, command, item_name, objects_or_selection
from maya._errors import NotInTheFake
from maya._lookup import node_named, nodes_matching, plug_named, plug_or_none, split
from maya._scene import Node
from maya._world import world


def as_path(node: Node, long: bool = False) -> str:
    return world.scene.full_path(node) if long else world.scene.short_name(node)


@command(
    "selection/sl type/typ:s* exactType/et:s* excludeType/ext:s* long/l references/rf "
    "referencedNodes/rn dagObjects/dag shapes/s transforms/tr assemblies/as uuid/uid "
    "recursive/r readOnly/ro materials/mat defaultNodes/dn lockedNodes/ln untemplated/ut "
    "noIntermediate/ni visible/v showType/st allPaths head/hd:i tail/tl:i orderedSelection/os "
    "absoluteName/an objectsOnly/o flatten/fl"
)
def ls(objects: tuple[Any, ...], flags: Flags) -> list[str]:
    """Names of nodes, by pattern, type, selection or state; never an error for a missing one."""
    for missing in ("materials", "visible", "untemplated", "showType", "allPaths", "tail"):
        if flags.get(missing):
            raise NotInTheFake(f"ls({missing}=True)")
    items = _ls_items(objects, flags)
    nodes = [item for item in items if isinstance(item, Node)]
    if flags.get("dagObjects"):
        nodes = _with_below(nodes if objects or flags.get("selection") else _tops())
        items = list(nodes)
    for name in ("type", "exactType", "excludeType"):
        for kind in _strings(flags.get(name)):
            if not _node_types.exists(kind):
                raise RuntimeError(f"Unknown object type: {kind}")
    found: list[str] = []
    for item in items:
        if isinstance(item, str):
            plain = not any(flags.get(name) for name in ("type", "exactType", "uuid"))
            found += [item] if plain and not flags.get("objectsOnly") else []
        elif _ls_takes(item, flags):
            text = item.uuid if flags.get("uuid") else as_path(item, bool(flags.get("long")))
            found += [text] if text not in found else []
    return found[: flags.get("head") or None]


def _ls_items(objects: tuple[Any, ...], flags: Flags) -> list[Node | str]:
    scene = world.scene
    if flags.get("selection") or flags.get("orderedSelection"):
        items: list[Node | str] = [
            scene.nodes[item] if "." not in item else item_name(item) for item in scene.selection
        ]
        if objects:
            wanted = [node for one in objects for node in scene.find(str(one))]
            items = [item for item in items if item in wanted]
        return items
    if not objects:
        return list(scene.in_order())
    found: list[Node | str] = []
    for one in objects:
        text = str(one)
        if "." in text:
            plug = plug_or_none(text)
            found += [text] if plug is not None else []
            continue
        if text in scene.nodes:
            found.append(scene.nodes[text])
        nodes = scene.find(text)
        if flags.get("recursive"):
            leaf = text.rpartition(":")[2]
            nodes = [n for n in scene.in_order() if fnmatchcase(n.leaf, leaf)]
        found += nodes
    return found


def _strings(value: Any) -> list[str]:
    return [] if not value else [value] if isinstance(value, str) else list(value)


def _tops() -> list[Node]:
    return [node for node in world.scene.in_order() if node.is_dag and node.parent is None]


def _with_below(nodes: list[Node]) -> list[Node]:
    found: list[Node] = []
    for node in nodes:
        if node.is_dag and node not in found:
            found.append(node)
            found += [one for one in _with_below(world.scene.children(node)) if one not in found]
    return found


def _ls_takes(node: Node, flags: Flags) -> bool:
    tests = {
        "referencedNodes": node.reference is not None,
        "readOnly": node.reference is not None,
        "lockedNodes": node.is_locked,
        "references": node.type == "reference",
        "shapes": node.is_a("shape"),
        "transforms": node.is_a("transform"),
        "assemblies": node.is_dag and node.parent is None,
        "defaultNodes": node.uuid in world.default_nodes,
        "noIntermediate": not node.values.get("intermediateObject", False),
    }
    for name, holds in tests.items():
        if flags.get(name) is True and not holds:
            return False
    kinds, exact = _strings(flags.get("type")), _strings(flags.get("exactType"))
    if kinds and not any(node.is_a(kind) for kind in kinds):
        return False
    if any(node.is_a(kind) for kind in _strings(flags.get("excludeType"))):
        return False
    return not exact or node.type in exact


@command()
def objExists(objects: tuple[Any, ...], flags: Flags) -> bool:
    """Whether a node or a plug of this name exists."""
    if len(objects) != 1 or not isinstance(objects[0], str):
        raise TypeError("objExists takes one name")
    name, attribute = split(objects[0])
    return bool(world.scene.find(name)) if not attribute else plug_or_none(objects[0]) is not None


@command("isTypeName/itn inherited/i derived/d apiType/api")
def nodeType(objects: tuple[Any, ...], flags: Flags) -> Any:
    """The type of a node; with inherited, all types it is of."""
    if flags.get("derived") or flags.get("apiType") or flags.get("isTypeName"):
        raise NotInTheFake("nodeType with these flags")
    node = node_named(objects[0], RuntimeError)
    return list(reversed(_node_types.lineage(node.type))) if flags.get("inherited") else node.type


@command("isAType/isa:s isType/i:s")
def objectType(objects: tuple[Any, ...], flags: Flags) -> Any:
    """The type of a node, or whether it is of one."""
    node = node_named(objects[0], RuntimeError)
    if "isType" in flags:
        return node.type == flags["isType"]
    return node.is_a(flags["isAType"]) if "isAType" in flags else node.type


@command("name/n:s parent/p:s shared/s skipSelect/ss")
def createNode(objects: tuple[Any, ...], flags: Flags) -> str:
    """A new node; a shape brings its transform along."""
    scene, kind = world.scene, str(objects[0])
    if not _node_types.exists(kind) or _node_types.is_abstract(kind):
        raise RuntimeError(f"Unknown object type: {kind}")
    parent = node_named(flags["parent"]) if flags.get("parent") else None
    is_shape = "shape" in _node_types.lineage(kind)
    name = flags.get("name")
    if is_shape and parent is None:
        parent = scene.create("transform", (name and name.replace("Shape", "")) or f"{kind}1")
        name = name or f"{parent.name.replace(kind, kind + 'Shape')}"
    if parent is not None:
        if "dagNode" not in _node_types.lineage(kind):
            raise RuntimeError(f"A {kind} is no DAG node and can't have a parent")
        refuse_if_locked(parent)
    node = scene.create(kind, name, parent)
    if not flags.get("skipSelect"):
        world.journal.put(scene, "selection", (node.uuid,))
    return as_path(node)


@command("empty/em name/n:s parent/p:s world/w")
def group(objects: tuple[Any, ...], flags: Flags) -> str:
    """A transform above the given nodes."""
    parent = node_named(flags["parent"]) if flags.get("parent") else None
    made = world.scene.create("transform", flags.get("name") or "group1", parent)
    if not flags.get("empty"):
        for name in objects_or_selection(objects):
            _set_parent(node_named(name), made)
    world.journal.put(world.scene, "selection", (made.uuid,))
    return as_path(made)


@command("name/n:s position/p:x orientation/o:x relative/r absolute/a radius/rad:f")
def joint(objects: tuple[Any, ...], flags: Flags) -> str:
    """A new joint, below the selected one."""
    if flags.keys() - {"name", "position", "radius"}:
        raise NotInTheFake("joint with these flags")
    above = [world.scene.nodes[item] for item in world.scene.selection if "." not in item]
    parent = next((node for node in above if node.is_a("transform")), None)
    if objects:
        raise NotInTheFake("joint with an object")
    made = world.scene.create("joint", flags.get("name") or "joint1", parent)
    for axis, value in zip("XYZ", flags.get("position") or (), strict=False):
        world.journal.put(made.values, f"translate{axis}", float(value))
    world.journal.put(world.scene, "selection", (made.uuid,))
    return as_path(made)


@command("name/n:s position/p:x")
def spaceLocator(objects: tuple[Any, ...], flags: Flags) -> list[str]:
    """A locator; its transform is what comes back."""
    made = world.scene.create("transform", flags.get("name") or "locator1")
    world.scene.create("locator", f"{made.name}Shape", made)
    world.journal.put(world.scene, "selection", (made.uuid,))
    return [as_path(made)]


def _primitive(kind: str, flags: Flags) -> list[str]:
    scene = world.scene
    made = scene.create("transform", flags.get("name") or f"p{kind[4:]}1")
    shape = scene.create("mesh", _shape_name(made.name), made)
    world.journal.put(scene, "selection", (made.uuid,))
    if flags.get("constructionHistory") is False:
        return [as_path(made)]
    history = scene.create(kind, f"{kind}1")
    world.journal.put(shape.inputs, "inMesh", (history.uuid, "output"))
    return [as_path(made), as_path(history)]


def _shape_name(name: str) -> str:
    """ "pCube1" -> "pCubeShape1"."""
    stem = name.rstrip("0123456789")
    return f"{stem}Shape{name[len(stem) :]}"


@command("name/n:s constructionHistory/ch width/w:f height/h:f depth/d:f")
def polyCube(objects: tuple[Any, ...], flags: Flags) -> list[str]:
    """A mesh; its shape is not computed here."""
    return _primitive("polyCube", flags)


@command("name/n:s constructionHistory/ch radius/r:f")
def polySphere(objects: tuple[Any, ...], flags: Flags) -> list[str]:
    """A mesh; its shape is not computed here."""
    return _primitive("polySphere", flags)


@command("name/n:s constructionHistory/ch width/w:f height/h:f")
def polyPlane(objects: tuple[Any, ...], flags: Flags) -> list[str]:
    """A mesh; its shape is not computed here."""
    return _primitive("polyPlane", flags)


@command("name/n:s renameChildren/rc")
def duplicate(objects: tuple[Any, ...], flags: Flags) -> list[str]:
    """Copies of DAG nodes with what is below them, without connections."""
    names = []
    for text in objects_or_selection(objects):
        node = node_named(text)
        if not node.is_dag:
            raise NotInTheFake("duplicate of a node that is not in the DAG")
        made = _copy(node, flags.get("name") or node.leaf, node.parent)
        names.append(as_path(made))
    return names


def _copy(node: Node, name: str, parent: str | None) -> Node:
    scene = world.scene
    above = scene.nodes[parent] if parent else None
    made = scene.create(node.type, name, above)
    for field in ("dynamic", "values", "states"):
        for key, value in getattr(node, field).items():
            world.journal.put(getattr(made, field), key, value)
    for child in scene.children(node):
        _copy(child, _shape_name(made.name) if child.is_a("shape") else child.leaf, made.uuid)
    return made


@command("uuid/uid ignoreShape/is")
def rename(objects: tuple[Any, ...], flags: Flags) -> str:
    """Give a node another name; the one it got comes back."""
    if flags.get("uuid"):
        raise NotInTheFake("rename(uuid=True)")
    node, name = node_named(objects[0], RuntimeError), objects[-1]
    refuse_if_read_only(node, "rename")
    refuse_if_locked(node)
    world.scene.rename(node, name)
    if node.is_a("transform") and not flags.get("ignoreShape"):
        for shape in world.scene.children(node):
            if shape.is_a("shape") and shape.reference is None:
                world.scene.rename(shape, _shape_name(node.name))
    return as_path(node)


@command("world/w relative/r absolute/a shape/s addObject/add removeObject/rm")
def parent(objects: tuple[Any, ...], flags: Flags) -> list[str]:
    """Move nodes below another one or, with world, to the top. Transforms are kept as they are."""
    names = list(objects)
    above = None if flags.get("world") else node_named(names.pop())
    nodes = [node_named(name) for name in names]
    for node in nodes:
        refuse_if_read_only(node, "reparent")
        refuse_if_locked(node)
        _set_parent(node, above)
    return [as_path(node) for node in nodes]


def _set_parent(node: Node, above: Node | None) -> None:
    if above is not None and (above is node or node in world.scene.ancestors(above)):
        raise RuntimeError(f"Cannot parent an object to itself or one of its children: {node.name}")
    refuse_if_read_only(node, "reparent")
    uuid = above.uuid if above else None
    name = world.scene.free_name(node.name, uuid, True, node)
    world.journal.put(node, "parent", uuid)
    world.journal.put(node, "name", name)


@command(
    "inputConnectionsAndNodes/icn timeAnimationCurves/tac constructionHistory/ch all channels/c"
)
def delete(objects: tuple[Any, ...], flags: Flags) -> None:
    """Delete nodes and what is below them; a layer hands back what it covered."""
    if flags.get("constructionHistory") or flags.get("channels") or flags.get("all"):
        raise NotInTheFake("delete with these flags")
    nodes = [node for name in objects_or_selection(objects) for node in nodes_matching(name)]
    for node in nodes:
        for one in (node, *_with_below([node])):
            refuse_if_read_only(one, "delete")
            refuse_if_locked(one)
    for node in nodes:
        if node.uuid not in world.scene.nodes:
            continue
        if node.uuid in world.default_nodes or node.type == "reference":
            raise RuntimeError(f"Object '{node.name}' is read only and cannot be deleted.")
        _layers.delete(node) if node.type == "animLayer" else world.scene.remove(node)


def refuse_if_read_only(node: Node, deed: str) -> None:
    """What a referenced file holds can't be deleted, renamed or moved."""
    if node.reference is None:
        return
    if deed == "rename":
        raise RuntimeError("Cannot rename a read only node.")
    if deed == "delete":
        raise RuntimeError(f"Object '{node.name}' is from a referenced file, and is read only.")
    raise RuntimeError(f"Cannot {deed} the referenced (read only) object '{node.name}'.")


def refuse_if_locked(node: Node) -> None:
    if node.is_locked:
        raise RuntimeError(
            f"Node '{node.name}' is locked and cannot be deleted, renamed or changed."
        )


@command("lock/l lockName/ln ignoreComponents/ic", "query")
def lockNode(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Lock nodes or ask for their locks; a referenced node's lock can't be changed."""
    nodes = [node_named(name) for name in objects_or_selection(objects)]
    if flags.get("query"):
        return [node.is_locked for node in nodes]
    if flags.get("lockName"):
        raise NotInTheFake("lockNode(lockName=…)")
    for node in nodes:
        if node.reference is not None:
            raise RuntimeError(f"Cannot lock or unlock the referenced node '{node.name}'.")
        world.journal.put(node, "is_locked", bool(flags.get("lock", True)))
    return None


@command(
    "add/add deselect/d toggle/tgl replace/r clear/cl all noExpand/ne hierarchy/hi visible/vis"
)
def select(objects: tuple[Any, ...], flags: Flags) -> None:
    """Replace, extend or clear the selection."""
    for missing in ("toggle", "all", "hierarchy", "visible"):
        if flags.get(missing):
            raise NotInTheFake(f"select({missing}=True)")
    scene, items = world.scene, []
    for text in objects:
        if "." in str(text):
            plug = plug_named(text)
            items.append(f"{plug.node.uuid}.{plug.path}")
            continue
        for node in nodes_matching(text):
            if node.is_a("objectSet") and not node.is_a("animLayer") and not flags.get("noExpand"):
                items += [uuid for path, (uuid, _p) in node.inputs.items() if "etMembers" in path]
            else:
                items.append(node.uuid)
    old = list(scene.selection)
    if flags.get("clear"):
        items = []
    elif flags.get("deselect"):
        items = [item for item in old if item not in items]
    elif flags.get("add"):
        items = old + items
    world.journal.put(scene, "selection", tuple(dict.fromkeys(items)))
    world.run_jobs("SelectionChanged")


@command(
    "parent/p children/c shapes/s fullPath/f path/pa type/typ:s* allDescendents/ad "
    "allParents/ap noIntermediate/ni"
)
def listRelatives(objects: tuple[Any, ...], flags: Flags) -> list[str] | None:
    """Parents, children or shapes of DAG nodes; None if there are none."""
    scene, found = world.scene, []
    for text in objects_or_selection(objects):
        node = node_named(text)
        if not node.is_dag:
            continue
        if flags.get("parent"):
            found += [scene.nodes[node.parent]] if node.parent else []
        elif flags.get("allParents"):
            found += list(scene.ancestors(node))
        elif flags.get("allDescendents"):
            found += list(reversed(_with_below([node])[1:]))
        else:
            below = scene.children(node)
            found += [one for one in below if one.is_a("shape")] if flags.get("shapes") else below
    kinds = _strings(flags.get("type"))
    if kinds:
        found = [node for node in found if any(node.is_a(kind) for kind in kinds)]
    if flags.get("noIntermediate"):
        found = [node for node in found if not node.values.get("intermediateObject", False)]
    if flags.get("fullPath") or flags.get("path"):
        return [as_path(node, bool(flags.get("fullPath"))) for node in found] or None
    return [node.name for node in found] or None


@command(
    "future/f pruneDagObjects/pdo allConnections/ac levels/lv:i groupLevels/gl interestLevel/il:i"
)
def listHistory(objects: tuple[Any, ...], flags: Flags) -> list[str] | None:
    """The nodes that a node depends on, itself first, by depth."""
    if flags.get("future") or flags.get("interestLevel"):
        raise NotInTheFake("listHistory with these flags")
    scene = world.scene
    found: list[Node] = []

    def visit(node: Node, depth: int) -> None:
        if node in found or depth > flags.get("levels", 0) > 0:
            return
        found.append(node)
        for uuid, _path in node.inputs.values():
            visit(scene.nodes[uuid], depth + 1)

    for text in objects_or_selection(objects):
        node = node_named(text)
        shapes = [one for one in scene.children(node) if one.is_a("shape")]
        for start in shapes if node.is_a("transform") and shapes else [node]:
            visit(start, 0)
    if flags.get("pruneDagObjects"):
        found = [node for node in found if not node.is_dag]
    return [as_path(node) for node in found] or None
