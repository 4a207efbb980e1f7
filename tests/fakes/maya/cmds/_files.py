"""Commands of scenes, references and namespaces. None of them can be undone, as in Maya."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from maya import _files
from maya._command import Flags, command
from maya._errors import NotInTheFake
from maya._lookup import node_named, split
from maya._scene import Node
from maya._world import world
from maya.cmds._nodes import as_path

# Numbers of MSceneMessage: Autodesk's Python API 2.0 reference.
BEFORE_NEW, AFTER_NEW, BEFORE_OPEN, AFTER_OPEN, BEFORE_SAVE, AFTER_SAVE = 1, 2, 5, 6, 12, 13
BEFORE_NEW_CHECK, BEFORE_OPEN_CHECK, BEFORE_SAVE_CHECK = 31, 32, 33
BEFORE_REMOVE_REFERENCE, AFTER_REMOVE_REFERENCE = 16, 17


@command(
    "newFile/new open/o save/s rename/rn:s reference/r import/i namespace/ns:s force/f "
    "type/typ:s sceneName/sn shortName/shn modified/mf exists/ex location/loc list/l "
    "loadReference/lr:s unloadReference/ur:s removeReference/rr referenceNode/rfn:s "
    "returnNewNodes/rnn prompt/pmt ignoreVersion/iv options/op:s mergeNamespacesOnClash/mnc "
    "loadReferenceDepth/lrd:s saveDiskCache/sdc expandName/exn withoutCopyNumber/wcn",
    "query",
)
def file(objects: tuple[Any, ...], flags: Flags) -> Any:
    """New, open, save, rename, reference; or questions about the scene."""
    with world.journal.unrecorded():
        if flags.get("query"):
            return _ask(objects, flags)
        return _do(objects, flags)


def _do(objects: tuple[Any, ...], flags: Flags) -> Any:
    path = str(objects[0]) if objects else ""
    if flags.get("newFile"):
        _refuse_unsaved(flags)
        if not world.emit(BEFORE_NEW_CHECK):
            raise RuntimeError("File operation cancelled by user supplied callback.")
        world.emit(BEFORE_NEW)
        world.empty_scene()
        _opened("NewSceneOpened", AFTER_NEW)
        return ""
    if flags.get("open"):
        _refuse_unsaved(flags)
        _files.read(path)
        if not world.emit(BEFORE_OPEN_CHECK):
            raise RuntimeError("File operation cancelled by user supplied callback.")
        world.emit(BEFORE_OPEN)
        world.empty_scene()
        world.scene.path = path
        _files.load_scene(path)
        world.scene.is_modified = False
        _opened("SceneOpened", AFTER_OPEN)
        return path
    if "rename" in flags:
        world.scene.path = flags["rename"]
        return flags["rename"]
    if flags.get("save"):
        return _save()
    if flags.get("reference"):
        return _reference(path, flags)
    if "modified" in flags:
        world.scene.is_modified = bool(flags["modified"])
        return None
    return _manage(path, flags)


def _refuse_unsaved(flags: Flags) -> None:
    if world.scene.is_modified and not flags.get("force"):
        raise RuntimeError("Unsaved changes")


def _opened(event: str, message: int) -> None:
    world.journal.flush()
    for number, (name, _function, _once) in list(world.jobs.items()):
        if name.startswith(("attributeChange", "nodeDeleted")):
            del world.jobs[number]
    world.emit(message)
    world.run_jobs(event)


def _save() -> str:
    if not world.scene.path:
        raise RuntimeError("No file name specified")
    if not world.emit(BEFORE_SAVE_CHECK):
        raise RuntimeError("File operation cancelled by user supplied callback.")
    world.emit(BEFORE_SAVE)
    _files.save(world.scene.path)
    world.emit(AFTER_SAVE)
    world.run_jobs("SceneSaved")
    return world.scene.path


def _reference(path: str, flags: Flags) -> Any:
    namespace = flags.get("namespace") or Path(path).stem
    before = set(world.scene.nodes)
    node = _files.add_reference(path, namespace)
    if flags.get("returnNewNodes"):
        return [as_path(n) for n in world.scene.in_order() if n.uuid not in before]
    return world.scene.references[node.uuid].path


def _manage(path: str, flags: Flags) -> Any:
    scene = world.scene
    if flags.get("removeReference"):
        node = _reference_node(flags.get("referenceNode") or path)
        world.emit(BEFORE_REMOVE_REFERENCE)
        _files.unload_reference(node, keep_edits=False)
        del scene.references[node.uuid]
        scene.remove(node)
        world.emit(AFTER_REMOVE_REFERENCE)
        return None
    for name in ("unloadReference", "loadReference"):
        if name not in flags:
            continue
        node = _reference_node(flags[name])
        found = scene.references[node.uuid]
        if name == "unloadReference":
            _files.unload_reference(node)
        else:
            if found.is_loaded:
                _files.unload_reference(node)
                found = scene.references[node.uuid]
            if path:
                found = replace(found, path=path)
                scene.references[node.uuid] = found
            _files.load_reference(node, found.edits)
            _files.forget_broken()
        return found.path
    if flags.get("import"):
        data = _files.read(path)
        return _files.bring_in(data, flags.get("namespace") or "", None) and path
    raise NotInTheFake(f"file({', '.join(sorted(flags))})")


def _reference_node(text: str) -> Node:
    for uuid, found in world.scene.references.items():
        node = world.scene.nodes[uuid]
        if node.name == text or text == found.path:
            return node
    raise RuntimeError(f"No reference is called {text}")


def _ask(objects: tuple[Any, ...], flags: Flags) -> Any:
    scene = world.scene
    if flags.get("exists"):
        return Path(str(objects[0])).is_file() if objects else bool(scene.path)
    if flags.get("reference"):
        return [found.path for found in scene.references.values()]
    if flags.get("sceneName"):
        return Path(scene.path).name if flags.get("shortName") else scene.path
    if flags.get("modified"):
        return scene.is_modified
    if flags.get("location"):
        return scene.path or "unknown"
    raise NotInTheFake(f"file(query=True) of {sorted(flags)}")


@command(
    "filename/f referenceNode/rfn isNodeReferenced/inr nodes/n isLoaded/il namespace/ns "
    "parentNamespace/pns shortName/shn withoutCopyNumber/wcn topReference/tr parent/p "
    "child/ch dagPath/dp isExportEdits editStrings/es"
)
def referenceQuery(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Which file and which reference a node is from."""
    scene, text = world.scene, split(str(objects[0]))[0]
    if flags.get("isNodeReferenced"):
        return node_named(text, RuntimeError).reference is not None
    node = _reference_of(text)
    found = scene.references[node.uuid]
    if flags.get("filename"):
        path = Path(found.path).name if flags.get("shortName") else found.path
        twins = [u for u, other in scene.references.items() if other.path == found.path]
        number = twins.index(node.uuid)
        return path if flags.get("withoutCopyNumber") or not number else f"{path}{{{number}}}"
    if flags.get("referenceNode"):
        return node.name
    if flags.get("isLoaded"):
        return found.is_loaded
    if flags.get("namespace"):
        return f":{found.namespace}"
    if flags.get("parentNamespace"):
        return [found.namespace.rpartition(":")[0]]
    if flags.get("nodes"):
        return [as_path(n) for n in scene.in_order() if n.reference == node.uuid] or None
    raise NotInTheFake(f"referenceQuery of {sorted(flags)}")


def _reference_of(text: str) -> Node:
    scene = world.scene
    for uuid, found in scene.references.items():
        if text in (scene.nodes[uuid].name, found.path):
            return scene.nodes[uuid]
    node = node_named(text, RuntimeError)
    if node.reference is None:
        raise RuntimeError(f"'{text}' is not from a referenced file.")
    return scene.nodes[node.reference]


@command(
    "add/add:s set/set:s removeNamespace/rm:s exists/ex:s parent/p:s rename/ren:x "
    "moveNamespace/mv:x force/f mergeNamespaceWithParent/mnp mergeNamespaceWithRoot/mnr "
    "deleteNamespaceContent/dnc isRootNamespace/ir:s absoluteName/an"
)
def namespace(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Make, choose, remove or look for a namespace."""
    scene = world.scene
    if "exists" in flags:
        return flags["exists"].strip(":") in scene.namespaces
    if "isRootNamespace" in flags:
        return flags["isRootNamespace"] in ("", ":")
    if "add" in flags:
        above = flags.get("parent", scene.current_namespace).strip(":")
        name = f"{above}:{flags['add']}" if above else flags["add"].lstrip(":")
        if name in scene.namespaces:
            raise RuntimeError(f"Error occurred adding namespace: '{name}' exists already.")
        scene.add_namespace(name)
        return name
    if "set" in flags:
        name = flags["set"].strip(":")
        if name not in scene.namespaces:
            raise RuntimeError(f"The namespace '{name}' does not exist.")
        world.journal.put(scene, "current_namespace", name)
        return name
    if "removeNamespace" in flags:
        return _remove(flags["removeNamespace"].strip(":"), flags)
    if "rename" in flags:
        old, new = (str(part).strip(":") for part in flags["rename"])
        return _rename(old, new)
    raise NotInTheFake(f"namespace({', '.join(sorted(flags))})")


def _remove(name: str, flags: Flags) -> None:
    scene = world.scene
    inside = scene.in_namespace(name, recursive=True)
    if inside and not (
        flags.get("mergeNamespaceWithParent") or flags.get("mergeNamespaceWithRoot")
    ):
        raise RuntimeError(f"The namespace '{name}' is not empty.")
    if any(node.reference for node in inside):
        raise RuntimeError(f"The namespace '{name}' holds referenced nodes and can't be removed.")
    above = name.rpartition(":")[0] if flags.get("mergeNamespaceWithParent") else ""
    for node in inside:
        scene.rename(node, f":{above}:{node.leaf}" if above else f":{node.leaf}")
    world.journal.drop(scene.namespaces, name)


def _rename(old: str, new: str) -> str:
    scene = world.scene
    if old not in scene.namespaces or new in scene.namespaces:
        raise RuntimeError(f"Can't rename the namespace '{old}' to '{new}'.")
    above = old.rpartition(":")[0]
    new = f"{above}:{new}" if above else new
    scene.add_namespace(new)
    for node in scene.in_namespace(old, recursive=True):
        world.journal.put(node, "name", new + node.name[len(old) :])
    for uuid, found in list(scene.references.items()):
        if found.namespace == old:
            scene.references[uuid] = replace(found, namespace=new)
    world.journal.drop(scene.namespaces, old)
    return new


@command(
    "currentNamespace/cur listNamespace/ls listOnlyNamespaces/lon listOnlyDependencyNodes/lod "
    "recurse/r fullName/fn absoluteName/an parent/p shortName/sn baseName/bn "
    "isRootNamespace/ir"
)
def namespaceInfo(objects: tuple[Any, ...], flags: Flags) -> Any:
    """The current namespace, or what is in one."""
    scene = world.scene
    name = str(objects[0]).strip(":") if objects else scene.current_namespace
    if name not in scene.namespaces:
        raise RuntimeError(f"The namespace '{name}' does not exist.")
    mark = ":" if flags.get("absoluteName") else ""
    if flags.get("listOnlyNamespaces"):
        start = f"{name}:" if name else ""
        found = [one for one in scene.namespaces if one.startswith(start) and one != name and one]
        if not flags.get("recurse"):
            found = [one for one in found if ":" not in one[len(start) :]]
        return [mark + one for one in found] or None
    if flags.get("listNamespace") or flags.get("listOnlyDependencyNodes"):
        found = scene.in_namespace(name, bool(flags.get("recurse")))
        return [as_path(node) for node in found] or None
    return f":{name}" if flags.get("absoluteName") or not name else name
