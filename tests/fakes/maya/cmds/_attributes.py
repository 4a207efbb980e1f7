"""Commands of attributes: make, list, ask, read, write, name."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from maya._attributes import COMPOUNDS, OPAQUE, Spec, spec
from maya._command import Flags, command, objects_or_selection
from maya._errors import NotInTheFake
from maya._evaluate import evaluate
from maya._lookup import node_named, plug_named, split
from maya._plugs import (
    Plug,
    driver_of,
    find_plug,
    is_locked,
    leaf_name,
    name_of,
    put_value,
    settable_reason,
    spec_named,
    state,
)
from maya._scene import Node
from maya._world import world
from maya.cmds._nodes import refuse_if_locked

_NUMERIC = ("double", "float", "long", "short", "byte", "bool", "enum")
_TYPES = (*_NUMERIC, "doubleAngle", "doubleLinear", "time", "message", "compound", "double3")


@command(
    "longName/ln:s shortName/sn:s niceName/nn:s attributeType/at:s dataType/dt:s "
    "defaultValue/dv:f minValue/min:f maxValue/max:f softMinValue/smn:f softMaxValue/smx:f "
    "hasMinValue/hnv hasMaxValue/hxv keyable/k enumName/en:s multi/m parent/p:s "
    "numberOfChildren/nc:i hidden/h readable/r writable/w storable/s cachedInternally/ci "
    "usedAsColor/uac exists/ex",
    "query edit",
)
def addAttr(objects: tuple[Any, ...], flags: Flags) -> Any:
    """A new attribute on nodes; RuntimeError if there is one of that name."""
    if flags.get("query"):
        return _ask_attribute(plug_named(objects[0]).spec, flags)
    if flags.get("edit"):
        raise NotInTheFake("addAttr(edit=True)")
    name = flags.get("longName") or flags.get("shortName")
    if not name:
        raise RuntimeError("New attribute needs either a long (-ln) or short (-sn) attribute name.")
    kind = flags.get("dataType") or flags.get("attributeType") or "double"
    if kind not in (*_TYPES, "string", "matrix"):
        raise NotInTheFake(f"attributes of the type {kind}")
    for text in objects_or_selection(objects):
        node = node_named(text)
        refuse_if_locked(node)
        _add(node, name, kind, flags)
    return None


def _add(node: Node, name: str, kind: str, flags: Flags) -> None:
    if spec_named(node, name) or spec_named(node, flags.get("shortName") or name):
        raise RuntimeError(f"Found an attribute named '{name}' on '{node.name}' already.")
    made = spec(f"{name}/{flags.get('shortName') or name}", kind, flags.get("defaultValue"))
    if kind == "enum":
        made = replace(made, enum=_enum(flags.get("enumName") or ""), default=int(made.default))
    if flags.get("parent"):
        above = spec_named(node, flags["parent"])
        if above is None or above.type not in COMPOUNDS:
            raise RuntimeError(f"'{flags['parent']}' is no compound of '{node.name}'")
        made = replace(made, parent=above.long)
        whole = replace(above, children=(*above.children, name))
        world.journal.put(node.dynamic, above.long, whole)
    made = replace(
        made,
        keyable=bool(flags.get("keyable", False)),
        multi=bool(flags.get("multi", False)),
        low=flags.get("minValue"),
        high=flags.get("maxValue"),
        soft_low=flags.get("softMinValue"),
        soft_high=flags.get("softMaxValue"),
        hidden=bool(flags.get("hidden", False)),
        writable=bool(flags.get("writable", True)),
        readable=bool(flags.get("readable", True)),
        nice=flags.get("niceName") or "",
        dynamic=True,
    )
    world.journal.put(node.dynamic, name, made)


def _enum(text: str) -> tuple[tuple[str, int], ...]:
    pairs, number = [], 0
    for part in text.split(":"):
        name, _, given = part.partition("=")
        number = int(given) if given else number
        pairs.append((name, number))
        number += 1
    return tuple(pairs)


def _ask_attribute(found: Spec, flags: Flags) -> Any:
    answers = {
        "attributeType": found.type,
        "dataType": [found.type],
        "defaultValue": found.default,
        "minValue": found.low,
        "maxValue": found.high,
        "hasMinValue": found.low is not None,
        "hasMaxValue": found.high is not None,
        "softMinValue": found.soft_low,
        "softMaxValue": found.soft_high,
        "keyable": found.keyable,
        "enumName": ":".join(f"{name}={number}" for name, number in found.enum),
        "longName": found.long,
        "shortName": found.short,
        "niceName": found.nice_name,
        "exists": True,
        "multi": found.multi,
    }
    wanted = [name for name in flags if name in answers]
    if not wanted:
        raise NotInTheFake(f"addAttr(query=True) of {sorted(flags)}")
    return answers[wanted[0]]


@command("attribute/at:s")
def deleteAttr(objects: tuple[Any, ...], flags: Flags) -> None:
    """Remove an attribute that was added; connections to it go too."""
    for text in objects:
        plug = plug_named(f"{text}.{flags['attribute']}" if "attribute" in flags else text)
        node = plug.node
        if not plug.spec.dynamic:
            raise RuntimeError(f"Cannot delete static attribute '{plug.path}' of '{node.name}'.")
        if node.reference is not None:
            raise RuntimeError(f"Cannot delete the attribute of referenced node '{node.name}'.")
        refuse_if_locked(node)
        if is_locked(plug):
            raise RuntimeError(f"Cannot delete locked attribute '{plug.path}'.")
        for uuid, path, own in world.scene.outputs(node):
            if own == plug.path:
                world.journal.drop(world.scene.nodes[uuid].inputs, path)
        for field in (node.inputs, node.values, node.dynamic):
            if plug.path in field:
                world.journal.drop(field, plug.path)


@command(
    "multi/m keyable/k userDefined/ud scalar/s scalarAndArray/sa locked/l unlocked/u "
    "connectable/c visible/v settable/se shortNames/sn string/st:s* array/a leaf/lf inUse/iu "
    "write/w read/r changedSinceFileOpen/cfo channelBox/cb hasData/hd category/ct:s"
)
def listAttr(objects: tuple[Any, ...], flags: Flags) -> list[str] | None:
    """Names of attributes; with multi=True the elements of multis, aliases in their place."""
    for missing in ("changedSinceFileOpen", "hasData", "inUse", "category", "array", "leaf"):
        if flags.get(missing):
            raise NotInTheFake(f"listAttr({missing}=…)")
    found: list[str] = []
    for text in objects_or_selection(objects):
        if split(text)[1]:
            plug = plug_named(text)
            plugs = [plug, *(_all_below(plug) if not plug.spec.multi else [])]
        else:
            node = node_named(text)
            plugs = [p for p in (_top(node, one) for one in node.specs.values()) if p is not None]
        for plug in plugs:
            found += _listed(plug, flags)
    return list(dict.fromkeys(found)) or None


def _top(node: Node, one: Spec) -> Plug | None:
    return find_plug(node, one.long)


def _all_below(plug: Plug) -> list[Plug]:
    return [two for one in plug.children for two in (one, *_all_below(one))]


def _listed(plug: Plug, flags: Flags) -> list[str]:
    plugs = [plug]
    if plug.is_array and flags.get("multi"):
        elements = [plug.element(i) for i in plug.indices(world.scene)]
        plugs = elements if plug.spec.type not in COMPOUNDS else [plug, *elements]
    names = []
    for one in plugs:
        name = leaf_name(one, not flags.get("shortNames"))
        if _is_listed(one, flags) and (
            not flags.get("string")
            or any(fnmatchcase(name, pattern) for pattern in _as_list(flags["string"]))
        ):
            names.append(name)
    return names


def _as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _is_listed(plug: Plug, flags: Flags) -> bool:
    found = plug.spec
    plain = found.type not in OPAQUE and found.type not in COMPOUNDS
    tests = {
        "keyable": state(plug, "keyable"),
        "channelBox": state(plug, "channelBox"),
        "userDefined": found.dynamic,
        "scalar": plain and found.type != "string" and not plug.is_array,
        "scalarAndArray": plain and found.type != "string",
        "locked": is_locked(plug),
        "unlocked": not is_locked(plug),
        "connectable": True,
        "visible": not found.hidden,
        "settable": found.writable and settable_reason(world.scene, plug) is None,
        "write": found.writable,
        "read": found.readable,
    }
    return all(holds for name, holds in tests.items() if flags.get(name))


@command(
    "node/n:s type/typ:s exists/ex attributeType/at minimum/min maximum/max range/r "
    "softRange/s softMin/smn softMax/smx rangeExists/re minExists/mne maxExists/mxe "
    "softMinExists/sme softMaxExists/sxe softRangeExists/se listDefault/ld listEnum/le "
    "longName/ln shortName/sn niceName/nn keyable/k connectable/c writable/w multi/m hidden/h "
    "storable/st listChildren/lc listParent/lp numberOfChildren/nc message/msg enum/e "
    "channelBox/ch"
)
def attributeQuery(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Facts of an attribute as it is defined (what getAttr tells is its state on one node)."""
    if flags.get("type"):
        raise NotInTheFake("attributeQuery(type=…)")
    node = node_named(flags.get("node"), RuntimeError)
    found = spec_named(node, str(objects[0]))
    wanted = [name for name in flags if name not in ("node", "type")]
    if wanted == ["exists"]:
        return found is not None
    if found is None:
        raise RuntimeError(f"Attribute '{objects[0]}' does not exist on '{node.name}'")
    answers = {
        "attributeType": found.type if found.type not in ("string", "matrix") else "typed",
        "minExists": found.low is not None,
        "maxExists": found.high is not None,
        "rangeExists": None not in (found.low, found.high),
        "softMinExists": found.soft_low is not None,
        "softMaxExists": found.soft_high is not None,
        "softRangeExists": None not in (found.soft_low, found.soft_high),
        "minimum": [found.low],
        "maximum": [found.high],
        "range": [found.low, found.high],
        "softMin": [found.soft_low],
        "softMax": [found.soft_high],
        "softRange": [found.soft_low, found.soft_high],
        "listDefault": [found.default],
        "listEnum": [":".join(name for name, _number in found.enum)],
        "longName": found.long,
        "shortName": found.short,
        "niceName": found.nice_name,
        "keyable": found.keyable,
        "connectable": True,
        "writable": found.writable,
        "multi": found.multi,
        "hidden": found.hidden,
        "storable": found.storable,
        "listChildren": list(found.children) or None,
        "listParent": [found.parent] if found.parent else None,
        "numberOfChildren": [len(found.children)],
        "message": found.type == "message",
        "enum": found.type == "enum",
    }
    known = [name for name in wanted if name in answers]
    if len(known) != 1:
        raise NotInTheFake(f"attributeQuery of {wanted}")
    needs = {"minimum": "minExists", "maximum": "maxExists", "range": "rangeExists"}
    needs |= {"softMin": "softMinExists", "softMax": "softMaxExists"}
    if known[0] in needs and not answers[needs[known[0]]]:
        raise RuntimeError(f"Attribute '{found.long}' has no {known[0]}")
    return answers[known[0]]


@command(
    "time/t:f type/typ lock/l keyable/k settable/se channelBox/cb size/s multiIndices/mi "
    "asString/as silent/sl caching/ca"
)
def getAttr(objects: tuple[Any, ...], flags: Flags) -> Any:
    """A plug's value in the interface's units, at the current or a given time, or its state."""
    plug, scene = plug_named(objects[0]), world.scene
    answers = {
        "type": lambda: None if plug.is_array and plug.spec.type == "message" else plug.spec.type,
        "lock": lambda: is_locked(plug),
        "keyable": lambda: state(plug, "keyable"),
        "channelBox": lambda: state(plug, "channelBox"),
        "settable": lambda: settable_reason(scene, plug) is None and plug.spec.writable,
        "size": lambda: len(plug.indices(scene)) if plug.is_array else 1,
        "multiIndices": lambda: plug.indices(scene) or None,
    }
    for name, answer in answers.items():
        if flags.get(name):
            return answer()
    ticks = world.units.ticks(flags["time"]) if "time" in flags else world.time
    if plug.is_array:
        values = [evaluate(scene, plug.element(i), ticks) for i in plug.indices(scene)]
        return [tuple(_ui(plug.spec, value) for value in values)]
    if plug.spec.type in OPAQUE and plug.spec.type != "matrix":
        if plug.spec.type == "message":
            raise RuntimeError("Message attributes have no data values.")
        raise RuntimeError("The data is not a numeric or string value, and cannot be displayed.")
    value = evaluate(scene, plug, ticks)
    if plug.spec.is_compound:
        return [tuple(_ui(c.spec, v) for c, v in zip(plug.children, value, strict=True))]
    if flags.get("asString") and plug.spec.enum:
        return next((name for name, number in plug.spec.enum if number == value), "")
    return _ui(plug.spec, value)


def _ui(found: Spec, value: Any) -> Any:
    kinds = ("doubleAngle", "doubleLinear", "time")
    return world.units.to_ui(found.type, value) if found.type in kinds else value


@command("type/typ:s lock/l keyable/k channelBox/cb clamp/c size/s:i caching/ca")
def setAttr(objects: tuple[Any, ...], flags: Flags) -> None:
    """Set a plug's value or state. A keyed plug takes it until the time changes."""
    if not objects:
        raise RuntimeError("setAttr: No attribute was specified.")
    plug = _settable_plug(objects[0])
    node = plug.node
    for name in ("lock", "keyable", "channelBox"):
        if name in flags:
            _set_state(plug, name, bool(flags[name]))
    values = objects[1:]
    if not values:
        return
    if plug.is_array:
        raise NotInTheFake("setAttr of a whole multi")
    if node.is_locked:
        raise RuntimeError(f"setAttr: The node '{node.name}' is locked and cannot be modified.")
    reason = settable_reason(world.scene, plug)
    name = name_of(world.scene, plug)
    if reason:
        raise RuntimeError(f"setAttr: The attribute '{name}' {reason}")
    if not plug.spec.writable:
        raise RuntimeError(f"setAttr: The attribute '{name}' cannot be written.")
    _set_values(plug, values, flags.get("type"))


def _settable_plug(text: Any) -> Plug:
    try:
        return plug_named(text, RuntimeError)
    except RuntimeError as error:
        raise RuntimeError(f"setAttr: {error}") from None


def _set_state(plug: Plug, name: str, value: bool) -> None:
    node = plug.node
    if name == "lock":
        locked_in_file = (plug.path, "lock-from-file") in node.states
        if node.reference is not None and locked_in_file and not value:
            raise RuntimeError(
                f"setAttr: The attribute '{name_of(world.scene, plug)}' is locked in the "
                "referenced file and cannot be unlocked."
            )
        for child in plug.children:
            world.journal.put(node.states, (child.path, "lock"), value)
    if name == "keyable" and value and plug.spec.type in OPAQUE:
        raise RuntimeError(f"The attribute '{plug.path}' can't be keyable")
    world.journal.put(node.states, (plug.path, name), value)


def _set_values(plug: Plug, values: tuple[Any, ...], kind: str | None) -> None:
    if kind not in (None, plug.spec.type) and not (kind, plug.spec.type) == ("float3", "double3"):
        raise RuntimeError(f"setAttr: '{plug.path}' is a {plug.spec.type}, not a {kind}")
    if plug.spec.type == "string" and kind is None:
        raise RuntimeError(
            f"setAttr: The attribute '{plug.path}' is a string: the flag type='string' is needed."
        )
    if plug.spec.type == "matrix":
        put_value(world.scene, plug, values)
        return
    targets = plug.children if plug.spec.is_compound else [plug]
    if len(values) != len(targets):
        raise RuntimeError(f"setAttr: Error reading data element number {len(targets)}: {values}")
    for target, value in zip(targets, values, strict=True):
        is_text = isinstance(value, str)
        if is_text != (target.spec.type == "string") or value is None:
            raise RuntimeError(f"setAttr: Error reading data element number 1: {value!r}")
        kept = value if is_text else _internal(target.spec, value)
        put_value(world.scene, target, kept)
        if driver_of(world.scene, target) is not None:
            world.journal.put(target.node.pinned, target.path, world.time)


def _internal(found: Spec, value: Any) -> Any:
    kinds = ("doubleAngle", "doubleLinear", "time")
    return world.units.from_ui(found.type, value) if found.type in kinds else value


@command("remove/rm", "query")
def aliasAttr(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Other names of plugs: aliasAttr("smile", "bs.weight[0]"); asked for as [alias, plug, …]."""
    if flags.get("query"):
        text = str(objects[0])
        if split(text)[1]:
            return plug_named(text).alias or ""
        aliases = node_named(text).aliases
        return [part for pair in sorted(aliases.items(), key=_by_index) for part in pair] or None
    if flags.get("remove"):
        for text in objects:
            plug = plug_named(text)
            if plug.alias is None:
                raise RuntimeError(f"'{text}' has no alias")
            world.journal.drop(plug.node.aliases, plug.alias)
        return None
    for alias, text in zip(objects[::2], objects[1::2], strict=True):
        plug = plug_named(text)
        taken = find_plug(plug.node, alias)
        if taken is not None and taken.path != plug.path:
            raise RuntimeError(f"'{alias}' is in use already on '{plug.node.name}'.")
        if plug.alias:
            world.journal.drop(plug.node.aliases, plug.alias)
        world.journal.put(plug.node.aliases, alias, plug.path)
    return f"{objects[0]}"


def _by_index(pair: tuple[str, str]) -> tuple[int, str]:
    digits = "".join(sign for sign in pair[1] if sign.isdigit())
    return (int(digits or 0), pair[1])
